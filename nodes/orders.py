"""Orders as people read them: at an authority those that it gave, anywhere else those that it got.

An authority reads beside them what deposited logs say of goods that may not move: which hold obeys an order, and every
hold and recall there is. Those are few in any log, and are found by their type.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ledger.entries import id_in
from ledger.errors import Unknown
from ledger.matter.events import Event
from ledger.matter.genealogy import event_at
from ledger.matter.stock import Locked, load_kept
from nodes import decrees
from nodes.derive import LOCKINGS
from nodes.node import Node
from nodes.store import deliveries, log, states, upstream
from nodes.store.engine import Connection
from nodes.store.upstream import Upstream
from nodes.verbs.books import AUTHORITY

_OPEN: Mapping[str, Any] = {"released_at": None, "release_reason": None}
"""Of an order that still binds."""


def orders(node: Node) -> list[dict[str, Any]]:
    """The newest last."""
    with node.store.read() as conn:
        return _given(conn, node.origin) if node.settings.role == AUTHORITY else _got(conn, node.origin)


def _given(conn: Connection, own: str) -> list[dict[str, Any]]:
    kept = {one.id: one for one in _locks(conn) if one.kind == "ordered"}
    at = {int(index): id_ for id_, index in states.load(conn, LOCKINGS, kept).items()}
    subjects = {index: f"{own}#{index}" for index in at}
    about = deliveries.about(conn, subjects.values())
    answers, ends = _answers(conn), _ends(one.event for one in log.of_types(conn, ("ordered",)))
    found = []
    for entry in log.entries_at(conn, sorted(at)):
        lock, told = kept[at[entry.index]], _shown(entry.event, own)
        delivered = about[subjects[entry.index]][0].state == "sent"
        told |= {"delivered": delivered, "ended": lock.closed, **ends.get(told["order"], _OPEN)}
        told |= {"answers": answers.get(told["order"], [])}
        found.append(told)
    return found


def _ends(events: Iterable[Event]) -> dict[str, dict[str, Any]]:
    """By order when and why it was ended, of the entries that an authority wrote about orders."""
    ended = [(event, event.scalar("order")) for event in events]
    return {
        f"{event.origin}#{order['ends']}": {
            "released_at": event_at(event),
            "release_reason": event.scalar("reason").get("text"),
        }
        for event, order in ended
        if order.get("kind") == "release"
    }


def _answers(conn: Connection) -> dict[str, list[str]]:
    """By order the holds, as `log#id`, that name it in deposited logs."""
    found: dict[str, list[str]] = {}
    for one in upstream.of_types(conn, upstream.deposited(conn), ("held",)):
        event = one.event
        if (order := event.scalar("reason").get("order")) is not None:
            found.setdefault(id_in(order, event.origin, ""), []).append(f"{one.log}#{event.ids.get('hold')}")
    return found


def _locks(conn: Connection) -> list[Locked]:
    found = (load_kept("lock", text) for text in states.every(conn, "lock").values())
    return [one for one in found if isinstance(one, Locked)]


def _got(conn: Connection, own: str) -> list[dict[str, Any]]:
    known = decrees.orders(conn)
    entries = upstream.numbered(conn, [no for no, _ in known.values() if no is not None])
    holds: dict[str, list[str]] = {}
    for lock in _locks(conn):
        if lock.order:
            holds.setdefault(lock.order, []).append(lock.id)
    givers = {order.partition("#")[0] for order in known}
    ends = _ends(one.event for one in upstream.of_types(conn, givers, ("ordered",)))
    return [
        {
            **_shown(entries[no].event, own),
            "delivered": True,
            "ended": ended,
            **ends.get(order, _OPEN),
            "answers": sorted(holds.get(order, ())),
        }
        for order, (no, ended) in sorted(known.items(), key=lambda one: -(one[1][0] or 0))
        if no is not None
    ]


def _shown(event: Event, own: str) -> dict[str, Any]:
    lines = [
        {
            "batch": id_in(row["batch"], event.origin, own),
            "unit": row.get("unit") and id_in(row["unit"], event.origin, own),
            "mg": row.get("mg"),
        }
        for row in event.rows("lines.partner")
    ]
    return {
        "order": f"{event.origin}#{event.ids['order']}",
        "to": event.scalar("order")["to"],
        "at": event_at(event),
        "reason": event.scalar("reason").get("text"),
        "lines": lines,
    }


# -- what deposited logs hold back ------------------------------------------------------------------------------------


def everybodys(node: Node) -> list[dict[str, Any]]:
    """The holds and recalls (`is`: `held`, `recalled`) of all deposited logs, the newest first, open or ended."""
    node.oversight.check()
    with node.store.read() as conn:
        found = upstream.of_types(conn, upstream.deposited(conn), ("held", "recalled", "released"))
    over = {f"{one.log}#{one.event.scalar('releasing')['lock']}" for one in found if one.type == "released"}
    newest = sorted(found, key=lambda one: one.entry_no)
    told = [_held_back(one, over) for one in newest if one.type != "released"]
    return sorted(told, key=lambda one: str(one["at"]), reverse=True)


def _held_back(one: Upstream, over: set[str]) -> dict[str, Any]:
    event = one.event
    slot = "recall" if one.type == "recalled" else "hold"
    lock = f"{one.log}#{event.ids.get(slot)}"
    rows = event.rows("lines.public") if one.type == "recalled" else event.rows("lines.chain", "lines.authority")
    return {
        "lock": lock,
        "is": one.type,
        "name": event.name,
        "at": event_at(event),
        "kind": event.scalar(slot).get("kind"),
        "text": event.scalar(slot).get("text") or event.scalar("reason").get("text"),
        "order": event.scalar("reason").get("order"),
        "batches": list(dict.fromkeys(id_in(row["batch"], event.origin, "") for row in rows if "batch" in row)),
        "ended": lock in over,
    }


def goods_of(node: Node, shipment: str) -> list[dict[str, Any]]:
    """What a shipment of a deposited log carries, as the lines of an order. Unknown if it is not there."""
    origin = shipment.rpartition("#")[0]
    with node.store.read() as conn:
        sent = upstream.of_types(conn, [origin] if origin else [], ("shipped",))
    for one in sent:
        event = one.event
        if f"{origin}#{event.ids.get('shipment')}" == shipment:
            return [_line(row, origin) for row in event.rows("lines.chain", "lines.partner")]
    raise Unknown("shipment-unknown", field="shipment", value=shipment)


def _line(row: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Packed goods by their units; of loose ones the batch as a whole."""
    batch = id_in(row["batch"], origin, "")
    units = [id_in(unit["unit"], origin, "") for unit in row.get("units") or ()]
    return {"batch": batch, "units": units} if units else {"batch": batch}


def inspections(node: Node) -> list[dict[str, Any]]:
    """What this authority has recorded of inspections, the newest first."""
    with node.store.read() as conn:
        found = log.of_types(conn, ("inspected",))
    return [
        {
            "index": one.index,
            **one.event.scalar("inspection"),
            "announced_at": one.event.scalar("reason").get("announced_at"),
            "reason": one.event.scalar("reason").get("text"),
            "goods": list(one.event.rows("goods.chain", "goods.partner")),
            "by": one.event.scalar("recorded").get("by"),
        }
        for one in reversed(found)
    ]
