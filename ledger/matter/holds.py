"""Custody of locks: `held`, `released`, `pledged`, `unpledged`, `recalled`, `ordered`. Nothing moves.

A hold falls on whatever stands here, also on what is locked already: each lock ends by itself, and goods are free when
none is left. A pledge needs goods that are free: they are pledged once. A recall names batches wholly or units, here or
not. What covers a part is released as a whole: who keeps some of it held holds that first, and then releases.
An authority's order is a lock on goods of others: here it is only opened and ended; it binds whom it is delivered to.

What locks forbid is locks.py.
"""

from collections.abc import Container
from dataclasses import replace

from ledger.errors import Refusal
from ledger.matter.desk import Desk, Part, first_double, refuse_contents_missing
from ledger.matter.event_types import HOLD_KINDS, ORDER_KINDS, RECALL_KINDS
from ledger.matter.events import Event
from ledger.matter.locks import HELD, KINDS, ORDERED, PLEDGED, RECALLED, refuse_loose_frozen, refuse_loose_locked
from ledger.matter.statements import refuse_kind_unknown
from ledger.matter.stock import Batch, Lock, Locked, Unit


def held(desk: Desk, event: Event) -> None:
    refuse_kind_unknown(event.scalar("hold")["kind"], HOLD_KINDS, "kind")
    if not event.scalar("reason"):
        raise Refusal("reason-missing", field="reason")
    _lock_lines(desk, event, event.ids["hold"], HELD, KINDS, event.scalar("reason").get("order", ""))


def pledged(desk: Desk, event: Event) -> None:
    _lock_lines(desk, event, event.ids["pledge"], PLEDGED, ())


def _lock_lines(desk: Desk, event: Event, id_: str, kind: str, passing: Container[str], order: str = "") -> None:
    desk.refuse_known(("lock", id_))
    rows = list(event.rows("lines.chain", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="lock")
    batches: dict[str, None] = {}
    units: list[str] = []
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        part = desk.part(row, where, passing, whole=False)
        batches[part.batch] = None
        units += [unit.id for unit in part.units]
        if len(set(units)) != len(units):
            raise Refusal("unit-twice", field=f"{where}.units", value=first_double(units))
        for unit in part.units:
            desk.put(replace(unit, locks=(*unit.locks, (id_, kind))))
        if part.loose:
            _lock_loose(desk, part, id_, kind, passing, where)
    desk.put(Locked(id_, kind, tuple(batches), tuple(units), order=order))


def _lock_loose(desk: Desk, part: Part, id_: str, kind: str, passing: Container[str], where: str) -> None:
    """One lock covers no more than stands there, though it names the same place in several lines."""
    batch = desk.batch(part.batch, where)
    mine = Lock(id_, kind, part.site, part.owner, 0, 0 if batch.counted else None)
    others: list[Lock] = []
    for lock in batch.locks:
        if (lock.id, lock.site, lock.owner) == (id_, part.site, part.owner):
            mine = lock
        else:
            others.append(lock)
    mg = mine.mg + part.loose_mg
    count = part.loose_count if part.loose_count is None else (mine.count or 0) + part.loose_count
    desk.stands_loose(part.batch, part.site, part.owner, mg, count, where)
    refuse_loose_locked(batch, part.site, part.owner, part.loose_mg, part.loose_count, where, passing)
    refuse_loose_frozen(desk.frozen(batch.id), batch, part.loose_mg, where, passing)
    pieces = (count or mine.count or 0) if batch.counted else None
    desk.put(replace(batch, locks=(*others, replace(mine, mg=mg, count=pieces))))


def released(desk: Desk, event: Event) -> None:
    if not event.scalar("reason"):
        raise Refusal("reason-missing", field="reason")
    _end(desk, event, event.scalar("releasing")["lock"], (HELD, RECALLED))


def unpledged(desk: Desk, event: Event) -> None:
    _end(desk, event, event.scalar("unpledging")["lock"], (PLEDGED,))


def _end(desk: Desk, event: Event, id_: str, kinds: Container[str]) -> None:
    found = desk.find(("lock", id_))
    if not isinstance(found, Locked):
        raise Refusal("lock-unknown", field="lock", value=id_)
    if found.kind not in kinds:
        way = {PLEDGED: "unpledged", ORDERED: "ordered"}.get(found.kind, "released")
        raise Refusal("lock-of-other-kind", field="lock", value=id_, kind=found.kind, event=way)
    if found.closed:
        raise Refusal("lock-ended", field="lock", value=id_, kind=found.kind)
    _refuse_ordered(desk, found)
    rows = list(event.rows("lines.chain", "lines.authority"))
    units = [unit for row in rows for unit in row.get("units") or ()]
    if sorted(row["batch"] for row in rows) != sorted(found.batches) or sorted(units) != sorted(found.units):
        raise Refusal("release-differs", field="lines", value=id_, batches=len(found.batches), units=len(found.units))
    for name in found.batches:
        batch = desk.batch(name, "lines")
        recalled = None if batch.recalled == id_ else batch.recalled
        desk.put(replace(batch, locks=tuple(lock for lock in batch.locks if lock.id != id_), recalled=recalled))
    for name in found.units:
        unit = desk.unit(name, "lines")
        desk.put(replace(unit, locks=tuple(lock for lock in unit.locks if lock[0] != id_)))
    desk.put(replace(found, closed=True))


def _refuse_ordered(desk: Desk, lock: Locked) -> None:
    """A hold that obeys an order ends after it."""
    standing = (desk.frozen(batch) for batch in lock.batches)
    if lock.order and any(order == lock.order for found in standing if found for order, *_ in found.orders):
        raise Refusal("order-stands", field="lock", value=lock.id, order=lock.order)


def ordered(desk: Desk, event: Event) -> None:
    """`freeze` names goods, `release` the order that ends."""
    id_, order = event.ids["order"], event.scalar("order")
    desk.refuse_known(("lock", id_))
    refuse_kind_unknown(order["kind"], ORDER_KINDS, "kind")
    if order["to"] == desk.me:
        raise Refusal("to-oneself", field="to.node", value=desk.me)
    if not event.scalar("reason"):
        raise Refusal("reason-missing", field="reason")
    rows = list(event.rows("lines.partner"))
    if order["kind"] == "release":
        _end_order(desk, order.get("ends", ""))
        return
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="freeze")
    named = [row.get("unit", row["batch"]) for row in rows]
    if len(set(named)) != len(named):
        raise Refusal("named-twice", field="lines", value=first_double(named))
    batches = tuple(dict.fromkeys(row["batch"] for row in rows))
    desk.put(Locked(id_, ORDERED, batches, tuple(row["unit"] for row in rows if "unit" in row)))


def _end_order(desk: Desk, id_: str) -> None:
    found = desk.find(("lock", id_))
    if not isinstance(found, Locked) or found.kind != ORDERED:
        raise Refusal("order-unknown", field="order", value=id_)
    if found.closed:
        raise Refusal("lock-ended", field="order", value=id_, kind=found.kind)
    desk.put(replace(found, closed=True))


def recalled(desk: Desk, event: Event) -> None:
    id_ = event.ids["recall"]
    desk.refuse_known(("lock", id_))
    refuse_kind_unknown(event.scalar("recall")["kind"], RECALL_KINDS, "kind")
    rows = list(event.rows("lines.public"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="recall")
    batches: dict[str, None] = {}
    units = [row["unit"] for row in rows if "unit" in row]
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        batch = desk.batch(row["batch"], where)
        if batch.recalled is not None:
            raise Refusal("recalled-already", field=where, value=batch.id, lock=batch.recalled)
        batches[batch.id] = None
        if "unit" in row:
            _recall_unit(desk, batch, row["unit"], units, id_, where)
        else:
            desk.put(replace(batch, recalled=id_))
    desk.put(Locked(id_, RECALLED, tuple(batches), tuple(units)))


def _recall_unit(desk: Desk, batch: Batch, name: str, listed: Container[str], id_: str, where: str) -> None:
    unit: Unit = desk.unit(name, where)
    if unit.batch != batch.id:
        raise Refusal("unit-of-other-batch", field=where, value=name, batch=batch.id, holds=unit.batch)
    before = next((lock for lock, kind in unit.locks if kind == RECALLED), None)
    if before is not None:
        raise Refusal("recalled-already", field=where, value=name, lock=before)
    refuse_contents_missing(unit, listed, where)
    desk.put(replace(unit, locks=(*unit.locks, (id_, RECALLED))))
