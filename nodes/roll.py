"""The roll: everybody whom an authority looks after, in what standing, and how healthy and complete their logs are.

Members as the registries tell them (nodes/membership.py), and organisations whose logs are deposited here though nobody
admitted them. Of each log: how far its deposit reaches, what watching it has shown (nodes/monitor.py), and the months
that were due and are not closed. What the entries of a log say is read again only after it has grown.

Promises: safe from any thread; nobody else's server is asked. Does not check entries: whoever stored them has.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from ledger.errors import LodetraceError, Unknown
from ledger.keys import LAST
from ledger.log.checkpoints import claimed, cosignatures
from ledger.log.trust import Policy, organisation
from ledger.matter.dates import days_between
from ledger.registry import Member
from nodes import deposits
from nodes.clock import Clock, stamp
from nodes.deposits import Progress
from nodes.membership import Membership
from nodes.store import followed, forks, log, upstream
from nodes.store.engine import Connection, Store
from nodes.store.followed import Alarm, Followed

SILENT_DAYS = 31
"""Without an entry or a checkpoint for so long, a log is silent: its books close once a month at least."""
DUE_DAYS = 10
"""A month's books are due so many days after its end."""
STANDINGS = ("not_admitted", "admitted", "licensed", "suspended", "revoked")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One organisation. `told` is what the registry says of it (of one that nobody admitted, what its entry 0 says).

    `size` entries of its log were followed here, `behind` more are known of; `last_at` is when the last of them was
    recorded, `seen_at` when the log was last seen, `checkpoint_at` when a witness last vouched for it. `witnesses`:
    (how many cosigned its newest checkpoint, of how many). `missing`: months due and not closed.
    """

    name: str
    told: Mapping[str, Any]
    standing: str
    log: str
    deposited: bool = False
    size: int = 0
    behind: int = 0
    last_at: str | None = None
    seen_at: str | None = None
    checkpoint_at: str | None = None
    witnesses: tuple[int, int] = (0, 0)
    alarms: tuple[Alarm, ...] = ()
    forks: int = 0
    broken: tuple[str, str] | None = None
    silent: bool = False
    missing: tuple[str, ...] = ()

    @property
    def troubled(self) -> bool:
        """Whether somebody should look into it."""
        wrong = self.standing in ("not_admitted", "suspended", "revoked")
        return bool(wrong or self.alarms or self.forks or self.broken or self.silent or self.missing)

    def as_json(self) -> dict[str, Any]:
        broken = None if self.broken is None else dict(zip(("en", "zh"), self.broken, strict=True))
        return {
            "name": self.name,
            "organisation": self.told.get("organisation"),
            "organisation_en": self.told.get("organisation_en"),
            "uscc": self.told.get("uscc"),
            "roles": list(self.told.get("roles", ())),
            "country": self.told.get("country"),
            "standing": self.standing,
            "log": self.log,
            "deposited": self.deposited,
            "size": self.size,
            "behind": self.behind,
            "last_at": self.last_at,
            "seen_at": self.seen_at,
            "checkpoint_at": self.checkpoint_at,
            "cosigned": self.witnesses[0],
            "witnesses": self.witnesses[1],
            "alarms": [one.code for one in self.alarms],
            "forks": self.forks,
            "broken": broken,
            "silent": self.silent,
            "missing_months": list(self.missing),
        }


@dataclass(frozen=True, slots=True)
class _Read:
    """What the first `size` entries of a deposited log say."""

    size: int
    about: Mapping[str, Any]
    first_at: str
    last_at: str
    closed: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that is known of logs, by their origins."""

    progress: Mapping[str, Progress]
    followed: Mapping[str, Followed]
    alarms: Mapping[str, tuple[Alarm, ...]]
    forks: Mapping[str, int]
    read: Mapping[str, _Read]


class Roll:
    """Of one node."""

    def __init__(self, store: Store, membership: Membership, clock: Clock) -> None:
        self._store, self._membership, self._clock = store, membership, clock
        self._lock = Lock()
        self._read: dict[str, _Read] = {}

    def everybody(self, policy: Policy) -> list[Enrolled]:
        """By name. `policy`: whose cosignatures count."""
        with self._lock, self._store.read() as conn:
            seen = self._seen(conn)
        now = self._clock()
        members = self._membership.members
        found = [_line(name, member, member.log.origin, seen, policy, now) for name, member in members.items()]
        strangers = {organisation(origin): origin for origin in sorted(seen.progress)}
        found += [
            _line(name, None, origin, seen, policy, now) for name, origin in strangers.items() if name not in members
        ]
        return sorted(found, key=lambda one: one.name)

    def one(self, name: str, policy: Policy) -> Enrolled:
        """Unknown for somebody of whom nothing is known here."""
        found = next((one for one in self.everybody(policy) if one.name == name), None)
        if found is None:
            raise Unknown("member-not-known", field="name", value=name)
        return found

    def said_of(self, origin: str, name: str) -> list[dict[str, Any]]:
        """What the registry that is our own log has said of a member, the newest first, as far as it stands by it."""
        book = self._membership.books[origin]
        with self._store.read() as conn:
            entries = log.entries_at(conn, book.chains.get(name, ()))
        return [
            {
                "index": one.index,
                "type": one.event.type,
                "at": one.event.scalar("about")["at"],
                "reason": one.event.scalar("grounds").get("text") or one.event.scalar("revocation").get("reason"),
                "by": one.event.scalar("recorded").get("by"),
            }
            for one in sorted(entries, key=lambda one: one.index, reverse=True)
        ]

    def _seen(self, conn: Connection) -> _Seen:
        progress = deposits.progress(conn)
        alarms: dict[str, tuple[Alarm, ...]] = {}
        for alarm in followed.unacknowledged(conn):
            alarms[alarm.origin] = (*alarms.get(alarm.origin, ()), alarm)
        counted: dict[str, int] = {}
        for fork in forks.everything(conn):
            counted[fork.origin] = counted.get(fork.origin, 0) + 1
        for origin, at in progress.items():
            before = self._read.get(origin)
            if at.size and (before is None or before.size != at.size):
                self._read[origin] = _reading(conn, origin, at.size)
        watched = {one.origin: one for one in followed.everything(conn)}
        return _Seen(progress, watched, alarms, counted, dict(self._read))


def _reading(conn: Connection, origin: str, size: int) -> _Read:
    held = upstream.at(conn, [(origin, 0), (origin, size - 1)])
    first, last = held[origin, 0].event, held[origin, size - 1].event
    closings = upstream.of_types(conn, [origin], ["period_closed"])
    closed = frozenset(one.event.scalar("period")["month"] for one in closings if one.index < size)
    return _Read(size, first.scalar("log"), first.recorded_at, last.recorded_at, closed)


def _line(name: str, member: Member | None, origin: str, seen: _Seen, policy: Policy, now: datetime) -> Enrolled:
    at, watched, read = seen.progress.get(origin), seen.followed.get(origin), seen.read.get(origin)
    size = 0 if at is None else at.size
    note = None if watched is None else watched.note
    cosigned_at, witnesses = (None, (0, 0)) if note is None else _vouched(note, origin, policy)
    seen_at = None if watched is None else watched.seen_at or None
    last_at = None if read is None else read.last_at
    newest = max(filter(None, (last_at, seen_at, cosigned_at)), default=None)
    if member is not None:
        told = member.told
    else:
        about: Mapping[str, Any] = {} if read is None else read.about
        told = {**about, "roles": [about["role"]] if "role" in about else []}
    return Enrolled(
        name,
        told,
        standing_of(member, now),
        origin,
        deposited=at is not None,
        size=size,
        behind=0 if note is None else max(0, claimed(note).size - size),
        last_at=last_at,
        seen_at=seen_at,
        checkpoint_at=cosigned_at,
        witnesses=witnesses,
        alarms=seen.alarms.get(origin, ()),
        forks=seen.forks.get(origin, 0),
        broken=None if at is None else at.broken,
        silent=newest is None or days_between(newest, stamp(now)) > SILENT_DAYS,
        missing=() if read is None else tuple(one for one in months_due(read.first_at, now) if one not in read.closed),
    )


def standing_of(member: Member | None, now: datetime) -> str:
    """One of STANDINGS: the gravest that holds."""
    if member is None:
        return "not_admitted"
    keys = member.log.keys
    if keys is not None:
        public = keys.of("log", LAST)[0].public
        if member.revoked_at(member.log.origin, LAST, public, "log") is not None:
            return "revoked"
    if member.suspended:
        return "suspended"
    return "licensed" if any(in_force(one, now) for one in member.licences) else "admitted"


def in_force(licence: Mapping[str, Any], now: datetime) -> bool:
    today = stamp(now)[:10]
    return bool(licence["from"] <= today <= licence.get("until", today))


def months_due(since: str, now: datetime) -> Iterator[str]:
    """The months from that of `since` on whose books are due by `now`."""
    month = datetime(int(since[:4]), int(since[5:7]), 1, tzinfo=UTC)
    while (following := (month + timedelta(days=31)).replace(day=1)) + timedelta(days=DUE_DAYS) <= now:
        yield f"{month:%Y-%m}"
        month = following


def _vouched(note: bytes, origin: str, policy: Policy) -> tuple[str | None, tuple[int, int]]:
    """(when the last witness vouched for a checkpoint, how many did of how many that may)."""
    if origin not in policy.logs:
        return None, (0, 0)
    keys = [key for key, _ in policy.witnesses_of(origin, policy.log_key(origin, claimed(note).size))]
    try:
        signed = cosignatures(note, keys)
    except LodetraceError:  # a line that does not hold: watching has told of it
        signed = []
    at = max((time for _, time in signed), default=None)
    whose = {organisation(key.name) for key, _ in signed}, {organisation(key.name) for key in keys}
    return None if at is None else stamp(datetime.fromtimestamp(at, UTC)), (len(whose[0]), len(whose[1]))
