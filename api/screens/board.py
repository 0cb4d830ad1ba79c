"""The board: arriving, on hand, leaving, and what waits for me."""

from fastapi import Response

from api.screens.finding_names import finding_name
from api.screens.frame import Screens, Visit
from nodes.board import board


def routes(screens: Screens) -> None:
    @screens.page("/")
    def today(visit: Visit) -> Response:
        found = board(visit.node, visit.owner, supervisor=visit.may("supervisor"))
        return visit.render("board.html", board=found, name=finding_name)
