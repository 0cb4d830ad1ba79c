"""What an authority decreed, as it binds here from its delivery: goods that it froze, shipments that it voided.

    remember   keeps what a decree means for us, in the same way on its arrival and in a rebuild
    in_force   what all decrees together forbid, as states for the view of whoever records

Custody refuses by them when an entry is drafted. They follow from what came from another log, so a replay of our own
log knows nothing of them; what was recorded against them is a finding (ledger/matter/watch_orders.py).
"""

import json
from collections.abc import Iterable
from typing import Any

from ledger.entries import id_in
from ledger.matter.events import Event
from ledger.matter.stock import Frozen, Key, State, Voided
from nodes.store import states, upstream
from nodes.store.engine import Connection

ORDERS, FROZEN, VOIDED = "order", "frozen", "voided"
"""States of these kinds: order (`log#id`) → the number of its entry and whether it ended; batch → what freezes it;
shipment → the entry that voided it.
"""


def remember(conn: Connection, own: str, entry_no: int, event: Event) -> None:
    """Run whenever more of an entry is opened; saying it twice, or a release before its order, changes nothing."""
    order, voiding = event.scalar("order"), event.scalar("voiding")
    if voiding:
        place = upstream.places(conn, [entry_no])[entry_no]
        states.save(conn, VOIDED, {id_in(voiding["shipment"], event.origin, own): json.dumps(place)})
    if not order:
        return
    if order["kind"] == "release":
        _end(conn, f"{event.origin}#{order['ends']}")
    else:
        _begin(conn, own, entry_no, event, f"{event.origin}#{event.ids['order']}")


def _begin(conn: Connection, own: str, entry_no: int, event: Event, order: str) -> None:
    before = states.load(conn, ORDERS, [order])
    ended = bool(before) and json.loads(before[order])[1]
    states.save(conn, ORDERS, {order: json.dumps([entry_no, ended])})
    rows = [] if ended else [row for row in event.rows("lines.partner") if "batch" in row]
    for row in rows:
        batch, unit = id_in(row["batch"], event.origin, own), row.get("unit", "")
        known = _orders(conn, [batch]).get(batch, [])
        named = [order, unit and id_in(unit, event.origin, own), *([row["mg"]] if "mg" in row else [])]
        if named not in known:
            _keep(conn, batch, [*known, named])


def _end(conn: Connection, order: str) -> None:
    before = states.load(conn, ORDERS, [order])
    entry_no = json.loads(before[order])[0] if before else None
    states.save(conn, ORDERS, {order: json.dumps([entry_no, True])})
    for batch, named in _orders(conn).items():
        kept = [one for one in named if one[0] != order]
        if kept != named:
            _keep(conn, batch, kept)


def _keep(conn: Connection, batch: str, named: list[list[Any]]) -> None:
    states.save(conn, FROZEN, {batch: json.dumps(named) if named else None})


def _orders(conn: Connection, batches: Iterable[str] | None = None) -> dict[str, list[list[Any]]]:
    found = states.every(conn, FROZEN) if batches is None else states.load(conn, FROZEN, batches)
    return {batch: json.loads(text) for batch, text in found.items()}


def in_force(conn: Connection) -> dict[Key, State]:
    """Few at any time, so all are read at once."""
    frozen = [
        Frozen(batch, tuple((order, unit, sum(part)) for order, unit, *part in named))
        for batch, named in _orders(conn).items()
    ]
    found: list[Frozen | Voided] = [*frozen, *voided(conn).values()]
    return {one.key: one for one in found}


def voided(conn: Connection) -> dict[str, Voided]:
    """By shipment, as our log writes it."""
    found = states.every(conn, VOIDED)
    return {shipment: Voided(shipment, *json.loads(text)) for shipment, text in found.items()}


def orders(conn: Connection) -> dict[str, tuple[int | None, bool]]:
    """Each order that was delivered here: the number of its entry (None where only its release came), and whether it
    ended.
    """
    return {order: tuple(json.loads(text)) for order, text in states.every(conn, ORDERS).items()}
