import sqlite3
from pathlib import Path
from random import Random

import pytest

from ledger.entries import NOTHING_BEFORE
from ledger.errors import Conflict, Unknown
from ledger.log import merkle
from ledger.log.merkle import Tree, new_nodes
from nodes.store import log
from nodes.store.engine import Store
from nodes.store.records import Head
from tests.nodes.store.rows import NOW, a_hash, an_entry, append


def fill(store: Store, size: int, *, group: int = 100) -> None:
    with store.write() as conn:
        for first in range(0, size, group):
            append(conn, [an_entry(index) for index in range(first, min(first + group, size))])


# -- appending ----------------------------------------------------------------------------------------------------


def test_an_empty_log(store: Store) -> None:
    with store.read() as conn:
        assert log.head(conn) == Head(0, NOTHING_BEFORE, "")
        assert log.page(conn) == []
        assert log.latest_checkpoint(conn) is None


def test_appended_entries_come_back_as_they_were(store: Store) -> None:
    entries = [an_entry(index) for index in range(5)]
    with store.write() as conn:
        append(conn, entries[:2])
        append(conn, entries[2:])
    with store.read() as conn:
        assert log.head(conn) == Head(5, a_hash("text 4"), NOW)
        assert log.page(conn) == entries
        assert log.entry(conn, 3) == entries[3]
        assert log.entries_at(conn, [4, 1, 9, 1]) == [entries[1], entries[4]]
        assert log.notes(conn, 1, 3) == [entry.note for entry in entries[1:4]]


def test_who_saw_an_older_head_appends_nothing(store: Store) -> None:
    fill(store, 3)
    with pytest.raises(Conflict) as error, store.write() as conn:
        append(conn, [an_entry(2), an_entry(3)])
    assert (error.value.code, error.value.value, error.value.facts["size"]) == ("head-moved", 2, 3)
    with store.read() as conn:
        assert log.head(conn).size == 3
        assert len(log.page(conn)) == 3


def test_a_group_with_a_gap_is_refused_by_the_database(store: Store) -> None:
    fill(store, 2)
    entries = [an_entry(2), an_entry(4)]
    with pytest.raises(sqlite3.IntegrityError, match="without a gap"), store.write() as conn:
        log.append(conn, entries, [], a_hash("text"))
    with store.read() as conn:
        assert log.head(conn).size == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET note = x'00' WHERE \"index\" = 1",
        'UPDATE entries SET "index" = 9 WHERE "index" = 2',
        "UPDATE entries SET note = note",
        "DELETE FROM entries",
        'DELETE FROM entries WHERE "index" = 2',
        "REPLACE INTO entries SELECT \"index\", leaf, type, recorded_at, x'00' FROM entries",
        "INSERT OR REPLACE INTO entries VALUES (1, x'00', 'x', 'y', x'00')",
        "INSERT INTO entries VALUES (1, x'00', 'x', 'y', x'00') ON CONFLICT DO UPDATE SET note = x'00'",
        "INSERT OR IGNORE INTO entries VALUES (7, x'00', 'x', 'y', x'00')",
        "INSERT INTO entries VALUES (-1, x'00', 'x', 'y', x'00')",
        "UPDATE hashes SET hash = x'00'",
        "DELETE FROM hashes",
        "REPLACE INTO hashes VALUES (1, 0, x'00')",
        "INSERT INTO hashes VALUES (1, 0, x'00') ON CONFLICT DO UPDATE SET hash = x'00'",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(statement: str, path: Path, store: Store) -> None:
    """Through a connection of somebody else's, without any of our settings."""
    fill(store, 3)
    stranger = sqlite3.connect(path)
    before = list(stranger.iterdump())
    with pytest.raises(sqlite3.IntegrityError, match=r"append|never|once|gap"):
        stranger.execute(statement)
    stranger.rollback()
    assert list(stranger.iterdump()) == before
    stranger.close()


# -- reading ------------------------------------------------------------------------------------------------------


def test_pages_follow_each_other_and_may_be_of_one_type(store: Store) -> None:
    types = ["log_opened", *(["registered", "registered", "shipped"] * 10)]
    with store.write() as conn:
        append(conn, [an_entry(index, name) for index, name in enumerate(types)])
    with store.read() as conn:
        first = log.page(conn, limit=7)
        second = log.page(conn, after=first[-1].index, limit=7)
        assert [entry.index for entry in first + second] == list(range(14))
        shipped = log.page(conn, event_type="shipped", limit=4)
        assert [entry.index for entry in shipped] == [3, 6, 9, 12]
        rest = log.page(conn, event_type="shipped", after=shipped[-1].index, limit=100)
        assert [entry.index for entry in rest] == [15, 18, 21, 24, 27, 30]
        assert log.page(conn, event_type="received") == []
        assert log.page(conn, after=30) == []


def test_an_entry_whose_disclosures_were_taken_away_is_still_shown(path: Path, store: Store) -> None:
    fill(store, 2)
    thief = sqlite3.connect(path)
    thief.execute('DELETE FROM disclosures WHERE "index" = 1')
    thief.commit()
    thief.close()
    with store.read() as conn:
        assert [entry.disclosures for entry in log.page(conn)] == [an_entry(0).disclosures, ""]


def test_what_is_not_there_is_unknown(store: Store) -> None:
    fill(store, 3)
    with store.read() as conn:
        for ask in (
            lambda: log.entry(conn, 3),
            lambda: log.entry(conn, -1),
            lambda: log.notes(conn, 1, 3),
            lambda: log.tile(conn, 0, 0, 4),
            lambda: log.tile(conn, 1, 0, 1),
            lambda: log.hashes(conn)([(0, 0), (1, 1)]),
        ):
            with pytest.raises(Unknown) as error:
                ask()
            assert "3" in error.value.text() or "log" in error.value.text()


# -- the tree -----------------------------------------------------------------------------------------------------


def test_the_stored_tree_is_the_tree(store: Store) -> None:
    """Every root and proof of every size, with groups of all lengths."""
    sizes = [1, 2, 3, 1, 7, 16, 5, 29]
    leaves: list[bytes] = []
    with store.write() as conn:
        for group in sizes:
            first = len(leaves)
            entries = [an_entry(index) for index in range(first, first + group)]
            append(conn, entries)
            leaves += [entry.leaf for entry in entries]
    tree = Tree(leaves)
    with store.read() as conn:
        read = log.hashes(conn)
        for size in range(1, len(leaves) + 1):
            assert merkle.root_at(size, read) == tree.root(size)
            assert merkle.prove_inclusion(size // 2, size, read) == tree.prove_inclusion(size // 2, size)
            assert merkle.prove_consistency(size // 3, size, read) == tree.prove_consistency(size // 3, size)
        stored = conn.execute("SELECT level, position, hash FROM hashes ORDER BY level, position").fetchall()
    assert stored == [node for node in new_nodes(0, leaves, tree._read) if node[0]]


def test_a_proof_takes_two_statements(store: Store) -> None:
    fill(store, 1000)
    with store.read() as conn:
        asked: list[str] = []
        conn.set_trace_callback(asked.append)
        merkle.prove_inclusion(613, 999, log.hashes(conn))
        conn.set_trace_callback(None)
        plan = conn.execute(f"EXPLAIN QUERY PLAN {asked[-1]}").fetchall()
    assert len(asked) <= 2
    assert not [row for row in plan if row[3].startswith("SCAN h")], "the hashes are looked up, not walked through"


def test_hashes_come_in_the_order_asked_for_however_many(store: Store) -> None:
    fill(store, 600, group=600)
    nodes = [(level, index) for level in range(10) for index in range(600 >> level)]
    Random(7).shuffle(nodes)
    tree = Tree(an_entry(index).leaf for index in range(600))
    with store.read() as conn:
        assert log.hashes(conn)(nodes + nodes[:9]) == tree._read(nodes + nodes[:9])
        assert log.hashes(conn)([]) == []


def test_tiles_are_hashes_side_by_side(store: Store) -> None:
    fill(store, 700)
    leaves = [an_entry(index).leaf for index in range(700)]
    tree = Tree(leaves)
    with store.read() as conn:
        assert log.tile(conn, 0, 1) == b"".join(leaves[256:512])
        assert log.tile(conn, 0, 2, 188) == b"".join(leaves[512:])
        assert log.tile(conn, 1, 0, 2) == b"".join(tree._read([(8, 0), (8, 1)]))


# -- checkpoints --------------------------------------------------------------------------------------------------


def test_checkpoints_by_size(store: Store) -> None:
    with store.write() as conn:
        for size in (1, 5, 9):
            log.save_checkpoint(conn, size, f"checkpoint {size}".encode(), NOW)
        log.save_checkpoint(conn, 5, b"checkpoint 5, cosigned", NOW)
    with store.read() as conn:
        assert log.latest_checkpoint(conn) == (9, b"checkpoint 9")
        assert log.checkpoint(conn, 5) == (5, b"checkpoint 5, cosigned")
        assert log.checkpoint(conn, 6) is None
