"""What the receiver has said of a shipment, receipt by receipt: of ours, as the receiver's entries told us; of one that
was offered to us, as our own entries say.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ledger.matter.events import Event
from ledger.matter.genealogy import event_at
from nodes.node import Node
from nodes.store import deliveries, log, upstream
from nodes.store.engine import Connection


def receipts(node: Node, shipment: str) -> list[dict[str, Any]]:
    """Oldest first. `shipment`: of ours by its id, offered to us by `log#id`.

    Each: `at`, `declined`, `reason` of a refusal, and `lines` with masses in mg: `weighed_mg` is what the receiver's
    scale said of the accepted goods, `difference_mg` how much more or less than offered, `units` those not accepted.
    """
    with node.store.read() as conn:
        events = _ours(conn, shipment) if "#" in shipment else [one.event for one in upstream.answers(conn, shipment)]
    return [_receipt(event) for event in events]


def _ours(conn: Connection, shipment: str) -> list[Event]:
    """Every receipt is brought to the sender: what was to be brought about this shipment names them all."""
    about = deliveries.about(conn, [shipment]).get(shipment, [])
    told = sorted({one.entry_no for one in about if one.kind == "receipt"})
    return [entry.event for entry in log.entries_at(conn, told)]


def _receipt(event: Event) -> dict[str, Any]:
    told = event.scalar("receipt")
    return {
        "at": event_at(event),
        "declined": bool(told.get("declined")),
        "reason": told.get("reason"),
        "lines": [_line(row) for row in event.rows("lines.chain", "lines.partner") if "accepted_mg" in row],
    }


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    figures = ("offered_mg", "accepted_mg", "difference_mg", "tolerance_mg", "rejected_mg", "missing_mg")
    return {
        **{name: row.get(name) for name in ("product", "lot_no", "reason", *figures)},
        "weighed_mg": row["accepted_mg"] + row["difference_mg"],
        "units": _set_aside(row.get("units") or ()),
    }


def _set_aside(units: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    aside = (unit for unit in units if unit["state"] != "accepted")
    return [{name: unit.get(name) for name in ("serial", "state", "reason")} for unit in aside]
