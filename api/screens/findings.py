"""What the books say that cannot be, or is odd: each finding with its numbers and entries, and the answer to it."""

from fastapi import Response

from api.screens.finding_names import finding_name
from api.screens.frame import Screens, Visit
from ledger.matter.finding_figures import figures
from nodes.findings import gravest_of, gravity

PAGE = 50


def routes(screens: Screens) -> None:
    @screens.page("/findings", reads_books=True)
    def findings(visit: Visit) -> Response:
        whole, grouped = visit.asked("all") == "true", visit.asked("cases") == "true"
        inspection, start = visit.node.inspection, _start(visit)
        end = start + PAGE
        if grouped:
            shown = ([one for one in case if whole or not one.answers] for case in inspection.cases())
            found = [sorted(case, key=gravity, reverse=True) for case in shown if case]
            page, more = found[start:end], len(found) > end
        else:
            gravest = inspection.ask(lambda watch, _: gravest_of(watch, end + 1, whole=whole))
            page, more = [gravest[start:end]] if gravest[start:end] else [], len(gravest) > end
        following = end if more else None
        return visit.render("findings.html", cases=page, whole=whole, grouped=grouped, following=following)

    @screens.page("/findings/{finding}", posts=True, reads_books=True)
    async def finding(visit: Visit) -> Response:
        named = visit.request.path_params["finding"]
        if visit.posted:
            body = {"finding": named, "text": visit.form.value("text").strip()}
            if await visit.record("answer", body) is not None:
                return visit.see(f"/findings/{named}", visit._("Answered."))
        one = visit.node.inspection.finding(named)
        return visit.render(
            "finding.html",
            one=one,
            figures=figures(one.finding, visit.language, visit.node.reference),
            name=finding_name,
        )


def _start(visit: Visit) -> int:
    """How many stand on the pages before; a text that is no number leads to the first page."""
    asked = visit.asked("start")
    return int(asked) if asked.isdecimal() and len(asked) < 10 else 0
