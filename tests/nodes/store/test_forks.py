import pytest

from ledger.errors import Unknown
from nodes.store import forks
from nodes.store.engine import Store
from nodes.store.forks import OF_ONE_LOG, Fork
from tests.nodes.store.rows import NOW, OTHER, a_hash


def a_fork(second: str = "b", origin: str = OTHER) -> Fork:
    return Fork(origin, 4, a_hash("a"), a_hash(second), b"the file", NOW)


def test_forks_are_kept_once_each(store: Store) -> None:
    with store.write() as conn:
        assert [forks.save(conn, fork) for fork in (a_fork(), a_fork("c"), a_fork())] == [True, True, False]
        assert [(fork.no, fork.leaf_b) for fork in forks.everything(conn)] == [(1, a_hash("b")), (2, a_hash("c"))]


def test_one_log_cannot_fill_the_disk_with_its_lies(store: Store) -> None:
    with store.write() as conn:
        kept = [forks.save(conn, a_fork(f"lie {number}")) for number in range(OF_ONE_LOG + 5)]
        assert kept == [True] * OF_ONE_LOG + [False] * 5
        assert forks.save(conn, a_fork(origin="hub.example/log"))


def test_an_operator_acknowledges_that_a_log_has_forked(store: Store) -> None:
    with store.write() as conn:
        assert forks.unacknowledged(conn, OTHER) is None
        for fork in (a_fork("b"), a_fork("c")):
            forks.save(conn, fork)
        found = forks.unacknowledged(conn, OTHER)
        assert found is not None
        assert found.no == 1
        assert forks.acknowledge(conn, 2, "Li", NOW).acknowledged_by == "Li"
        assert forks.unacknowledged(conn, OTHER) is None, "the same lie in other words is no other lie"
        assert forks.acknowledge(conn, 2, "Wang", "2026-11-23T00:00:00.000Z").acknowledged_by == "Li"
        with pytest.raises(Unknown):
            forks.acknowledge(conn, 3, "Li", NOW)
