"""Shipments and arrivals as people see them: a status derived from what both sides have recorded, never stored.

offered → delivered → received in part → received → acknowledged; or undeliverable, declined, disputed, overdue,
withdrawal asked, voided; to somebody outside: offered → confirmed by guest → acknowledged
"""

from datetime import datetime, timedelta
from typing import Any

from ledger.entries import id_in
from ledger.errors import Unavailable
from ledger.log.trust import organisation
from ledger.matter.events import is_id
from ledger.matter.stock import Shipment
from nodes import decrees
from nodes.derive import WITHDRAWALS
from nodes.node import Node
from nodes.store import codes, deliveries, lists, log, states, upstream
from nodes.store.deliveries import Delivery
from nodes.store.engine import Connection
from nodes.store.records import ArrivalRecord, ShipmentRecord

OVERDUE_AFTER = timedelta(days=7)
"""Silence for this long after an offer is a finding, never a transfer."""


def status_of(record: ShipmentRecord, about: list[Delivery], now: datetime, *, voided: bool = False) -> str:
    """From our own entries, the receiver's delivery note, and what we were told of: receipts, and whether the authority
    voided it.
    """
    shipment, handover = record.shipment, next((one for one in about if one.kind == "handover"), None)
    final = next((one for one in record.answers if one.final), None)
    if shipment.closed:
        return "acknowledged"
    if shipment.confirmed:
        return "confirmed by guest"
    if any(one.kind == "acknowledgement" for one in about):
        return "disputed"
    if final is not None:
        return "declined" if final.declined else "received"
    if record.answers:
        return "received in part"
    if voided:
        return "voided"
    if shipment.asked:
        return "withdrawal asked"
    if handover is not None and handover.state == "refused":
        return "undeliverable"
    if datetime.fromisoformat(shipment.at) + OVERDUE_AFTER < now:
        return "overdue"
    return "delivered" if handover is not None and handover.state == "sent" else "offered"


def shipments(node: Node, conn: Connection, records: list[ShipmentRecord]) -> list[dict[str, Any]]:
    about = deliveries.about(conn, [record.shipment.id for record in records])
    now, shown = node.clock(), log.shown_checkpoint(conn)
    covered = 0 if shown is None else shown[0]
    voided = decrees.voided(conn)
    return [
        _shipment(record, about.get(record.shipment.id, []), now, covered, voided=record.shipment.id in voided)
        for record in records
    ]


def _shipment(
    record: ShipmentRecord, about: list[Delivery], now: datetime, covered: int, *, voided: bool
) -> dict[str, Any]:
    """`covered`: entries below this are in a checkpoint that may be shown."""
    shipment: Shipment = record.shipment
    waiting = next((one for one in about if one.state != "sent"), None)
    return {
        "shipment": shipment.id,
        "status": status_of(record, about, now, voided=voided),
        "to": {"outside": dict(shipment.outside)} if shipment.outside else {"node": shipment.to},
        "purpose": shipment.purpose,
        "at": shipment.at,
        "original": shipment.original,
        "external_ref": record.external_ref,
        "lines": [
            {
                "batch": line.batch,
                "mg": line.mg,
                "basis": line.basis,
                "count": line.count,
                "units": [unit for unit, _, _ in line.units],
            }
            for line in shipment.lines
        ],
        "deliveries": [
            {
                "kind": one.kind,
                "state": one.state,
                "attempts": one.attempts,
                "error": one.told("en"),
                "error_zh": one.told("zh"),
            }
            for one in about
        ],
        "waiting_for": None if waiting is None else _reason(waiting, covered, "en"),
        "waiting_for_zh": None if waiting is None else _reason(waiting, covered, "zh"),
    }


def _reason(waiting: Delivery, covered: int, language: str) -> str | None:
    """Why a delivery has not been confirmed; None while nothing is known to be in its way."""
    if waiting.state == "waiting" and waiting.entry_no >= covered:
        return Unavailable("not-witnessed-yet", value=waiting.entry_no + 1).text(language)
    return waiting.told(language)


def arrivals(conn: Connection, records: list[ArrivalRecord]) -> list[dict[str, Any]]:
    asked = states.load(conn, WITHDRAWALS, [record.id for record in records])
    voided = decrees.voided(conn)
    return [arrival(record, asked=record.id in asked, voided=record.id in voided) for record in records]


def arriving(node: Node, conn: Connection, records: list[ArrivalRecord]) -> list[dict[str, Any]]:
    """Arrivals with what their senders opened of them: `offered`, rows of product, mg and units."""
    return [{**one, "offered": _offered(conn, one["shipment"], node.origin)} for one in arrivals(conn, records)]


def arrival(record: ArrivalRecord, *, asked: bool = False, voided: bool = False) -> dict[str, Any]:
    """A shipment offered to us, and how far our receipts have come with it."""
    found = record.arrival
    if found is None:
        status = "voided" if voided else "withdrawal asked" if asked else "offered"
    elif found.declined:
        status = "declined"
    else:
        status = "received" if found.final else "received in part"
    return {
        "shipment": record.id,
        "status": status,
        "from": record.sender,
        "purpose": record.purpose,
        "at": record.at,
        "lines": []
        if found is None
        else [
            {
                "line": number,
                "batch": line.batch,
                "offered_mg": line.offered_mg,
                "accepted_mg": line.accepted_mg,
                "rejected_mg": line.rejected_mg,
                "missing_mg": line.missing_mg,
                "open_mg": line.open_mg,
                "pending": sorted(line.pending),
            }
            for number, line in found.lines.items()
        ],
    }


def one_shipment(node: Node, id_: str) -> dict[str, Any]:
    """Ours by its id or external reference; by `log#id` one offered to us, or of a log that ours succeeds."""
    with node.store.read() as conn:
        own = id_.removeprefix(f"{node.origin}#")
        if not is_id(own):
            own = codes.one_of(codes.shipments_named(conn, own), "shipment", own, "shipment-unknown")
        if "#" in own and organisation(own.partition("#")[0]) != node.settings.name:
            return {**arrivals(conn, [lists.arrival(conn, own)])[0], "offered": _offered(conn, own, node.origin)}
        return shipments(node, conn, [lists.shipment(conn, own)])[0]


def _offered(conn: Connection, shipment: str, own: str) -> list[dict[str, Any]]:
    """The lines of the offer as its sender opened them to us, with ids as we write them."""
    found = upstream.offer(conn, shipment)
    if found is None:
        return []
    rows = [row for row in found.event.rows("lines.chain", "lines.partner") if "mg" in row]
    return [
        {
            **row,
            "batch": id_in(row["batch"], found.log, own),
            "units": [_unit_here(unit, found.log, own) for unit in row["units"]],
        }
        for row in rows
    ]


def _unit_here(unit: dict[str, Any], sender: str, own: str) -> dict[str, Any]:
    return {**unit, **{name: id_in(unit[name], sender, own) for name in ("unit", "inside") if unit.get(name)}}
