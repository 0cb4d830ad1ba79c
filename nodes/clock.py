"""The node's clock as text, and when it may not be trusted."""

from collections.abc import Callable
from datetime import UTC, datetime

from ledger.errors import Unavailable

Clock = Callable[[], datetime]
BEHIND_SECONDS = 60
"""A clock further than this behind the last entry is wrong: whatever it recorded could not be ordered by time."""


def system_clock() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`2026-11-22T00:15:30.123Z`, as entries carry it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def next_stamp(clock: Clock, last: str) -> str:
    """max(clock, last entry's time); Unavailable if the clock lies more than a minute behind that."""
    now = clock()
    text = stamp(now)
    if text >= last:
        return text
    behind = (datetime.fromisoformat(last) - now).total_seconds()
    if behind > BEHIND_SECONDS:
        raise Unavailable("clock-behind", field="clock", value=text, last=last)
    return last
