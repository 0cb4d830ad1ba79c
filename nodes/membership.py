"""Membership: who takes part, as the registries of our trust policy say, as far as we know their logs.

A registry's word counts once a `standing` commits to it: entries are taken up to the newest standing that fits all that
was taken before, so that nothing can have been left out on the way. An authority's own log is a registry too.

    members       by name; of several registries the first one counts, by its origin's bytes, and whom any of them has
                  suspended is suspended. Of whom they tell other keys is no member, but among `contradicted`
    extended      a trust policy with the members' logs in it, and where they are reached
    beside        evidence with the registry's word on every organisation in it, for ourselves or for others to verify

Promises: safe from any thread; what is handed out does not change. Does not fetch anything (nodes/following.py), nor
check what is stored: the intake has.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

from ledger.disclosing import select
from ledger.entries import parse_entry
from ledger.errors import LodetraceError
from ledger.evidence import Consistency, Evidence, Proven, joined
from ledger.keys import LAST, Keys
from ledger.log.merkle import prove_consistency, prove_inclusion
from ledger.log.notes import Verifier
from ledger.log.trust import Policy, organisation
from ledger.matter.event_types import REGISTRY_TYPES
from ledger.registry import Member, Registry, is_about_member, prove_standing
from ledger.standing import Standing, registries_differ
from nodes.evidence import one_history, shown
from nodes.peers import relayed_at
from nodes.rekeyed import own_keys
from nodes.store import log, upstream
from nodes.store.engine import Connection, Store
from nodes.store.records import Entry
from nodes.store.upstream import Upstream

PAGE = 2000
"""So many entries of a registry are told at a time."""


@dataclass(frozen=True, slots=True)
class Book:
    """One registry, up to its newest standing. `chains`: the entries about each member. `ahead`: more is known, on
    which no standing has been seen. `trouble`: why nothing behind `index` could be taken.
    """

    registry: Registry = field(default_factory=Registry)
    index: int = -1
    as_of: str | None = None
    chains: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ahead: bool = False
    trouble: LodetraceError | None = None


class Membership:
    """The books of all registries of one node, and who is a member by them."""

    def __init__(self, store: Store, own: str, registries: Collection[str]) -> None:
        self._store, self._own = store, own
        self._books = {origin: Book() for origin in sorted(registries)}
        self._lock = Lock()
        self.members: Mapping[str, Member] = {}
        self.contradicted: Mapping[str, LodetraceError] = {}

    @property
    def books(self) -> Mapping[str, Book]:
        return dict(self._books)

    def catch_up(self) -> bool:
        """Takes what the store has learnt since; was there anything?"""
        with self._lock, self._store.read() as conn:
            before = dict(self._books)
            for origin, book in before.items():
                self._books[origin] = _taken(book, _entries(conn, self._own, origin, book.index))
            found = [book for origin, book in self._books.items() if book != before[origin]]
            if found:
                self.members, self.contradicted = _together(self._books)
            return bool(found)

    def extended(self, policy: Policy) -> Policy:
        """`policy` with the members' logs; what it names itself counts before what registries say."""
        told = {
            member.log.origin: (member.log.keys.of("log", LAST)[0], self._address(policy, member))
            for member in self.members.values()
            if member.log.keys is not None
        }
        log_at = {
            member.log.origin: member.log.keys.log_at
            for member in self.members.values()
            if member.log.keys is not None and member.log.origin not in policy.logs
        }
        logs, keys = {**told, **policy.logs}, {**log_at, **policy.log_at}
        return replace(policy, logs=logs, log_at=keys) if told else policy

    def _address(self, policy: Policy, member: Member) -> str | None:
        """Of a member that nobody can reach: at the member that it says relays for it."""
        relay = member.reach.get("deliver_via")
        if relay is None:
            return member.reach.get("url")
        named = policy.logs.get(policy.origin_of(relay))
        at = named[1] if named is not None else self.members[relay].reach.get("url") if relay in self.members else None
        return None if at is None else relayed_at(at, member.name)

    def keys_of(self, origin: str) -> Keys | None:
        """The keys of a member's log by position, as its registry tells them."""
        member = self.members.get(organisation(origin))
        return None if member is None or member.log.origin != origin else member.log.keys

    def revoked(self, origin: str, index: int, key: Verifier, use: str) -> bool:
        """Has a registry revoked a key of a log, for what it signs at `index`? Where the log has ended, every key."""
        member = self.members.get(organisation(origin))
        if member is None or all(one.origin != origin for one in member.logs):
            return False
        ended = member.end_of(origin)
        beyond = ended is not None and index >= ended.at[1]
        return beyond or member.revoked_at(origin, index, key.public, use) is not None

    def first_revoked(self, keys: Keys, size: int) -> tuple[int, Verifier] | None:
        """The first entry below `size` of a log with these keys whose author key was revoked by then, and that key."""
        member = self.members.get(organisation(keys.origin))
        if member is None or all(one.origin != keys.origin for one in member.logs):
            return None
        ends = [start for start, _ in keys.lists[1:]]
        found = []
        for (start, _), end in zip(keys.lists, [*ends, size], strict=True):
            for key in keys.of("author", start):
                at = member.revoked_from(keys.origin, key.public, "author")
                if at is not None and max(start, at) < min(end, size):
                    found.append((max(start, at), key))
        return min(found, key=lambda one: one[0], default=None)

    def beside(self, conn: Connection, evidence: Evidence) -> Evidence:
        """`evidence` with what our registries say of the organisations in it: the chain of each, and its standing."""
        names = {organisation(one.log) for one in evidence.entries}
        for origin, book in self.books.items():
            chosen = sorted(names & book.registry.members.keys())
            if chosen:
                evidence = joined(evidence, self._word(conn, origin, book, chosen))
        return one_history(conn, self._own, evidence)

    def own_word(self, conn: Connection, after: int, made_at: str) -> Evidence:
        """What our own registry has said behind entry `after`, at most a page of it, with entry 0.

        Unavailable while no checkpoint may be shown.
        """
        shown(conn, self._own, 0)
        found = [entry.index for entry in log.of_types(conn, REGISTRY_TYPES, after=after)][:PAGE]
        told = joined(_last_resort(conn, self._own), _own_word(conn, self._own, {0, *found}))
        return replace(told, subject={"log": self._own}, made_at=made_at)

    def _word(self, conn: Connection, origin: str, book: Book, names: Collection[str]) -> Evidence:
        indexes = {0, book.index, *(index for name in names for index in book.chains[name])}
        standing = tuple(Standing(origin, book.index, prove_standing(book.registry.members, name)) for name in names)
        told = _own_word(conn, origin, indexes) if origin == self._own else _word_of(conn, origin, indexes)
        return replace(told, standing=standing if len(told.entries) == len(indexes) else ())


def _together(books: Mapping[str, Book]) -> tuple[dict[str, Member], dict[str, LodetraceError]]:
    """(members by name, why others cannot be taken for any)."""
    members: dict[str, Member] = {}
    told_by: dict[str, str] = {}
    contradicted: dict[str, LodetraceError] = {}
    for origin, book in sorted(books.items()):
        for name, member in book.registry.members.items():
            first = members.setdefault(name, member)
            by = told_by.setdefault(name, origin)
            if not first.agrees(member):
                contradicted[name] = registries_differ(name, by, origin)
            elif by != origin:
                members[name] = first.beside(member)
    return {name: one for name, one in members.items() if name not in contradicted}, contradicted


def _entries(conn: Connection, own: str, origin: str, after: int) -> list[Entry | Upstream]:
    if origin == own:
        return list(log.of_types(conn, REGISTRY_TYPES, after=after))
    return [one for one in upstream.of_types(conn, [origin], REGISTRY_TYPES) if one.index > after]


def _taken(book: Book, entries: Iterable[Entry | Upstream]) -> Book:
    registry, chains = _copied(book.registry), dict(book.chains)
    book = replace(book, ahead=False, trouble=None)
    for one in entries:
        event = one.event
        try:
            registry.take(one.index, one.leaf, event)
        except LodetraceError as error:
            return replace(book, ahead=True, trouble=error)
        if is_about_member(event):
            name = event.scalar("about")["name"]
            chains[name] = (*chains.get(name, ()), one.index)
        if event.type == "standing":
            book = Book(_copied(registry), one.index, event.recorded_at, dict(chains))
        else:
            book = replace(book, ahead=True)
    return book


def _copied(registry: Registry) -> Registry:
    copy = Registry()
    copy.members, copy.policy = dict(registry.members), registry.policy
    return copy


def _last_resort(conn: Connection, origin: str) -> Evidence:
    """Where recovery keys have replaced ours: the entry that did it, and for whoever knows only a key from before, a
    checkpoint by that one, of the same history as the newest.
    """
    recovered = sorted(start for start in own_keys(conn).recovered)
    under = log.most_witnessed_within(conn, recovered[0] - 1) if recovered else None
    if under is None:
        return Evidence({}, (), (), {}, "")
    told = _own_word(conn, origin, [start - 1 for start in recovered])
    newest = log.shown_checkpoint(conn)
    if newest is None or not told.entries:
        return told
    path = tuple(prove_consistency(under[0], newest[0], log.hashes(conn)))
    one_history = (Consistency(origin, under[0], newest[0], path),)
    return replace(told, checkpoints=(*told.checkpoints, under[1]), consistency=one_history)


def _own_word(conn: Connection, origin: str, indexes: Iterable[int]) -> Evidence:
    """Of the registry that is our own log, as far as a checkpoint covers it that may be shown."""
    newest = log.shown_checkpoint(conn)
    found = [one for one in log.entries_at(conn, indexes) if newest is not None and one.index < newest[0]]
    if newest is None or not found:
        return Evidence({}, (), (), {}, "")
    read = log.hashes(conn)
    entries = tuple(
        Proven(one.note, one.index, origin, 0, tuple(prove_inclusion(one.index, newest[0], read))) for one in found
    )
    opens = {one.leaf: tuple(select(parse_entry(one.note), one.disclosures.split("\n"), "public")) for one in found}
    return Evidence({}, entries, (newest[1],), opens, "")


def _word_of(conn: Connection, origin: str, indexes: Iterable[int]) -> Evidence:
    found = upstream.at(conn, [(origin, index) for index in indexes]).values()
    notes: dict[int, bytes] = {}
    for one in found:
        under = upstream.checkpoint(conn, origin, one.at_size)
        assert under is not None, "an upstream entry is saved with the checkpoint that proves it"
        notes.setdefault(one.at_size, under)
    places = {size: position for position, size in enumerate(notes)}
    entries = tuple(Proven(one.note, one.index, origin, places[one.at_size], one.path) for one in found)
    opens = {one.leaf: tuple(select(parse_entry(one.note), one.disclosures, "public")) for one in found}
    return Evidence({}, entries, tuple(notes.values()), opens, "")
