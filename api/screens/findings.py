"""What the books say that cannot be, or is odd: each finding with its numbers and entries, and the answer to it."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.wording import Field, cell, field_name
from ledger.matter.findings import SEVERITIES
from nodes.findings import Told


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
        return visit.render("finding.html", one=one, rows=_rows(visit, one))


def _rows(visit: Visit, told: Told) -> list[Field]:
    """The numbers behind the sentence, each by its name and with its unit."""
    finding = told.finding
    whole: Mapping[str, Any] = {**finding.facts, **finding.tolerance}
    kind = "documents" if finding.rule.startswith("document-") else "quota_granted"
    return [Field(field_name(visit, name), cell(visit, name, value, kind)) for name, value in whole.items() if value]
