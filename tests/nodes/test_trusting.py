"""What whoever checks by themselves is told of whom a node trusts: as much as they need, and no partner's name."""

import pytest

from ledger.evidence import verify
from ledger.labels import open_token, parse_token
from ledger.log.notes import Verifier
from ledger.log.trust import Policy
from nodes.rotation import rotate
from nodes.trusting import Author, told
from tests.chain import MINE, NAMES, PLANT, RIVAL
from tests.world import World


def asked(node, token):
    """As a browser asks: by the key id and index of the label alone."""
    parsed = parse_token(token)
    return told(node, parsed.key_id.hex(), parsed.index)


def test_nobody_is_named_where_evidence_is_not_for_everybody(chain):
    with chain.node(PLANT) as node:
        found = told(node)
    assert set(Policy.parse(found.policy).logs) == {f"{PLANT}/log"}
    assert found.authors == ()
    assert not any(name in found.policy for name in set(NAMES) - {PLANT})


def test_whoever_may_see_the_evidence_is_told_all_that_it_takes_to_check_it(chain):
    with chain.node(RIVAL, evidence_public="true") as node:
        policy = Policy.parse(told(node).policy)
        with node.store.read() as conn:
            made = node.proof_of(conn, unit=chain.unit("U-1", RIVAL))
    assert {f"{name}/log" for name in NAMES} <= set(policy.logs)
    result = verify(made, policy)
    assert result.vouched
    assert result.missing == ()


def test_of_a_label_its_maker_is_told_and_nobody_else(chain):
    token = chain.token("D-1")
    with chain.node(PLANT) as node:
        found = asked(node, token)
    [author] = found.authors
    key = Verifier.parse(author.vkey)
    assert author == Author(f"{MINE}/log", key.vkey, MINE, MINE, "policy")
    assert open_token(token, [(author.log, key)]).origin == f"{MINE}/log"
    assert MINE not in found.policy


def test_of_whom_a_node_knows_nothing_it_tells_nothing(chain):
    with chain.node(MINE) as node:
        assert asked(node, chain.token("U-1")).authors == ()


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, MINE, PLANT) as world:
        yield world


def test_keys_that_were_replaced_are_told_with_the_size_from_which_they_sign(world):
    plant = world[PLANT]
    before = plant.node.identity.log.verifier.vkey
    plant.stop()
    rotate(plant.home, world.environ, ("log",))
    plant.start()
    after = plant.node.identity.log.verifier.vkey
    [first, second] = told(plant.node).replaced
    assert (first, second[0], second[2]) == ((f"{PLANT}/log", 0, before), f"{PLANT}/log", after)
    assert second[1] > 0
