"""Random histories: after each event, the books kept outside agree with every view, and refusals are the foreseen ones.

See histories.py for what is tried, books.py for what is re-checked. `World.do` asserts besides, for each event, that
`apply` leaves the view it is given alone and reads no more than `touches` names.
"""

from collections import Counter

import pytest

from tests.ledger.matter.histories import History

SEEDS = range(70)
STEPS = 250


@pytest.fixture(scope="module")
def tried() -> Counter[tuple[str, str]]:
    return Counter()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_history_loses_and_makes_nothing(seed, tried):
    history = History(seed)
    while history.tried.total() < STEPS:
        history.step()
    tried.update(history.tried)
    history.books.check(history.world)
    history.check_folding()
    assert sum(len(node.log) for node in history.world.nodes.values()) > STEPS // 4


def test_the_histories_were_worth_it(tried):
    """Every kind of event was allowed often, and many were refused for many reasons."""
    if tried.total() < len(SEEDS) * STEPS:
        pytest.skip("only some of the histories ran in this process")
    allowed = {event: number for (event, code), number in tried.items() if code == "allowed"}
    assert min(allowed.values()) > 30, allowed
    assert len(allowed) == 27
    assert len({code for _, code in tried}) > 25
