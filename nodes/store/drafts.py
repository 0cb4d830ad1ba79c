"""Drafts before sealing: what may become an entry, as it was written. Not derivable, and nothing rests on it.

Does not check what a draft says, nor who may do what with it: nodes/drafts.py does.
"""

from dataclasses import dataclass

from nodes.store.engine import Connection
from nodes.store.sql import next_no

OPEN, WAITING = "open", "waiting"

_ADD = "INSERT INTO drafts (no, id, owner, verb, body, state, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
_CHANGE = "UPDATE drafts SET verb = ?, body = ?, updated_at = ? WHERE id = ?"
_DROP = "DELETE FROM drafts WHERE id = ?"
_DRAFT = "SELECT no, id, owner, verb, body, state, updated_at FROM drafts"
_ONE = f"{_DRAFT} WHERE id = ?"
_OF = f"{_DRAFT} WHERE (owner = ? OR (state = 'waiting' AND ?)) AND no < ? ORDER BY no DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """`body` is JSON text. `no` is a cursor. state: open, or waiting for another person's approval."""

    no: int
    id: str
    owner: str
    verb: str
    body: str
    state: str
    updated_at: str


def add(conn: Connection, id_: str, owner: str, verb: str, body: str, state: str, at: str) -> None:
    conn.execute(_ADD, (next_no(conn, "drafts"), id_, owner, verb, body, state, at))


def change(conn: Connection, id_: str, verb: str, body: str, at: str) -> None:
    conn.execute(_CHANGE, (verb, body, at, id_))


def drop(conn: Connection, id_: str) -> bool:
    """Whether there was one."""
    return conn.execute(_DROP, (id_,)).rowcount == 1


def one(conn: Connection, id_: str) -> StoredDraft | None:
    row = conn.execute(_ONE, (id_,)).fetchone()
    return None if row is None else StoredDraft(*row)


def listed(conn: Connection, owner: str, *, waiting: bool, before: int, limit: int) -> list[StoredDraft]:
    """Those of an owner, newest first; with `waiting` also those of anybody that wait for approval."""
    return [StoredDraft(*row) for row in conn.execute(_OF, (owner, waiting, before, limit))]
