"""Books and findings: what the node's own log says of itself, month by month; closing, reporting, answering."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from csv import writer
from io import StringIO
from json import dumps
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.access import Access
from api.recording import JSON, Prepare, Recording, add, entry
from api.requests import Code, Noted, Text
from api.tables import Format, table
from ledger.errors import Conflict, Refusal
from ledger.matter.books import BookRow
from nodes import months
from nodes.findings import Inspection, Told
from nodes.inspecting import COLUMNS, printed
from nodes.node import Caller, Node
from nodes.sequencer import Answer

CSV = "text/csv; charset=utf-8"
_TRIES = 5
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Severity = Literal["reason", "mild", "grave"]
AskedMonth = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class CloseMonth(Noted):
    """The month whose books are closed; its figures are the node's own."""

    month: Month


class Report(Noted):
    """A report that was handed in: the hash of its file, and the receipt number that came back."""

    month: Month
    kind: Code
    file_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    receipt_no: Text | None = None


class Answered(Noted):
    """What the operator has to say to a finding; evidence as documents."""

    finding: Code
    text: Annotated[str, Field(min_length=1, max_length=4000)]


_FINDING = "c7f1d53f1b27e4a0"

RECORDINGS = (
    Recording(
        "/api/v1/periods",
        "close_month",
        CloseMonth,
        "A month's books are closed",
        {"month": "2026-11"},
        {"month": "2026-11", "entry": entry("xinfeng.example", 30)},
        role="supervisor",
    ),
    Recording(
        "/api/v1/reports",
        "report",
        Report,
        "A report was handed in",
        {
            "month": "2026-11",
            "kind": "monthly_flow",
            "file_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "receipt_no": "R-2026-11-0001",
        },
        {"month": "2026-11", "entry": entry("xinfeng.example", 31)},
    ),
    Recording(
        "/api/v1/answers",
        "answer",
        Answered,
        "An answer to a finding, with evidence",
        {
            "finding": _FINDING,
            "text": "The cerium stayed in the residue; its assay follows.",
            "documents": [{"kind": "assay_report", "no": "Q-118"}],
        },
        {"finding": _FINDING, "entry": entry("xinfeng.example", 29)},
    ),
)


def prepared(node: Node, inspection: Inspection) -> Mapping[str, Prepare]:
    """What stands before the verbs: the books to be closed, the finding to be answered."""

    async def close_month(body: dict[str, Any], caller: Caller, key: str) -> Answer:
        known = node.answered("close_month", body, caller, key)
        for _ in range(_TRIES):
            if known is not None:
                return known
            rows, closed, first, size = await asyncio.to_thread(inspection.books, body["month"])
            if first and first < body["month"] and not closed:
                raise Refusal("month-before-open", field="month", value=body["month"], open=first)
            whole = {**body, "rows": printed(rows), "size": size}
            try:
                return await node.do("close_month", whole, caller, key, asked=body)
            except Conflict as conflict:
                if conflict.code != "books-moved":
                    raise
        raise Conflict("books-moved", field="month", value=body["month"])

    async def answer(body: dict[str, Any], caller: Caller, key: str) -> Answer:
        await asyncio.to_thread(inspection.finding, body["finding"])
        return await node.do("answer", body, caller, key)

    return {"close_month": close_month, "answer": answer}


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["books"])
    inspection = node.inspection
    add(router, node, access, RECORDINGS, prepared(node, inspection))
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/findings", dependencies=[viewer], summary="What the books say that cannot be, or is odd")
    def findings(
        month: AskedMonth | None = None,
        severity: Severity | None = None,
        open: Annotated[bool | None, Query()] = None,  # noqa: A002 - the name on the wire
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        found = narrowed(inspection.findings(), severity=severity, open_=open, since=month, until=month)
        rows = [one.as_json() for one in found]
        return {"findings": rows} if format == "json" else table(node, format, "findings", rows)

    @router.get("/api/v1/findings/{finding}", dependencies=[viewer], summary="One finding, with its answers")
    def finding(finding: str) -> dict[str, Any]:
        return inspection.finding(finding).as_json()

    @router.get("/api/v1/cases", dependencies=[viewer], summary="Findings that belong together")
    def cases() -> dict[str, Any]:
        return {"cases": [[one.as_json() for one in case] for case in inspection.cases()]}

    @router.get("/api/v1/periods", dependencies=[viewer], summary="Closed months, and those that are open")
    def periods(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        if format != "json":
            found = months.listed(node)
            return table(node, format, "months", ({"month": name, "closed": closed} for name, closed in found))
        return inspection.ask(
            lambda watch, _: {"closed": sorted(watch.inspector.rows), "open": list(watch.inspector.months)}
        )

    @router.get(
        "/api/v1/balances", dependencies=[viewer], summary="A month's books by element", response_class=Response
    )
    def balances(month: AskedMonth, format: Format = "json") -> Any:  # noqa: A002 - as on the wire
        rows, closed, _, size = inspection.books(month)
        if format == "csv":
            name = f"attachment; filename=balance-{month}.csv"
            return Response(_csv(printed(rows)), media_type=CSV, headers={"content-disposition": name})
        if format != "json":
            return table(node, format, f"balance-{month}", shown_rows(rows))
        told = {"month": month, "closed": closed, "size": size, "rows": shown_rows(rows)}
        return Response(_json(told), media_type=JSON)

    return router


def narrowed(
    found: Iterable[Told],
    *,
    severity: str | None = None,
    rule: str | None = None,
    open_: bool | None = None,
    since: str | None = None,
    until: str | None = None,
) -> list[Told]:
    """Findings of one severity, of one rule, answered or not, that came to light from one month up to another."""
    return [
        one
        for one in found
        if severity in (None, one.finding.severity)
        and rule in (None, one.finding.rule)
        and open_ in (None, not one.answers)
        and (since is None or since <= one.booked_in)
        and (until is None or one.booked_in <= until)
    ]


def shown_rows(rows: Sequence[BookRow]) -> list[dict[str, str]]:
    """A month's books by element, each amount under its name."""
    return [{"element": element, **dict(zip(COLUMNS, ug, strict=True))} for element, *ug in printed(rows)]


def _json(value: Any) -> bytes:
    return dumps(value, ensure_ascii=False).encode()


def _csv(rows: list[list[str]]) -> bytes:
    """As spreadsheets open it: with a byte order mark, or Chinese ones take it for another encoding."""
    text = StringIO()
    sheet = writer(text)
    sheet.writerow(["element", *COLUMNS])
    sheet.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
