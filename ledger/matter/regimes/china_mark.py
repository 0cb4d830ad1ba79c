"""What China's mandatory mark on packages, and the quality certificate that goes with goods, are to say.

The names on a mark are coarse: the main producers, where there are several. The report names all that are known.
"""

from collections.abc import Iterable

from ledger.matter.reference import Reference
from ledger.matter.regimes.crma_28 import measured
from ledger.matter.regimes.reports import Report
from ledger.matter.regimes.trace import Goods, Trace

NAME = "china-mark"


def china_mark(trace: Trace, reference: Reference) -> Report:
    report = Report(NAME, {"batch": trace.batch, **trace.unit}, reference)
    report.lacks_history(trace)
    if trace.subject is not None:
        _tell_goods(report, trace, trace.subject)
        _tell_producers(report, trace, trace.subject)
        _tell_analysis(report, trace.subject)
    for code in ("gross-mass", "standard-no", "ex-works-date"):
        report.lacks(code)
    return report


def _tell_goods(report: Report, trace: Trace, goods: Goods) -> None:
    report.shows("made-by", trace, goods.word, organisation=goods.word.organisation)
    row = report.reference.products.get(goods.product)
    if row is None:
        report.lacks("product-unknown", product=goods.product)
    else:
        report.says("product", goods.word, product=goods.product, en=row["en"], zh=row["zh"])
    if goods.lot_no:
        report.says("lot", goods.word, lot=goods.lot_no)
    else:
        report.lacks("lot")
    net_mg, pieces = trace.unit.get("net_mg", goods.mg), trace.unit.get("count", goods.count)
    if net_mg is None:
        report.lacks("net-mass")
    else:
        report.says("net-mass", goods.word, mg=net_mg, pieces=pieces)
    if "serial" in trace.unit:
        report.shows("label", trace, None, unit=trace.unit["unit"], serial=trace.unit["serial"])


def _tell_producers(report: Report, trace: Trace, goods: Goods) -> None:
    form = report.reference.form(goods.product)
    mined = [one for one in trace.entered() if (one.origin or {}).get("class") == "mined"]
    scrap = [one for one in trace.entered() if (one.origin or {}).get("class") == "recycled"]
    if form in report.rule("producer")["texts"]:
        _name(report, "producer", mined)
    if form in report.rule("ore-producers")["texts"]:
        _name(report, "ore-producer", mined)
        for one in scrap:
            report.lacks("scrap-supplier", lot=one.lot_no or one.batch, organisation=one.word.organisation)
    if form in report.rule("oxide-producers")["texts"]:
        oxides = report.rule("oxide-forms")["texts"]
        makers = [one for _, one in sorted(trace.goods.items()) if report.reference.form(one.product) in oxides]
        _name(report, "oxide-producer", [one for one in makers if one.batch != goods.batch])
    if form in report.rule("scrap-producer")["texts"]:
        _name(report, "scrap-producer", [one for one in [goods] if one.origin is None])
    for one in trace.entered():
        if (one.origin or {}).get("class") not in ("mined", "recycled") and one.holds_rare_earths(report.reference):
            report.lacks("producer-outside", lot=one.lot_no or one.batch, how=(one.origin or {}).get("class"))


def _name(report: Report, code: str, makers: Iterable[Goods]) -> None:
    named = {one.word.organisation: one.word for one in makers}
    for organisation, word in named.items():
        report.says(code, word, organisation=organisation)
    if not named:
        report.lacks(code)


def _tell_analysis(report: Report, goods: Goods) -> None:
    lot, assay = goods.lot_no or goods.batch, goods.assay or {}
    if not measured(goods):
        report.lacks("composition-not-measured", lot=lot)
        return
    if "total_reo_pct" in assay:
        report.says("total-reo", goods.word, "balance", lot=lot, percent=assay["total_reo_pct"])
    for code, element, percent in measured(goods):
        report.says(code, goods.word, "balance", lot=lot, element=element, percent=percent)
    for name, gap in (("lab", "laboratory"), ("issued_at", "test-date")):
        if assay.get(name):
            report.says(gap, goods.word, value=assay[name])
        else:
            report.lacks(gap, lot=lot)
