"""Receiving: what is on its way here, and taking it in by scanning, weighing and deciding.

A scanner ends each code with Enter, which presses the first button of the form: the unit is ticked. The form holds all
states itself, so the page works without a script; a camera only types into the same field.
"""

from typing import Any
from urllib.parse import quote

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.scanning import scanned
from ledger.errors import LodetraceError
from nodes import receiving, shipping
from nodes.receipts import receipts
from nodes.store import lists

PAGE = 50
STATES = ("accepted", "concession", "quarantined", "rejected", "damaged", "missing")
_OURS = ("scan", "do", "photo")


def routes(screens: Screens) -> None:
    @screens.page("/arrivals")
    def arrivals(visit: Visit) -> Response:
        with visit.node.store.read() as conn:
            records = lists.arrivals(conn, limit=PAGE, is_open=visit.asked("all") != "true")
            found = shipping.arriving(visit.node, conn, records)
        return visit.render("arrivals.html", found=found, whole=visit.asked("all") == "true")

    # What lies below a shipment stands before it: its own path takes anything.
    @screens.page("/receive/{shipment:path}/preview", "clerk", posts=True)
    def preview(visit: Visit) -> Response:
        """A part of the page below: what the scale says more or less, and what it may."""
        found = receiving.offered(visit.node, visit.request.path_params["shipment"])
        lines = _nested(visit).get("lines", [])
        return visit.render("receive_preview.html", 200, weighed=receiving.weighed(visit.node, found, lines))

    @screens.page("/receive/{shipment:path}", "clerk", posts=True)
    async def receive(visit: Visit) -> Response:
        shipment = visit.request.path_params["shipment"]
        found = receiving.offered(visit.node, shipment)
        do = visit.form.value("do", "scan") if visit.posted else ""
        if do == "scan":
            _tick(visit, found)
        elif do:
            body = _declined(visit) if do == "decline" else lambda: _body(visit)
            answer = await visit.record("receive", body, shipment=shipment)
            if answer is not None:
                told = visit._("Declined.") if do == "decline" else visit._("Received.")
                return visit.see(f"/receive/{quote(shipment, safe='')}", told)
        lines = _nested(visit).get("lines", []) if visit.posted else []
        return visit.render(
            "receive.html",
            shipment=found,
            receipts=receipts(visit.node, found["shipment"]),
            states=[(state, visit.word("unit_state", state)) for state in STATES],
            weighed=receiving.weighed(visit.node, found, lines),
            sites=[(one.code, one.code) for one in visit.node.settings.sites],
        )


def _tick(visit: Visit, found: dict[str, Any]) -> None:
    """The unit that was scanned is there. What nobody can name stays in the field, with the reason."""
    form = visit.form
    try:
        text = scanned(visit, "scan")
        if not text:
            return
        unit = receiving.named(visit.node, found, text)
    except LodetraceError as error:
        visit.refuse(error, at="scan")
        return
    form.values["scan"] = ""
    form.values[f"seen {unit}"] = "true"


def _body(visit: Visit) -> dict[str, Any]:
    """The form as the interface takes it: a line that nobody weighed says nothing of a mass."""
    body = _nested(visit)
    for line in body.get("lines", []):
        for name in ("weighed", "rejected", "missing"):
            if "value" not in line.get(name, {}):
                line.pop(name, None)
    return {"final": True, **body}


def _nested(visit: Visit) -> dict[str, Any]:
    seen = [name for name in visit.form.values if name.startswith("seen ")]
    return visit.form.body(without=(*_OURS, *seen, "reason"))


def _declined(visit: Visit) -> dict[str, Any]:
    reason = visit.form.value("reason").strip()
    return {"declined": True, **({"reason": reason} if reason else {})}
