"""Batches: registering, processing, assembling; lists and one batch with all that is known of it here."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.access import Access
from api.asked import language, wants_svg
from api.drawing.sights import Direction, Group, picture
from api.drawing.svg import SVG
from api.recording import JSON, Recording, add, entry
from api.requests import Assay, Body, Code, Country, Line, Noted, Quantity, Step, Text, Weighing
from api.tables import Format, listed
from ledger.entries import id_in
from ledger.evidence import format_evidence
from nodes import corrected, trace
from nodes.node import Node
from nodes.store import codes, lists
from nodes.store.records import BatchRecord

PAGE_MAX = 500
Before = Annotated[int, Query(ge=0, le=lists.LATEST)]
"""A page's cursor: no larger than a database's integer."""


class Origin(Body):
    """Where a batch comes from as it enters the ledger."""

    class_: Annotated[Code, Field(alias="class")]
    country: Country
    region: Text | None = None
    feed_class: Code | None = None


class Register(Noted):
    """A batch from a weighbridge ticket."""

    product: Code
    lot_no: Text | None = None
    site: Code | None = None
    quantity: Quantity
    weighing: Weighing | None = None
    origin: Origin
    assay: Assay | None = None


class Output(Body):
    """A batch that comes out."""

    product: Code
    lot_no: Text | None = None
    quantity: Quantity
    weighing: Weighing | None = None
    site: Code | None = None
    assay: Assay | None = None


class Loss(Body):
    """What a process left behind: `kind` is the organisation's own word for it."""

    kind: Code
    quantity: Quantity


class Transform(Noted):
    """Inputs into outputs and losses, by one or more process steps."""

    steps: Annotated[list[Step], Field(min_length=1)]
    inputs: list[Line]
    outputs: list[Output] = Field(default_factory=list)
    losses: list[Loss] | None = None


class Serials(Body):
    """A range of serials: prefix, then `count` numbers from `first` with at least `digits` digits."""

    first: Annotated[int, Field(ge=0, strict=True)]
    count: Annotated[int, Field(gt=0, le=10_000, strict=True)]
    prefix: str = ""
    digits: Annotated[int, Field(ge=1, le=12, strict=True)] = 1


class AssembledUnit(Body):
    """One unit by its serial, or many by a range. `from` names the inputs it may come from, by position."""

    serial: Text | None = None
    serials: Serials | None = None
    kind: Code = "motor"
    net: Quantity
    seal: Text | None = None
    from_: Annotated[list[int] | None, Field(alias="from")] = None

    @model_validator(mode="after")
    def one_way_to_name_it(self) -> "AssembledUnit":
        """A serial, or a range of serials."""
        if (self.serial is None) == (self.serials is None):
            raise PydanticCustomError("one_serial", "give either serial or serials")
        return self


class Assemble(Noted):
    """Inputs into a new batch of labelled units."""

    product: Code
    lot_no: Text | None = None
    steps: list[Step] | None = None
    inputs: list[Line]
    units: Annotated[list[AssembledUnit], Field(min_length=1)]


class Dismantle(Noted):
    """Units into new batches."""

    units: Annotated[list[Code], Field(min_length=1)]
    steps: list[Step] | None = None
    outputs: list[Output] = Field(default_factory=list)
    losses: list[Loss] | None = None


class Remove(Noted):
    """Goods that leave the chain: consumed, disposed, destroyed."""

    kind: Code
    lines: list[Line]
    reason: Text | None = None


class Move(Noted):
    """Goods from one own site to another."""

    from_: Annotated[Code, Field(alias="from")]
    to: Code
    lines: list[Line]


_BATCH, _OXIDE = "7K3M5QZ0W8N4TJX2C6VHRB9EDA", "2P9X2ZN4T8WJX5C6VHRB9EDA7K"
_MOTORS, _SCRAP = "5V2M8TZ0W8N4TJX2C6VHRB9ED1", "3E9Z5QZ0W8N4TJX2C6VHRB9ED2"
_MOTOR, _OTHER_MOTOR = "1M1CQZ0W8N4TJX2C6VHRB9EDA3", "2N2CQZ0W8N4TJX2C6VHRB9EDA4"

# One story: docs/interface.md tells it, and its test posts it to real nodes in the order of the page.
RECORDINGS = (
    Recording(
        "/api/v1/batches",
        "register",
        Register,
        "A batch enters the ledger",
        {
            "product": "ion_clay_mixed_oxide",
            "lot_no": "XF-2026-0001",
            "external_ref": "ERP-5512",
            "at": "2026-11-22T08:15:00+08:00",
            "site": "xinfeng-1",
            "quantity": {"value": "20.000", "unit": "t", "basis": "net", "moisture_pct": "0.5"},
            "weighing": {"ticket": "BT-991", "scale": "WB-2", "gross": "32.46", "tare": "12.46", "unit": "t"},
            "origin": {"class": "mined", "country": "CN", "region": "Jiangxi", "feed_class": "ion_mid_y"},
            "assay": {
                "basis": "ignited",
                "total_reo_pct": "92.1",
                "others_pct": "1.06",
                "distribution_pct": [
                    ["La", "27.6"],
                    ["Ce", "3.2"],
                    ["Pr", "5.6"],
                    ["Nd", "17.6"],
                    ["Sm", "4.5"],
                    ["Eu", "0.93"],
                    ["Gd", "6.0"],
                    ["Tb", "0.68"],
                    ["Dy", "3.7"],
                    ["Ho", "0.74"],
                    ["Er", "2.48"],
                    ["Tm", "0.27"],
                    ["Yb", "1.13"],
                    ["Lu", "0.21"],
                    ["Y", "24.3"],
                ],
            },
            "documents": [{"kind": "weigh_ticket", "no": "BT-991"}],
        },
        {
            "batch": _BATCH,
            "mass": {"mg": 20_000_000_000, "basis": "net"},
            "entry": entry("xinfeng.example", 1),
            "warnings": [],
        },
    ),
    Recording(
        "/api/v1/transformations",
        "transform",
        Transform,
        "Inputs into outputs and losses",
        {
            "steps": [{"process": "separation", "site": "plant-1"}],
            "at": "2026-11-23T08:15:00+08:00",
            "inputs": [{"batch": "XF-2026-0001", "quantity": {"value": "20", "unit": "t", "basis": "net"}}],
            "outputs": [
                {"product": "prnd_oxide", "lot_no": "PN-7", "quantity": {"value": "4040", "unit": "kg", "basis": "net"}}
            ],
            "losses": [{"kind": "residue", "quantity": {"value": "14400", "unit": "kg", "basis": "net"}}],
        },
        {
            "outputs": [{"batch": _OXIDE, "product": "prnd_oxide", "lot_no": "PN-7"}],
            "entry": entry("xinfeng.example", 2),
            "warnings": [
                {
                    "code": "yield-low",
                    "severity": "mild",
                    "reason": "Less came out of separation than usual…",
                    "reason_zh": "产出比通常少…",
                }
            ],
        },
    ),
    Recording(
        "/api/v1/assemblies",
        "assemble",
        Assemble,
        "Magnets into labelled motors",
        {
            "product": "motor",
            "lot_no": "EV-2026-11",
            "inputs": [{"batch": "42SH-0417", "quantity": {"value": "3", "unit": "kg", "count": 100}}],
            "units": [
                {
                    "serials": {"prefix": "M-", "first": 1, "count": 2, "digits": 6},
                    "net": {"value": "46.2", "unit": "kg"},
                }
            ],
        },
        {
            "batch": _MOTORS,
            "units": [
                {
                    "unit": id_,
                    "serial": serial,
                    "label_url": f"https://q.motor.example/q/{token}…",
                    "check_code": "3BT9NQEE",
                    "qr_svg": f"/api/v1/units/{id_}/qr.svg",
                    "qr_png": f"/api/v1/units/{id_}/qr.png",
                }
                for id_, serial, token in ((_MOTOR, "M-000001", "AX3q"), (_OTHER_MOTOR, "M-000002", "AX3r"))
            ],
            "entry": entry("motor.example", 2),
        },
    ),
    Recording(
        "/api/v1/dismantlings",
        "dismantle",
        Dismantle,
        "Units taken apart",
        {
            "units": ["M-000001"],
            "outputs": [{"product": "ndfeb_magnet", "lot_no": "EOL-1", "quantity": {"value": "1.4", "unit": "kg"}}],
        },
        {
            "outputs": [{"batch": _SCRAP, "product": "ndfeb_magnet", "lot_no": "EOL-1"}],
            "entry": entry("motor.example", 3),
            "warnings": [],
        },
    ),
    Recording(
        "/api/v1/removals",
        "remove",
        Remove,
        "Goods leave the chain",
        {
            "kind": "disposed",
            "lines": [{"batch": "EOL-1", "quantity": {"value": "0.4", "unit": "kg"}}],
            "reason": "broken, swept up",
        },
        {"entry": entry("motor.example", 4)},
    ),
    Recording(
        "/api/v1/moves",
        "move",
        Move,
        "Goods between two sites of the organisation",
        {
            "from": "plant-1",
            "to": "xinfeng-1",
            "lines": [{"batch": "PN-7", "quantity": {"value": "500", "unit": "kg"}}],
        },
        {"entry": entry("xinfeng.example", 5)},
    ),
)


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["batches"])
    add(router, node, access, RECORDINGS)
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/batches", dependencies=[viewer], summary="Batches, newest first")
    def batches(
        before: Before = lists.LATEST,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        product: str | None = None,
        site: str | None = None,
        on_hand: bool = False,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        def page(before: int, limit: int) -> dict[str, Any]:
            with node.store.read() as conn:
                found = lists.batches(conn, before=before, limit=limit, product=product, site=site, on_hand=on_hand)
            return {"batches": [shown(one) for one in found], "before": found[-1].no if len(found) == limit else None}

        return listed(node, format, "batches", page, before, limit)

    @router.get("/api/v1/batches/{batch:path}/trace", dependencies=[viewer], summary="Genealogy, with explicit gaps")
    def trace_of(
        request: Request,
        batch: str,
        direction: Direction = "back",
        limit: Annotated[int, Query(ge=1, le=trace.NODES_MAX)] = trace.NODES_MAX,
        group: Group = "",
    ) -> Response:
        if wants_svg(request):
            found = trace.trace(node, batch, direction, limit)
            return Response(picture(node, found, language(request), group), media_type=SVG)
        # Thousands of batches are printed as they are; FastAPI would first go through them all to look for models.
        found = trace.trace(node, batch, direction, limit)
        return Response(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(), media_type=JSON)

    @router.get("/api/v1/batches/{batch:path}/evidence", dependencies=[viewer], summary="The portable proof")
    def evidence_of(batch: str) -> Response:
        with node.store.read() as conn:
            id_ = codes.find_batch(conn, batch)
            made = node.proof_of(conn, batch=id_)
        return Response(format_evidence(made), media_type=JSON)

    @router.get("/api/v1/batches/{batch:path}", dependencies=[viewer], summary="One batch, by id or own code")
    def batch_of(batch: str) -> dict[str, Any]:
        with node.store.read() as conn:
            record = lists.batch(conn, codes.find_batch(conn, batch))
            units = lists.units(conn, batch=record.batch.id, limit=PAGE_MAX)
            mended = corrected.shown(conn, node.origin, record)
        return {
            **shown(record),
            **mended,
            "id": id_in(record.batch.id, node.origin, ""),
            "units": [{"unit": one.unit.id, "serial": one.unit.serial, "state": one.unit.state} for one in units],
        }

    return router


def shown(record: BatchRecord) -> Mapping[str, Any]:
    """A batch as lists and answers show it."""
    batch = record.batch
    return {
        "batch": batch.id,
        "product": batch.product,
        "lot_no": batch.lot_no,
        "external_ref": record.external_ref,
        "at": record.at,
        "country": record.country,
        "basis": batch.basis,
        "mg": batch.mg,
        "count": batch.count,
        "packed_mg": batch.packed_mg,
        "loose": [
            {"site": held.site, "owner": held.owner or None, "mg": held.mg, "count": held.count} for held in batch.loose
        ],
        "entry_no": record.made_by,
    }
