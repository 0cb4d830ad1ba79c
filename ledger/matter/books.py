"""Books by month and element: opening, in, out, made, lost, closing, and what of it is in pools, what in transit.

    closing = opening + entered - left + made - lost + revalued

`made` is what processes, pools and stock-takes brought forth (out + losses - in; usually below zero, for not every loss
is booked), `lost` the booked losses, `revalued` what a later assay changed on paper: of what is here in the assay's
month, of what was used in the month of its use. A pool's content belongs to the stock; as long as it is not measured it
is what was charged less what was drawn. Goods that were shipped have left, and are in transit until the receiver
answered or they came back. A closed month stays as it was: what is recorded for it later is booked in the first open
one, and carried over like everything else; so are the differences that an adjustment or a late assay makes to its
entries.

Beside the rows, each year's ways are kept: from where it entered and to where it left, what was gained, lost and
missing (`WAYS`). They are booked as the rows are, so that

    closing = opening + the ways in - the ways out

Promises: rows carry over exactly, in µg. Does not judge: the rules on elements do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.matter.elements import ELEMENTS
from ledger.matter.events import Event
from ledger.matter.flows import Flow, Goods

COLUMNS = ("entered", "left", "made", "lost", "revalued")
_ENTERED, _LEFT, _MADE, _LOST, _REVALUED = range(len(COLUMNS))

WAYS_IN = ("origin", "from", "came_back", "gained")
WAYS_OUT = ("to", "outside", "removed", "lost", "unbooked")
WAYS_BOTH = ("revalued", "corrected")
"""Ways, each with whom or what: the class of an origin, a member, the kind of a loss. `gained` is what processes, pools
and stock-takes brought forth beyond what went in, `unbooked` what they had less than that and no loss says why.
`revalued` is below zero where an assay found less, `corrected` where reversals took away.
"""
_FOREVER = "9999-99"
Way = tuple[str, str]
Ways = dict[Way, dict[str, int]]


@dataclass(frozen=True, slots=True)
class BookRow:
    """µg of one element. `pools_ug` is the part of `closing` in pools, `pools_u_ug` its standard uncertainty."""

    element: str
    opening_ug: int
    entered_ug: int
    left_ug: int
    made_ug: int
    lost_ug: int
    revalued_ug: int
    closing_ug: int
    transit_ug: int
    pools_ug: int = 0
    pools_u_ug: int = 0


@dataclass(slots=True)
class _UnderWay:
    """A shipment: the month in which it left, what of each element, and the month in which the receiver had it."""

    since: str
    ug: dict[str, int]
    until: str = ""


class Books:
    """The rows of all months so far; `open_from` is the first month that is not closed."""

    def __init__(self) -> None:
        self.open_from = ""
        self._months: dict[str, dict[str, list[int]]] = {}
        self._stock: dict[str, int] = {}
        self._transit: dict[str, _UnderWay] = {}
        self.years: dict[str, Ways] = {}

    def month_of(self, flow: Flow) -> str:
        """The month in which it is booked: that of its `at`, or the first open one."""
        return max(flow.at[:7], self.open_from)

    @property
    def months(self) -> list[str]:
        """The open months with movements, in order."""
        return sorted(self._months)

    def entered(self, flow: Flow, goods: Iterable[Goods]) -> None:
        goods = list(goods)
        self._add(flow, _ENTERED, goods, 1)
        self._go(flow, _way_in(flow.event), goods, 1)

    def left(self, flow: Flow, goods: Iterable[Goods], shipment: str | None = None) -> None:
        goods = list(goods)
        self._add(flow, _LEFT, goods, 1)
        way = _way_out(flow.event)
        self._go(flow, way, goods, -1 if way[0] in WAYS_BOTH else 1)
        if shipment is not None:
            on_the_way = self._transit.setdefault(shipment, _UnderWay(self.month_of(flow), {}))
            for one in goods:
                for element, (ug, _) in one.elements.items():
                    on_the_way.ug[element] = on_the_way.ug.get(element, 0) + ug

    def sent_back(self, flow: Flow, goods: Iterable[Goods]) -> None:
        """Goods that were rejected, and did not enter, leave: they came from whom they go to."""
        goods = list(goods)
        self._add(flow, _ENTERED, goods, 1)
        self._go(flow, ("from", str(flow.event.scalar("shipment").get("to"))), goods, 1)

    def under_way(self, shipment: str) -> bool:
        return shipment in self._transit and not self._transit[shipment].until

    def arrived(self, flow: Flow, shipment: str) -> None:
        if shipment in self._transit:
            self._transit[shipment].until = self.month_of(flow)

    def made(self, flow: Flow) -> None:
        """Out + losses - in, and the losses as lost."""
        self._add(flow, _MADE, flow.outs, 1)
        self._add(flow, _MADE, flow.losses, 1)
        self._add(flow, _MADE, flow.ins, -1)
        moved: dict[str, int] = {}
        for sign, goods in ((1, (*flow.outs, *flow.losses)), (-1, flow.ins)):
            for one in goods:
                for element, (ug, _) in one.elements.items():
                    moved[element] = moved.get(element, 0) + sign * ug
        for element, ug in moved.items():
            self._differ(flow, element, ug)
        self.lost(flow)

    def lost(self, flow: Flow) -> None:
        self._add(flow, _LOST, flow.losses, 1)
        for one in flow.losses:
            self._go(flow, ("lost", one.product), [one], 1)

    def found(self, flow: Flow, element: str, ug: int) -> None:
        """A pool was measured, or a stock-take differs: so much more than the books had."""
        self._row(flow, element)[_MADE] += ug
        self._differ(flow, element, ug)

    def revalued(self, flow: Flow) -> None:
        self._add(flow, _REVALUED, flow.outs, 1)
        self._add(flow, _REVALUED, flow.ins, -1)
        self._go(flow, ("revalued", ""), flow.outs, 1)
        self._go(flow, ("revalued", ""), flow.ins, -1)

    def close(self, month: str, pools: Mapping[str, tuple[int, int]]) -> list[BookRow]:
        """The month's rows, in the order of the elements; what is booked from now on for it goes to the next one.

        `pools` are at the end of the month, and so is what is under way: later months may have begun.
        """
        moved = self._months.pop(month, {})
        self.open_from = max(self.open_from, next_month(month))
        under_way = [one for one in self._transit.values() if one.since <= month < (one.until or _FOREVER)]
        self._transit = {id_: one for id_, one in self._transit.items() if not one.until or one.until > month}
        rows = []
        for element in ELEMENTS:
            transit = sum(one.ug.get(element, 0) for one in under_way)
            opening = self._stock.get(element, 0)
            columns = moved.get(element, [0] * len(COLUMNS))
            if not opening and not any(columns) and not transit:
                continue
            closing = (
                opening + columns[_ENTERED] - columns[_LEFT] + columns[_MADE] - columns[_LOST] + columns[_REVALUED]
            )
            self._stock[element] = closing
            held, held_u = pools.get(element, (0, 0))
            entered, left, made, lost, revalued = columns
            row = BookRow(element, opening, entered, left, made, lost, revalued, closing, transit, held, held_u)
            rows.append(row)
        return rows

    def _add(self, flow: Flow, column: int, goods: Iterable[Goods], sign: int) -> None:
        for one in goods:
            for element, (ug, _) in one.elements.items():
                self._row(flow, element)[column] += sign * ug

    def _differ(self, flow: Flow, element: str, ug: int) -> None:
        if ug:
            self._way(flow, ("gained" if ug > 0 else "unbooked", ""), element, abs(ug))

    def _go(self, flow: Flow, way: Way, goods: Iterable[Goods], sign: int) -> None:
        for one in goods:
            for element, (ug, _) in one.elements.items():
                self._way(flow, way, element, sign * ug)

    def _way(self, flow: Flow, way: Way, element: str, ug: int) -> None:
        amounts = self.years.setdefault(self.month_of(flow)[:4], {}).setdefault(way, {})
        amounts[element] = amounts.get(element, 0) + ug

    def _row(self, flow: Flow, element: str) -> list[int]:
        month = self._months.setdefault(max(flow.at[:7], self.open_from), {})
        row = month.get(element)
        if row is None:
            row = month[element] = [0] * len(COLUMNS)
        return row


def _way_in(event: Event) -> Way:
    match event.type:
        case "registered":
            return "origin", str(event.scalar("origin").get("class", ""))
        case "received":
            return "from", str(event.scalar("receipt").get("from", ""))
        case "reversed":
            return "corrected", ""
        case _:
            return "came_back", ""


def _way_out(event: Event) -> Way:
    match event.type:
        case "shipped":
            to = event.scalar("shipment").get("to")
            return ("outside", "") if to is None else ("to", str(to))
        case "reversed":
            return "corrected", ""
        case _:
            return "removed", str(event.scalar("removal").get("kind", ""))


def next_month(month: str) -> str:
    """`2026-12` after `2026-11`, `2027-01` after `2026-12`."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"
