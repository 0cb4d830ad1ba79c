"""Boxes for nodes that nobody can reach: what others left for them, sealed, and their answers until they are collected.

A box is bounded in messages and bytes, answers included, and in age: what is too old is forgotten when something new
comes. One sender has at most half of what the others leave free, so whoever sends much leaves room for all. Nothing in
here can be read, so nothing is checked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ledger.errors import Unavailable
from nodes.store.engine import Connection
from nodes.store.sql import next_no

_FORGET = "DELETE FROM relayed WHERE at < ?"
_FIND = "SELECT no, answer FROM relayed WHERE recipient = ? AND sender = ? AND key = ?"
_HELD = (
    "SELECT sender = ? AS own, count(*), sum(length(sealed) + coalesce(length(answer), 0)) FROM relayed"
    " WHERE recipient = ? AND no <> ? GROUP BY own"
)
_ADD = (
    "INSERT INTO relayed (no, recipient, sender, key, at, sealed, answer) VALUES (?, ?, ?, ?, ?, ?, NULL)"
    " ON CONFLICT (no) DO UPDATE SET sealed = excluded.sealed"
)
_UNANSWERED = "SELECT no, sealed FROM relayed WHERE recipient = ? AND answer IS NULL ORDER BY no"
_ANSWER = "UPDATE relayed SET answer = ? WHERE recipient = ? AND no = ?"
_INTRODUCE = (
    "INSERT INTO relayed_introductions (name, told) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET told = excluded.told WHERE told <> excluded.told"
)


@dataclass(frozen=True, slots=True)
class Room:
    """What a box may hold: so many messages, so many bytes, none left before this time."""

    messages: int
    size: int
    since: str


def leave(conn: Connection, recipient: str, sender: str, key: str, at: str, sealed: bytes, room: Room) -> int:
    """Keeps a message, in the place of an earlier one of this sender and key. Unavailable where it has no room."""
    conn.execute(_FORGET, (room.since,))
    found = conn.execute(_FIND, (recipient, sender, key)).fetchone()
    no = max(next_no(conn, "relayed"), _milliseconds(at)) if found is None else int(found[0])
    held = {own: (count, size) for own, count, size in conn.execute(_HELD, (sender, recipient, no))}
    (count, size), (others, others_size) = held.get(1, (0, 0)), held.get(0, (0, 0))
    if 2 * count >= room.messages - others or 2 * (size + len(sealed)) > room.size - others_size:
        raise Unavailable("relay-box-full", field=recipient, value=count, size=size)
    conn.execute(_ADD, (no, recipient, sender, key, at, sealed))
    return no


def _milliseconds(at: str) -> int:
    """Of the time: a number that no message had before, for the recipient may still be busy with that one."""
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def collect(conn: Connection, recipient: str, sender: str, key: str) -> bytes | None:
    """The answer, which is then gone from here with its message; None while there is none."""
    found = conn.execute(_FIND, (recipient, sender, key)).fetchone()
    if found is None or found[1] is None:
        return None
    conn.execute("DELETE FROM relayed WHERE no = ?", (found[0],))
    return bytes(found[1])


def unanswered(conn: Connection, recipient: str, but: Collection[int]) -> tuple[int, bytes] | None:
    """The oldest message that waits for the recipient, other than those that it has under way."""
    for no, sealed in conn.execute(_UNANSWERED, (recipient,)):
        if no not in but:
            return no, bytes(sealed)
    return None


def answer(conn: Connection, recipient: str, no: int, sealed: bytes) -> None:
    """Nothing, where the message is gone."""
    conn.execute(_ANSWER, (sealed, recipient, no))


def counts(conn: Connection) -> dict[str, int]:
    """By recipient, how many messages wait to be fetched."""
    return dict(
        conn.execute("SELECT recipient, count(*) FROM relayed WHERE answer IS NULL GROUP BY recipient").fetchall()
    )


def introduce(conn: Connection, name: str, told: bytes) -> None:
    conn.execute(_INTRODUCE, (name, told))


def introduction(conn: Connection, name: str) -> bytes | None:
    found = conn.execute("SELECT told FROM relayed_introductions WHERE name = ?", (name,)).fetchone()
    return None if found is None else bytes(found[0])
