"""What devices sign, and whether they did: formats page, "Captured by devices".

    message       the text that a device signs for one request
    request_of    the part of a request that is signed, as the entry keeps it
    check_signed  an entry's word on a device holds: its key is one, its signature is the device's

Custody (ledger/matter/devices.py) says whether the device is known and the number unused; both run when an entry is
recorded and in an audit.
"""

from collections.abc import Mapping
from typing import Any

from ledger.errors import LodetraceError, Refusal
from ledger.log.canonical import Json, format_json, parse_json, unb64
from ledger.log.notes import Verifier
from ledger.matter.devices import Captured, captured
from ledger.matter.events import Event
from ledger.matter.stock import Device, Key, State

DOMAIN = "lodetrace captured v1"
UNSIGNED = ("captured", "confirm", "approved_by")
"""Fields of a request that come after the device: its own signature, and what people at the node answered."""


def message(log: str, device: str, seq: int, at: str, verb: str, body: Json) -> str:
    """The text that a device signs, for the log of this origin and no other. Malformed outside of the JSON profile."""
    told: Json = {"log": log, "device": device, "seq": seq, "at": at, "verb": verb, "body": body}
    return f"{DOMAIN}\n{format_json(told, field='captured').decode()}\n"


def request_of(body: Mapping[str, Any]) -> str:
    """Canonical JSON of what a device signs of a body. Malformed outside of the JSON profile."""
    signed = {name: value for name, value in body.items() if name not in UNSIGNED}
    return format_json(signed, field="captured").decode()


def is_signed(event: Event, key: str) -> bool:
    """Whether the device with this key (base64) signed what the entry says that it captured. Never raises."""
    try:
        found = captured(event)
        return found is not None and _is_signed(found, event.origin, key)
    except LodetraceError:
        return False


def check_signed(view: Mapping[Key, State], event: Event) -> None:
    """Raises Refusal; of an entry that custody allows over this view."""
    if event.type == "device_set" and (key := event.scalar("device").get("key")):
        _verifier(event.scalar("device")["device"], key)
    found = captured(event)
    if found is None:
        return
    device = view.get(("device", found.device))
    if not isinstance(device, Device) or not _is_signed(found, event.origin, device.public):
        raise Refusal("captured-unsigned", field="captured.signature", device=found.device, value=found.seq)


def _is_signed(found: Captured, log: str, key: str) -> bool:
    body = parse_json(found.request.encode(), field="captured.request")
    text = message(log, found.device, found.seq, found.at, found.verb, body)
    signature = unb64(found.signature, field="captured.signature", size=64)
    return _verifier(found.device, key).signed_by(text, signature)


def _verifier(device: str, key: str) -> Verifier:
    try:
        return Verifier.from_public(device, unb64(key, field="key", size=32))
    except LodetraceError as error:
        raise Refusal("device-key-wrong", field="key", value=key) from error
