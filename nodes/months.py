"""A month's books as people look at them: by element, which entries made them, and what should be done before closing.

Figures come from the inspection (nodes/findings.py). Does not decide whether a month may be closed: the rules do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.matter.books import BookRow, next_month
from ledger.matter.flows import Flow, Goods
from ledger.matter.quota import AccountKey
from nodes import attesting, pools, regimes
from nodes.clock import stamp
from nodes.node import Node
from nodes.shipping import arrivals
from nodes.store import drafts, lists, log, upstream

LOOKED_AT, ENTRIES_MOST = 200, 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """What should be done before a month is closed: its kind (`NAMED["waiting"]`), how much of it, where it is done."""

    kind: str
    count: int
    path: str


@dataclass(frozen=True, slots=True)
class Month:
    """`over`: it has ended; `first`: the first open month with movements, "" for none. `reports`: what was handed in
    for it: (entry, receipt number, day).
    """

    month: str
    closed: bool
    over: bool
    first: str
    rows: tuple[BookRow, ...]
    waiting: tuple[Waiting, ...]
    reports: tuple[tuple[int, str, str], ...]

    @property
    def may_be_closed(self) -> bool:
        return self.over and not self.closed and self.first in ("", self.month)


@dataclass(frozen=True, slots=True)
class Moved:
    """What an entry moved of an element, in µg: in, out, and booked as lost."""

    index: int
    type: str
    at: str
    in_ug: int
    out_ug: int
    lost_ug: int


@dataclass(frozen=True, slots=True)
class Granted:
    """A batch of a quota, as the authority granted it."""

    holder: str
    kind: str
    year: str
    batch: int
    feed_class: str
    mg: int
    at: str


@dataclass(frozen=True, slots=True)
class Account:
    """A quota account. `left_mg` is below zero where more was used than granted."""

    key: AccountKey
    granted_mg: int
    used_mg: int
    pending_mg: int
    left_mg: int
    share_ppm: int
    is_near: bool


def listed(node: Node) -> list[tuple[str, bool]]:
    """(month, whether it is closed) of all months with books, the newest first."""

    def look(watch: Any, _: int) -> dict[str, bool]:
        return {**dict.fromkeys(watch.inspector.months, False), **dict.fromkeys(watch.inspector.rows, True)}

    return sorted(node.inspection.ask(look).items(), reverse=True)


def month(node: Node, name: str, owner: str) -> Month:
    rows, closed, first, _ = node.inspection.books(name)
    over = stamp(node.clock())[:7] > name
    waiting = () if closed else tuple(one for one in _waiting(node, name, owner) if one.count)
    return Month(name, closed, over, first, tuple(rows), waiting, tuple(_reports(node, name)))


def _waiting(node: Node, name: str, owner: str) -> Iterator[Waiting]:
    with node.store.read() as conn:
        kept = drafts.listed(conn, owner, waiting=True, before=lists.LATEST, limit=LOOKED_AT)
        coming = arrivals(conn, lists.arrivals(conn, limit=LOOKED_AT, is_open=True))
    yield Waiting("drafts", len(kept), "/corrections")
    yield Waiting("arrivals", sum(str(one.get("at") or "")[:7] <= name for one in coming), "/arrivals")
    yield Waiting("pools", sum(one["in_mg"] > 0 for one in pools.pools(node) if one["period"]), "/pools")
    found = node.inspection.findings()
    yield Waiting("findings", sum(not one.answers and one.booked_in == name for one in found), "/findings")


def _reports(node: Node, name: str) -> Iterator[tuple[int, str, str]]:
    with node.store.read() as conn:
        entries = log.of_types(conn, ["reported"])
    for entry in entries:
        told = entry.event.scalar("report")
        if told["month"] == name:
            yield entry.index, str(told.get("receipt_no") or ""), told["at"]


def moved(node: Node, name: str, element: str) -> list[Moved]:
    """The entries that are booked in a month and moved the element, or changed what earlier ones moved."""
    found, open_from = [], ""
    for flow in regimes.own_flows(node):
        if flow.event.type == "period_closed":
            open_from = max(open_from, next_month(flow.event.scalar("period")["month"]))
        if flow.at and max(flow.at[:7], open_from) == name:
            one = _moved(flow, element)
            if one.in_ug or one.out_ug or one.lost_ug or any(_ug(told.now.outs, element) for told in flow.restated):
                found.append(one)
    return found[-ENTRIES_MOST:]


def _moved(flow: Flow, element: str) -> Moved:
    amounts = (_ug(goods, element) for goods in (flow.ins, flow.outs, flow.losses))
    return Moved(flow.index, flow.event.type, flow.at, *amounts)


def _ug(goods: tuple[Goods, ...], element: str) -> int:
    return sum(one.elements[element][0] for one in goods if element in one.elements)


# -- quota --------------------------------------------------------------------------------------------------------


def accounts(node: Node) -> list[Account]:
    """By year, the newest first; at an authority everybody's."""
    found = []
    for key, one in attesting.quotas(node):
        warn = node.reference.tables["quotas"][key.kind]["warn"]["ppm"]
        left = one.granted_mg - one.total_mg
        near = one.share_ppm >= min(warn)
        found.append(Account(key, one.granted_mg, one.used_mg, one.pending_mg, left, one.share_ppm, near))
    return sorted(found, key=lambda one: (one.key.year, one.key.kind, one.key.quota_class), reverse=True)


def grants(node: Node) -> list[Granted]:
    """What the authority granted in batches, as far as it was told here, the newest first."""
    with node.store.read() as conn:
        own = [one.event for one in log.of_types(conn, ["quota_granted"])]
        others = [one.entry.event for one in upstream.openings_of(conn, "quota_granted", limit=LOOKED_AT)]
    found = [
        Granted(
            told["to"], told["kind"], str(told["year"]), told["batch"], told["feed_class"], told["reo_mg"], told["at"]
        )
        for told in (one.scalar("grant") for one in [*own, *others])
        if told
    ]
    return sorted(dict.fromkeys(found), key=lambda one: one.at, reverse=True)
