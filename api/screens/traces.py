"""The page of a trace: the picture, and below it the same in words, for readers that see no pictures.

Drawn here by the server, so it prints and works without script; a script adds zooming and moving about.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from api.drawing.folding import Folded, fold
from api.drawing.genealogy import Sight, draw
from api.drawing.sights import sight
from api.screens.frame import Screens, Visit
from nodes import trace

DIRECTIONS = ("back", "forward", "both")


def routes(screens: Screens) -> None:
    @screens.page("/trace/{batch:path}")
    def traced(visit: Visit) -> Response:
        asked, group = visit.asked("direction"), visit.asked("group")
        direction = asked if asked in DIRECTIONS else "back"
        found = trace.trace(visit.node, visit.request.path_params["batch"], direction)
        folded = fold(found, group)
        seen = sight(visit.node, found, folded, visit.language)
        return visit.render(
            "trace.html",
            drawn=draw(folded, seen),
            rows=_rows(folded, seen),
            direction=direction,
            group=group,
            cut=found["cut"],
            title=next(f"{seen.goods(spot)} {seen.what(spot)}" for spot in folded.spots if spot.asked),
        )


def _rows(folded: Folded, seen: Sight) -> list[Mapping[str, Any]]:
    """A row for each box: what it is, and what went into it, with how much."""
    spots = {spot.key: spot for spot in folded.spots}
    made_of: dict[str, list[tuple[str, str]]] = {spot.key: [] for spot in folded.spots if not spot.why}
    ends: dict[str, list[str]] = {}
    for link in folded.links:
        if link.missing:
            gap, at = (link.left, link.right) if spots[link.left].why else (link.right, link.left)
            ends.setdefault(at, []).append(seen.told(spots[gap]).replace("\n", " · "))
        else:
            made_of[link.right].append((seen.what(spots[link.left]), seen.amount(link)))
    return [
        {
            "what": seen.what(spot),
            "href": seen.group_link(spot.group) if spot.group else seen.batch_link(spot.node["batch"]),
            "goods": seen.goods(spot),
            "who": seen.who(spot),
            "mass": seen.mass(spot),
            "when": seen.when(spot),
            "standings": seen.standings(spot),
            "made_of": made_of[spot.key],
            "gaps": ends.get(spot.key, []),
            "asked": spot.asked,
        }
        for spot in folded.spots
        if not spot.why
    ]
