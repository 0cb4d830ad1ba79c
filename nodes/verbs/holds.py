"""Verbs on locks: hold, pledge, recall, and their ends. Nothing moves.

A lock ends as a whole. What it covers stands in its own entry, so whoever ends it types nothing but the reason.
"""

from typing import Any

from ledger.errors import Unknown
from ledger.matter.stock import Frozen, Locked, Unit
from nodes.verbs.draft import (
    Body,
    Desk,
    Draft,
    Part,
    at_of,
    batch_of,
    documents_of,
    entry_of,
    only,
    part_of,
    recorded_of,
    stacked,
)


def hold(desk: Desk, body: Body) -> Draft:
    """Goods that stand here are not to be used or sent; with `order`, as an order of the authority says."""
    slots = {
        "hold": {"at": at_of(desk, body), "kind": body["kind"]},
        **_lines(_parts(desk, body)),
        **_why(desk, body),
    }
    if body.get("order"):
        _refuse_order_unknown(desk, body["order"], [line["batch"] for line in slots["lines.chain"]])
        slots["reason"] = {**(slots["reason"] or {}), "order": body["order"]}
    return Draft("held", slots, lambda sealed: {"lock": sealed.event.ids["hold"], "entry": entry_of(sealed)})


def pledge(desk: Desk, body: Body) -> Draft:
    """Goods that stand here secure a loan; a warehouse receipt names them."""
    slots = {
        "pledge": only(at=at_of(desk, body), to=body["to"], receipt_no=body.get("receipt_no")),
        **_lines(_parts(desk, body)),
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft("pledged", slots, lambda sealed: {"lock": sealed.event.ids["pledge"], "entry": entry_of(sealed)})


def recall(desk: Desk, body: Body) -> Draft:
    """Batches as such, or some of their units, are called back, wherever they are."""
    rows: list[dict[str, Any]] = []
    for position, line in enumerate(body["lines"]):
        where = f"lines[{position}]"
        batch = batch_of(desk, line["batch"], f"{where}.batch")
        named = [desk.unit_id(code, f"{where}.units") for code in line.get("units") or ()]
        rows += [{"batch": batch.id, "unit": unit.id} for unit in stacked(desk, named, where)]
        if not named:
            rows.append({"batch": batch.id})
    slots = {
        "recall": {"at": at_of(desk, body), "kind": body["kind"], "text": body["text"]},
        "lines.public": rows,
        **_why(desk, body),
    }
    return Draft("recalled", slots, lambda sealed: {"lock": sealed.event.ids["recall"], "entry": entry_of(sealed)})


def release(desk: Desk, body: Body) -> Draft:
    """A hold or a recall ends."""
    lock = _lock(desk, body["lock"])
    slots = {"releasing": {"at": at_of(desk, body), "lock": lock.id}, **_covered(desk, lock), **_why(desk, body)}
    return Draft("released", slots, lambda sealed: {"lock": lock.id, "entry": entry_of(sealed)})


def unpledge(desk: Desk, body: Body) -> Draft:
    """A pledge ends."""
    lock = _lock(desk, body["lock"])
    slots = {"unpledging": {"at": at_of(desk, body), "lock": lock.id}, **_covered(desk, lock), **_why(desk, body)}
    return Draft("unpledged", slots, lambda sealed: {"lock": lock.id, "entry": entry_of(sealed)})


def _parts(desk: Desk, body: Body) -> list[Part]:
    return [part_of(desk, line, f"lines[{at}]") for at, line in enumerate(body["lines"])]


def _lines(parts: list[Part]) -> dict[str, Any]:
    return {
        "lines.chain": [{"batch": part.batch} for part in parts],
        "lines.authority": [part.row() for part in parts],
    }


def _why(desk: Desk, body: Body) -> dict[str, Any]:
    return {
        "reason": only(text=body.get("reason")) or None,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }


def _refuse_order_unknown(desk: Desk, order: str, batches: list[str]) -> None:
    """A hold obeys an order that stands, and is of the goods that it names."""
    for batch in batches:
        found = desk.state(("frozen", batch))
        if not isinstance(found, Frozen) or order not in [name for name, *_ in found.orders]:
            raise Unknown("order-unknown", field="order", value=order)


def _lock(desk: Desk, code: str) -> Locked:
    found = desk.state(("lock", code.removeprefix(f"{desk.origin}#")))
    if not isinstance(found, Locked):
        raise Unknown("lock-unknown", field="lock", value=code)
    return found


def _covered(desk: Desk, lock: Locked) -> dict[str, Any]:
    """All that the lock covers, batch by batch."""
    units: dict[str, list[str]] = {batch: [] for batch in lock.batches}
    for id_ in lock.units:
        unit = desk.state(("unit", id_))
        assert isinstance(unit, Unit), "a lock covers units that are or were here"
        units[unit.batch].append(id_)
    return {
        "lines.chain": [{"batch": batch} for batch in units],
        "lines.authority": [only(units=ids or None) for ids in units.values()],
    }
