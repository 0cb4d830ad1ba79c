"""What we hold of other logs: entries with all that was opened to us, their checkpoints, offers and answers.

An upstream entry is kept once; what is open of it may grow, and each growth is a row that remembers how long our own
log was. `openings` gives them back in that order, so a rebuild meets own and foreign events as the node first did.

Promises: two different entries at one place of a log are never both taken: the second is Forked, with both notes.
Does not check signatures and proofs: whoever saves has verified them.
"""

import json
from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import Any

from ledger.entries import Entry, id_bytes, parse_entry
from ledger.errors import Forked, Unknown
from ledger.log.canonical import dump
from ledger.log.disclosures import open_slots
from ledger.matter.events import Event
from nodes.store.numbers import add_logs
from nodes.store.records import Opening, Ref, Seen
from nodes.store.sql import next_no, select_in

_UPSTREAM = (
    'SELECT u.no, l.origin, u."index", u.leaf, u.type, u.note, u.at_size, u.path, o.body,'
    " (SELECT c.note FROM upstream_checkpoints c WHERE c.log_no = u.log_no ORDER BY c.size DESC LIMIT 1)"
    " FROM {} JOIN logs l ON l.no = u.log_no"
)
# The last opening is all that is open now.
_NOW = _UPSTREAM.format(
    "upstream u JOIN openings o ON o.no = (SELECT max(p.no) FROM openings p WHERE p.upstream_no = u.no)"
)
_OPENERS = f'{_NOW} WHERE u."index" = 0'
_BY_NO = f"{_NOW} WHERE u.no IN ({{}})"
_BY_LEAF = f"{_NOW} WHERE u.leaf IN ({{}})"
_OFFER = f"{_NOW} JOIN arrivals a ON -a.offered_by = u.no WHERE a.id = ?"
_ANSWER = (
    f"{_NOW} JOIN answers a ON -a.entry_no = u.no JOIN shipments s ON s.no = a.shipment_no WHERE s.id = ?"
    ' ORDER BY u."index" DESC LIMIT 1'
)
_OPENINGS = (
    _UPSTREAM.format("openings o JOIN upstream u ON u.no = o.upstream_no").replace(
        "SELECT u.no", "SELECT o.no, o.head_size, u.no"
    )
    + " WHERE o.no > ? ORDER BY o.no LIMIT ?"
)
_ADD = 'INSERT INTO upstream (no, log_no, "index", leaf, type, note, at_size, path) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
_NEWER_PATH = "UPDATE upstream SET at_size = ?, path = ? WHERE no = ? AND at_size < ?"
_OPEN = "INSERT INTO openings (no, upstream_no, head_size, body) VALUES (?, ?, ?, ?)"
_ADD_CHECKPOINT = (
    "INSERT INTO upstream_checkpoints (log_no, size, note) VALUES (?, ?, ?)"
    " ON CONFLICT (log_no, size) DO UPDATE SET note = excluded.note"
)
_CHECKPOINTS = "SELECT c.size, c.note FROM upstream_checkpoints c JOIN logs l ON l.no = c.log_no WHERE l.origin = ?"
_OWN_REFS = (
    'SELECT e."index", l.origin, e."index", e.leaf, e.type FROM entries e JOIN logs l ON l.no = 0'
    ' WHERE e."index" IN ({})'
)
_FOREIGN_REFS = (
    'SELECT -u.no, l.origin, u."index", u.leaf, u.type FROM upstream u JOIN logs l ON l.no = u.log_no'
    " WHERE u.no IN ({})"
)
_SAVE_OFFER = (
    "INSERT INTO arrivals (no, id, sender, purpose, at, offered_by, final, declined) VALUES (?, ?, ?, ?, ?, ?, 0, 0)"
    " ON CONFLICT (id) DO NOTHING"
)
_SAVE_ANSWER = (
    "INSERT INTO answers (shipment_no, entry_no, final, declined) SELECT no, ?, ?, ? FROM shipments WHERE id = ?"
    " ON CONFLICT (shipment_no, entry_no) DO NOTHING"
)


# -- entries ------------------------------------------------------------------------------------------------------


def save(conn: Connection, seen: Seen, head_size: int) -> int:
    """Keeps a verified entry, and what is open of it besides what was open before. Answers its `no`.

    Forked, with both notes, if another entry of that log has its place here.
    """
    entry = parse_entry(seen.note)
    before = entry_at(conn, seen.log, seen.index)
    if before is None:
        no, held = next_no(conn, "upstream"), ()
        log_no = add_logs(conn, [seen.log])[seen.log]
        row = (seen.index, seen.leaf, seen.type, seen.note, seen.at_size, b"".join(seen.path))
        conn.execute(_ADD, (no, log_no, *row))
    elif before.leaf != seen.leaf:
        raise Forked("fork", evidence=(before.note, seen.note), field="entries", value=seen.index, log=seen.log)
    else:
        no, held = before.no, before.disclosures
        conn.execute(_NEWER_PATH, (seen.at_size, b"".join(seen.path), no, seen.at_size))
    now_open = merged(entry, held, seen.disclosures)
    if before is None or tuple(now_open) != held:
        conn.execute(_OPEN, (next_no(conn, "openings"), no, head_size, dump(now_open).decode()))
    return no


def merged(entry: Entry, held: Sequence[Any], more: Sequence[Any]) -> list[Any]:
    """Everything that either of two sets of disclosures opens, each thing once, in the order of the entry's slots.

    A list that is open in whole is kept as its texts; one that is open in part, item by item with their tree paths.
    """
    opened = open_slots(entry.sd, held) | open_slots(entry.sd, more)
    single = {one["d"]: one for one in (*held, *more) if isinstance(one, dict)}
    kept: list[Any] = []
    for slot in sorted(entry.sd):
        commitment = entry.sd[slot]
        if isinstance(commitment, str):
            kept += [opened[slot].disclosure] if slot in opened else []
            continue
        places = [f"{slot}/{place}" for place in range(commitment["n"])]
        texts = [opened[place].disclosure for place in places if place in opened]
        kept += texts if len(texts) == len(places) else [single[text] for text in texts]
    return kept


def entry_at(conn: Connection, log: str, index: int) -> Seen | None:
    """The entry of another log at an index, if it is here."""
    row = conn.execute(f'{_NOW} WHERE l.origin = ? AND u."index" = ?', (log, index)).fetchone()
    return None if row is None else _seen(row)


def entries(conn: Connection, nos: Iterable[int]) -> list[Seen]:
    """Upstream entries by their numbers, ascending."""
    return [_seen(row) for row in select_in(conn, _BY_NO, sorted(set(nos)))]


def openers(conn: Connection, logs: Iterable[str] | None) -> list[Seen]:
    """Entry 0 of each of these logs that we hold it of; of every log for None."""
    if logs is None:
        return [_seen(row) for row in conn.execute(f"{_OPENERS} ORDER BY u.no")]
    return [_seen(row) for row in select_in(conn, f"{_OPENERS} AND l.origin IN ({{}})", sorted(logs))]


def with_leaves(conn: Connection, leaves: Iterable[bytes]) -> dict[bytes, Seen]:
    """Those of the leaf hashes that we hold an upstream entry for."""
    found = (_seen(row) for row in select_in(conn, _BY_LEAF, leaves))
    return {seen.leaf: seen for seen in found}


def openings(conn: Connection, *, after: int = 0, limit: int = 500) -> list[Opening]:
    """What came from other logs, in the order in which it came."""
    rows = conn.execute(_OPENINGS, (after, limit))
    return [Opening(no, head_size, _seen(tuple(row))) for no, head_size, *row in rows]


def refs(conn: Connection, entry_nos: Iterable[int]) -> dict[int, Ref]:
    """Which log, index, leaf and type each entry_no stands for, own and upstream."""
    wanted = set(entry_nos)
    rows = [*select_in(conn, _OWN_REFS, sorted(no for no in wanted if no >= 0))]
    rows += select_in(conn, _FOREIGN_REFS, sorted(-no for no in wanted if no < 0))
    return {entry_no: Ref(*row) for entry_no, *row in rows}


def _seen(row: tuple[Any, ...]) -> Seen:
    no, log, index, leaf, event_type, note, at_size, path, body, newest = row
    steps = tuple(path[start : start + 32] for start in range(0, len(path), 32))
    return Seen(log, index, leaf, event_type, note, tuple(json.loads(body)), steps, at_size, no, newest)


# -- checkpoints --------------------------------------------------------------------------------------------------


def save_checkpoint(conn: Connection, log: str, size: int, note: bytes) -> None:
    """A verified one. If it is here already, this one takes its place: it may carry more cosignatures."""
    conn.execute(_ADD_CHECKPOINT, (add_logs(conn, [log])[log], size, note))


def checkpoint(conn: Connection, log: str, size: int) -> bytes:
    row = conn.execute(f"{_CHECKPOINTS} AND c.size = ?", (log, size)).fetchone()
    if row is None:
        raise Unknown("checkpoint-unknown", field="size", value=size, log=log)
    return bytes(row[1])


def checkpoints(conn: Connection, log: str) -> dict[int, bytes]:
    """All that we hold of a log, by size, ascending."""
    return dict(conn.execute(f"{_CHECKPOINTS} ORDER BY c.size", (log,)))


def newest_checkpoint(conn: Connection, log: str) -> tuple[int, bytes] | None:
    """(size, note) of the largest one."""
    row: tuple[int, bytes] | None = conn.execute(f"{_CHECKPOINTS} ORDER BY c.size DESC LIMIT 1", (log,)).fetchone()
    return row


# -- offers and answers -------------------------------------------------------------------------------------------


def save_offer(conn: Connection, shipment: str, shipped: Event, entry_no: int) -> None:
    """That the upstream entry `shipped` offers us a shipment (`log#id`)."""
    stated = shipped.scalar("shipment")
    row = (next_no(conn, "arrivals"), shipment, shipped.name, stated["purpose"], stated["at"], entry_no)
    conn.execute(_SAVE_OFFER, row)


def offer(conn: Connection, shipment: str) -> Seen | None:
    """The entry that offered us a shipment (`log#id`)."""
    row = conn.execute(_OFFER, (shipment,)).fetchone()
    return None if row is None else _seen(row)


def save_answer(conn: Connection, shipment: str, entry_no: int, final: bool, declined: bool) -> None:
    """A receipt of our shipment that its receiver told us of."""
    conn.execute(_SAVE_ANSWER, (entry_no, final, declined, id_bytes(shipment)))


def last_answer(conn: Connection, shipment: str) -> Seen | None:
    """The last receipt, in the receiver's log, of a shipment of ours that we were told of."""
    row = conn.execute(_ANSWER, (id_bytes(shipment),)).fetchone()
    return None if row is None else _seen(row)
