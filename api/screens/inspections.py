"""Inspections that an authority records: when it announced them, what it looked at, what came of it."""

from asyncio import to_thread
from datetime import datetime
from typing import Any

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.orders import choices, papers
from api.screens.sorting import Sorting
from ledger.errors import Malformed
from ledger.matter.event_types import INSPECTION_METHODS, INSPECTION_RESULTS
from nodes import orders, seeking

FIELDS = {"to", "result", "at", "announced_at", "reason", "batch", "method", "seen", "sample", "documents[0].no"}


def routes(screens: Screens) -> None:
    @screens.page("/inspections", for_role="authority")
    def inspections(visit: Visit) -> Response:
        sorting = Sorting(
            visit,
            {
                "at": lambda one: one["at"],
                "to": lambda one: visit.organisation(one["to"]),
                "announced": lambda one: one["announced_at"],
                "result": lambda one: visit.word("inspected", one["result"]),
            },
        )
        found = sorting.rows(orders.inspections(visit.node))
        return visit.render("inspections.html", inspections=found, sorting=sorting)

    @screens.page("/inspections/new", "supervisor", posts=True, for_role="authority")
    async def inspect(visit: Visit) -> Response:
        if visit.posted and await visit.record("inspect", lambda: _inspection(visit)) is not None:
            return visit.see("/inspections", visit._("Recorded, and told to the organisation."))
        return visit.render(
            "inspection_new.html",
            members=await to_thread(choices, visit),
            results=[(code, visit.word("inspected", code)) for code in INSPECTION_RESULTS],
            methods=[(code, visit.word("inspecting", code)) for code in INSPECTION_METHODS],
            now=visit.node.clock().astimezone().isoformat()[:16],
            fields=FIELDS,
        )


def _inspection(visit: Visit) -> dict[str, Any]:
    form = visit.form
    body = papers(form.body(without=("batch", "method", "seen", "sample")))
    for field in ("at", "announced_at"):
        if field in body:
            body[field] = _zoned(field, body[field])
    if batch := form.value("batch").strip():
        seen: dict[str, Any] = {"batch": seeking.sought(visit.node, batch, "batch"), "method": form.value("method")}
        if form.value("seen").strip():
            seen["seen"] = {"value": form.value("seen").strip(), "unit": "kg", "basis": "net"}
        if form.value("sample").strip():
            seen["sample"] = form.value("sample").strip()
        body["goods"] = [seen]
    return body


def _zoned(field: str, told: str) -> str:
    """A browser's day and hour is one of where this node stands."""
    try:
        return datetime.fromisoformat(told).astimezone().isoformat(timespec="seconds")
    except ValueError as error:
        en, zh = "write day and hour: 2026-12-04T10:00", "请填写日期和时间：2026-12-04T10:00"
        raise Malformed("fields-wrong", field=field, value=told, en=en, zh=zh) from error
