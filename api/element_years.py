"""A year of one element over all deposited logs, for an authority: in numbers and as a picture."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Access
from api.asked import language, wants_svg
from api.drawing.sankey import draw_year, kind_of
from api.drawing.svg import SVG
from api.tables import Format, table
from ledger.matter.element_years import ElementYear, Part
from ledger.matter.elements import ELEMENTS
from nodes.called import year_as_read
from nodes.node import Node

Year = Annotated[str, Query(pattern=r"^20[0-9]{2}$")]
Element = Annotated[str, Query(pattern=f"^({'|'.join(ELEMENTS)})$")]


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["deposits"])
    viewer = Depends(access.require("viewer"))

    @router.get(
        "/api/v1/deposits/flows",
        dependencies=[viewer],
        summary="A year of one element over all deposits",
        response_model=None,
    )
    def flows(
        request: Request,
        year: Year,
        element: Element,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Response | dict[str, Any]:
        last, working = node.overlooking.soon()
        found = last.element_year(year, element)
        if format != "json":
            return table(node, format, f"flows-{year}-{element}", _rows(found))
        if wants_svg(request):
            asked = language(request)
            drawn = draw_year(year_as_read(node, found, asked), 0 if asked == "en" else 1)
            return Response(drawn, media_type=SVG)
        return {"as_of": last.at, "working": working, **shown(found)}

    return router


def shown(found: ElementYear) -> dict[str, Any]:
    """Amounts are decimal texts, as in the books: they may be beyond what JSON numbers hold exactly."""
    return {
        "year": found.year,
        "element": found.element,
        "organisations": [
            {
                "name": member.name,
                "organisation": member.organisation,
                "role": member.role,
                "ins": [_plain(part) for part in member.ins],
                "outs": [_plain(part) for part in member.outs],
            }
            for member in found.members
        ],
        "links": [{"from": one.sender, "to": one.receiver, "ug": str(one.ug)} for one in found.links],
    }


def _rows(found: ElementYear) -> Iterator[dict[str, str]]:
    """A row for each way in or out of an organisation; what both sides of a link tell stands as `to` at its sender."""
    for member in found.members:
        who = {"name": member.name, "organisation": member.organisation}
        for side, parts in (("in", member.ins), ("out", member.outs)):
            yield from ({**who, "side": side, **_plain(part)} for part in parts)
        for link in found.links:
            if link.sender == member.name:
                yield {**who, "side": "out", **_plain(Part("to", link.receiver, link.ug))}


def _plain(part: Part) -> dict[str, str]:
    return {"way": part.way, "whom": part.whom, "kind": kind_of(part), "ug": str(part.ug)}
