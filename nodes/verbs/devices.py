"""The verb on devices that sign what they record: named with a key, or retired."""

from nodes.verbs.draft import Body, Desk, Draft, at_of, entry_of, only, recorded_of


def set_device(desk: Desk, body: Body) -> Draft:
    """`key`: base64 of the 32 bytes of its Ed25519 key; without one, the device is retired."""
    code = body["device"]
    slots = {
        "device": only(at=at_of(desk, body), device=code, key=body.get("key")),
        "recorded": recorded_of(desk, body),
    }
    return Draft("device_set", slots, lambda sealed: {"device": code, "entry": entry_of(sealed)})
