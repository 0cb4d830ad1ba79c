"""States as texts, by kind and key: what rules remember and nobody lists by column.

Who reads and writes the texts knows their form: nodes/store/stock.py those of custody, nodes/desk.py compositions.
"""

from collections.abc import Iterable, Mapping

from nodes.store.engine import Connection
from nodes.store.sql import select_in

_LOAD = "SELECT key, body FROM states WHERE kind = ? AND key IN ({})"
_ALL = "SELECT key, body FROM states WHERE kind = ? ORDER BY key"
_SAVE = (
    "INSERT INTO states (kind, key, body) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body"
)
_DROP = "DELETE FROM states WHERE kind = ? AND key = ?"


def load(conn: Connection, kind: str, keys: Iterable[str]) -> dict[str, str]:
    """Key to text, for those that exist."""
    return dict(select_in(conn, _LOAD, keys, (kind,)))


def every(conn: Connection, kind: str) -> dict[str, str]:
    """All of a kind, by key."""
    return dict(conn.execute(_ALL, (kind,)).fetchall())


def save(conn: Connection, kind: str, texts: Mapping[str, str | None]) -> None:
    """Writes each text under its key; None takes it away."""
    conn.executemany(_SAVE, [(kind, key, text) for key, text in texts.items() if text is not None])
    conn.executemany(_DROP, [(kind, key) for key, text in texts.items() if text is None])
