"""Devices on the stage, at mine: one that has recorded number 7, one that is retired; and requests that they sign."""

from typing import Any

from ledger.captured import message
from ledger.log.canonical import b64
from ledger.log.notes import Ed25519Signer
from tests.bookkeeping import recorded
from tests.e2e.stage import MINE, ORIGIN, Make, Stage, register
from tests.world import kg

SCALE, RETIRED = "yard-scale-2", "yard-scale-1"
AT = "2026-11-01T08:00:00+08:00"
_KEY = Ed25519Signer.from_seed(SCALE, bytes(range(32)))
PUBLIC = b64(_KEY.verifier.public)


def set_devices(stage: Stage) -> None:
    for device in (SCALE, RETIRED):
        made = recorded(stage.mine, "/api/v1/devices", {"device": device, "key": PUBLIC})
        stage.entries["device"] = made["entry"]["index"]
    recorded(stage.mine, "/api/v1/devices", {"device": RETIRED})
    request = {"product": "ore", "site": "main", "quantity": kg("1"), "origin": ORIGIN}
    stage.mine.record("/api/v1/batches", {**request, "captured": signature(request, 7)})


def signature(request: dict[str, Any], seq: int, device: str = SCALE) -> dict[str, Any]:
    text = message(f"{MINE}/log", device, seq, AT, "register", request)
    return {"device": device, "seq": seq, "at": AT, "signature": b64(_KEY.sign(text.encode()))}


def captured(seq: int, device: str = SCALE, *, but: dict[str, Any] | None = None, **changed: Any) -> Make:
    """A registration that the device signed; `but`: what was changed afterwards."""
    request = {"product": "ore", "site": "main", "quantity": kg("1"), "origin": ORIGIN, **changed}
    return register(**{**request, "captured": signature(request, seq, device), **(but or {})})
