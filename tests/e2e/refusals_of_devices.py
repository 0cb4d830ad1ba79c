"""What is refused of devices, and of what they signed: a table as in refusals.py."""

from ledger.log.canonical import b64
from tests.e2e.refusals_of_corrections import lead, reverse
from tests.e2e.stage import Case
from tests.e2e.stage_of_devices import AT, PUBLIC, RETIRED, SCALE, captured
from tests.world import kg

DEVICES: dict[str, Case] = {
    "a device retired that is none": Case(422, "device-unknown", "device", lead("/api/v1/devices", {"device": "x"})),
    "a device retired twice": Case(422, "device-retired", "device", lead("/api/v1/devices", {"device": RETIRED})),
    "a device with a key for everybody": Case(
        422, "device-key-wrong", "key", lead("/api/v1/devices", {"device": "x", "key": b64(bytes(32))})
    ),
    "a device with half a key": Case(
        422, "field-wrong", "device.key", lead("/api/v1/devices", {"device": "x", "key": PUBLIC[:20]})
    ),
    "a device's key reversed": Case(422, "reversal-of-device", "reversal", reverse("device")),
    "captured by nobody": Case(422, "device-unknown", "captured.device", captured(8, "yard-scale-9")),
    "captured by a retired device": Case(422, "device-retired", "captured.device", captured(8, RETIRED)),
    "captured before": Case(422, "captured-again", "captured.seq", captured(7)),
    "captured and changed": Case(
        422, "captured-unsigned", "captured.signature", captured(8, but={"quantity": kg("2")})
    ),
    "captured without a signature": Case(
        422, "fields-wrong", "captured.signature", captured(8, but={"captured": {"device": SCALE, "seq": 8, "at": AT}})
    ),
    "captured at no time": Case(
        422,
        "field-wrong",
        "captured.at",
        captured(8, at=AT, but={"captured": {"device": SCALE, "seq": 8, "at": "8 am", "signature": "x"}}),
    ),
}
