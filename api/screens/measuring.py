"""Small forms on one batch: a laboratory's result, weighing again, holding it and letting it go."""

from typing import Any
from urllib.parse import quote

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.pools import distribution
from ledger.matter.event_types import HOLD_KINDS, MEASURINGS
from nodes import goods, holds
from nodes.goods import Whole


def routes(screens: Screens) -> None:
    # What lies below a batch stands before it: its own path takes anything.
    @screens.page("/batches/{batch:path}/assay", "clerk", posts=True)
    async def assay(visit: Visit) -> Response:
        found = _batch(visit)
        if visit.posted and await visit.record("assay", lambda: _result(visit, found)) is not None:
            return visit.see(_path(found), visit._("The result is recorded."))
        fields = ("assay.total_reo_pct", "assay.moisture_pct", "distribution", "lab", "assay.certificate_no", "sample")
        return visit.render("assay.html", one=found, fields=fields)

    @screens.page("/batches/{batch:path}/weigh", "clerk", posts=True)
    async def weigh(visit: Visit) -> Response:
        found = _batch(visit)
        if visit.posted:
            answer = await visit.record("remeasure", lambda: _weighed(visit, found))
            if answer is not None:
                return visit.see(_path(found), visit._("The new mass is recorded."))
        kinds = [(code, visit.word("measuring", code)) for code in MEASURINGS]
        things = [("", visit._("loose goods"))] if found.loose_mg else []
        things += [(one.unit.id, one.unit.serial) for one in found.units if one.unit.state == "here"]
        fields = ("kind", "unit", "quantity", "quantity.value", "reason")
        return visit.render("weigh.html", one=found, kinds=kinds, things=things, fields=fields)

    @screens.page("/batches/{batch:path}/hold", "supervisor", posts=True)
    async def hold(visit: Visit) -> Response:
        found = _batch(visit)
        if visit.posted and visit.form.value("lock"):
            lock = visit.form.value("lock")
            if await visit.record("release", lambda: visit.form.body(without=("lock", "kind")), lock=lock) is not None:
                return visit.see(_path(found), visit._("The hold is ended."))
        elif visit.posted:
            answer = await visit.record("hold", lambda: {**visit.form.body(), "lines": goods.all_of(visit.node, found)})
            if answer is not None:
                return visit.see(_path(found), visit._("The goods are held."))
        return visit.render(
            "hold.html",
            one=found,
            kinds=[(code, visit.word("hold", code)) for code in HOLD_KINDS],
            held=holds.of_batch(visit.node, found.record.batch.id),
            fields=("kind", "reason"),
        )


def _batch(visit: Visit) -> Whole:
    return goods.whole(visit.node, visit.request.path_params["batch"])


def _path(found: Whole) -> str:
    return f"/batches/{quote(found.record.batch.id, safe='')}"


def _result(visit: Visit, found: Whole) -> dict[str, Any]:
    body = visit.form.body(without=("distribution",))
    pairs = distribution(visit.form.value("distribution"))
    if pairs:
        body["assay"]["distribution_pct"] = pairs
    return {**body, "batch": found.record.batch.id}


def _weighed(visit: Visit, found: Whole) -> dict[str, Any]:
    """The mass on the scale is the goods' own, on the basis on which they are counted."""
    form, batch = visit.form, found.record.batch
    unit = form.value("unit")
    quantity: dict[str, Any] = {"value": form.value("quantity.value").strip(), "unit": "kg", "basis": batch.basis}
    count = form.body().get("quantity", {}).get("count")
    if count is not None:
        quantity["count"] = count
    line = {"unit": unit} if unit else {"batch": batch.id}
    reason = form.value("reason").strip()
    lines = [{**line, "quantity": quantity}]
    return {"kind": form.value("kind"), "lines": lines, **({"reason": reason} if reason else {})}
