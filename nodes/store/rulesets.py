"""The organisation's own reference data by the name of the ruleset that it made, so that old entries stay checkable.

Kept as it was read, once, when a node first started with it. The shipped data alone has no row: the program has it.
"""

from nodes.store.engine import Connection

_ADD = "INSERT INTO rulesets (name, body) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
_ALL = "SELECT name, body FROM rulesets ORDER BY name"
_BODY = "SELECT body FROM rulesets WHERE name = ?"


def save(conn: Connection, name: str, body: bytes) -> None:
    conn.execute(_ADD, (name, body))


def copy(conn: Connection, to: Connection) -> None:
    """Entries that go to another database go with the data under which they were made."""
    to.executemany(_ADD, conn.execute(_ALL))


def body(conn: Connection, name: str) -> bytes | None:
    """The own file that was in force under this name."""
    row = conn.execute(_BODY, (name,)).fetchone()
    return None if row is None else bytes(row[0])
