"""Accounts of everybody, for an authority: quotas as bars, months that are not closed, members that are silent."""

from datetime import UTC, datetime

from fastapi import Response

from api.screens.frame import Screens, Visit
from nodes.clock import stamp
from nodes.verbs.books import AUTHORITY

SILENT_DAYS = 7


def routes(screens: Screens) -> None:
    @screens.page("/accounts", for_role=AUTHORITY)
    def accounts(visit: Visit) -> Response:
        overview, working = visit.node.overlooking.look()
        if overview is None:
            return visit.render("overlooking.html")
        now = stamp(visit.node.clock())
        missing = {log: [month for month in months.open if month < now[:7]] for log, months in overview.months.items()}
        undeposited = [
            name
            for name, member in visit.node.membership.members.items()
            if f"{name}/log" not in overview.logs and name != visit.node.settings.name and not member.suspended
        ]
        silent = {log: at for log, at in overview.wrote.items() if _days(at, now) >= SILENT_DAYS}
        return visit.render(
            "accounts.html",
            overview=overview,
            working=working,
            missing={log: months for log, months in missing.items() if months},
            undeposited=undeposited,
            silent=silent,
            silent_days=SILENT_DAYS,
        )


def _days(since: str, until: str) -> int:
    first, last = (datetime.fromisoformat(one).astimezone(UTC) for one in (since, until))
    return (last - first).days
