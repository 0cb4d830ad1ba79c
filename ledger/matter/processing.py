"""Custody inside one organisation: what becomes of goods between their coming and their going.

One rule for each event type, named like it; custody.py calls them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ledger.errors import Refusal
from ledger.matter.desk import Desk, first_double, refuse_contents_missing
from ledger.matter.event_types import REMOVAL_KINDS
from ledger.matter.events import Event
from ledger.matter.locks import RETURNING
from ledger.matter.periods import OPENING
from ledger.matter.quantities import show_mg
from ledger.matter.reference import CONSERVING
from ledger.matter.stock import Batch, Holding, Unit


def log_opened(desk: Desk, event: Event) -> None:
    """Entry 0 moves nothing."""


def new_batch(desk: Desk, id_: str, made: Mapping[str, Any], amount: Mapping[str, Any], site: str, owner: str) -> None:
    """A batch comes into being, loose at `site`."""
    desk.refuse_known(("batch", id_))
    if amount["mg"] == 0:
        raise Refusal("mass-is-zero", field="quantity", value=amount["mg"])
    counted = amount.get("count") is not None
    loose = (Holding(site, owner, amount["mg"], amount.get("count")),)
    desk.put(
        Batch(id_, made["product"], amount["basis"], counted, made.get("lot_no"), loose, 0, 0 if counted else None)
    )


def registered(desk: Desk, event: Event) -> None:
    batch = event.scalar("batch")
    if event.scalar("origin").get("class") == "unknown_opening":
        _refuse_late_opening(desk)
    new_batch(desk, event.ids["batch"], batch, event.scalar("quantity"), batch["site"], "")


def _refuse_late_opening(desk: Desk) -> None:
    """Opening stock is what was there when the books began, so the first month that is closed ends it."""
    if desk.find(("month", OPENING)) is not None:
        raise Refusal("opening-closed", field="origin.class", value="unknown_opening")


def take_inputs(desk: Desk, event: Event, verb: str) -> str:
    """Takes every input away and answers whose they were: the outputs are the same owner's."""
    rows = list(event.rows("inputs.chain", "inputs.authority"))
    if not rows:
        raise Refusal("nothing-named", field="inputs", verb=verb)
    owners = {row.get("owner") or "" for row in rows}
    if len(owners) > 1:
        raise Refusal("owners-mixed", field="inputs", value=", ".join(sorted(owner or desk.me for owner in owners)))
    for position, row in enumerate(rows):
        desk.take_part(row, f"inputs[{position}]", lambda unit: replace(unit, state="emptied"))
    return owners.pop()


def transformed(desk: Desk, event: Event) -> None:
    owner = take_inputs(desk, event, "transform")
    outputs = list(event.rows("outputs.chain", "outputs.authority"))
    if not outputs and not event.scalar("losses").get("list"):
        raise Refusal("nothing-named", field="outputs", verb="transform")
    refuse_sums(event)
    for id_, row in zip(event.ids.get("outputs.chain", ()), outputs, strict=True):
        new_batch(desk, id_, row, row, row["site"], owner)


def refuse_sums(event: Event) -> None:
    """A transformation that only parts or joins: what comes out is what went in."""
    inputs = list(event.rows("inputs.chain", "inputs.authority"))
    outputs = list(event.rows("outputs.chain", "outputs.authority"))
    processes = {step["process"] for step in event.scalar("transformation")["steps"]}
    if processes <= CONSERVING:
        refuse_gain_or_loss(inputs, outputs, event.scalar("losses").get("list", ()), processes)


def refuse_gain_or_loss(inputs: list[Any], outputs: list[Any], losses: Iterable[Any], processes: set[str]) -> None:
    """Parting and joining change no mass; whoever sees another sum has forgotten a loss or an output."""
    bases = {row["basis"] for row in (*inputs, *outputs)}
    if len(bases) > 1:
        raise Refusal("bases-mixed", field="outputs", value=", ".join(sorted(bases)))
    went_in = sum(row["mg"] for row in inputs)
    came_out = sum(row["mg"] for row in (*outputs, *losses))
    if went_in != came_out:
        raise Refusal(
            "sums-differ",
            field="outputs",
            value=show_mg(came_out),
            inputs=show_mg(went_in),
            difference=show_mg(came_out - went_in),
            process=", ".join(sorted(processes)),
        )
    counted = [row.get("count") for row in (*inputs, *outputs)]
    if all(count is not None for count in counted):
        pieces_in, pieces_out = sum(row["count"] for row in inputs), sum(row["count"] for row in outputs)
        if pieces_out > pieces_in:
            raise Refusal("pieces-from-nowhere", field="outputs", value=pieces_out, inputs=pieces_in)


def packed(desk: Desk, event: Event) -> None:
    packing = event.scalar("packing")
    id_, site = packing["batch"], packing["site"]
    if not event.ids.get("units.public"):
        raise Refusal("nothing-named", field="units", verb="pack")
    for position, (unit_id, row) in enumerate(
        zip(event.ids["units.public"], event.rows("units.public", "units.chain", "units.authority"), strict=True)
    ):
        where, owner, inner = f"units[{position}]", row.get("owner") or "", tuple(row.get("contains") or ())
        desk.refuse_known(("unit", unit_id))
        if row["net_mg"] == 0:
            raise Refusal("mass-is-zero", field=f"{where}.net", value=row["net_mg"])
        if inner:
            _stack(desk, unit_id, id_, inner, row, site, owner, where)
        else:
            desk.take_loose(id_, site, owner, row["net_mg"], row.get("count"), where)
            desk.pack_mass(id_, row["net_mg"], row.get("count"), where)
        desk.put(
            Unit(
                id=unit_id,
                batch=id_,
                kind=row["kind"],
                serial=row["serial"],
                net_mg=row["net_mg"],
                count=row.get("count"),
                seal=row.get("seal"),
                site=site,
                owner=owner,
                contains=inner,
            )
        )


def _stack(
    desk: Desk,
    outer: str,
    batch: str,
    inner: tuple[str, ...],
    row: Mapping[str, Any],
    site: str,
    owner: str,
    where: str,
) -> None:
    """Units into a bigger unit: its net is theirs, and no mass moves."""
    if len(set(inner)) != len(inner):
        raise Refusal("unit-twice", field=f"{where}.contains", value=first_double(list(inner)))
    units = [desk.unit_here(id_, batch, f"{where}.contains", owner=owner, site=site) for id_ in inner]
    for unit in units:
        if unit.inside is not None:
            raise Refusal("unit-inside-other", field=f"{where}.contains", value=unit.id, outer=unit.inside)
        desk.put(replace(unit, inside=outer))
    net = sum(unit.net_mg for unit in units)
    if net != row["net_mg"]:
        raise Refusal("less-than-its-units", field=f"{where}.net", value=show_mg(row["net_mg"]), units=show_mg(net))
    pieces = sum(unit.count or 0 for unit in units)
    if (row.get("count") or 0) != pieces:
        raise Refusal("less-than-its-units", field=f"{where}.count", value=row.get("count"), units=pieces)


def unpacked(desk: Desk, event: Event) -> None:
    rows = list(event.rows("units.chain"))
    if not rows:
        raise Refusal("nothing-named", field="units", verb="unpack")
    for position, row in enumerate(rows):
        where = f"units[{position}]"
        unit = desk.unit_here(row["unit"], row["batch"], where, owner=None)
        if unit.inside is not None:
            raise Refusal("unit-inside-other", field=where, value=unit.id, outer=unit.inside)
        refuse_contents_missing(unit, row.get("contains") or (), where)
        if unit.contains:
            for inner in unit.contains:
                desk.put(replace(desk.unit(inner, where), inside=None))
        else:
            desk.pack_mass(unit.batch, -unit.net_mg, -(unit.count or 0), where)
            desk.add_loose(desk.batch(unit.batch, where), unit.site, unit.owner, unit.net_mg, unit.count)
        desk.put(replace(unit, state="emptied", contains=()))


def moved(desk: Desk, event: Event) -> None:
    move = event.scalar("move")
    rows = list(event.rows("lines.chain", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="move")
    for position, row in enumerate(rows):
        desk.shift_part({**row, "site": move["from"]}, f"lines[{position}]", move["to"], row.get("owner") or "")


def assembled(desk: Desk, event: Event) -> None:
    owner = take_inputs(desk, event, "assemble")
    assembly, quantity, id_ = event.scalar("assembly"), event.scalar("quantity"), event.ids["assembly"]
    units = list(event.rows("units.public", "units.chain"))
    mg, count = sum(unit["net_mg"] for unit in units), sum(unit["count"] for unit in units)
    if mg != quantity["mg"]:
        raise Refusal("less-than-its-units", field="quantity", value=show_mg(quantity["mg"]), units=show_mg(mg))
    if count != quantity["count"]:
        raise Refusal("less-than-its-units", field="quantity.count", value=quantity["count"], units=count)
    if mg == 0:
        raise Refusal("mass-is-zero", field="quantity", value=mg)
    desk.refuse_known(("batch", id_))
    lot_no = assembly.get("lot_no")
    desk.put(
        Batch(
            id_, assembly["product"], quantity["basis"], counted=True, lot_no=lot_no, packed_mg=mg, packed_count=count
        )
    )
    for unit_id, unit in zip(event.ids["units.public"], units, strict=True):
        desk.refuse_known(("unit", unit_id))
        desk.put(
            Unit(
                id=unit_id,
                batch=id_,
                kind=unit["kind"],
                serial=unit["serial"],
                net_mg=unit["net_mg"],
                count=unit["count"],
                seal=unit.get("seal"),
                site=quantity["site"],
                owner=owner,
            )
        )


def dismantled(desk: Desk, event: Event) -> None:
    rows = list(event.rows("units.chain", "units.authority"))
    if not rows:
        raise Refusal("nothing-named", field="units", verb="dismantle")
    listed = [row["unit"] for row in rows]
    if len(set(listed)) != len(listed):
        raise Refusal("unit-twice", field="units", value=first_double(listed))
    units = [desk.unit_here(row["unit"], row["batch"], f"units[{at}]", owner=None) for at, row in enumerate(rows)]
    for unit, row in zip(units, rows, strict=True):
        if row["mg"] != (0 if unit.contains else unit.net_mg):  # a stack's mass is its leaves'
            raise Refusal("unit-net-differs", field="units", value=unit.id, net=show_mg(unit.net_mg))
    desk.refuse_part_of_stack(units, set(listed), "units")
    owners = {unit.owner for unit in units}
    if len(owners) > 1:
        raise Refusal("owners-mixed", field="units", value=", ".join(sorted(owner or desk.me for owner in owners)))
    if not event.items("outputs.chain") and not event.scalar("losses"):
        raise Refusal("nothing-named", field="outputs", verb="dismantle")
    for unit in units:
        if not unit.contains:
            desk.pack_mass(unit.batch, -unit.net_mg, -(unit.count or 0), "units")
        desk.put(replace(unit, state="consumed"))
    owner = owners.pop()
    outputs = list(event.rows("outputs.chain", "outputs.authority"))
    for id_, row in zip(event.ids.get("outputs.chain", ()), outputs, strict=True):
        new_batch(desk, id_, row, row, row["site"], owner)


def removed(desk: Desk, event: Event) -> None:
    removal = event.scalar("removal")
    if removal["kind"] not in REMOVAL_KINDS:
        raise Refusal("removal-unknown", field="kind", value=removal["kind"], kinds=", ".join(REMOVAL_KINDS))
    rows = list(event.rows("lines.chain", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="remove")
    passing = RETURNING if removal["kind"] in ("disposed", "destroyed") else ()
    for position, row in enumerate(rows):
        desk.take_part(row, f"lines[{position}]", lambda unit: replace(unit, state="consumed"), passing)
