"""Handovers: what two logs say about one shipment, held against each other.

`custody.apply` sees one log; these checks see both sides, and run in three places with the same result: when the
receiver takes an offer in, when the sender is told of a receipt, and when anybody verifies evidence. Values that are
not disclosed to the reader are passed over: a check is only ever as strong as what is open.
"""

from collections.abc import Mapping
from typing import Any

from ledger.errors import Refusal
from ledger.matter.events import Event
from ledger.matter.quantities import show_mg


def check_offer(shipped: Event, receiver: str) -> None:
    """An offer that `receiver` (a node's name) may take in: addressed to it, and in itself without contradiction."""
    if shipped.type != "shipped":
        raise Refusal("offer-not-shipped", field="offer", value=shipped.type)
    to = shipped.scalar("shipment").get("to")
    if to != receiver:
        raise Refusal("offer-to-other", field="offer.to", value=to, receiver=receiver)
    for position, row in enumerate(shipped.rows("lines.chain", "lines.partner")):
        where = f"lines[{position}]"
        if "mg" not in row or "batch" not in row:
            raise Refusal("offer-not-disclosed", field=where)
        stacks = {unit["inside"] for unit in row["units"] if unit.get("inside")}
        leaves = [unit for unit in row["units"] if unit["unit"] not in stacks]
        in_units = sum(unit["net_mg"] for unit in leaves)
        if in_units > row["mg"]:
            raise Refusal("less-than-its-units", field=where, value=show_mg(row["mg"]), units=show_mg(in_units))


def check_receipt(shipped: Event, received: Event) -> None:
    """A receipt that answers this very shipment: same goods, same amounts offered, only units that were sent."""
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


def _check_line(offered: list[dict[str, Any]], row: Mapping[str, Any], sender: str, receiver: str, where: str) -> None:
    if row["line"] >= len(offered):
        raise Refusal("line-not-offered", field=where, value=row["batch"], shipment=sender)
    line = offered[row["line"]]
    if "batch" in line and _absolute(line["batch"], sender) != _absolute(row["batch"], receiver):
        raise Refusal("line-differs-from-offer", field=where, value=row["batch"], offered=line["batch"])
    if "mg" in line and "offered_mg" in row:
        same = (line["mg"], line["basis"], line.get("count")) == (
            row["offered_mg"],
            row["basis"],
            row.get("offered_count"),
        )
        if not same:
            raise Refusal(
                "line-differs-from-offer", field=where, value=show_mg(row["offered_mg"]), offered=show_mg(line["mg"])
            )
        sent = {_absolute(unit["unit"], sender): unit["net_mg"] for unit in line["units"]}
        for unit in row["units"]:
            id_ = _absolute(unit["unit"], receiver)
            if unit["state"] != "unexpected" and sent.get(id_) != unit["net_mg"]:
                raise Refusal("unit-not-offered", field=f"{where}.units", value=unit["unit"])


def _absolute(id_: str, origin: str) -> str:
    return id_ if "#" in id_ else f"{origin}#{id_}"
