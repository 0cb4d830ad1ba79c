"""People who sign in on the pages, and their sessions. Passwords and sessions are kept as hashes only.

Does not check passwords, nor what a person may do: nodes/people.py does.
"""

from dataclasses import dataclass

from nodes.store.engine import Connection
from nodes.store.sql import next_no

_ADD = (
    "INSERT INTO people (no, name, password, subject, role, tasks, sites, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_PERSON = "SELECT no, name, password, subject, role, tasks, sites, created_at, left_at FROM people"
_COPY = (
    "INSERT INTO people (no, name, password, subject, role, tasks, sites, created_at, left_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_PASSWORD = "UPDATE people SET password = ? WHERE no = ?"  # noqa: S105
_CHANGED = "UPDATE people SET role = ?, tasks = ?, sites = ?, subject = ? WHERE no = ?"
_LEFT = "UPDATE people SET left_at = ? WHERE name = ? AND left_at IS NULL"
_OPEN = "INSERT INTO sessions (no, hash, person_no, token_no, csrf, ends_at) VALUES (?, ?, ?, ?, ?, ?)"
_SESSION = (
    "SELECT s.csrf, s.ends_at, coalesce(p.name, t.owner), coalesce(p.role, t.role), coalesce(p.tasks, ''),"
    " coalesce(p.sites, ''), coalesce(p.left_at, t.revoked_at), s.person_no, s.token_no, p.subject FROM sessions s"
    " LEFT JOIN people p ON p.no = s.person_no LEFT JOIN tokens t ON t.no = s.token_no WHERE s.hash = ?"
)
_CLOSE = "DELETE FROM sessions WHERE hash = ?"
_CLOSE_ALL = "DELETE FROM sessions WHERE person_no = ? OR token_no = ?"
_OPEN_ONES = "SELECT ends_at FROM sessions WHERE (person_no = ? OR token_no = ?) AND ends_at > ? ORDER BY ends_at DESC"
_FORGET = "DELETE FROM sessions WHERE ends_at < ?"


@dataclass(frozen=True, slots=True)
class Person:
    """`tasks` and `sites` are empty for somebody who has all of them. `left_at` ends signing in."""

    no: int
    name: str
    password: str | None
    subject: str | None
    role: str
    tasks: tuple[str, ...]
    sites: tuple[str, ...]
    created_at: str
    left_at: str | None


@dataclass(frozen=True, slots=True)
class StoredSession:
    """Whose it is, as they are now: a person or a token, by number. `ended_at`: when the person left, or the token was
    revoked.
    """

    csrf: str
    ends_at: str
    owner: str
    role: str
    tasks: tuple[str, ...]
    sites: tuple[str, ...]
    ended_at: str | None
    person: int | None
    token: int | None
    subject: str | None


def add(
    conn: Connection,
    name: str,
    password: str | None,
    subject: str | None,
    role: str,
    tasks: tuple[str, ...],
    sites: tuple[str, ...],
    at: str,
) -> int:
    no = next_no(conn, "people")
    conn.execute(_ADD, (no, name, password, subject, role, " ".join(tasks), " ".join(sites), at))
    return no


def by_name(conn: Connection, name: str) -> Person | None:
    return _one(conn, "name = ?", name)


def by_subject(conn: Connection, subject: str) -> Person | None:
    return _one(conn, "subject = ?", subject)


def by_no(conn: Connection, no: int) -> Person | None:
    return _one(conn, "no = ?", no)


def everybody(conn: Connection) -> list[Person]:
    return [_person(row) for row in conn.execute(f"{_PERSON} ORDER BY no")]


def set_password(conn: Connection, no: int, password: str) -> None:
    conn.execute(_PASSWORD, (password, no))


def change(
    conn: Connection, no: int, role: str, tasks: tuple[str, ...], sites: tuple[str, ...], subject: str | None
) -> None:
    conn.execute(_CHANGED, (role, " ".join(tasks), " ".join(sites), subject, no))


def leave(conn: Connection, name: str, at: str) -> bool:
    """Whether there was somebody of that name."""
    return conn.execute(_LEFT, (at, name)).rowcount == 1


def open_session(
    conn: Connection, hash_: bytes, csrf: str, ends_at: str, *, person: int | None = None, token: int | None = None
) -> None:
    conn.execute(_OPEN, (next_no(conn, "sessions"), hash_, person, token, csrf, ends_at))


def session(conn: Connection, hash_: bytes) -> StoredSession | None:
    row = conn.execute(_SESSION, (hash_,)).fetchone()
    if row is None:
        return None
    csrf, ends_at, owner, role, tasks, sites, *of = row
    return StoredSession(csrf, ends_at, owner, role, tuple(tasks.split()), tuple(sites.split()), *of)


def copy(conn: Connection, to: Connection) -> None:
    """Whoever may sign in at one home may at the other; each signs in anew."""
    to.executemany(_COPY, conn.execute(f"{_PERSON} ORDER BY no"))


def close_session(conn: Connection, hash_: bytes) -> None:
    conn.execute(_CLOSE, (hash_,))


def close_sessions_of(conn: Connection, person: int | None, token: int | None = None) -> None:
    conn.execute(_CLOSE_ALL, (person, token))


def open_sessions(conn: Connection, person: int | None, token: int | None, now: str) -> list[str]:
    """When each of them ends, the newest first."""
    return [ends_at for (ends_at,) in conn.execute(_OPEN_ONES, (person, token, now))]


def forget_sessions(conn: Connection, before: str) -> None:
    conn.execute(_FORGET, (before,))


def _one(conn: Connection, condition: str, value: str | int) -> Person | None:
    row = conn.execute(f"{_PERSON} WHERE {condition}", (value,)).fetchone()
    return None if row is None else _person(row)


def _person(row: tuple[object, ...]) -> Person:
    no, name, password, subject, role, tasks, sites, created_at, left_at = row
    return Person(
        int(str(no)),
        str(name),
        None if password is None else str(password),
        None if subject is None else str(subject),
        str(role),
        tuple(str(tasks).split()),
        tuple(str(sites).split()),
        str(created_at),
        None if left_at is None else str(left_at),
    )
