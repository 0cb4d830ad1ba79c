"""Standing: what the registries in an evidence file say of the organisations in it (docs/formats.md, "Verification").

    check_lines     each line in `standing` is one of the standing that it names
    known_members   each member by its chain of registry entries, as far as a proven line says that it goes
    keys_of_log     a member's log begins as the registry says it does, and has the keys that the registry says
    check_succession  a log that succeeds a lost one embeds what counts of that
    check_entry     it was not shipped while suspended, nor signed by a revoked key

Promises: an entry of a registry that was left out is noticed wherever a line of a standing is there; where none is,
that is said. Does not check: that registry entries are in their log (evidence.py did, before).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ledger.entries import Entry
from ledger.errors import LodetraceError, Refusal, Unverified
from ledger.keys import Keys
from ledger.links import Attestation, Place
from ledger.log.canonical import b64, unb64
from ledger.log.notes import Verifier
from ledger.matter.event_types import EVENT_TYPES
from ledger.matter.events import Event
from ledger.registry import Line, Log, Member, check_standing, is_about_member, member_after
from ledger.succession import predecessor_of

Events = Mapping[Place, Event | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """A line of the `standing` at entry `index` of the registry's log `log`, as a file states it."""

    log: str
    index: int
    line: Line


@dataclass(frozen=True, slots=True)
class Known:
    """A member as the registry `registry` tells it. `as_of` is the time of the newest standing that was shown, and
    `days` how long ago that was; None where no standing was shown, or nobody said what time it is. `others`: as other
    registries tell it, which must agree.
    """

    registry: str
    member: Member
    rekeyed: tuple[tuple[Place, str], ...]
    as_of: str | None = None
    days: int | None = None
    others: tuple["Known", ...] = ()

    @property
    def words(self) -> tuple["Known", ...]:
        """What each registry says, the first one first."""
        return (self, *self.others)


def check_lines(standing: Sequence[Standing], events: Events, registries: Collection[str] | None) -> None:
    """Every line holds, and is of a registry that the policy names; without a policy (None), of any log."""
    for one in standing:
        if registries is not None and one.log not in registries:
            raise Unverified("standing-of-other", field="standing", value=one.log)
        event = events.get((one.log, one.index))
        told = event.scalar("standing") if event is not None else {}
        if not told:
            raise Unverified("standing-unproven", field="standing", value=one.line.name)
        check_standing(one.line, told["n"], unb64(told["root"], field="standing.root", size=32))


def known_members(
    standing: Sequence[Standing],
    events: Events,
    leaves: Mapping[Place, bytes],
    registries: Iterable[str],
    now: datetime | None,
    max_age_days: int | None,
) -> dict[str, Known]:
    """By name, whoever the registries admit here. Of several registries the first one counts, by its origin's bytes;
    Unverified if another one tells of other logs or keys.
    """
    found: dict[str, Known] = {}
    for registry in sorted(registries):
        chains: dict[str, list[int]] = {}
        for (log, index), event in sorted(events.items()):
            if log == registry and event is not None and is_about_member(event) and event.scalar("about"):
                chains.setdefault(event.scalar("about")["name"], []).append(index)
        for name, chain in chains.items():
            lines = [one for one in standing if (one.log, one.line.name) == (registry, name)]
            _check_ends(lines, registry, chain, leaves)
            member = _fold(registry, chain, events, leaves)
            rekeyed = tuple(_cited(events[registry, index]) for index in chain)
            as_of = [_time(events[registry, one.index]) for one in lines]
            told = Known(registry, member, tuple(one for one in rekeyed if one is not None), max(as_of, default=None))
            told = _aged(told, now, max_age_days)
            found[name] = _beside(found[name], told) if name in found else told
    return found


def _beside(first: Known, other: Known) -> Known:
    if not first.member.agrees(other.member):
        raise registries_differ(first.member.name, first.registry, other.registry)
    return replace(first, others=(*first.others, other))


def registries_differ(name: str, one: str, other: str) -> Unverified:
    return Unverified("registries-differ", field="registry", value=name, one=one, other=other)


def _fold(registry: str, chain: Sequence[int], events: Events, leaves: Mapping[Place, bytes]) -> Member:
    member = None
    for index in chain:
        event = events[registry, index]
        assert event is not None, "only known types are about members"
        for slot in EVENT_TYPES[event.type]:
            if slot.audience == "public" and event.slots[slot.name] is None and slot.name not in event.nulls:
                raise Unverified("disclosure-missing", field=slot.name, value=index, log=registry)
        about = event.scalar("about")
        before = about.get("index")
        if before is not None and before not in chain:
            raise Unverified("registry-entry-left-out", field="entries", value=before, log=registry, name=about["name"])
        try:
            member = member_after(member, index, leaves[registry, index], event)
        except LodetraceError as error:
            raise Unverified(
                "registry-chain-broken", field="entries", value=index, log=registry, why=str(error)
            ) from error
    assert member is not None, "a chain has an entry"
    return member


def _check_ends(lines: Iterable[Standing], registry: str, chain: Sequence[int], leaves: Mapping[Place, bytes]) -> None:
    """The entry that a line names is here, and is the last one before that standing."""
    for one in lines:
        last = one.line.last_index
        if last not in chain:
            raise Unverified("registry-entry-left-out", field="entries", value=last, log=registry, name=one.line.name)
        if leaves[registry, last] != one.line.last_leaf or any(last < index < one.index for index in chain):
            raise Unverified("standing-contradicted", field="standing", value=one.index, log=registry)


def _cited(event: Event | None) -> tuple[Place, str] | None:
    """The entry of a member's own log by which it replaced its keys: its place and its leaf hash."""
    cited = event.scalar("cited") if event is not None else {}
    return ((cited["log"], cited["index"]), cited["leaf"]) if cited else None


def _time(event: Event | None) -> str:
    assert event is not None, "lines are of entries of this file"
    return event.recorded_at


def _aged(known: Known, now: datetime | None, max_age_days: int | None) -> Known:
    if known.as_of is None or now is None:
        assert max_age_days is None or known.as_of is None, "a policy that bounds ages needs to know what time it is"
        return known
    days = max((now - datetime.fromisoformat(known.as_of)) // timedelta(days=1), 0)
    if max_age_days is not None and days > max_age_days:
        raise Unverified(
            "standing-stale",
            field="standing",
            value=known.member.name,
            as_of=known.as_of,
            days=days,
            limit=max_age_days,
        )
    return replace(known, days=days)


# -- the members' own logs ----------------------------------------------------------------------------------------


def keys_of_log(known: Known, origin: str, opened: Event, leaf: bytes) -> Keys:
    """The keys of a member's log by position, its entry 0 being `opened`. A lost log's successor brings its own."""
    log = log_of(known.member, origin)
    if log.leaf != leaf:
        raise Unverified("log-not-admitted", field="entries", value=origin, name=known.member.name)
    keys = Keys.opened(opened)
    if log.keys is None:
        return keys
    if log.keys.lists[0] != keys.lists[0]:
        raise Unverified("keys-differ-from-log", field="keys", value=origin, registry=known.registry)
    return log.keys


def log_of(member: Member, origin: str) -> Log:
    return member.logs[member.place(origin)]


def check_succession(known: Known, opened: Event) -> None:
    """Entry 0 of a log that succeeds a lost one embeds the last checkpoint that counts, at the size it was revoked."""
    place = known.member.place(opened.origin)
    if place == 0:
        return
    before = known.member.logs[place - 1].origin
    ended, told = known.member.end_of(before), predecessor_of(opened)
    assert ended is not None, "another log succeeds it"
    if told is None or (told.origin, told.size, told.root) != (before, ended.at[1], ended.root):
        raise Unverified("predecessor-differs", field="predecessor", value=opened.origin, log=before)


def check_entry(
    known: Known, entry: Entry, event: Event | None, signers: Sequence[Verifier], attesting: Iterable[Attestation]
) -> None:
    """What an entry of a member contradicts in its standing. Of those `attesting` it, the registry's own word counts,
    if it comes after the revocation.
    """
    for place, leaf in known.rekeyed:
        if place == (entry.origin, entry.index) and b64(entry.leaf) != leaf:
            raise Unverified("ref-to-other-entry", field="cited", value=entry.index, log=entry.origin)
    for key in signers:
        revoked = known.member.revoked_at(entry.origin, entry.index, key.public, "author")
        if revoked is not None and not any(one.by == known.registry and one.index > revoked.index for one in attesting):
            raise Unverified("key-revoked", field="entries", value=entry.index, log=entry.origin, key=key.name)
    if event is not None and event.type == "shipped" and known.member.suspended_at(entry.origin, entry.index):
        raise Refusal("shipped-while-suspended", field="entries", value=entry.index, log=entry.origin)
