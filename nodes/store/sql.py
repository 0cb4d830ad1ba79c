"""Lists inside statements, cut into parts that any database takes; and the numbers that rows get."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nodes.store.engine import Connection

PART = 256
"""Values that go into one statement: well below what any database takes, and few enough to be prepared quickly."""


def parts(values: Iterable[Any], size: int = PART) -> Iterator[list[Any]]:
    """`values` in lists of at most `size`, in order."""
    part: list[Any] = []
    for value in values:
        part.append(value)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def select_in(
    conn: Connection, statement: str, values: Iterable[Any], before: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """Rows of `statement`, whose last condition ends with `IN ({})`, for any number of values. `before` fills the
    marks to the left of the list.
    """
    for part in parts(values):
        yield from conn.execute(statement.format(",".join("?" * len(part))), [*before, *part])


def next_no(conn: Connection, table: str) -> int:
    """The number that the next row of `table` gets.

    Counted here, not by the database: what is not derivable must not decide how a derivable row is numbered, and a
    group of rows must know its numbers before it is written.
    """
    (last,) = conn.execute(f"SELECT max(no) FROM {table}").fetchone()  # noqa: S608 - a name from our own code
    return 1 if last is None else int(last) + 1
