"""What is on hand, and everything that is known of one batch."""

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.products import product_groups
from api.screens.wording import typed
from ledger.errors import Unknown
from nodes import goods
from nodes.store import lists
from nodes.verbs.books import AUTHORITY

PAGE = 50


def routes(screens: Screens) -> None:
    @screens.page("/goods")
    def on_hand(visit: Visit) -> Response:
        asked = {name: visit.asked(name) or None for name in ("product", "site")}
        with visit.node.store.read() as conn:
            found = lists.batches(
                conn,
                before=_before(visit),
                limit=PAGE,
                product=asked["product"],
                site=asked["site"],
                on_hand=visit.asked("all") != "true",
            )
        narrowed = {name: text for name, text in asked.items() if text}
        return visit.render(
            "goods.html",
            batches=[(one, one.batch.mg) for one in found],
            more=found[-1].no if len(found) == PAGE else None,
            asked=asked,
            whole=visit.asked("all") == "true",
            table=f"/api/v1/batches?{urlencode({**narrowed, 'on_hand': str(visit.asked('all') != 'true').lower()})}",
            products=product_groups(visit),
            sites=[(one.code, one.code) for one in visit.node.settings.sites],
        )

    # What lies below a batch stands before it: its own path takes anything.
    @screens.page("/batches/{batch:path}/pack", "clerk", posts=True)
    async def pack(visit: Visit) -> Response:
        found = goods.whole(visit.node, visit.request.path_params["batch"])
        if visit.posted:
            answer = await visit.record("pack", lambda: _packing(visit, found.batch.id))
            if answer is not None:
                first, last = answer["units"][0]["serial"], answer["units"][-1]["serial"]
                told = visit._("Packed: %(first)s to %(last)s. Next: print the labels.") % {
                    "first": first,
                    "last": last,
                }
                return visit.see(f"/batches/{quote(found.batch.id, safe='')}", told)
        kinds = [(code, row[visit.language]) for code, row in visit.node.reference.packages.items()]
        return visit.render("pack.html", one=found, kinds=kinds, fields=("serial", "count:int", "net.value", "kind"))

    @screens.page("/batches/{batch:path}")
    def batch(visit: Visit) -> Response:
        id_ = visit.request.path_params["batch"]
        try:
            one = goods.whole(visit.node, id_, _before(visit))
        except Unknown:
            if visit.node.settings.role != AUTHORITY:
                raise
            return visit.see(f"/seek?q={quote(id_, safe='')}")  # not goods of its own, but perhaps a member's
        return visit.render("batch.html", one=one, typed=typed(visit, one.registered) if one.registered else ())


def _before(visit: Visit) -> int:
    """The cursor of a page of a list; a text that is none leads to the first page."""
    asked = visit.asked("before")
    return int(asked) if asked.isdecimal() and len(asked) < 19 else lists.LATEST


def _packing(visit: Visit, batch: str) -> dict[str, Any]:
    """Units with serials that count on from the first: D-001, D-002 …"""
    given = visit.form.body()
    count = given.pop("count", 1)
    rows = []
    for serial, seal in goods.series(given.get("serial", ""), given.get("seal", ""), count):
        row = {"serial": serial, "kind": given.get("kind", "drum"), "net": given.get("net", {})}
        rows.append({**row, **({"seal": seal} if seal else {})})
    return {"batch": batch, "units": rows, **({"confirm": given["confirm"]} if "confirm" in given else {})}
