"""China's monthly flow report: what an organisation's own log says of a month, product by product.

    closing = opening + purchased + other_in + produced - consumed - sold - exported - other_out + corrected

It prepares the official upload, and is none. Masses are as custody counts them (mg, on each batch's own basis); beside
them stands what they come to as REO, by the assays that are known, and how much of the mass has none. A closed month
stays as it was: what is recorded for it later is in the first open one. What is sold and bought is told by purpose: a
sale; everything else is other. What a correction or a later assay tells anew of an earlier entry is in that entry's
column as long as its month is open, and in `corrected` after that.

Promises: columns add up, to the milligram and the microgram. Does not check: the books (balance.py and findings do).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.matter.books import next_month
from ledger.matter.elements import reo_ug
from ledger.matter.flows import Flow, Goods
from ledger.matter.genealogy import made
from ledger.matter.reference import Reference
from ledger.matter.regimes.words import FLOW_GAPS
from ledger.matter.rejected import Rejected

NAME = "china-flows"
INS, OUTS = ("purchased", "other_in", "produced"), ("consumed", "sold", "exported", "other_out")
COLUMNS = ("opening", *INS, *OUTS, "corrected", "closing")
_SIGNS = {**dict.fromkeys(INS, 1), **dict.fromkeys(OUTS, -1), "corrected": 1}
_PROVES_IMPORT, _PROVES_EXPORT, _INVOICES = "customs_declaration", "export_licence", ("special_invoice", "invoice")


@dataclass
class _Amount:
    """Of one product in one column: mass, REO, and the mass of which no composition is known."""

    mg: int = 0
    reo_ug: int = 0
    unknown_mg: int = 0
    typical_mg: int = 0

    def add(self, other: "_Amount", sign: int) -> None:
        self.mg += sign * other.mg
        self.reo_ug += sign * other.reo_ug
        self.unknown_mg += sign * other.unknown_mg
        self.typical_mg += sign * other.typical_mg


@dataclass
class FlowReport:
    """`rows`: product → column → amount. `trades`: what was bought and sold, with whom, under which papers.
    `pools_reo_ug`: what is in pools at the end of the month, and in no product's stock.
    """

    month: str
    about: Mapping[str, Any]
    closed: bool = False
    rows: dict[str, dict[str, _Amount]] = field(default_factory=dict)
    trades: list[dict[str, Any]] = field(default_factory=list)
    losses: dict[str, int] = field(default_factory=dict)
    pools_reo_ug: int = 0
    gaps: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    size: int = 0

    def to_json(self, reference: Reference) -> dict[str, Any]:
        row = reference.tables["regimes"][NAME]
        return {
            "regime": NAME,
            "name": {"en": row["en"], "zh": row["zh"]},
            "law": row["law"],
            "month": self.month,
            "due": f"{next_month(self.month)}-{reference.tables['regime_rules'][f'{NAME}.due-day']['whole']:02d}",
            "closed": self.closed,
            "organisation": dict(self.about),
            "size": self.size,
            "rows": [
                {
                    "product": product,
                    "name": {"en": reference.product_name(product, "en"), "zh": reference.product_name(product, "zh")},
                    **{
                        column: {"mg": one.mg, "reo_ug": str(one.reo_ug), "unknown_mg": one.unknown_mg}
                        for column, one in columns.items()
                    },
                }
                for product, columns in sorted(self.rows.items())
            ],
            "pools_reo_ug": str(self.pools_reo_ug),
            "losses": [{"kind": kind, "mg": mg} for kind, mg in sorted(self.losses.items())],
            "trades": self.trades,
            "gaps": [
                {
                    "code": code,
                    "facts": dict(facts),
                    "text": dict(zip(("en", "zh"), (text.format(**facts) for text in FLOW_GAPS[code]), strict=True)),
                }
                for code, facts in self.gaps
            ],
            "ruleset": reference.ruleset,
            "source": row["source"],
            "confidence": row["confidence"],
        }

    def lacks(self, code: str, **facts: Any) -> None:
        if (code, facts) not in self.gaps:
            self.gaps.append((code, facts))


def report_flows(flows: Iterable[Flow], month: str, about: Mapping[str, Any], reference: Reference) -> FlowReport:
    """The month's report. `flows` are all of the log in their order; `about` is the organisation itself."""
    report = FlowReport(month, about)
    goods, open_from = _Goods(), ""
    for flow in map(goods.told, flows):
        report.size = flow.index + 1
        if flow.event.type == "period_closed":
            closed = flow.event.scalar("period")["month"]
            open_from = max(open_from, next_month(closed))
            report.closed = report.closed or closed == month
        for one in (flow, *_told_anew(flow)):
            booked = max(one.at[:7], open_from)
            if booked <= month:
                is_late = one is not flow and one.at[:7] < open_from
                _book(report, one, booked == month, reference, corrected=is_late)
        if max(flow.at[:7], open_from) <= month:
            report.pools_reo_ug += _pooled(flow, reference)
    _end(report, about)
    return report


def _told_anew(flow: Flow) -> Iterator[Flow]:
    """What earlier entries move more or less since this one. An assay tells the whole batch by its new figures already:
    what earlier entries moved of that batch is taken out of it again, and counted in theirs (as in watch_elements.py).
    """
    batches = {goods.batch for goods in flow.outs}
    for restated in flow.restated:
        change = restated.change
        told = replace(change, ins=_net(change.ins), outs=_net(change.outs), losses=_net(change.losses))
        if flow.event.type in ("assayed", "assay_agreed"):
            ins, outs = (tuple(one for one in side if one.batch in batches) for side in (told.ins, told.outs))
            yield replace(flow, at=told.at, ins=outs, outs=ins, losses=(), restated=())
            yield replace(flow, ins=ins, outs=outs, losses=(), restated=())
        yield told


def _net(goods: Iterable[Goods]) -> tuple[Goods, ...]:
    """One amount for each batch."""
    found: dict[tuple[str, str], Goods] = {}
    for one in goods:
        known = found.get((one.batch, one.product))
        if known is not None:
            elements = {element: known.elements.get(element, (0, 0)) for element in {**known.elements, **one.elements}}
            for element, (ug, u_ppm) in one.elements.items():
                elements[element] = (elements[element][0] + ug, u_ppm)
            one = replace(known, mg=known.mg + one.mg, elements=elements)  # noqa: PLW2901 - it replaces what it joins
        found[one.batch, one.product] = one
    return tuple(found.values())


class _Goods:
    """What flows alone do not tell: the product of goods without a known composition, and what was never ours."""

    def __init__(self) -> None:
        self._products: dict[str, str] = {}
        self._rejected = Rejected()

    def told(self, flow: Flow) -> Flow:
        event = flow.event
        self._products.update((one.batch, one.product) for one in made(event))
        for row in event.rows("lines.chain", "lines.partner"):
            if "batch" in row and "product" in row:
                self._products[row["batch"]] = row["product"]
        back = self._rejected.going_back(flow)
        ins = [one for one in flow.ins if one not in back]
        return replace(flow, ins=tuple(map(self._named, ins)), outs=tuple(map(self._named, flow.outs)))

    def _named(self, goods: Goods) -> Goods:
        return goods if goods.product else replace(goods, product=self._products.get(goods.batch, "unknown"))


def _book(report: FlowReport, flow: Flow, now: bool, reference: Reference, *, corrected: bool) -> None:
    """`corrected`: it belongs to a month that is closed."""
    for column, sign, goods in _corrected(flow) if corrected else _columns(flow, report.about.get("country")):
        amount = _amount(goods, reference)
        amounts = _product(report, goods.product)
        if now:
            amounts[column].add(amount, sign)
        else:
            amounts["opening"].add(amount, sign * _SIGNS[column])
    if now:
        for loss in flow.losses:
            report.losses[loss.product] = report.losses.get(loss.product, 0) + loss.mg
        _trade(report, flow, reference)


def _product(report: FlowReport, product: str) -> dict[str, _Amount]:
    if product not in report.rows:
        report.rows[product] = {column: _Amount() for column in COLUMNS}
    return report.rows[product]


def _columns(flow: Flow, country: str | None) -> Iterator[tuple[str, int, Goods]]:
    """Where the goods of a flow stand, with the sign in that column. `country` is the organisation's own."""
    type_, event = flow.event.type, flow.event
    if type_ in ("registered", "received"):
        bought = event.scalar("receipt").get("purpose") == "sale" or event.scalar("origin").get("class") in (
            "bought_outside",
            "imported",
            "recycled",
        )
        mined = event.scalar("origin").get("class") == "mined"
        yield from (("produced" if mined else "purchased" if bought else "other_in", 1, one) for one in flow.outs)
    elif type_ in ("shipped", "removed"):
        yield from ((_sold(flow, country), 1, one) for one in flow.ins)
    elif type_ == "acknowledged":
        yield from (("other_in", 1, one) for one in flow.outs)
    elif type_ in ("transformed", "assembled", "dismantled", "sampled", "charged", "drawn"):
        yield from (("consumed", 1, one) for one in flow.ins)
        yield from (("produced", 1, one) for one in flow.outs)
    elif type_ not in ("closed", "quota_granted"):
        yield from _corrected(flow)


def _corrected(flow: Flow) -> Iterator[tuple[str, int, Goods]]:
    yield from (("corrected", -1, one) for one in flow.ins)
    yield from (("corrected", 1, one) for one in flow.outs)


def _pooled(flow: Flow, reference: Reference) -> int:
    """µg of REO by which the content of pools grows. One that is not measured goes on as booked, if it goes on."""
    ins = sum(_amount(one, reference).reo_ug for one in flow.ins)
    outs = sum(_amount(one, reference).reo_ug for one in flow.outs)
    if flow.event.type == "charged":
        return ins
    if flow.event.type == "drawn":
        return -outs
    if flow.event.type == "closed":
        return outs - ins if flow.outs or "opens" not in flow.event.ids else 0
    return 0


def _sold(flow: Flow, country: str | None) -> str:
    event = flow.event
    if event.scalar("shipment").get("purpose") != "sale":
        return "other_out"
    outside = event.scalar("party").get("outside") or {}
    return "exported" if outside.get("country", country) != country else "sold"


def _amount(goods: Goods, reference: Reference) -> _Amount:
    holds = reference.products.get(goods.product, {}).get("holds")
    none = holds is not None and not holds["main"]
    reo = reo_ug(((element, ug) for element, (ug, _) in goods.elements.items()), reference.factors)
    unknown = 0 if goods.elements or none else goods.mg
    return _Amount(goods.mg, reo, unknown, goods.mg if goods.elements and not goods.sure else 0)


def _trade(report: FlowReport, flow: Flow, reference: Reference) -> None:
    """A line for each purchase and sale, and what its papers lack."""
    event = flow.event
    columns = {column for column, _, _ in _columns(flow, report.about.get("country"))} & {
        "purchased",
        "sold",
        "exported",
    }
    if not columns or event.type == "sampled":
        return
    column = columns.pop()
    origin, outside = event.scalar("origin"), event.scalar("party").get("outside") or {}
    partner = event.scalar("receipt").get("from") or event.scalar("shipment").get("to") or outside.get("name")
    papers = [{"kind": one["kind"], "no": one.get("no")} for one in event.scalar("documents").get("list", ())]
    kinds = {one["kind"] for one in papers}
    for goods in flow.outs or flow.ins:
        amount = _amount(goods, reference)
        report.trades.append(
            {
                "entry": flow.index,
                "day": flow.at[:10],
                "column": column,
                "product": goods.product,
                "mg": amount.mg,
                "reo_ug": str(amount.reo_ug),
                "partner": partner,
                "uscc": outside.get("uscc"),
                "country": outside.get("country") or origin.get("country"),
                "origin_class": origin.get("class"),
                "feed_class": origin.get("feed_class"),
                "documents": papers,
            }
        )
    if partner is None:
        report.lacks("partner-unknown", entry=flow.index)
    elif outside and not outside.get("uscc") and column != "exported":
        report.lacks("partner-without-uscc", entry=flow.index, partner=partner)
    if origin.get("class") == "imported" and _PROVES_IMPORT not in kinds:
        report.lacks("import-without-declaration", entry=flow.index)
    if column == "exported" and _PROVES_EXPORT not in kinds:
        report.lacks("export-without-licence", entry=flow.index)
    if column in ("purchased", "sold") and kinds.isdisjoint(_INVOICES):
        report.lacks("trade-without-invoice", entry=flow.index)


def _end(report: FlowReport, about: Mapping[str, Any]) -> None:
    """Closings, and what the whole lacks; products of which nothing was there nor moved are left out."""
    for product, columns in list(report.rows.items()):
        columns["closing"].add(columns["opening"], 1)
        for column, sign in _SIGNS.items():
            columns["closing"].add(columns[column], sign)
        if not any(one.mg or one.reo_ug for one in columns.values()):
            del report.rows[product]
            continue
        if any(one.unknown_mg for one in columns.values()):
            report.lacks("reo-unknown", product=product)
        if any(one.typical_mg for one in columns.values()):
            report.lacks("reo-typical", product=product)
        if columns["closing"].mg < 0:
            report.lacks("closing-negative", product=product, mg=columns["closing"].mg)
    if not about.get("uscc"):
        report.lacks("own-uscc-unknown")
    if not report.closed:
        report.lacks("month-open", month=report.month)
