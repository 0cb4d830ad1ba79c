"""The months of the books: `period_closed`, and what a closed month means for what comes after.

A month is told by the day that a clerk writes, in the clerk's own time. Whatever happened in a closed month may still
be recorded: it is late, and visibly so, for the time of recording stands beside it. Only corrections may not: they are
booked in the open month, and name the entry of the closed one.

Does not check: whether an earlier month with entries was left open, nor the figures of the books; what computes the
books does.
"""

from datetime import datetime

from ledger.errors import Refusal
from ledger.matter.desk import Desk
from ledger.matter.events import Event
from ledger.matter.stock import Key, Month

OPENING = "opening"
"""Stands with the closed months once any is closed: then the window for opening stock is closed, too."""


def month_of(at: str) -> str:
    return at[:7]


def month_key(at: str) -> Key:
    return ("month", month_of(at))


def period_closed(desk: Desk, event: Event) -> None:
    period = event.scalar("period")
    month = period["month"]
    if desk.find(("month", month)) is not None:
        raise Refusal("month-closed", field="period.month", value=month)
    if month_of(period["at"]) <= month or (event.recorded_at and _now(event, period["at"]) <= month):
        raise Refusal("month-not-over", field="period.month", value=month)
    desk.put(Month(month))
    desk.put(Month(OPENING))


def _now(event: Event, at: str) -> str:
    """The month of the node's clock, as it was where the clerk is."""
    recorded = datetime.fromisoformat(event.recorded_at)
    return recorded.astimezone(datetime.fromisoformat(at).tzinfo).strftime("%Y-%m")


def refuse_closed_month(desk: Desk, at: str) -> None:
    """A correction is dated in the open month, whatever month it corrects."""
    if desk.find(month_key(at)) is not None:
        raise Refusal("correction-in-closed-month", field="at", value=at, month=month_of(at))
