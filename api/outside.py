"""Tables of offices at an authority: brought in, their columns said, held against the books, taken away.

The body of a table is the file itself, .xlsx or CSV. Any other node refuses.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Access
from api.bodies import openapi_body, read, read_bytes
from api.errors import problem_of
from api.requests import Body, Text
from api.tables import Format, table
from ledger.matter.matching import Match, Power
from nodes import outside
from nodes.node import Caller, Node
from nodes.store.outside import OutsideSet
from nodes.tokens import Pass

TOLD_MAX = 2000
"""Matches and troubles told in one report; their number is always told."""
FILE = {"schema": {"type": "string", "format": "binary"}}
Asked = Annotated[str, Query(min_length=1, max_length=200)]


class Columns(Body):
    """What each column is, by its number from 0 as text: `{"number": "2", "mass": "5"}`; `default_unit` where no column
    holds the unit of the mass.
    """

    columns: dict[str, Text]


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["oversight"])
    viewer, clerk = Depends(access.require("viewer")), Depends(access.require("clerk"))

    @router.get("/api/v1/oversight/outside", dependencies=[viewer], summary="Tables of offices, newest first")
    def listed(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        found = [_shown(one) for one in outside.every(node)]
        return {"tables": found} if format == "json" else table(node, format, "tables", found)

    @router.post(
        "/api/v1/oversight/outside",
        status_code=201,
        summary="Bring in a table of an office: the file itself",
        openapi_extra={"requestBody": {"content": {"application/octet-stream": FILE}, "required": True}},
    )
    async def bring(request: Request, kind: Asked, source: Asked, file: Asked, caller: Pass = clerk) -> dict[str, Any]:
        data = await read_bytes(request, node.settings.body_max)
        who = Caller(caller.owner)
        return {"table": await asyncio.to_thread(outside.bring, node, who, kind, source, file, data)}

    @router.get("/api/v1/oversight/outside/{table}", dependencies=[viewer], summary="A table, held against the books")
    def one(table: int) -> dict[str, Any]:
        overview, _ = node.overlooking.look()
        found = outside.report(node, table, overview)
        return {
            **_shown(found.set),
            "as_of": None if overview is None else overview.at,
            "rows": found.rows,
            "headings": [text for _, text in found.headings],
            "wrong": len(found.troubles),
            "troubles": [{"row": row, "problem": problem_of(error)} for row, error in found.troubles[:TOLD_MAX]],
            "matches": [_match(match) for match in found.matches[:TOLD_MAX]],
            "power": [_power(month) for month in found.power[:TOLD_MAX]],
        }

    @router.put(
        "/api/v1/oversight/outside/{table}/columns",
        dependencies=[clerk],
        summary="Say what the columns of a table are",
        status_code=204,
        response_class=Response,
        openapi_extra=openapi_body(Columns),
    )
    async def say(table: int, request: Request) -> Response:
        body = await read(request, Columns, node.settings.body_max)
        await asyncio.to_thread(outside.say_columns, node, table, body.columns)
        return Response(status_code=204)

    @router.delete(
        "/api/v1/oversight/outside/{table}",
        dependencies=[clerk],
        summary="Take a table away",
        status_code=204,
        response_class=Response,
    )
    def take_away(table: int) -> Response:
        outside.take_away(node, table)
        return Response(status_code=204)

    return router


def _shown(one: OutsideSet) -> dict[str, Any]:
    return {
        "table": one.no,
        "kind": one.kind,
        "source": one.source,
        "file": one.file,
        "sha256": one.sha256.hex(),
        "at": one.at,
        "by": one.by,
        "columns": dict(one.columns),
    }


def _match(match: Match) -> dict[str, Any]:
    """`books` name entries and the place of the paper in each; `rows` are those of the table."""
    return {
        "state": match.state,
        "difference_mg": match.difference_mg,
        "rows": [claim.where[1] for claim in match.office],
        "books": [list(claim.where) for claim in match.books],
    }


def _power(month: Power) -> dict[str, Any]:
    return {
        "log": month.holder,
        "month": month.month,
        "kwh": month.wh // 1000,
        "metal_mg": month.metal_mg,
        "kwh_per_t": month.kwh_per_t,
        "state": month.state,
    }
