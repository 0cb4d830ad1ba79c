"""Measuring again: samples, results of laboratories, reweighing, stock-take; and what goods are made of."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.access import Access
from api.asked import language
from api.pools import Held
from api.recording import Recording, add, entry
from api.rendering import page
from api.requests import Assay, Body, Code, EntryName, Noted, Quantity, Text, Weighing
from nodes import composition, settlement
from nodes.node import Node

As = Annotated[Literal["json", "html"], Query(alias="format")]
Whole = Annotated[int, Field(ge=0, strict=True)]


class Portion(Body):
    """A part that is taken as a sample, and what for."""

    lot_no: Text | None = None
    quantity: Quantity
    use: Code
    seal: Text | None = None


class Sample(Noted):
    """Samples of one batch, from loose goods or out of one unit."""

    batch: Code
    samples: Annotated[list[Portion], Field(min_length=1)]
    unit: Code | None = None
    site: Code | None = None
    owner: Code | None = None
    sampler: Text | None = None


class Result(Noted):
    """A laboratory's result. `to` is who is told; `sample` the sample's number; `certificate_sha256` is hexadecimal.

    `from` names an entry instead: the result that a laboratory has told us of this batch or of a sample of it.
    """

    batch: Code
    assay: Assay | None = None
    from_: Annotated[EntryName | None, Field(alias="from")] = None
    lab: Text | None = None
    certificate_sha256: Text | None = None
    sample: Text | None = None
    to: Code | None = None


class Results(Body):
    """Entries that state results: our own laboratory's, or those that others told us."""

    own: EntryName | None = None
    other: EntryName | None = None
    umpire: EntryName | None = None


class Agree(Noted):
    """Both parties' results, and an umpire's: each stated, or in `entries` named as an entry that states it. `rule` or
    `assay` state what was agreed, where it is not computed.
    """

    batch: Code
    own: Assay | None = None
    other: Assay | None = None
    umpire: Assay | None = None
    entries: Results | None = None
    rule: Code | None = None
    limit_pct: Text | None = None
    assay: Assay | None = None


class Weighed(Body):
    """Goods that were weighed again: loose ones of a batch, or one unit."""

    batch: Code | None = None
    unit: Code | None = None
    quantity: Quantity
    weighing: Weighing | None = None
    site: Code | None = None
    owner: Code | None = None


class Remeasure(Noted):
    """The stock is set to what the scale says."""

    kind: Code
    lines: Annotated[list[Weighed], Field(min_length=1)]
    reason: Text | None = None


class Found(Body):
    """What was found: so much of a batch, loose; or a unit, with all that it holds unless it is `missing`."""

    batch: Code | None = None
    unit: Code | None = None
    quantity: Quantity | None = None
    missing: bool = False
    site: Code | None = None
    owner: Code | None = None


class FoundInPool(Body):
    """What was found in a pool."""

    pool: Code
    method: Code
    contents: list[Held]


class Take(Noted):
    """A stock-take."""

    lines: list[Found] | None = None
    pools: list[FoundInPool] | None = None
    reason: Text | None = None


_OWN = {"basis": "ignited", "total_reo_pct": "99.40", "distribution_pct": [["Pr", "24.8"], ["Nd", "75.2"]]}
_OTHER = {"basis": "ignited", "total_reo_pct": "99.20", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}
_S1, _S2 = "5S3M5QZ0W8N4TJX2C6VHRB9ES1", "6S3M5QZ0W8N4TJX2C6VHRB9ES2"
_PN8 = "3P9X2ZN4T8WJX5C6VHRB9EDAP8"

RECORDINGS = (
    Recording(
        "/api/v1/samples",
        "sample",
        Sample,
        "Samples are taken of a batch",
        {
            "batch": "PN-8",
            "samples": [
                {
                    "lot_no": "PN-8/S1",
                    "quantity": {"value": "200", "unit": "g"},
                    "use": "assay",
                    "seal": "S-77",
                },
                {"lot_no": "PN-8/S2", "quantity": {"value": "200", "unit": "g"}, "use": "retained"},
            ],
            "sampler": "Chen",
        },
        {
            "samples": [
                {"batch": _S1, "product": "prnd_oxide", "lot_no": "PN-8/S1"},
                {"batch": _S2, "product": "prnd_oxide", "lot_no": "PN-8/S2"},
            ],
            "entry": entry("xinfeng.example", 13),
        },
    ),
    Recording(
        "/api/v1/assays",
        "assay",
        Result,
        "A laboratory's result",
        {"batch": "PN-8", "assay": {**_OWN, "status": "final"}, "lab": "Laboratory of Ganzhou", "sample": "PN-8/S1"},
        {"entry": entry("xinfeng.example", 14)},
    ),
    Recording(
        "/api/v1/assays/agreements",
        "agree",
        Agree,
        "The result that two parties agree on",
        {"batch": "PN-8", "own": _OWN, "other": _OTHER, "limit_pct": "0.5"},
        {
            "rule": "mean",
            "assay": {
                "basis": "ignited",
                "status": "final",
                "total_reo_pct": "99.3",
                "distribution_pct": [["Pr", "24.9"], ["Nd", "75.1"]],
            },
            "values": [
                {"of": "total_reo", "value": "99.3", "why": "mean"},
                {"of": "Pr", "value": "24.9", "why": "mean"},
                {"of": "Nd", "value": "75.1", "why": "mean"},
            ],
            "entry": entry("xinfeng.example", 15),
        },
    ),
    Recording(
        "/api/v1/remeasurements",
        "remeasure",
        Remeasure,
        "Goods are weighed again, or dried",
        {"kind": "reweighed", "lines": [{"batch": "PN-8", "quantity": {"value": "3998.2", "unit": "kg"}}]},
        {
            "lines": [
                {
                    "batch": _PN8,
                    "before_mg": 3_999_600_000,
                    "mg": 3_998_200_000,
                    "difference_mg": -1_400_000,
                }
            ],
            "entry": entry("xinfeng.example", 16),
        },
    ),
    Recording(
        "/api/v1/counts",
        "count",
        Take,
        "A stock-take",
        {
            "lines": [{"batch": "PN-8", "quantity": {"value": "3998", "unit": "kg"}}],
            "reason": "spilt at the scale",
        },
        {
            "lines": [{"batch": _PN8, "before_mg": 3_998_200_000, "mg": 3_998_000_000, "difference_mg": -200_000}],
            "entry": entry("xinfeng.example", 17),
        },
    ),
)


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["measuring"])
    add(router, node, access, RECORDINGS)
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/batches/{batch:path}/contents", dependencies=[viewer], summary="What a batch is made of")
    def contents_of(batch: str) -> dict[str, Any]:
        return composition.composition_of(node, batch)

    @router.get(
        "/api/v1/batches/{batch:path}/settlement",
        dependencies=[viewer],
        summary="Both sides' values of a shipment",
        response_model=None,
    )
    def settlement_of(
        batch: str, shipment: str, request: Request, basis: str = "reo", as_: As = "json"
    ) -> Response | dict[str, Any]:
        sheet = settlement.sheet(node, batch, shipment, basis)
        if as_ == "html":
            asked = language(request)
            return page("settlement.html", settlement.as_page(node, sheet, asked), asked, request=request)
        return sheet

    return router
