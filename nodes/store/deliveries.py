"""What other nodes must get: written in the transaction of the entry it tells of, sent later, until it is answered.

A claim takes due deliveries and puts off their next turn, so a sender that dies gives them back by itself, and two
senders do not take the same one. Delivered at least once; the receiver knows a repeat by its leaf.
Does not decide when to retry or to give up: the courier does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count as counted_from

from ledger.errors import LodetraceError
from nodes.store.engine import Connection
from nodes.store.sql import next_no, select_in

AT_ONCE = ""
"""A `next_at` before every time."""

_ADD = (
    "INSERT INTO deliveries (no, kind, to_name, entry_no, subject, state, attempts, next_at)"
    " VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?)"
)
_DELIVERY = "SELECT no, kind, to_name, entry_no, subject, state, attempts, next_at, answer, error FROM deliveries"
_DUE = f"{_DELIVERY} WHERE state = 'waiting' AND next_at <= ? AND entry_no < ? ORDER BY next_at, no LIMIT ?"
# A row that waits with an error was put off; one that was tried and has none is claimed.
_CLAIM = "UPDATE deliveries SET attempts = attempts + 1, next_at = ?, error = NULL WHERE no = ?"
_RELEASE = "UPDATE deliveries SET next_at = ? WHERE state = 'waiting' AND attempts > 0 AND error IS NULL"
_NEXT = "SELECT min(next_at) FROM deliveries WHERE state = 'waiting' AND entry_no < ?"
_SENT = "UPDATE deliveries SET state = 'sent', answer = ?, error = NULL WHERE no = ? AND state = 'waiting'"
_REFUSED = "UPDATE deliveries SET state = 'refused', error = ? WHERE no = ? AND state = 'waiting'"
_LATER = "UPDATE deliveries SET next_at = ?, error = ? WHERE no = ? AND state = 'waiting'"
_ABOUT = f"{_DELIVERY} WHERE subject IN ({{}}) ORDER BY no"
_FIRST_WITH_ERROR = f"{_DELIVERY} WHERE state = ? AND error IS NOT NULL ORDER BY no LIMIT 1"
_WAITING = f"{_DELIVERY} WHERE state = 'waiting' ORDER BY no"
# The first attempt under way has no error yet; a later one had one before it was claimed.
# Beside min(), SQLite answers the other columns of that same row: https://www.sqlite.org/lang_select.html#bareagg
_LATE = (
    "SELECT to_name, count(*), min(deliveries.no), coalesce(entries.recorded_at, ''), coalesce(error, '')"
    ' FROM deliveries LEFT JOIN entries ON entries."index" = entry_no'
    " WHERE state = 'waiting' AND (attempts > 1 OR error IS NOT NULL) GROUP BY to_name ORDER BY to_name"
)
_GIVEN_UP = f"{_DELIVERY} WHERE state = 'refused' ORDER BY no DESC LIMIT ?"
_DUE_NOW = "UPDATE deliveries SET next_at = ? WHERE to_name = ? AND state = 'waiting' AND error IS NOT NULL"
_COUNTS = "SELECT state, count(*) FROM deliveries GROUP BY state"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """To be sent once a checkpoint covers the entry. `subject` is the shipment's id, as our own log writes it."""

    kind: str
    to: str
    subject: str
    entry_no: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """state: waiting, sent (with the receiver's signed `answer`), or refused for good (with the `error`)."""

    no: int
    kind: str
    to: str
    entry_no: int
    subject: str
    state: str
    attempts: int
    next_at: str
    answer: bytes | None
    error: str | None

    def told(self, language: str) -> str | None:
        """The error in words."""
        return None if self.error is None else in_words(self.error, language)


@dataclass(frozen=True, slots=True)
class Late:
    """`count` deliveries to one receiver that were brought and not taken. Of the oldest: when its entry was recorded
    ("" for another log's), and the last error ("" while it is tried again).
    """

    to: str
    count: int
    since: str
    error: str

    def told(self, language: str) -> str:
        """The error in words."""
        return in_words(self.error, language)


def kept(error: LodetraceError) -> str:
    """An error as a row keeps it: its sentence in English, and in Chinese on the next line."""
    return f"{error.text()}\n{error.text('zh')}"


def in_words(kept: str, language: str) -> str:
    """The sentence of a kept error; what was kept when there was one alone is told as it is."""
    english, _, chinese = kept.partition("\n")
    return chinese if language == "zh" and chinese else english


def add(conn: Connection, outgoing: Sequence[Outgoing]) -> None:
    """In the order of the log; due at once."""
    rows = zip(counted_from(next_no(conn, "deliveries")), outgoing, strict=False)
    conn.executemany(_ADD, [(no, one.kind, one.to, one.entry_no, one.subject, AT_ONCE) for no, one in rows])


def claim(conn: Connection, *, now: str, until: str, covered: int, limit: int) -> list[Delivery]:
    """At most `limit` deliveries due by `now` whose entry lies below `covered`, the longest waiting first.

    They are not due again before `until`. Given back as they were before this claim.
    """
    due = [Delivery(*row) for row in conn.execute(_DUE, (now, covered, limit))]
    conn.executemany(_CLAIM, [(until, one.no) for one in due])
    return due


def release(conn: Connection) -> None:
    """Makes due at once what is claimed: for a sender that knows itself to be the only one."""
    conn.execute(_RELEASE, (AT_ONCE,))


def next_due(conn: Connection, *, covered: int) -> str | None:
    """When the next delivery of an entry below `covered` is due (AT_ONCE: it never had a turn); None if none waits."""
    (next_at,) = conn.execute(_NEXT, (covered,)).fetchone()
    return None if next_at is None else str(next_at)


def sent(conn: Connection, no: int, answer: bytes) -> None:
    """The receiver has it, and says so in a signed note."""
    conn.execute(_SENT, (answer, no))


def refused(conn: Connection, no: int, error: str) -> None:
    """The receiver will never take it, or it can never be made."""
    conn.execute(_REFUSED, (error, no))


def later(conn: Connection, no: int, next_at: str, error: str) -> None:
    """It did not get through this time."""
    conn.execute(_LATER, (next_at, error, no))


def about(conn: Connection, subjects: Iterable[str]) -> dict[str, list[Delivery]]:
    """The deliveries that tell of each of these shipments, oldest first."""
    found: dict[str, list[Delivery]] = {}
    for row in select_in(conn, _ABOUT, subjects):
        one = Delivery(*row)
        found.setdefault(one.subject, []).append(one)
    return found


def waiting(conn: Connection) -> list[Delivery]:
    """What nobody has answered yet, oldest first."""
    return [Delivery(*row) for row in conn.execute(_WAITING)]


def first_with_error(conn: Connection, state: str) -> Delivery | None:
    """The oldest delivery in a state that met an error, for whoever looks after the node."""
    row = conn.execute(_FIRST_WITH_ERROR, (state,)).fetchone()
    return None if row is None else Delivery(*row)


def late(conn: Connection) -> list[Late]:
    """By receiver's name."""
    return [Late(to, count, since, error) for to, count, _, since, error in conn.execute(_LATE)]


def given_up(conn: Connection, limit: int) -> list[Delivery]:
    """What was refused for good, newest first."""
    return [Delivery(*row) for row in conn.execute(_GIVEN_UP, (limit,))]


def due_now(conn: Connection, to: str) -> None:
    """What was put off for this receiver; what is claimed is under way."""
    conn.execute(_DUE_NOW, (AT_ONCE, to))


def counts(conn: Connection) -> dict[str, int]:
    """How many there are in each state."""
    return dict(conn.execute(_COUNTS))
