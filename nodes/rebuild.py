"""Rebuild: every derivable table made again from entries and disclosures, in one transaction.

Own entries and what came from other logs are replayed in the order in which the node first met them (an opening
remembers how long our log was), through the very functions that wrote the tables: custody, nodes/derive.py,
nodes/intake.py, and for deposits, whose order among themselves does not matter, nodes/deposits.py. So the rebuilt
tables are the same tables, byte for byte; if an entry does not hold, nothing changes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ledger.entries import parse_entry
from ledger.log.merkle import new_nodes
from ledger.matter.custody import apply, touches
from ledger.matter.event_types import EVENT_TYPES
from ledger.matter.stock import Key, State
from nodes.contents import Makeups, booked
from nodes.deposits import follow_deposits
from nodes.derive import derive, derived
from nodes.inheritance import left_to
from nodes.intake import derive_upstream
from nodes.node import Node
from nodes.store import log, stock, upstream
from nodes.store.engine import Connection
from nodes.store.rebuild import clear_derivable
from nodes.store.records import Entry, Head
from nodes.store.upstream import Opening
from nodes.verbs.books import AUTHORITY

RUN = 500


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How much was replayed."""

    entries: int
    openings: int


def rebuild(node: Node, progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Replays everything. The node must be open and not started; `progress` hears how many own entries are done."""
    with node.store.write() as conn:
        return replay(conn, node, progress)


def replay(conn: Connection, node: Node, progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """The same in the caller's transaction, for entries that were put into it (nodes/recovery.py)."""
    entries = openings = 0
    clear_derivable(conn)
    for step in in_order(conn):
        if isinstance(step, Opening):
            _take_opening(conn, node, step)
            openings += 1
        else:
            _take_entries(conn, node, step)
            entries += len(step)
            progress(entries)
    if node.settings.role == AUTHORITY:
        follow_deposits(conn, upstream.deposited(conn), node.rulesets)
    return Rebuilt(entries, openings)


def in_order(conn: Connection) -> Iterator[Opening | Sequence[Entry]]:
    """Openings, each before the first own entry that was recorded after it; between them own entries in runs."""
    openings = _openings(conn)
    opening = next(openings, None)
    run: list[Entry] = []
    for entry in _entries(conn):
        while opening is not None and opening.head_size <= entry.index:
            if run:
                yield run
                run = []
            yield opening
            opening = next(openings, None)
        run.append(entry)
        if len(run) == RUN or entry.index == 0:  # entry 0 stands alone: what it inherits is told from what comes after
            yield run
            run = []
    if run:
        yield run
    while opening is not None:
        yield opening
        opening = next(openings, None)


def _entries(conn: Connection) -> Iterator[Entry]:
    after = -1
    while page := log.page(conn, after=after, limit=RUN):
        yield from page
        after = page[-1].index


def _openings(conn: Connection) -> Iterator[Opening]:
    after = 0
    while page := upstream.openings(conn, after=after, limit=RUN):
        yield from page
        after = page[-1].no


def _take_opening(conn: Connection, node: Node, opening: Opening) -> None:
    entry = opening.entry
    if entry.type in EVENT_TYPES:
        derive_upstream(conn, node.origin, entry.entry_no, entry.event, node.settings.name)


def _take_entries(conn: Connection, node: Node, run: Sequence[Entry]) -> None:
    """What a commit of this run would have derived. Custody refuses what it would have refused then."""
    view: dict[Key, State] = {}
    loaded: set[Key] = set()
    changes: dict[Key, State] = {}
    made = []
    makeups = Makeups(conn, node.rulesets)
    for stored in run:
        event = stored.event
        keys = touches(event)
        entries = booked(conn, keys)
        keys = touches(event, entries.values()) - loaded
        view.update(stock.load(conn, keys))
        loaded |= keys
        makeups.replay(event, stored.index, list(entries.values()))
        changed = apply(view | entries if entries else view, event)
        if (left := left_to(conn, node.rulesets, event)) is not None:
            makeups.inherit(left, event)
            changed = {**changed, **left.states}
        view.update(changed)
        changes.update(changed)
        made.append(derived(stored.index, event))
    log.add_hashes(conn, new_nodes(run[0].index, [one.leaf for one in run], log.hashes(conn)))
    last = run[-1]
    log.move_head(conn, run[0].index, Head(last.index + 1, parse_entry(last.note).text_hash, last.recorded_at))
    derive(conn, made, changes, makeups.changes, makeups.flows)
