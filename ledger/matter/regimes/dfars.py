"""US DFARS 252.225-7052, restriction on certain magnets (10 USC 4872).

Lists every step with facility, country and date, and is not met where a covered country or a gap is among them. Mass
balance and certificates say nothing of these goods, and do not satisfy it. Its exceptions are not decided here.
"""

from typing import Any

from ledger.matter.reference import Reference
from ledger.matter.regimes.reports import Report
from ledger.matter.regimes.stages import stage_of
from ledger.matter.regimes.trace import Goods, Trace
from ledger.matter.vectors import show_part

NAME = "dfars-7052"
_MAY_HOLD_MAGNETS = ("magnet", "motor", "eol", None)
"""Forms of goods in which there may be magnets of a kind that nobody told."""


def dfars(trace: Trace, reference: Reference) -> Report:
    report = Report(NAME, {"batch": trace.batch, **trace.unit}, reference, gaps_break=True)
    countries = frozenset(report.rule("countries")["texts"])
    _judge_material(report, trace)
    report.lacks_history(trace)
    _judge_steps(report, trace, countries)
    for goods in trace.entered():
        _judge_entry(report, goods, countries)
    _judge_way(report, trace)
    _judge_origins(report, trace, countries)
    return report


def _judge_material(report: Report, trace: Trace) -> None:
    kinds = trace.kinds(report.reference) & {*report.rule("magnets")["texts"]}
    subject = trace.subject
    if kinds:
        report.says("magnet-kinds", None if subject is None else subject.word, kinds=sorted(kinds))
    elif subject is not None and report.reference.form(subject.product) not in _MAY_HOLD_MAGNETS:
        report.covered = False
    else:
        report.lacks("magnet-kind-unknown", product=None if subject is None else subject.product)


def _judge_steps(report: Report, trace: Trace, countries: frozenset[str]) -> None:
    """`since` tells from when on a step counts, "" for one that counts already; a step that is no production counts
    for nothing, and is listed all the same.
    """
    now, later = report.rule("stages"), report.rule("more-stages")
    since = {**dict.fromkeys(later["texts"], later["day"]), **dict.fromkeys(now["texts"], "")}
    for step in trace.steps:
        stage = stage_of(step.process, report.reference)
        counts = stage is None or stage in since
        report.says(
            "step" if counts else "step-besides",
            step.word,
            breaks=counts and step.country in countries,
            day=step.at[:10],
            process=step.process,
            stage=stage,
            site=step.site,
            country=step.country,
            organisation=step.word.organisation,
            since=since.get(stage or "", ""),
        )
        if stage is None:
            report.lacks("process-unknown", process=step.process, organisation=step.word.organisation)
        if counts and step.country is None:
            report.lacks("country-not-told", process=step.process, organisation=step.word.organisation)
        if counts and step.site is None:
            report.lacks("facility-not-told", process=step.process, organisation=step.word.organisation)


def _judge_entry(report: Report, goods: Goods, countries: frozenset[str]) -> None:
    """Goods that came into the ledger: mined, or with a history of which nothing is known here."""
    origin = goods.origin or {}
    facts: dict[str, Any] = {
        "day": goods.at[:10],
        "product": goods.product,
        "country": origin.get("country"),
        "organisation": goods.word.organisation,
        "how": origin.get("class"),
        "site": goods.site,
    }
    if not goods.holds_rare_earths(report.reference):
        report.says("holds-no-rare-earth", goods.word, **facts)
        return
    report.says("entered", goods.word, breaks=facts["country"] in countries, **facts)
    if not origin:
        report.lacks("origin-not-disclosed", batch=goods.batch)
    elif origin["class"] == "mined" and goods.site is None:
        report.lacks("facility-not-told", process="mine", organisation=goods.word.organisation)
    elif origin["class"] != "mined":
        report.lacks("history-before-unknown", batch=goods.batch, how=origin["class"], country=facts["country"])


def _judge_way(report: Report, trace: Trace) -> None:
    """From every mine, each stage that a magnet goes through is recorded on every way."""
    needed = report.rule("needed")["texts"]
    since = trace.since(lambda process: stage_of(process, report.reference))
    for goods in trace.entered():
        if (goods.origin or {}).get("class") != "mined" or goods.batch not in since:
            continue
        passed = {"mining", *since[goods.batch]}
        absent = [stage for stage in needed if stage not in passed]
        if absent:
            report.lacks("stage-not-recorded", stages=absent, batch=goods.batch)


def _judge_origins(report: Report, trace: Trace, countries: frozenset[str]) -> None:
    models = report.rule("models")["texts"]
    told = trace.origins
    if told is None:
        report.lacks("origins-not-told")
        return
    if told.model not in models:
        report.lacks("model-too-weak", model=told.model)
    if told.model == "book_and_claim":
        return
    for element, rows in told.elements.items():
        for origin, row in rows.items():
            country = origin.partition("/")[0]
            breaks = country in countries
            report.says("origin", told.word, "provenance", breaks=breaks, **_part(element, origin, row))
            if country in ("ZZ", "XX"):
                report.lacks("origin-unknown", element=element, part=show_part(row))


def _part(element: str, origin: str, row: tuple[int, int, int]) -> dict[str, Any]:
    mid, lo, hi = row
    return {"element": element, "origin": origin, "part": show_part(row), "mid_ppb": mid, "lo_ppb": lo, "hi_ppb": hi}
