"""Labels on paper: as a job with progress, its result as a file, and what was printed before.

Which labels, on what paper, and that it is recorded, nodes/printed.py decides; drawing is in nodes/printing/.
"""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.access import Access
from api.batches import PAGE_MAX, Before
from api.bodies import openapi_body, read
from api.errors import problem_of
from api.recording import idempotency_key, key_parameter
from api.requests import Body, Code, Text
from api.tables import Format, listed
from nodes import printed
from nodes.jobs import Job
from nodes.node import Node
from nodes.store import codes, prints
from nodes.store.prints import Print

Form = Literal["pdf", "zpl", "tspl", "png", "svg"]


class Sheet(Body):
    """Labels on A4: columns x rows, and the first cell that is still there. Margins and gaps in mm: `across,down`."""

    grid: Text
    start: Annotated[int, Field(ge=1, strict=True)] = 1
    margin: Text = "0,0"
    gap: Text = "0,0"


class PrintLabels(Body):
    """All labels of a batch, or those of some units, or the calibration label; to a file, or to a printer."""

    batch: Code | None = None
    units: Annotated[list[Code] | None, Field(min_length=1, max_length=printed.LABELS_MOST)] = None
    calibration: Annotated[bool | None, Field(strict=True)] = None
    form: Form = "pdf"
    size: Text = "100x70"
    sheet: Sheet | None = None
    dpi: Literal[203, 300] = 203
    gap: Text = "3"
    copies: Annotated[int, Field(ge=1, le=printed.COPIES_MOST, strict=True)] = 1
    printer: Code | None = None
    grade: Text | None = None
    standard: Text | None = None
    hazard: Text | None = None
    reason: Literal["damaged", "lost", "unreadable", "not_printed", "other"] | None = None
    remark: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "PrintLabels":
        if sum(bool(one) for one in (self.batch, self.units, self.calibration)) != 1:
            raise PydanticCustomError("one_to_print", "one of batch, units, calibration")
        return self


EXAMPLE = {"batch": "PN-7", "form": "pdf", "size": "100x70", "standard": "GB/T 2526"}


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["printing"])
    viewer, clerk = Depends(access.require("viewer")), Depends(access.require("clerk"))

    @router.post(
        "/api/v1/labels",
        status_code=202,
        dependencies=[clerk],
        summary="Print labels: begins a job",
        openapi_extra={**openapi_body(PrintLabels, EXAMPLE), "parameters": [key_parameter()]},
    )
    async def print_labels(request: Request) -> dict[str, Any]:
        caller = access.admit(request, "clerk")
        key = idempotency_key(request.headers.get("idempotency-key"))
        body = (await read(request, PrintLabels, node.settings.body_max)).wire()
        return shown(await asyncio.to_thread(printed.print_labels, node, body, caller.owner, key))

    @router.get("/api/v1/jobs/{job}", dependencies=[clerk], summary="How far a job is")
    def job_of(job: str) -> dict[str, Any]:
        return shown(node.jobs.get(job))

    @router.get(
        "/api/v1/jobs/{job}/result", dependencies=[clerk], summary="What a job made", response_class=FileResponse
    )
    def result_of(job: str) -> FileResponse:
        found = node.jobs.result(job)
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return FileResponse(found.path, filename=found.name, media_type=found.media_type, headers=headers)

    @router.get("/api/v1/prints", dependencies=[viewer], summary="Labels that were printed, newest first")
    def prints_of(
        before: Before = prints.LATEST,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        again: bool = False,
        unit: str | None = None,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        def page(before: int, limit: int) -> dict[str, Any]:
            with node.store.read() as conn:
                if unit is not None:
                    found = prints.of_units(conn, [codes.find_unit(conn, unit)])
                    return {"prints": [row(one) for one in reversed(found)], "before": None}
                found = prints.page(conn, before=before, limit=limit, again=again)
            return {"prints": [row(one) for one in found], "before": found[-1].no if len(found) == limit else None}

        return listed(node, format, "prints", page, before, limit)

    return router


def shown(job: Job) -> dict[str, Any]:
    return {
        "job": job.id,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "name": job.name,
        "problem": None if job.error is None else problem_of(job.error),
        "result": f"/api/v1/jobs/{job.id}/result",
    }


def row(one: Print) -> dict[str, Any]:
    """A printing as lists and units show it."""
    return {
        "unit": one.unit,
        "at": one.at,
        "by": one.by,
        "form": one.form,
        "copies": one.copies,
        "reason": one.reason,
        "remark": one.remark,
    }
