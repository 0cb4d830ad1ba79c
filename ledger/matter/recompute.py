"""Recomputing: what an adjustment of an entry, or a late assay, means for all that was made of the goods, down to what
left.

    recompute(past, event, run)   what each entry below moved by its figures so far, and what it moves by the new ones

Two worlds go through the same entries in log order: one by what was known so far, one with this event too. They begin
at the entries that are adjusted, or at the first one behind which the assay holds, and go on wherever they differ; a
batch that is the same in both ends that way. What else went into an entry is brought to that point of the log by its
own entries alone, from what it was as made (makeups.py), so nothing above it is read.

An assay holds from the entry that made its batch. Where goods came to the batch later, or it was weighed anew (dried,
perhaps, or more than there was), it holds from there: its percentages are those of that mass. Several assays are told
there in their order, so that the one that counts is the one that counted when they were recorded.

What was signed stays: vectors that entries committed to, and what was drawn from pools. What goes into a pool counts as
it was told then, and the way ends there; what is wrong comes to light when the pool is measured.

Promises: no more than ENTRIES_MAX entries are told anew; beyond these, in log order, what was made keeps its figures
(`cut`). What was reversed is left out, as if it had never been.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Protocol

from ledger.matter.corrections import corrected, told
from ledger.matter.events import Event
from ledger.matter.flows import Flow, Restated, flow_of
from ledger.matter.makeups import Composition, Makeup
from ledger.matter.reference import Reference
from ledger.matter.stock import Correction

NEXT = 1 << 63
"""The index of an event that is not recorded yet."""
ENTRIES_MAX = 5_000
"""Entries that one adjustment or assay tells anew: some eight seconds, for which nothing else is recorded."""


class Past(Protocol):
    """What is known of a log up to the event that is looked at."""

    def makeup(self, key: str) -> Makeup | None:
        """What a batch is made of by now."""

    def event(self, index: int) -> Event:
        """An earlier entry, whole."""

    def reference(self, event: Event) -> Reference:
        """The reference data that an entry names."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an event did to some batches, and what it moved."""

    changes: Mapping[str, Makeup | None]
    flow: Flow


Run = Callable[[Mapping[str, Makeup | None], Event, int, Reference], Done]
"""View, event, its index and reference data → what it does."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """`restated`: entries that move other goods now, in log order; `batches`: what differs, as it is now."""

    restated: tuple[Restated, ...]
    batches: Mapping[str, Composition | None]
    cut: bool


def recompute(past: Past, event: Event, keys: Callable[[Event], Sequence[str]], run: Run) -> Recomputed:
    """`event` is the adjustment or the assay; `keys` answers the batches that an entry touches or makes."""
    readings, late = _Entries(past, keys), assayed(event)
    was, now = _World(readings, run, None), _World(readings, run, event)
    waiting = _Queue(one.index for one in told(event))
    dirty: set[str] = set()
    if late is not None:
        dirty.add(late)
        entries = readings.entries(late)
        waiting.add(iter(entries[bisect_right(entries, readings.told_from(late, NEXT)) :]))
    restated: list[Restated] = []
    cut = False
    for number, index in enumerate(waiting):
        cut = number == ENTRIES_MAX
        if cut:
            break
        raw = readings.event(index)
        before, after = was.take(index, raw), now.take(index, raw)
        if _moved(before) != _moved(after):
            restated.append(Restated(before, after))
            # An assay of what was made may make it what it was, but from something else.
            waiting.add(at for key in keys(raw) for at, _ in was.assays(key, index))
        for key in keys(raw):
            if key not in dirty and was.goods(key) != now.goods(key):
                dirty.add(key)
                waiting.add(at for at in readings.entries(key) if at > index)
    found: dict[str, Composition | None] = {}
    for key in sorted(dirty):
        was.reach(key, None)
        now.reach(key, None)
        if was.goods(key) != now.goods(key):
            found[key] = now.makeups[key]
    return Recomputed(tuple(restated), found, cut)


def assayed(event: Event) -> str | None:
    """The batch that an assay speaks of; None for other types."""
    slot = {"assayed": "assaying", "assay_agreed": "agreement"}.get(event.type)
    return None if slot is None else str(event.scalar(slot)["batch"])


def _moved(flow: Flow) -> tuple[object, ...]:
    return flow.ins, flow.outs, flow.losses


class _Queue:
    """Indexes in rising order, each once, while others are added behind the one that is looked at."""

    def __init__(self, indexes: Iterator[int]) -> None:
        self._heap: list[int] = []
        self._seen: set[int] = set()
        self.add(indexes)

    def add(self, indexes: Iterator[int]) -> None:
        for index in indexes:
            if index not in self._seen:
                self._seen.add(index)
                heappush(self._heap, index)

    def __iter__(self) -> Iterator[int]:
        while self._heap:
            yield heappop(self._heap)


class _Entries:
    """The entries that touch a batch, the assays that hold of it, and the adjustments of an entry."""

    def __init__(self, past: Past, keys: Callable[[Event], Sequence[str]]) -> None:
        self.past, self.keys = past, keys
        self._corrections: dict[int, list[Correction]] = {}
        self._events: dict[int, Event] = {}

    def event(self, index: int) -> Event:
        if index not in self._events:
            self._events[index] = self.past.event(index)
        return self._events[index]

    def known(self, key: str) -> Composition | None:
        found = self.past.makeup(key)
        return found if isinstance(found, Composition) else None

    def entries(self, key: str) -> Sequence[int]:
        known = self.known(key)
        return () if known is None else known.entries

    def assays(self, key: str, more: Event | None) -> dict[int, list[tuple[int, Event]]]:
        """Entry → the assays of the batch that hold from there, in order: those recorded, and one more event."""
        known = self.known(key)
        both = () if known is None else sorted({*known.adjusted}.intersection(known.entries))
        told = [(at, self.event(at)) for at in both]
        if more is not None and assayed(more) == key:
            told.append((NEXT, more))
        found: dict[int, list[tuple[int, Event]]] = {}
        for at, event in told:
            found.setdefault(self.told_from(key, at), []).append((at, event))
        return found

    def told_from(self, key: str, at: int) -> int:
        """The entry from which an assay holds that is entry `at`."""
        entries = self.entries(key)
        before = reversed(entries[1 : bisect_left(entries, at)])
        first = entries[0] if entries else NEXT
        return next((index for index in before if _weighs_anew(self.event(index), key)), first)

    def folded(self, index: int, raw: Event, more: Event | None) -> Event | None:
        """An entry as adjusted so far, and by one more event; words change no figure."""
        found = {at for key in self.keys(raw) for at in self._adjusted(key)}
        corrections = [one for at in sorted(found) for one in self._told(at) if one.index == index]
        corrections += [one for one in told(more) if one.index == index] if more is not None else []
        if not corrections:
            return raw
        whole = Correction(index)
        for one in corrections:
            whole = whole.plus(one)
        return corrected(raw, whole)

    def _adjusted(self, key: str) -> Sequence[int]:
        known = self.known(key)
        return () if known is None else known.adjusted

    def _told(self, at: int) -> list[Correction]:
        if at not in self._corrections:
            self._corrections[at] = told(self.event(at))
        return self._corrections[at]


def _weighs_anew(event: Event, key: str) -> bool:
    """Whether the batch is another whole since: more of it was received or found, or what is left weighs otherwise."""
    if event.type == "received":
        return "#" in key
    rows = event.rows("lines.chain", "lines.authority") if event.type in ("remeasured", "counted") else ()
    grown = [row["mg"] - row["before_mg"] for row in rows if row["batch"] == key]
    return any(mg > 0 or (mg and event.type == "remeasured") for mg in grown)


class _World:
    """What batches are made of, entry by entry; with `more`, an event that is not recorded yet."""

    def __init__(self, entries: _Entries, run: Run, more: Event | None) -> None:
        self._entries, self._run, self._more = entries, run, more
        self.makeups: dict[str, Composition | None] = {}
        self._done: dict[str, int] = {}
        self._assays: dict[str, dict[int, list[tuple[int, Event]]]] = {}
        self._found: dict[int, Flow] = {}

    def goods(self, key: str) -> tuple[object, ...] | None:
        known = self.makeups.get(key)
        return None if known is None else (known.content, known.rank, known.origin)

    def assays(self, key: str, index: int) -> Sequence[tuple[int, Event]]:
        """Those that hold from this entry."""
        if key not in self._assays:
            self._assays[key] = self._entries.assays(key, self._more)
        return self._assays[key].get(index, ())

    def take(self, index: int, raw: Event) -> Flow:
        """The entry, and what it moves here."""
        keys = self._entries.keys(raw)
        for key in keys:
            self.reach(key, index)
        if (batch := assayed(raw)) is not None:
            self._done[batch] = index
            return self._found.get(index) or flow_of(index, raw)  # told where it holds from
        event = self._entries.folded(index, raw, self._more)
        done = Done({}, flow_of(index, raw)) if event is None else self._at(index, event, keys)
        for key in keys:
            self._put(key, index, done)
        return done.flow

    def reach(self, key: str, index: int | None) -> None:
        """Brings a batch to where it is before an entry; without one, to the end."""
        known = self._entries.known(key)
        entries = () if known is None else known.entries
        if key not in self.makeups:
            made = known is not None and bool(entries) and (index is None or entries[0] < index)
            self.makeups[key] = known.as_made() if made and known is not None else None
            self._done[key] = entries[0] if made else -1
            if made:
                self._assay(key, entries[0])
        stop = len(entries) if index is None else bisect_left(entries, index)
        for at in entries[bisect_right(entries, self._done[key]) : stop]:
            raw = self._entries.event(at)
            if assayed(raw) is not None:
                continue  # told where it holds from
            event = self._entries.folded(at, raw, self._more)
            self._put(key, at, Done({}, flow_of(at, raw)) if event is None else self._at(at, event, [key]))

    def _at(self, index: int, event: Event, keys: Sequence[str]) -> Done:
        view = {key: self.makeups[key] for key in keys}
        return self._run(view, event, index, self._entries.past.reference(event))

    def _put(self, key: str, index: int, done: Done) -> None:
        found = done.changes.get(key, self.makeups[key])
        self.makeups[key] = found if isinstance(found, Composition) else None
        self._done[key] = index
        self._assay(key, index)

    def _assay(self, key: str, index: int) -> None:
        for at, event in self.assays(key, index):
            done = self._at(at, event, [key])
            found = done.changes.get(key, self.makeups[key])
            self.makeups[key] = found if isinstance(found, Composition) else None
            self._found[at] = done.flow
