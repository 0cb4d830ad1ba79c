"""Two signed statements of one log that cannot both be true. Kept for good, with the evidence.

Does not check the evidence: it speaks for itself, to whoever has the log's key.
"""

from dataclasses import dataclass, field
from sqlite3 import Connection

from nodes.store.sql import next_no

_ADD = (
    'INSERT INTO forks (no, origin, "index", leaf_a, leaf_b, evidence, at) VALUES (?, ?, ?, ?, ?, ?, ?)'
    ' ON CONFLICT (origin, "index", leaf_a, leaf_b) DO NOTHING'
)
_FORKS = 'SELECT origin, "index", leaf_a, leaf_b, evidence, at FROM forks ORDER BY no'


@dataclass(frozen=True, slots=True)
class Fork:
    """Two entries at one index of a log, or two roots at one size. `leaf_a` sorts before `leaf_b`."""

    origin: str
    index: int
    leaf_a: bytes
    leaf_b: bytes
    evidence: bytes = field(repr=False)
    at: str


def add(conn: Connection, fork: Fork) -> None:
    """The same fork again changes nothing."""
    row = (fork.origin, fork.index, fork.leaf_a, fork.leaf_b, fork.evidence, fork.at)
    conn.execute(_ADD, (next_no(conn, "forks"), *row))


def forks(conn: Connection) -> list[Fork]:
    """All that were ever found, oldest first."""
    return [Fork(*row) for row in conn.execute(_FORKS)]
