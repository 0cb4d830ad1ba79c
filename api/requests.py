"""The parts that request bodies share. Shapes only: what a quantity means, ledger/matter decides.

Masses and percentages are decimal strings, never JSON numbers: a float cannot hold what a scale printed.
Unknown fields are refused, so that a misspelt one is not silently lost.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from nodes.countries import is_country


def _country(code: str) -> str:
    if not is_country(code):
        raise PydanticCustomError("country", "no country's code")
    return code


Text = Annotated[str, Field(min_length=1, max_length=500)]
Code = Annotated[str, Field(min_length=1, max_length=160)]
Country = Annotated[str, AfterValidator(_country), Field(json_schema_extra={"pattern": "^[A-Z]{2}$"})]
Count = Annotated[int, Field(gt=0, strict=True)]
Object = dict[str, Any]


class Body(BaseModel):
    """`wire()` gives the body as the verbs take it: names as on the wire, absent fields left out."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)

    def wire(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)


class Quantity(Body):
    """`{"value": "20.000", "unit": "t", "basis": "net", "moisture_pct": "0.5"}`; pieces as `count`."""

    value: Text
    unit: Text
    basis: Text = "net"
    moisture_pct: Text | None = None
    g_per_l: Text | None = None
    count: Count | None = None


class Weighing(Body):
    """A weighbridge or scale ticket."""

    gross: Text
    tare: Text
    unit: Text
    ticket: Text | None = None
    scale: Text | None = None
    scale_kind: Text | None = None
    calibrated: Text | None = None
    in_at: Text | None = None
    out_at: Text | None = None


class Document(BaseModel):
    """A paper that goes with it: kind and number, a hash of the file, and what else it needs."""

    model_config = ConfigDict(extra="allow", strict=True)
    kind: Text
    no: Text | None = None
    sha256: Text | None = None


class Assay(BaseModel):
    """A laboratory's result as it is stated. ledger/matter/assay_members.py lists all members."""

    model_config = ConfigDict(extra="allow", strict=True)
    basis: Literal["as_received", "dried", "ignited"]
    total_reo_pct: Text | None = None
    distribution_pct: list[Annotated[list[Text], Field(min_length=2, max_length=2)]] | None = None
    lab: Text | None = None
    remark: Text | None = None
    certificate_sha256: Text | None = None


class EntryName(Body):
    """An entry, our own or one that another node told us of."""

    log: Code
    index: Annotated[int, Field(ge=0, strict=True)]


class Confirm(Body):
    """The answer to a typing guard: yes, it is meant so, because …"""

    reason: Text


class Step(Body):
    """One process step, at a site of our own or at a subcontractor's."""

    process: Code
    site: Code | None = None
    country: Country | None = None
    from_: Annotated[Text | None, Field(alias="from")] = None
    to: Text | None = None
    subcontractor: Text | None = None


class Line(Body):
    """Goods of one batch: so much, or these units, or both."""

    batch: Code
    quantity: Quantity | None = None
    units: list[Code] | None = None
    site: Code | None = None
    owner: Code | None = None


class Captured(Body):
    """That a device recorded it, perhaps without a network: its own count, its clock, and its signature in base64."""

    device: Code
    seq: Count
    at: Text
    signature: Text


class Noted(Body):
    """What every recording request may carry."""

    at: Text | None = None
    external_ref: Text | None = None
    documents: list[Document] | None = None
    confirm: Confirm | None = None
    captured: Captured | None = None
