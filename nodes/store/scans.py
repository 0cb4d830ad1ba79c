"""How often the code of each label was scanned here: one row for each label, and today's readers as salted hashes.

No reader outlives the day: the first scan of a new day forgets them all, and what is left is a number. Bounded by the
labels that are genuine, and by READERS_MAX of one label on one day.
"""

from dataclasses import dataclass

from nodes.store.engine import Connection

READERS_MAX = 64
"""Readers of one label that are told apart on one day; more are counted as scans alone."""
_FORGET = "DELETE FROM scan_readers WHERE day <> ?"
_MEET = (
    "INSERT INTO scan_readers (label, reader, day) SELECT ?1, ?2, ?3"
    " WHERE (SELECT count(*) FROM scan_readers WHERE label = ?1) < ?4 ON CONFLICT DO NOTHING"
)
_COUNT = (
    "INSERT INTO scans (label, first_at, last_at, times, days, readers) VALUES (?1, ?2, ?2, 1, 1, ?3)"
    " ON CONFLICT (label) DO UPDATE SET times = times + 1, readers = readers + ?3,"
    " days = days + (substr(excluded.last_at, 1, 10) > substr(last_at, 1, 10)),"
    " last_at = max(last_at, excluded.last_at)"
)
_FIND = "SELECT first_at, last_at, times, days, readers FROM scans WHERE label = ?"


@dataclass(frozen=True, slots=True)
class Scans:
    """`times` in all, on so many `days` in UTC; `readers` are those of each day, added up."""

    first_at: str
    last_at: str
    times: int
    days: int
    readers: int


def add(conn: Connection, label: bytes, at: str, reader: bytes) -> None:
    """`label` and `reader` are hashes."""
    day = at[:10]
    conn.execute(_FORGET, (day,))
    met = conn.execute(_MEET, (label, reader, day, READERS_MAX)).rowcount
    conn.execute(_COUNT, (label, at, met))


def find(conn: Connection, label: bytes) -> Scans | None:
    row = conn.execute(_FIND, (label,)).fetchone()
    return None if row is None else Scans(*row)
