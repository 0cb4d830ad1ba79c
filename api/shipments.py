"""Shipments: offering, receiving, acknowledging; what is under way to us and from us."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.access import Access
from api.batches import PAGE_MAX, Before
from api.recording import Recording, add, entry
from api.requests import Body, Code, Country, Line, Noted, Object, Quantity, Text, Weighing
from api.tables import Format, listed
from ledger.log.canonical import dump
from nodes import guests, shipping
from nodes.node import Node
from nodes.people import check_task
from nodes.printing import layout
from nodes.printing.svg import svg
from nodes.store import lists
from nodes.tokens import Pass


class Outside(Body):
    """A party that is no member of the federation."""

    name: Text
    country: Country
    uscc: Text | None = None
    eori: Text | None = None
    lei: Text | None = None
    documents: list[Object] | None = None


class To(Body):
    """A member, or one outside: exactly one of them."""

    node: Code | None = None
    outside: Outside | None = None

    @model_validator(mode="after")
    def one_of_them(self) -> "To":
        if (self.node is None) == (self.outside is None):
            raise PydanticCustomError("one_party", "name either a node or a party outside")
        return self


class Transport(Body):
    """How it travels, as the papers say."""

    vehicle: Text | None = None
    waybill: Text | None = None
    carrier: Text | None = None


class Ship(Noted):
    """An offer. `original` names the shipment that a return sends back."""

    to: To
    purpose: Code
    lines: Annotated[list[Line], Field(min_length=1)]
    transport: Transport | None = None
    original: Code | None = None


class UnitState(Body):
    """What became of one unit, by id or serial."""

    unit: Code
    state: Literal["accepted", "concession", "quarantined", "rejected", "missing", "unexpected", "damaged"]
    reason: Text | None = None


class ReceiptLine(Body):
    """`weighed` is the accepted part on the receiver's own scale; the rest speaks of what is not in units."""

    line: Annotated[int, Field(ge=0, strict=True)] | None = None
    batch: Code | None = None
    weighed: Quantity | None = None
    weighing: Weighing | None = None
    units: list[UnitState] | None = None
    accepted: Quantity | None = None
    rejected: Quantity | None = None
    missing: Quantity | None = None
    reason: Text | None = None
    site: Code | None = None


class Receive(Noted):
    """A receipt. Without lines, everything still open is accepted as offered."""

    final: bool = True
    declined: bool = False
    reason: Text | None = None
    lines: list[ReceiptLine] | None = None


class ReturnedLine(Body):
    """Goods of a declined or outside shipment, weighed in again."""

    line: Annotated[int, Field(ge=0, strict=True)] | None = None
    batch: Code | None = None
    weighed: Quantity | None = None
    units: list[Code] | None = None
    site: Code | None = None


class Acknowledge(Noted):
    """Agreed, or not and why; with lines only for what came back."""

    agreed: bool = True
    reason: Text | None = None
    lines: list[ReturnedLine] | None = None


class Withdraw(Noted):
    """Please decline what is on its way to you."""

    reason: Text | None = None


_SHIPMENT, _OXIDE = "3F8AQZ0W8N4TJX2C6VHRB9EDAM", "2P9X2ZN4T8WJX5C6VHRB9EDA7K"
_LATER = "5K8AQZ0W8N4TJX2C6VHRB9EK5K"

RECORDINGS = (
    Recording(
        "/api/v1/shipments",
        "ship",
        Ship,
        "An offer to another organisation",
        {
            "to": {"node": "metal.example"},
            "purpose": "sale",
            "lines": [{"batch": "PN-7", "quantity": {"value": "2", "unit": "t", "basis": "net"}, "units": ["D-001"]}],
            "transport": {"vehicle": "赣B12345", "waybill": "WB-7001"},
        },
        {"shipment": _SHIPMENT, "status": "offered", "entry": entry("xinfeng.example", 6)},
    ),
    Recording(
        "/api/v1/shipments/{shipment:path}/receipts",
        "receive",
        Receive,
        "The receiver's weighing and decision",
        {
            "final": True,
            "lines": [
                {
                    "batch": "PN-7",
                    "weighed": {"value": "1948.5", "unit": "kg", "basis": "net"},
                    "units": [{"unit": "D-001", "state": "rejected", "reason": "seal broken"}],
                }
            ],
        },
        {
            "shipment": f"xinfeng.example/log#{_SHIPMENT}",
            "status": "received",
            "entry": entry("metal.example", 1),
            "lines": [
                {
                    "batch": f"xinfeng.example/log#{_OXIDE}",
                    "accepted_mg": 1_950_000_000,
                    "rejected_mg": 50_000_000,
                    "missing_mg": 0,
                    "difference_mg": -1_500_000,
                    "tolerance_mg": 5_514_600,
                }
            ],
        },
    ),
    Recording(
        "/api/v1/shipments/{shipment:path}/acknowledgements",
        "acknowledge",
        Acknowledge,
        "The sender's answer to a receipt",
        {"agreed": True},
        {"shipment": _SHIPMENT, "status": "acknowledged", "entry": entry("xinfeng.example", 7)},
    ),
    Recording(
        "/api/v1/shipments/{shipment:path}/withdrawals",
        "withdraw",
        Withdraw,
        "The sender asks for a shipment back",
        {"reason": "sent to the wrong address"},
        {"shipment": _LATER, "status": "withdrawal asked", "entry": entry("xinfeng.example", 33)},
    ),
)


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["shipments"])
    add(router, node, access, RECORDINGS)
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/shipments", dependencies=[viewer], summary="Our shipments, newest first")
    def shipments(
        before: Before = lists.LATEST,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        to: str | None = None,
        is_open: Annotated[bool, Query(alias="open")] = False,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        def page(before: int, limit: int) -> dict[str, Any]:
            with node.store.read() as conn:
                found = lists.shipments(conn, before=before, limit=limit, to=to, is_open=is_open)
                shown = shipping.shipments(node, conn, found)
            return {"shipments": shown, "before": found[-1].no if len(found) == limit else None}

        return listed(node, format, "shipments", page, before, limit)

    clerk = Depends(access.require("clerk"))

    @router.post(
        "/api/v1/shipments/{shipment:path}/link",
        status_code=201,
        summary="A link by which a consignee outside confirms once; an earlier one ends",
    )
    def invite(
        shipment: str, caller: Annotated[Pass, clerk], days: Annotated[int, Query(ge=1, le=90)] = 14
    ) -> Response:
        check_task(caller, "acknowledge", {})
        link, url = guests.invite(node, shipment, caller.owner, days)
        lines = ("扫码确认收货", "Scan to confirm the delivery", link.shipment, f"≤ {link.ends_at[:10]}")
        told = {
            "shipment": link.shipment,
            "url": url,
            "ends_at": link.ends_at,
            "svg": svg(layout.invitation(url, lines)).decode(),
        }
        return Response(dump(told), 201, {"cache-control": "no-store"}, "application/json")

    @router.delete(
        "/api/v1/shipments/{shipment:path}/link",
        status_code=204,
        dependencies=[clerk],
        summary="The link of a consignee outside serves no more",
    )
    def withdraw(shipment: str) -> None:
        guests.withdraw(node, shipment)

    @router.get("/api/v1/arrivals", dependencies=[viewer], summary="Shipments offered to us, newest first")
    def arrivals(
        before: Before = lists.LATEST,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        sender: Annotated[str | None, Query(alias="from")] = None,
        is_open: Annotated[bool, Query(alias="open")] = False,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        def page(before: int, limit: int) -> dict[str, Any]:
            with node.store.read() as conn:
                found = lists.arrivals(conn, before=before, limit=limit, sender=sender, is_open=is_open)
                shown = shipping.arrivals(conn, found)
            return {"arrivals": shown, "before": found[-1].no if len(found) == limit else None}

        return listed(node, format, "arrivals", page, before, limit)

    @router.get(
        "/api/v1/shipments/{shipment:path}", dependencies=[viewer], summary="One shipment, ours or offered to us"
    )
    def shipment_of(shipment: str) -> dict[str, Any]:
        return shipping.one_shipment(node, shipment)

    return router
