"""People who sign in on the pages: passwords, sessions, and what somebody may record.

    hire, change, set_password, leave   for whoever administers the node
    Reception                       signing in and out, and who is signed in: a session is the text of a cookie
    check_task                      may this person record this, at this site?

Passwords are hashed by Argon2id (https://www.rfc-editor.org/rfc/rfc9106) as pwdlib recommends; a session has 256 random
bits and is kept as its SHA-256. Wrong tries are counted by name and by address, so that guessing is slow but nobody can
lock out a colleague from another desk. Does not read cookies nor check roles: api/access.py does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pwdlib import PasswordHash

from ledger.errors import Conflict, Malformed, Refusal, Unknown
from nodes.clock import Clock, stamp
from nodes.store import access
from nodes.store import people as rows
from nodes.store.engine import Connection, Store
from nodes.store.people import Person
from nodes.tokens import ROLES, Door, Pass, hash_of

SESSION_HOURS = 12
"""A working day; then one signs in again."""
PASSWORD_MIN, PASSWORD_MAX = 10, 200
"""Length alone: https://pages.nist.gov/800-63-4/sp800-63b.html asks for no mixture of signs."""
TRIES = RateLimitItemPerMinute(10, 5)
"""Wrong tries for one name from one address: ten in five minutes."""

TASKS: Mapping[str, tuple[str, ...]] = {
    "weighing": (
        *("register", "transform", "assemble", "dismantle", "remove", "move", "pack", "unpack", "receive"),
        *("charge", "draw", "close", "remeasure", "count"),
    ),
    "quality": ("sample", "assay", "agree", "hold", "release", "recall"),
    "sales": ("ship", "acknowledge", "transfer", "pledge", "unpledge"),
    "finance": ("close_month", "report"),
}
"""Which verbs belong to which task. A verb of none is a matter of the role alone."""
_TASK_OF = {verb: task for task, verbs in TASKS.items() for verb in verbs}


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in; `csrf` stands in every form of theirs. `subject`: as the organisation's own sign-in
    calls them, if it does.
    """

    holder: Pass
    csrf: str
    subject: str | None = None


# -- administering ------------------------------------------------------------------------------------------------


def hire(
    store: Store,
    name: str,
    role: str,
    clock: Clock,
    *,
    password: str | None = None,
    subject: str | None = None,
    tasks: Sequence[str] = (),
    sites: Sequence[str] = (),
    known_sites: Sequence[str] = (),
) -> None:
    """Somebody who may sign in: by password, or by the organisation's own sign-in as `subject`."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise Malformed("owner-wrong", field="name", value=name)
    _check_place(role, tasks, sites, known_sites)
    hashed = None if password is None else _hashed(password)
    with store.write() as conn:
        if rows.by_name(conn, name) is not None:
            raise Conflict("person-known", field="name", value=name)
        _refuse_subject_of_other(conn, subject, None)
        rows.add(conn, name, hashed, subject, role, tuple(tasks), tuple(sites), stamp(clock()))


def change(
    store: Store,
    name: str,
    role: str,
    *,
    subject: str | None = None,
    tasks: Sequence[str] = (),
    sites: Sequence[str] = (),
    known_sites: Sequence[str] = (),
) -> None:
    """What somebody may do from now on, also where they are signed in already. Without a `subject` the one that there
    is stays.
    """
    with store.write() as conn:
        found = rows.by_name(conn, name)
        if found is None or found.left_at is not None:
            raise Unknown("person-unknown", field="name", value=name)
        _check_place(role, tasks, sites, (*known_sites, *found.sites))
        _refuse_subject_of_other(conn, subject, found.no)
        rows.change(conn, found.no, role, tuple(tasks), tuple(sites), subject or found.subject)


def _check_place(role: str, tasks: Sequence[str], sites: Sequence[str], known_sites: Sequence[str]) -> None:
    if role not in ROLES:
        raise Malformed("role-unknown", field="role", value=role, roles=", ".join(ROLES))
    for task in tasks:
        if task not in TASKS:
            raise Malformed("task-unknown", field="task", value=task, tasks=", ".join(TASKS))
    for site in sites:
        if site not in known_sites:
            raise Unknown("site-unknown", field="site", value=site, sites=", ".join(known_sites))


def _refuse_subject_of_other(conn: Connection, subject: str | None, no: int | None) -> None:
    found = None if subject is None else rows.by_subject(conn, subject)
    if found is not None and found.no != no:
        raise Conflict("subject-known", field="subject", value=subject, name=found.name)


def person(store: Store, no: int) -> Person:
    with store.read() as conn:
        found = rows.by_no(conn, no)
    if found is None:
        raise Unknown("person-unknown", field="name", value=no)
    return found


def listed(store: Store) -> list[Person]:
    with store.read() as conn:
        return rows.everybody(conn)


def set_password(store: Store, name: str, password: str) -> None:
    """A new password; whoever is signed in under this name must sign in again."""
    hashed = _hashed(password)
    with store.write() as conn:
        found = rows.by_name(conn, name)
        if found is None or found.left_at is not None:
            raise Unknown("person-unknown", field="name", value=name)
        rows.set_password(conn, found.no, hashed)
        rows.close_sessions_of(conn, found.no)


def check_another(name: str, by: str) -> None:
    """Nobody locks himself out, or makes himself less, by a slip: another one does it."""
    if name == by:
        raise Refusal("person-yourself", field="name", value=name)


def leave(store: Store, name: str, clock: Clock) -> None:
    """Ends signing in, now. The name stays: it stands on what was recorded."""
    with store.write() as conn:
        if not rows.leave(conn, name, stamp(clock())):
            raise Unknown("person-unknown", field="name", value=name)


# -- signing in ---------------------------------------------------------------------------------------------------


class Reception:
    """Signs people in and out, and knows who is signed in."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._door = Door(store)
        self._tries = MovingWindowRateLimiter(MemoryStorage())

    def sign_in(self, name: str, password: str, address: str) -> str:
        """The cookie of a new session. Refusal("sign-in-wrong") never says whether there is such a name."""
        found = self._check(name, password, address, "password")
        return self._open(person=found.no)

    def _check(self, name: str, password: str, address: str, field: str) -> Person:
        if not self._tries.test(TRIES, name, address):
            raise Refusal("sign-in-too-often", field="name", value=name)
        with self._store.read() as conn:
            found = rows.by_name(conn, name)
        known = found is not None and found.password is not None and found.left_at is None
        fits = _passwords().verify(password[:PASSWORD_MAX], found.password if known else _nobody())  # type: ignore[union-attr, arg-type]
        if found is None or not known or not fits:
            self._tries.hit(TRIES, name, address)
            raise Refusal("sign-in-wrong", field=field)
        return found

    def sign_in_with_token(self, text: str) -> str:
        """The same for whoever holds a token; the session ends when the token is revoked."""
        self._door.open(text.strip())
        with self._store.read() as conn:
            found = access.token(conn, hash_of(text.strip()))
        assert found is not None, "the door knew it"
        return self._open(token=found.no)

    def sign_in_as(self, subject: str) -> str:
        """The same for whom the organisation's own sign-in has vouched."""
        with self._store.read() as conn:
            found = rows.by_subject(conn, subject)
        if found is None or found.left_at is not None:
            raise Refusal("sign-in-unknown-here", field="name", value=subject)
        return self._open(person=found.no)

    def change_password(self, cookie: str, old: str, new: str, address: str) -> str:
        """Their own, by whoever knows the old one. Every session of theirs ends; the cookie of a new one."""
        with self._store.read() as conn:
            session = rows.session(conn, _hash(cookie))
            found = None if session is None or session.person is None else rows.by_no(conn, session.person)
        if found is None or found.password is None:
            raise Refusal("password-elsewhere", field="password")
        self._check(found.name, old, address, "old")
        set_password(self._store, found.name, new)
        return self._open(person=found.no)

    def open_until(self, cookie: str) -> list[str]:
        """When each session of theirs ends, this one among them."""
        with self._store.read() as conn:
            found = rows.session(conn, _hash(cookie))
            now = stamp(self._clock())
            return [] if found is None else rows.open_sessions(conn, found.person, found.token, now)

    def sign_out_everywhere(self, cookie: str) -> None:
        """Whoever this is, or whoever has the same token, is signed out on every device."""
        with self._store.write() as conn:
            found = rows.session(conn, _hash(cookie))
            if found is not None:
                rows.close_sessions_of(conn, found.person, found.token)

    def sign_out(self, cookie: str) -> None:
        with self._store.write() as conn:
            rows.close_session(conn, _hash(cookie))

    def of(self, cookie: str) -> Session | None:
        """Whose session it is, as they are now; None for one that ended."""
        with self._store.read() as conn:
            found = rows.session(conn, _hash(cookie))
        if found is None or found.ended_at is not None or found.ends_at <= stamp(self._clock()):
            return None
        return Session(Pass(found.owner, found.role, found.tasks, found.sites), found.csrf, found.subject)

    def _open(self, *, person: int | None = None, token: int | None = None) -> str:
        cookie, now = token_urlsafe(32), self._clock()
        with self._store.write() as conn:
            rows.forget_sessions(conn, stamp(now))
            ends_at = stamp(now + timedelta(hours=SESSION_HOURS))
            rows.open_session(conn, _hash(cookie), token_urlsafe(16), ends_at, person=person, token=token)
        return cookie


def check_csrf(session: Session, given: str | None) -> None:
    """Refusal unless the form, or the script, came from one of our own pages."""
    if given is None or not compare_digest(session.csrf.encode(), given.encode()):
        raise Refusal("form-not-ours", field="csrf")


# -- who may record what ------------------------------------------------------------------------------------------


def may(holder: Pass, verb: str) -> bool:
    """Is this verb among the holder's tasks?"""
    return not holder.tasks or _TASK_OF.get(verb, holder.tasks[0]) in holder.tasks


def check_task(holder: Pass, verb: str, body: Mapping[str, Any]) -> None:
    """Refusal where the verb is somebody else's task, or a site is named that is not the holder's."""
    if not may(holder, verb):
        raise Refusal("task-of-others", field="Authorization", value=_TASK_OF[verb], tasks=", ".join(holder.tasks))
    if holder.sites:
        for place, site in _sites(body):
            if site not in holder.sites:
                raise Refusal("site-of-others", field=place, value=site, sites=", ".join(holder.sites))


def _sites(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where a body names a site of our own: at its head, in its steps, lines and outputs, and both ends of a move."""
    for name in ("site", "from"):
        if isinstance(body.get(name), str):
            yield name, body[name]
    for part in ("steps", "inputs", "lines", "outputs"):
        for at, one in enumerate(body.get(part) or ()):
            if isinstance(one, Mapping) and isinstance(one.get("site"), str):
                yield f"{part}[{at}].site", one["site"]


# -- passwords ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _passwords() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Checked for names that nobody has, so that they take as long."""
    return _passwords().hash(token_urlsafe(16))


def _hashed(password: str) -> str:
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Malformed("password-length", field="password", least=PASSWORD_MIN, most=PASSWORD_MAX)
    return _passwords().hash(password)


def _hash(cookie: str) -> bytes:
    return sha256(cookie.encode()).digest()
