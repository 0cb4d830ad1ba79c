"""What came in and cannot be taken yet: messages that wait for an entry.

Parked messages are bounded for each sender, and one that comes again is parked once.
Does not check signatures: the intake has, before it parks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from ledger.errors import Unavailable
from nodes.store.engine import Connection
from nodes.store.sql import next_no, select_in

PARKED_MESSAGES = 1000
PARKED_BYTES = 256 * 1024 * 1024
"""Of one sender together: a few of the largest messages that are accepted."""

_USED = "SELECT count(*), coalesce(sum(length(body)), 0) FROM parked WHERE sender = ?"
_IS_PARKED = "SELECT 1 FROM parked WHERE leaf_needed = ? AND body_hash = ?"
_PARK = "INSERT INTO parked (no, leaf_needed, body_hash, sender, body, at) VALUES (?, ?, ?, ?, ?, ?)"
_WAITING_FOR = "SELECT no, leaf_needed, sender, body, at FROM parked WHERE leaf_needed IN ({}) ORDER BY no"
_UNPARK = "DELETE FROM parked WHERE no = ?"
_GIVE_UP = "DELETE FROM parked WHERE at < ?"
_COUNT = "SELECT count(*) FROM parked"


@dataclass(frozen=True, slots=True)
class Parked:
    """A message of `sender` that refers to the entry with the leaf hash `needs`."""

    no: int
    needs: bytes
    sender: str
    body: bytes = field(repr=False)
    at: str


def park(conn: Connection, needs: bytes, sender: str, body: bytes, at: str) -> None:
    """Keeps a message until `needs` is here. Unavailable if its sender has too much parked already."""
    body_hash = sha256(body).digest()
    if conn.execute(_IS_PARKED, (needs, body_hash)).fetchone() is not None:
        return
    messages, size = conn.execute(_USED, (sender,)).fetchone()
    if messages >= PARKED_MESSAGES or size + len(body) > PARKED_BYTES:
        raise Unavailable("too-much-parked", field="sender", value=sender, messages=messages, bytes=size)
    conn.execute(_PARK, (next_no(conn, "parked"), needs, body_hash, sender, body, at))


def waiting_for(conn: Connection, leaves: Iterable[bytes]) -> list[Parked]:
    """The messages that these entries were missing for."""
    return [Parked(*row) for row in select_in(conn, _WAITING_FOR, leaves)]


def unpark(conn: Connection, nos: Iterable[int]) -> None:
    conn.executemany(_UNPARK, [(no,) for no in nos])


def give_up(conn: Connection, before: str) -> int:
    """Drops the messages that wait since before a time; how many."""
    return conn.execute(_GIVE_UP, (before,)).rowcount


def parked_count(conn: Connection) -> int:
    (messages,) = conn.execute(_COUNT).fetchone()
    return int(messages)
