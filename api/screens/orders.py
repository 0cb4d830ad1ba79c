"""What an authority forbids: orders to freeze goods, and their end; beside them the holds and recalls of everybody."""

from asyncio import to_thread
from typing import Any
from urllib.parse import quote

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.sorting import Sorting
from ledger.errors import Malformed, Unknown
from nodes import orders, seeking

FIELDS = {"to", "shipment", "lines", "ground", "reason", "sure", "documents[0].no"}


def routes(screens: Screens) -> None:
    @screens.page("/orders", for_role="authority")
    def given(visit: Visit) -> Response:
        found = orders.orders(visit.node)[::-1]
        found.sort(key=lambda one: (one["ended"], bool(one["answers"])))
        sorting = Sorting(
            visit,
            {
                "at": lambda one: one["at"],
                "to": lambda one: visit.organisation(one["to"]),
                "goods": lambda one: len(one["lines"]),
                "state": lambda one: (one["ended"], bool(one["answers"]), one["delivered"]),
            },
        )
        return visit.render("orders.html", orders=sorting.rows(found), sorting=sorting)

    @screens.page("/orders/new", "supervisor", posts=True, for_role="authority")
    async def new(visit: Visit) -> Response:
        if visit.posted:
            answer = await visit.record("freeze", lambda: _freeze(visit))
            if answer is not None:
                told = visit._("Ordered. It binds when it is delivered; the answer appears here.")
                return visit.see(_path(answer["order"]), told)
        return visit.render("order_new.html", members=await to_thread(choices, visit), fields=FIELDS)

    @screens.page("/orders/{order:path}", posts=True, for_role="authority")
    async def one(visit: Visit) -> Response:
        name = visit.request.path_params["order"]
        if visit.posted:
            body = {"reason": visit.form.value("reason").strip()} if visit.form.value("reason").strip() else {}
            if await visit.record("unfreeze", body, order=name) is not None:
                return visit.see(_path(name), visit._("Released. The goods move again when that is delivered."))
        found = next((one for one in await to_thread(orders.orders, visit.node) if one["order"] == name), None)
        if found is None:
            raise Unknown("order-unknown", field="order", value=name)
        return visit.render("order.html", one=found, fields={"reason"})

    @screens.page("/holds", for_role="authority")
    def held(visit: Visit) -> Response:
        found = orders.everybodys(visit.node)
        sorting = Sorting(
            visit,
            {
                "at": lambda one: one["at"],
                "name": lambda one: visit.organisation(one["name"]),
                "kind": lambda one: visit.word("hold", one["kind"]),
                "state": lambda one: one["ended"],
            },
        )
        kinds = [(kind, sorting.rows(one for one in found if one["is"] == kind)) for kind in ("held", "recalled")]
        return visit.render("holds.html", kinds=kinds, sorting=sorting)


def _path(order: str) -> str:
    return f"/orders/{quote(order, safe='')}"


def choices(visit: Visit) -> list[tuple[str, str]]:
    """Whom an order may be given to, for a list to choose from; nobody is chosen by default."""
    everybody = visit.node.roll.everybody(visit.node.policy)
    return [("", "—"), *((one.name, f"{visit.organisation(one.name)} ({one.name})") for one in everybody)]


def _freeze(visit: Visit) -> dict[str, Any]:
    """What is named line by line, and all that a shipment carries; ground and reason stand together in the order."""
    form = visit.form
    for field, en, zh in (
        ("ground", "name the law and article", "请填写法律依据"),
        ("reason", "say why", "请说明原因"),
        ("sure", "tick that it is meant so", "请勾选确认"),
    ):
        if not form.value(field).strip():
            raise Malformed("fields-wrong", field=field, value="", en=en, zh=zh)
    body = form.body(without=("shipment", "lines", "ground", "sure"))
    lines = [_line(visit, text.split()) for text in form.value("lines").splitlines() if text.strip()]
    if shipment := form.value("shipment").strip():
        lines += orders.goods_of(visit.node, shipment)
    if not lines:
        en, zh = "name a batch, units of it, or a shipment", "请填写批次、包装件或发货单"
        raise Malformed("fields-wrong", field="lines", value="", en=en, zh=zh)
    return {
        **papers(body),
        "lines": lines,
        "reason": f"{form.value('ground').strip()} — {form.value('reason').strip()}",
    }


def _line(visit: Visit, names: list[str]) -> dict[str, Any]:
    """A batch by whatever it is called, and behind it those of its units that are meant."""
    called, *units = names
    batch = seeking.sought(visit.node, called, "lines")
    return {"batch": batch, "units": units} if units else {"batch": batch}


def papers(body: dict[str, Any]) -> dict[str, Any]:
    """The paper whose number a form asks for is the authority's own decision."""
    if "documents" in body:
        body["documents"][0]["kind"] = "decision"
    return body
