"""What the books say that cannot be, or is odd: each finding with its numbers and entries, and the answer to it."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Response

from api.screens.frame import Screens, Visit
from ledger.matter.findings import SEVERITIES
from ledger.matter.quantities import show_mg, show_ug
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
        return visit.render("finding.html", one=one, rows=list(_rows(one)))


def _rows(told: Told) -> Iterator[tuple[str, str]]:
    """The numbers behind the sentence, each under its own name and with its unit."""
    whole: Mapping[str, Any] = {**told.finding.facts, **told.finding.tolerance}
    for name, value in whole.items():
        if isinstance(value, (list, tuple, dict)):
            yield name, ", ".join(map(str, value))
        elif name.endswith("_ug"):
            yield name.removesuffix("_ug"), show_ug(int(value))
        elif name.endswith("_mg"):
            yield name.removesuffix("_mg"), show_mg(int(value))
        elif name.endswith("_ppm"):
            yield name.removesuffix("_ppm"), f"{value} ppm"
        else:
            yield name, str(value)
