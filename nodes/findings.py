"""Findings and books of a log, kept up to date as it grows, for whoever asks: of the node's own, or of a deposited one.

One `Inspection` per log, made when first used. It reads the entries that it has not seen yet, page by page, with the
flows that were kept when they came, and what the authority has granted meanwhile; nothing is read twice, and nothing is
stored: another start reads the flows again and finds the same. Whose log it is, its `Book` knows.

Promises: safe from any thread; what it answers is of one size of the log. Memory grows with what the inspector keeps,
not with entries.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from threading import Lock
from typing import Any, Protocol, TypeVar

from ledger.errors import Unknown
from ledger.matter.books import BookRow
from ledger.matter.events import Event
from ledger.matter.findings import SEVERITIES, Finding, cases
from ledger.matter.flows import Flow
from ledger.matter.quota import AccountKey, QuotaAccount
from nodes.config import Settings
from nodes.contents import flow as flow_at
from nodes.inspecting import Answered, Watch, watch_of
from nodes.rulesets import Rulesets
from nodes.store import log, upstream
from nodes.store.engine import Connection, Store
from nodes.store.records import Entry

PAGE = 500
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with the answers that were given to it, oldest first, and the month in which it came to light.

    `logs` are those whose entries it is about.
    """

    finding: Finding
    answers: tuple[Answered, ...]
    booked_in: str
    logs: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        answers = [{"entry": one.index, "at": one.at, "text": one.text, "by": one.by} for one in self.answers]
        told = {"open": not answers, "answers": answers, "booked_in": self.booked_in}
        return {**self.finding.as_json(), **told}


Ordering = tuple[int, Flow, str]
"""How long the log was when an order was known, the order, and when it was delivered if it binds by time."""


class Book(Protocol):
    """A log as an inspection reads it."""

    def opened(self, conn: Connection) -> Event:
        """Entry 0, whole."""

    def flows(self, conn: Connection, start: int) -> Sequence[Flow]:
        """Up to PAGE flows from the entry `start` on; fewer only at the end of what there is."""

    def granted(self, conn: Connection) -> Sequence[tuple[int, Event]]:
        """Quotas that were not told yet, each with how long the log was when that was known."""

    def ordered(self, conn: Connection) -> Sequence[Ordering]:
        """Orders that were not told yet, in the order of the authority's log."""

    def inspected(self, conn: Connection) -> Sequence[tuple[int, Event]]:
        """Inspections that were not told yet, each with how long the log was when that was known."""


class OwnBook:
    """The node's own log."""

    def __init__(self, settings: Settings, rulesets: Rulesets) -> None:
        self._rulesets, self._authority = rulesets, settings.authority
        self._opening = 0
        self._told: set[int] = set()
        self._orders = self._inspections = 0

    def opened(self, conn: Connection) -> Event:
        return _event(log.entry(conn, 0))

    def flows(self, conn: Connection, start: int) -> Sequence[Flow]:
        entries = log.page(conn, after=start - 1, limit=PAGE)
        texts = log.flows_at(conn, [entry.index for entry in entries])
        return [flow_at(conn, entry.index, _event(entry), texts.get(entry.index), self._rulesets) for entry in entries]

    def granted(self, conn: Connection) -> Sequence[tuple[int, Event]]:
        found = []
        while page := upstream.openings_of(conn, "quota_granted", after=self._opening):
            for one in page:
                event = one.entry.event
                fresh = one.entry.entry_no not in self._told
                if fresh and event.scalar("grant") and event.name == self._authority:
                    self._told.add(one.entry.entry_no)
                    found.append((one.head_size, event))
            self._opening = page[-1].no
        return found

    def ordered(self, conn: Connection) -> Sequence[Ordering]:
        found = upstream.orders(conn, self._authority)[self._orders :]
        self._orders += len(found)
        return found

    def inspected(self, conn: Connection) -> Sequence[tuple[int, Event]]:
        found = upstream.inspections(conn, self._authority)[self._inspections :]
        self._inspections += len(found)
        return found


def _event(entry: Entry) -> Event:
    return entry.event


class Inspection:
    """What the books of a log say. `hear` is told of every flow once."""

    def __init__(
        self, store: Store, rulesets: Rulesets, book: Book, hear: Callable[[Flow], None] = lambda _: None
    ) -> None:
        self._store, self._rulesets, self._book, self._hear = store, rulesets, book, hear
        self._lock = Lock()
        self._watch: Watch | None = None
        self._size = 0
        self._grants: list[tuple[int, Event]] = []
        self._orders: list[Ordering] = []
        self._inspections: list[tuple[int, Event]] = []

    @property
    def size(self) -> int:
        """How many entries have been read."""
        return self._size

    def ask(self, question: Callable[[Watch, int], _T]) -> _T:
        """The answer to a question about the books as they are now, and how many entries they rest on."""
        with self._lock:
            watch = self._catch_up()
            return question(watch, self._size)

    def findings(self) -> list[Told]:
        """All, in the order of the log."""
        return self.ask(lambda watch, _: told_by(watch))

    def finding(self, id_: str) -> Told:
        return named(self.findings(), id_)

    def cases(self) -> list[list[Told]]:
        """Findings that belong together, in groups."""
        return grouped(self.findings())

    def books(self, month: str) -> tuple[list[BookRow], bool, str, int]:
        """(the rows of a month, whether it is closed, the first open month with movements, entries they rest on)."""

        def look(watch: Watch, size: int) -> tuple[list[BookRow], bool, str, int]:
            inspector = watch.inspector
            closed = month in inspector.rows
            return inspector.preview(month), closed, next(iter(inspector.months), ""), size

        return self.ask(look)

    def quotas(self) -> list[tuple[AccountKey, QuotaAccount]]:
        return self.ask(lambda watch, _: list(watch.inspector.quotas.accounts.items()))

    # -- reading ----------------------------------------------------------------------------------------------

    def read_on(self) -> bool:
        """Reads one page of what is unread; True when nothing is left. Others may ask between two pages."""
        with self._lock:
            return self._read(self._begin())

    def _catch_up(self) -> Watch:
        watch = self._begin()
        while not self._read(watch):
            pass
        return watch

    def _begin(self) -> Watch:
        if self._watch is None:
            with self._store.read() as conn:
                opened = self._book.opened(conn)
            self._watch = watch_of(opened, self._rulesets.current)
        return self._watch

    def _read(self, watch: Watch) -> bool:
        with self._store.read() as conn:
            self._grants += self._book.granted(conn)
            self._orders += self._book.ordered(conn)
            self._inspections += self._book.inspected(conn)
            flows = self._book.flows(conn, self._size)
        for one in flows:
            self._grant(watch, one.index)
            watch.take(one)
            self._hear(one)
            self._size = one.index + 1
        if len(flows) == PAGE:
            return False
        self._grant(watch, self._size)
        return True

    def _grant(self, watch: Watch, index: int) -> None:
        """What was known before this entry was recorded."""
        while self._grants and self._grants[0][0] <= index:
            watch.inspector.granted(self._grants.pop(0)[1])
        while self._orders and self._orders[0][0] <= index:
            watch.inspector.orders.told(*self._orders.pop(0)[1:])
        while self._inspections and self._inspections[0][0] <= index:
            watch.inspected(self._inspections.pop(0)[1])


def told_by(watch: Watch) -> list[Told]:
    return [_told(watch, id_) for id_ in watch.findings]


def _told(watch: Watch, id_: str) -> Told:
    return Told(watch.findings[id_], tuple(watch.answers.get(id_, ())), watch.found_in[id_])


def gravity(one: Told) -> int:
    return SEVERITIES.index(one.finding.severity)


def gravest_of(watch: Watch, most: int, *, whole: bool = False) -> list[Told]:
    """The first `most` that nobody answered, the gravest first; with `whole`, also those that were answered.

    Only those are put together, not the thousands that a long log may have.
    """
    rank = {severity: at for at, severity in enumerate(SEVERITIES)}
    ids = (id_ for id_ in watch.findings if whole or not watch.answers.get(id_))
    first = nlargest(most, ids, key=lambda id_: rank[watch.findings[id_].severity])
    return [_told(watch, id_) for id_ in first]


def named(found: Iterable[Told], id_: str) -> Told:
    """The finding of this id; Unknown where there is none."""
    told = next((one for one in found if one.finding.id == id_), None)
    if told is None:
        raise Unknown("finding-unknown", field="finding", value=id_)
    return told


def grouped(found: Iterable[Told]) -> list[list[Told]]:
    """Findings that belong together."""
    told = {one.finding.id: one for one in found}
    return [[told[finding.id] for finding in case] for case in cases(one.finding for one in told.values())]
