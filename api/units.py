"""Units and their labels: packing, unpacking, lists, QR codes as SVG and PNG."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api import printing
from api.access import Access
from api.batches import PAGE_MAX, Before
from api.recording import JSON, Recording, add, entry
from api.requests import Body, Code, Count, Noted, Quantity, Text
from api.tables import Format, listed
from ledger.evidence import format_evidence
from nodes import labels, printed
from nodes.node import Node
from nodes.store import codes, lists, prints
from nodes.store.records import UnitRecord


class Packed(Body):
    """A unit to label. A stack names what it contains and needs no net of its own."""

    serial: Text
    kind: Code = "drum"
    net: Quantity | None = None
    gross: Quantity | None = None
    tare: Quantity | None = None
    count: Count | None = None
    seal: Text | None = None
    contains: list[Code] | None = None


class Pack(Noted):
    """Loose goods of one batch into units, or units into a bigger one."""

    batch: Code
    site: Code | None = None
    units: Annotated[list[Packed], Field(min_length=1)]


class Unpack(Noted):
    """Units to open, by id or serial."""

    units: Annotated[list[Code], Field(min_length=1)]


def _unit(id_: str, serial: str, token: str) -> dict[str, Any]:
    return {
        "unit": id_,
        "serial": serial,
        "label_url": f"https://q.xinfeng.example/q/{token}…",
        "check_code": "7W20207K",
        "qr_svg": f"/api/v1/units/{id_}/qr.svg",
        "qr_png": f"/api/v1/units/{id_}/qr.png",
    }


RECORDINGS = (
    Recording(
        "/api/v1/units",
        "pack",
        Pack,
        "Loose goods into labelled units",
        {
            "batch": "PN-7",
            "units": [
                {"serial": "D-001", "kind": "drum", "net": {"value": "50", "unit": "kg"}, "seal": "A771"},
                {"serial": "D-002", "kind": "drum", "net": {"value": "50", "unit": "kg"}},
            ],
        },
        {
            "units": [
                _unit("5T1CQZ0W8N4TJX2C6VHRB9EDAM", "D-001", "AdXf"),
                _unit("4N7WQZ0W8N4TJX2C6VHRB9EDB2", "D-002", "AdXg"),
            ],
            "entry": entry("xinfeng.example", 3),
        },
    ),
    Recording(
        "/api/v1/unpackings",
        "unpack",
        Unpack,
        "Units are opened",
        {"units": ["D-002"]},
        {"entry": entry("xinfeng.example", 4)},
    ),
)


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["units"])
    add(router, node, access, RECORDINGS)
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/units", dependencies=[viewer], summary="Units, newest first")
    def units(
        before: Before = lists.LATEST,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        batch: str | None = None,
        site: str | None = None,
        on_hand: bool = False,
        usable: bool = False,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        with node.store.read() as conn:
            of_batch = None if batch is None else codes.find_batch(conn, batch)
        where = {"batch": of_batch, "site": site}

        def page(before: int, limit: int) -> dict[str, Any]:
            with node.store.read() as conn:
                found = lists.units(conn, before=before, limit=limit, **where, on_hand=on_hand, usable=usable)
            return {"units": [shown(one) for one in found], "before": found[-1].no if len(found) == limit else None}

        return listed(node, format, "units", page, before, limit)

    @router.get("/api/v1/units/{unit:path}/qr.svg", dependencies=[viewer], summary="The label as SVG")
    def qr_svg(unit: str) -> Response:
        return Response(printed.picture(node, unit, "svg"), media_type="image/svg+xml")

    @router.get("/api/v1/units/{unit:path}/qr.png", dependencies=[viewer], summary="The label as PNG")
    def qr_png(unit: str, dpi: Literal["203", "300"] = "203") -> Response:
        return Response(printed.picture(node, unit, "png", dpi), media_type="image/png")

    @router.get("/api/v1/units/{unit:path}/evidence", dependencies=[viewer], summary="The portable proof of a unit")
    def evidence_of(unit: str) -> Response:
        with node.store.read() as conn:
            id_ = codes.find_unit(conn, unit)
            made = node.proof_of(conn, unit=id_)
        return Response(format_evidence(made), media_type=JSON)

    @router.get("/api/v1/units/{unit:path}", dependencies=[viewer], summary="One unit, by id or serial")
    def unit_of(unit: str) -> Mapping[str, Any]:
        with node.store.read() as conn:
            record = lists.unit(conn, codes.find_unit(conn, unit))
            before = prints.of_units(conn, [record.unit.id])
        own = labels.label_of(node, record.unit.id) if "#" not in record.unit.id else None
        return {
            **shown(record),
            "label_url": None if own is None else own.url,
            "prints": [printing.row(one) for one in before],
        }

    return router


def shown(record: UnitRecord) -> Mapping[str, Any]:
    """A unit as lists and answers show it."""
    unit = record.unit
    return {
        "unit": unit.id,
        "batch": unit.batch,
        "serial": unit.serial,
        "kind": unit.kind,
        "net_mg": unit.net_mg,
        "count": unit.count,
        "seal": unit.seal,
        "site": unit.site,
        "owner": unit.owner or None,
        "state": unit.state,
        "inside": unit.inside,
        "contains": list(unit.contains),
        "shipment": unit.shipment,
    }
