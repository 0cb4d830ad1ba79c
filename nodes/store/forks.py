"""Proofs of forks, kept for good; and which of them an operator has seen.

Does not check what they prove: whoever saves one has (nodes/forks.py). Of one log a few are enough: it cannot fill the
disk by lying more often.
"""

from dataclasses import dataclass, field

from ledger.errors import Unknown
from nodes.store.engine import Connection
from nodes.store.sql import next_no

OF_ONE_LOG = 16

_ADD = (
    'INSERT INTO forks (no, origin, "index", leaf_a, leaf_b, evidence, at) SELECT ?, ?, ?, ?, ?, ?, ?'
    " WHERE (SELECT count(*) FROM forks WHERE origin = ?) < ?"
    ' ON CONFLICT (origin, "index", leaf_a, leaf_b) DO NOTHING'
)
_FORKS = (
    'SELECT f.no, f.origin, f."index", f.leaf_a, f.leaf_b, f.evidence, f.at, a."by", a.at FROM forks f'
    " LEFT JOIN forks_acknowledged a ON a.fork_no = f.no"
)
_FIRST = f"{_FORKS} WHERE f.origin = ? ORDER BY a.fork_no IS NULL, f.no LIMIT 1"
_ACKNOWLEDGE = 'INSERT INTO forks_acknowledged (fork_no, "by", at) VALUES (?, ?, ?) ON CONFLICT (fork_no) DO NOTHING'


@dataclass(frozen=True, slots=True)
class Fork:
    """Two entries at one place of a log (or two roots at one size), `leaf_a` before `leaf_b`; `evidence` is the file.

    As read, with its `no`, and with who has acknowledged it when, if anybody has.
    """

    origin: str
    index: int
    leaf_a: bytes
    leaf_b: bytes
    evidence: bytes = field(repr=False)
    at: str
    no: int = 0
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None


def save(conn: Connection, fork: Fork) -> bool:
    """Keeps a fork; False if it is here already, or enough of its log are."""
    row = (fork.origin, fork.index, fork.leaf_a, fork.leaf_b, fork.evidence, fork.at)
    return conn.execute(_ADD, (next_no(conn, "forks"), *row, fork.origin, OF_ONE_LOG)).rowcount == 1


def everything(conn: Connection) -> list[Fork]:
    """All that were ever found, oldest first."""
    return [_fork(*row) for row in conn.execute(f"{_FORKS} ORDER BY f.no")]


def one(conn: Connection, no: int) -> Fork:
    row = conn.execute(f"{_FORKS} WHERE f.no = ?", (no,)).fetchone()
    if row is None:
        raise Unknown("fork-unknown", field="fork", value=no)
    return _fork(*row)


def unacknowledged(conn: Connection, origin: str) -> Fork | None:
    """The first fork of a log of which no operator has seen any yet.

    One acknowledgement is enough: two histories contradict each other in many places, and each would be found anew.
    """
    row = conn.execute(_FIRST, (origin,)).fetchone()
    found = None if row is None else _fork(*row)
    return None if found is None or found.acknowledged_at is not None else found


def acknowledge(conn: Connection, no: int, by: str, at: str) -> Fork:
    """An operator has seen it, and goes on with that log. The first one counts."""
    one(conn, no)
    conn.execute(_ACKNOWLEDGE, (no, by, at))
    return one(conn, no)


def _fork(
    no: int, origin: str, index: int, leaf_a: bytes, leaf_b: bytes, evidence: bytes, at: str, *seen: str | None
) -> Fork:
    return Fork(origin, index, leaf_a, leaf_b, evidence, at, no, *seen)
