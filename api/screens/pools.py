"""Pools by hand: what is in them, goods in, goods out, the end of a period."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.products import product_groups
from api.screens.sorting import Sorting
from ledger.errors import Malformed
from nodes import pools, processing

_PAIR = re.compile(r"([A-Z][a-z]?)[ =:]+([0-9]+(?:\.[0-9]+)?)")
FIELDS = {
    *("add", "quantity", "quantity.value", "period_lot_no", "steps[0].process", "steps[0].site", "distribution"),
    *("outputs[0].product", "outputs[0].lot_no", "outputs[0].quantity.value", "outputs[0].assay.total_reo_pct"),
    *("u_pct", "reason"),
}


def routes(screens: Screens) -> None:
    @screens.page("/pools")
    def all_pools(visit: Visit) -> Response:
        asked = visit.asked("pool").strip()
        if asked:
            return visit.see(f"/pools/{quote(asked, safe='')}/charge")
        reference = visit.node.reference
        sorting = Sorting(
            visit,
            {
                "pool": lambda one: one["pool"],
                "process": lambda one: reference.process_name(one["process"], visit.language),
                "site": lambda one: one["site"],
                "in": lambda one: one["in_mg"],
                "out": lambda one: one["out_mg"],
            },
        )
        return visit.render("pools.html", pools=sorting.rows(pools.pools(visit.node)), sorting=sorting)

    @screens.page("/pools/{pool}/charge", "clerk", posts=True)
    async def charge(visit: Visit) -> Response:
        code = visit.request.path_params["pool"]
        known = next((one for one in pools.pools(visit.node) if one["pool"] == code), None)
        if visit.posted and await visit.record("charge", lambda: _charge(visit), pool=code) is not None:
            return visit.see(_path(code), visit._("Charged."))
        return _form(visit, "pool_charge.html", code, pool=known, offered=processing.on_hand(visit.node))

    @screens.page("/pools/{pool}/draw", "clerk", posts=True)
    async def draw(visit: Visit) -> Response:
        code = visit.request.path_params["pool"]
        known = pools.one_pool(visit.node, code)
        if visit.posted:
            answer = await visit.record("draw", lambda: _draw(visit), pool=code)
            if answer is not None:
                return visit.see(f"/process/{answer['entry']['index']}", visit._("Drawn."))
        return _form(visit, "pool_draw.html", code, pool=known)

    @screens.page("/pools/{pool}/close", "clerk", posts=True)
    async def close(visit: Visit) -> Response:
        code = visit.request.path_params["pool"]
        known = pools.one_pool(visit.node, code)
        if visit.posted and await visit.record("close", lambda: _close(visit), pool=code) is not None:
            return visit.see(_path(code), visit._("The period is closed."))
        return _form(visit, "pool_close.html", code, pool=known)

    @screens.page("/pools/{pool}")
    def one(visit: Visit) -> Response:
        return visit.render("pool.html", pool=pools.one_pool(visit.node, visit.request.path_params["pool"]))


def _path(code: str) -> str:
    return f"/pools/{quote(code, safe='')}"


def _form(visit: Visit, template: str, code: str, **facts: Any) -> Response:
    reference, language = visit.node.reference, visit.language
    return visit.render(
        template,
        code=code,
        back=_path(code),
        fields=FIELDS,
        products=product_groups(visit),
        processes=[(one, reference.process_name(one, language)) for one in sorted(reference.processes)],
        sites=[(one.code, one.code) for one in visit.node.settings.sites],
        **facts,
    )


def _charge(visit: Visit) -> dict[str, Any]:
    """One batch, so much of it; or a unit, whole."""
    body = visit.form.body(without=("add", "quantity.value"))
    found = processing.pick(visit.node, visit.form.value("add"))
    line: dict[str, Any] = {"batch": found.batch.id}
    if found.unit is not None:
        line["units"] = [found.unit.id]
    else:
        line["quantity"] = {"value": visit.form.value("quantity.value"), "unit": "kg", "basis": found.batch.basis}
    return {**body, "inputs": [line]}


def _draw(visit: Visit) -> dict[str, Any]:
    body = visit.form.body(without=("distribution",))
    assay = body["outputs"][0].get("assay", {})
    pairs = distribution(visit.form.value("distribution"))
    if pairs:
        assay["distribution_pct"] = pairs
    if "total_reo_pct" not in assay:
        body["outputs"][0].pop("assay", None)
    return body


def distribution(told: str) -> list[list[str]]:
    """`Pr 25, Nd 75` as an assay states it: `[["Pr", "25"], ["Nd", "75"]]`."""
    if _PAIR.sub("", told).strip(" ,;，；%\n"):
        en, zh = "write each element with its percent: Pr 25, Nd 75", "请写明各元素及百分数：Pr 25, Nd 75"
        raise Malformed("fields-wrong", field="distribution", value=told, en=en, zh=zh)
    return [list(pair) for pair in _PAIR.findall(told)]


def _close(visit: Visit) -> Mapping[str, Any]:
    """What was found of each element; where nothing was, the books are carried over."""
    form = visit.form
    left = {name.removeprefix("left."): text.strip() for name, text in form.values.items() if name.startswith("left.")}
    contents = [
        {"element": element, "oxide": {"value": text, "unit": "kg"}, "u_pct": form.value("u_pct", "2")}
        for element, text in left.items()
        if text
    ]
    body: dict[str, Any] = {name: form.value(name) for name in ("period_lot_no", "reason") if form.value(name).strip()}
    if contents:
        body["wip"] = {"method": form.value("method", "measured"), "contents": contents}
    return {**body, "goes_on": form.value("ends") != "true"}
