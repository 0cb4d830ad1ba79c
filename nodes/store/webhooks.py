"""Webhooks, and the calls that go to them: a row for each thing that was told, until it was taken or given up.

One thing is told to one webhook once: the database refuses a second row of it. `known` is what waited already when the
webhook was new; it is never sent.
Does not decide what is told, when to repeat and when to give up: nodes/webhooks.py and nodes/ringing.py do.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import count as counted_from

from nodes.store.engine import Connection
from nodes.store.sql import next_no

WAITING, SENT, GIVEN_UP, KNOWN = "waiting", "sent", "given up", "known"
_ADD = "INSERT INTO webhooks (no, url, kinds, secret, internal, made_at, begun) VALUES (?, ?, ?, ?, ?, ?, FALSE)"
_WEBHOOK = "SELECT no, url, kinds, secret, internal, made_at, begun FROM webhooks"
_BEGIN = "UPDATE webhooks SET begun = TRUE WHERE no = ?"
_REMOVE_CALLS, _REMOVE = "DELETE FROM calls WHERE webhook_no = ?", "DELETE FROM webhooks WHERE no = ?"
_TELL = (
    "INSERT INTO calls (no, webhook_no, what, subject, body, at, state, attempts, next_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 0, '')"
)
_TOLD = "SELECT what, subject FROM calls WHERE webhook_no = ?"
_CALL = "SELECT no, webhook_no, what, subject, body, at, state, attempts, next_at, error FROM calls"
_DUE = f"{_CALL} WHERE webhook_no = ? AND state = 'waiting' AND next_at <= ? ORDER BY next_at, no LIMIT 1"
_WITH_DUE = "SELECT DISTINCT webhook_no FROM calls WHERE state = 'waiting' AND next_at <= ?"
_NEXT = "SELECT min(next_at) FROM calls WHERE state = 'waiting'"
_TRIED = "UPDATE calls SET state = ?, attempts = attempts + 1, next_at = ?, error = ? WHERE no = ?"
_AGAIN = "UPDATE calls SET state = 'waiting', at = ?, next_at = '', error = NULL WHERE webhook_no = ? AND state = ?"
_NEWEST = f"{_CALL} WHERE webhook_no = ? AND state != 'known' ORDER BY no DESC LIMIT ?"
_FORGET = "DELETE FROM calls WHERE webhook_no = ? AND what = ? AND subject = ? AND state != 'waiting' AND at < ?"
_GIVEN_UP = "SELECT count(*) FROM calls WHERE state = 'given up'"


@dataclass(frozen=True, slots=True)
class Webhook:
    """`internal`: whoever added it knows that the address lies inside. `begun`: what waited before is marked."""

    no: int
    url: str
    kinds: tuple[str, ...]
    secret: bytes = field(repr=False)
    internal: bool
    made_at: str
    begun: bool


@dataclass(frozen=True, slots=True)
class Call:
    """state: waiting, sent, given up, or known. `what` happened to `subject`; `body` tells it; `at`: since when."""

    no: int
    webhook_no: int
    what: str
    subject: str
    body: str
    at: str
    state: str
    attempts: int
    next_at: str
    error: str | None


Told = tuple[str, str, str]
"""(what, subject, body)."""


def add(conn: Connection, url: str, kinds: Iterable[str], secret: bytes, at: str, *, internal: bool) -> int:
    no = next_no(conn, "webhooks")
    conn.execute(_ADD, (no, url, " ".join(kinds), secret, internal, at))
    return no


def everything(conn: Connection) -> list[Webhook]:
    return [
        Webhook(no, url, tuple(kinds.split()), bytes(secret), bool(internal), made_at, bool(begun))
        for no, url, kinds, secret, internal, made_at, begun in conn.execute(f"{_WEBHOOK} ORDER BY no")
    ]


def copy(conn: Connection, to: Connection) -> None:
    """Under the same secrets. What waits where they go to is not told again: each begins anew."""
    for one in everything(conn):
        add(to, one.url, one.kinds, one.secret, one.made_at, internal=one.internal)


def remove(conn: Connection, no: int) -> bool:
    """With what was told there; whether there was such a webhook."""
    conn.execute(_REMOVE_CALLS, (no,))
    return conn.execute(_REMOVE, (no,)).rowcount == 1


def told(conn: Connection, no: int) -> set[tuple[str, str]]:
    """(what, subject) of all that has a row."""
    return {(what, subject) for what, subject in conn.execute(_TOLD, (no,))}


def tell(conn: Connection, webhook: Webhook, told: Iterable[Told], at: str) -> None:
    """To be sent at once; where the webhook is new, `told` is what waited before and is only marked."""
    state = WAITING if webhook.begun else KNOWN
    rows = zip(counted_from(next_no(conn, "calls")), told, strict=False)
    conn.executemany(_TELL, [(no, webhook.no, *one, at, state) for no, one in rows])
    conn.execute(_BEGIN, (webhook.no,))


def forget(conn: Connection, no: int, gone: Collection[tuple[str, str]], before: str) -> None:
    """Drops what was settled before a time, of things that wait no more."""
    conn.executemany(_FORGET, [(no, *one, before) for one in gone])


def with_due(conn: Connection, now: str) -> list[int]:
    """The webhooks for which something is due."""
    return [no for (no,) in conn.execute(_WITH_DUE, (now,))]


def due(conn: Connection, no: int, now: str) -> Call | None:
    """The next call of a webhook: what never had a turn first, then the longest waiting."""
    row = conn.execute(_DUE, (no, now)).fetchone()
    return None if row is None else Call(*row)


def next_due(conn: Connection) -> str | None:
    (next_at,) = conn.execute(_NEXT).fetchone()
    return None if next_at is None else str(next_at)


def tried(conn: Connection, no: int, state: str, next_at: str = "", error: str | None = None) -> None:
    conn.execute(_TRIED, (state, next_at, error, no))


def send_again(conn: Connection, no: int, at: str) -> int:
    """What was given up is due at once; how many calls."""
    return conn.execute(_AGAIN, (at, no, GIVEN_UP)).rowcount


def newest(conn: Connection, no: int, limit: int) -> list[Call]:
    return [Call(*row) for row in conn.execute(_NEWEST, (no, limit))]


def given_up(conn: Connection) -> int:
    (count,) = conn.execute(_GIVEN_UP).fetchone()
    return int(count)
