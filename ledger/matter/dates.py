"""Dates as entries carry them: `at` with the zone of whoever writes, `recorded_at` in UTC. Differences in whole hours
and days, rounded down. What is no date has been refused before it could be recorded.
"""

from datetime import datetime

_HOUR_S, _DAY_S = 3600, 86400


def hours_between(earlier: str, later: str) -> int:
    """Whole hours from one moment to a later one; negative when it is not later."""
    return int((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() // _HOUR_S)


def is_later(one: str, other: str) -> bool:
    """Whether one moment is later than another. In one zone their texts already say so, which is nearly always."""
    if one[19:] == other[19:]:
        return one > other
    return datetime.fromisoformat(one) > datetime.fromisoformat(other)


def days_between(earlier: str, later: str) -> int:
    return int((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() // _DAY_S)


def is_moment(text: str) -> bool:
    """Whether there is such a day and hour, which the form of a text does not say."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def days_of_month(month: str) -> int:
    year, number = int(month[:4]), int(month[5:])
    following = datetime(year + number // 12, number % 12 + 1, 1)  # noqa: DTZ001 - a day count has no zone
    return (following - datetime(year, number, 1)).days  # noqa: DTZ001
