"""Which labels were printed, when, by whom, how often, and why again.

Rows are only ever added: the database refuses all else.

A first printing has no reason. Does not check who may print, nor whether a reason is one: nodes/printed.py does.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from nodes.store.engine import Connection
from nodes.store.sql import next_no, select_in

LATEST = 2**62
_ADD = 'INSERT INTO prints (no, unit, at, "by", form, copies, reason, remark) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
_ALL = 'SELECT no, unit, at, "by", form, copies, reason, remark FROM prints'


@dataclass(frozen=True, slots=True)
class Print:
    """One printing of the label of one unit. `form`: pdf, zpl, tspl, png or svg, and the printer's name if any."""

    unit: str
    at: str
    by: str
    form: str
    copies: int
    reason: str | None
    remark: str | None
    no: int = 0


def add(conn: Connection, prints: Iterable[Print]) -> None:
    first = next_no(conn, "prints")
    conn.executemany(
        _ADD,
        [
            (no, one.unit, one.at, one.by, one.form, one.copies, one.reason, one.remark)
            for no, one in enumerate(prints, first)
        ],
    )


def of_units(conn: Connection, units: Iterable[str]) -> list[Print]:
    """All printings of these units' labels, oldest first."""
    rows = select_in(conn, f"{_ALL} WHERE unit IN ({{}})", units)
    return sorted((_print(*row) for row in rows), key=lambda one: one.no)


def page(conn: Connection, *, before: int = LATEST, limit: int = 50, again: bool = False) -> list[Print]:
    """Printings, newest first; `again`: only those after the first."""
    only = " AND reason IS NOT NULL" if again else ""
    rows = conn.execute(f"{_ALL} WHERE no < ?{only} ORDER BY no DESC LIMIT ?", (before, limit))
    return [_print(*row) for row in rows]


def _print(
    no: int, unit: str, at: str, by: str, form: str, copies: int, reason: str | None, remark: str | None
) -> Print:
    return Print(unit, at, by, form, copies, reason, remark, no)
