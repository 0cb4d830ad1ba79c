"""Handovers: what two logs say about one shipment, held against each other.

`custody.apply` sees one log; these checks see both sides, and run in three places with the same result: when the
receiver takes an offer in, when the sender is told of a receipt, and when anybody verifies evidence. Values that are
not disclosed to the reader are passed over: a check is only ever as strong as what is open.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import Refusal
from ledger.matter.events import Event
from ledger.matter.quantities import show_goods, show_mg
from ledger.matter.stacks import outers_of
from ledger.matter.stock import Booked


def check_offer(shipped: Event, receiver: str) -> None:
    """An offer that `receiver` (a node's name) may take in: addressed to it, and in itself without contradiction."""
    if shipped.type != "shipped":
        raise Refusal("offer-not-shipped", field="offer", value=shipped.type)
    to = shipped.scalar("shipment").get("to")
    if to != receiver:
        raise Refusal("offer-to-other", field="offer.to", value=to, receiver=receiver)
    purpose, seen = shipped.scalar("shipment").get("purpose"), set[str]()
    for position, row in enumerate(shipped.rows("lines.chain", "lines.partner")):
        where = f"lines[{position}]"
        if "mg" not in row or "batch" not in row:
            raise Refusal("offer-not-disclosed", field=where)
        owner = row.get("owner")
        if owner is not None and (owner != receiver or purpose != "return"):
            raise Refusal("others-goods-go-back", field=where, value=row["batch"], owner=owner)
        for unit in row["units"]:
            if unit["unit"] in seen:
                raise Refusal("unit-twice", field=f"{where}.units", value=unit["unit"])
            seen.add(unit["unit"])
        _check_units(row, where)


def _check_units(row: Mapping[str, Any], where: str) -> None:
    """A line's units: stacks whole and as heavy as what is in them, and no more in all than the line offers."""
    units = {unit["unit"]: unit for unit in row["units"]}
    outers_of(units.values(), f"{where}.units")
    inner: dict[str, list[Mapping[str, Any]]] = {}
    for id_, unit in units.items():
        outer = unit.get("inside")
        if outer is not None and outer not in units:
            raise Refusal("unit-inside-other", field=f"{where}.units", value=id_, outer=outer)
        if outer is not None:
            inner.setdefault(outer, []).append(unit)
    for outer, parts in inner.items():
        net = sum(part["net_mg"] for part in parts)
        if net != units[outer]["net_mg"]:
            raise Refusal("unit-net-differs", field=f"{where}.units", value=outer, net=show_mg(net))
    leaves = [unit for id_, unit in units.items() if id_ not in inner]
    mg, pieces = sum(unit["net_mg"] for unit in leaves), sum(unit.get("count") or 0 for unit in leaves)
    if mg > row["mg"]:
        raise Refusal("less-than-its-units", field=where, value=show_mg(row["mg"]), units=show_mg(mg))
    if pieces > (row.get("count") or 0):
        raise Refusal("less-than-its-units", field=f"{where}.count", value=row.get("count"), units=pieces)


def check_acknowledgement(received: Event, acknowledged: Event) -> None:
    """Goods are weighed back as declined only where the receiver declined them: else they would stand in two places."""
    receipt, told = received.scalar("receipt"), acknowledged.scalar("acknowledgement")
    if not receipt or not told:
        return
    named = told["shipment"]
    shipment = named if "#" in named else f"{acknowledged.origin}#{named}"
    if receipt["shipment"] != shipment:
        raise Refusal("receipt-of-other-shipment", field="acknowledgement.shipment", value=receipt["shipment"])
    if told["declined"] != receipt["declined"]:
        raise Refusal("decline-differs", field="acknowledgement.declined", value=told["declined"], shipment=shipment)


def check_receipt(shipped: Event, received: Event) -> None:
    """A receipt that answers this very shipment: same goods, same amounts offered, same origins, only units sent."""
    receipt, shipment = received.scalar("receipt"), shipped.ids.get("shipment")
    if shipment is not None and receipt and receipt["shipment"] != f"{shipped.origin}#{shipment}":
        raise Refusal("receipt-of-other-shipment", field="receipt.shipment", value=receipt["shipment"])
    to = shipped.scalar("shipment").get("to")
    if shipped.scalar("shipment") and to != received.name:
        raise Refusal("offer-to-other", field="receipt", value=to, receiver=received.name)
    if receipt and receipt["from"] != shipped.name:
        raise Refusal("receipt-of-other-shipment", field="receipt.from", value=receipt["from"])
    purpose = shipped.scalar("shipment").get("purpose")
    if receipt and purpose is not None and receipt["purpose"] != purpose:
        raise Refusal("line-differs-from-offer", field="receipt.purpose", value=receipt["purpose"], offered=purpose)
    offered = list(shipped.rows("lines.chain", "lines.partner"))
    for position, row in enumerate(received.rows("lines.chain", "lines.partner")):
        if "line" in row:
            _check_line(offered, row, shipped.origin, received.origin, f"lines[{position}]")
            _check_told_origins(shipped, row["line"], received, position)


def check_adjustments(given: Booked, taken: Event, shipped: Booked, received: Booked) -> None:
    """The two adjustments of one shipment, each from its own log: what one gave up is what the other took.

    `shipped` and `received` are the entries that they adjust, in their logs. That `given` gives and `taken` takes is
    for the custody of each log to say.
    """
    consent = taken.scalar("consent")
    if (consent.get("index"), consent.get("leaf")) != (given.index, b64encode(given.leaf).decode()):
        raise Refusal("consent-to-other", field="consent", value=consent.get("index"), given=given.index)
    receipt = received.event.scalar("offer")
    if receipt and (receipt["index"], receipt["leaf"]) != (shipped.index, b64encode(shipped.leaf).decode()):
        raise Refusal("receipt-of-other-shipment", field="offer", value=receipt["index"])
    sides = {shipped.event.origin: ("shipped", shipped), received.event.origin: ("received", received)}
    for event, partner in ((given.event, taken), (taken, given.event)):
        side, entry = sides.get(event.origin, ("", shipped))
        for position, row in enumerate(shared(event)):
            named = (row.get("side"), row.get("index"), row.get("leaf"))
            if "delta_mg" not in row or named != (side, entry.index, b64encode(entry.leaf).decode()):
                raise Refusal("adjustment-of-other-shipment", field=f"shared[{position}]", value=row.get("index"))
        if event.scalar("adjustment").get("with") != partner.name:
            told = event.scalar("adjustment").get("with")
            raise Refusal("adjustment-with-other", field="adjustment.with", value=told, partner=partner.name)
    refuse_other_amounts(shared(given.event), given.event.origin, shared(taken), taken.origin)


def shared(event: Event) -> list[dict[str, Any]]:
    """The lines of an adjustment that are shared with the partner, as far as they are open."""
    return list(event.rows("shared.chain", "shared.partner"))


def check_consent(given: Event, taken: Event) -> None:
    """A partner's adjustment that takes what an own one gave him. `given` is whole."""
    partner = given.scalar("adjustment").get("with")
    if partner != taken.name or given.scalar("consent"):
        raise Refusal("adjustment-with-other", field="adjustment.with", value=taken.name, partner=partner or "-")
    rows = shared(taken)
    if not rows or not all("delta_mg" in row for row in rows):
        raise Refusal("adjustment-of-other-shipment", field="shared", value="-")
    refuse_other_amounts(shared(given), given.origin, rows, taken.origin)


def refuse_other_amounts(
    given: Sequence[Mapping[str, Any]], by: str, taken: Sequence[Mapping[str, Any]], here: str
) -> None:
    """Shared lines of two logs, `by` and `here`: of each batch as much is taken as was given."""
    gave, took = _sums(given, by), _sums(taken, here)
    if gave != took:
        raise Refusal("adjustments-differ", field="shared", value=_deltas(took), given=_deltas(gave))


def _sums(rows: Sequence[Mapping[str, Any]], origin: str) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        batch = _absolute(row["batch"], origin)
        mg, count = found.get(batch, (0, 0))
        found[batch] = mg + row["delta_mg"], count + row.get("delta_count", 0)
    return found


def _deltas(found: Mapping[str, tuple[int, int]]) -> str:
    return "; ".join(show_goods(batch, mg, count or None) for batch, (mg, count) in sorted(found.items()))


def _check_line(offered: list[dict[str, Any]], row: Mapping[str, Any], sender: str, receiver: str, where: str) -> None:
    if row["line"] >= len(offered):
        raise Refusal("line-not-offered", field=where, value=row["batch"], shipment=sender)
    line = offered[row["line"]]
    if "batch" in line and _absolute(line["batch"], sender) != _absolute(row["batch"], receiver):
        raise Refusal("line-differs-from-offer", field=where, value=row["batch"], offered=line["batch"])
    if "mg" in line and "offered_mg" in row:
        sent = _words(line["mg"], line["basis"], line.get("count"), line.get("owner"))
        told = _words(row["offered_mg"], row["basis"], row.get("offered_count"), row.get("owner"))
        if told != sent:
            raise Refusal("line-differs-from-offer", field=where, value=told, offered=sent)
        _check_told_units(line["units"], row["units"], sender, receiver, f"{where}.units")


def _check_told_origins(shipped: Event, number: int, received: Event, position: int) -> None:
    """A receipt repeats what the offer says of origins, and says nothing where that says nothing."""
    offered, told = _shares_at(shipped, number), _shares_at(received, position)
    if offered and told and offered != told:
        model, known = (one[0]["model"] if one[0] is not None else "-" for one in (told, offered))
        raise Refusal("origins-not-offered", field=f"lines[{position}].provenance", value=model, offered=known)


def _shares_at(event: Event, position: int) -> tuple[Mapping[str, Any] | None] | None:
    """What a line says of origins, in a tuple; None where that is not disclosed."""
    items = event.items("lines.provenance")
    item = items[position] if position < len(items) else None
    return (item,) if item is not None or f"lines.provenance/{position}" in event.nulls else None


def _words(mg: int, basis: str, count: int | None, owner: str | None) -> str:
    """What a line offers, in words that differ whenever the offer does."""
    return ", ".join(str(one) for one in (show_mg(mg), basis, count, owner) if one is not None)


def _check_told_units(
    offered: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]], sender: str, receiver: str, where: str
) -> None:
    """Only units that were sent, as heavy and as stacked as they were; a stack that is told is told with its parts."""
    sent = {_absolute(unit["unit"], sender): _sealed(unit, sender) for unit in offered}
    named = {_absolute(unit["unit"], receiver) for unit in told}
    for unit in told:
        id_ = _absolute(unit["unit"], receiver)
        if unit["state"] != "unexpected" and sent.get(id_) != _sealed(unit, receiver):
            raise Refusal("unit-not-offered", field=where, value=unit["unit"])
    for id_, (_, _, outer) in sent.items():
        if outer in named and id_ not in named:
            raise Refusal("unit-contents-missing", field=where, value=outer, inner=id_)


def _sealed(unit: Mapping[str, Any], origin: str) -> tuple[int, int | None, str | None]:
    """What a receipt may not change of a unit: its net mass, its pieces, the unit it stands in."""
    inside = unit.get("inside")
    return unit["net_mg"], unit.get("count"), None if inside is None else _absolute(inside, origin)


def _absolute(id_: str, origin: str) -> str:
    return id_ if "#" in id_ else f"{origin}#{id_}"
