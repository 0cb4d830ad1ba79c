"""Devices as people see them, and what stands between a device's request and its entry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.captured import UNSIGNED, message, request_of
from ledger.log.canonical import b64, parse_json
from ledger.log.notes import Ed25519Signer
from ledger.matter.stock import Device, load_kept
from nodes.identity import new_device_key
from nodes.posix import read_private
from nodes.store import states
from nodes.store.engine import Store


def listed(store: Store) -> list[dict[str, Any]]:
    """Every device by its code: its key (null once retired), and the last number that was recorded of it."""
    with store.read() as conn:
        texts = states.every(conn, "device")
    found = [one for text in texts.values() if isinstance(one := load_kept("device", text), Device)]
    return [{"device": one.code, "key": one.public or None, "seq": one.seq} for one in found]


def with_request(verb: str, body: Mapping[str, Any], asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body, and in its `captured` the verb and the request as they were `asked`: what the entry keeps of them."""
    if not asked.get("captured"):
        return body
    return {**body, "captured": {**asked["captured"], "verb": verb, "request": request_of(asked)}}


def new_key(file: Path, device: str) -> str:
    """Makes a key for a program that stands in for a device; its public half, in base64."""
    return b64(new_device_key(file, device).verifier.public)


def signed(file: Path, log: str, device: str, seq: int, at: str, verb: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with what a device says of it, signed under the key in the file."""
    key = Ed25519Signer.from_pkcs8(device, read_private(file))
    request = {name: value for name, value in body.items() if name not in UNSIGNED}
    text = message(log, device, seq, at, verb, parse_json(request_of(request).encode()))
    return {**body, "captured": {"device": device, "seq": seq, "at": at, "signature": b64(key.sign(text.encode()))}}
