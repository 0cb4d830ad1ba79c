"""Orders as people read them: at an authority those that it gave, anywhere else those that it got."""

from typing import Any

from ledger.entries import id_in
from ledger.matter.events import Event
from ledger.matter.genealogy import event_at
from ledger.matter.stock import Locked, load_kept
from nodes import decrees
from nodes.derive import LOCKINGS
from nodes.node import Node
from nodes.store import deliveries, log, states, upstream
from nodes.store.engine import Connection
from nodes.verbs.books import AUTHORITY


def orders(node: Node) -> list[dict[str, Any]]:
    """The newest last."""
    with node.store.read() as conn:
        return _given(conn, node.origin) if node.settings.role == AUTHORITY else _got(conn, node.origin)


def _given(conn: Connection, own: str) -> list[dict[str, Any]]:
    kept = {one.id: one for one in _locks(conn) if one.kind == "ordered"}
    at = {int(index): id_ for id_, index in states.load(conn, LOCKINGS, kept).items()}
    subjects = {index: f"{own}#{index}" for index in at}
    about = deliveries.about(conn, subjects.values())
    found = []
    for entry in log.entries_at(conn, sorted(at)):
        lock = kept[at[entry.index]]
        state = about[subjects[entry.index]][0].state
        found.append({**_shown(entry.event, own), "delivered": state == "sent", "ended": lock.closed, "answers": []})
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
    return [
        {**_shown(entries[no].event, own), "delivered": True, "ended": ended, "answers": sorted(holds.get(order, ()))}
        for order, (no, ended) in sorted(known.items(), key=lambda one: -(one[1][0] or 0))
        if no is not None
    ]


def _shown(event: Event, own: str) -> dict[str, Any]:
    lines = [
        {
            "batch": id_in(row["batch"], event.origin, own),
            "unit": row.get("unit") and id_in(row["unit"], event.origin, own),
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
