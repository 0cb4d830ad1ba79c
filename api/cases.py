"""Cases of an authority: opened from findings, asked about, answered, closed; every step with who did it and when.

What may follow what, nodes/cases.py decides. Any other node refuses.
"""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.access import Access, check_role
from api.bodies import openapi_body, read
from api.deposits import PAGE_MAX
from api.printing import shown as shown_job
from api.recording import JSON, idempotency_key, key_parameter
from api.requests import Body, Code, Text
from api.tables import Format, table
from nodes import cases, packs
from nodes.cases import Case
from nodes.node import Caller, Node
from nodes.overview import Overview
from nodes.sequencer import Answer
from nodes.tokens import Pass

Index = Annotated[int, Field(ge=0, strict=True)]
Words = Annotated[str, Field(min_length=1, max_length=4000)]
Findings = Annotated[list[Code], Field(min_length=1, max_length=500)]
OF_SUPERVISORS = ("closed", "reopened")


class OpenCase(Body):
    """A case has at least one finding, of whomever."""

    title: Text
    findings: Findings


class CaseStep(Body):
    """What each kind needs: `added` findings; `assigned` to; `noted`, `closed` and `reopened` a text; `asked` and
    `answered` an organisation's name and a text. `entry`: that of our own log in which a case that is closed ended.
    """

    kind: Literal["added", "assigned", "noted", "asked", "answered", "closed", "reopened"]
    text: Words | None = None
    findings: Findings | None = None
    to: Text | None = None
    organisation: Code | None = None
    entry: Index | None = None


def opened(node: Node, caller: Pass, key: str, body: OpenCase) -> Answer:
    """Records the opening; {"case"}."""
    check_role(caller, "clerk")
    return cases.opened(node, Caller(caller.owner), key, body.wire())


def stepped(node: Node, caller: Pass, key: str, case: str, body: CaseStep) -> Answer:
    """Records a step; closing and opening again are a supervisor's."""
    check_role(caller, "supervisor" if body.kind in OF_SUPERVISORS else "clerk")
    return cases.step(node, Caller(caller.owner), key, case, body.wire())


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["oversight"])
    viewer, clerk = Depends(access.require("viewer")), Depends(access.require("clerk"))

    @router.get("/api/v1/oversight/cases", dependencies=[viewer], summary="Cases, newest first")
    def listed(
        state: Literal["open", "asked", "answered", "closed"] | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        overview, _ = node.overlooking.look()
        found = [one for one in cases.every(node) if state in (None, cases.state(one, overview))]
        if format != "json":
            return table(node, format, "cases", (_shown(one, overview) for one in found))
        return {"cases": [_shown(one, overview) for one in found[:limit]], "total": len(found)}

    @router.post(
        "/api/v1/oversight/cases",
        status_code=201,
        summary="Open a case",
        openapi_extra={**openapi_body(OpenCase), "parameters": [key_parameter()]},
    )
    async def open_(request: Request, caller: Pass = clerk) -> Response:
        key = idempotency_key(request.headers.get("idempotency-key"))
        body = await read(request, OpenCase, node.settings.body_max)
        return _sent(await asyncio.to_thread(opened, node, caller, key, body))

    @router.get("/api/v1/oversight/cases/{case}", dependencies=[viewer], summary="One case, with all its steps")
    def one(case: str) -> dict[str, Any]:
        overview, _ = node.overlooking.look()
        found = cases.find(node, case)
        answers = cases.answers(found, overview)
        return {
            **_shown(found, overview),
            "findings": [
                {
                    **kept.finding.as_json(),
                    "booked_in": kept.booked_in,
                    "logs": list(kept.logs),
                    "answers": [
                        {"entry": one.index, "at": one.at, "text": one.text, "by": one.by}
                        for one in answers.get(kept.finding.id, ())
                    ],
                }
                for kept in found.findings
            ],
            "steps": [{"at": step.at, "by": step.by, "kind": step.kind, **_told(step.body)} for step in found.steps],
        }

    @router.post(
        "/api/v1/oversight/cases/{case}/steps",
        status_code=201,
        summary="A step of a case: a note, a question, its answer, the conclusion",
        openapi_extra={**openapi_body(CaseStep), "parameters": [key_parameter()]},
    )
    async def step(case: str, request: Request, caller: Pass = clerk) -> Response:
        key = idempotency_key(request.headers.get("idempotency-key"))
        body = await read(request, CaseStep, node.settings.body_max)
        return _sent(await asyncio.to_thread(stepped, node, caller, key, case, body))

    @router.post(
        "/api/v1/oversight/cases/{case}/evidence-pack",
        status_code=202,
        summary="Pack the evidence of a case: begins a job, or finds the one that did it",
    )
    def pack(case: str, caller: Pass = clerk) -> dict[str, Any]:
        return shown_job(packs.pack(node, case, caller.owner))

    return router


def _shown(case: Case, overview: Overview | None) -> dict[str, Any]:
    return {
        "case": case.id,
        "title": case.title,
        "state": cases.state(case, overview),
        "opened_at": case.opened_at,
        "opened_by": case.opened_by,
        "assigned": case.assigned or None,
        "logs": list(case.logs),
        "entry": case.entry,
    }


def _told(body: Any) -> dict[str, Any]:
    """Findings by their ids: they stand beside the steps."""
    return {name: [one["id"] for one in value] if name == "findings" else value for name, value in body.items()}


def _sent(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=JSON)
