"""Pools: goods in, goods out, the end of a period; and what is in them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.access import Access
from api.batches import Loss, Output
from api.recording import Recording, add, entry
from api.requests import Body, Code, Line, Noted, Step, Text
from api.tables import Format, table
from nodes import pools
from nodes.node import Node


class Charge(Noted):
    """Goods into a pool. The first charge says what is done in it, and where; `period_lot_no` names a new period."""

    inputs: Annotated[list[Line], Field(min_length=1)]
    steps: Annotated[list[Step] | None, Field(min_length=1)] = None
    period_lot_no: Text | None = None


class Draw(Noted):
    """Goods out of a pool, as new batches."""

    outputs: list[Output]
    losses: list[Loss] | None = None
    steps: Annotated[list[Step] | None, Field(min_length=1)] = None


class Mass(Body):
    """A mass alone."""

    value: Text
    unit: Text


class Held(Body):
    """How much of an element is in a pool: as metal, or as its oxide; and how sure that is, in percent of it."""

    element: Text
    metal: Mass | None = None
    oxide: Mass | None = None
    u_pct: Text

    @model_validator(mode="after")
    def one_form(self) -> "Held":
        """As metal or as oxide."""
        if (self.metal is None) == (self.oxide is None):
            raise PydanticCustomError("one_form", "give either metal or oxide")
        return self


class Wip(Body):
    """What is left in a pool, element by element; what is not named is not there."""

    method: Code
    contents: list[Held]


class Close(Noted):
    """The end of a period. Without `wip`, what is booked is carried over; without going on, the pool is empty."""

    wip: Wip | None = None
    goes_on: bool = True
    period_lot_no: Text | None = None
    losses: list[Loss] | None = None
    reason: Text | None = None


_PERIOD, _NEXT = "1P3M5QZ0W8N4TJX2C6VHRB9EP1", "2P3M5QZ0W8N4TJX2C6VHRB9EP2"

RECORDINGS = (
    Recording(
        "/api/v1/pools/{pool}/charges",
        "charge",
        Charge,
        "Goods go into a pool",
        {
            "inputs": [{"batch": "XF-2026-0002", "quantity": {"value": "20", "unit": "t"}}],
            "steps": [{"process": "separation", "site": "plant-1"}],
            "period_lot_no": "SX-1 2026-11",
        },
        {"pool": "sx-1", "period": _PERIOD, "opened": True, "entry": entry("xinfeng.example", 10)},
    ),
    Recording(
        "/api/v1/pools/{pool}/draws",
        "draw",
        Draw,
        "Goods come out of a pool",
        {
            "outputs": [
                {
                    "product": "prnd_oxide",
                    "lot_no": "PN-8",
                    "quantity": {"value": "4000", "unit": "kg"},
                    "assay": {
                        "basis": "ignited",
                        "total_reo_pct": "99.5",
                        "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]],
                    },
                }
            ]
        },
        {
            "outputs": [{"batch": "3P9X2ZN4T8WJX5C6VHRB9EDAP8", "product": "prnd_oxide", "lot_no": "PN-8"}],
            "entry": entry("xinfeng.example", 11),
            "warnings": [],
        },
        names={"pool": "sx-1"},
    ),
    Recording(
        "/api/v1/pools/{pool}/closings",
        "close",
        Close,
        "A period of a pool ends",
        {
            "wip": {
                "method": "measured",
                "contents": [
                    {"element": "Nd", "oxide": {"value": "2650", "unit": "kg"}, "u_pct": "2"},
                    {"element": "Y", "metal": {"value": "3500", "unit": "kg"}, "u_pct": "2"},
                ],
            },
            "period_lot_no": "SX-1 2026-12",
        },
        {"period": _PERIOD, "next": _NEXT, "entry": entry("xinfeng.example", 12)},
        names={"pool": "sx-1"},
    ),
)


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["pools"])
    add(router, node, access, RECORDINGS)
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/pools", dependencies=[viewer], summary="Pools, by code")
    def all_pools(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        found = pools.pools(node)
        return {"pools": found} if format == "json" else table(node, format, "pools", found)

    @router.get("/api/v1/pools/{pool}", dependencies=[viewer], summary="One pool, and what is in it")
    def pool_of(pool: str) -> dict[str, Any]:
        return pools.one_pool(node, pool)

    return router
