"""Devices that sign what they record: scales, handhelds, gateways."""

from typing import Any

from fastapi import APIRouter, Depends

from api.access import Access
from api.recording import Recording, add, entry
from api.requests import Code, Noted, Text
from nodes import devices
from nodes.node import Node


class SetDevice(Noted):
    """A device and its Ed25519 key, base64 of 32 bytes; without a key, it is retired."""

    device: Code
    key: Text | None = None


_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

RECORDINGS = (
    Recording(
        "/api/v1/devices",
        "set_device",
        SetDevice,
        "A device is named with its key, or retired",
        {"device": "yard-scale-2", "key": _KEY},
        {"device": "yard-scale-2", "entry": entry("xinfeng.example", 34)},
        "supervisor",
    ),
)


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["devices"])
    add(router, node, access, RECORDINGS)

    @router.get("/api/v1/devices", dependencies=[Depends(access.require("viewer"))], summary="Devices and their keys")
    def told() -> dict[str, Any]:
        return {"devices": devices.listed(node.store)}

    return router
