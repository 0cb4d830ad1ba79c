"""`reversed`: an entry that should never have been is undone, as long as nothing came of it.

What the entry made must still be exactly as made: a batch whole, loose, where and whose it was, nothing of it locked; a
unit here, whole, not inside another. It vanishes (a batch without holdings, units `reversed`), and what went in comes
back as it was: loose goods to their site and owner, units with all that is stacked in them. Loose goods bear no name,
so what was moved or unpacked is undone where as much still stands loose.

A scale, or a sample, may give a unit another net while it stays the same unit. So a unit that a sample opened is not
closed again here, and a line that moved units and loose goods together is not moved back: how much of it was loose is
not known any more. (That units alone were moved is told by their nets: they add up to the line.)

What can be undone is in `_UNDO`; entries that only state something are simply crossed out; for every other type
`_WAY_OUT` names the sentence that tells how it is put right. What was used cannot be reversed: it is adjusted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ledger.errors import Refusal
from ledger.matter.correcting import booked, refuse_careless
from ledger.matter.desk import Desk
from ledger.matter.event_types import REGISTRY_TYPES
from ledger.matter.events import Event
from ledger.matter.quantities import show_mg
from ledger.matter.stock import Batch, Holding, Unit

_WHERE = "reversal"


def undone(desk: Desk, event: Event) -> None:
    """The rule of `reversed`, which is a word of Python's."""
    refuse_careless(desk, event)
    entry, before = booked(desk, event.scalar("reversal"), _WHERE)
    if "adjusted" in before.kinds:
        raise Refusal("reversal-of-adjusted", field=_WHERE, value=before.index)
    if entry.type not in _STATEMENTS:
        undo = _UNDO.get(entry.type)
        if undo is None:
            way_out = _WAY_OUT[entry.type]
            raise Refusal(way_out, field=_WHERE, value=before.index, type=entry.type)
        undo(desk, entry)
    desk.put(replace(before, kinds=(*before.kinds, "reversed")))


# -- what vanishes ------------------------------------------------------------------------------------------------


def _refuse_locked(found: Batch | Unit) -> None:
    if found.locks or getattr(found, "recalled", None):
        raise Refusal("reversal-of-locked", field=_WHERE, value=found.id)


def _unmake(desk: Desk, id_: str, row: Mapping[str, Any], site: str, owner: str) -> None:
    """A batch that stands loose, as it was made, is gone."""
    batch = desk.batch(id_, _WHERE)
    _refuse_locked(batch)
    whole = (Holding(site, owner, row["mg"], row.get("count")),)
    if batch.loose != whole or batch.packed_mg or batch.packed_count:
        raise Refusal("reversal-of-used", field=_WHERE, value=id_, made=show_mg(row["mg"]), site=site)
    desk.put(replace(batch, loose=()))


def _untouched(desk: Desk, id_: str, site: str, within: Iterable[str] = ()) -> Unit:
    """A unit that stands here on its own, or inside one of `within`; neither it is locked, nor its batch recalled."""
    unit = desk.unit(id_, _WHERE)
    _refuse_locked(unit)
    if desk.batch(unit.batch, _WHERE).recalled:
        raise Refusal("reversal-of-locked", field=_WHERE, value=unit.batch)
    if unit.state != "here" or unit.site != site or not (unit.inside is None or unit.inside in within):
        raise Refusal("reversal-of-used-unit", field=_WHERE, value=id_, serial=unit.serial, site=site)
    return unit


def _refuse_other(unit: Unit, row: Mapping[str, Any], owner: str) -> None:
    """The unit holds what its entry says it holds."""
    told = (row["net_mg"], row.get("count"), tuple(row.get("contains") or ()), owner)
    if (unit.net_mg, unit.count, unit.contains, unit.owner) != told:
        raise Refusal("reversal-of-used-unit", field=_WHERE, value=unit.id, serial=unit.serial, site=unit.site)


def _take_loose(desk: Desk, id_: str, site: str, owner: str, mg: int, count: int) -> None:
    """Loose goods go back to where they came from, if as much still stands there."""
    batch = desk.batch(id_, _WHERE)
    here = batch.holding(site, owner)
    if mg > here.mg or count > (here.count or 0):
        raise Refusal("reversal-of-goods-gone", field=_WHERE, value=show_mg(mg), batch=id_, site=site)
    desk.take_loose(id_, site, owner, mg, count if batch.counted else None, _WHERE)


# -- what comes back ----------------------------------------------------------------------------------------------


def _give_back(desk: Desk, row: Mapping[str, Any], state: str) -> None:
    """What an input or a line took: its units stand here again, the rest loose."""
    mg, count = _units_back(desk, row["batch"], row.get("units") or (), state)
    rest, pieces = row["mg"] - mg, (row.get("count") or 0) - count
    if rest < 0 or pieces < 0:
        raise Refusal("reversal-of-changed-units", field=_WHERE, value=row["batch"])
    if rest or pieces:
        desk.add_loose(desk.batch(row["batch"], _WHERE), row["site"], row.get("owner") or "", rest, pieces)


def _units_back(desk: Desk, batch: str, ids: Sequence[str], state: str) -> tuple[int, int]:
    """Units in `state` stand here again, stacked as they were; answers mass and pieces of those that hold goods."""
    units = [desk.unit(id_, _WHERE) for id_ in ids]
    if any(unit.state != state for unit in units):
        raise Refusal("reversal-of-changed-units", field=_WHERE, value=batch)
    for unit in units:
        desk.put(replace(unit, state="here"))
    leaves = [unit for unit in units if not unit.contains]
    mg, count = sum(unit.net_mg for unit in leaves), sum(unit.count or 0 for unit in leaves)
    if leaves:
        desk.pack_mass(batch, mg, count, _WHERE)
    return mg, count


def _inputs_back(desk: Desk, entry: Event) -> None:
    for row in entry.rows("inputs.chain", "inputs.authority"):
        _give_back(desk, row, "emptied")


# -- one for each type --------------------------------------------------------------------------------------------


def _registered(desk: Desk, entry: Event) -> None:
    _unmake(desk, entry.ids["batch"], entry.scalar("quantity"), entry.scalar("batch")["site"], "")


def _unmake_outputs(desk: Desk, entry: Event, owner: str) -> None:
    outputs = entry.rows("outputs.chain", "outputs.authority")
    for id_, row in zip(entry.ids.get("outputs.chain", ()), outputs, strict=True):
        _unmake(desk, id_, row, row["site"], owner)


def _owner_of_inputs(entry: Event) -> str:
    return next((row.get("owner") or "" for row in entry.rows("inputs.chain", "inputs.authority")), "")


def _transformed(desk: Desk, entry: Event) -> None:
    _unmake_outputs(desk, entry, _owner_of_inputs(entry))
    _inputs_back(desk, entry)


def _sampled(desk: Desk, entry: Event) -> None:
    opened = [row["unit"] for row in entry.items("nets.public")]
    if opened:
        raise Refusal("reversal-of-opened-unit", field=_WHERE, value=opened[0])
    _transformed(desk, entry)


def _assembled(desk: Desk, entry: Event) -> None:
    quantity, id_ = entry.scalar("quantity"), entry.ids["assembly"]
    batch = desk.batch(id_, _WHERE)
    _refuse_locked(batch)
    if batch.loose or (batch.packed_mg, batch.packed_count) != (quantity["mg"], quantity["count"]):
        made = show_mg(quantity["mg"])
        raise Refusal("reversal-of-used", field=_WHERE, value=id_, made=made, site=quantity["site"])
    for unit_id, row in zip(entry.ids["units.public"], entry.rows("units.public"), strict=True):
        unit = _untouched(desk, unit_id, quantity["site"])
        _refuse_other(unit, row, _owner_of_inputs(entry))
        desk.put(replace(unit, state="reversed"))
    desk.put(replace(batch, packed_mg=0, packed_count=0))
    _inputs_back(desk, entry)


def _dismantled(desk: Desk, entry: Event) -> None:
    rows = list(entry.rows("units.chain"))
    _unmake_outputs(desk, entry, desk.unit(rows[0]["unit"], _WHERE).owner)
    for batch in sorted({row["batch"] for row in rows}):
        _units_back(desk, batch, [row["unit"] for row in rows if row["batch"] == batch], "consumed")


def _removed(desk: Desk, entry: Event) -> None:
    for row in entry.rows("lines.chain", "lines.authority"):
        _give_back(desk, row, "consumed")


def _packed(desk: Desk, entry: Event) -> None:
    """The last unit first, for it may hold the ones before."""
    packing = entry.scalar("packing")
    rows = list(
        zip(entry.ids["units.public"], entry.rows("units.public", "units.chain", "units.authority"), strict=True)
    )
    for id_, row in rows[::-1]:
        unit = _untouched(desk, id_, packing["site"])
        _refuse_other(unit, row, row.get("owner") or "")
        for inner in unit.contains:
            desk.put(replace(desk.unit(inner, _WHERE), inside=None))
        if not unit.contains:
            desk.pack_mass(unit.batch, -unit.net_mg, -(unit.count or 0), _WHERE)
            desk.add_loose(desk.batch(unit.batch, _WHERE), unit.site, unit.owner, unit.net_mg, unit.count)
        desk.put(replace(unit, state="reversed", contains=()))


def _unpacked(desk: Desk, entry: Event) -> None:
    """The last unit first, for the ones before may have held it."""
    for row in list(entry.rows("units.chain"))[::-1]:
        unit = desk.unit(row["unit"], _WHERE)
        inner = [_untouched(desk, id_, unit.site) for id_ in row.get("contains") or ()]
        alike = all((one.batch, one.owner) == (unit.batch, unit.owner) for one in inner)
        held = sum(one.net_mg for one in inner), sum(one.count or 0 for one in inner)
        if unit.state != "emptied" or not alike or (inner and held != (unit.net_mg, unit.count or 0)):
            raise Refusal("reversal-of-changed-units", field=_WHERE, value=unit.batch)
        for one in inner:
            desk.put(replace(one, inside=unit.id))
        if not inner:
            _take_loose(desk, unit.batch, unit.site, unit.owner, unit.net_mg, unit.count or 0)
            desk.pack_mass(unit.batch, unit.net_mg, unit.count, _WHERE)
        desk.put(replace(unit, state="here", contains=tuple(one.id for one in inner)))


def _moved(desk: Desk, entry: Event) -> None:
    """Back to where it came from."""
    move = entry.scalar("move")
    for row in entry.rows("lines.chain", "lines.authority"):
        listed = set(row.get("units") or ())
        units = [_untouched(desk, id_, move["to"], listed) for id_ in row.get("units") or ()]
        leaves = [unit for unit in units if not unit.contains]
        rest = row["mg"] - sum(unit.net_mg for unit in leaves)
        pieces = (row.get("count") or 0) - sum(unit.count or 0 for unit in leaves)
        whole = all(inner in listed for unit in units for inner in unit.contains)
        if rest < 0 or pieces < 0 or not whole:
            raise Refusal("reversal-of-changed-units", field=_WHERE, value=row["batch"])
        if units and (rest or pieces):
            raise Refusal("reversal-of-mixed-move", field=_WHERE, value=row["batch"], site=move["from"])
        for unit in units:
            desk.put(replace(unit, site=move["from"]))
        if rest or pieces:
            owner = row.get("owner") or ""
            _take_loose(desk, row["batch"], move["to"], owner, rest, pieces)
            desk.add_loose(desk.batch(row["batch"], _WHERE), move["from"], owner, rest, pieces)


_UNDO: Mapping[str, Callable[[Desk, Event], None]] = {
    "registered": _registered,
    "transformed": _transformed,
    "sampled": _sampled,
    "assembled": _assembled,
    "dismantled": _dismantled,
    "removed": _removed,
    "packed": _packed,
    "unpacked": _unpacked,
    "moved": _moved,
}
_STATEMENTS = frozenset(
    {"assayed", "assay_agreed", "reported", "answered", "quota_granted", "attested", "inspected", *REGISTRY_TYPES}
)
_WAY_OUT: Mapping[str, str] = {
    "shipped": "reversal-of-shipment",
    "received": "reversal-of-receipt",
    "acknowledged": "reversal-of-acknowledgement",
    "withdrawal_asked": "reversal-of-told",
    "confirmed": "reversal-of-confirmation",
    "charged": "correction-in-pool",
    "drawn": "correction-in-pool",
    "closed": "correction-in-pool",
    "remeasured": "reversal-of-measurement",
    "counted": "reversal-of-measurement",
    "title_transferred": "reversal-of-status",
    "pledged": "reversal-of-status",
    "unpledged": "reversal-of-status",
    "held": "reversal-of-status",
    "released": "reversal-of-status",
    "recalled": "reversal-of-status",
    "ordered": "reversal-of-told",
    "voided": "reversal-of-told",
    "device_set": "reversal-of-device",
    "period_closed": "reversal-of-closing",
}
"""Every type is in exactly one of the three; entry 0 and what corrects are refused before they come here."""
