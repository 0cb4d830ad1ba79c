"""From entries to tables: what the store derives from an event besides the states of custody.

One function for the sequencer (with a group just sealed) and for a rebuild (with the log replayed), so that a rebuilt
database is the same database. What only other logs know comes through `nodes/intake.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries import id_in, split_id
from ledger.links import used
from ledger.matter import genealogy
from ledger.matter.events import Event
from ledger.matter.flows import load_flow
from ledger.matter.makeups import Makeup, dump_makeup
from ledger.matter.recompute import assayed
from ledger.matter.stock import Key, State
from ledger.succession import predecessor_of
from nodes import downstream
from nodes.store import genealogy as tables
from nodes.store import log, states, stock, upstream
from nodes.store.engine import Connection
from nodes.store.records import Making

LOCKINGS, ASSAYS, RESTATED, WITHDRAWALS, TICKETS = "locking", "assay", "restated", "withdrawal", "ticket"
"""States of these kinds: lock → the index of the entry that made it; batch → those of its assays, in order; entry →
those of the adjustments and assays that changed what it moved, in order; shipment offered to us → when it was asked
back; weighing ticket (`ticket_of`) → the batch that it was registered for.
"""


@dataclass(frozen=True, slots=True)
class Derived:
    """An own entry: its index, its whole event, and how each batch, unit and shipment of it came into being."""

    index: int
    event: Event
    made: Mapping[Key, Making]


def derived(index: int, event: Event) -> Derived:
    return Derived(index, event, _makings(index, event))


def _makings(index: int, event: Event) -> dict[Key, Making]:
    ref = event.scalar("recorded").get("external_ref")
    country = country_of(event)
    amounts = _amounts(event)
    found: dict[Key, Making] = {
        ("batch", made.batch): Making(index, None, made.at, country, ref, amounts.get(made.batch))
        for made in genealogy.made(event)
    }
    for item, unit in enumerate(event.ids.get("units.public", ())):
        found["unit", unit] = Making(index, item)
    if "shipment" in event.ids:
        found["shipment", event.ids["shipment"]] = Making(index, None, None, None, ref)
    return found


def country_of(event: Event) -> str | None:
    """Where it was mined or made: the origin's country, else the last step's."""
    if event.type == "registered":
        return event.scalar("origin").get("country")
    for slot in ("transformation", "assembly", "dismantling", "draw", "charge"):
        steps = [step for step in event.scalar(slot).get("steps", ()) if step.get("country")]
        if steps:
            return str(steps[-1]["country"])
    return None


def _amounts(event: Event) -> dict[str, int]:
    """Milligrams of each batch that the event makes, where disclosed."""
    quantity = event.scalar("quantity").get("mg")
    if quantity is not None:
        slot = "batch" if event.type == "registered" else "assembly"
        return {event.ids[slot]: quantity}
    if "opens" in event.ids:
        return {}
    rows = event.rows("outputs.chain", "outputs.authority")
    return {id_: row["mg"] for id_, row in zip(event.ids.get("outputs.chain", ()), rows, strict=True) if "mg" in row}


def _remember(conn: Connection, entry: Derived, flow: str | None) -> None:
    """Which entries tell more of a lock, of a pool's period, of what a batch or an entry's goods are made of."""
    event = entry.event
    for slot in ("hold", "pledge", "recall", "order"):
        if slot in event.ids:
            states.save(conn, LOCKINGS, {event.ids[slot]: str(entry.index)})
    if event.type == "closed":
        tables.save_closing(conn, entry.index, event.scalar("closing")["period"])
    downstream.remember(conn, event.origin, entry.index, event)
    _remember_ticket(conn, event)
    late = assayed(event)
    if late is not None:
        _add(conn, ASSAYS, [late], entry.index)
    if late is not None or event.type == "adjusted":
        restated = load_flow(entry.index, event, flow).restated
        _add(conn, RESTATED, [str(one.now.index) for one in restated], entry.index)


def ticket_of(weighing: Mapping[str, Any]) -> str | None:
    """A ticket and the scale that printed it, as a key; None for a weighing without one."""
    ticket = weighing.get("ticket")
    return f"{ticket}\n{weighing.get('scale') or ''}" if ticket else None


def _remember_ticket(conn: Connection, event: Event) -> None:
    """A ticket stands for the batch that it was registered for first, until that is reversed."""
    if event.type == "registered":
        key = ticket_of(event.scalar("quantity").get("weighing") or {})
        if key is not None and not states.load(conn, TICKETS, [key]):
            states.save(conn, TICKETS, {key: event.ids["batch"]})
    elif event.type == "reversed":
        gone = log.entry(conn, event.scalar("reversal")["index"]).event
        key = ticket_of(gone.scalar("quantity").get("weighing") or {})
        if key is not None and states.load(conn, TICKETS, [key]).get(key) == gone.ids.get("batch"):
            states.save(conn, TICKETS, {key: None})


def _add(conn: Connection, kind: str, keys: Sequence[str], index: int) -> None:
    before = states.load(conn, kind, keys)
    states.save(conn, kind, {key: f"{before.get(key, '')} {index}".strip() for key in keys})


def _inherited_shipments(conn: Connection, states_left: Mapping[Key, State]) -> dict[Key, Making]:
    """Shipments of a predecessor were made by its entries."""
    origins = {split_id(id_, "")[0] for kind, id_ in states_left if kind == "shipment"}
    return {
        ("shipment", f"{one.log}#{one.event.ids['shipment']}"): Making(
            one.entry_no, external_ref=one.event.scalar("recorded").get("external_ref")
        )
        for one in upstream.of_types(conn, origins, ["shipped"])
    }


def _save_inherited(conn: Connection, entry_no: int, opened: Event, batches: Sequence[str]) -> None:
    """That the log with this entry 0 came by `batches` with that entry, from the log that it succeeds, and so on back
    to the one that made them or received them. Ids as our own log writes them.
    """
    final = predecessor_of(opened)
    while final is not None and batches:
        tables.save_receipts(conn, entry_no, {"log": final.origin, "index": 0}, batches)
        batches = [one for one in batches if not tables.made_or_got(conn, one, final.origin)]
        before = upstream.at(conn, [(final.origin, 0)]).get((final.origin, 0))
        if before is None:
            return
        entry_no, final = before.entry_no, predecessor_of(before.event)


def derive_inherited(conn: Connection, own: str, event: Event) -> None:
    """Goods that a successor log uses and never received were there when it began."""
    origin = event.origin
    opened = upstream.at(conn, [(origin, 0)]).get((origin, 0)) if not origin.endswith("/log") else None
    if opened is not None:
        batches = [id_in(batch, origin, own) for batch in used(event)]
        fresh = [one for one in batches if not tables.made_or_got(conn, one, origin)]
        _save_inherited(conn, opened.entry_no, opened.event, fresh)


def _inherit(conn: Connection, opened: Event, states_left: Mapping[Key, State]) -> None:
    """What a successor log took over it has from its predecessor, entry by entry as that one had it; and what partners
    answered to that one's shipments is an answer to us.
    """
    final = predecessor_of(opened)
    if final is None:
        return
    _save_inherited(conn, 0, opened, [id_ for kind, id_ in states_left if kind == "batch"])
    after = 0
    while page := upstream.openings_of(conn, "received", after=after):
        for one in page:
            receipt, offer = one.entry.event.scalar("receipt"), one.entry.event.scalar("offer")
            if receipt and offer.get("log") == final.origin:
                answered = {name: receipt[name] for name in ("final", "declined")}
                upstream.save_answer(conn, receipt["shipment"], one.entry.entry_no, **answered)
        after = page[-1].no


def derive(
    conn: Connection,
    entries: Sequence[Derived],
    changes: Mapping[Key, State],
    makeups: Mapping[str, Makeup | None],
    flows: Mapping[int, str],
) -> None:
    """Writes everything that a group of own entries implies, in the caller's transaction."""
    made: dict[Key, Making] = {}
    for entry in entries:
        made.update(entry.made)
        if entry.event.type == "log_opened":
            made.update(_inherited_shipments(conn, changes))
    stock.save(conn, changes, made)
    if makeups:
        states.save(conn, "makeup", {key: None if one is None else dump_makeup(one) for key, one in makeups.items()})
    log.add_flows(conn, flows)
    for entry in entries:
        event = entry.event
        if event.type == "log_opened":
            _inherit(conn, event, changes)
        _remember(conn, entry, flows.get(entry.index))
        if edges := genealogy.edges(event):
            tables.save_edges(conn, entry.index, edges)
        if event.type == "received":
            batches = [row["batch"] for row in event.rows("lines.chain")]
            foreign = [batch for batch in batches if split_id(batch, event.origin)[0] != event.origin]
            tables.save_receipts(conn, entry.index, event.scalar("offer"), foreign)
