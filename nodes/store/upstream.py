"""What we hold of other logs: entries with all that was opened to us, their checkpoints, offers and answers.

An upstream entry is kept once; what is open of it may grow, and each growth is a row that remembers how long our own
log was. `openings` gives them back in that order, so a rebuild meets own and foreign events as the node first did.

Promises: two different entries at one place of a log are never both taken: the second is Forked, with both notes.
Does not check signatures, proofs or disclosures: whoever saves has verified them, and merges what is open.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as counted_from
from typing import Any

from ledger.entries import open_event, parse_entry
from ledger.errors import Forked
from ledger.log.canonical import b64, dump
from ledger.log.checkpoints import parse_checkpoint
from ledger.log.notes import parse_note
from ledger.matter.events import Event
from ledger.matter.flows import Flow, flow_of
from nodes.store.engine import Connection
from nodes.store.numbers import add_logs, log_numbers, shipment_bytes
from nodes.store.sql import next_no, select_in

# Read as bytes, whatever they were made since: an audit must name what is no text any more, not stumble over it.
_UPSTREAM = (
    'SELECT u.no, l.origin, u."index", u.leaf, u.type, CAST(u.note AS BLOB), u.at_size, u.path, CAST(o.body AS BLOB),'
    " (SELECT c.note FROM upstream_checkpoints c WHERE c.log_no = u.log_no ORDER BY c.size DESC LIMIT 1)"
    " FROM {} JOIN logs l ON l.no = u.log_no"
)
# The last opening is all that is open now.
_NOW = _UPSTREAM.format(
    "upstream u JOIN openings o ON o.no = (SELECT max(p.no) FROM openings p WHERE p.upstream_no = u.no)"
)
_AT = f'{_NOW} WHERE u.log_no = ? AND u."index" IN ({{}})'
_BY_NO = f"{_NOW} WHERE u.no IN ({{}})"
_PLACES = 'SELECT u.no, l.origin, u."index" FROM upstream u JOIN logs l ON l.no = u.log_no WHERE u.no IN ({})'
_OFFER = f"{_NOW} JOIN arrivals a ON -a.offered_by = u.no WHERE a.id = ?"
_ANSWERS = (
    f"{_NOW} JOIN answers a ON -a.entry_no = u.no JOIN shipments s ON s.no = a.shipment_no WHERE s.id = ?"
    ' ORDER BY u."index"'
)
_OPENINGS = (
    _UPSTREAM.format("openings o JOIN upstream u ON u.no = o.upstream_no").replace(
        "SELECT u.no", "SELECT o.no, o.head_size, u.no"
    )
    + " WHERE o.no > ? ORDER BY o.no LIMIT ?"
)
_OPENINGS_OF_TYPE = _OPENINGS.replace("WHERE o.no > ?", "WHERE u.type = ? AND o.no > ?")
_OF_TYPES = f'{_NOW} WHERE u.log_no = ? AND u.type IN ({{}}) ORDER BY u."index"'
_DEPOSITED = (
    'SELECT l.origin FROM logs l WHERE EXISTS (SELECT 1 FROM upstream u WHERE u.log_no = l.no AND u."index" = 0)'
    ' AND EXISTS (SELECT 1 FROM upstream u WHERE u.log_no = l.no AND u."index" = 1) ORDER BY l.no'
)
_ADD = 'INSERT INTO upstream (no, log_no, "index", leaf, type, note, at_size, path) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
_NEWER_PATH = "UPDATE upstream SET at_size = ?, path = ? WHERE no = ? AND at_size < ?"
_OPEN = "INSERT INTO openings (no, upstream_no, head_size, body) VALUES (?, ?, ?, ?)"
_ADD_CHECKPOINT = (
    "INSERT INTO upstream_checkpoints (log_no, size, note) VALUES (?, ?, ?)"
    " ON CONFLICT (log_no, size) DO UPDATE SET note = excluded.note"
)
_CHECKPOINTS = (
    "SELECT c.size, c.note FROM upstream_checkpoints c JOIN logs l ON l.no = c.log_no"
    " WHERE l.origin = ? ORDER BY c.size"
)
_CHECKPOINT = (
    "SELECT c.note FROM upstream_checkpoints c JOIN logs l ON l.no = c.log_no WHERE l.origin = ? AND c.size = ?"
)
_OF_LOG = "FROM upstream_checkpoints c JOIN logs l ON l.no = c.log_no WHERE l.origin = ?"
_BETWEEN = f"SELECT c.note {_OF_LOG} AND c.size > ? AND c.size <= ? ORDER BY c.size"
_LARGEST = f"SELECT c.size, c.note {_OF_LOG} ORDER BY c.size DESC LIMIT 1"
_SAVE_OFFER = (
    "INSERT INTO arrivals (no, id, sender, purpose, at, offered_by, final, declined) VALUES (?, ?, ?, ?, ?, ?, 0, 0)"
    " ON CONFLICT (id) DO NOTHING"
)
_SAVE_ANSWER = (
    "INSERT INTO answers (shipment_no, entry_no, final, declined) SELECT no, ?, ?, ? FROM shipments WHERE id = ?"
    " ON CONFLICT (shipment_no, entry_no) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Upstream:
    """An entry of another log. `path` is its inclusion at `at_size`; `disclosures` is all that is open of it, each a
    text or `{"d", "path"}`. As read, with its `entry_no`, and in `newest` the largest checkpoint of its log held here.
    """

    log: str
    index: int
    leaf: bytes
    type: str
    note: bytes = field(repr=False)
    at_size: int
    path: tuple[bytes, ...] = field(repr=False)
    disclosures: tuple[Any, ...] = field(repr=False)
    entry_no: int = 0
    newest: bytes | None = field(default=None, repr=False)

    @property
    def event(self) -> Event:
        """As far as it is open to us."""
        return open_event(parse_entry(self.note), self.disclosures)

    def ref(self) -> dict[str, Any]:
        """How an entry of ours names it: with the newest checkpoint held here, so that the ref is gossip too."""
        assert self.newest is not None, "an entry is saved with the checkpoint that proves it"
        checkpoint = parse_checkpoint(parse_note(self.newest).text)
        return {
            "log": self.log,
            "index": self.index,
            "leaf": b64(self.leaf),
            "size": checkpoint.size,
            "root": b64(checkpoint.root),
        }


@dataclass(frozen=True, slots=True)
class Saved:
    """`opened`: more is open now than before (for a new entry: always), so there may be more to derive."""

    entry_no: int
    opened: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """`entry` as it was opened when our own log had `head_size` entries. `no` is a cursor."""

    no: int
    head_size: int
    entry: Upstream


# -- entries ------------------------------------------------------------------------------------------------------


def save(conn: Connection, entries: Sequence[Upstream], head_size: int) -> list[Saved]:
    """Keeps verified entries, and what is open of them, in the order given. Forked if another entry has its place."""
    logs = add_logs(conn, (entry.log for entry in entries))
    known = at(conn, ((entry.log, entry.index) for entry in entries))
    fresh, fresh_opening = counted_from(next_no(conn, "upstream")), counted_from(next_no(conn, "openings"))
    saved = []
    for entry in entries:
        before = known.get((entry.log, entry.index))
        if before is None:
            no = next(fresh)
            row = (entry.index, entry.leaf, entry.type, entry.note, entry.at_size, b"".join(entry.path))
            conn.execute(_ADD, (no, logs[entry.log], *row))
        elif before.leaf != entry.leaf:
            raise Forked("entry-forked", evidence=(before.note, entry.note), field=entry.log, value=entry.index)
        else:
            no = -before.entry_no
            conn.execute(_NEWER_PATH, (entry.at_size, b"".join(entry.path), no, entry.at_size))
        opened = before is None or before.disclosures != entry.disclosures
        if opened:
            conn.execute(_OPEN, (next(fresh_opening), no, head_size, dump(list(entry.disclosures)).decode()))
        saved.append(Saved(-no, opened))
    return saved


def at(conn: Connection, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Upstream]:
    """Those of the (log, index) `places` that we hold."""
    indexes: dict[str, list[int]] = {}
    for log, index in places:
        indexes.setdefault(log, []).append(index)
    found = (
        _upstream(row)
        for log, log_no in log_numbers(conn, indexes).items()
        for row in select_in(conn, _AT, indexes[log], (log_no,))
    )
    return {(entry.log, entry.index): entry for entry in found}


def numbered(conn: Connection, entry_nos: Iterable[int]) -> dict[int, Upstream]:
    """Upstream entries by their entry_no (below 0)."""
    found = (_upstream(row) for row in select_in(conn, _BY_NO, (-entry_no for entry_no in entry_nos)))
    return {entry.entry_no: entry for entry in found}


def places(conn: Connection, entry_nos: Iterable[int]) -> dict[int, tuple[str, int]]:
    """The (log, index) of upstream entries by their entry_no; others are passed over."""
    rows = select_in(conn, _PLACES, (-no for no in entry_nos if no < 0))
    return {-no: (origin, index) for no, origin, index in rows}


def openings(conn: Connection, *, after: int = 0, limit: int = 500) -> list[Opening]:
    """What came from other logs, in the order in which it came."""
    rows = conn.execute(_OPENINGS, (after, limit))
    return [Opening(no, head_size, _upstream(tuple(row))) for no, head_size, *row in rows]


def openings_of(conn: Connection, type_: str, *, after: int = 0, limit: int = 500) -> list[Opening]:
    """Those of entries of one type."""
    rows = conn.execute(_OPENINGS_OF_TYPE, (type_, after, limit))
    return [Opening(no, head_size, _upstream(tuple(row))) for no, head_size, *row in rows]


def last_opening(conn: Connection) -> int:
    """The cursor behind everything that is open now."""
    return next_no(conn, "openings") - 1


def of_types(conn: Connection, logs: Iterable[str], types: Iterable[str]) -> list[Upstream]:
    """What is held of some logs of some types of events."""
    wanted = list(types)
    numbers = log_numbers(conn, logs).values()
    return [_upstream(row) for log_no in numbers for row in select_in(conn, _OF_TYPES, wanted, (log_no,))]


def deposited(conn: Connection) -> list[str]:
    """Other logs of which entry 0 and the one after it are here, as in deposits they are."""
    return [origin for (origin,) in conn.execute(_DEPOSITED)]


def grants(conn: Connection, by: str | None = None) -> list[tuple[int, Event]]:
    """Quotas that an authority has told us of, each with how long our own log was then."""
    found: list[tuple[int, Event]] = []
    after, seen = 0, set[int]()
    while page := openings_of(conn, "quota_granted", after=after):
        for one in page:
            event = one.entry.event
            if event.scalar("grant") and one.entry.entry_no not in seen and by in (None, event.name):
                seen.add(one.entry.entry_no)
                found.append((one.head_size, event))
        after = page[-1].no
    return found


def inspections(conn: Connection, by: str | None = None) -> list[tuple[int, Event]]:
    """Inspections of us that the authority has told us of, each with how long our own log was then.

    One of which only the public part is known, from the evidence of goods, is of somebody else.
    """
    found: list[tuple[int, Event]] = []
    after, seen = 0, set[int]()
    while page := openings_of(conn, "inspected", after=after):
        for one in page:
            event = one.entry.event
            if event.scalar("reason") and one.entry.entry_no not in seen and by in (None, event.name):
                seen.add(one.entry.entry_no)
                found.append((one.head_size, event))
        after = page[-1].no
    return found


def orders(conn: Connection, by: str | None = None) -> list[tuple[int, Flow, str]]:
    """Orders that the authority has told us of, each with how long our own log was then: it binds what comes behind."""
    found: list[tuple[int, Flow, str]] = []
    after, seen = 0, set[int]()
    while page := openings_of(conn, "ordered", after=after):
        for one in page:
            event = one.entry.event
            if event.scalar("order") and one.entry.entry_no not in seen and by in (None, event.name):
                seen.add(one.entry.entry_no)
                found.append((one.head_size, flow_of(one.entry.index, event), ""))
        after = page[-1].no
    return found


def _upstream(row: tuple[Any, ...]) -> Upstream:
    no, log, index, leaf, event_type, note, at_size, path, body, newest = row
    steps = tuple(path[start : start + 32] for start in range(0, len(path), 32))
    return Upstream(log, index, leaf, event_type, note, at_size, steps, _opened(body), -no, newest)


def _opened(body: bytes) -> tuple[Any, ...]:
    """What can be read no more opens nothing, which whoever opens the entry will find."""
    try:
        return tuple(json.loads(body))
    except ValueError:
        return (body.decode(errors="replace"),)


# -- checkpoints --------------------------------------------------------------------------------------------------


def save_checkpoints(conn: Connection, notes: Mapping[tuple[str, int], bytes]) -> None:
    """Verified checkpoints by (log, size). One that we have is replaced: it may carry more cosignatures now.

    Forked if it had another root: of two histories none is put in place of the other.
    """
    logs = add_logs(conn, (log for log, _ in notes))
    for (log, size), note in notes.items():
        before = checkpoint(conn, log, size)
        if before is not None and _root_of(before) != _root_of(note):
            raise Forked("log-forked", evidence=(before, note), field=log, value=size)
    conn.executemany(_ADD_CHECKPOINT, [(logs[log], size, note) for (log, size), note in notes.items()])


def _root_of(note: bytes) -> bytes:
    return parse_checkpoint(parse_note(note).text).root


def checkpoints(conn: Connection, log: str) -> dict[int, bytes]:
    """All that we hold of a log, by size, ascending."""
    return dict(conn.execute(_CHECKPOINTS, (log,)))


def checkpoint(conn: Connection, log: str, size: int) -> bytes | None:
    row = conn.execute(_CHECKPOINT, (log, size)).fetchone()
    return None if row is None else bytes(row[0])


def checkpoints_between(conn: Connection, log: str, above: int, up_to: int) -> list[bytes]:
    """Those that we hold of sizes above one size and up to another."""
    return [note for (note,) in conn.execute(_BETWEEN, (log, above, up_to))]


def largest_checkpoint(conn: Connection, log: str) -> tuple[int, bytes] | None:
    """(size, note) of the largest that we hold."""
    found: tuple[int, bytes] | None = conn.execute(_LARGEST, (log,)).fetchone()
    return found


# -- offers and answers -------------------------------------------------------------------------------------------


def save_offer(conn: Connection, shipment: str, sender: str, purpose: str, at: str | None, entry_no: int) -> None:
    """A shipment (`log#id`) that an upstream entry offers us. Forked if another entry has offered it before."""
    conn.execute(_SAVE_OFFER, (next_no(conn, "arrivals"), shipment, sender, purpose, at, entry_no))
    before = offer(conn, shipment)
    if before is not None and before.entry_no != entry_no:
        now = numbered(conn, [entry_no])[entry_no]
        raise Forked("shipment-forked", evidence=(before.note, now.note), field=now.log, value=now.index)


def offer(conn: Connection, shipment: str) -> Upstream | None:
    """The entry that offered us a shipment (`log#id`)."""
    row = conn.execute(_OFFER, (shipment,)).fetchone()
    return None if row is None else _upstream(row)


def save_answer(conn: Connection, shipment: str, entry_no: int, *, final: bool, declined: bool) -> None:
    """A receipt of our shipment that its receiver told us of."""
    conn.execute(_SAVE_ANSWER, (entry_no, final, declined, shipment_bytes(shipment)))


def answers(conn: Connection, shipment: str) -> list[Upstream]:
    """The receipts, in the receiver's log, of a shipment of ours that we were told of; oldest first."""
    return [_upstream(row) for row in conn.execute(_ANSWERS, (shipment_bytes(shipment),))]
