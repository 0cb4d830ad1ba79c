"""Locks as people see them: what is held, pledged or recalled here, since when, why, and by which entry."""

from typing import Any

from ledger.matter.events import Event
from ledger.matter.genealogy import event_at
from ledger.matter.locks import HELD
from ledger.matter.stock import Locked, load_kept
from nodes.derive import LOCKINGS
from nodes.node import Node
from nodes.store import log, states
from nodes.store.engine import Connection


def locks(node: Node, *, ended: bool = False) -> list[dict[str, Any]]:
    """Those that are open, newest first; with `ended`, also those that are not."""
    with node.store.read() as conn:
        found = [
            kept for text in states.every(conn, "lock").values() if isinstance(kept := load_kept("lock", text), Locked)
        ]
        wanted = [lock for lock in found if ended or not lock.closed]
        events = lockings(conn, [lock.id for lock in wanted])
    shown = [_shown(lock, *events[lock.id]) for lock in wanted]
    return sorted(shown, key=lambda one: int(one["index"]), reverse=True)


def of_batch(node: Node, batch: str) -> list[dict[str, Any]]:
    """Holds of ours that are open and concern the batch, newest first."""
    return [one for one in locks(node) if one["is"] == HELD and any(line["batch"] == batch for line in one["lines"])]


def lockings(conn: Connection, ids: list[str]) -> dict[str, tuple[int, Event]]:
    """Each lock's entry: its index, and the whole event."""
    indexes = {lock: int(text) for lock, text in states.load(conn, LOCKINGS, ids).items()}
    entries = {entry.index: entry for entry in log.entries_at(conn, sorted(set(indexes.values())))}
    return {lock: (index, entries[index].event) for lock, index in indexes.items()}


def _shown(lock: Locked, index: int, event: Event) -> dict[str, Any]:
    told = event.scalar("hold") or event.scalar("pledge") or event.scalar("recall")
    rows = event.rows("lines.public", "lines.chain", "lines.authority")
    return {
        "lock": lock.id,
        "is": lock.kind,
        "kind": told.get("kind"),
        "at": event_at(event),
        "to": told.get("to"),
        "receipt_no": told.get("receipt_no"),
        "text": told.get("text"),
        "reason": event.scalar("reason").get("text"),
        "ended": lock.closed,
        "lines": [_line(row) for row in rows],
        "index": index,
    }


def _line(row: dict[str, Any]) -> dict[str, Any]:
    units = [row["unit"]] if "unit" in row else list(row.get("units", ()))
    return {
        "batch": row["batch"],
        "mg": row.get("mg"),
        "count": row.get("count"),
        "site": row.get("site"),
        "owner": row.get("owner"),
        "units": units,
    }
