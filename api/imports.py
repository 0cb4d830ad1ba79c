"""Books of spreadsheets through the door: looked through first, recorded when somebody says so.

The body is the file itself, .xlsx, .xlsm or CSV. The answer is a report: how many rows would be or were recorded, and
what is wrong, each with the cell that it stands in.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from api.access import Access, check_role
from api.bodies import read_bytes, validated
from api.forms import nest
from api.verbs import PLAIN
from ledger.errors import LodetraceError, Malformed, Refusal
from nodes.node import Caller, Node
from nodes.people import check_task
from nodes.sheets import importing, rows, workbook
from nodes.sheets.importing import Ready
from nodes.sheets.rows import Book, Row
from nodes.tokens import Pass

TOLD_MAX = 2000
"""Troubles told in one report; their number is always told."""
FILE = {"schema": {"type": "string", "format": "binary"}}
Trouble = tuple[Row, LodetraceError]


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
        verb = rows.kind_of(kind).verb
        check_role(caller, PLAIN[verb].role)
        who = Caller(caller.owner)

        def looked_through() -> tuple[Book, list[Ready], list[Trouble]]:
            opened = rows.book(
                workbook.read(data, sheet),
                rows.kind_of(kind),
                node.reference,
                columns=_pairs(column or (), "column"),
                fixed=_pairs(fixed or (), "fixed"),
                zone=zone,
            )
            ready, troubles = _ready(opened, caller)
            importing.look(node, who, ready, reason, rehearsed=dry_run or not good_only)
            return opened, ready, troubles + [(one.row, error) for one in ready for error in one.troubles]

        book, ready, troubles = await asyncio.to_thread(looked_through)
        good = [one for one in ready if not one.troubles]
        recorded = 0
        if not dry_run and (good_only or not troubles):
            new = [one for one in good if not one.before]
            answers = await node.do_all([one.command(node, who, reason) for one in new])
            for one, answer in zip(new, answers, strict=True):
                if isinstance(answer, LodetraceError):
                    troubles.append((one.row, answer))
                    one.troubles.append(answer)
                elif isinstance(answer, BaseException):
                    raise answer
                else:
                    recorded += 1
        return {
            "kind": kind,
            "sheet": book.sheet.name,
            "columns": dict(book.columns),
            "unused": list(book.unused),
            "macros": book.sheet.macros,
            "rows": len(book.rows),
            "good": sum(not one.troubles for one in ready),
            "recorded_before": sum(one.before for one in good),
            "recorded": recorded,
            "wrong": len(troubles),
            "troubles": [
                _told(row, error) for row, error in sorted(troubles, key=lambda one: one[0].number)[:TOLD_MAX]
            ],
        }

    return router


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


def _told(row: Row, error: LodetraceError) -> dict[str, Any]:
    """`cell` is where to look. A place of the body becomes its cell; a cell stays what it is."""
    cell = error.field if error.field and "!" in error.field else row.cell_of(error.field)
    return {
        "cell": cell,
        "row": row.number,
        "value": error.value,
        "code": error.code,
        "question": error.code.startswith(importing.GUARD),
        "reason": error.text("en"),
        "reason_zh": error.text("zh"),
    }
