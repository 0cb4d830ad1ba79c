import sqlite3
from random import Random

import pytest

from ledger.entries import NOTHING_BEFORE
from ledger.log.merkle import new_nodes, node_hash
from ledger.matter.events import Event
from ledger.matter.genealogy import Edge, Made
from nodes.store import genealogy, log, rebuild, upstream
from nodes.store.engine import Connection, Store
from nodes.store.records import Head
from tests.nodes.store.rows import NOW, OTHER, OtherLog, a_hash, an_entry, an_id, append
from tests.nodes.store.stories import play, story

COUNTS = "SELECT count(*) FROM "


def snapshot(conn: Connection) -> bytes:
    return b"".join(rebuild.snapshot(conn))


def tell(conn: Connection, entry_no: int, number: int) -> None:
    """What an upstream entry says: a batch made of two that were never heard of before."""
    made, *parents = (f"{OTHER}#{an_id((number, name))}" for name in ("made", "one", "two"))
    genealogy.save_made(conn, entry_no, [Made(made, "prnd_oxide", f"L-{number}", NOW)], "CN")
    genealogy.save_edges(conn, entry_no, [Edge(made, parent, None) for parent in parents])
    genealogy.save_receipts(conn, entry_no, {"log": "hub.example/log", "index": number}, parents)
    upstream.save_offer(conn, f"{OTHER}#{an_id((number, 'offer'))}", "metal.example", "sale", NOW, entry_no)


def live(store: Store, events: list[Event], seed: int, *, group: int) -> None:
    """A node's life: own events in groups, entries of others in between, some opened further later."""
    random, other = Random(seed), OtherLog()
    for _ in events:
        other.add("removed", {})
    waiting = list(range(len(events)))
    for first in range(0, len(events), group):
        together = events[first : first + group]
        with store.write() as conn:
            append(conn, [an_entry(index, event.type) for index, event in enumerate(together, first)])
            play(conn, together, group, first=first)
        if random.random() < 0.7:
            with store.write() as conn:
                size = log.head(conn).size
                for index in random.sample(waiting, min(3, len(waiting))):
                    opened = other.disclosures[index][: random.randint(0, 5)]
                    (saved,) = upstream.save(conn, [other.upstream(index, opened)], size)
                    if saved.opened:
                        tell(conn, saved.entry_no, index)


def replay(conn: Connection, events: list[Event], *, group: int) -> None:
    """The derivable tables again, from what is not: entries, and openings at the sizes they came at."""
    openings = upstream.openings(conn)
    at = 0
    while at < len(events) or openings:
        until = openings[0].head_size if openings else len(events)
        for first in range(at, until, group):
            together = [log.entry(conn, index) for index in range(first, min(first + group, until))]
            log.add_hashes(conn, new_nodes(first, [entry.leaf for entry in together], log.hashes(conn)))
            last = together[-1]
            log.move_head(conn, first, Head(last.index + 1, a_hash(f"text {last.index}"), last.recorded_at))
            play(conn, events[first : last.index + 1], group, first=first)
        at = until
        while openings and openings[0].head_size == at:
            opening = openings.pop(0)
            tell(conn, opening.entry.entry_no, opening.entry.index)


@pytest.mark.parametrize("group", [1, 2, 5])
def test_a_rebuild_gives_the_same_tables_however_events_were_grouped(group: int, store: Store) -> None:
    metal = story().nodes["metal"].log
    events = [Event(one.type, one.origin, one.slots, one.ids, one.recorded_at) for one in metal]
    live(store, events, 7, group=group)
    with store.read() as conn:
        before = snapshot(conn)
        assert all(conn.execute(COUNTS + table).fetchone()[0] for table in ("batches", "units", "arrivals", "receipts"))
    for other_group in (1, 3, 100):
        with store.write() as conn:
            rebuild.clear_derivable(conn)
            replay(conn, events, group=other_group)
        with store.read() as conn:
            assert snapshot(conn) == before


def test_clearing_empties_what_can_be_derived_and_nothing_else(store: Store) -> None:
    live(store, story().nodes["mine"].log, 3, group=2)
    with store.write() as conn:
        kept = {table: conn.execute(f"SELECT * FROM {table}").fetchall() for table in rebuild.NOT_DERIVABLE}
        rebuild.clear_derivable(conn)
        assert {table: conn.execute(f"SELECT * FROM {table}").fetchall() for table in rebuild.NOT_DERIVABLE} == kept
        assert {table: conn.execute(COUNTS + table).fetchone()[0] for table in rebuild.DERIVABLE} == dict.fromkeys(
            rebuild.DERIVABLE, 0
        ) | {"head": 1}
        assert log.head(conn) == Head(0, NOTHING_BEFORE, "")
        assert kept["entries"]


def test_tree_hashes_are_guarded_again_after_clearing(store: Store) -> None:
    with store.write() as conn:
        append(conn, [an_entry(0), an_entry(1)])
        triggers = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
        rebuild.clear_derivable(conn)
        log.add_hashes(conn, [(1, 0, a_hash("node"))])
        again = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
        assert again == triggers
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"), store.write() as conn:
        conn.execute("DELETE FROM hashes")


def clear_and_fail(store: Store) -> None:
    with store.write() as conn:
        rebuild.clear_derivable(conn)
        log.add_hashes(conn, [(1, 0 // 0, b"")])


def test_a_rebuild_that_fails_leaves_everything_as_it_was(store: Store) -> None:
    live(store, story().nodes["mine"].log, 3, group=2)
    with store.read() as conn:
        before = snapshot(conn)
    with pytest.raises(ZeroDivisionError):
        clear_and_fail(store)
    with store.read() as conn:
        assert snapshot(conn) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE holdings SET mg = mg + 1",
        "UPDATE units SET seal = 'broken'",
        "UPDATE batches SET no = no + 1000 WHERE no = (SELECT max(no) FROM batches WHERE basis IS NULL)",
        "UPDATE edges SET mg = NULL WHERE mg IS NOT NULL",
        "DELETE FROM receipts",
        "UPDATE arrivals SET purpose = 'sample'",
        "UPDATE head SET size = size + 1",
    ],
)
def test_a_snapshot_shows_every_difference(change: str, store: Store) -> None:
    live(store, story().nodes["metal"].log, 7, group=2)
    with store.write() as conn:
        before = snapshot(conn)
        assert snapshot(conn) == before
        conn.execute("PRAGMA defer_foreign_keys = ON")
        assert conn.execute(change).rowcount > 0
        assert snapshot(conn) != before
        conn.execute("ROLLBACK")
        conn.execute("BEGIN")


def test_snapshot_lines_are_one_row_each(store: Store) -> None:
    with store.write() as conn:
        append(conn, [an_entry(0), an_entry(1)])
        lines = list(rebuild.snapshot(conn))
    node = node_hash(an_entry(0).leaf, an_entry(1).leaf).hex().encode()
    assert lines == [
        b'["hashes",1,0,"%s"]\n' % node,
        b'["head",1,2,"%s","%s"]\n' % (a_hash("text 1").hex().encode(), NOW.encode()),
    ]
