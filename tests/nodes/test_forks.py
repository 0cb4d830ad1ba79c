"""Which proofs of forks a node keeps: those under a key that it has from its policy, or from a registry."""

import pytest

from ledger.errors import Unverified
from ledger.forks import format_fork
from nodes.forks import keep
from nodes.homes import create_home
from nodes.node import Node
from nodes.store import forks
from tests.formats.forking import history, of_checkpoints

ONE, OTHER = history("rogue.example", "A-1"), history("rogue.example", "B-1")
FILE = format_fork(of_checkpoints(ONE, 2, OTHER, 2))


@pytest.fixture
def node(tmp_path):
    create_home(tmp_path / "plant", {}, name="plant.example", organisation="Plant", role="separation")
    opened = Node.open(tmp_path / "plant", {})
    yield opened
    opened.store.close()


def test_a_proof_under_a_key_that_nobody_told_us_of_is_nothing(node):
    for known in (None, history("other.example").key("log").verifier):
        with pytest.raises(Unverified) as error:
            keep(node, FILE, known)
        assert error.value.code == "log-untrusted"
    with node.store.read() as conn:
        assert forks.everything(conn) == []


def test_a_proof_under_a_key_that_a_registry_tells_is_kept_once(node):
    known = ONE.key("log").verifier
    assert [keep(node, FILE, known), keep(node, FILE, known)] == [True, False]
    with node.store.read() as conn:
        (found,) = forks.everything(conn)
    assert (found.origin, found.index, found.evidence) == (ONE.origin, 2, FILE)
