"""What was worked out over all deposited logs at one time, and the questions that are answered from it.

    overview.element_year("2026", "Nd")   and the rest: nothing here reads a log

Promises: never changes. Does not know whether more has come since: nodes/overlooking.py does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.errors import Unknown
from ledger.log.trust import organisation
from ledger.matter import element_years
from ledger.matter.across import Handover
from ledger.matter.books import BookRow, Ways
from ledger.matter.element_years import Book, ElementYear
from ledger.matter.findings import Entry
from ledger.matter.matching import Claim
from ledger.matter.quota import AccountKey, QuotaAccount
from nodes.deposits import Progress
from nodes.findings import Told, grouped, named


@dataclass(frozen=True, slots=True)
class Balance:
    """A month of one log: its rows, and whether it is closed."""

    log: str
    month: str
    closed: bool
    rows: Sequence[BookRow]


@dataclass(frozen=True, slots=True)
class Booked:
    """What tables of others are held against: papers by family, metal that was made in mg by (log, month), and the way
    to know a paper by its number.
    """

    papers: Mapping[str, Sequence[Claim]]
    metal: Mapping[tuple[str, str], int]
    hash_of: Callable[[str, str], str]

    def naming(self, number: str) -> list[Entry]:
        """The entries that name a paper of this number, of whatever family."""
        hashes = {family: self.hash_of(family, number) for family in self.papers}
        return [
            one.where[:2] for family, papers in self.papers.items() for one in papers if one.number == hashes[family]
        ]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Whose log it is, and from where and to where each element went, by year."""

    organisation: str
    role: str
    ways: Mapping[str, Ways]


@dataclass(frozen=True, slots=True)
class Overview:
    """As of `at`: how far each log was followed; findings, gravest first, then newest; quota accounts in the order in
    which they came to be known; the books of each log's months; shipments between members, by the word of both sides;
    what is held against tables of others; whose log each is.
    """

    at: str
    logs: Mapping[str, Progress]
    findings: Sequence[Told]
    quotas: Sequence[tuple[AccountKey, QuotaAccount]]
    balances: Mapping[str, Sequence[Balance]]
    handovers: Sequence[Handover]
    booked: Booked
    keepers: Mapping[str, Keeper]

    def finding(self, id_: str) -> Told:
        """Unknown("finding-unknown") where it was not found, or is not found any more."""
        return named(self.findings, id_)

    def findings_of(self, log: str | None) -> list[Told]:
        """Those that are about entries of one log; all for None."""
        self._check(log)
        return [one for one in self.findings if log in (None, *one.logs)]

    def cases(self) -> list[list[Told]]:
        """Findings that belong together, whosever they are; the gravest case first."""
        return grouped(self.findings)

    def books(self, month: str | None, log: str | None) -> list[Balance]:
        """Of each log, or of one; of each month that has any, or of one."""
        self._check(log)
        asked = self.balances.values() if log is None else [self.balances[log]]
        return [one for months in asked for one in months if month in (None, one.month)]

    def handovers_of(self, log: str | None) -> list[Handover]:
        """Those that one log sends or receives; all for None."""
        self._check(log)
        return [one for one in self.handovers if log is None or organisation(log) in (one.sender, one.receiver)]

    def element_year(self, year: str, element: str) -> ElementYear:
        """What all did with an element in a year (ledger/matter/element_years.py)."""
        return element_years.element_year(
            year, element, {organisation(log): self._year_of(log, year, element) for log in self.keepers}
        )

    def _year_of(self, log: str, year: str, element: str) -> Book:
        keeper, name = self.keepers[log], organisation(log)
        opening, closing = (self._stock(log, f"{last}-12", element) for last in (int(year) - 1, int(year)))
        return Book(name, keeper.organisation or name, keeper.role, opening, closing, keeper.ways.get(year, {}))

    def _stock(self, log: str, last: str, element: str) -> int:
        """At the end of the last month up to this one that moved anything or was closed."""
        months = [one for one in self.balances[log] if one.month <= last]
        rows = max(months, key=lambda one: one.month).rows if months else ()
        return next((row.closing_ug for row in rows if row.element == element), 0)

    def _check(self, log: str | None) -> None:
        if log is not None and log not in self.logs:
            raise Unknown("deposits-incomplete", field="log", value=log)
