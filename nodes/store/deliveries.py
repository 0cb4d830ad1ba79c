"""What other nodes must get: written in the transaction of the entry it tells of, sent later, until it is answered.

Each receiver has a line of its own, in the order of our log, so one that is away holds up nobody else. Delivered at
least once; the receiver knows a repeat by its leaf. Does not decide when to retry or give up: the courier does.
"""

from collections.abc import Iterable, Sequence
from itertools import count as counted_from
from sqlite3 import Connection

from nodes.store.records import Delivery, Outgoing
from nodes.store.sql import next_no, select_in

_ADD = "INSERT INTO deliveries (no, kind, to_name, entry_no, subject, state, attempts) VALUES (?, ?, ?, ?, ?, 'waiting', 0)"
_DELIVERY = "SELECT no, kind, to_name, entry_no, subject, state, attempts, tried_at, answer, error FROM deliveries"
_RECEIVERS = "SELECT DISTINCT to_name FROM deliveries WHERE state = 'waiting' ORDER BY to_name"
_NEXT_FOR = f"{_DELIVERY} WHERE state = 'waiting' AND to_name = ? ORDER BY no LIMIT 1"
_SETTLED = (
    "UPDATE deliveries SET state = ?, answer = ?, error = ?, tried_at = ?, attempts = attempts + 1"
    " WHERE no = ? AND state = 'waiting'"
)
_ABOUT = f"{_DELIVERY} WHERE subject IN ({{}}) ORDER BY no"
_PAGE = f"{_DELIVERY} WHERE state = ? AND no > ? ORDER BY no LIMIT ?"
_COUNTS = "SELECT state, count(*) FROM deliveries GROUP BY state"


def add(conn: Connection, outgoing: Sequence[Outgoing]) -> None:
    """In the order of the log; the sender is woken by the checkpoint that covers them."""
    rows = zip(counted_from(next_no(conn, "deliveries")), outgoing, strict=False)
    conn.executemany(_ADD, [(no, one.kind, one.to, one.entry_no, one.subject) for no, one in rows])


def receivers(conn: Connection) -> list[str]:
    """The nodes that something waits for."""
    return [to for (to,) in conn.execute(_RECEIVERS)]


def next_for(conn: Connection, receiver: str) -> Delivery | None:
    """The oldest delivery that waits for a node."""
    row = conn.execute(_NEXT_FOR, (receiver,)).fetchone()
    return None if row is None else Delivery(*row)


def sent(conn: Connection, no: int, answer: bytes, at: str) -> None:
    """The receiver has it, and says so in a signed note."""
    conn.execute(_SETTLED, ("sent", answer, None, at, no))


def refused(conn: Connection, no: int, error: str, at: str) -> None:
    """The receiver will never take it, or it can never be made."""
    conn.execute(_SETTLED, ("refused", None, error, at, no))


def failed(conn: Connection, no: int, error: str, at: str) -> None:
    """It did not get through this time, and waits on."""
    conn.execute(_SETTLED, ("waiting", None, error, at, no))


def about(conn: Connection, subjects: Iterable[str]) -> dict[str, list[Delivery]]:
    """The deliveries that tell of each of these shipments, oldest first."""
    found: dict[str, list[Delivery]] = {}
    for row in select_in(conn, _ABOUT, subjects):
        one = Delivery(*row)
        found.setdefault(one.subject, []).append(one)
    return found


def page(conn: Connection, state: str, *, after: int = 0, limit: int = 50) -> list[Delivery]:
    """Deliveries in a state, oldest first."""
    return [Delivery(*row) for row in conn.execute(_PAGE, (state, after, limit))]


def counts(conn: Connection) -> dict[str, int]:
    """How many there are in each state."""
    return dict(conn.execute(_COUNTS))
