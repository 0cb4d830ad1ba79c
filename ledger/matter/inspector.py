"""The inspector: takes an organisation's flows in the order of its log and says what does not fit.

It runs beside the clerk, in an audit, and at the authority over what was deposited there, with the same result each
time: nothing is read but flows, the reference data and what the authority has said, in the order in which they come;
there is no clock and no chance. One inspector serves one log, and nothing of another log changes what it says.

The rules themselves stand in watch_*.py; docs/findings.md has a row for each. What only several logs together show, one
paper in two books, two words on one handover, rings, the quota of a group, is across.py's.

Promises: work and memory linear in what is taken. Does not check custody, signatures or disclosures: what it is given
has been checked.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ledger.matter.balance import PPM
from ledger.matter.books import BookRow, Ways
from ledger.matter.events import Event
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow
from ledger.matter.limits import Limits, entry_of
from ledger.matter.quota import EXCEEDED, Crossing, Quotas
from ledger.matter.reference import Reference
from ledger.matter.watch_elements import Elements
from ledger.matter.watch_habits import Capacities, Habits
from ledger.matter.watch_handovers import Handovers
from ledger.matter.watch_intake import Intake
from ledger.matter.watch_orders import Orders

_NOTHING: Capacities = MappingProxyType({})


class Inspector:
    """`role` and `country` are the organisation's; `key` keys the hashes of document numbers."""

    def __init__(
        self,
        reference: Reference,
        role: str,
        *,
        key: bytes,
        country: str = "CN",
        capacities: Capacities = _NOTHING,
    ) -> None:
        limits = Limits(reference, role, country)
        self.quotas = Quotas(reference)
        self._elements = Elements(limits)
        self._intake = Intake(limits, key)
        self._handovers = Handovers(limits)
        self._habits = Habits(limits, capacities)
        self.orders = Orders(limits)
        self._last_month = ""

    @property
    def rows(self) -> Mapping[str, list[BookRow]]:
        """The books of the closed months, by month and element."""
        return self._elements.rows

    @property
    def months(self) -> list[str]:
        """The open months with movements, in order."""
        return self._elements.books.months

    @property
    def years(self) -> Mapping[str, Ways]:
        """From where and to where each element went, by year, of closed months and open ones."""
        return self._elements.books.years

    def preview(self, month: str) -> list[BookRow]:
        """The rows of a closed month; of an open one those it would have if it were closed now."""
        return self._elements.preview(month)

    def granted(self, event: Event) -> None:
        """The authority granted a quota."""
        self.quotas.grant(event)

    def inspected(self, announced_at: str, inspected_at: str) -> None:
        """The authority has announced an inspection, and has held it; told before or after the entries in between."""
        self._habits.inspected(announced_at, inspected_at)

    def take(self, flow: Flow) -> list[Finding]:
        """What the next flow of the log brings to light. Of what is not disclosed as to its time, nothing."""
        if not flow.at:
            return []
        self._last_month = max(self._last_month, flow.at[:7])
        return [
            *self._elements.take(flow),
            *self._intake.take(flow),
            *self._handovers.take(flow),
            *self._habits.take(flow),
            *self.orders.take(flow),
            *self._counted(flow),
        ]

    def month(self, month: str) -> list[Finding]:
        """Closes the books up to this month (`2026-11`); what comes later for it is booked in the first open one."""
        return [*self._elements.month(month), *self._habits.month(month)]

    def finish(self) -> list[Finding]:
        """The end of what there is: closes the months that are still open."""
        return [*self._habits.backdated(""), *self.month(self._last_month)] if self._last_month else []

    def _counted(self, flow: Flow) -> Iterator[Finding]:
        if flow.event.type == "reversed":
            self.quotas.undo((flow.event.origin, flow.event.scalar("reversal").get("index", -1)))
        for crossing in self.quotas.take(flow):
            batches = tuple(goods.batch for goods in flow.outs)
            yield about_quota(crossing, (entry_of(flow),), batches, flow.at[:7])


def about_quota(crossing: Crossing, entries: tuple[Entry, ...], batches: tuple[str, ...], month: str) -> Finding:
    """That a share of a quota was reached, or all of it and more."""
    key = crossing.key
    over = crossing.ppm == EXCEEDED
    return Finding(
        "quota-exceeded" if over else "quota-near",
        "grave" if over else "reason",
        {
            "holder": key.holder,
            "kind": key.kind,
            "year": key.year,
            "quota_class": key.quota_class,
            "granted_mg": crossing.granted_mg,
            "used_mg": crossing.used_mg,
            "pending_mg": crossing.pending_mg,
            "reached_ppm": min(crossing.ppm, PPM) if not over else _share(crossing),
        },
        entries,
        batches,
        month=month,
        formula="quota",
        tolerance={"k_milli": 3000} if over else {},
    )


def _share(crossing: Crossing) -> int:
    total = crossing.used_mg + crossing.pending_mg
    return total * PPM // crossing.granted_mg if crossing.granted_mg else PPM
