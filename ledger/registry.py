"""Registries: an authority's log says who takes part, with which log and keys, and who may not for now.

    member_after   what one entry makes of one member; refuses what contradicts the entries before
    Registry       a replay of the whole: every member, and the `standing` lines under one root
    standing_line, prove_standing, prove_absence / check_standing, check_absence
                   one line of a standing, or that a name has none, against its root

Everything that a registry says of a member is chained: each entry names the one before about the same member, and a
`standing` commits to the last of each. So whoever is shown a line of a recent standing knows that nothing was left out.

Promises: what follows from the entries follows for everybody alike, by positions in logs and never by a clock.
Does not check: that the entries are in the registry's log (evidence.py), nor that a member's log fits (members.py).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import eq
from typing import Any

from ledger.errors import Malformed, Refusal, Unverified
from ledger.keys import Keys, Published
from ledger.log.canonical import b64, unb64
from ledger.log.merkle import Tree, check_inclusion, leaf_hash
from ledger.log.trust import Policy
from ledger.matter.events import Event

At = tuple[int, int]
"""A position in a member's logs: which of them (0 the first, 1 its successor), and an index or a size of it."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log of a member: its origin, the leaf hash of its entry 0, its keys (None until the registry tells them)."""

    origin: str
    leaf: bytes
    keys: Keys | None


@dataclass(frozen=True, slots=True)
class Revocation:
    """From `at` on nothing counts that `key` (32 bytes) signs for `use`. `index` is the registry's own entry."""

    use: str
    key: bytes
    at: At
    root: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Member:
    """What a registry says of an organisation. `index` and `leaf` are those of its last entry about it.

    `told` is the slot `member` as last said (organisation, identifiers, roles, country); `reach` and `sites` likewise.
    """

    name: str
    told: Mapping[str, Any]
    sites: tuple[Mapping[str, Any], ...]
    reach: Mapping[str, Any]
    logs: tuple[Log, ...]
    index: int
    leaf: bytes
    licences: tuple[Mapping[str, Any], ...] = ()
    suspensions: tuple[tuple[At, At | None], ...] = ()
    revocations: tuple[Revocation, ...] = ()

    @property
    def log(self) -> Log:
        """The one that it writes now."""
        return self.logs[-1]

    @property
    def suspended(self) -> bool:
        return bool(self.suspensions) and self.suspensions[-1][1] is None

    def place(self, origin: str) -> int:
        """Which of its logs this is; Unverified if it is none."""
        for number, log in enumerate(self.logs):
            if log.origin == origin:
                return number
        raise Unverified("log-not-admitted", field="entries", value=origin, name=self.name)

    def end_of(self, origin: str) -> "Revocation | None":
        """Where one of its logs ended that another one succeeds; None for the one that it writes now."""
        place = self.place(origin)
        if place == len(self.logs) - 1:
            return None
        return next(one for one in reversed(self.revocations) if (one.use, one.at[0]) == ("log", place))

    def suspended_at(self, origin: str, index: int) -> bool:
        at = self.place(origin), index
        return any(since <= at and (until is None or at < until) for since, until in self.suspensions)

    def revoked_at(self, origin: str, index: int, key: bytes, use: str) -> Revocation | None:
        """The revocation of `key` that an entry (or for use `log`, the last entry of a size) at `index` falls under."""
        at = self.place(origin), index
        return next((one for one in self.revocations if (one.use, one.key) == (use, key) and one.at <= at), None)

    def revoked_from(self, origin: str, key: bytes, use: str) -> int | None:
        """The first index of a log at which nothing counts that `key` signs; None if it was never revoked."""
        place = self.place(origin)
        found = [one.at for one in self.revocations if (one.use, one.key) == (use, key) and one.at[0] <= place]
        return min((at[1] if at[0] == place else 0 for at in found), default=None)

    def agrees(self, other: "Member") -> bool:
        """Do both tell of the same logs with the same keys, as far as both tell of them?"""
        return all(
            (one.origin, one.leaf) == (two.origin, two.leaf)
            and (one.keys is None or two.keys is None or all(map(eq, one.keys.lists, two.keys.lists)))
            for one, two in zip(self.logs, other.logs, strict=False)
        )

    def beside(self, other: "Member") -> "Member":
        """The same member, suspended and with its keys revoked wherever another registry says so."""
        ended = sorted((*self.suspensions, *other.suspensions), key=lambda pair: pair[1] is None)
        return replace(self, suspensions=tuple(ended), revocations=(*self.revocations, *other.revocations))


# -- one member ---------------------------------------------------------------------------------------------------


def is_about_member(event: Event) -> bool:
    """An entry of a registry about a member; not a `rekeyed` of the registry's own keys, which cites nothing."""
    return "about" in event.slots and not (event.type == "rekeyed" and not event.scalar("cited"))


def member_after(member: Member | None, index: int, leaf: bytes, event: Event) -> Member:
    """The member after the registry's entry at `index`. Refusal (or Unverified, of keys) if it may not say that."""
    name = event.scalar("about")["name"]
    _refuse_other_place(member, event, name)
    if member is None:
        if event.type != "admitted":
            raise Refusal("member-unknown", field="about.name", value=name)
        log = event.scalar("log")
        published = tuple(event.scalar("keys")["list"])
        first = Log(log["origin"], unb64(log["leaf"], field="log.leaf", size=32), _keys(log["origin"], published))
        return _told(Member(name, {}, (), {}, (first,), index, leaf), event)
    return replace(_RULES[event.type](member, index, event), index=index, leaf=leaf)


def _refuse_other_place(member: Member | None, event: Event, name: str) -> None:
    """Each entry names the one before about the same member; the first one names none."""
    about = event.scalar("about")
    stated = about.get("index"), about.get("leaf")
    if member is not None and stated == (None, None) and event.type == "admitted":
        raise Refusal("name-taken", field="about.name", value=name, index=member.index)
    if member is None and stated != (None, None):
        raise Refusal("member-unknown", field="about.name", value=name)
    if member is not None and stated != (member.index, b64(member.leaf)):
        raise Refusal("not-the-entry-before", field="about.index", value=about.get("index"), index=member.index)


def _keys(origin: str, published: Published) -> Keys:
    keys = Keys(origin, ((0, published),))
    keys.of("author", 0), keys.of("log", 0)
    return keys


def _told(member: Member, event: Event) -> Member:
    return replace(
        member,
        told=event.scalar("member"),
        sites=tuple(event.scalar("sites").get("list", ())),
        reach=event.scalar("reach"),
    )


def _admitted(member: Member, _: int, event: Event) -> Member:
    """Said again: who it is, its sites, where it is reached. Keys come with it for a log that succeeds another."""
    log, published = event.scalar("log"), tuple(event.scalar("keys")["list"])
    if (log["origin"], log["leaf"]) != (member.log.origin, b64(member.log.leaf)):
        raise Refusal("log-is-another", field="log.origin", value=log["origin"], log=member.log.origin)
    if member.log.keys is None:
        member = replace(member, logs=(*member.logs[:-1], replace(member.log, keys=_keys(log["origin"], published))))
    elif published != member.log.keys.lists[-1][1]:
        raise Refusal("keys-are-others", field="keys", value=member.name)
    return _told(member, event)


def _licensed(member: Member, _: int, event: Event) -> Member:
    return replace(member, licences=(*member.licences, event.scalar("licence")))


def _rekeyed(member: Member, _: int, event: Event) -> Member:
    cited = event.scalar("cited")
    if cited["log"] != member.log.origin or member.log.keys is None:
        raise Refusal("log-is-another", field="cited.log", value=cited["log"], log=member.log.origin)
    keys = member.log.keys.rekeyed(cited["index"], event.scalar("keys")["list"])
    return replace(member, logs=(*member.logs[:-1], replace(member.log, keys=keys)))


def _revoked(member: Member, index: int, event: Event) -> Member:
    told, successor = event.scalar("revocation"), event.scalar("successor")
    published = () if member.log.keys is None else [key for _, keys in member.log.keys.lists for key in keys]
    if not any((key["use"], key.get("key")) == (told["use"], told["key"]) for key in published):
        raise Refusal("key-not-of-member", field="revocation.key", value=told["key"], use=told["use"], name=member.name)
    at = len(member.logs) - 1, told["size"]
    key, root = (unb64(told[field], field=f"revocation.{field}", size=32) for field in ("key", "root"))
    revoked = Revocation(told["use"], key, at, root, index)
    member = replace(member, revocations=(*member.revocations, revoked))
    if not successor:
        return member
    if any(successor["origin"] == log.origin for log in member.logs):
        raise Refusal("log-is-another", field="successor.origin", value=successor["origin"], log=member.log.origin)
    leaf = unb64(successor["leaf"], field="successor.leaf", size=32)
    return replace(member, logs=(*member.logs, Log(successor["origin"], leaf, None)))


def _suspended(member: Member, _: int, event: Event) -> Member:
    if member.suspended:
        raise Refusal("suspended-already", field="about.name", value=member.name, index=member.index)
    at = _as_of(member, event)
    return replace(member, suspensions=(*member.suspensions, (at, None)))


def _restored(member: Member, _: int, event: Event) -> Member:
    if not member.suspended:
        raise Refusal("not-suspended", field="about.name", value=member.name)
    at = _as_of(member, event)
    return replace(member, suspensions=(*member.suspensions[:-1], (member.suspensions[-1][0], at)))


def _as_of(member: Member, event: Event) -> At:
    """Suspensions follow one another in the member's logs."""
    at = len(member.logs) - 1, event.scalar("as_of")["size"]
    before = max((end for pair in member.suspensions for end in pair if end is not None), default=at)
    if at < before:
        raise Refusal("size-went-back", field="as_of.size", value=at[1], before=before[1])
    return at


_RULES = {
    "admitted": _admitted,
    "licensed": _licensed,
    "rekeyed": _rekeyed,
    "revoked": _revoked,
    "suspended": _suspended,
    "restored": _restored,
}


# -- all of them --------------------------------------------------------------------------------------------------


class Registry:
    """A registry's log, entry by entry. `members` by name; `policy` as last recommended."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.policy: str | None = None

    def take(self, index: int, leaf: bytes, event: Event) -> None:
        """The next entry. Raises, and changes nothing, if a registry may not say it now; other types pass."""
        if event.type == "standing":
            self._refuse_other_standing(event)
        elif event.type == "policy_set":
            self.policy = _policy(event)
        elif is_about_member(event):
            name = event.scalar("about")["name"]
            self.members[name] = member_after(self.members.get(name), index, leaf, event)

    def standing(self) -> tuple[int, bytes]:
        """(n, root) over the members as they are now: what a `standing` recorded next says."""
        tree = _tree(self.members.values())
        return len(self.members), tree.root()

    def _refuse_other_standing(self, event: Event) -> None:
        told, (n, root) = event.scalar("standing"), self.standing()
        if (told["n"], told["root"]) != (n, b64(root)):
            raise Refusal("standing-differs", field="standing.root", value=told["root"], root=b64(root), n=n)


def _policy(event: Event) -> str:
    text = str(event.scalar("policy")["text"])
    try:
        Policy.parse(text)
    except Malformed as error:
        raise Refusal("policy-not-one", field="policy.text", value=error.facts.get("line"), why=str(error)) from error
    return text


# -- standing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a standing: the last entry of a registry about `name`, and its path to the root, from `position`."""

    name: str
    position: int
    last_index: int
    last_leaf: bytes
    path: tuple[bytes, ...]


def standing_line(name: str, last_index: int, last_leaf: bytes) -> bytes:
    return f"{name}\n{last_index}\n{b64(last_leaf)}".encode()


def prove_standing(members: Mapping[str, Member], name: str) -> Line:
    """The line of a member, in the standing of exactly these members."""
    return _line(members, sorted(members).index(name))


def prove_absence(members: Mapping[str, Member], name: str) -> tuple[Line, ...]:
    """The neighbours between which a name that is no member would stand: two, or one at an end, or none of nobody."""
    assert name not in members, "a member is not absent"
    at = bisect_left(sorted(members), name)
    return tuple(_line(members, position) for position in (at - 1, at) if 0 <= position < len(members))


def check_standing(line: Line, n: int, root: bytes) -> None:
    """Unverified unless the line stands in the standing of `n` lines under `root`."""
    leaf = leaf_hash(standing_line(line.name, line.last_index, line.last_leaf))
    try:
        check_inclusion(line.path, line.position, n, leaf, root)
    except Unverified as error:
        raise Unverified("standing-unproven", field="standing", value=line.name) from error


def check_absence(name: str, lines: Sequence[Line], n: int, root: bytes) -> None:
    """Unverified unless `lines` show that the standing has no line of `name`."""
    for line in lines:
        check_standing(line, n, root)
    before = [line.position for line in lines if line.name < name]
    after = [line.position for line in lines if line.name > name]
    whole = len(before) + len(after) == len(lines) <= 2
    if not whole or max(before, default=-1) + 1 != min(after, default=n):
        raise Unverified("standing-unproven", field="standing", value=name)


def _tree(members: Iterable[Member]) -> Tree:
    ordered = sorted(members, key=lambda member: member.name)
    return Tree([leaf_hash(standing_line(one.name, one.index, one.leaf)) for one in ordered])


def _line(members: Mapping[str, Member], position: int) -> Line:
    member = members[sorted(members)[position]]
    path = _tree(members.values()).prove_inclusion(position)
    return Line(member.name, position, member.index, member.leaf, tuple(path))
