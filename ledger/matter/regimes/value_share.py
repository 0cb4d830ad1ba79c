"""China's export control by value: MOFCOM Announcement 61 of 2025, foreign goods with listed materials from China.

The ledger keeps no prices. What can be answered without them is whether anything listed is from there at all.
"""

from typing import Any

from ledger.matter.reference import Reference
from ledger.matter.regimes.reports import Report
from ledger.matter.regimes.trace import Trace
from ledger.matter.vectors import show_part

NAME = "china-value-share"


def value_share(trace: Trace, reference: Reference) -> Report:
    report = Report(NAME, {"batch": trace.batch, **trace.unit}, reference)
    report.lacks_history(trace)
    report.rule("suspended")
    threshold = report.rule("threshold")
    told = trace.origins
    if told is None:
        report.lacks("origins-not-told")
        return report
    if told.model == "book_and_claim":
        report.lacks("book-and-claim")
        return report
    countries, listed = report.rule("countries")["texts"], report.rule("elements")["texts"]
    from_there = False
    absent = [one for one in listed if one not in told.elements]
    if absent:
        report.says("none-recorded", told.word, "provenance", elements=absent)
    for element in listed:
        for origin, row in told.elements.get(element, {}).items():
            country = origin.partition("/")[0]
            facts: dict[str, Any] = {"element": element, "origin": origin, "part": show_part(row), "mid_ppb": row[0]}
            report.says("origin", told.word, "provenance", **facts, lo_ppb=row[1], hi_ppb=row[2])
            from_there = from_there or country in countries
            if country in ("ZZ", "XX"):
                report.lacks("origin-unknown", element=element, part=show_part(row))
    if from_there:
        report.lacks("value-not-recorded", ppm=threshold["ppm"])
    return report
