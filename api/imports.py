"""Books of spreadsheets through the door: looked through first, recorded when somebody says so.

The body is the file itself, .xlsx, .xlsm or CSV. The answer is a report: how many rows would be or were recorded, and
what is wrong, each with the cell that it stands in.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Access, check_role
from api.asked import language
from api.bodies import read_bytes, validated
from api.forms import nest
from api.screens.reader import Reader
from api.screens.telling import teller
from api.tables import XLSX
from api.verbs import PLAIN
from ledger.errors import LodetraceError, Malformed, Refusal
from nodes.imports import Asked
from nodes.node import Caller, Node
from nodes.people import check_task
from nodes.sheets import importing, rows, templates, workbook
from nodes.sheets.importing import Ready
from nodes.sheets.kinds import NAMES, Kind
from nodes.sheets.rows import Book, Row
from nodes.tokens import Pass

TOLD_MAX = 2000
"""Troubles told in one report; their number is always told."""
RECORDED_AT_ONCE = 500
FILE = {"schema": {"type": "string", "format": "binary"}}
Trouble = tuple[Row, LodetraceError]
Counted = Callable[[list[Ready]], Iterable[Ready]]
"""Hands on what it is given, and may tell meanwhile how far it is."""


@dataclass(slots=True)
class Looked:
    """A book that was looked through; `troubles` grow where recording finds more."""

    asked: Asked
    book: Book
    ready: list[Ready]
    troubles: list[Trouble]
    recorded: int = 0

    def report(self, node: Node) -> dict[str, Any]:
        told = sorted(self.troubles, key=lambda one: one[0].number)[:TOLD_MAX]
        good = [one for one in self.ready if not one.troubles]
        return {
            "kind": self.asked.kind,
            "sheet": self.book.sheet.name,
            "columns": dict(self.book.columns),
            "unused": list(self.book.unused),
            "macros": self.book.sheet.macros,
            "rows": len(self.book.rows),
            "good": len(good),
            "recorded_before": sum(one.before for one in good),
            "recorded": self.recorded,
            "wrong": len(self.troubles),
            "troubles": list(_told(node, self.book.kind, told)),
        }


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["imports"])
    clerk = Depends(access.require("clerk"))

    @router.post(
        "/api/v1/imports",
        summary="A book of rows, looked through or recorded",
        openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": FILE}}},
    )
    async def imports(
        request: Request,
        kind: Annotated[str, Query()],
        sheet: str | None = None,
        dry_run: bool = True,
        good_only: bool = False,
        reason: Annotated[str | None, Query(min_length=1, max_length=500)] = None,
        zone: str = "+08:00",
        column: Annotated[list[str] | None, Query()] = None,
        fixed: Annotated[list[str] | None, Query()] = None,
        caller: Pass = clerk,
    ) -> dict[str, Any]:
        data = await read_bytes(request, node.settings.body_max)
        columns, always = _pairs(column or (), "column"), _pairs(fixed or (), "fixed")
        asked = Asked(kind, sheet, columns, always, zone, reason)
        looked = await asyncio.to_thread(look_through, node, caller, data, asked, rehearsed=dry_run or not good_only)
        if not dry_run and (good_only or not looked.troubles):
            await record(node, caller, looked)
        return looked.report(node)

    @router.get(
        "/api/v1/imports/{kind}/template",
        dependencies=[clerk],
        summary="An empty book to fill in",
        response_class=Response,
    )
    def template(request: Request, kind: str, format: Literal["xlsx", "csv"] = "xlsx") -> Response:  # noqa: A002
        found, chosen = rows.kind_of(kind), language(request)
        name = quote(f"{NAMES[kind][chosen == 'en']}.{format}", safe="")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
        if format == "csv":
            return Response(templates.as_csv(found, chosen), media_type="text/csv; charset=utf-8", headers=headers)
        sites = [one.code for one in node.settings.sites]
        made = templates.as_xlsx(kind, found, node.reference, sites, chosen)
        return Response(made, media_type=XLSX, headers=headers)

    return router


def look_through(
    node: Node, caller: Pass, data: bytes, asked: Asked, *, rehearsed: bool = True, counted: Counted = iter
) -> Looked:
    """Reads the book, and asks of each row what would be refused of it. Refusal where the kind is not the caller's."""
    kind = rows.kind_of(asked.kind)
    check_role(caller, PLAIN[kind.verb].role)
    sheet = workbook.read(data, asked.sheet)
    book = rows.book(sheet, kind, node.reference, columns=asked.columns, fixed=asked.fixed, zone=asked.zone)
    ready, troubles = _ready(book, caller)
    importing.look(node, Caller(caller.owner), counted(ready), asked.reason, rehearsed=rehearsed)
    return Looked(asked, book, ready, troubles + [(one.row, error) for one in ready for error in one.troubles])


async def record(node: Node, caller: Pass, looked: Looked, counted: Counted = iter) -> None:
    """Records the good rows that are not recorded yet; what is refused only now is a trouble too."""
    new = [one for one in looked.ready if not one.troubles and not one.before]
    who, coming = Caller(caller.owner), iter(counted(new))
    while part := list(islice(coming, RECORDED_AT_ONCE)):
        answers = await node.do_all([one.command(node, who, looked.asked.reason) for one in part])
        for one, answer in zip(part, answers, strict=True):
            if isinstance(answer, LodetraceError):
                looked.troubles.append((one.row, answer))
                one.troubles.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                looked.recorded += 1


def _ready(book: Book, caller: Pass) -> tuple[list[Ready], list[Trouble]]:
    """Rows in the shape that their verb takes, and what is wrong with the others."""
    recording = PLAIN[book.kind.verb]
    ready: list[Ready] = []
    troubles: list[Trouble] = []
    for row in book.rows:
        if row.troubles:
            troubles += [(row, error) for error in row.troubles]
            continue
        try:
            body = validated(recording.body, nest(row.fields)).wire()
            check_task(caller, recording.verb, body)
        except (Malformed, Refusal) as error:
            troubles.append((row, error))
        else:
            ready.append(importing.ready(row, recording.verb, body))
    return ready, troubles


def _pairs(given: Sequence[str], name: str) -> Mapping[str, str]:
    found = {}
    for text in given:
        place, equals, value = text.partition("=")
        if not equals or not value:
            raise Malformed("pair-wrong", field=name, value=text)
        found[place] = value
    return found


def _told(node: Node, kind: Kind, troubles: Iterable[Trouble]) -> Iterator[dict[str, Any]]:
    """`cell` is where to look: a place of the body becomes its cell, and is called what its column is called; what the
    reader of cells says names the cell itself.
    """
    zh, en = (
        teller(Reader(node, language), {one.place: one.names[at] for one in kind.columns})
        for at, language in enumerate(("zh", "en"))
    )
    for row, error in troubles:
        names_cell = error.field is not None and "!" in error.field
        yield {
            "cell": error.field if names_cell else row.cell_of(error.field),
            "row": row.number,
            "value": error.value,
            "code": error.code,
            "question": error.code.startswith(importing.GUARD),
            "reason": error.text("en") if names_cell else en(error),
            "reason_zh": error.text("zh") if names_cell else zh(error),
        }
