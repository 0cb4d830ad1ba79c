"""`adjusted`: an entry moved more, or less, than it says, and what it moved was used since.

A line names an entry, a batch of it, the site and the owner that the entry names, and a side:

    made        what came into being (+: more stands there now, -: it is taken from what stands loose there)
    used        what went in, or out of the chain (+: more is taken from what stands loose, -: it comes back)
    shipped     what left with a shipment (+: more left, -: less did)
    received    what was accepted of a line (+: more came, -: less did)

All lines of one event are netted for each batch, site and owner before anything is taken, so that a slip is put right
along its whole way at once: 18 t less made and 18 t less used need no stock. No entry comes out below zero, nor with
something made of nothing, nor with nothing made and nothing lost, and what only parts or joins still adds up.

**Shared with a partner.** Goods of a shipment are adjusted by both, each in its own log, and never stand twice:

 1. Whoever gives goods up goes first: the receiver where less was shipped, the sender where more was. That entry has no
    consent; the goods are in nobody's stock, as if in transit, and it is pending with the partner.
 2. The partner takes them with an adjustment of its own that carries a `consent`: the ref to the first one, used once.
    `handovers.check_adjustments` holds the two against each other: same shipment, same batches, same amounts.
 3. Who disagrees takes what was given, and gives it back: the same two steps the other way round.

One event shares one entry with one partner, all in one direction; lines about own entries may stand beside. A shipment
to a member must be acknowledged first; one to a party outside, which has no log, is adjusted alone. What was rejected
or missing is no stock of the receiver's, and the difference of the scales is what they said: neither is adjusted here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ledger.errors import Refusal
from ledger.matter.correcting import booked, consent_of, refuse_careless
from ledger.matter.corrections import SHARED, SIDES, Amount, amounts, corrected, delta_of, lines, told
from ledger.matter.desk import Desk
from ledger.matter.events import Event
from ledger.matter.processing import refuse_gain_or_loss, refuse_sums
from ledger.matter.quantities import show_mg
from ledger.matter.stock import Correction, Delta, Line, Shipment

_COMES = {"made": 1, "used": -1, "shipped": -1, "received": 1}
"""What more of each side means for the stock here."""
_POOLS = ("charged", "drawn", "closed")


def adjusted(desk: Desk, event: Event) -> None:
    refuse_careless(desk, event)
    rows = lines(event)
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="adjust")
    own, stock = len(event.items("lines.chain")), defaultdict[tuple[str, str, str], list[int]](lambda: [0, 0])
    entries: dict[int, tuple[Event, Correction]] = {}
    for position, row in enumerate(rows):
        where = f"lines[{position}]" if position < own else f"shared[{position - own}]"
        entries[row["index"]] = booked(desk, row, where)
        delta = _read(desk, entries[row["index"]][0], row, where, shared=position >= own)
        here = stock[delta.batch, delta.site, delta.owner]
        here[0] += _COMES[delta.side] * delta.mg
        here[1] += _COMES[delta.side] * delta.count
    after = {one.index: entries[one.index][1].plus(one) for one in told(event)}
    for index, correction in after.items():
        _refuse_impossible(desk, entries[index][0], correction)
    _share(desk, event, entries)
    _move(desk, stock)
    for correction in after.values():
        desk.put(correction)


def _read(desk: Desk, entry: Event, row: Mapping[str, Any], where: str, *, shared: bool) -> Delta:
    """One line: of the right kind for its batch, and about something that the entry moved."""
    delta, batch = delta_of(row), desk.batch(row["batch"], where)
    if delta.side not in SIDES or (delta.side in SHARED) != shared:
        raise Refusal("adjustment-side-unknown", field=f"{where}.side", value=delta.side, sides=", ".join(SIDES))
    if entry.type in _POOLS:
        raise Refusal("correction-in-pool", field=where, value=row["index"])
    if row["basis"] != batch.basis:
        raise Refusal("basis-differs", field=f"{where}.basis", value=row["basis"], basis=batch.basis)
    if delta.count and not batch.counted:
        raise Refusal("count-unexpected", field=f"{where}.delta_count", value=delta.count, batch=batch.id)
    if not delta.mg and not delta.count:
        raise Refusal("adjustment-of-nothing", field=where, value=batch.id)
    if not any(amount.stands_at(delta) for amount in _owned(desk, entry)):
        raise Refusal("adjustment-of-other-entry", field=where, value=batch.id, index=row["index"], type=entry.type)
    return delta


def _owned(desk: Desk, entry: Event) -> list[Amount]:
    """The rows of an entry. Dismantled things bore their owner, whom the event does not name."""
    found = amounts(entry)
    if entry.type != "dismantled":
        return found
    owner = desk.unit(entry.items("units.chain")[0]["unit"], "units").owner
    return [replace(amount, owner=owner) for amount in found]


def _refuse_impossible(desk: Desk, entry: Event, correction: Correction) -> None:
    """The entry as adjusted is one that could have been."""
    rows = _owned(desk, entry)
    for delta in correction.deltas:
        alike = [row for row in rows if row.stands_at(delta)]
        mg, count = sum(row.mg for row in alike) + delta.mg, sum(row.count for row in alike) + delta.count
        if mg < 0 or count < 0:
            moved = show_mg(mg - delta.mg)
            raise Refusal(
                "adjustment-below-zero", field="lines", value=show_mg(delta.mg), batch=delta.batch, moved=moved
            )
        if delta.side == "made" and desk.batch(delta.batch, "lines").counted and bool(mg) != bool(count):
            raise Refusal("adjustment-pieces-differ", field="lines", value=count, batch=delta.batch, mass=show_mg(mg))
    folded = corrected(entry, correction)
    if folded is None or entry.type not in ("transformed", "sampled", "assembled", "dismantled"):
        return
    goes_in = folded.items("units.chain" if entry.type == "dismantled" else "inputs.chain")
    comes_out = folded.items("outputs.chain") or folded.scalar("losses") or entry.type == "assembled"
    if not goes_in or not comes_out:
        raise Refusal("adjustment-leaves-half", field="lines", value=correction.index)
    if entry.type == "transformed":
        refuse_sums(folded)
    elif entry.type == "sampled":
        taken = list(folded.rows("inputs.chain", "inputs.authority"))
        refuse_gain_or_loss(taken, list(folded.rows("outputs.chain", "outputs.authority")), (), {"sampling"})


def _move(desk: Desk, stock: Mapping[tuple[str, str, str], list[int]]) -> None:
    """What comes, and then what goes: never below zero."""
    for (id_, site, owner), (mg, count) in stock.items():
        if mg > 0 or count > 0:
            desk.add_loose(desk.batch(id_, "lines"), site, owner, max(mg, 0), max(count, 0))
        batch = desk.batch(id_, "lines")
        here = batch.holding(site, owner)
        if -mg > here.mg or -count > (here.count or 0):
            asked = show_mg(max(-mg, 0))
            loose = show_mg(here.mg)
            raise Refusal("adjustment-not-here", field="lines", value=asked, batch=id_, site=site, loose=loose)
        if mg < 0 or count < 0:
            desk.take_loose(id_, site, owner, max(-mg, 0), max(-count, 0) if batch.counted else None, "lines")


# -- shared with a partner ----------------------------------------------------------------------------------------


def _share(desk: Desk, event: Event, entries: Mapping[int, tuple[Event, Correction]]) -> None:
    """One entry, one partner, one direction; whoever takes shows that the other gave."""
    rows, consent = list(event.rows("shared.chain", "shared.partner", "shared.authority")), event.scalar("consent")
    deltas = [delta_of(row) for row in rows]
    indexes = {row["index"] for row in rows}
    comes = {_COMES[delta.side] * figure > 0 for delta in deltas for figure in (delta.mg, delta.count) if figure}
    if len(indexes) > 1 or len(comes) > 1:
        raise Refusal("adjustment-mixed", field="shared", value=", ".join(str(index) for index in sorted(indexes)))
    index = next(iter(indexes), None)
    entry = None if index is None else entries[index][0]
    partner = None if entry is None else _partner(desk, entry, deltas)
    told_partner = event.scalar("adjustment").get("with")
    if told_partner != partner:
        raise Refusal("adjustment-with-other", field="adjustment.with", value=told_partner, partner=partner)
    if not consent:
        if partner is not None and True in comes:
            raise Refusal("consent-missing", field="consent", value=partner)
        return
    used = consent_of(consent)
    if partner is None or True not in comes or consent["log"].rpartition("/")[0] != partner:
        raise Refusal("consent-unfitting", field="consent", value=used.id)
    if desk.find(used.key) is not None:
        raise Refusal("consent-used", field="consent", value=used.id)
    desk.put(used)


def _partner(desk: Desk, entry: Event, deltas: Iterable[Delta]) -> str | None:
    """Who shares the entry; None for a party outside. A shipment's own state learns what left."""
    if entry.type == "received":
        return str(entry.scalar("receipt")["from"])
    shipment = desk.find(("shipment", entry.ids["shipment"]))
    assert isinstance(shipment, Shipment), "an own shipped entry has its shipment"
    if shipment.to and not shipment.closed:
        raise Refusal("adjustment-before-receipt", field="shared", value=shipment.id)
    lines_ = list(shipment.lines)
    if shipment.to and any(line.back_mg or line.back_count for line in lines_):
        raise Refusal("adjustment-of-returned", field="shared", value=lines_[0].batch, shipment=shipment.id)
    for delta in deltas:
        _adjust_lines(shipment.id, lines_, delta)
    desk.put(replace(shipment, lines=tuple(lines_)))
    return shipment.to or None


def _adjust_lines(shipment: str, found: list[Line], delta: Delta) -> None:
    """More left with the first line of the place; less with its lines in order, but what came back did leave."""
    mg, count = delta.mg, delta.count
    for at, line in enumerate(found):
        if (line.batch, line.site, line.owner) == (delta.batch, delta.site, delta.owner):
            more, pieces = max(mg, line.back_mg - line.mg), max(count, line.back_count - (line.count or 0))
            after = None if line.count is None and not pieces else (line.count or 0) + pieces
            found[at] = replace(line, mg=line.mg + more, count=after)
            mg, count = mg - more, count - pieces
    if mg or count:
        raise Refusal("adjustment-of-returned", field="shared", value=delta.batch, shipment=shipment)
