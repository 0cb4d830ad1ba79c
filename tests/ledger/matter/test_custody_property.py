"""Random histories: after each event, the books kept outside agree with every view, and refusals are the foreseen ones.

See histories.py for what is tried, books.py for what is re-checked. `World.do` asserts besides, for each event, that
`apply` leaves the view it is given alone and reads no more than `touches` names.
"""

from collections import Counter

import pytest

from tests.ledger.matter.histories import History

SEEDS = range(70)
STEPS = 250


def lived(seed: int) -> History:
    history = History(seed)
    while history.tried.total() < STEPS:
        history.step()
    return history


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_history_loses_and_makes_nothing(seed):
    history = lived(seed)
    history.books.check(history.world)
    history.check_folding()
    assert sum(len(node.log) for node in history.world.nodes.values()) > STEPS // 4


def test_the_histories_are_worth_it():
    """Every kind of event is allowed often, and many are refused for many reasons."""
    tried: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS:
        tried.update(lived(seed).tried)
    allowed = {event: number for (event, code), number in tried.items() if code == "allowed"}
    assert min(allowed.values()) > 30, allowed
    assert len(allowed) == 27
    assert len({code for _, code in tried}) > 25
