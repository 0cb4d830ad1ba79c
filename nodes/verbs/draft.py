"""Drafts: what a verb makes of a request before it is sealed, and the desk it looks things up on.

A verb is a function (desk, body) → Draft. It reads, resolves the organisation's own codes, fills in what a clerk may
leave out (the only site, the basis, the mass of named units), and converts quantities. It decides nothing about
custody: `custody.apply` does, right after, on the same view.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ledger.errors import Refusal
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint
from ledger.log.notes import Signer
from ledger.matter.events import Event
from ledger.matter.makeups import Makeup
from ledger.matter.quantities import Amount, amount
from ledger.matter.reference import Reference
from ledger.matter.stock import Batch, Key, State, Unit
from ledger.registry import Registry
from nodes.config import Settings

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A draft that is an entry now."""

    event: Event
    index: int
    leaf: bytes
    origin: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to bring to another node as soon as a checkpoint covers the entry. `subject` is the shipment's id; of a
    notice it names our log and the entry.
    """

    kind: str
    to: str
    subject: str


@dataclass(frozen=True, slots=True)
class Draft:
    """`answer` words the reply; `external_ref` is the caller's own number for what is made. `signers`: instead of the
    author key in force alone, where that is being replaced.
    """

    type: str
    slots: Mapping[str, Any]
    answer: Callable[[Sealed], dict[str, Any]]
    warnings: tuple[dict[str, str], ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    external_ref: str | None = None
    signers: tuple[Signer, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A shipment that was offered to us, verified. `ref` is how a receipt of ours names it."""

    shipped: Event
    ref: Mapping[str, Any]


class Desk(Protocol):
    """What a verb may look at, inside the writer: the view as it is after every command before this one."""

    settings: Settings
    reference: Reference
    by: str
    index: int

    @property
    def origin(self) -> str: ...
    @property
    def recorded_at(self) -> str: ...
    @property
    def registry(self) -> Registry: ...
    def state(self, key: Key) -> State | None: ...
    def batch_id(self, code: str, field: str) -> str: ...
    def unit_id(self, code: str, field: str) -> str: ...
    def shipment_id(self, code: str, field: str) -> str: ...
    def usual_masses(self, product: str) -> Sequence[int]: ...
    def ticket_used(self, weighing: Mapping[str, Any]) -> Batch | None: ...
    def made_event(self, batch: str) -> Event | None: ...
    def makeup(self, batch: str) -> Makeup | None: ...
    def carried_assay(self, batch: str) -> Mapping[str, Any] | None: ...
    def offer(self, shipment: str) -> Offer: ...
    def answer_to(self, shipment: str) -> tuple[Event, Mapping[str, Any]] | None: ...
    def entry_of_other(self, named: Mapping[str, Any], field: str) -> tuple[Event, Mapping[str, Any]]: ...
    def newest_of(self, log: str) -> Checkpoint | None: ...
    def locked_by(self, lock: str) -> Event | None: ...
    def label_url(self, sealed: Sealed, unit: str, net_mg: int) -> str: ...


@dataclass(frozen=True, slots=True)
class Part:
    """A line of a request, resolved: which batch, how much, from which site and owner, in which units."""

    batch: str
    amount: Amount
    site: str
    owner: str
    units: tuple[Unit, ...]
    typed: Mapping[str, Any]

    def row(self, *, owner: bool = True) -> dict[str, Any]:
        """The fields of a `lines` or `inputs` slot for the authority."""
        row = {"mg": self.amount.mg, "basis": self.amount.basis, "site": self.site, "typed": dict(self.typed)}
        if self.amount.count is not None:
            row["count"] = self.amount.count
        if self.units:
            row["units"] = [unit.id for unit in self.units]
        if self.owner and owner:
            row["owner"] = self.owner
        return row


def without(body: Body, *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names and value is not None}


def only(**fields: Any) -> dict[str, Any]:
    """The given fields that have a value: absent fields are left out, never written as null."""
    return {name: value for name, value in fields.items() if value is not None}


def at_of(desk: Desk, body: Body) -> str:
    """When it happened: as stated, else when a device captured it, else now. A time zone is part of it."""
    at = body.get("at") or (body.get("captured") or {}).get("at")
    if at is None:
        return desk.recorded_at[:19] + "+00:00"
    try:
        parsed = datetime.fromisoformat(at)
    except ValueError as error:
        raise Refusal("at-not-a-date", field="at", value=at) from error
    if parsed.tzinfo is None:
        raise Refusal("at-without-zone", field="at", value=at)
    return parsed.isoformat(timespec="seconds")


def site_of(desk: Desk, given: str | None, where: str) -> str:
    """The named site, or the organisation's only one."""
    sites = [site.code for site in desk.settings.sites]
    if given is None and len(sites) == 1:
        return sites[0]
    if given is None:
        raise Refusal("site-missing", field=where, sites=", ".join(sites) or "-")
    if given not in sites:
        raise Refusal("site-unknown", field=where, value=given, sites=", ".join(sites) or "-")
    return given


def country_of(desk: Desk, site: str) -> str | None:
    return next((known.country for known in desk.settings.sites if known.code == site), desk.settings.country)


def product_of(desk: Desk, given: str) -> str:
    """The standard product code, from one of the organisation's own codes too."""
    return desk.settings.products.get(given, given)


def recorded_of(desk: Desk, body: Body, confirmed: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """Who, by whose approval, under which number of theirs; and what was asked and answered."""
    return only(
        by=desk.by,
        approved_by=body.get("approved_by"),
        external_ref=body.get("external_ref"),
        confirmed=confirmed or None,
        captured=body.get("captured"),
        ruleset=desk.reference.ruleset,
    )


def documents_of(body: Body) -> dict[str, Any] | None:
    return {"list": list(body["documents"])} if body.get("documents") else None


def entry_of(sealed: Sealed) -> dict[str, Any]:
    """`{"log", "index", "leaf"}` as every answer names the entry."""
    return {"log": sealed.origin, "index": sealed.index, "leaf": b64(sealed.leaf)}


def steps_of(desk: Desk, body: Body, default: str) -> tuple[list[dict[str, Any]], str]:
    """The steps with their country filled in, and the site where the outputs stand (the last step's)."""
    steps = [dict(step) for step in body.get("steps") or ({"process": default},)]
    for position, step in enumerate(steps):
        if "subcontractor" not in step:
            step["site"] = site_of(desk, step.get("site"), f"steps[{position}].site")
            if "country" not in step and (country := country_of(desk, step["site"])):
                step["country"] = country
    site = next((step["site"] for step in reversed(steps) if "site" in step), None)
    return steps, site_of(desk, site, "steps")


def part_of(desk: Desk, line: Body, where: str, *, site: str | None = None) -> Part:
    """Resolves a line: own codes to ids, named units and what is stacked in them, mass where only units are named."""
    batch = batch_of(desk, line["batch"], f"{where}.batch")
    units = stacked(desk, [desk.unit_id(code, f"{where}.units") for code in line.get("units") or ()], where)
    leaves = [unit for unit in units if not unit.contains]
    quantity = line.get("quantity")
    if quantity is not None:
        wanted = amount(quantity, f"{where}.quantity")
        if wanted.count is None and batch.counted and leaves and wanted.mg == sum(unit.net_mg for unit in leaves):
            wanted = Amount(wanted.mg, wanted.basis, sum(unit.count or 0 for unit in leaves))
    elif units:
        pieces = sum(unit.count or 0 for unit in leaves) if batch.counted else None
        wanted = Amount(sum(unit.net_mg for unit in leaves), batch.basis, pieces)
    else:
        raise Refusal("quantity-missing", field=f"{where}.quantity", value=line["batch"])
    owner, stands = stand_of(batch, units, line.get("site") or site, line.get("owner"), f"{where}.site")
    return Part(batch.id, wanted, stands, owner, units, quantity or {})


def batch_of(desk: Desk, code: str, where: str) -> Batch:
    """The batch of that code, here."""
    batch = desk.state(("batch", desk.batch_id(code, where)))
    if not isinstance(batch, Batch):
        raise Refusal("batch-unknown", field=where, value=code)
    return batch


def unit_of(desk: Desk, code: str, where: str) -> Unit:
    """The unit of that code, wherever it is."""
    unit = desk.state(("unit", desk.unit_id(code, where)))
    if not isinstance(unit, Unit):
        raise Refusal("unit-unknown", field=where, value=code)
    return unit


def stacked(desk: Desk, ids: Sequence[str], where: str) -> tuple[Unit, ...]:
    """The named units, each with everything stacked in it that was not named itself."""
    found: dict[str, Unit] = {}
    waiting = list(ids)
    while waiting:
        id_ = waiting.pop(0)
        unit = desk.state(("unit", id_))
        if not isinstance(unit, Unit):
            raise Refusal("unit-unknown", field=f"{where}.units", value=id_)
        found.setdefault(id_, unit)
        waiting.extend(inner for inner in unit.contains if inner not in found and inner not in ids)
    return tuple(found.values())


def stand_of(batch: Batch, units: Sequence[Unit], site: str | None, owner: str | None, where: str) -> tuple[str, str]:
    """(owner, site) that the goods stand under: where named units stand, else the only place, our own goods first."""
    if units:
        return (units[0].owner if owner is None else owner), (site or units[0].site)
    places = [held for held in batch.loose if site in (None, held.site) and owner in (None, held.owner)]
    own = [held for held in places if held.owner == ""] or places
    if len({held.site for held in own}) > 1:
        raise Refusal("site-unclear", field=where, value=batch.id, sites=", ".join(held.site for held in own))
    if own:
        return own[0].owner, own[0].site
    if site is None and not batch.loose:
        raise Refusal("none-loose", field=where, value=batch.lot_no or batch.id)
    return owner or "", site or batch.loose[0].site
