"""Verbs on measuring again: sample, remeasure, count.

What the books say before is never typed: it is looked up at the moment of recording, and stands in the entry beside
what was found. Units whose net changes are told with all that they stand in.
"""

from collections.abc import Mapping
from typing import Any

from ledger.errors import Refusal
from ledger.matter.guards import Guard, ask, moisture_guard, slip_guard
from ledger.matter.quantities import Amount, amount, mass_mg
from ledger.matter.statements import refuse_kind_unknown
from ledger.matter.stock import Batch, Unit
from nodes.verbs.draft import (
    Body,
    Desk,
    Draft,
    Sealed,
    at_of,
    batch_of,
    documents_of,
    entry_of,
    only,
    part_of,
    recorded_of,
    stand_of,
    unit_of,
)
from nodes.verbs.outputs import made_of
from nodes.verbs.pools import WIP_METHODS, measured_of


def sample(desk: Desk, body: Body) -> Draft:
    """Small parts of a batch become batches of their own: for the laboratory, to be retained, for an umpire."""
    batch = batch_of(desk, body["batch"], "batch")
    drawn = [amount(one["quantity"], f"samples[{at}].quantity") for at, one in enumerate(body["samples"])]
    pieces = sum(one.count or 0 for one in drawn) or None
    mg = sum(one.mg for one in drawn)
    taken = only(value=str(mg), unit="mg", basis=drawn[0].basis, count=pieces)
    unit = None if body.get("unit") is None else unit_of(desk, body["unit"], "unit")
    line = only(
        batch=batch.id,
        quantity=taken,
        units=None if unit is None else [unit.id],
        site=body.get("site"),
        owner=body.get("owner"),
    )
    part = part_of(desk, line, "samples")
    less = {} if unit is None or unit.contains or mg >= unit.net_mg else {unit.id: (-mg, -(pieces or 0))}
    chain = [only(product=batch.product, lot_no=one.get("lot_no")) for one in body["samples"]]
    slots = {
        "sampling": only(at=at_of(desk, body), site=part.site, sampler=body.get("sampler")),
        "inputs.chain": [{"batch": part.batch}],
        "inputs.authority": [part.row()],
        "outputs.chain": chain,
        "outputs.authority": [
            only(mg=one.mg, basis=one.basis, count=one.count, site=part.site, typed=dict(told["quantity"]))
            for one, told in zip(drawn, body["samples"], strict=True)
        ],
        "outputs.sample": [only(use=one["use"], seal=one.get("seal")) for one in body["samples"]],
        "nets.public": _nets(desk, less),
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"samples": made_of(sealed, chain), "entry": entry_of(sealed)}

    return Draft("sampled", slots, answer, external_ref=body.get("external_ref"))


def remeasure(desk: Desk, body: Body) -> Draft:
    """Goods were weighed again, or dried: the stock is set to what the scale says, openly."""
    chain, rows, guards = [], [], []
    changes: dict[str, tuple[int, int]] = {}
    for position, line in enumerate(body["lines"]):
        where = f"lines[{position}]"
        quantity = line["quantity"]
        found = amount(quantity, f"{where}.quantity", weighing=line.get("weighing"))
        unit = None if line.get("unit") is None else unit_of(desk, line["unit"], f"{where}.unit")
        batch = _batch(desk, line, unit, where)
        site, owner, before = _books(batch, unit, line, where)
        guards.append(slip_guard(found.mg, [before[0]] * 3, f"{where}.quantity"))
        guards.append(moisture_guard(batch.product, quantity, desk.reference, f"{where}.quantity"))
        counts = found.count is not None
        if unit is not None:
            changes[unit.id] = (found.mg - before[0], (found.count or 0) - (before[1] or 0) if counts else 0)
        chain.append({"batch": batch.id})
        rows.append(
            only(
                unit=None if unit is None else unit.id,
                site=site,
                owner=owner or None,
                basis=found.basis,
                before_mg=before[0],
                mg=found.mg,
                before_count=before[1] if counts else None,
                count=found.count,
                typed=dict(quantity),
                weighing=line.get("weighing"),
            )
        )
    confirmed = ask(guards, body.get("confirm"))
    slots = {
        "measuring": {"at": at_of(desk, body), "kind": body["kind"]},
        "lines.chain": chain,
        "lines.authority": rows,
        "nets.public": _nets(desk, changes),
        **_why(desk, body, confirmed),
    }
    return Draft("remeasured", slots, lambda sealed: _changed(sealed, rows))


def count(desk: Desk, body: Body) -> Draft:
    """A stock-take: what stands here is set to what was found, goods, units and pools."""
    chain, rows = [], []
    guards: list[Guard | None] = []
    for position, line in enumerate(body.get("lines") or ()):
        where = f"lines[{position}]"
        unit = None if line.get("unit") is None else unit_of(desk, line["unit"], f"{where}.unit")
        batch = _batch(desk, line, unit, where)
        site, owner, before = _books(batch, unit, line, where)
        found = _found(batch, unit, line, where)
        if found.mg:
            guards.append(slip_guard(found.mg, [before[0]] * 3 if before[0] else [], f"{where}.quantity"))
        counts = found.count is not None
        chain.append({"batch": batch.id})
        rows.append(
            only(
                unit=None if unit is None else unit.id,
                site=site,
                owner=owner or None,
                basis=found.basis,
                before_mg=before[0],
                mg=found.mg,
                before_count=before[1] if counts else None,
                count=found.count,
                typed=dict(line.get("quantity") or {}),
            )
        )
    confirmed = ask(guards, body.get("confirm"))
    slots = {
        "stocktake": {"at": at_of(desk, body)},
        "lines.chain": chain,
        "lines.authority": rows,
        "pools.authority": [_pool(desk, pool, f"pools[{at}]") for at, pool in enumerate(body.get("pools") or ())],
        **_why(desk, body, confirmed),
    }
    return Draft("counted", slots, lambda sealed: _changed(sealed, rows))


def _why(desk: Desk, body: Body, confirmed: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "reason": only(text=body.get("reason")) or None,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body, confirmed),
    }


def _changed(sealed: Sealed, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """By how much each line differs from what the books said."""
    lines = [
        only(
            batch=line["batch"],
            unit=row.get("unit"),
            before_mg=row["before_mg"],
            mg=row["mg"],
            difference_mg=row["mg"] - row["before_mg"],
        )
        for line, row in zip(sealed.event.items("lines.chain"), rows, strict=True)
    ]
    return {"lines": lines, "entry": entry_of(sealed)}


def _batch(desk: Desk, line: Body, unit: Unit | None, where: str) -> Batch:
    code = line.get("batch") or (None if unit is None else unit.batch)
    if code is None:
        raise Refusal("nothing-named", field=where, verb="measure")
    return batch_of(desk, code, f"{where}.batch")


def _books(batch: Batch, unit: Unit | None, line: Body, where: str) -> tuple[str, str, tuple[int, int | None]]:
    """Site, owner, and what the books say: of the unit, or of what stands loose. A missing unit holds nothing."""
    if unit is not None:
        missing = unit.state == "missing"
        pieces = None if unit.count is None else 0 if missing else unit.count
        return line.get("site") or unit.site, unit.owner, (0 if missing else unit.net_mg, pieces)
    owner, site = stand_of(batch, (), line.get("site"), line.get("owner"), f"{where}.site")
    held = batch.holding(site, owner)
    return site, owner, (held.mg, held.count)


def _found(batch: Batch, unit: Unit | None, line: Body, where: str) -> Amount:
    """What a stock-take found: nothing is a finding, too."""
    quantity: Mapping[str, Any] | None = line.get("quantity")
    if quantity is None:
        if unit is None:
            raise Refusal("quantity-missing", field=f"{where}.quantity", value=batch.id)
        missing = bool(line.get("missing"))
        pieces = None if unit.count is None else 0 if missing else unit.count
        return Amount(0 if missing else unit.net_mg, batch.basis, pieces)
    if mass_mg(quantity["value"], quantity["unit"], f"{where}.quantity", g_per_l=quantity.get("g_per_l")) == 0:
        return Amount(0, quantity.get("basis", "net"), 0 if batch.counted else None)
    return amount(quantity, f"{where}.quantity")


def _pool(desk: Desk, pool: Body, where: str) -> dict[str, Any]:
    refuse_kind_unknown(pool["method"], WIP_METHODS, f"{where}.method")
    contents = measured_of(pool["contents"], desk.reference, f"{where}.contents")
    return {"pool": pool["pool"], "method": pool["method"], "contents": contents}


def _nets(desk: Desk, changes: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
    """What the changed units hold from now on, and all that they stand in."""
    now: dict[str, tuple[int, int | None]] = {}
    for id_, (more, pieces) in changes.items():
        one = desk.state(("unit", id_)) if more or pieces else None
        while isinstance(one, Unit):
            net, held = now.get(one.id, (one.net_mg, one.count))
            now[one.id] = (net + more, None if held is None else held + pieces)
            one = None if one.inside is None else desk.state(("unit", one.inside))
    return [only(unit=id_, net_mg=net, count=held or None) for id_, (net, held) in now.items()]
