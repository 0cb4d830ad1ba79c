"""Holds, pledges, recalls and ownership: what is locked, what was called back and where it is. Nothing moves here."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.access import Access
from api.asked import language
from api.recording import Recording, add, entry
from api.rendering import page
from api.requests import Body, Code, Line, Noted, Text
from api.tables import Format, table
from nodes import holds, recall_lists, recalls, titles
from nodes.node import Node

As = Annotated[Literal["json", "csv", "html"], Query(alias="format")]
Lines = Annotated[list[Line], Field(min_length=1)]


class Transfer(Noted):
    """Goods that come to belong to somebody else, or to us, where they stand."""

    to: Code
    lines: Lines


class Pledge(Noted):
    """Goods that secure a loan."""

    to: Text
    receipt_no: Text | None = None
    lines: Lines


class Hold(Noted):
    """Goods that are not to be used or sent. `order` is the authority's that this obeys."""

    kind: Code
    lines: Lines
    reason: Text | None = None
    order: Code | None = None


class Ended(Noted):
    """The end of a lock, for all that it covers."""

    reason: Text | None = None


class Called(Body):
    """A batch wholly, wherever it is; or only these units of it."""

    batch: Code
    units: Annotated[list[Code] | None, Field(min_length=1)] = None


class Recall(Noted):
    """Goods that are called back. `text` may be read by anyone who scans them."""

    kind: Code
    text: Text
    lines: Annotated[list[Called], Field(min_length=1)]
    reason: Text | None = None


_PLEDGE, _HOLD, _RECALL = "1G3M5QZ0W8N4TJX2C6VHRB9EG1", "2H3M5QZ0W8N4TJX2C6VHRB9EH2", "3R3M5QZ0W8N4TJX2C6VHRB9ER3"
_SOME = {"value": "500", "unit": "kg"}

RECORDINGS = (
    Recording(
        "/api/v1/titles",
        "transfer",
        Transfer,
        "Goods come to belong to somebody else",
        {"to": "metal.example", "lines": [{"batch": "PN-8", "quantity": _SOME}]},
        {"entry": entry("xinfeng.example", 18)},
        "supervisor",
    ),
    Recording(
        "/api/v1/pledges",
        "pledge",
        Pledge,
        "Goods are pledged",
        {"to": "Bank of Ganzhou", "receipt_no": "WR-12", "lines": [{"batch": "PN-8", "quantity": _SOME}]},
        {"lock": _PLEDGE, "entry": entry("xinfeng.example", 19)},
        "supervisor",
    ),
    Recording(
        "/api/v1/pledges/{lock:path}/releases",
        "unpledge",
        Ended,
        "A pledge ends",
        {"reason": "repaid"},
        {"lock": _PLEDGE, "entry": entry("xinfeng.example", 20)},
        "supervisor",
    ),
    Recording(
        "/api/v1/holds",
        "hold",
        Hold,
        "Goods are held",
        {
            "kind": "quality",
            "lines": [{"batch": "PN-8", "quantity": _SOME}],
            "reason": "moisture above the limit",
        },
        {"lock": _HOLD, "entry": entry("xinfeng.example", 21)},
        "supervisor",
    ),
    Recording(
        "/api/v1/holds/{lock:path}/releases",
        "release",
        Ended,
        "A hold or a recall ends",
        {"reason": "dried, and assayed again"},
        {"lock": _HOLD, "entry": entry("xinfeng.example", 22)},
        "supervisor",
    ),
    Recording(
        "/api/v1/recalls",
        "recall",
        Recall,
        "Goods are called back",
        {
            "kind": "quality",
            "text": "Chloride above the limit: do not use, send back.",
            "lines": [{"batch": "PN-7"}],
            "reason": "complaint QC-17",
        },
        {"lock": _RECALL, "entry": entry("xinfeng.example", 23)},
        "supervisor",
    ),
)


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["holds"])
    add(router, node, access, RECORDINGS)
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/titles", dependencies=[viewer], summary="Goods of ours with others that were sold there")
    def told_titles(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        found = titles.told(node)
        return {"titles": found} if format == "json" else table(node, format, "titles", found)

    @router.get("/api/v1/holds", dependencies=[viewer], summary="Locks that are open, newest first")
    def open_locks(ended: bool = False, format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        found = holds.locks(node, ended=ended)
        return {"locks": found} if format == "json" else table(node, format, "holds", found)

    @router.get(
        "/api/v1/recalls/{lock:path}",
        dependencies=[viewer],
        summary="A recall, also another's, or another's hold: all that it concerns, and where",
        response_model=None,
    )
    def recall_of(lock: str, request: Request, as_: As = "json") -> Response | dict[str, Any]:
        found, asked = recalls.recall(node, lock), language(request)
        if as_ == "csv":
            name = f'attachment; filename="recall-{found["lock"].rpartition("#")[2]}.csv"'
            text = recall_lists.as_csv(node, found, asked)
            return Response(text.encode(), media_type="text/csv; charset=utf-8", headers={"content-disposition": name})
        if as_ == "html":
            return page("recall.html", recall_lists.as_page(node, found, asked), asked, request=request)
        return found

    return router
