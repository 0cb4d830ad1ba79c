"""Findings over all deposited logs, for an authority: ranked, narrowed, and each with its numbers and entries."""

from fastapi import Response

from api.findings import narrowed
from api.screens.finding_names import finding_name
from api.screens.frame import Screens, Visit
from api.screens.sorting import Sorting
from ledger.matter.finding_figures import figures
from ledger.matter.findings import SEVERITIES
from nodes import cases, seeking
from nodes.verbs.books import AUTHORITY

PAGE = 50


def routes(screens: Screens) -> None:
    @screens.page("/oversight", for_role=AUTHORITY)
    def oversight(visit: Visit) -> Response:
        last, working = visit.node.overlooking.look()
        everything = () if last is None else last.findings
        asked = {name: visit.asked(name) for name in ("log", "rule", "severity", "month", "open")}
        found = narrowed(
            (one for one in everything if asked["log"] in ("", *one.logs)),
            severity=asked["severity"] or None,
            rule=asked["rule"] or None,
            open_=True if asked["open"] == "true" else None,
            since=asked["month"] or None,
            until=asked["month"] or None,
        )
        sorting = Sorting(
            visit,
            {
                "severity": lambda one: SEVERITIES.index(one.finding.severity),
                "rule": lambda one: visit._(finding_name("rule", one.finding.rule)),
                "month": lambda one: one.booked_in,
                "answer": lambda one: bool(one.answers),
            },
        )
        found = sorting.rows(found)
        start = whole(visit.asked("offset"))
        return visit.render(
            "oversight.html",
            last=last,
            working=working,
            asked=asked,
            found=found[start : start + PAGE],
            total=len(found),
            counts={one: sum(told.finding.severity == one for told in found) for one in reversed(SEVERITIES)},
            start=start,
            more=start + PAGE if start + PAGE < len(found) else None,
            before=max(0, start - PAGE) if start else None,
            rules=sorted({one.finding.rule for one in everything}),
            months=sorted({one.booked_in for one in everything}, reverse=True),
            cases=cases.by_finding(visit.node, last),
            name=finding_name,
            sorting=sorting,
        )

    @screens.page("/oversight/{finding}", for_role=AUTHORITY)
    def finding(visit: Visit) -> Response:
        last, working = visit.node.overlooking.look()
        if last is None:
            return visit.render("overlooking.html")
        one = last.finding(visit.request.path_params["finding"])
        return visit.render(
            "oversight_finding.html",
            one=one,
            last=last,
            working=working,
            figures=figures(one.finding, visit.language, visit.node.reference),
            entries={(held.log, held.index): held for held in visit.node.oversight.entries(one.finding)},
            batches=seeking.batches_of(visit.node, one),
            cases=cases.by_finding(visit.node, last).get(one.finding.id, ()),
            name=finding_name,
        )


def whole(text: str) -> int:
    """A place in a list; 0 for what is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0
