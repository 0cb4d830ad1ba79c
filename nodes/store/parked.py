"""Messages that refer to an entry which is not here yet: kept, within bounds for each sender, until it comes.

One that comes again is kept once. Does not check them: the intake verified them before, and will again.
"""

from collections.abc import Iterable
from sqlite3 import Connection

from ledger.errors import Unavailable
from nodes.store.sql import next_no, select_in

BYTES_MAX = 64 * 1024 * 1024
"""Of one sender's messages together: as much as one message may have."""

_USED = "SELECT count(*), coalesce(sum(length(body)), 0) FROM parked WHERE sender = ?"
_IS_PARKED = "SELECT 1 FROM parked WHERE leaf_needed = ? AND body_hash = ?"
_ADD = "INSERT INTO parked (no, leaf_needed, body_hash, sender, body, at) VALUES (?, ?, ?, ?, ?, ?)"
_WAITING_FOR = "SELECT no, body FROM parked WHERE leaf_needed IN ({}) ORDER BY no"
_REMOVE = "DELETE FROM parked WHERE no = ?"
_REMOVE_OLD = "DELETE FROM parked WHERE at < ?"
_COUNT = "SELECT count(*) FROM parked"


def add(conn: Connection, needs: bytes, body_hash: bytes, sender: str, body: bytes, at: str, limit: int) -> None:
    """Keeps a message until the entry with the leaf hash `needs` is here.

    Unavailable if its sender has `limit` messages, or too many bytes, waiting already: it may come again later.
    """
    if conn.execute(_IS_PARKED, (needs, body_hash)).fetchone() is not None:
        return
    messages, size = conn.execute(_USED, (sender,)).fetchone()
    if messages >= limit or size + len(body) > BYTES_MAX:
        raise Unavailable("too-much-parked", field="sender", value=sender, messages=messages, bytes=size)
    conn.execute(_ADD, (next_no(conn, "parked"), needs, body_hash, sender, body, at))


def waiting_for(conn: Connection, leaves: Iterable[bytes]) -> list[tuple[int, bytes]]:
    """(number, bytes) of the messages that these entries were missing for."""
    return list(select_in(conn, _WAITING_FOR, leaves))


def remove(conn: Connection, no: int) -> None:
    conn.execute(_REMOVE, (no,))


def remove_older(conn: Connection, at: str) -> int:
    """Gives up on messages that wait since before a time; how many."""
    return conn.execute(_REMOVE_OLD, (at,)).rowcount


def count(conn: Connection) -> int:
    (messages,) = conn.execute(_COUNT).fetchone()
    return int(messages)
