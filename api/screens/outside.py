"""Tables of offices by hand: brought in, columns said, and what of them is in the books."""

import asyncio

from fastapi import Response

from api.access import check_role
from api.screens.frame import Screens, Visit
from api.screens.oversight import whole
from api.screens.sorting import Sorting
from ledger.errors import LodetraceError, Malformed
from ledger.matter.matching import STATES, USUAL_KWH_PER_T
from nodes import outside
from nodes.node import Caller
from nodes.outside import NEEDED, PLACES, UNIT
from nodes.sheets.cells import UNITS
from nodes.verbs.books import AUTHORITY

PAGE = 100


def routes(screens: Screens) -> None:
    @screens.page("/outside", posts=True, for_role=AUTHORITY)
    async def listed(visit: Visit) -> Response:
        if visit.posted:
            no = await _brought(visit)
            if no is not None:
                return visit.see(f"/outside/{no}", visit._("Brought in. Look at the columns first."))
        found = await asyncio.to_thread(outside.every, visit.node)
        kinds = [(kind, visit.word("outside", kind)) for kind in PLACES]
        sorting = Sorting(
            visit,
            {
                "no": lambda one: one.no,
                "kind": lambda one: visit.word("outside", one.kind),
                "file": lambda one: one.file,
                "at": lambda one: one.at,
            },
        )
        return visit.render("outside.html", found=sorting.rows(found), kinds=kinds, sorting=sorting)

    @screens.page("/outside/{table}", posts=True, for_role=AUTHORITY)
    async def one(visit: Visit) -> Response:
        no = whole(visit.request.path_params["table"])
        if visit.posted:
            _check_clerk(visit)
            if visit.form.value("do") == "away":
                await asyncio.to_thread(outside.take_away, visit.node, no)
                return visit.see("/outside", visit._("Taken away."))
            await asyncio.to_thread(outside.say_columns, visit.node, no, visit.form.values)
            return visit.see(f"/outside/{no}", visit._("Read anew."))
        return await asyncio.to_thread(_shown, visit, no)


def _check_clerk(visit: Visit) -> None:
    assert visit.session is not None, "the screen is for those who are signed in"
    check_role(visit.session.holder, "clerk")


async def _brought(visit: Visit) -> int | None:
    name, data = visit.form.files.get("file", ("", b""))
    source, kind = visit.form.value("source").strip(), visit.form.value("kind")
    try:
        _check_clerk(visit)
        for field, given in (("source", source), ("file", name)):
            if not given:
                raise Malformed("field-missing", field=field)
        return await asyncio.to_thread(
            outside.bring, visit.node, Caller(visit.owner), kind, source[:200], name[:200], data
        )
    except LodetraceError as error:
        visit.refuse(error)
        return None


def _shown(visit: Visit, no: int) -> Response:
    overview, working = visit.node.overlooking.look()
    found = outside.report(visit.node, no, overview)
    asked, start = visit.asked("state"), whole(visit.asked("offset"))
    matches = [one for one in found.matches if asked in ("", one.state)]
    return visit.render(
        "outside_table.html",
        one=found.set,
        report=found,
        overview=overview,
        working=working,
        places=list(PLACES[found.set.kind]),
        needed=NEEDED[found.set.kind],
        unit=UNIT,
        units=[(one, one) for one in sorted({*UNITS.values()} - {"L", "m3"})],
        columns=[(str(at), text or str(at + 1)) for at, text in found.headings],
        counts={state: sum(one.state == state for one in found.matches) for state in STATES},
        asked=asked,
        matches=matches[start : start + PAGE],
        more=start + PAGE if start + PAGE < len(matches) else None,
        usual=USUAL_KWH_PER_T,
    )
