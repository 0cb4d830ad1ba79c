"""What this node cosigned for others: of each log the largest checkpoint, with our cosignatures.

Whoever changes it reads it in the same transaction. A row that is gone would let a second history be cosigned, so the
table is part of every backup. Rows go only together with the keys that cosigned them.
"""

from nodes.store.engine import Connection

_LARGEST = "SELECT size, note FROM witnessed WHERE origin = ?"
_SAVE = (
    "INSERT INTO witnessed (origin, size, note, at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (origin) DO UPDATE SET size = excluded.size, note = excluded.note, at = excluded.at"
    " WHERE excluded.size >= witnessed.size"
)
_COUNT = "SELECT count(*) FROM witnessed"


def largest(conn: Connection, origin: str) -> tuple[int, bytes] | None:
    """(size, note) of the largest checkpoint that was cosigned here for a log; None if it never asked."""
    found: tuple[int, bytes] | None = conn.execute(_LARGEST, (origin,)).fetchone()
    return found


def save(conn: Connection, origin: str, size: int, note: bytes, at: str) -> None:
    """In place of the one before, which is not larger: the caller has read it in this transaction."""
    changed = conn.execute(_SAVE, (origin, size, note, at)).rowcount
    assert changed == 1, "what is cosigned does not shrink"


def forget(conn: Connection) -> None:
    """All rows; the keys go too (identity.renew_witness). For a state that may be older than what they signed last."""
    conn.execute("DELETE FROM witnessed")


def count(conn: Connection) -> int:
    """How many logs are witnessed here."""
    (logs,) = conn.execute(_COUNT).fetchone()
    return int(logs)
