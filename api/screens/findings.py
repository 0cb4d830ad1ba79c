"""What the books say that cannot be, or is odd: each finding with its numbers and entries, and the answer to it."""

from fastapi import Response

from api.screens.finding_names import finding_name
from api.screens.frame import Screens, Visit
from ledger.matter.finding_figures import figures
from ledger.matter.findings import SEVERITIES


def routes(screens: Screens) -> None:
    @screens.page("/findings")
    def findings(visit: Visit) -> Response:
        whole = visit.asked("all") == "true"
        told = [one for one in visit.node.inspection.findings() if whole or not one.answers]
        found = sorted(told, key=lambda one: SEVERITIES.index(one.finding.severity))
        return visit.render("findings.html", found=found, whole=whole)

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
