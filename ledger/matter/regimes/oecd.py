"""What the ledger contributes to the five steps of the OECD Due Diligence Guidance for responsible supply chains.

Traceability supports due diligence and does not replace it: steps 3 and 5 are acts of people, and gaps here always.
"""

from typing import Any

from ledger.matter.reference import Reference
from ledger.matter.regimes.reports import Report
from ledger.matter.regimes.stages import stage_of
from ledger.matter.regimes.trace import Trace

NAME = "oecd"


def oecd(trace: Trace, reference: Reference) -> Report:
    report = Report(NAME, {"batch": trace.batch, **trace.unit}, reference)
    report.lacks_history(trace)
    report.shows(
        "records", trace, None, entries=trace.entries, logs=len(trace.organisations), handovers=trace.handovers
    )
    for log, one in sorted(trace.organisations.items()):
        report.says("organisation", None, log=log, organisation=one.name, role=one.role, country=one.country)
        if one.suspended:
            report.says("flag-suspended", None, organisation=one.name, registry=one.admitted_by)
    _flag_origins(report, trace)
    _tell_audits(report, trace)
    report.lacks("risk-response")
    report.lacks("yearly-report")
    return report


def _flag_origins(report: Report, trace: Trace) -> None:
    risky = report.rule("risk-countries")["texts"]
    for goods in trace.entered():
        origin = goods.origin or {}
        country, how = origin.get("country"), origin.get("class")
        facts: dict[str, Any] = {
            "site": goods.site,
            "product": goods.product,
            "organisation": goods.word.organisation,
            "country": country,
            "how": how,
        }
        report.says("flag-origin" if country in risky else "entered", goods.word, day=goods.at[:10], **facts)
        if not origin:
            report.lacks("origin-not-disclosed", batch=goods.batch)
        elif how not in ("mined", "recycled") and goods.holds_rare_earths(report.reference):
            report.lacks("history-before-unknown", batch=goods.batch, how=how, country=country)
    for step in trace.steps:
        if step.country in risky:
            report.says("flag-step", step.word, process=step.process, country=step.country, site=step.site)
    if trace.origins is None:
        report.lacks("origins-not-told")
    elif trace.origins.model == "book_and_claim":
        report.lacks("book-and-claim")


def _tell_audits(report: Report, trace: Trace) -> None:
    """Step 4: at the control points, somebody else has looked."""
    points = report.rule("control-points")["texts"]
    found = False
    for step in trace.steps:
        if stage_of(step.process, report.reference) not in points:
            continue
        found = True
        if step.word.attested:
            checks = sorted(step.word.attested)
            by = sorted({log for check in checks for log in step.word.attested[check]})
            report.says("audited", step.word, checks[0], organisation=step.word.organisation, by=by, checks=checks)
        else:
            report.lacks("control-point-not-audited", organisation=step.word.organisation, process=step.process)
    if not found:
        report.lacks("no-control-point")
