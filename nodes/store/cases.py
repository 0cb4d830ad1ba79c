"""Cases of an authority, as steps: rows are only ever added, and the database refuses all else.

Does not check what may follow what, nor who may: nodes/cases.py and the door do.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nodes.store.engine import Connection
from nodes.store.sql import next_no

_ADD = 'INSERT INTO case_steps (no, case_id, at, "by", kind, body) VALUES (?, ?, ?, ?, ?, ?)'
_STEPS = 'SELECT case_id, at, "by", kind, body FROM case_steps'
_OF = f"{_STEPS} WHERE case_id = ? ORDER BY no"
_ALL = f"{_STEPS} ORDER BY no"
_OPENED = "SELECT count(*) FROM case_steps WHERE kind = 'opened' AND case_id LIKE ?"


@dataclass(frozen=True, slots=True)
class Step:
    """`kind`: opened, added, assigned, noted, asked, answered, closed, reopened."""

    case: str
    at: str
    by: str
    kind: str
    body: Mapping[str, Any]


def add(conn: Connection, step: Step) -> None:
    body = json.dumps(step.body, ensure_ascii=False, sort_keys=True)
    conn.execute(_ADD, (next_no(conn, "case_steps"), step.case, step.at, step.by, step.kind, body))


def new_id(conn: Connection, year: str) -> str:
    """The year, and which case of it: `2026-14`."""
    (opened,) = conn.execute(_OPENED, (f"{year}-%",)).fetchone()
    return f"{year}-{opened + 1}"


def steps(conn: Connection, case: str) -> list[Step]:
    """Oldest first; none where there is no such case."""
    return [_step(row) for row in conn.execute(_OF, (case,))]


def every(conn: Connection) -> list[Step]:
    """Of all cases, in the order in which they were done."""
    return [_step(row) for row in conn.execute(_ALL)]


def _step(row: tuple[Any, ...]) -> Step:
    case, at, by, kind, body = row
    return Step(case, at, by, kind, json.loads(body))
