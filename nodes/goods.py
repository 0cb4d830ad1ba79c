"""One batch as a person looks at it: what it is, how much is left, what it is made of, what happened to it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.errors import Malformed
from nodes import corrected
from nodes.composition import composition_of
from nodes.node import Node
from nodes.store import codes, lists
from nodes.store.records import BatchRecord, UnitRecord

UNITS_SHOWN = 200
SERIES_MAX = 1000
_numbered = re.compile(r"(.*?)([0-9]{1,12})").fullmatch


@dataclass(frozen=True, slots=True)
class Whole:
    """`composition` as nodes/composition.py answers it; `mended` as nodes/corrected.py shows it."""

    record: BatchRecord
    composition: dict[str, Any]
    mended: dict[str, Any]
    units: tuple[UnitRecord, ...]

    @property
    def batch(self) -> Any:
        return self.record.batch

    @property
    def status(self) -> str:
        """valid, corrected, concerned, held or recalled, as far as is known here."""
        locks = self.mended["status"]
        if locks["recalled"] or locks["held"]:
            return "recalled" if locks["recalled"] else "held"
        if self.mended["locks"] or self.mended["upstream_corrections"]:
            return "concerned"
        return "corrected" if self.mended["corrections"] else "valid"

    @property
    def loose_mg(self) -> int:
        return sum(held.mg for held in self.record.batch.loose)


def whole(node: Node, code: str) -> Whole:
    """By id, or by the organisation's own code. Unknown if it never was here."""
    with node.store.read() as conn:
        id_ = codes.find_batch(conn, code)
        record = lists.batch(conn, id_)
        units = lists.units(conn, batch=id_, limit=UNITS_SHOWN)
        mended = dict(corrected.shown(conn, node.origin, record))
    return Whole(record, composition_of(node, id_), mended, tuple(reversed(units)))


def series(first: str, seal: str, count: int) -> Iterator[tuple[str, str]]:
    """(serial, seal) of `count` units that count on from the first: D-001, D-002 …; a seal counts on as well."""
    if not 1 <= count <= SERIES_MAX:
        raise Malformed("list-too-long", field="count", value=count, limit=SERIES_MAX)
    for step in range(count):
        yield _counted_on(first, step, "serial"), _counted_on(seal, step, "seal") if seal else ""


def _counted_on(first: str, step: int, field: str) -> str:
    if step == 0:
        return first
    found = _numbered(first)
    if found is None:
        raise Malformed("series-without-number", field=field, value=first)
    prefix, digits = found.groups()
    return f"{prefix}{int(digits) + step:0{len(digits)}d}"
