"""The rules on goods that change hands, as one log shows them. What two logs say of each other: reconciling.py.

weighing-difference   a receiver's weighing differs from the sender's beyond what two scales may
unit-unexpected       a labelled unit came that nobody had sent
tolling-shipped       feed of separation went out for processing (China forbids separating on commission)
tolling-separated     others' goods were separated
ring                  goods left for somebody, and the same mass of an element came back from him within days
"""

from collections.abc import Iterator
from math import isqrt

from ledger.matter.balance import MILLI, PPM
from ledger.matter.dates import days_between
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow, Goods
from ledger.matter.limits import Limits, entry_of

_TOLERANCE_K = 2
"""A receipt's tolerance is 2 u (quantities.tolerance_mg)."""
_FEED_ELEMENTS = 10
"""A product that may hold so many rare earths as its main ones has not been separated yet."""
_COVERAGE = 3


class Handovers:
    """Takes flows in the order of the log."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sent: dict[tuple[str, str], list[tuple[str, int, int, Entry, tuple[str, ...]]]] = {}

    def take(self, flow: Flow) -> Iterator[Finding]:
        type_ = flow.event.type
        if type_ == "received":
            yield from self._weighed(flow)
            yield from self._unexpected(flow)
        if type_ in {"received", "registered"}:
            yield from self._back(flow)
        elif type_ == "shipped":
            yield from self._tolled(flow)
            self._remember(flow)
        elif type_ in {"transformed", "charged"}:
            yield from self._separated(flow)

    def _weighed(self, flow: Flow) -> Iterator[Finding]:
        off = []
        batches = []
        for row in flow.event.rows("lines.chain", "lines.partner"):
            tolerance, difference = row.get("tolerance_mg"), row.get("difference_mg")
            if not tolerance or difference is None:
                continue
            limit_k = self._limits.comparisons(flow.at, "weighings", 2)
            allowed = tolerance * limit_k // (_TOLERANCE_K * MILLI)
            if abs(difference) > allowed:
                off.append([row["batch"], difference, allowed, limit_k])
                batches.append(row["batch"])
        if off:
            yield Finding(
                "weighing-difference",
                "grave",
                {
                    "masses": [[batch, difference] for batch, difference, _, _ in off],
                    "sender": flow.event.scalar("receipt").get("from", ""),
                },
                (entry_of(flow),),
                tuple(batches),
                formula="weighing",
                tolerance={"mass_limits": [[batch, allowed] for batch, _, allowed, _ in off], "k_milli": off[0][3]},
            )

    def _unexpected(self, flow: Flow) -> Iterator[Finding]:
        rows = [
            (row["batch"], unit)
            for row in flow.event.rows("lines.chain", "lines.partner")
            for unit in row.get("units") or ()
            if unit["state"] == "unexpected"
        ]
        if rows:
            facts = {"serials": [unit["serial"] for _, unit in rows]}
            batches = tuple(dict.fromkeys(batch for batch, _ in rows))
            yield Finding("unit-unexpected", "grave", facts, (entry_of(flow),), batches)

    # -- tolling -----------------------------------------------------------------------------------------------

    def _unseparated(self, product: str) -> bool:
        row = self._limits.reference.row("products", product)
        return row is not None and len((row.get("holds") or {}).get("main") or ()) >= _FEED_ELEMENTS

    def _tolled(self, flow: Flow) -> Iterator[Finding]:
        shipment = flow.event.scalar("shipment")
        if self._limits.country != "CN" or shipment.get("purpose") != "processing":
            return
        feed = [goods for goods in flow.ins if self._unseparated(goods.product)]
        if feed:
            facts = {"to": _partner(flow), "products": sorted({goods.product for goods in feed})}
            yield Finding("tolling-shipped", "grave", facts, (entry_of(flow),), tuple(goods.batch for goods in feed))

    def _separated(self, flow: Flow) -> Iterator[Finding]:
        if self._limits.country != "CN" or "separation" not in flow.processes:
            return
        rows = [row for row in flow.event.rows("inputs.chain", "inputs.authority") if row.get("owner")]
        if rows:
            facts = {"owners": sorted({row["owner"] for row in rows})}
            batches = tuple(dict.fromkeys(row["batch"] for row in rows))
            yield Finding("tolling-separated", "grave", facts, (entry_of(flow),), batches)

    # -- rings -------------------------------------------------------------------------------------------------

    def _remember(self, flow: Flow) -> None:
        if flow.event.scalar("shipment").get("purpose") != "sale":
            return
        batches = tuple(goods.batch for goods in flow.ins)
        for element, (ug, u_ug) in _totals(flow.ins).items():
            sent = self._sent.setdefault((_partner(flow), element), [])
            sent.append((flow.at, ug, u_ug, entry_of(flow), batches))
            days = self._limits.value["ring_days"]
            while sent and days_between(sent[0][0], flow.at) > days:
                sent.pop(0)

    def _back(self, flow: Flow) -> Iterator[Finding]:
        """The element of which most came back decides: a small one may agree by chance."""
        if not self._sent:
            return
        if flow.event.type == "received" and flow.event.scalar("receipt").get("purpose") != "sale":
            return
        partner = _partner(flow)
        totals = _totals(flow.outs)
        if not totals or not partner:
            return
        element, (ug, u_ug) = max(totals.items(), key=lambda item: (item[1][0], item[0]))
        for at, sent_ug, sent_u, entry, batches in self._sent.get((partner, element), ()):
            days = days_between(at, flow.at)
            allowed = isqrt(u_ug**2 + sent_u**2) * _COVERAGE
            if 0 <= days <= self._limits.value["ring_days"] and abs(ug - sent_ug) <= allowed:
                yield Finding(
                    "ring",
                    "mild",
                    {
                        "partner": partner,
                        "sent": [[element, str(sent_ug)]],
                        "back": [[element, str(ug)]],
                        "days": days,
                    },
                    (entry, entry_of(flow)),
                    tuple(dict.fromkeys((*batches, *(goods.batch for goods in flow.outs)))),
                    (element,),
                    formula="ring",
                    tolerance={"days_allowed": self._limits.value["ring_days"], "same_ug": str(allowed)},
                )
                return


def _totals(goods: tuple[Goods, ...]) -> dict[str, tuple[int, int]]:
    """Element → (µg, its uncertainty in µg), as if all figures erred together: a ring is not missed by a small u."""
    sums: dict[str, tuple[int, int]] = {}
    for one in goods:
        for element, (ug, u_ppm) in one.elements.items():
            had = sums.get(element, (0, 0))
            sums[element] = (had[0] + ug, had[1] + ug * u_ppm // PPM)
    return sums


def _partner(flow: Flow) -> str:
    """Whoever the goods went to or came from: a member's name, or what is known of somebody outside."""
    event = flow.event
    if event.type == "received":
        return str(event.scalar("receipt").get("from", ""))
    to = event.scalar("shipment").get("to")
    if to is not None:
        return str(to)
    outside = event.scalar("party").get("outside") or event.scalar("origin").get("outside") or {}
    return str(outside.get("uscc") or outside.get("eori") or outside.get("lei") or outside.get("name") or "")
