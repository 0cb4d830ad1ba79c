"""What an authority sees over all that is deposited with it: each log's findings and books, and all of them together.

Each deposited log has an inspection of its own, the same one as at the node that keeps the log, and every flow goes to
ledger/matter/across.py besides. A call reads what has come since the last one; a grant of our own may change how full
an account was long ago, so then all flows are read again. Of each log as much is seen as was followed
(nodes/deposits.py).

Promises: safe from any thread. Memory grows with what the inspectors keep. Does not ask anybody's server.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from ledger.errors import Refusal, Unknown
from ledger.log.trust import organisation
from ledger.matter.across import Across, Handover
from ledger.matter.books import BookRow
from ledger.matter.element_years import Book, ElementYear, element_year
from ledger.matter.events import Event
from ledger.matter.findings import SEVERITIES, Finding
from ledger.matter.flows import Flow
from ledger.matter.matching import Claim
from ledger.matter.quota import AccountKey, QuotaAccount
from nodes import deposits
from nodes.clock import Clock, stamp
from nodes.config import Settings
from nodes.deposits import Progress
from nodes.findings import PAGE, Inspection, Ordering, Told, grouped, named
from nodes.inspecting import Answered, paper_key
from nodes.rulesets import Rulesets
from nodes.store import upstream
from nodes.store.engine import Connection, Store
from nodes.store.upstream import Upstream
from nodes.verbs.books import AUTHORITY

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Balance:
    """A month of one log: its rows, and whether it is closed."""

    log: str
    month: str
    closed: bool
    rows: Sequence[BookRow]


@dataclass(frozen=True, slots=True)
class Months:
    """Of one log: those whose books are closed, and those that are open and moved anything."""

    closed: Sequence[str]
    open: Sequence[str]


@dataclass(frozen=True, slots=True)
class Booked:
    """What tables of others are held against: papers by family, metal that was made in mg by (log, month), and the way
    to know a paper by its number.
    """

    papers: Mapping[str, Sequence[Claim]]
    metal: Mapping[tuple[str, str], int]
    hash_of: Callable[[str, str], str]


class DepositedBook:
    """The first `size` entries of a log that was deposited here. It tells of grants at once: nobody knows here how long
    that log was when its organisation heard of them.
    """

    def __init__(
        self, origin: str, grants: Iterable[Event], orders: Sequence[tuple[Flow, str]], rulesets: Rulesets
    ) -> None:
        self.size = 0
        self._inspected = -1
        self._orders = [(0, *one) for one in orders]
        self._origin, self._rulesets = origin, rulesets
        self._untold = [(0, event) for event in grants if deposits.concerns(event, origin)]

    def opened(self, conn: Connection) -> Event:
        return upstream.at(conn, [(self._origin, 0)])[self._origin, 0].event

    def flows(self, conn: Connection, start: int) -> Sequence[Flow]:
        return list(deposits.flows(conn, self._origin, start, min(self.size, start + PAGE), self._rulesets))

    def ordered(self, _: Connection) -> Sequence[Ordering]:
        told, self._orders = self._orders, []
        return told

    def granted(self, _: Connection) -> Sequence[tuple[int, Event]]:
        told, self._untold = self._untold, []
        return told

    def inspected(self, conn: Connection) -> Sequence[tuple[int, Event]]:
        """Whenever one is recorded: entries that came before it are judged by it too."""
        found = deposits.inspections(conn, self._origin, self._inspected)
        self._inspected = max(found, default=self._inspected)
        return [(0, event) for event in found.values()]


class Oversight:
    """All deposited logs. Refuses where this is no authority's node."""

    def __init__(self, store: Store, settings: Settings, rulesets: Rulesets, clock: Clock) -> None:
        self._store, self._settings, self._rulesets, self._clock = store, settings, rulesets, clock
        self._lock = Lock()
        self._grants: dict[int, Event] = {}
        self._books: dict[str, DepositedBook] = {}
        self._inspections: dict[str, Inspection] = {}
        self._across: Across | None = None
        self._progress: dict[str, Progress] = {}
        self._served: dict[str, list[tuple[Flow, str]]] = {}

    # -- logs --------------------------------------------------------------------------------------------------

    def logs(self) -> dict[str, Progress]:
        """Every deposited log, and how far it was followed."""
        return self._ask(lambda _: dict(self._progress))

    def balances(self, month: str | None, origin: str | None) -> list[Balance]:
        """The books of each log, or of one; of each month that has any, or of one."""

        def look(_: Across) -> list[Balance]:
            return [
                balance
                for name, inspection in self._inspections.items()
                if origin in (None, name)
                for balance in _balances(name, inspection, month)
            ]

        return self._ask(look, origin)

    def months(self) -> dict[str, Months]:
        """Of each log."""

        def look(_: Across) -> dict[str, Months]:
            return {name: _months(inspection) for name, inspection in self._inspections.items()}

        return self._ask(look)

    def wrote(self) -> dict[str, str]:
        """When each log wrote the last entry that was followed here."""

        def look(_: Across) -> dict[str, str]:
            with self._store.read() as conn:
                last = upstream.at(conn, [(origin, at.size - 1) for origin, at in self._progress.items() if at.size])
            return {entry.log: entry.event.recorded_at for entry in last.values()}

        return self._ask(look)

    def booked(self) -> Booked:
        """Of all logs."""

        def look(across: Across) -> Booked:
            papers = {family: across.papers(family) for family in ("invoice", "customs_declaration")}
            return Booked(papers, across.metal(), across.hash_of)

        return self._ask(look)

    def element_year(self, year: str, element: str) -> ElementYear:
        """What all did with an element in a year (ledger/matter/element_years.py)."""

        def look(_: Across) -> ElementYear:
            with self._store.read() as conn:
                abouts = {origin: book.opened(conn).scalar("log") for origin, book in self._books.items()}
            books = {
                origin.removesuffix("/log"): _year_of(inspection, abouts[origin], origin, year, element)
                for origin, inspection in self._inspections.items()
            }
            return element_year(year, element, books)

        return self._ask(look)

    def quotas(self) -> list[tuple[AccountKey, QuotaAccount]]:
        """Accounts over all logs, in the order in which they came to be known."""
        return self._ask(lambda across: list(across.quotas.accounts.items()))

    def handovers(self, origin: str | None = None) -> list[Handover]:
        """Shipments between members, by the word of both sides; all, or those that one log sends or receives."""
        found = self._ask(lambda across: across.handovers(self._now(), self._sizes()), origin)
        return [one for one in found if origin is None or organisation(origin) in (one.sender, one.receiver)]

    # -- findings ----------------------------------------------------------------------------------------------

    def findings(self, origin: str | None = None) -> list[Told]:
        """Of each log and across them, gravest first, then newest; of one log those that are about its entries."""

        def look(across: Across) -> list[Told]:
            own = [one for name, log in self._inspections.items() for one in _of_log(name, log, self._now())]
            answers = self._answers()
            told = [
                Told(one, tuple(answers.get(one.id, ())), month, tuple(dict.fromkeys(log for log, _ in one.entries)))
                for one, month in across.findings(self._now(), self._sizes())
            ]
            return [*own, *told]

        found = sorted(self._ask(look, origin), key=lambda one: (one.booked_in, one.finding.id), reverse=True)
        found.sort(key=lambda one: SEVERITIES.index(one.finding.severity), reverse=True)
        return [one for one in found if origin is None or origin in one.logs]

    def finding(self, id_: str) -> tuple[Told, list[Upstream]]:
        """A finding, and the entries that it is about."""
        told = named(self.findings(), id_)
        return told, self.entries(told.finding)

    def entries(self, finding: Finding) -> list[Upstream]:
        """Those that a finding is about, as far as they are here."""
        with self._store.read() as conn:
            held = upstream.at(conn, finding.entries)
        return [held[entry] for entry in finding.entries if entry in held]

    def cases(self) -> list[list[Told]]:
        """Findings that belong together, whosever they are; the gravest case first."""
        return grouped(self.findings())

    def _answers(self) -> dict[str, list[Answered]]:
        answers: dict[str, list[Answered]] = {}
        for inspection in self._inspections.values():
            for id_, given in inspection.ask(lambda watch, _: dict(watch.answers)).items():
                answers.setdefault(id_, []).extend(given)
        return answers

    def check(self) -> None:
        """Refusal where this is no authority's node."""
        if self._settings.role != AUTHORITY:
            raise Refusal("only-the-authority", field="role", value=self._settings.role)

    # -- reading -----------------------------------------------------------------------------------------------

    def _ask(self, question: Callable[[Across], _T], origin: str | None = None) -> _T:
        self.check()
        with self._lock:
            across = self._catch_up()
            if origin is not None and origin not in self._progress:
                raise Unknown("deposits-incomplete", field="log", value=origin)
            return question(across)

    def _catch_up(self) -> Across:
        with self._store.read() as conn:
            progress = deposits.progress(conn)
            granted = deposits.grants(conn, max(self._grants, default=-1))
            voided = deposits.voidings(conn)
            served = {origin: deposits.served(conn, origin) for origin in progress}
        if self._across is None or granted or _orders(served) != _orders(self._served):
            self._served = served
            self._grants |= granted
            self._inspections = {}
            self._across = Across(self._rulesets.current, paper_key())
            for event in self._grants.values():
                self._across.quotas.grant(event)
        for event in voided.values():
            self._across.void(event)
        for origin, at in progress.items():
            if origin not in self._inspections:
                book = self._books[origin] = DepositedBook(
                    origin, self._grants.values(), served[origin], self._rulesets
                )
                self._inspections[origin] = Inspection(self._store, self._rulesets, book, self._across.take)
            self._books[origin].size = at.size
            self._inspections[origin].ask(lambda _, size: size)
        self._progress = progress
        return self._across

    def _sizes(self) -> dict[str, int]:
        return {origin: at.size for origin, at in self._progress.items()}

    def _now(self) -> str:
        return stamp(self._clock())


def _of_log(origin: str, inspection: Inspection, now: str) -> Iterator[Told]:
    """With the orders that its organisation is silent about: whoever records nothing has not obeyed."""
    found = {one.finding.id: one for one in inspection.findings()}
    for finding in inspection.ask(lambda watch, _: list(watch.inspector.orders.overdue(now))):
        found.setdefault(finding.id, Told(finding, (), now[:7]))
    for one in found.values():
        yield Told(one.finding, one.answers, one.booked_in, (origin,))


def _orders(served: Mapping[str, Sequence[tuple[Flow, str]]]) -> dict[str, list[int]]:
    """The entries that were delivered, by the log of their addressee."""
    return {origin: [flow.index for flow, _ in orders] for origin, orders in served.items() if orders}


def _year_of(inspection: Inspection, about: Mapping[str, Any], origin: str, year: str, element: str) -> Book:
    def stock(last: str) -> int:
        """At the end of the last month up to this one that moved anything or was closed."""
        months = inspection.ask(lambda watch, _: [*watch.inspector.rows, *watch.inspector.months])
        month = max((one for one in months if one <= last), default=None)
        rows = [] if month is None else inspection.books(month)[0]
        return next((row.closing_ug for row in rows if row.element == element), 0)

    name, ways = organisation(origin), inspection.ask(lambda watch, _: watch.inspector.ways(year))
    called, role = (str(about.get(field, "")) for field in ("organisation", "role"))
    return Book(name, called or name, role, stock(f"{int(year) - 1}-12"), stock(f"{year}-12"), ways)


def _balances(origin: str, inspection: Inspection, month: str | None) -> Iterator[Balance]:
    months = _months(inspection)
    for name in sorted({*months.closed, *months.open}):
        if month in (None, name):
            rows = inspection.books(name)[0]
            yield Balance(origin, name, name in months.closed, rows)


def _months(inspection: Inspection) -> Months:
    return inspection.ask(lambda watch, _: Months(sorted(watch.inspector.rows), list(watch.inspector.months)))
