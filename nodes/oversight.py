"""What an authority sees over all that is deposited with it: each log's findings and books, and all of them together.

Each deposited log has an inspection of its own, the same one as at the node that keeps the log, and every flow goes to
ledger/matter/across.py besides. Reading goes on where it stopped; a grant of our own may change how full an account was
long ago, so then all flows are read again. Of each log as much is seen as was followed (nodes/deposits.py).

Reading takes as long as it takes: requests ask nodes/overlooking.py, which reads beside them.

Promises: safe from any thread. Memory grows with what the inspectors keep. Does not ask anybody's server.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Lock

from ledger.errors import Refusal
from ledger.matter.across import NUMBERED_FOR_ALL, Across
from ledger.matter.books import Ways
from ledger.matter.documents import FAMILIES
from ledger.matter.events import Event
from ledger.matter.findings import SEVERITIES, Finding
from ledger.matter.flows import Flow
from nodes import deposits
from nodes.config import Settings
from nodes.deposits import Progress
from nodes.findings import PAGE, Inspection, Ordering, Told
from nodes.inspecting import Answered, Watch, paper_key
from nodes.overview import Balance, Booked, Keeper, Overview
from nodes.rulesets import Rulesets
from nodes.store import upstream
from nodes.store.engine import Connection, Store
from nodes.store.upstream import Upstream
from nodes.verbs.books import AUTHORITY


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

    def __init__(self, store: Store, settings: Settings, rulesets: Rulesets) -> None:
        self._store, self._settings, self._rulesets = store, settings, rulesets
        self._lock = Lock()
        self._grants: dict[int, Event] = {}
        self._books: dict[str, DepositedBook] = {}
        self._inspections: dict[str, Inspection] = {}
        self._across: Across | None = None
        self._progress: dict[str, Progress] = {}
        self._served: dict[str, list[tuple[Flow, str]]] = {}

    def check(self) -> None:
        """Refusal where this is no authority's node."""
        if self._settings.role != AUTHORITY:
            raise Refusal("only-the-authority", field="role", value=self._settings.role)

    # -- reading -----------------------------------------------------------------------------------------------

    def reading(self) -> Iterator[None]:
        """Reads what has come, a page of a log at a time."""
        self.check()
        with self._lock:
            unread = self._begin()
        for inspection in unread:
            while not self._read_on(inspection):
                yield

    def overview(self, at: str) -> Overview:
        """Everything that is seen, as of `at`. Reads what is unread first: `reading` leaves it little."""
        for _ in self.reading():
            pass
        with self._lock:
            across = self._across
            assert across is not None, "it was read"
            sizes = {origin: one.size for origin, one in self._progress.items()}
            return Overview(
                at,
                dict(self._progress),
                self._findings(across, at, sizes),
                [(key, replace(account)) for key, account in across.quotas.accounts.items()],  # they go on counting
                {name: list(_balances(name, log)) for name, log in self._inspections.items()},
                across.handovers(at, sizes),
                Booked(
                    {family: across.papers(family) for family in sorted({FAMILIES[kind] for kind in NUMBERED_FOR_ALL})},
                    across.metal(),
                    across.hash_of,
                ),
                self._keepers(),
            )

    def entries(self, finding: Finding) -> list[Upstream]:
        """Those that a finding is about, as far as they are here."""
        with self._store.read() as conn:
            held = upstream.at(conn, finding.entries)
        return [held[entry] for entry in finding.entries if entry in held]

    # -- what was read -----------------------------------------------------------------------------------------

    def _findings(self, across: Across, now: str, sizes: Mapping[str, int]) -> list[Told]:
        own = [one for name, log in self._inspections.items() for one in _of_log(name, log, now)]
        answers = self._answers()
        told = [
            Told(one, tuple(answers.get(one.id, ())), month, tuple(dict.fromkeys(log for log, _ in one.entries)))
            for one, month in across.findings(now, sizes)
        ]
        found = sorted([*own, *told], key=lambda one: (one.booked_in, one.finding.id), reverse=True)
        return sorted(found, key=lambda one: SEVERITIES.index(one.finding.severity), reverse=True)

    def _keepers(self) -> dict[str, Keeper]:
        with self._store.read() as conn:
            abouts = {origin: book.opened(conn).scalar("log") for origin, book in self._books.items()}
        return {
            origin: Keeper(
                str(abouts[origin].get("organisation", "")),
                str(abouts[origin].get("role", "")),
                inspection.ask(_years),
            )
            for origin, inspection in self._inspections.items()
        }

    def _answers(self) -> dict[str, list[Answered]]:
        answers: dict[str, list[Answered]] = {}
        for inspection in self._inspections.values():
            for id_, given in inspection.ask(lambda watch, _: dict(watch.answers)).items():
                answers.setdefault(id_, []).extend(given)
        return answers

    def _begin(self) -> list[Inspection]:
        """Takes in what our own log says and how far each log was followed; the inspections that may read on."""
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
        self._progress = progress
        return list(self._inspections.values())

    def _read_on(self, inspection: Inspection) -> bool:
        with self._lock:
            return inspection.read_on()


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


def _balances(origin: str, inspection: Inspection) -> Iterator[Balance]:
    """Of months that are closed, and of those that are open and moved anything."""
    closed, open_ = inspection.ask(lambda watch, _: (set(watch.inspector.rows), set(watch.inspector.months)))
    for name in sorted(closed | open_):
        yield Balance(origin, name, name in closed, inspection.books(name)[0])


def _years(watch: Watch, _: int) -> dict[str, Ways]:
    """A copy: the books go on."""
    years = watch.inspector.years.items()
    return {year: {way: dict(amounts) for way, amounts in ways.items()} for year, ways in years}
