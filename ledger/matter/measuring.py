"""Custody of measuring again: `sampled`, `remeasured`, `counted`.

A sample leaves its batch like a split, to the milligram. A new weighing and a stock-take set what stands here, openly:
each line says what the books said before, and is refused where they say otherwise, so nothing is set by surprise.

A unit whose net changes keeps its id, and its label no longer fits: the event's `nets` say what it holds from now on,
it and every unit it stands in, to whoever holds the label in hand. Measuring passes over locks, for it takes nothing;
a sample is taken, and does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ledger.errors import Refusal
from ledger.matter.desk import Desk
from ledger.matter.event_types import MEASURINGS, SAMPLE_USES
from ledger.matter.events import Event
from ledger.matter.locks import KINDS, follow
from ledger.matter.processing import new_batch, refuse_gain_or_loss
from ledger.matter.quantities import show_goods, show_mg
from ledger.matter.statements import refuse_kind_unknown
from ledger.matter.stock import POOL_PRODUCT, Batch, Pool, Unit

Goods = tuple[int, int | None]
"""Milligrams, and pieces where there are any."""


class _Nets:
    """The units whose net an event changes, against what it tells whoever holds their labels."""

    def __init__(self, desk: Desk, event: Event) -> None:
        self._desk = desk
        self._told = {row["unit"]: (row["net_mg"], row.get("count")) for row in event.rows("nets.public")}
        self._before: dict[str, Goods] = {}

    def change(self, unit: Unit, goods: Goods, where: str) -> None:
        """The unit holds other goods, and each unit that it stands in weighs so much more or less."""
        more, pieces = goods[0] - unit.net_mg, (goods[1] or 0) - (unit.count or 0)
        if not more and not pieces:
            return
        self._desk.pack_mass(unit.batch, more, pieces, where)
        one: Unit | None = unit
        while one is not None:
            self._before.setdefault(one.id, (one.net_mg, one.count))
            count = None if one.count is None else one.count + pieces
            self._desk.put(replace(one, net_mg=one.net_mg + more, count=count))
            if one.inside is not None and one.inside not in self._told:
                raise Refusal("net-untold", field="nets", value=one.inside)
            one = None if one.inside is None else self._desk.unit(one.inside, where)

    def refuse_untold(self) -> None:
        """Told are the units whose net changed, with what they hold now, and no others."""
        now = {id_: self._desk.unit(id_, "nets") for id_ in self._before}
        true = {id_: (unit.net_mg, unit.count) for id_, unit in now.items()}
        for id_ in [*true, *self._told]:
            if self._told.get(id_) != true.get(id_):
                raise Refusal("net-untold", field="nets", value=id_)


def sampled(desk: Desk, event: Event) -> None:
    site = event.scalar("sampling")["site"]
    inputs = list(event.rows("inputs.chain", "inputs.authority"))
    outputs = list(event.rows("outputs.chain", "outputs.authority", "outputs.sample"))
    if not inputs or not outputs:
        raise Refusal("nothing-named", field="inputs" if not inputs else "outputs", verb="sample")
    batch, owner = desk.batch(inputs[0]["batch"], "inputs[0]"), inputs[0].get("owner") or ""
    for position, row in enumerate(inputs):
        where = f"inputs[{position}]"
        if (row["batch"], row.get("owner") or "") != (batch.id, owner):
            raise Refusal("sample-of-several", field=where, value=row["batch"], batch=batch.id)
        if row["site"] != site:
            raise Refusal("site-differs", field=f"{where}.site", value=row["site"], site=site)
    for position, row in enumerate(outputs):
        where = f"outputs[{position}]"
        if row["product"] != batch.product:
            raise Refusal("sample-of-other-product", field=where, value=row["product"], product=batch.product)
        refuse_kind_unknown(row["use"], SAMPLE_USES, f"{where}.use")
    nets = _Nets(desk, event)
    for position, row in enumerate(inputs):
        _take_sample(desk, nets, row, f"inputs[{position}]")
    nets.refuse_untold()
    refuse_gain_or_loss(inputs, outputs, (), {"sampling"})
    for id_, row in zip(event.ids.get("outputs.chain", ()), outputs, strict=True):
        new_batch(desk, id_, row, row, row["site"], owner)


def _take_sample(desk: Desk, nets: _Nets, row: Mapping[str, Any], where: str) -> None:
    """From loose goods, whole units, or out of one unit, which then holds less."""
    listed: Sequence[str] = row.get("units") or ()
    unit = desk.unit(listed[0], where) if len(listed) == 1 else None
    if unit is None or unit.contains or row["mg"] >= unit.net_mg:
        desk.take_part(row, where, lambda taken: replace(taken, state="emptied"))
        return
    batch, owner = _measured_batch(desk, row, where), row.get("owner") or ""
    unit = desk.unit_here(unit.id, batch.id, f"{where}.units", owner=owner, site=row["site"])
    if row["mg"] == 0:
        raise Refusal("mass-is-zero", field=f"{where}.quantity", value=row["mg"])
    if unit.count is None and row.get("count") is not None:
        raise Refusal("count-unexpected", field=f"{where}.quantity.count", value=row["count"], batch=row["batch"])
    pieces = None if unit.count is None else unit.count - (row.get("count") or 0)
    if pieces is not None and pieces < 1:
        raise Refusal("unit-without-pieces", field=f"{where}.quantity.count", value=row["count"], unit=unit.id)
    nets.change(unit, (unit.net_mg - row["mg"], pieces), where)


def remeasured(desk: Desk, event: Event) -> None:
    kind = event.scalar("measuring")["kind"]
    refuse_kind_unknown(kind, MEASURINGS, "kind")
    if kind == "other" and not event.scalar("reason"):
        raise Refusal("reason-missing", field="reason")
    rows = list(event.rows("lines.chain", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="measure")
    nets = _Nets(desk, event)
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        batch = _measured_batch(desk, row, where)
        if row["mg"] == 0:
            raise Refusal("mass-is-zero", field=f"{where}.quantity", value=row["mg"])
        if "unit" in row:
            _weigh_unit(desk, nets, row, batch, where)
            continue
        here = batch.holding(row["site"], row.get("owner") or "")
        if not here.mg and not here.count:
            raise Refusal("nothing-to-measure", field=where, value=batch.id, site=row["site"])
        _set_loose(desk, batch, row, _told(row, batch.id, (here.mg, here.count), where), where)
    nets.refuse_untold()


def _measured_batch(desk: Desk, row: Mapping[str, Any], where: str) -> Batch:
    batch = desk.batch(row["batch"], where)
    if batch.product == POOL_PRODUCT:
        raise Refusal("pool-counted-as-batch", field=where, value=batch.id)
    if row["basis"] != batch.basis:
        raise Refusal("basis-differs", field=f"{where}.quantity.basis", value=row["basis"], basis=batch.basis)
    return batch


def _weigh_unit(desk: Desk, nets: _Nets, row: Mapping[str, Any], batch: Batch, where: str) -> None:
    owner = row.get("owner") or ""
    unit = desk.unit_here(row["unit"], batch.id, where, owner=owner, site=row["site"], passing=KINDS)
    if unit.contains:
        raise Refusal("unit-holds-units", field=where, value=unit.id)
    goods = _told(row, batch.id, (unit.net_mg, unit.count), where)
    if goods[1] == 0:
        raise Refusal("unit-without-pieces", field=f"{where}.count", value=0, unit=unit.id)
    nets.change(unit, goods, where)


def _told(row: Mapping[str, Any], name: str, books: Goods, where: str) -> Goods:
    """What a line sets, if the books say what it says they do. Pieces that it does not speak of stay as they are."""
    before, after = row.get("before_count"), row.get("count")
    if books[1] is None and (before is not None or after is not None):
        raise Refusal("count-unexpected", field=f"{where}.count", value=after, batch=row["batch"])
    if (before is None) != (after is None):
        missing = "before_count" if before is None else "count"
        raise Refusal("count-missing", field=f"{where}.{missing}", batch=row["batch"])
    if before is None:
        before = after = books[1]
    if (row["before_mg"], before) != books:
        said, now = show_goods(name, row["before_mg"], before), show_goods(name, books[0], books[1])
        raise Refusal("books-differ", field=f"{where}.before", value=said, books=now)
    return row["mg"], after


def _set_loose(desk: Desk, batch: Batch, row: Mapping[str, Any], goods: Goods, where: str) -> None:
    site, owner = row["site"], row.get("owner") or ""
    if owner == desk.me:
        raise Refusal("owner-is-oneself", field=f"{where}.owner", value=owner)
    here = batch.holding(site, owner)
    locks = tuple(
        follow(lock, (here.mg, here.count), goods) if (lock.site, lock.owner) == (site, owner) else lock
        for lock in batch.locks
    )
    desk.stand(replace(batch, locks=locks), site, owner, *goods)


def counted(desk: Desk, event: Event) -> None:
    rows = list(event.rows("lines.chain", "lines.authority"))
    pools = list(event.rows("pools.authority"))
    if not rows and not pools:
        raise Refusal("nothing-named", field="lines", verb="count")
    for position, row in enumerate(pools):
        if not isinstance(desk.find(("pool", row["pool"])), Pool):
            raise Refusal("pool-unknown", field=f"pools[{position}].pool", value=row["pool"])
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        batch = _measured_batch(desk, row, where)
        if "unit" in row:
            before, goods = _count_unit(desk, row, batch, where)
        else:
            here = batch.holding(row["site"], row.get("owner") or "")
            if batch.counted and row.get("count") is None:
                raise Refusal("count-missing", field=f"{where}.count", batch=batch.id)
            before = here.mg, here.count
            goods = _told(row, batch.id, before, where)
            _set_loose(desk, batch, row, goods, where)
        if goods != before and not event.scalar("reason"):
            raise Refusal("reason-missing", field="reason")


def _count_unit(desk: Desk, row: Mapping[str, Any], batch: Batch, where: str) -> tuple[Goods, Goods]:
    """A unit is there with all that it holds, or it is missing; one that was missing may turn up. Before and after."""
    unit, owner, site = desk.unit(row["unit"], where), row.get("owner") or "", row["site"]
    found = unit.state == "missing" and unit.batch == batch.id and unit.owner == owner
    if not found:
        unit = desk.unit_here(unit.id, batch.id, where, owner=owner, site=site, passing=KINDS)
        if unit.inside is not None:
            raise Refusal("unit-inside-other", field=where, value=unit.id, outer=unit.inside)
    if unit.contains:
        raise Refusal("unit-holds-units", field=where, value=unit.id)
    whole: Goods = unit.net_mg, unit.count
    none: Goods = 0, None if unit.count is None else 0
    before, after = none if found else whole, whole if row["mg"] == unit.net_mg else none
    _told(row, unit.id, before, where)
    if (row["mg"], row.get("count", after[1])) != after:
        raise Refusal(
            "unit-counted-in-part", field=where, value=show_mg(row["mg"]), unit=unit.id, net=show_mg(whole[0])
        )
    if after != before:
        sign = 1 if found else -1
        desk.pack_mass(batch.id, sign * unit.net_mg, sign * (unit.count or 0), where)
        desk.put(replace(unit, state="here" if found else "missing", site=site, inside=None))
    return before, after
