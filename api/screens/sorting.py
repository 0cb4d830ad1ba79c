"""Lists in the order of one of their columns, by links in the table's head: `?sort=name`, and `?sort=-name` backwards.

For lists that are read as a whole. Those that are read page by page (goods, shipments, arrivals: nodes/store/lists.py)
come newest first and are not sorted: their pages are cut by `no`, and hardly an index leads through another column.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from api.screens.frame import Visit

_T = TypeVar("_T")
_OF_ONE_VIEW = ("sort", "before", "offset", "lang")
"""What is asked of a list and does not hold for another order of it."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """`columns`: what a row is sorted by in the order of each; rows whose value is None stand last either way."""

    visit: Visit
    columns: Mapping[str, Callable[[Any], Any]]

    def rows(self, rows: Iterable[_T]) -> list[_T]:
        """As asked; rows that are equal there, and all where no column is asked for, stay as they come."""
        found, asked = list(rows), self.visit.asked("sort")
        by = self.columns.get(asked.removeprefix("-"))
        if by is None:
            return found
        known = [one for one in found if by(one) is not None]
        return [*sorted(known, key=by, reverse=asked.startswith("-")), *(one for one in found if by(one) is None)]

    def way(self, column: str) -> str:
        """What `aria-sort` says of a column; "" where the list is in another order."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.visit.asked("sort"), "")

    def link(self, column: str) -> str:
        """To the same list in the order of a column; backwards where it is in that order already."""
        kept = [(name, text) for name, text in self.visit.request.query_params.items() if name not in _OF_ONE_VIEW]
        return "?" + urlencode([*kept, ("sort", f"-{column}" if self.way(column) == "ascending" else column)])
