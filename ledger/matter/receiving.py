"""Custody at the receiver: `received`, line by line and unit by unit.

offered = accepted + rejected + missing (+ quarantined, decided by a later receipt). Accepted goods become stock as
weighed; rejected goods stand here and stay the sender's; a stack whose parts fare differently comes apart.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ledger.errors import Refusal
from ledger.matter.desk import Desk, refuse_contents_missing
from ledger.matter.event_types import TITLE_PASSES, UNIT_STATES
from ledger.matter.events import Event, is_id
from ledger.matter.quantities import show_goods, show_mg
from ledger.matter.stacks import outers_of
from ledger.matter.stock import Arrival, ArrivalLine, Batch, Unit


def received(desk: Desk, event: Event) -> None:
    receipt = event.scalar("receipt")
    sender, purpose = receipt["from"], receipt["purpose"]
    found = desk.find(("arrival", receipt["shipment"]))
    arrival = found if isinstance(found, Arrival) else Arrival(receipt["shipment"], sender, purpose, {})
    if sender == desk.me or arrival.id.rpartition("#")[0].rpartition("/")[0] != sender:
        raise Refusal("receipt-of-other-shipment", field="shipment", value=arrival.id)
    if (arrival.sender, arrival.purpose) != (sender, purpose):
        told, offered = f"{sender}, {purpose}", f"{arrival.sender}, {arrival.purpose}"
        raise Refusal("line-differs-from-offer", field="shipment", value=told, offered=offered)
    _refuse_ended(desk, arrival, receipt)
    if receipt["declined"]:
        if not receipt.get("reason"):
            raise Refusal("reason-missing", field="reason")
        desk.put(replace(arrival, declined=True, final=True))
        return
    rows = list(event.rows("lines.chain", "lines.partner", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="receive")
    lines, final = dict(arrival.lines), arrival.final or receipt["final"]
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        before = lines.get(row["line"]) or ArrivalLine(row["batch"], row["offered_mg"], row.get("offered_count"))
        told, offered = (
            show_goods(row["batch"], row["offered_mg"], row.get("offered_count")),
            show_goods(before.batch, before.offered_mg, before.offered_count),
        )
        if told != offered:
            raise Refusal("line-differs-from-offer", field=where, value=told, offered=offered)
        if arrival.final and not _decides_only(row["units"], before.pending):
            raise Refusal("shipment-received", field="shipment", value=arrival.id)
        lines[row["line"]] = _receive_line(desk, before, row, receipt, where)
    for number, line in lines.items():
        if final and (line.open_mg or line.open_count):
            raise Refusal("line-left-open", field="lines", value=number, open=show_mg(line.open_mg))
    desk.put(replace(arrival, lines=lines, final=final))


def _refuse_ended(desk: Desk, arrival: Arrival, receipt: Mapping[str, Any]) -> None:
    """What was voided or declined is nobody's to receive, and what was received is not declined."""
    if desk.find(("voided", arrival.id)) is not None:
        raise Refusal("shipment-voided", field="shipment", value=arrival.id)
    if arrival.declined:
        raise Refusal("shipment-declined", field="shipment", value=arrival.id)
    if receipt["declined"] and arrival.lines:
        raise Refusal("decline-too-late", field="shipment", value=arrival.id)


def _decides_only(units: Iterable[Mapping[str, Any]], pending: Container[str]) -> bool:
    """After the final receipt: units that wait in quarantine, and the stacks that those make up."""
    stacks = {unit.get("inside") for unit in units}
    leaves = [unit["unit"] for unit in units if unit["unit"] not in stacks]
    return bool(leaves) and all(leaf in pending for leaf in leaves)


def _receive_line(
    desk: Desk, line: ArrivalLine, row: Mapping[str, Any], receipt: Mapping[str, Any], where: str
) -> ArrivalLine:
    """Accepted + rejected + missing (+ quarantined units, decided later) never exceed what was offered."""
    own = row.get("owner") == desk.me
    stays = "" if own else row.get("owner") or receipt["from"]
    owners = {"accepted": accepted_owner(row, receipt, desk.me), "rejected": stays}
    if own and row["rejected_mg"]:
        raise Refusal("own-goods-not-rejected", field=where, value=row["batch"])
    _open_arriving_batch(desk, row, where)
    pending = dict(line.pending)
    leaves = _decide_units(desk, line, row, pending, owners, where)
    decided = {unit["unit"] for unit in row["units"] if unit["state"] not in ("quarantined", "unexpected")}
    after = line.with_receipt(row, pending, decided)
    if after.open_mg < 0 or after.open_count < 0:
        told = row["accepted_mg"] + row["rejected_mg"] + row["missing_mg"]
        raise Refusal("more-than-offered", field=where, value=show_mg(told), offered=show_mg(line.offered_mg))
    for outcome in ("accepted", "rejected", "missing"):
        _book(desk, row, outcome, leaves[outcome], owners.get(outcome, ""), where)
    return after


def accepted_owner(row: Mapping[str, Any], receipt: Mapping[str, Any], me: str) -> str:
    """Whose the accepted goods of a line are, as holdings write it."""
    own = row.get("owner") == me
    return "" if own or receipt["purpose"] in TITLE_PASSES else str(row.get("owner") or receipt["from"])


def _open_arriving_batch(desk: Desk, row: Mapping[str, Any], where: str) -> None:
    """A batch is counted on one basis, and in pieces or not, for good: also when it comes back, or comes in parts."""
    offered_count = row.get("offered_count")
    known = desk.find(("batch", row["batch"]))
    if not isinstance(known, Batch):
        counted = offered_count is not None
        packed = 0 if counted else None
        desk.put(Batch(row["batch"], row["product"], row["basis"], counted, row.get("lot_no"), (), 0, packed))
    elif known.basis != row["basis"]:
        raise Refusal("basis-differs", field=f"{where}.basis", value=row["basis"], basis=known.basis)
    elif known.counted and offered_count is None:
        raise Refusal("count-missing", field=f"{where}.offered_count", batch=known.id)
    elif offered_count is not None and not known.counted:
        raise Refusal("count-unexpected", field=f"{where}.offered_count", value=offered_count, batch=known.id)


def _decide_units(
    desk: Desk,
    line: ArrivalLine,
    row: Mapping[str, Any],
    pending: dict[str, tuple[int, int | None]],
    owners: Mapping[str, str],
    where: str,
) -> dict[str, list[Unit]]:
    """Places each listed unit, and answers the ones that hold goods directly, by outcome. Changes `pending`."""
    listed = [unit for unit in row["units"] if unit["state"] != "unexpected"]
    outers = outers_of(listed, f"{where}.units")
    outcomes = {unit["unit"]: _outcome(unit, f"{where}.units") for unit in listed}
    # A stack whose parts fare differently comes apart: the outer unit is empty, its parts stand alone.
    apart = {outer for id_, chain in outers.items() for outer in chain if outcomes[outer] != outcomes[id_]}
    inner: dict[str, list[str]] = {}
    for id_, chain in outers.items():
        for outer in chain[:1]:
            inner.setdefault(outer, []).append(id_)
    leaves: dict[str, list[Unit]] = {"accepted": [], "rejected": [], "missing": [], "quarantined": []}
    for unit in listed:
        id_, outcome = unit["unit"], outcomes[unit["unit"]]
        _refuse_decided(desk, line, unit, row["batch"], outcomes, f"{where}.units")
        if id_ in pending:
            net, count = pending.pop(id_)
            desk.pack_mass(row["batch"], -net, -(count or 0), where)
        _leave_waiting_stack(desk, unit, outcomes)
        known = desk.find(("unit", id_))
        placed = Unit(
            id=id_,
            batch=row["batch"],
            kind=unit["kind"],
            serial=unit["serial"],
            net_mg=unit["net_mg"],
            count=unit.get("count"),
            seal=unit.get("seal"),
            site=row["site"],
            owner=owners["accepted" if outcome == "accepted" else "rejected"],
            state="emptied" if id_ in apart else {"accepted": "here", "rejected": "here"}.get(outcome, outcome),
            inside=next((outer for outer in outers[id_][:1] if outer not in apart), None),
            contains=() if id_ in apart else tuple(inner.get(id_, ())),
            locks=known.locks if isinstance(known, Unit) else (),  # what was recalled while it was away
        )
        desk.put(placed)
        if id_ not in inner:
            leaves[outcome].append(placed)
            if outcome == "quarantined":
                pending[id_] = (placed.net_mg, placed.count)
                desk.pack_mass(row["batch"], placed.net_mg, placed.count, where)
    return leaves


def _refuse_decided(
    desk: Desk, line: ArrivalLine, unit: Mapping[str, Any], batch: str, listed: Container[str], where: str
) -> None:
    """A unit is decided once, holds what it held, and a stack that we know is decided with all that is in it."""
    id_, state = unit["unit"], unit["state"]
    if not is_id(id_):
        raise Refusal("unit-unknown", field=where, value=id_)
    if id_ in line.decided or (state == "quarantined" and id_ in line.pending):
        raise Refusal("unit-received", field=where, value=id_)
    if id_ in line.pending and line.pending[id_] != (unit["net_mg"], unit.get("count")):
        raise Refusal("unit-net-differs", field=where, value=id_, net=show_mg(line.pending[id_][0]))
    known = desk.find(("unit", id_))
    if not isinstance(known, Unit):
        return
    if known.batch != batch:
        raise Refusal("unit-of-other-batch", field=where, value=id_, batch=batch, holds=known.batch)
    if known.state not in ("shipped", "quarantined", "missing", "emptied"):
        raise Refusal("unit-received", field=where, value=id_)
    refuse_contents_missing(known, listed, where)


def _leave_waiting_stack(desk: Desk, unit: Mapping[str, Any], listed: Container[str]) -> None:
    """A unit that is decided without the quarantined stack it waits in takes that stack apart."""
    outer = unit.get("inside")
    if outer is None or outer in listed:
        return
    stack = desk.find(("unit", outer))
    if isinstance(stack, Unit) and stack.state == "quarantined":
        desk.put(replace(stack, state="emptied", contains=()))


def _outcome(unit: Mapping[str, Any], where: str) -> str:
    state = unit["state"]
    if state not in UNIT_STATES:
        raise Refusal("unit-state-unknown", field=where, value=state, states=", ".join(UNIT_STATES))
    if state in ("concession", "rejected", "missing", "damaged") and not unit.get("reason"):
        raise Refusal("reason-missing", field=where)
    return {"concession": "accepted", "damaged": "rejected"}.get(state, str(state))


def _book(desk: Desk, row: Mapping[str, Any], outcome: str, leaves: list[Unit], owner: str, where: str) -> None:
    """Books one outcome of a line: units as units, the rest as loose goods, and the weighing difference."""
    mg, count = row[f"{outcome}_mg"], row.get(f"{outcome}_count")
    in_units, pieces = sum(unit.net_mg for unit in leaves), sum(unit.count or 0 for unit in leaves)
    if mg < in_units:
        raise Refusal("less-than-its-units", field=f"{where}.{outcome}", value=show_mg(mg), units=show_mg(in_units))
    _refuse_uncounted(row, outcome, pieces, where)
    if outcome == "missing":
        return
    loose, difference = mg - in_units, row["difference_mg"] if outcome == "accepted" else 0
    if difference and in_units and not loose:
        in_units = _spread(desk, leaves, difference, where)
    else:
        loose += difference
    if loose < 0:
        raise Refusal("difference-too-large", field=where, value=show_mg(difference), accepted=show_mg(mg))
    if leaves:
        desk.pack_mass(row["batch"], in_units, pieces, where)
    loose_pieces = None if count is None else count - pieces
    if loose or loose_pieces:
        desk.add_loose(desk.batch(row["batch"], where), row["site"], owner, loose, loose_pieces)


def _refuse_uncounted(row: Mapping[str, Any], outcome: str, pieces: int, where: str) -> None:
    """Of a batch in pieces, each outcome says how many; of another, none does."""
    field, count = f"{where}.{outcome}_count", row.get(f"{outcome}_count")
    counted = row.get("offered_count") is not None
    if counted and count is None and (pieces or (row[f"{outcome}_mg"] and outcome != "missing")):
        raise Refusal("count-missing", field=field, batch=row["batch"])
    if count is not None and not counted:
        raise Refusal("count-unexpected", field=field, value=count, batch=row["batch"])
    if count is not None and count < pieces:
        raise Refusal("less-than-its-units", field=field, value=count, units=pieces)


def _spread(desk: Desk, leaves: list[Unit], difference: int, where: str) -> int:
    """Goods that came in sealed units only: each unit's net becomes its share of what was weighed.

    Cumulative rounding in the order listed, so the shares add up exactly. Answers the weighed sum.
    """
    told = sum(unit.net_mg for unit in leaves)
    weighed = told + difference
    if weighed < 0:
        raise Refusal("difference-too-large", field=where, value=show_mg(difference), accepted=show_mg(told))
    so_far, given = 0, 0
    for unit in leaves:
        so_far += unit.net_mg
        share = so_far * weighed // told - given
        given += share
        desk.put(replace(unit, net_mg=share))
        outer = unit.inside
        while outer is not None:
            stack = desk.unit(outer, where)
            desk.put(replace(stack, net_mg=stack.net_mg + share - unit.net_mg))
            outer = stack.inside
    return weighed
