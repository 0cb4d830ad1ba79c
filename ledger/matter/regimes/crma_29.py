"""EU Critical Raw Materials Act, Article 29: the recycled share of each material in a product's magnets.
https://eur-lex.europa.eu/eli/reg/2024/1252/oj

Post-consumer and pre-consumer stand apart; which of them count, the reference data says. What a plant runs around
itself counts nowhere, and certificates are no content of these goods.
"""

from typing import Any

from ledger.matter.elements import ELEMENTS
from ledger.matter.provenance import RECYCLED
from ledger.matter.reference import Reference
from ledger.matter.regimes.reports import Report
from ledger.matter.regimes.trace import Trace
from ledger.matter.vectors import show_part

NAME = "crma-29"


def crma_29(trace: Trace, reference: Reference) -> Report:
    report = Report(NAME, {"batch": trace.batch, **trace.unit}, reference)
    report.lacks_history(trace)
    _judge_mass(report, trace)
    _tell_shares(report, trace)
    report.rule("applies")
    return report


def _judge_mass(report: Report, trace: Trace) -> None:
    """Of the product that the magnets are built into; magnets by themselves are no such product yet."""
    threshold_mg = report.rule("threshold")["mg"]
    kinds, subject = trace.kinds(report.reference), trace.subject
    if not kinds & {*report.rule("magnets")["texts"]}:
        report.lacks("magnet-kind-unknown", product=None if subject is None else subject.product)
    parts = trace.parents.get(trace.batch or "", ())
    magnets = {goods.batch for goods in trace.magnets(report.reference)}
    if subject is None or subject.batch in magnets or not magnets:
        report.lacks("product-not-here")
        return
    amounts = [one.mg for one in parts]
    known = [mg for mg in amounts if mg is not None]
    if len(known) < len(amounts) or {one.batch for one in parts} != magnets or not subject.count:
        report.lacks("magnet-mass-unknown")
        return
    report.says("mass-per-product", subject.word, mg=sum(known) // subject.count, threshold_mg=threshold_mg)
    report.covered = sum(known) > threshold_mg * subject.count


def _tell_shares(report: Report, trace: Trace) -> None:
    materials, counted = report.rule("elements")["texts"], report.rule("classes")["texts"]
    others = [one for one in materials if one not in ELEMENTS]
    if others:
        report.lacks("material-not-followed", materials=others)
    told = trace.origins
    if told is None:
        report.lacks("origins-not-told")
        return
    report.says("model", told.word, "provenance", model=told.model)
    if told.model == "book_and_claim":
        report.lacks("book-and-claim")
        return
    followed = [one for one in materials if one in ELEMENTS]
    absent = [one for one in followed if one not in told.elements]
    if absent:
        report.says("none-recorded", told.word, "provenance", elements=absent)
    for element in (one for one in followed if one in told.elements):
        for feed_class in (one for one in RECYCLED[:2] if one in told.recycled.get(element, {})):
            row = told.recycled[element][feed_class]
            facts: dict[str, Any] = {
                "element": element,
                "feed_class": feed_class,
                "part": show_part(row),
                "mid_ppb": row[0],
                "lo_ppb": row[1],
                "hi_ppb": row[2],
            }
            code = "recycled" if feed_class in counted else "recycled-besides"
            if code == "recycled-besides" and not row[2]:
                continue
            report.says(code, told.word, "provenance", **facts)
        unknown = [row for origin, row in told.elements[element].items() if origin.startswith(("ZZ/", "XX/"))]
        for row in unknown:
            report.lacks("origin-unknown", element=element, part=show_part(row))
