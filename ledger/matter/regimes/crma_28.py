"""EU Critical Raw Materials Act, Article 28: what is told of permanent magnets in a product.
https://eur-lex.europa.eu/eli/reg/2024/1252/oj

Composition stands here twice, apart: as a laboratory measured it, and as the product's data declares it.
"""

from collections.abc import Mapping
from typing import Any

from ledger.matter.reference import Reference
from ledger.matter.regimes.reports import Report
from ledger.matter.regimes.trace import Goods, Trace

NAME = "crma-28"
_COATINGS = ("coat", "gbd")


def crma_28(trace: Trace, reference: Reference) -> Report:
    report = Report(NAME, {"batch": trace.batch, **trace.unit}, reference)
    report.lacks_history(trace)
    _tell_kinds(report, trace)
    _tell_who(report, trace)
    for goods in trace.magnets(reference):
        _tell_magnets(report, trace, goods)
    for code in ("magnet-location", "removal-steps", "glues"):
        report.lacks(code)
    return report


def _tell_kinds(report: Report, trace: Trace) -> None:
    kinds = sorted(trace.kinds(report.reference) & {*report.rule("magnets")["texts"]})
    subject = trace.subject
    if kinds:
        report.says("magnet-kinds", None if subject is None else subject.word, kinds=kinds)
    else:
        report.lacks("magnet-kind-unknown", product=None if subject is None else subject.product)


def _tell_who(report: Report, trace: Trace) -> None:
    if trace.subject is not None:
        report.shows("made-by", trace, trace.subject.word, organisation=trace.subject.word.organisation)
    report.lacks("address")
    if "unit" in trace.unit:
        report.shows("label", trace, None, unit=trace.unit["unit"], serial=trace.unit.get("serial"))
    else:
        report.lacks("label")


def _tell_magnets(report: Report, trace: Trace, goods: Goods) -> None:
    parts = [one for one in trace.parents.get(trace.batch or "", ()) if one.batch == goods.batch]
    amounts = [one.mg for one in parts] if parts else [goods.mg]
    known = [mg for mg in amounts if mg is not None]
    if len(known) == len(amounts):
        pieces = None if trace.subject is None else trace.subject.count
        report.says("magnet-mass", goods.word, lot=goods.lot_no or goods.batch, mg=sum(known), pieces=pieces)
    else:
        report.lacks("magnet-mass-unknown")
    steps = [one for one in trace.steps if one.process in _COATINGS]
    for step in steps:
        report.says("coated", step.word, process=step.process, organisation=step.word.organisation)
    report.lacks("coating-kind" if steps else "coating-unknown")
    _tell_composition(report, goods)


def _tell_composition(report: Report, goods: Goods) -> None:
    lot = goods.lot_no or goods.batch
    for code, element, percent in measured(goods):
        report.says(code, goods.word, "balance", lot=lot, element=element, percent=percent)
    if not measured(goods):
        report.lacks("composition-not-measured", lot=lot)
    row = report.reference.products[goods.product]
    facts: dict[str, Any] = {"lot": lot, "product": goods.product}
    if "composition" in row:
        told = row["composition"]
        report.says("declared-total", None, **facts, percent=told["total_pct"], u=told["u_pct"], **_sourced(told))
    if "holds" in row:
        elements = [*row["holds"]["main"], *row["holds"]["others"]]
        report.says("declared-elements", None, **facts, elements=elements, **_sourced(row["holds"]))
    for key, grade in report.reference.tables["grades"].items():
        if grade["product"] == goods.product:
            prnd, dy = "–".join(grade["prnd_pct"]), "–".join(grade["dy_pct"])
            report.says("declared-grade", None, **facts, grade=key, prnd=prnd, dy=dy, **_sourced(grade))
    report.lacks("grade", lot=lot)


def measured(goods: Goods) -> list[tuple[str, str, str]]:
    """Code of the line, element and percent as a laboratory found them: of the mass as metal, or of the REO."""
    assay: Mapping[str, Any] = goods.assay or {}
    whole = [("measured", row[0], row[1]) for row in assay.get("elements_pct") or ()]
    return whole + [("measured-of-reo", row[0], row[1]) for row in assay.get("distribution_pct") or ()]


def _sourced(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"source": row["source"], "confidence": row["confidence"]}
