"""Orders of an authority: goods frozen and released, shipments voided; and what stands at a node by such orders."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from api.access import Access
from api.recording import Prepare, Recording, add, entry
from api.requests import Body, Code, Noted, Quantity, Text
from api.tables import Format, table
from nodes import orders, voiding
from nodes.node import Caller, Node
from nodes.sequencer import Answer


class Frozen(Body):
    """A batch wholly, or only these units of it, or so much of what stands loose of it; each as `log#id`."""

    batch: Code
    units: Annotated[list[Code] | None, Field(min_length=1)] = None
    quantity: Quantity | None = None


class Freeze(Noted):
    """Goods of one organisation that stay where they are, from when the order is delivered."""

    to: Code
    lines: Annotated[list[Frozen], Field(min_length=1)]
    reason: Text | None = None


class Unfreeze(Noted):
    """The end of an order, for all that it names."""

    reason: Text | None = None


class Void(Noted):
    """A shipment that nobody took, as `log#id`."""

    shipment: Code
    reason: Text | None = None


class Seen(Body):
    """Goods that were looked at, each as `log#id`; `seen` is what the inspector's scale said."""

    batch: Code
    unit: Code | None = None
    method: Code
    seen: Quantity | None = None
    sample: Text | None = None
    remark: Text | None = None


class Inspect(Noted):
    """An inspection of an organisation. `announced_at`: when it heard of it, with a time zone."""

    to: Code
    result: Code
    goods: list[Seen] | None = None
    announced_at: Text | None = None
    reason: Text | None = None


_ORDER, _BATCH = "4J3M5QZ0W8N4TJX2C6VHRB9EJ4", "2P9X2ZN4T8WJX5C6VHRB9EDA7K"
_SHIPMENT = "5K8AQZ0W8N4TJX2C6VHRB9EK5K"

RECORDINGS = (
    Recording(
        "/api/v1/orders",
        "freeze",
        Freeze,
        "The authority orders goods to be frozen",
        {
            "to": "xinfeng.example",
            "lines": [{"batch": f"xinfeng.example/log#{_BATCH}"}],
            "reason": "case 2026-17",
        },
        {
            "order": f"authority.example/log#{_ORDER}",
            "to": "xinfeng.example",
            "entry": entry("authority.example", 19),
        },
        role="supervisor",
    ),
    Recording(
        "/api/v1/orders/{order:path}/releases",
        "unfreeze",
        Unfreeze,
        "The authority ends an order",
        {"reason": "papers in order"},
        {
            "order": f"authority.example/log#{_ORDER}",
            "to": "xinfeng.example",
            "entry": entry("authority.example", 20),
        },
        role="supervisor",
    ),
    Recording(
        "/api/v1/inspections",
        "inspect",
        Inspect,
        "The authority has inspected an organisation",
        {
            "to": "xinfeng.example",
            "result": "in_order",
            "goods": [{"batch": f"xinfeng.example/log#{_BATCH}", "method": "sampled", "sample": "S-2026-88"}],
            "reason": "yearly inspection",
        },
        {"to": "xinfeng.example", "result": "in_order", "entry": entry("authority.example", 22)},
        role="supervisor",
    ),
    Recording(
        "/api/v1/voidings",
        "void",
        Void,
        "The authority voids a shipment that its receiver never took",
        {"shipment": f"xinfeng.example/log#{_SHIPMENT}", "reason": "receiver dissolved"},
        {
            "shipment": f"xinfeng.example/log#{_SHIPMENT}",
            "unreceived_at": 0,
            "entry": entry("authority.example", 21),
        },
        role="supervisor",
    ),
)


def prepared(node: Node) -> Mapping[str, Prepare]:
    async def void(body: dict[str, Any], caller: Caller, key: str) -> Answer:
        known = await asyncio.to_thread(node.answered, "void", body, caller, key)
        if known is not None:
            return known
        found = await asyncio.to_thread(voiding.examine, node, body["shipment"])
        return await node.do("void", {**body, **found}, caller, key, asked=body)

    return {"void": void}


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["orders"])
    add(router, node, access, RECORDINGS, prepared(node))
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/orders", dependencies=[viewer], summary="Orders given, at an authority; else those that came")
    def told(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        found = orders.orders(node)
        return {"orders": found} if format == "json" else table(node, format, "orders", found)

    @router.get("/api/v1/inspections", dependencies=[viewer], summary="What this authority inspected, newest first")
    def inspected(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        found = orders.inspections(node)
        return {"inspections": found} if format == "json" else table(node, format, "inspections", found)

    @router.get(
        "/api/v1/oversight/holds", dependencies=[viewer], summary="Holds and recalls in all deposits, newest first"
    )
    def held_back(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        found = orders.everybodys(node)
        return {"holds": found} if format == "json" else table(node, format, "holds", found)

    return router
