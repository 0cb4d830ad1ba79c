"""The page of a year's flows of one element over all deposited logs: the picture, and below it the same in numbers."""

from fastapi import Response

from api.drawing.sankey import ROLES, draw_year, kind_of, way_of
from api.screens.frame import Screens, Visit
from ledger.errors import Malformed
from ledger.matter.element_years import ElementYear, Part
from ledger.matter.elements import ELEMENTS
from ledger.matter.quantities import show_ug
from nodes.called import year_as_read
from nodes.clock import stamp


def routes(screens: Screens) -> None:
    @screens.page("/flows")
    def drawn(visit: Visit) -> Response:
        year = visit.asked("year") or stamp(visit.node.clock())[:4]
        element = visit.asked("element") or "Nd"
        if not (len(year) == 4 and year.startswith("20") and year.isdigit()) or element not in ELEMENTS:
            raise Malformed("field-wrong", field="year", value=f"{year} {element}", kind="year and element: 2026, Nd")
        last, working = visit.node.overlooking.look()
        if last is None:
            return visit.render("overlooking.html")
        told = last.element_year(year, element)
        found, place = year_as_read(visit.node, told, visit.language), 0 if visit.language == "en" else 1
        return visit.render(
            "flows.html",
            at=last.at,
            working=working,
            year=year,
            element=element,
            elements=ELEMENTS,
            drawn=draw_year(found, place, alone=False),
            members=[
                {
                    "name": member.organisation,
                    "role": ROLES.get(member.role, ROLES[""])[place],
                    "ins": [_said(part, place) for part in member.ins],
                    "outs": [_said(part, place) for part in member.outs],
                }
                for member in found.members
            ],
            links=[(_name(found, one.sender), _name(found, one.receiver), show_ug(one.ug)) for one in found.links],
        )


def _said(part: Part, place: int) -> tuple[str, str, str]:
    return way_of(part, place), show_ug(part.ug), kind_of(part)


def _name(found: ElementYear, name: str) -> str:
    return next(member.organisation for member in found.members if member.name == name)
