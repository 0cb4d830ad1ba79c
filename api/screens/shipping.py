"""Shipping: an offer made of scanned or listed goods, what is under way, and answering what the receiver said."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.picking import put_rows
from api.screens.scanning import scanned
from ledger.errors import LodetraceError
from nodes import processing, shipping
from nodes.processing import Picked
from nodes.receipts import receipts
from nodes.store import lists

PAGE = 50
PURPOSES = ("sale", "processing", "consignment", "storage", "sample", "return", "repair")
_OURS = ("add", "do", "photo")
_ROW = re.compile(r"lines\[(\d{1,4})\]\.batch").fullmatch


def routes(screens: Screens) -> None:
    @screens.page("/ship", "clerk", posts=True)
    async def ship(visit: Visit) -> Response:
        if not visit.posted and visit.asked("goods"):
            visit.form.values["add"] = visit.asked("goods")
            _add(visit)
        do = visit.form.value("do") if visit.posted else ""
        if do == "add":
            _add(visit)
        elif do.startswith("drop "):
            _drop(visit, do[5:])
        elif do == "ship":
            _add(visit)  # a code that is still in the box is meant to go along
            answer = None if visit.form.refused else await visit.record("ship", lambda: _body(visit))
            if answer is not None:
                return visit.see(
                    f"/shipments/{answer['shipment']}", visit._("Offered. The receiver is told by itself.")
                )
        return _offer(visit)

    @screens.page("/shipments")
    def shipments(visit: Visit) -> Response:
        is_open = visit.asked("all") != "true"
        with visit.node.store.read() as conn:
            found = shipping.shipments(visit.node, conn, lists.shipments(conn, limit=PAGE, is_open=is_open))
        return visit.render("shipments.html", found=found, whole=not is_open)

    @screens.page("/shipments/{shipment:path}", posts=True)
    async def shipment(visit: Visit) -> Response:
        named = visit.request.path_params["shipment"]
        if visit.posted:
            agreed = visit.form.value("do") == "agree"
            reason = visit.form.value("reason").strip()
            body = {"agreed": agreed, **({"reason": reason} if reason else {})}
            if await visit.record("acknowledge", body, shipment=named) is not None:
                return visit.see(f"/shipments/{quote(named, safe='')}", visit._("Answered."))
        found = shipping.one_shipment(visit.node, named)
        if "offered" in found:
            return visit.see(f"/receive/{quote(found['shipment'], safe='')}")
        return visit.render("shipment.html", one=found, receipts=receipts(visit.node, found["shipment"]))


def _offer(visit: Visit) -> Response:
    node = visit.node
    partners = sorted(set(node.membership.members) | {_name(log) for log in node.policy.logs})
    return visit.render(
        "ship.html",
        rows=_rows(visit),
        offered=processing.on_hand(node),
        partners=[(name, visit.organisation(name)) for name in partners if name != node.settings.name],
        purposes=[(one, visit.word("purpose", one)) for one in PURPOSES],
        fields=("add", "to.node", "to.outside.name", "to.outside.country", "purpose", "transport.vehicle"),
    )


def _name(log: str) -> str:
    return log.rpartition("/")[0]


def _add(visit: Visit) -> None:
    """The goods that were scanned or typed become a row; what is in the list already is not taken twice."""
    form = visit.form
    try:
        text = scanned(visit, "add")
        if not text:
            return
        found = processing.pick_all(visit.node, text)
    except LodetraceError as error:
        visit.refuse(error, at="add")
        return
    form.values["add"] = ""
    put_rows(form, "lines", dict(_rows(visit)), found)


def _drop(visit: Visit, where: str) -> None:
    for name in [name for name in visit.form.values if name.startswith(f"{where}.")]:
        del visit.form.values[name]


def _rows(visit: Visit) -> list[tuple[int, Picked]]:
    values = visit.form.values
    places = sorted(int(found[1]) for name in values if (found := _ROW(name)))
    rows = [(at, values[f"lines[{at}].batch"]) for at in places]
    return [(at, processing.picked(visit.node, batch, values.get(f"lines[{at}].units[0]", ""))) for at, batch in rows]


def _body(visit: Visit) -> dict[str, Any]:
    """Units of one batch become one line: a receiver weighs them together."""
    body = visit.form.body(without=_OURS)
    loose, packed = [], dict[str, list[str]]()
    for line in body.get("lines") or ():
        if "units" in line:
            packed.setdefault(line["batch"], []).extend(line["units"])
        else:
            loose.append(line)
    to: Mapping[str, Any] = body.get("to", {})
    if "node" in to:
        to = {"node": to["node"]}  # what is half typed of somebody outside is not meant
    lines = [*loose, *({"batch": batch, "units": units} for batch, units in packed.items())]
    return {**body, "to": to, "lines": lines}
