"""Custody: who holds what, and what may happen to it. The matter page, "Custody", as one pure function.

    touches(event)     the keys of the states that an event reads or writes; of a correction, in two steps
    apply(view, event) the states it leaves behind, or a Refusal; the view is never changed

The same two functions run when a clerk records (over the store), and in an audit (over a dictionary), so both say the
same. What two logs say about one shipment is compared in handovers.py. One log's custody is what its organisation
possesses: goods that stand here and belong to somebody else carry that owner's name; what is in transit is in nobody's
stock until a receiver's `received` names the shipped entry.

The rules are in rooms: processing.py (inside one organisation), shipping.py and receiving.py (between two),
measuring.py (samples, scales, stock-take), devices.py (what devices signed), pools.py, ownership.py, holds.py (locks),
statements.py and registering.py (what moves nothing), correcting.py, reversing.py and adjusting.py (what earlier
entries said), periods.py (the books); the moves they share are in desk.py, and what locks forbid in locks.py.

Promises: no batch goes below zero, in mass or in count; nothing is taken that is not here, or that is locked; every
unit is in one place; a shipment line is received once. Does not check signatures, nor whether elements balance.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ledger.errors import Refusal
from ledger.matter import (
    adjusting,
    correcting,
    devices,
    holds,
    measuring,
    ownership,
    periods,
    pools,
    processing,
    receiving,
    registering,
    reversing,
    shipping,
    statements,
)
from ledger.matter.desk import Desk
from ledger.matter.event_types import CORRECTIONS, EVENT_TYPES
from ledger.matter.events import Event
from ledger.matter.stock import Booked, Key, State

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far `at` may lie ahead of the node's clock: two honest clocks, one of them a clerk's phone."""


_NAMING = (
    ("units.public", "units.chain"),
    ("inputs.chain", "inputs.authority"),
    ("lines.public", "lines.chain", "lines.partner", "lines.authority"),
    ("nets.public",),
    ("shared.chain", "shared.partner"),
)
_LISTS = {
    type_: [group for group in _NAMING if any(slot.name in group for slot in slots)]
    for type_, slots in EVENT_TYPES.items()
}
"""The list slots of each type that name batches and units, as they make up rows."""


def touches(event: Event, entries: Iterable[Booked] = ()) -> frozenset[Key]:  # noqa: C901 - one line for each kind of key
    """Every key that `apply` may read or write for this event.

    A correction reads the entries that it names and whatever those touch: the first answer names them as ("entry", …),
    and once they are found, `touches(event, entries)` names the rest.
    """
    ids = event.ids
    keys = {("batch", ids[slot]) for slot in ("batch", "assembly", "opens") if slot in ids}
    for head in (event.scalar(slot) for slot in ("charge", "draw", "closing") if slot in event.slots):
        keys.add(("pool", head["pool"]))
        keys.update([("batch", head["period"])] if "period" in head else [])
    keys.update(("batch", id_) for id_ in ids.get("outputs.chain", ()))
    keys.update(("unit", id_) for id_ in ids.get("units.public", ()))
    keys.update(("lock", ids[slot]) for slot in ("hold", "pledge", "recall", "order") if slot in ids)
    keys.update([("lock", event.scalar("order")["ends"])] if "ends" in event.scalar("order") else [])
    keys.update(("lock", event.scalar(slot)["lock"]) for slot in ("releasing", "unpledging") if slot in event.slots)
    keys.update(("batch", event.scalar(slot)["batch"]) for slot in ("assaying", "agreement") if slot in event.slots)
    keys.update([("shipment", event.scalar("withdrawal")["shipment"])] if "withdrawal" in event.slots else [])
    keys.update(("pool", row["pool"]) for row in event.rows("pools.authority"))
    if event.scalar("origin").get("class") == "unknown_opening":
        keys.add(("month", periods.OPENING))
    keys.update(("device", code) for code in _devices(event))
    if event.type == "packed":
        keys.add(("batch", event.scalar("packing")["batch"]))
    for group in _LISTS.get(event.type, ()):
        for row in event.rows(*group):
            if "batch" in row:
                keys.add(("batch", row["batch"]))
            if "unit" in row:
                keys.add(("unit", row["unit"]))
            keys.update(("unit", id_) for id_ in row.get("contains") or ())
            keys.update(("unit", id_) for unit in row.get("units") or () for id_ in _named(unit))
    if event.type == "shipped":
        keys.add(("shipment", ids["shipment"]))
    elif event.type == "received":
        keys.update((kind, event.scalar("receipt")["shipment"]) for kind in ("arrival", "voided"))
    elif event.type == "acknowledged":
        keys.add(("shipment", event.scalar("acknowledgement")["shipment"]))
    elif event.type == "confirmed":
        keys.add(("shipment", event.scalar("confirmation")["shipment"]))
    elif event.type == "period_closed":
        keys.update([("month", event.scalar("period")["month"]), ("month", periods.OPENING)])
    elif event.type in CORRECTIONS:
        keys |= correcting.touched(event).union(*(touches(entry.event) for entry in entries))
    keys.update([("frozen", id_) for kind, id_ in keys if kind == "batch"])
    return frozenset(keys)


def _devices(event: Event) -> Iterable[str]:
    """The device that an event sets, and the one that captured it."""
    captured = event.scalar("recorded").get("captured") or {}
    return [code for code in (event.scalar("device").get("device"), captured.get("device")) if isinstance(code, str)]


def _named(unit: str | Mapping[str, Any]) -> Iterable[str]:
    """The units that a line's unit names: itself, and where it is told, the one it stands in.

    What came unexpected is no unit here, and may be named by nothing but its serial.
    """
    if isinstance(unit, str):
        return (unit,)
    return () if unit.get("state") == "unexpected" else filter(None, (unit["unit"], unit.get("inside")))


def apply(view: Mapping[Key, State], event: Event) -> dict[Key, State]:
    """The states after `event`, only those it changes. Raises Refusal; `view` is left as it was."""
    rule = _RULES.get(event.type)
    if rule is None:
        raise Refusal("event-type-unknown", field="type", value=event.type)
    at = _refuse_future(event)
    desk = Desk(view, event)
    rule(desk, event)
    devices.check_captured(desk, event, at)
    return desk.changes


def _refuse_future(event: Event) -> str:
    """When the entry says that it happened; "" where it says nothing of the kind."""
    head = next((value for value in event.slots.values() if isinstance(value, Mapping) and "at" in value), None)
    if head is None or not event.recorded_at:
        return "" if head is None else str(head["at"])
    try:
        at = datetime.fromisoformat(head["at"])
    except ValueError as error:
        raise Refusal("at-not-a-date", field="at", value=head["at"]) from error
    recorded = datetime.fromisoformat(event.recorded_at)
    if at > recorded + CLOCK_TOLERANCE:
        raise Refusal("at-in-the-future", field="at", value=head["at"], now=event.recorded_at)
    return str(head["at"])


_RULES: Mapping[str, Callable[[Desk, Event], None]] = {
    "log_opened": processing.log_opened,
    "registered": processing.registered,
    "transformed": processing.transformed,
    "packed": processing.packed,
    "unpacked": processing.unpacked,
    "moved": processing.moved,
    "shipped": shipping.shipped,
    "received": receiving.received,
    "acknowledged": shipping.acknowledged,
    "withdrawal_asked": shipping.withdrawal_asked,
    "confirmed": shipping.confirmed,
    "assembled": processing.assembled,
    "dismantled": processing.dismantled,
    "removed": processing.removed,
    "charged": pools.charged,
    "drawn": pools.drawn,
    "closed": pools.closed,
    "sampled": measuring.sampled,
    "assayed": statements.assayed,
    "assay_agreed": statements.assay_agreed,
    "remeasured": measuring.remeasured,
    "counted": measuring.counted,
    "title_transferred": ownership.title_transferred,
    "pledged": holds.pledged,
    "unpledged": holds.unpledged,
    "held": holds.held,
    "released": holds.released,
    "recalled": holds.recalled,
    "reported": statements.reported,
    "answered": statements.answered,
    "quota_granted": statements.quota_granted,
    "attested": statements.attested,
    "inspected": statements.inspected,
    "ordered": holds.ordered,
    "voided": statements.voided,
    "admitted": registering.admitted,
    "licensed": registering.licensed,
    "rekeyed": registering.rekeyed,
    "revoked": registering.revoked,
    "suspended": registering.about_a_member,
    "restored": registering.about_a_member,
    "standing": registering.standing,
    "policy_set": registering.policy_set,
    "amended": correcting.amended,
    "reversed": reversing.undone,
    "adjusted": adjusting.adjusted,
    "period_closed": periods.period_closed,
    "device_set": devices.device_set,
}
