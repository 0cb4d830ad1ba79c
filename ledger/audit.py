"""Audit: the replay of a whole log from its bytes, first break named.

    check_entries   one run of records on its own: form, chain inside the run, signatures, disclosures, event fields,
                    the form of what is said of elements.
                    Runs may be checked in any order, in other processes.
    Replay          takes the runs in order: chain across runs, custody, the tree; ends against a checkpoint

The whole is what `lodetrace audit` does over a node's database or over its tiles. An audit never repairs.
Promises: any changed byte of an entry or a disclosure, an entry missing, added or moved, and any event that custody
would have refused, is raised as an error that names the entry (and the slot). Does not check: other logs' entries that
this log refers to (evidence.py), nor whether elements balance: `hear` is for whoever asks that (inspector.py).
"""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.captured import check_signed
from ledger.entries import NOTHING_BEFORE, Entry, open_entry, open_event, parse_entry
from ledger.errors import LodetraceError, Unverified
from ledger.keys import Keys
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint
from ledger.log.merkle import Tree
from ledger.log.notes import Verifier
from ledger.matter import contents
from ledger.matter.custody import apply, touches
from ledger.matter.event_types import CORRECTIONS, REGISTRY_TYPES
from ledger.matter.events import Event
from ledger.matter.flows import Flow, flow_of
from ledger.matter.makeups import Makeup
from ledger.matter.recompute import Past
from ledger.matter.reference import Reference
from ledger.matter.stock import Booked, Key, State
from ledger.origins import check_vectors
from ledger.registry import Registry
from ledger.succession import Inherited

_REKEYED = b'"type":"rekeyed"'
"""What stands in the bytes of an entry that may replace keys; most do not, and are not opened to see."""


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as stored: bytes, all its disclosures, and the leaf hash in its tree, where that is kept apart."""

    raw: bytes
    disclosures: Sequence[Any]
    leaf: bytes | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A checked run of entries, from `start`. `previous` is what its first entry is chained to."""

    start: int
    previous: bytes
    last: bytes
    first_time: str
    last_time: str
    leaves: tuple[bytes, ...]
    events: tuple[Event, ...]


def authors_of(first: Record) -> tuple[str, Keys, Verifier]:
    """(origin, keys, log key) that a log's entry 0 publishes; it is itself signed by its author keys."""
    entry = parse_entry(first.raw)
    if entry.type != "log_opened" or entry.index != 0:
        raise Unverified("entry-zero-missing", field="entry", value=entry.origin)
    keys = Keys.opened(open_event(entry, first.disclosures))
    keys.of("author", 0)
    return entry.origin, keys, keys.log_at(0)


def keys_after(keys: Keys, records: Iterable[Record], start: int) -> Keys:
    """The keys behind a run, for whoever checks the next one beside it. A run that does not hold is `check_entries`' to
    refuse: what cannot be read here changes nothing.
    """
    for index, record in enumerate(records, start):
        if _REKEYED in record.raw:
            try:
                keys = keys.after(index, open_event(parse_entry(record.raw), record.disclosures, whole=True))
            except LodetraceError:
                continue
    return keys


def check_entries(records: Iterable[Record], start: int, origin: str, keys: Keys) -> Run:
    """Everything that can be checked of a run without what came before it, under the keys in force when it begins.
    Raises `audit-broken` at the first break.
    """
    authors = keys.of("author", start)
    leaves: list[bytes] = []
    events: list[Event] = []
    before: Entry | None = None
    previous, first_time = NOTHING_BEFORE, ""
    for index, record in enumerate(records, start):
        try:
            signers = authors
            if _REKEYED in record.raw:
                keys = keys.after(index, open_event(parse_entry(record.raw), record.disclosures, whole=True))
                signers, authors = keys.signers_at(index), keys.of("author", index + 1)
            entry = open_entry(record.raw, signers)
            if (entry.origin, entry.index) != (origin, index):
                raise Unverified("entry-elsewhere", field="entry", value=f"{entry.origin} {entry.index}")
            leaf = entry.leaf
            if record.leaf is not None and record.leaf != leaf:
                raise Unverified("leaf-differs", field="entry", value=b64(leaf))
            if before is None:
                previous, first_time = entry.previous, entry.recorded_at
            else:
                _check_chain(entry, before.text_hash, before.recorded_at)
            events.append(open_event(entry, record.disclosures, whole=True))
            check_vectors(events[-1])
        except LodetraceError as error:
            raise broken(index, origin, error) from error
        leaves.append(leaf)
        before = entry
    last, last_time = (before.text_hash, before.recorded_at) if before is not None else (previous, first_time)
    return Run(start, previous, last, first_time, last_time, tuple(leaves), tuple(events))


def _check_chain(entry: Entry, text_hash: bytes, recorded_at: str) -> None:
    if entry.previous != text_hash:
        raise Unverified("chain-broken", field="entry", value=entry.index)
    if entry.recorded_at < recorded_at:
        raise Unverified("time-went-back", field="entry", value=entry.recorded_at, before=recorded_at)


def broken(index: int, origin: str, error: LodetraceError) -> Unverified:
    """The one error of an audit: which entry, and what is wrong with it."""
    found = Unverified("audit-broken", field="entry", value=index, log=origin, why=str(error))
    found.__cause__ = error
    return found


@dataclass(frozen=True, slots=True)
class Followed:
    """What an entry moved, and the compositions after it. Not `checked` where its reference data is not at hand."""

    flow: Flow
    changes: Mapping[str, Makeup | None]
    checked: bool


def follow(
    makeups: Mapping[str, Makeup | None],
    index: int,
    event: Event,
    booked: Sequence[Booked],
    reference: Reference,
    ruleset: Callable[[str], Reference | None],
    past: Past | None = None,
) -> Followed:
    """What an event does to what goods are made of; Unverified where its provenance is not what follows.

    Read by the reference data that the entry names, as `ruleset` answers it; by `reference` where that is the one, or
    none is at hand.
    """
    named = event.scalar("recorded").get("ruleset")
    known = reference if named in (None, reference.ruleset) else ruleset(named)
    plan = contents.plan(makeups, event, known or reference, booked, past)
    if plan is None:
        return Followed(flow_of(index, event), {}, checked=True)
    checked = named is not None and known is not None
    if checked:
        contents.check(plan, event)
    changes, flow = contents.settle(plan, event, index)
    return Followed(flow, changes, checked)


class Replay:
    """Runs in order; state in `view`, which ends as what the organisation holds according to its log."""

    def __init__(
        self,
        origin: str,
        reference: Reference | None = None,
        read: Callable[[int], Booked] | None = None,
        hear: Callable[[Flow], None] | None = None,
        ruleset: Callable[[str], Reference | None] = lambda _: None,
        begins: Inherited | None = None,
    ) -> None:
        """With `reference`, what goods are made of is followed and compared too, and `hear` is told every flow.

        `read` answers an earlier entry of the log, as it was checked, for those that correct one. `ruleset` answers the
        reference data that entries name, where it is another; entries of whose it has none are read by `reference`, and
        are counted in `unchecked`, for their figures may differ. A log that succeeds another `begins` with something.
        """
        self.origin, self._reference, self._read, self._hear = origin, reference, read, hear
        self._ruleset, self._begins = ruleset, begins
        self.view: dict[Key, State] = {} if begins is None else dict(begins.states)
        self.makeups: dict[str, Makeup | None] = {} if begins is None else dict(begins.makeups)
        self._as_registered: set[str] = set()
        self.unchecked = 0
        self.size = 0
        self._last, self._last_time = NOTHING_BEFORE, ""
        self._leaves: list[bytes] = []
        self.registry = Registry()

    def take(self, run: Run) -> None:
        """The next run: chained to the one before, and every event allowed by custody, and by the registry so far."""
        if run.start != self.size:
            raise Unverified(
                "audit-broken", field="entry", value=self.size, log=self.origin, why="the entry is missing"
            )
        if run.leaves and run.previous != self._last:
            why = "it is not chained to the entry before it"
            raise Unverified("audit-broken", field="entry", value=run.start, log=self.origin, why=why)
        if run.first_time < self._last_time:
            why = f"its time {run.first_time} is before the last one"
            raise Unverified("audit-broken", field="entry", value=run.start, log=self.origin, why=why)
        for index, event in enumerate(run.events, run.start):
            try:
                entries = self._corrected(index, event)
                self._follow(index, event, entries)
                if event.type in REGISTRY_TYPES:
                    self.registry.take(index, run.leaves[index - run.start], event)
                named: dict[Key, State] = {one.key: one for one in entries}
                changes = apply(ChainMap(named, self.view) if named else self.view, event)
                check_signed(self.view, event)
                self.view.update(changes)
            except LodetraceError as error:
                raise broken(index, self.origin, error) from error
        self._leaves.extend(run.leaves)
        self.size += len(run.leaves)
        if run.leaves:
            self._last, self._last_time = run.last, run.last_time

    @property
    def kept(self) -> dict[str, Makeup | None]:
        """The compositions that a node keeps. Those that are as they were registered it reads from their entries."""
        return {key: one for key, one in self.makeups.items() if key not in self._as_registered}

    def makeup(self, key: str) -> Makeup | None:
        return self.makeups.get(key)

    def event(self, index: int) -> Event:
        return self._booked(index).event

    def reference(self, event: Event) -> Reference:
        assert self._reference is not None, "who does not follow goods does not recompute them"
        named = event.scalar("recorded").get("ruleset")
        return self._reference if named in (None, self._reference.ruleset) else self._ruleset(named) or self._reference

    def _corrected(self, index: int, event: Event) -> list[Booked]:
        """The entries that a correction names. What would stand behind it is not there; custody says so."""
        if event.type not in CORRECTIONS:
            return []
        places = sorted(int(place) for kind, place in touches(event) if kind == "entry")
        return [self._booked(place) for place in places if place < index]

    def _booked(self, index: int) -> Booked:
        assert self._read is not None, "whoever replays corrections can read what they correct"
        return self._read(index)

    def _follow(self, index: int, event: Event, booked: Sequence[Booked]) -> None:
        """What goods are made of; compared where the reference data is that which was in force."""
        if self._reference is None:
            return
        done = follow(self.makeups, index, event, booked, self._reference, self._ruleset, self)
        self.unchecked += 0 if done.checked else 1
        self.makeups.update(done.changes)
        if event.type == "registered":
            self._as_registered.update(done.changes)
        else:
            self._as_registered.difference_update(done.changes)
        if self._hear is not None:
            self._hear(done.flow if index or self._begins is None else self._begins.flow(event))

    def finish(self, checkpoints: Sequence[Checkpoint] = ()) -> bytes:
        """The root over all entries. Each given checkpoint must be of this log, not beyond it, and have its root."""
        tree = Tree(self._leaves)
        for checkpoint in checkpoints:
            if checkpoint.origin != self.origin:
                raise Unverified("entry-elsewhere", field="checkpoint", value=checkpoint.origin)
            if checkpoint.size > self.size:
                raise Unverified(
                    "log-cut-off", field="checkpoint", value=checkpoint.size, log=self.origin, size=self.size
                )
            if tree.root(checkpoint.size) != checkpoint.root:
                raise Unverified("root-differs", field="checkpoint", value=checkpoint.size, log=self.origin)
        return tree.root()
