"""Custody of devices: scales, handhelds and gateways that record without a network and sign what they recorded.

    device_set      a device is named, with its key, or retired
    check_captured  what an entry says that a device captured: never recorded before, and not altered

What a device signs is a request to its organisation's node; it stands in the entry, so that an audit needs nothing but
the log. The signature itself is checked in ledger/captured.py.

Promises: a number that a device gave serves once, whatever key it has by then. Does not check that the device's clock
was right, nor that nobody but the device has its key: both are its organisation's word.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.errors import Malformed, Refusal
from ledger.matter.dates import is_moment
from ledger.matter.desk import Desk
from ledger.matter.events import KINDS, Event
from ledger.matter.stock import Device

_FIELDS = {"device": "code", "seq": "count", "at": "at", "verb": "code", "request": "note", "signature": "text"}


_LOOKED_UP = frozenset(
    {"at", "batch", "unit", "units", "contains", "shipment", "product", "from", "to", "value", "basis", "count"}
)
"""Fields of a request whose values an entry tells as ids, as standard codes, as a time in one form, or as typed."""
_CALLED = {"reason": "text"}
"""Fields of a request that an entry has under another name."""


@dataclass(frozen=True, slots=True)
class Captured:
    """`at`: by the device's clock. `request`: canonical JSON of the request's body. `signature`: base64 of 64 bytes."""

    device: str
    seq: int
    at: str
    verb: str
    request: str
    signature: str


def captured(event: Event) -> Captured | None:
    """What the entry says that a device captured, checked by its form alone; None where it says nothing of the kind."""
    told = event.scalar("recorded").get("captured")
    if told is None:
        return None
    for name, kind in _FIELDS.items():
        if name not in told:
            raise Malformed("field-missing", field=f"captured.{name}")
        if not KINDS[kind](told[name]):
            raise Malformed("field-wrong", field=f"captured.{name}", value=told[name], kind=kind)
    if not is_moment(told["at"]):
        raise Refusal("at-not-a-date", field="captured.at", value=told["at"])
    return Captured(**{name: told[name] for name in _FIELDS})


def device_set(desk: Desk, event: Event) -> None:
    """The last number stays whatever becomes of the key: what was signed before is not recorded again."""
    told = event.scalar("device")
    before, key = _device(desk, told["device"]), told.get("key", "")
    if not key and before is None:
        raise Refusal("device-unknown", field="device", value=told["device"])
    if not key and before is not None and not before.public:
        raise Refusal("device-retired", field="device", value=told["device"])
    desk.put(Device(told["device"], key, 0 if before is None else before.seq))


def check_captured(desk: Desk, event: Event, at: str) -> None:
    """Raises unless the entry says what its device signed, for the first time; `at` is when it says it happened."""
    found = captured(event)
    if found is None:
        return
    device = _device(desk, found.device)
    if device is None:
        raise Refusal("device-unknown", field="captured.device", value=found.device)
    if not device.public:
        raise Refusal("device-retired", field="captured.device", value=found.device)
    if found.seq <= device.seq:
        raise Refusal("captured-again", field="captured.seq", value=found.seq, device=device.code, last=device.seq)
    _refuse_altered(found, event, at)
    desk.put(Device(device.code, device.public, found.seq))


def _refuse_altered(found: Captured, event: Event, at: str) -> None:
    """Time and typed figures of the entry are the ones that were signed, and so is every field that both have."""
    try:
        body = json.loads(found.request)
        signed_at = body.get("at", found.at)
    except (ValueError, AttributeError, RecursionError) as error:
        raise Malformed("field-wrong", field="captured.request", value=found.request[:60], kind="object") from error
    if not is_moment(str(signed_at)) or not is_moment(at) or _seconds(str(signed_at)) != _seconds(at):
        raise Refusal("captured-altered", field="at", value=at, device=found.device)
    signed = list(_objects(body))
    for figures in _typed({name: slot for name, slot in event.slots.items() if name != "recorded"}):
        if not any(all(one.get(name) == value for name, value in figures.items()) for one in signed):
            value = json.dumps(figures, ensure_ascii=False)
            raise Refusal("captured-altered", field="quantity", value=value, device=found.device)
    for name, value in differing(body, event.slots):
        raise Refusal("captured-altered", field=name, value=value, device=found.device)


def differing(request: Mapping[str, Any], slots: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, what the entry says) where the entry has a field of the request, and nowhere what was signed."""
    held: dict[str, set[str]] = {}
    recorded = {"external_ref": slots["recorded"].get("external_ref")}
    for name, value in _plain({**slots, "recorded": recorded}):
        held.setdefault(name, set()).add(value)
    for name, value in _plain(request):
        told = held.get(name, set()) | held.get(_CALLED.get(name, ""), set())
        if told and name not in _LOOKED_UP and value not in told:
            yield name, ", ".join(sorted(told))


def _plain(value: Any) -> Iterator[tuple[str, str]]:
    """(field, JSON of its value) of all that are no objects, however deep; nothing of what is absent."""
    for name, item in value.items() if isinstance(value, Mapping) else ():
        inner = [item] if isinstance(item, Mapping) else item if isinstance(item, (list, tuple)) else []
        if any(isinstance(one, Mapping) for one in inner):
            for one in inner:
                yield from _plain(one)
        elif item is not None:
            yield name, json.dumps(item, ensure_ascii=False)


def _typed(value: Any) -> Iterator[Mapping[str, Any]]:
    """What slots keep as it was typed: quantities and weighings."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name in ("typed", "weighing") and isinstance(item, Mapping):
                yield item
            else:
                yield from _typed(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _typed(item)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(item)


def _seconds(at: str) -> str:
    return datetime.fromisoformat(at).isoformat(timespec="seconds")


def _device(desk: Desk, code: str) -> Device | None:
    found = desk.find(("device", code))
    return found if isinstance(found, Device) else None
