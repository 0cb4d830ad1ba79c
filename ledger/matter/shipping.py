"""Custody at the sender: goods leave with `shipped`; `acknowledged` answers the receipt and weighs in what came back.
What somebody outside says of them stands in between, as `confirmed`: it moves nothing, and is his word alone.

What leaves is in nobody's stock until the receiver's own log says so; an acknowledgement moves only what never was
received: declined goods, goods of a shipment that the authority voided, and goods that a party outside sends back. To
ask for withdrawal (`withdrawal_asked`) moves nothing, whatever comes of it.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ledger.errors import Refusal
from ledger.matter.desk import Desk, first_double, refuse_contents_missing
from ledger.matter.event_types import GUEST_STATES, PURPOSES
from ledger.matter.events import Event
from ledger.matter.locks import RETURNING
from ledger.matter.quantities import show_goods, show_mg
from ledger.matter.stacks import outers_of
from ledger.matter.stock import Line, Shipment


def shipped(desk: Desk, event: Event) -> None:
    shipment, id_ = event.scalar("shipment"), event.ids["shipment"]
    purpose, to = shipment["purpose"], shipment.get("to") or ""
    outside = event.scalar("party").get("outside")
    if purpose not in PURPOSES:
        raise Refusal("purpose-unknown", field="purpose", value=purpose, purposes=", ".join(PURPOSES))
    if bool(to) == bool(outside):
        raise Refusal("to-one-party", field="to", value=to or None)
    if to == desk.me:
        raise Refusal("to-oneself", field="to.node", value=to)
    desk.refuse_known(("shipment", id_))
    lines, passing = [], RETURNING if purpose == "return" else ()
    for position, row in enumerate(event.rows("lines.chain", "lines.partner", "lines.authority")):
        where, owner = f"lines[{position}]", row.get("owner") or ""
        if owner and (owner != to or purpose != "return"):
            raise Refusal("others-goods-go-back", field=where, value=row["batch"], owner=owner)
        if row["mg"] == 0:
            raise Refusal("mass-is-zero", field=f"{where}.quantity", value=row["mg"])
        if desk.batch(row["batch"], where).counted and row.get("count") is None:
            raise Refusal("count-missing", field=f"{where}.quantity.count", batch=row["batch"])
        outers_of(row["units"], f"{where}.units")
        for listed in row["units"]:
            unit = desk.unit(listed["unit"], f"{where}.units")
            if (listed["net_mg"], listed.get("count"), listed.get("inside")) != (unit.net_mg, unit.count, unit.inside):
                raise Refusal("unit-net-differs", field=f"{where}.units", value=unit.id, net=show_mg(unit.net_mg))
        desk.take_part(row, where, lambda unit: replace(unit, state="shipped", shipment=id_), passing)
        units = tuple((unit["unit"], unit["net_mg"], unit.get("count")) for unit in row["units"])
        lines.append(Line(row["batch"], row["mg"], row["basis"], row.get("count"), units, owner, row["site"]))
    if not lines:
        raise Refusal("nothing-named", field="lines", verb="ship")
    desk.put(Shipment(id_, to, outside, purpose, shipment["at"], tuple(lines), shipment.get("original")))


def acknowledged(desk: Desk, event: Event) -> None:
    acknowledgement = event.scalar("acknowledgement")
    found = _open_shipment(desk, acknowledgement["shipment"])
    if not acknowledgement["agreed"] and not acknowledgement.get("reason"):
        raise Refusal("reason-missing", field="reason")
    rows = list(event.rows("lines.partner", "lines.authority"))
    if rows and not (found.outside or acknowledgement["declined"] or acknowledgement.get("voided")):
        raise Refusal("return-by-shipment", field="lines", value=found.id)
    lines = list(found.lines)
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        if not 0 <= row["line"] < len(lines) or lines[row["line"]].batch != row["batch"]:
            raise Refusal("line-not-offered", field=where, value=row["batch"], shipment=found.id)
        lines[row["line"]] = _weigh_back(desk, found.id, lines[row["line"]], row, where)
    desk.put(replace(found, lines=tuple(lines), closed=acknowledgement["agreed"]))


def withdrawal_asked(desk: Desk, event: Event) -> None:
    withdrawal = event.scalar("withdrawal")
    found = _open_shipment(desk, withdrawal["shipment"])
    if found.outside:
        raise Refusal("withdrawal-from-outside", field="shipment", value=found.id)
    if withdrawal["to"] != found.to:
        raise Refusal("offer-to-other", field="withdrawal.to", value=found.to, receiver=withdrawal["to"])
    if found.asked:
        raise Refusal("withdrawal-asked", field="shipment", value=found.id)
    if not event.scalar("reason"):
        raise Refusal("reason-missing", field="reason")
    desk.put(replace(found, asked=True))


def _open_shipment(desk: Desk, id_: str) -> Shipment:
    found = desk.find(("shipment", id_))
    if not isinstance(found, Shipment):
        raise Refusal("shipment-unknown", field="shipment", value=id_)
    if found.closed:
        raise Refusal("shipment-closed", field="shipment", value=found.id)
    return found


def confirmed(desk: Desk, event: Event) -> None:
    """Once for each shipment to somebody outside, before its sender closes it: all of it, or line by line what not."""
    confirmation = event.scalar("confirmation")
    found = desk.find(("shipment", confirmation["shipment"]))
    if not isinstance(found, Shipment):
        raise Refusal("shipment-unknown", field="shipment", value=confirmation["shipment"])
    refuse_unconfirmable(found)
    rows = list(event.rows("lines.authority"))
    if confirmation["complete"] == bool(rows or (not confirmation["complete"] and event.scalar("guest").get("remark"))):
        raise Refusal("confirmation-unclear", field="complete")
    named: set[int] = set()
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        if row["line"] >= len(found.lines) or found.lines[row["line"]].batch != row["batch"]:
            raise Refusal("line-not-offered", field=where, value=row["line"], shipment=found.id)
        if row["line"] in named:
            raise Refusal("line-twice", field=where, value=row["line"])
        named.add(row["line"])
        _refuse_units_told(row["units"], {unit for unit, _, _ in found.lines[row["line"]].units}, f"{where}.units")
    desk.put(replace(found, confirmed=True))


def refuse_unconfirmable(shipment: Shipment) -> None:
    """Nobody confirms what a member receives, what has been confirmed, or what its sender has closed."""
    if not shipment.outside:
        raise Refusal("confirmation-of-member", field="shipment", value=shipment.id, to=shipment.to)
    if shipment.confirmed:
        raise Refusal("shipment-confirmed", field="shipment", value=shipment.id)
    if shipment.closed:
        raise Refusal("shipment-closed", field="shipment", value=shipment.id)


def _refuse_units_told(told: Sequence[Mapping[str, Any]], sent: Container[str], where: str) -> None:
    ids = [unit["unit"] for unit in told]
    if len(set(ids)) != len(ids):
        raise Refusal("unit-twice", field=where, value=first_double(ids))
    for unit in told:
        if unit["unit"] not in sent:
            raise Refusal("unit-not-offered", field=where, value=unit["unit"])
        if unit["state"] not in GUEST_STATES:
            raise Refusal("unit-state-unknown", field=where, value=unit["state"], states=", ".join(GUEST_STATES))


def _weigh_back(desk: Desk, shipment: str, line: Line, row: Mapping[str, Any], where: str) -> Line:
    """Goods that were declined, or come back from outside, are the sender's stock again, up to what went out."""
    mg, pieces = _units_back(desk, shipment, line, row, where)
    if row["mg"] < mg:
        raise Refusal("less-than-its-units", field=f"{where}.quantity", value=show_mg(row["mg"]), units=show_mg(mg))
    count = row.get("count")
    if count is None and line.count is not None and (row["mg"] or pieces):
        raise Refusal("count-missing", field=f"{where}.quantity.count", batch=row["batch"])
    if count is not None and line.count is None:
        raise Refusal("count-unexpected", field=f"{where}.quantity.count", value=count, batch=row["batch"])
    if count is not None and count < pieces:
        raise Refusal("less-than-its-units", field=f"{where}.quantity.count", value=count, units=pieces)
    after = replace(line, back_mg=line.back_mg + row["mg"], back_count=line.back_count + (count or 0))
    if after.back_mg > line.mg or after.back_count > (line.count or 0):
        out = show_goods(
            line.batch, line.mg - line.back_mg, None if line.count is None else line.count - line.back_count
        )
        raise Refusal("more-than-sent", field=f"{where}.quantity", value=show_mg(row["mg"]), out=out)
    if mg:
        desk.pack_mass(row["batch"], mg, pieces, where)
    loose_pieces = None if count is None else count - pieces
    if row["mg"] > mg or loose_pieces:
        desk.add_loose(desk.batch(row["batch"], where), row["site"], line.owner, row["mg"] - mg, loose_pieces)
    return after


def _units_back(desk: Desk, shipment: str, line: Line, row: Mapping[str, Any], where: str) -> tuple[int, int]:
    """Puts the listed units of a line back where they are weighed in; answers mass and pieces of those that hold goods.

    A unit that comes without the stack it stood in stands alone; a stack comes with all that is in it.
    """
    sent, listed = {unit for unit, _, _ in line.units}, list(row.get("units") or ())
    if len(set(listed)) != len(listed):
        raise Refusal("unit-twice", field=f"{where}.units", value=first_double(listed))
    units = [desk.unit(id_, f"{where}.units") for id_ in listed]
    for unit in units:
        if unit.id not in sent or unit.state != "shipped" or unit.shipment != shipment:
            raise Refusal("unit-not-here", field=f"{where}.units", value=unit.id, serial=unit.serial, state=unit.state)
        refuse_contents_missing(unit, listed, f"{where}.units")
        inside = unit.inside if unit.inside in listed else None
        desk.put(replace(unit, state="here", shipment=None, site=row["site"], inside=inside))
    leaves = [unit for unit in units if not unit.contains]
    return sum(unit.net_mg for unit in leaves), sum(unit.count or 0 for unit in leaves)
