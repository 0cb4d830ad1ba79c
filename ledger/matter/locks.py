"""What locks forbid: goods that are held, pledged or recalled stand here, and are not taken.

Loose goods are locked by mass and pieces, per site and owner: locks add up, and what they leave of what stands there is
free. Units are locked by name. A recalled batch is locked wholly, also what of it comes later or comes back. So is one
that the authority ordered to be frozen, from when the order was delivered: that is no lock of this log, and whoever
records puts it into the view.

Promises: each refusal names the lock, its kind, and the way out. Does not say which moves may pass over which locks:
each rule says so itself (`passing`), and by default none. Locking and releasing are in holds.py.
"""

from collections.abc import Container
from dataclasses import replace

from ledger.errors import Refusal
from ledger.matter.quantities import show_mg
from ledger.matter.stock import Batch, Frozen, Lock, Unit

HELD, PLEDGED, RECALLED, ORDERED = "held", "pledged", "recalled", "ordered"
KINDS = (HELD, PLEDGED, RECALLED, ORDERED)
"""Who only looks at goods, or weighs them, passes over every lock."""
RETURNING = (RECALLED,)
"""Recalled goods go back, or are destroyed: what does so passes over the recall, and over nothing else."""


def locks_at(batch: Batch, site: str, owner: str) -> tuple[Lock, ...]:
    return tuple(lock for lock in batch.locks if (lock.site, lock.owner) == (site, owner))


def refuse_loose_locked(
    batch: Batch, site: str, owner: str, mg: int, count: int | None, field: str, passing: Container[str]
) -> None:
    """Refuses `mg` and `count` of what stands loose there, unless so much of it is free."""
    refuse_recalled(batch, field, passing)
    here = batch.holding(site, owner)
    found = [lock for lock in locks_at(batch, site, owner) if lock.kind not in passing]
    # A stock-take may find less than is locked: then nothing is free, and nothing less than nothing.
    free = max(here.mg - sum(lock.mg for lock in found), 0)
    pieces = max((here.count or 0) - sum(lock.count or 0 for lock in found), 0)
    if not found or (mg <= free and (count or 0) <= pieces):
        return
    lock = found[0]
    raise Refusal(
        "goods-held" if lock.kind == HELD else "goods-pledged",
        field=f"{field}.quantity",
        value=show_mg(mg),
        batch=batch.id,
        site=site,
        lock=lock.id,
        free=show_mg(free) if count is None else f"{show_mg(free)}, {pieces}",
    )


def refuse_recalled(batch: Batch, field: str, passing: Container[str]) -> None:
    if batch.recalled is not None and RECALLED not in passing:
        raise Refusal("batch-recalled", field=field, value=batch.id, lock=batch.recalled)


def refuse_unit_locked(unit: Unit, field: str, passing: Container[str]) -> None:
    for lock, kind in unit.locks:
        if kind in passing:
            continue
        if kind == RECALLED:
            raise Refusal("unit-recalled", field=field, value=unit.id, serial=unit.serial, lock=lock)
        raise Refusal(
            "unit-held" if kind == HELD else "unit-pledged", field=field, value=unit.id, serial=unit.serial, lock=lock
        )


def refuse_frozen(frozen: Frozen | None, unit: Unit | None, field: str, passing: Container[str]) -> None:
    """Refuses goods of a batch of which orders freeze all, and a unit that one of them names."""
    if frozen is None or ORDERED in passing:
        return
    for order, named, mg in frozen.orders:
        if (not named and not mg) or (unit is not None and unit.id == named):
            raise Refusal("goods-frozen", field=field, value=frozen.batch if unit is None else unit.id, order=order)


def refuse_loose_frozen(frozen: Frozen | None, batch: Batch, mg: int, field: str, passing: Container[str]) -> None:
    """Refuses `mg` of what stands loose, unless so much is left beside what orders freeze: they add up, as locks do.

    An authority does not know where goods stand, so a part of them is a part of all that is here. Locks are of a place
    and of an owner, and are counted there: a hold that obeys an order takes nothing of what is free beside the order.
    """
    refuse_frozen(frozen, None, field, passing)
    parts = [] if frozen is None or ORDERED in passing else [one for one in frozen.orders if one[2]]
    free = max(sum(held.mg for held in batch.loose) - sum(part for _, _, part in parts), 0)
    if parts and mg > free:
        order = parts[0][0]
        raise Refusal("part-frozen", field=f"{field}.quantity", value=show_mg(mg), order=order, free=show_mg(free))


def follow(lock: Lock, before: tuple[int, int | None], after: tuple[int, int | None]) -> Lock:
    """The lock when what stands there was weighed again: one on all of it stays on all of it, any other as it is.

    It never shrinks: what a scale or a stock-take finds missing is still owed to whoever locked it.
    """
    mg = max(lock.mg, after[0]) if lock.mg == before[0] else lock.mg
    count = max(lock.count or 0, after[1] or 0) if lock.count == before[1] else lock.count
    return replace(lock, mg=mg, count=None if lock.count is None else count)
