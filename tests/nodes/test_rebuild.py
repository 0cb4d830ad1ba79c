"""After any history with handovers both ways, a rebuild ends in the same tables; what does not hold changes nothing."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import LodetraceError
from nodes.node import Node
from nodes.rebuild import rebuild
from nodes.store import log
from nodes.store.engine import Store
from nodes.store.rebuild import DERIVABLE, snapshot
from tests import outside
from tests.chain import NAMES
from tests.nodes.lives import MINE, PLANT


def tables(store: Store) -> bytes:
    with store.read() as conn:
        return b"".join(snapshot(conn))


def rebuilt(home: Path, progress: Callable[[int], None] = lambda _: None):
    """(what was replayed, the tables before, the tables after, all rows before, all rows after)"""
    node = Node.open(home, {})
    with closing(node.store):
        before, all_before = tables(node.store), outside.everything(node.store)
        done = rebuild(node, progress)
        return done, before, tables(node.store), all_before, outside.everything(node.store)


@pytest.mark.parametrize("name", [MINE, PLANT])
def test_a_random_life_is_rebuilt_to_the_byte(lived, tmp_path, name):
    home = Path(shutil.copytree(lived / name.partition(".")[0], tmp_path / "home"))
    done, before, after, all_before, all_after = rebuilt(home)
    assert after == before
    assert all_after == all_before
    with closing(Store.open(home / "node.db")) as store, store.read() as conn:
        assert done.entries == log.head(conn).size
        assert done.openings == conn.execute("SELECT count(*) FROM openings").fetchone()[0] > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_story_is_rebuilt_to_the_byte_and_again(chain, tmp_path, name):
    home = chain.copy(name, tmp_path / "home")
    heard: list[int] = []
    done, before, after, _, _ = rebuilt(home, heard.append)
    assert after == before
    assert heard[-1] == done.entries
    assert heard == sorted(heard)
    assert rebuilt(home)[2] == before


REFER_TO = {
    "batches": ("holdings", "edges", "receipts", "going", "units"),
    "shipments": ("going", "answers"),
}
"""Tables whose rows refer to those of another, so that losing one means losing these."""


@pytest.mark.parametrize("table", [name for name in DERIVABLE if name not in ("head", "hashes")])
def test_a_table_that_was_lost_comes_back(chain, tmp_path, table):
    lost = 0
    for name in NAMES:
        home = chain.copy(name, tmp_path / name)
        with closing(Store.open(home / "node.db")) as store:
            before = tables(store)
            with store.write() as conn:
                lost += sum(conn.execute(f"DELETE FROM {gone}").rowcount for gone in (*REFER_TO.get(table, ()), table))
        assert rebuilt(home)[2] == before
    assert lost > 0


GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'hashes' ORDER BY name"
BREAKS = {
    "an entry's bytes": "UPDATE entries SET note = CAST(CAST(note AS TEXT) || 'x' AS BLOB) WHERE {last}",
    "a disclosure": "UPDATE disclosures SET body = 'X' || substr(body, 2) WHERE {last}",
    "a disclosure that is gone": "DELETE FROM disclosures WHERE {last}",
    "an entry that is gone": 'DELETE FROM disclosures WHERE "index" = 3; DELETE FROM entries WHERE "index" = 3',
    "an entry of another log": "UPDATE upstream SET note = X'00' WHERE no = (SELECT max(no) FROM upstream)",
    "what another log opened": "UPDATE openings SET body = '[\"AAAA\"]' WHERE no = (SELECT max(no) FROM openings)",
}


@pytest.mark.parametrize("change", BREAKS.values(), ids=BREAKS)
def test_what_does_not_hold_is_refused_and_nothing_changes(chain, tmp_path, change):
    home = chain.copy(PLANT, tmp_path / "home")
    with closing(Store.open(home / "node.db")) as store:
        last = '"index" = (SELECT max("index") FROM entries)'
        with store.write() as conn:
            _disarm(conn)
            for statement in change.format(last=last).split("; "):
                assert conn.execute(statement).rowcount == 1
            guards = conn.execute(GUARDS).fetchall()
        before = tables(store), outside.everything(store)
    node = Node.open(home, {})
    with closing(node.store):
        with pytest.raises(LodetraceError):
            rebuild(node)
        assert (tables(node.store), outside.everything(node.store)) == before
        with node.store.read() as conn:
            assert conn.execute(GUARDS).fetchall() == guards


def _disarm(conn) -> None:
    """Takes the guards of the log away, as somebody does who has the file; those of the tree stay."""
    for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name <> 'hashes'"):
        conn.execute(f"DROP TRIGGER {name}")
