"""Tables of others that were brought in by hand: who brought what when, and its rows as they came.

Does not check what the cells say: nodes/outside.py reads them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nodes.store.engine import Connection
from nodes.store.sql import next_no

_ADD = 'INSERT INTO outside_sets (no, kind, source, file, sha256, at, "by", columns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
_ADD_ROW = "INSERT INTO outside_rows (set_no, row, cells) VALUES (?, ?, ?)"
_SETS = 'SELECT no, kind, source, file, sha256, at, "by", columns FROM outside_sets'


@dataclass(frozen=True, slots=True)
class OutsideSet:
    """`columns`: place → its column from 0, and `unit` where it stands in no column; texts."""

    no: int
    kind: str
    source: str
    file: str
    sha256: bytes
    at: str
    by: str
    columns: Mapping[str, str]


def add(conn: Connection, one: OutsideSet, rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """`rows`: (row of the sheet, its cells). Answers the number of the set."""
    no = next_no(conn, "outside_sets")
    conn.execute(_ADD, (no, one.kind, one.source, one.file, one.sha256, one.at, one.by, json.dumps(dict(one.columns))))
    conn.executemany(_ADD_ROW, [(no, row, json.dumps(list(cells), ensure_ascii=False)) for row, cells in rows])
    return no


def map_columns(conn: Connection, no: int, columns: Mapping[str, str]) -> None:
    conn.execute("UPDATE outside_sets SET columns = ? WHERE no = ?", (json.dumps(dict(columns)), no))


def drop(conn: Connection, no: int) -> None:
    conn.execute("DELETE FROM outside_rows WHERE set_no = ?", (no,))
    conn.execute("DELETE FROM outside_sets WHERE no = ?", (no,))


def every(conn: Connection) -> list[OutsideSet]:
    """Newest first."""
    return [_set(row) for row in conn.execute(f"{_SETS} ORDER BY no DESC")]


def find(conn: Connection, no: int) -> OutsideSet | None:
    row = conn.execute(f"{_SETS} WHERE no = ?", (no,)).fetchone()
    return None if row is None else _set(row)


def by_hash(conn: Connection, sha256: bytes) -> OutsideSet | None:
    row = conn.execute(f"{_SETS} WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else _set(row)


def rows(conn: Connection, no: int) -> list[tuple[int, list[str]]]:
    """(row of the sheet, its cells), in its order."""
    found = conn.execute("SELECT row, cells FROM outside_rows WHERE set_no = ? ORDER BY row", (no,))
    return [(row, json.loads(cells)) for row, cells in found]


def _set(row: tuple[Any, ...]) -> OutsideSet:
    *rest, columns = row
    no, kind, source, file, sha256, at, by = rest
    return OutsideSet(no, kind, source, file, sha256, at, by, json.loads(columns))
