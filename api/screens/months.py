"""The month's books: what they say by element, closing them, what was handed in; and the organisation's quota."""

import re
from hashlib import sha256
from typing import Any

from fastapi import Response
from fastapi.concurrency import run_in_threadpool

from api.screens.frame import Screens, Visit
from api.screens.sorting import Sorting
from ledger.errors import Malformed, Unknown
from nodes import months

REPORT = "monthly_flow"
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])").fullmatch


def routes(screens: Screens) -> None:
    @screens.page("/months", reads_books=True)
    def listed(visit: Visit) -> Response:
        sorting = Sorting(visit, {"month": lambda one: one[0], "closed": lambda one: one[1]})
        return visit.render("months.html", months=sorting.rows(months.listed(visit.node)), sorting=sorting)

    @screens.page("/months/{month}", posts=True, reads_books=True)
    async def month(visit: Visit) -> Response:
        name = visit.request.path_params["month"]
        if not _MONTH(name):
            raise Unknown("route-unknown", field="path", value=visit.request.url.path)
        if visit.posted and visit.form.value("do") == "close":
            if await visit.record("close_month", {"month": name}) is not None:
                return visit.see(f"/months/{name}", visit._("The month is closed. Next: hand in its report."))
        elif visit.posted and await visit.record("report", lambda: _report(visit, name)) is not None:
            return visit.see(f"/months/{name}", visit._("The report is recorded."))
        return await run_in_threadpool(_shown, visit, name)

    @screens.page("/quota", reads_books=True)
    def quota(visit: Visit) -> Response:
        return visit.render("quota.html", accounts=months.accounts(visit.node), grants=months.grants(visit.node))


def _shown(visit: Visit, name: str) -> Response:
    element = visit.asked("element")
    moved = months.moved(visit.node, name, element) if element else ()
    found = months.month(visit.node, name, visit.owner)
    return visit.render("month.html", one=found, element=element, moved=moved, fields=("file", "receipt_no"))


def _report(visit: Visit, month: str) -> dict[str, Any]:
    """The file that was handed in is not kept: its fingerprint is."""
    _, content = visit.form.files.get("file", ("", b""))
    if not content:
        en, zh = "Choose the file that was handed in.", "请选择所报送的文件。"
        raise Malformed("fields-wrong", field="file", value="", en=en, zh=zh)
    number = visit.form.value("receipt_no").strip()
    body = {"month": month, "kind": REPORT, "file_sha256": sha256(content).hexdigest()}
    return {**body, **({"receipt_no": number} if number else {})}
