"""Accounts of everybody, for an authority: quotas as bars, months that are not closed, members that are silent."""

from fastapi import Response

from api.screens.frame import Screens, Visit
from nodes.roll import SILENT_DAYS
from nodes.verbs.books import AUTHORITY


def routes(screens: Screens) -> None:
    @screens.page("/accounts", for_role=AUTHORITY)
    def accounts(visit: Visit) -> Response:
        overview, working = visit.node.overlooking.look()
        if overview is None:
            return visit.render("overlooking.html")
        own = visit.node.settings.name
        everybody = [one for one in visit.node.roll.everybody(visit.node.policy) if one.name != own]
        return visit.render(
            "accounts.html",
            overview=overview,
            working=working,
            missing=[one for one in everybody if one.missing],
            silent=[one for one in everybody if one.silent and one.deposited],
            undeposited=[one for one in everybody if not one.deposited and one.standing in ("admitted", "licensed")],
            silent_days=SILENT_DAYS,
        )
