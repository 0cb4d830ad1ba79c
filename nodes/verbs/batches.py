"""Verbs on batches: register, transform, assemble, dismantle, remove, move."""

from typing import Any

from ledger.errors import Refusal
from ledger.matter.assay_members import refuse_unknown_members
from ledger.matter.event_types import ORIGIN_CLASSES
from ledger.matter.guards import Guard, ask, basis_guards, moisture_guard, slip_guard, spelling_guard, ticket_guard
from ledger.matter.intake import refuse_origin
from ledger.matter.quantities import amount
from ledger.matter.stock import Unit
from nodes.verbs.draft import (
    Body,
    Desk,
    Draft,
    Sealed,
    at_of,
    documents_of,
    entry_of,
    only,
    part_of,
    product_of,
    recorded_of,
    site_of,
    steps_of,
)
from nodes.verbs.outputs import losses_of, made_of, outputs_of, warnings_of
from nodes.verbs.units import unit_answer, unit_row


def register(desk: Desk, body: Body) -> Draft:
    """A batch enters the ledger: mined, imported, recycled intake, bought outside, opening stock."""
    site, product = site_of(desk, body.get("site"), "site"), product_of(desk, body["product"])
    quantity, weighing = body["quantity"], body.get("weighing")
    counted = amount(quantity, "quantity", weighing=weighing)
    origin = dict(body["origin"])
    if origin["class"] not in ORIGIN_CLASSES:
        raise Refusal("origin-unknown", field="origin.class", value=origin["class"], classes=", ".join(ORIGIN_CLASSES))
    if desk.settings.origins_enforced:
        refuse_origin(origin["class"], body.get("documents") or (), desk.settings.role, desk.reference)
    refuse_unknown_members(body.get("assay") or {}, "assay")
    guards: list[Guard | None] = [slip_guard(counted.mg, desk.usual_masses(product), "quantity")]
    guards.append(ticket_guard(weighing or {}, desk.ticket_used(weighing or {}), "weighing"))
    guards.append(spelling_guard(product, desk.reference.tables["products"], "product"))
    guards += basis_guards(product, counted, quantity, desk.reference)
    guards.append(moisture_guard(product, quantity, desk.reference, "quantity"))
    guards.append(moisture_guard(product, body.get("assay") or {}, desk.reference, "assay"))
    confirmed = ask(guards, body.get("confirm"))
    slots = {
        "batch": only(product=product, lot_no=body.get("lot_no"), at=at_of(desk, body), site=site),
        "origin": origin,
        "quantity": only(
            mg=counted.mg, basis=counted.basis, count=counted.count, typed=dict(quantity), weighing=weighing
        ),
        "assay": body.get("assay"),
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body, confirmed),
    }
    warnings = warnings_of(confirmed)

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {
            "batch": sealed.event.ids["batch"],
            "mass": {"mg": counted.mg, "basis": counted.basis},
            **only(count=counted.count),
            "entry": entry_of(sealed),
            "warnings": list(warnings),
        }

    return Draft("registered", slots, answer, warnings, external_ref=body.get("external_ref"))


def transform(desk: Desk, body: Body) -> Draft:
    """Inputs → outputs and losses; also split, merge, blend, regrade, rework, repack."""
    steps, site = steps_of(desk, body, "rework")
    parts = [part_of(desk, line, f"inputs[{at}]", site=None) for at, line in enumerate(body["inputs"])]
    outputs, confirmed = outputs_of(desk, body, site, parts)
    losses = losses_of(body)
    slots = {
        "transformation": {"at": at_of(desk, body), "steps": steps},
        "inputs.chain": [{"batch": part.batch} for part in parts],
        "inputs.authority": [part.row() for part in parts],
        "outputs.chain": [chain for chain, _ in outputs],
        "outputs.authority": [authority for _, authority in outputs],
        "losses": losses,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body, confirmed),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"outputs": made_of(sealed, [chain for chain, _ in outputs]), "entry": entry_of(sealed), "warnings": []}

    return Draft("transformed", slots, answer, external_ref=body.get("external_ref"))


def assemble(desk: Desk, body: Body) -> Draft:
    """Magnets into labelled things with a serial, usually motors: one new batch, one unit each."""
    steps, site = steps_of(desk, body, "assemble")
    parts = [part_of(desk, line, f"inputs[{at}]") for at, line in enumerate(body["inputs"])]
    units = [unit_row(desk, unit, f"units[{at}]", default_kind="motor") for at, unit in enumerate(_serials(body))]
    for position, (_, chain, _) in enumerate(units):
        for index in chain.get("from") or ():
            if not isinstance(index, int) or not 0 <= index < len(parts):
                raise Refusal("input-not-named", field=f"units[{position}].from", value=index, inputs=len(parts))
    public = [{**row, "count": row.get("count", 1)} for row, _, _ in units]
    product = product_of(desk, body["product"])
    slots = {
        "assembly": only(at=at_of(desk, body), product=product, lot_no=body.get("lot_no"), steps=steps),
        "quantity": {
            "mg": sum(row["net_mg"] for row in public),
            "basis": "net",
            "count": sum(row["count"] for row in public),
            "site": site,
        },
        "inputs.chain": [{"batch": part.batch} for part in parts],
        "inputs.authority": [part.row() for part in parts],
        "units.public": public,
        "units.chain": [chain for _, chain, _ in units],
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {
            "batch": sealed.event.ids["assembly"],
            "units": [unit_answer(desk, sealed, at, row) for at, row in enumerate(public)],
            "entry": entry_of(sealed),
        }

    return Draft("assembled", slots, answer, external_ref=body.get("external_ref"))


def dismantle(desk: Desk, body: Body) -> Draft:
    """Units taken apart into new batches."""
    steps, site = steps_of(desk, body, "dismantle")
    units, goods = [], []
    for position, code in enumerate(body["units"]):
        where = f"units[{position}]"
        id_ = desk.unit_id(code, where)
        unit = desk.state(("unit", id_))
        if not isinstance(unit, Unit):
            raise Refusal("unit-unknown", field=where, value=code)
        units.append({"unit": unit.id, "batch": unit.batch})
        stack = bool(unit.contains)  # its mass is that of what is in it
        goods.append(only(mg=0 if stack else unit.net_mg, count=None if stack else unit.count))
    outputs, confirmed = outputs_of(desk, body, site)
    slots = {
        "dismantling": {"at": at_of(desk, body), "steps": steps},
        "units.chain": units,
        "units.authority": goods,
        "outputs.chain": [chain for chain, _ in outputs],
        "outputs.authority": [authority for _, authority in outputs],
        "losses": losses_of(body),
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body, confirmed),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"outputs": made_of(sealed, [chain for chain, _ in outputs]), "entry": entry_of(sealed), "warnings": []}

    return Draft("dismantled", slots, answer)


def remove(desk: Desk, body: Body) -> Draft:
    """Goods leave the chain: consumed elsewhere, disposed of, destroyed."""
    parts = [part_of(desk, line, f"lines[{at}]") for at, line in enumerate(body["lines"])]
    slots = {
        "removal": {"at": at_of(desk, body), "kind": body["kind"]},
        "lines.chain": [{"batch": part.batch} for part in parts],
        "lines.authority": [part.row() for part in parts],
        "reason": only(text=body.get("reason")) or None,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft("removed", slots, lambda sealed: {"entry": entry_of(sealed)})


def move(desk: Desk, body: Body) -> Draft:
    """Goods from one site of the organisation to another."""
    start, end = site_of(desk, body["from"], "from"), site_of(desk, body["to"], "to")
    if start == end:
        raise Refusal("site-same", field="to", value=end)
    parts = [part_of(desk, {**line, "site": start}, f"lines[{at}]") for at, line in enumerate(body["lines"])]
    rows = [{name: value for name, value in part.row().items() if name != "site"} for part in parts]
    slots = {
        "move": {"at": at_of(desk, body), "from": start, "to": end},
        "lines.chain": [{"batch": part.batch} for part in parts],
        "lines.authority": rows,
        "recorded": recorded_of(desk, body),
    }
    return Draft("moved", slots, lambda sealed: {"entry": entry_of(sealed)})


def _serials(body: Body) -> list[dict[str, Any]]:
    """The units as listed, or as a range: `{"serials": {"prefix", "first", "count", "digits"}, …}` for each."""
    found = []
    for unit in body["units"]:
        if "serials" not in unit:
            found.append(dict(unit))
            continue
        serials = unit["serials"]
        rest = {name: value for name, value in unit.items() if name != "serials"}
        prefix, digits = serials.get("prefix", ""), serials.get("digits", 1)
        numbers = range(serials["first"], serials["first"] + serials["count"])
        found.extend({**rest, "serial": f"{prefix}{number:0{digits}d}"} for number in numbers)
    return found
