"""The rules on orders of the authority, as one log shows them.

order-goods-moved   goods were used, moved, sent or sold that an order, delivered before, had frozen
order-unanswered    an order was delivered, and days later no hold names it

Of a part of what stands loose, flows do not tell what was left beside it: once a hold obeys the order, custody keeps
it, also in a replay; until one does, the order is unanswered.

An order is an entry of the authority's log. From when it binds is told with it: before the entries that came after its
delivery, at the addressee; by the time of the delivery note, at the authority.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.matter.custody import touches
from ledger.matter.dates import days_between
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow
from ledger.matter.limits import Limits, entry_of
from ledger.matter.reconciling import absolute

_TAKING = frozenset(
    {
        *("transformed", "packed", "unpacked", "moved", "shipped", "assembled", "dismantled", "removed", "charged"),
        *("sampled", "title_transferred", "pledged"),
    }
)
"""What an order forbids to do with the goods that it freezes."""


@dataclass(slots=True)
class _Order:
    """`goods`: what it freezes, ("batch" or "unit", `log#id`). It binds entries recorded after `since` up to `until`,
    and waits for a hold from `waits_since` on.
    """

    id: str
    to: str
    entry: Entry
    goods: frozenset[tuple[str, str]]
    batches: tuple[str, ...]
    since: str
    until: str = ""
    waits_since: str = ""
    answered: bool = False


class Orders:
    """Takes flows in the order of the log."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._orders: dict[str, _Order] = {}

    def told(self, told: Flow, delivered_at: str) -> None:
        """An `ordered` that binds entries recorded after `delivered_at`; without that, all from now on."""
        order = told.event.scalar("order")
        if order["kind"] == "release":
            ended = absolute(order["ends"], told)
            if delivered_at and ended in self._orders:
                self._orders[ended].until = delivered_at
            else:
                self._orders.pop(ended, None)
            return
        rows = [row for row in told.event.rows("lines.partner") if "batch" in row]
        goods = [("unit", row["unit"]) if "unit" in row else ("batch", row["batch"]) for row in rows if "mg" not in row]
        batches = tuple(dict.fromkeys(absolute(row["batch"], told) for row in rows))
        id_ = absolute(told.event.ids["order"], told)
        named = frozenset((kind, absolute(one, told)) for kind, one in goods)
        self._orders[id_] = _Order(id_, order["to"], entry_of(told), named, batches, delivered_at)

    def take(self, flow: Flow) -> Iterator[Finding]:
        if not self._orders:
            return
        recorded_at, obeyed = flow.event.recorded_at, flow.event.scalar("reason").get("order")
        taken = {(kind, absolute(id_, flow)) for kind, id_ in touches(flow.event)} if flow.event.type in _TAKING else ()
        for order in self._orders.values():
            if recorded_at <= order.since or (order.until and recorded_at > order.until):
                continue
            order.waits_since = order.waits_since or order.since or recorded_at
            order.answered = order.answered or order.id == obeyed
            if order.goods.intersection(taken):
                facts = {"order": order.id, "event": flow.event.type}
                yield Finding("order-goods-moved", "grave", facts, (entry_of(flow), order.entry), order.batches)
        yield from self.overdue(recorded_at)

    def overdue(self, now: str) -> Iterator[Finding]:
        """Orders that wait for a hold, as of `now`."""
        days_allowed = self._limits.value["order_days"]
        for order in self._orders.values():
            waits_since = order.waits_since or order.since
            waited = not order.answered and not order.until and waits_since
            if waited and days_between(waits_since, now) > days_allowed:
                facts = {"order": order.id, "addressee": order.to}
                tolerance = {"days_allowed": days_allowed}
                yield Finding(
                    "order-unanswered",
                    "grave",
                    facts,
                    (order.entry,),
                    order.batches,
                    formula="overdue",
                    tolerance=tolerance,
                )
