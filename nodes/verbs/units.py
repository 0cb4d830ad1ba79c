"""Verbs on units, the labelled physical things: pack, unpack."""

from typing import Any

from ledger.errors import Refusal
from ledger.labels import check_code
from ledger.matter.guards import Guard, ask, capacity_guard
from ledger.matter.quantities import amount
from ledger.matter.stock import Batch, Unit
from nodes.verbs.draft import Body, Desk, Draft, Sealed, at_of, entry_of, only, recorded_of, site_of


def pack(desk: Desk, body: Body) -> Draft:
    """Loose goods of one batch into labelled units, or units into a bigger one."""
    batch_id = desk.batch_id(body["batch"], "batch")
    batch = desk.state(("batch", batch_id))
    if not isinstance(batch, Batch):
        raise Refusal("batch-unknown", field="batch", value=body["batch"])
    guards: list[Guard | None] = []
    rows = []
    for position, unit in enumerate(body["units"]):
        where = f"units[{position}]"
        row = unit_row(desk, unit, where, default_kind="drum")
        guards.append(capacity_guard(row[0]["net_mg"], row[0]["kind"], desk.reference, f"{where}.net"))
        rows.append(row)
    site, owner = _place(desk, batch, body, rows)
    for _, _, authority in rows:
        if owner:
            authority["owner"] = owner
    public = [row for row, _, _ in rows]
    slots = {
        "packing": {"batch": batch_id, "at": at_of(desk, body), "site": site},
        "units.public": public,
        "units.chain": [chain for _, chain, _ in rows],
        "units.authority": [authority for _, _, authority in rows],
        "recorded": recorded_of(desk, body, ask(guards, body.get("confirm"))),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {
            "units": [unit_answer(desk, sealed, at, row) for at, row in enumerate(public)],
            "entry": entry_of(sealed),
        }

    return Draft("packed", slots, answer)


def _place(desk: Desk, batch: Batch, body: Body, rows: list[Any]) -> tuple[str, str]:
    """Where and whose: of the units that are stacked, else of the loose goods, our own first."""
    inner = next((unit for _, chain, _ in rows for unit in chain.get("contains", ())), None)
    if inner is not None:
        unit = desk.state(("unit", inner))
        if isinstance(unit, Unit):
            return unit.site, unit.owner
    places = [held for held in batch.loose if body.get("site") in (None, held.site)]
    own = [held for held in places if not held.owner] or places
    if len({held.site for held in own}) > 1:
        raise Refusal("site-unclear", field="site", value=batch.id, sites=", ".join(held.site for held in own))
    if own:
        return own[0].site, own[0].owner
    return site_of(desk, body.get("site"), "site"), ""


def unpack(desk: Desk, body: Body) -> Draft:
    """Units are opened: what was in them stands loose, or on its own."""
    rows = []
    for position, code in enumerate(body["units"]):
        where = f"units[{position}]"
        unit = desk.state(("unit", desk.unit_id(code, where)))
        if not isinstance(unit, Unit):
            raise Refusal("unit-unknown", field=where, value=code)
        rows.append(only(unit=unit.id, batch=unit.batch, contains=list(unit.contains) or None))
    slots = {"unpacking": {"at": at_of(desk, body)}, "units.chain": rows, "recorded": recorded_of(desk, body)}
    return Draft("unpacked", slots, lambda sealed: {"entry": entry_of(sealed)})


def unit_row(
    desk: Desk, unit: Body, where: str, *, default_kind: str
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What a unit shows to anyone, to the chain, and to the authority. A stack's net is its parts', if left out."""
    contains = [desk.unit_id(code, f"{where}.contains") for code in unit.get("contains") or ()]
    inner = [desk.state(("unit", id_)) for id_ in contains]
    typed = unit.get("net")
    count: int | None = unit.get("count")
    if typed is not None:
        counted = amount(typed, f"{where}.net")
        net, count = counted.mg, counted.count if count is None else count
    elif contains:
        net = sum(part.net_mg for part in inner if isinstance(part, Unit))
    else:
        raise Refusal("quantity-missing", field=f"{where}.net", value=unit["serial"])
    if count is None and contains and any(isinstance(part, Unit) and part.count for part in inner):
        count = sum(part.count or 0 for part in inner if isinstance(part, Unit))
    public = only(
        serial=unit["serial"], kind=unit.get("kind", default_kind), net_mg=net, count=count, seal=unit.get("seal")
    )
    chain = only(contains=contains or None, **{"from": unit.get("from")})
    authority = {"typed": only(net=typed, gross=unit.get("gross"), tare=unit.get("tare"))}
    return public, chain, authority


def unit_answer(desk: Desk, sealed: Sealed, position: int, row: Body) -> dict[str, Any]:
    """A new unit as the caller gets it: its id, its label, and where the label's pictures are."""
    id_ = sealed.event.ids["units.public"][position]
    return {
        "unit": id_,
        "serial": row["serial"],
        "label_url": desk.label_url(sealed, id_, row["net_mg"]),
        "check_code": check_code(sealed.leaf),
        "qr_svg": f"/api/v1/units/{id_}/qr.svg",
        "qr_png": f"/api/v1/units/{id_}/qr.png",
    }
