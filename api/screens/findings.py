"""What the books say that cannot be, or is odd: each finding with its numbers and entries, and the answer to it."""

from fastapi import Response

from api.screens.finding_names import finding_name
from api.screens.frame import Screens, Visit
from ledger.matter.finding_figures import figures
from ledger.matter.findings import SEVERITIES


def routes(screens: Screens) -> None:
    @screens.page("/findings")
    def findings(visit: Visit) -> Response:
        whole, grouped = visit.asked("all") == "true", visit.asked("cases") == "true"
        cases = visit.node.inspection.cases() if grouped else [visit.node.inspection.findings()]
        shown = ([one for one in case if whole or not one.answers] for case in cases)
        found = [sorted(case, key=lambda one: SEVERITIES.index(one.finding.severity)) for case in shown if case]
        return visit.render("findings.html", cases=found, whole=whole, grouped=grouped)

    @screens.page("/findings/{finding}", posts=True)
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
