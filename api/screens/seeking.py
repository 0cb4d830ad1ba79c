"""An authority's way to goods: found by what is written on them, told by all deposited logs, drawn, and frozen."""

from dataclasses import replace
from urllib.parse import quote

from fastapi import Response

from api.screens.entries import index_of
from api.screens.finding_names import finding_name
from api.screens.frame import Screens, Visit
from api.screens.wording import Cell, Field, groups
from nodes import seeking
from nodes.verbs.books import AUTHORITY


def routes(screens: Screens) -> None:
    @screens.page("/seek", for_role=AUTHORITY)
    def seek(visit: Visit) -> Response:
        """Asked for by address, so that what was found can be sent to a colleague."""
        text = visit.asked("q").strip()
        found = seeking.seek(visit.node, text)
        if len(found) == 1:
            return visit.see(f"/seek/{quote(found[0].batch, safe='')}")
        return visit.render("seek.html", found=found, q=text)

    @screens.page("/seek/{batch:path}", for_role=AUTHORITY)
    def batch(visit: Visit) -> Response:
        one = seeking.known(visit.node, visit.request.path_params["batch"])
        return visit.render("sought.html", one=one, name=finding_name)

    @screens.page("/deposited/{member}/{index}", for_role=AUTHORITY)
    def entry(visit: Visit) -> Response:
        path = visit.request.path_params
        one = seeking.entry(visit.node, f"{path['member']}/log", index_of(path["index"]))
        fields, lists = groups(visit, seeking.as_written_here(one.event, visit.node.origin))
        return visit.render(
            "deposited.html",
            one=one,
            fields=[Field(field.name, _told(field.cell)) for field in fields],
            lists=[replace(one, rows=tuple(tuple(map(_told, row)) for row in one.rows)) for one in lists],
        )


def _told(cell: Cell) -> Cell:
    """What it refers to in its own log is no page of this node, but for batches."""
    return cell if cell.href.startswith("/batches/") else Cell(cell.text)
