"""Deposits given back: what a log's owner has brought to us, page by page, to whoever lost it and signs as its owner.

    page(conn, origin, first)     entries from `first` on, with all that is open of them, and our newest checkpoint
    owner_key(conn, origin)        the peer key that the deposited log has in force now
    parse(line)                   a page again, well-formed and not verified (nodes/recovery.py verifies)

A page is one line of JSON; `lodetrace deposits export` writes all of them into a file. Bounded in entries and in bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.audit import Record
from ledger.errors import LodetraceError, Malformed, Unknown
from ledger.keys import LAST
from ledger.log.canonical import dump, parse_json
from ledger.log.notes import Verifier
from nodes.rekeyed import keys_told
from nodes.store import upstream
from nodes.store.engine import Connection

FORMAT = "lodetrace deposits v1"
PAGE = 256
PAGE_BYTES = 4 << 20
"""A page ends with the entry that goes beyond: one alone may open lists of 65,536 items."""


@dataclass(frozen=True, slots=True)
class Page:
    """Nothing in here is verified. `checkpoint` is the newest of the log that the giver holds; None: no more pages."""

    log: str
    first: int
    records: tuple[Record, ...]
    checkpoint: bytes
    next: int | None


def owner_key(conn: Connection, origin: str) -> Verifier:
    """Unknown("deposits-missing") where the log was never deposited here."""
    keys = keys_told(conn, "", origin)
    if keys is None:
        raise Unknown("deposits-missing", field="name", value=origin)
    return keys.of("peer", LAST)[0]


def page(conn: Connection, origin: str, first: int) -> bytes:
    """One page. It ends before the first entry that is not here; the checkpoint shows what is missing."""
    held = upstream.at(conn, [(origin, index) for index in range(first, first + PAGE)])
    notes = upstream.checkpoints(conn, origin)
    if not notes:
        raise Unknown("deposits-missing", field="name", value=origin)
    entries: list[dict[str, Any]] = []
    index, length = first, 0
    while (origin, index) in held and length < PAGE_BYTES:
        one = held[origin, index]
        entries.append({"note": one.note.decode(), "disclosures": list(one.disclosures)})
        length += len(one.note) + sum(map(len, one.disclosures))
        index += 1
    more = len(entries) == PAGE or (origin, index) in held
    return dump(
        {
            "format": FORMAT,
            "log": origin,
            "first": first,
            "entries": entries,
            "checkpoint": notes[max(notes)].decode(),
            "next": index if more else None,
        }
    )


def pages(conn: Connection, origin: str) -> Iterator[bytes]:
    """All of them, each a line without its end."""
    first: int | None = 0
    while first is not None:
        line = page(conn, origin, first)
        yield line
        first = parse(line, origin).next


def parse(line: bytes, giver: str) -> Page:
    try:
        match parse_json(line, field="deposits"):
            case {
                "format": "lodetrace deposits v1",
                "log": str(log),
                "first": int(first),
                "entries": list(entries),
                "checkpoint": str(checkpoint),
                "next": int() | None as following,
                **more,
            } if not more:
                records = tuple(_record(one) for one in entries)
                if following is not None and (not records or following != first + len(records)):
                    raise Malformed("field-wrong", field="next", value=following, kind=str(first + len(records)))
                return Page(log, first, records, checkpoint.encode(), following)
            case _:
                raise Malformed("malformed", field="deposits", why="it is not a page of deposits")
    except LodetraceError as error:
        raise Malformed("deposits-wrong", field="deposits", value=giver, why=str(error)) from error


def _record(value: Any) -> Record:
    match value:
        case {"note": str(note), "disclosures": list(opened), **more} if not more:
            if all(isinstance(one, str) for one in opened):
                return Record(note.encode(), opened)
    raise Malformed("malformed", field="entries", why="an entry is a note and its disclosures, whole")
