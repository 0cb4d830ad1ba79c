"""Quality certificates: issued by clerks, fetched as PDF, and confirmed to whoever scans the code on one.

    /c/TOKEN     the page, or its JSON, by Accept; Chinese or English. It says what was issued, for comparing with paper

What a certificate says, and what may be certified, nodes/certificates.py decides.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.access import Access
from api.asked import language as language_of
from api.asked import wants_json
from api.batches import PAGE_MAX, Before
from api.bodies import openapi_body, read
from api.errors import status_of
from api.recording import idempotency_key, key_parameter
from api.rendering import HEADERS, page, pressed
from api.requests import Body, Code, Text
from api.screens.named import name_of, origin_name
from api.screens.shares import percent
from api.tables import Format, listed
from api.words import words
from ledger.certificates import check_code
from ledger.errors import LodetraceError
from ledger.matter.quantities import show_mg
from ledger.verdict import WORDS
from nodes import certificates
from nodes.certificates import Confirmed
from nodes.corrected import VALID
from nodes.node import Caller, Node
from nodes.scan import STATUS, STOPPED
from nodes.store import certificates as kept
from nodes.store import codes, lists
from nodes.store.certificates import Issued

JSON = "application/json"


class Issue(Body):
    """Of a batch of our own, or of a line of a shipment of it. `number`, `grade`, `standard` are printed as given."""

    batch: Code | None = None
    shipment: Code | None = None
    line: Annotated[int | None, Field(ge=0, strict=True)] = None
    number: Text | None = None
    grade: Text | None = None
    standard: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Issue":
        if (self.batch is None) == (self.shipment is None):
            raise PydanticCustomError("one_to_certify", "either batch or shipment")
        return self


ASSAY = ("lab", "method", "certificate_no", "total_reo_pct", "moisture_pct", "loi_pct")
EXAMPLE = {"batch": "PN-7", "number": "QC-2026-0117", "standard": "GB/T 20892-2020"}


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["certificates"])
    viewer, clerk = Depends(access.require("viewer")), Depends(access.require("clerk"))

    @router.post(
        "/api/v1/certificates",
        status_code=201,
        dependencies=[clerk],
        summary="Issue a quality certificate",
        openapi_extra={**openapi_body(Issue, EXAMPLE), "parameters": [key_parameter()]},
        response_class=Response,
    )
    async def issue(request: Request) -> Response:
        caller = Caller(access.admit(request, "clerk").owner)
        key = idempotency_key(request.headers.get("idempotency-key"))
        body = (await read(request, Issue, node.settings.body_max)).wire()
        made = await asyncio.to_thread(certificates.issue, node, body, caller, key)
        return Response(_json(shown(node, made)), 201, media_type=JSON)

    @router.get("/api/v1/certificates", dependencies=[viewer], summary="Quality certificates, newest first")
    def issued(
        before: Before = lists.LATEST,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        batch: str | None = None,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        def part(before: int, limit: int) -> dict[str, Any]:
            with node.store.read() as conn:
                of = None if batch is None else codes.find_batch(conn, batch)
                found = kept.page(conn, before=before, limit=limit, batch=of)
            rows = [shown(node, one) for one in found]
            return {"certificates": rows, "before": found[-1].no if len(found) == limit else None}

        return listed(node, format, "certificates", part, before, limit)

    @router.get("/api/v1/certificates/{no}.pdf", dependencies=[viewer], summary="A quality certificate on paper")
    def pdf(no: int) -> Response:
        with node.store.read() as conn:
            one = kept.one(conn, no)
        name = f"certificate-{check_code(one.digest)}.pdf"
        headers = {"content-disposition": f'attachment; filename="{name}"', "x-content-type-options": "nosniff"}
        return Response(certificates.pdf(node, one), media_type="application/pdf", headers=headers)

    @router.get("/api/v1/certificates/{no}", dependencies=[viewer], summary="What a quality certificate says")
    def one_of(no: int) -> dict[str, Any]:
        with node.store.read() as conn:
            return shown(node, kept.one(conn, no))

    @router.get("/c/{token}", summary="What the code of a certificate leads to", response_class=Response)
    def confirmed(token: str, request: Request) -> Response:
        language = language_of(request)
        try:
            found = certificates.confirm(node, token)
        except LodetraceError as error:
            if wants_json(request):
                raise
            facts = {"refused": error.text(language)}
            return pressed(page("certificate.html", facts, language, status_of(error), request), request)
        if wants_json(request):
            answer = {"genuine": True, "status": found.status, "newer": found.newer, **shown(node, found.issued)}
            return Response(_json(answer), media_type=JSON, headers=HEADERS)
        return pressed(page("certificate.html", _facts(node, found, language), language, request=request), request)

    return router


def shown(node: Node, one: Issued) -> dict[str, Any]:
    return {
        "no": one.no,
        "at": one.at,
        "by": one.by,
        "batch": one.batch,
        "check_code": check_code(one.digest),
        "digest": one.digest.hex(),
        "url": certificates.url_of(node, one),
        "pdf": f"/api/v1/certificates/{one.no}.pdf",
        "contents": json.loads(one.body),
    }


def _facts(node: Node, found: Confirmed, language: str) -> dict[str, Any]:
    told, place = json.loads(found.issued.body), 0 if language == "en" else 1
    origin = told["origin"]
    return {
        "refused": None,
        "contents": told,
        "product": told[f"product_{language}"],
        "net": show_mg(int(told["mg"])),
        "check": check_code(found.issued.digest),
        "mood": "good" if found.status == VALID else "bad" if found.status in STOPPED else "wait",
        "words": STATUS[found.status][place],
        "newer": found.newer,
        "assay": _assay(told["assay"] or {}, language),
        "standing": None if origin is None else WORDS[origin["standing"]][place],
        "origins": [
            (
                element["element"],
                origin_name(node, f"{row['country']}/{row['feed_class']}", language),
                percent(row["mid"]),
            )
            for element in ([] if origin is None else origin["elements"])
            for row in element["rows"]
        ],
    }


def _assay(told: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """What it states, as (name, value) in words; a number in % where its name does not say so."""
    say = words(language)
    stated = [(say(name_of("assay", field)), told[field], field.endswith("_pct")) for field in ASSAY if told.get(field)]
    if told.get("basis"):
        stated.append((say(name_of("assay", "basis")), say(name_of("assay_basis", told["basis"])), False))
    elements = told.get("distribution_pct") or told.get("elements_pct") or []
    rows = [*stated, *((element, value, True) for element, value in elements)]
    return [(name, f"{value} %" if percents else value) for name, value, percents in rows]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
