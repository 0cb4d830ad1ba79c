"""The desk of custody: the view with one event's own changes on top, and the moves that every rule is made of.

Taking loose goods, taking units, putting goods down: each move refuses by itself what may not be (nothing below zero,
nothing that is not here, nothing that is locked), so a rule reads as what happens. The view is never changed.
`passing` names the kinds of locks that a move may pass over: locks.py says what they forbid.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.errors import Refusal
from ledger.matter.events import Event
from ledger.matter.locks import (
    refuse_frozen,
    refuse_loose_frozen,
    refuse_loose_locked,
    refuse_recalled,
    refuse_unit_locked,
)
from ledger.matter.quantities import MG_MAX, show_mg
from ledger.matter.stock import Batch, Frozen, Holding, Key, State, Unit


@dataclass(frozen=True, slots=True)
class Part:
    """A line of an event, held against what stands here: its units, and what of it stands loose."""

    batch: str
    site: str
    owner: str
    units: tuple[Unit, ...]
    units_mg: int
    units_count: int
    loose_mg: int
    loose_count: int | None

    @property
    def loose(self) -> bool:
        return bool(self.loose_mg or self.loose_count or not self.units)


class Desk:
    """The view with this event's own changes on top, and the moves every rule is made of."""

    def __init__(self, view: Mapping[Key, State], event: Event) -> None:
        self._view = view
        self.me = event.name
        self.changes: dict[Key, State] = {}

    def _get(self, key: Key) -> State | None:
        return self.changes.get(key) or self._view.get(key)

    def batch(self, id_: str, field: str) -> Batch:
        found = self._get(("batch", id_))
        if not isinstance(found, Batch):
            raise Refusal("batch-unknown", field=field, value=id_)
        return found

    def unit(self, id_: str, field: str) -> Unit:
        found = self._get(("unit", id_))
        if not isinstance(found, Unit):
            raise Refusal("unit-unknown", field=field, value=id_)
        return found

    def find(self, key: Key) -> State | None:
        return self._get(key)

    def put(self, state: State) -> None:
        self.changes[state.key] = state

    def frozen(self, batch: str) -> Frozen | None:
        """What orders of the authority say of it, as far as the view knows of any."""
        found = self._get(("frozen", batch))
        return found if isinstance(found, Frozen) else None

    def refuse_known(self, key: Key) -> None:
        """An id comes from a salt; who uses a salt twice would make one thing out of two."""
        if self._get(key) is not None:
            raise Refusal("id-given-twice", field=key[0], value=key[1])

    # -- loose goods ------------------------------------------------------------------------------------------

    def add_loose(self, batch: Batch, site: str, owner: str, mg: int, count: int | None) -> None:
        """Goods come to stand at `site`, not in units."""
        here = batch.holding(site, owner)
        total = here.mg + mg
        if total > MG_MAX:
            raise Refusal("mass-too-large", field="quantity", value=str(total), unit="mg")
        self.stand(batch, site, owner, total, None if here.count is None else here.count + (count or 0))

    def stands_loose(self, id_: str, site: str, owner: str, mg: int, count: int | None, field: str) -> Batch:
        """The batch, if so much of it stands loose at `site`, in mass and in pieces."""
        batch = self.batch(id_, field)
        here = batch.holding(site, owner)
        if mg > here.mg:
            held = sum(h.mg for h in batch.loose) + batch.packed_mg
            raise Refusal(
                "not-enough",
                field=f"{field}.quantity",
                value=show_mg(mg),
                batch=id_,
                site=site,
                loose=show_mg(here.mg),
                packed=show_mg(batch.packed_mg),
                held=show_mg(held),
            )
        if batch.counted and mg > 0 and count is None and here.count:
            raise Refusal("count-missing", field=f"{field}.quantity.count", batch=id_)
        if not batch.counted and count is not None:
            raise Refusal("count-unexpected", field=f"{field}.quantity.count", value=count, batch=id_)
        if count is not None and count > (here.count or 0):
            raise Refusal("not-enough-pieces", field=f"{field}.quantity.count", value=count, held=here.count, batch=id_)
        return batch

    def take_loose(
        self, id_: str, site: str, owner: str, mg: int, count: int | None, field: str, passing: Container[str] = ()
    ) -> None:
        """Goods leave what stands loose at `site`; never below zero, in mass or in count, and never locked ones."""
        batch = self.stands_loose(id_, site, owner, mg, count, field)
        refuse_loose_locked(batch, site, owner, mg, count, field, passing)
        refuse_loose_frozen(self.frozen(id_), batch, mg, field, passing)
        here = batch.holding(site, owner)
        self.stand(batch, site, owner, here.mg - mg, None if here.count is None else here.count - (count or 0))

    def stand(self, batch: Batch, site: str, owner: str, mg: int, count: int | None) -> None:
        """Says what stands loose at `site`, whatever stood there."""
        kept = [holding for holding in batch.loose if (holding.site, holding.owner) != (site, owner)]
        if mg or count:
            kept.append(Holding(site, owner, mg, count))
        self.put(replace(batch, loose=tuple(sorted(kept, key=lambda h: (h.site, h.owner)))))

    # -- units ------------------------------------------------------------------------------------------------

    def pack_mass(self, id_: str, mg: int, count: int | None, field: str) -> None:
        """What units of this batch hold here grows (or shrinks, with negative figures)."""
        batch = self.batch(id_, field)
        pieces = None if not batch.counted else (batch.packed_count or 0) + (count or 0)
        self.put(replace(batch, packed_mg=batch.packed_mg + mg, packed_count=pieces))

    def unit_here(
        self,
        id_: str,
        batch: str,
        field: str,
        *,
        owner: str | None,
        site: str | None = None,
        passing: Container[str] = (),
    ) -> Unit:
        """The unit, if it stands here, holds that batch and may be used."""
        unit = self.unit(id_, field)
        if unit.batch != batch:
            raise Refusal("unit-of-other-batch", field=field, value=id_, batch=batch, holds=unit.batch)
        if unit.state != "here":
            raise Refusal("unit-not-here", field=field, value=id_, serial=unit.serial, state=unit.state)
        if owner is not None and unit.owner != owner:
            raise Refusal(
                "unit-of-other-owner", field=field, value=id_, serial=unit.serial, owner=unit.owner or self.me
            )
        if site is not None and unit.site != site:
            raise Refusal("unit-at-other-site", field=field, value=id_, serial=unit.serial, site=unit.site)
        refuse_unit_locked(unit, field, passing)
        refuse_recalled(self.batch(batch, field), field, passing)
        refuse_frozen(self.frozen(batch), unit, field, passing)
        return unit

    # -- lines ------------------------------------------------------------------------------------------------

    def part(self, row: Mapping[str, Any], field: str, passing: Container[str] = (), *, whole: bool = True) -> Part:
        """A line, if its units are here and what it says is no less than they hold; takes nothing.

        `whole`: units are named together with the one that they stand in. Whether the loose rest is there is for
        whoever uses it.
        """
        owner, site = row.get("owner") or "", row["site"]
        listed = [unit if isinstance(unit, str) else unit["unit"] for unit in row.get("units") or ()]
        if len(set(listed)) != len(listed):
            raise Refusal("unit-twice", field=f"{field}.units", value=first_double(listed))
        units = tuple(
            self.unit_here(id_, row["batch"], f"{field}.units", owner=owner, site=site, passing=passing)
            for id_ in listed
        )
        if whole:
            self.refuse_part_of_stack(units, set(listed), f"{field}.units")
        else:
            for unit in units:
                refuse_contents_missing(unit, listed, f"{field}.units")
        leaves = [unit for unit in units if not unit.contains]  # a stack's mass is its leaves': count it once
        mg, count = sum(unit.net_mg for unit in leaves), sum(unit.count or 0 for unit in leaves)
        pieces = row.get("count")
        if row["mg"] == 0 and not pieces:
            raise Refusal("mass-is-zero", field=f"{field}.quantity", value=row["mg"])
        if row["mg"] < mg:
            raise Refusal("less-than-its-units", field=f"{field}.quantity", value=show_mg(row["mg"]), units=show_mg(mg))
        batch = self.batch(row["batch"], field)
        if row["basis"] != batch.basis:
            raise Refusal("basis-differs", field=f"{field}.quantity.basis", value=row["basis"], basis=batch.basis)
        if count and pieces is None:
            raise Refusal("count-missing", field=f"{field}.quantity.count", batch=row["batch"])
        if pieces is not None and pieces < count:
            raise Refusal("less-than-its-units", field=f"{field}.quantity.count", value=pieces, units=count)
        loose_count = None if pieces is None else pieces - count
        return Part(row["batch"], site, owner, units, mg, count, row["mg"] - mg, loose_count)

    def take_part(
        self, row: Mapping[str, Any], field: str, after: Callable[[Unit], Unit], passing: Container[str] = ()
    ) -> None:
        """Takes a line's units and what of its mass is not in them; `after` says what becomes of each unit."""
        part = self.part(row, field, passing)
        if part.units:
            self.pack_mass(part.batch, -part.units_mg, -part.units_count, field)
            for unit in part.units:
                self.put(after(unit))
        if part.loose:
            self.take_loose(part.batch, part.site, part.owner, part.loose_mg, part.loose_count, field, passing)

    def shift_part(self, row: Mapping[str, Any], field: str, site: str, owner: str) -> None:
        """A line comes to stand at another site, or to belong to another owner; what is in units stays in them."""
        part = self.part(row, field)
        for unit in part.units:
            self.put(replace(unit, site=site, owner=owner))
        if part.loose:
            self.take_loose(part.batch, part.site, part.owner, part.loose_mg, part.loose_count, field)
            self.add_loose(self.batch(part.batch, field), site, owner, part.loose_mg, part.loose_count)

    def refuse_part_of_stack(self, units: Iterable[Unit], listed: set[str], field: str) -> None:
        """What stands inside another unit moves with it: both are named, or it is unpacked first."""
        for unit in units:
            if unit.inside is not None and unit.inside not in listed:
                raise Refusal("unit-inside-other", field=field, value=unit.id, outer=unit.inside)
            refuse_contents_missing(unit, listed, field)


def refuse_contents_missing(unit: Unit, listed: Container[str], field: str) -> None:
    missing = [inner for inner in unit.contains if inner not in listed]
    if missing:
        raise Refusal("unit-contents-missing", field=field, value=unit.id, inner=missing[0])


def first_double(ids: list[str]) -> str:
    return next(id_ for position, id_ in enumerate(ids) if id_ in ids[:position])
