"""One batch as a person looks at it: what it is, how much is left, what it is made of, what happened to it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import Malformed
from ledger.matter.devices import Captured, captured
from ledger.matter.events import Event
from ledger.matter.provenance import OTHERS_ORIGIN
from ledger.matter.stock import Batch
from nodes import corrected
from nodes.composition import composition_of
from nodes.derive import ASSAYS
from nodes.node import Node
from nodes.store import codes, genealogy, lists, log, states
from nodes.store.engine import Connection
from nodes.store.records import BatchRecord, UnitRecord

UNITS_SHOWN = 200
SERIES_MAX = 1000
_numbered = re.compile(r"(.*?)([0-9]{1,12})").fullmatch


@dataclass(frozen=True, slots=True)
class Happened:
    """One of our entries that made, received, measured or packed the goods, the papers it names, and what a device
    signed of it.
    """

    index: int
    type: str
    at: str
    papers: tuple[Mapping[str, Any], ...]
    device: Captured | None


@dataclass(frozen=True, slots=True)
class Whole:
    """`composition` as nodes/composition.py answers it; `mended` as nodes/corrected.py shows it; `units` are a page of
    them, `more` the cursor of the next; `became` are batches that were made of it; `registered` is the entry of ours
    that registered it, None where it came into being otherwise.
    """

    record: BatchRecord
    composition: dict[str, Any]
    mended: dict[str, Any]
    units: tuple[UnitRecord, ...]
    more: int | None
    history: tuple[Happened, ...]
    became: tuple[Batch, ...]
    registered: Event | None

    @property
    def batch(self) -> Any:
        return self.record.batch

    @property
    def status(self) -> str:
        """valid, corrected, concerned, held or recalled, as far as is known here."""
        locks = self.mended["status"]
        if locks["recalled"] or locks["held"]:
            return "recalled" if locks["recalled"] else "held"
        if self.mended["locks"]:
            return "concerned"
        return "corrected" if self.mended["corrections"] or self.mended["upstream_corrections"] else "valid"

    @property
    def together(self) -> bool:
        """Whether some origins are not told apart (provenance.py)."""
        elements = self.composition["elements"]
        return any(row["name"] == OTHERS_ORIGIN for element in elements for row in element["origins"])

    @property
    def sole_origin(self) -> str | None:
        """The origin of all of every element, where that is one."""
        rows = [row for element in self.composition["elements"] for row in element["origins"]]
        names = {row["name"] for row in rows}
        return rows[0]["name"] if len(names) == 1 and all(row["lo"] == row["hi"] for row in rows) else None

    @property
    def loose_mg(self) -> int:
        return sum(held.mg for held in self.record.batch.loose)


def whole(node: Node, code: str, before: int = lists.LATEST) -> Whole:
    """By id, or by the organisation's own code; units from the cursor `before` on. Unknown if it never was here."""
    with node.store.read() as conn:
        id_ = codes.find_batch(conn, code)
        record = lists.batch(conn, id_)
        units = lists.units(conn, batch=id_, before=before, limit=UNITS_SHOWN)
        mended = dict(corrected.shown(conn, node.origin, record))
        history = _history(conn, record, units)
        became = [lists.batch(conn, child).batch for child in _made_of(conn, id_)]
        registered = _registered(conn, record)
    more = units[-1].no if len(units) == UNITS_SHOWN else None
    return Whole(
        record, composition_of(node, id_), mended, tuple(reversed(units)), more, history, tuple(became), registered
    )


def all_of(node: Node, found: Whole) -> list[dict[str, Any]]:
    """All that is here of a batch as lines of a request: what is loose at each place, and the units."""
    batch = found.record.batch
    lines: list[dict[str, Any]] = []
    for held in batch.loose:
        quantity: dict[str, Any] = {"value": str(held.mg), "unit": "mg", "basis": batch.basis}
        if held.count is not None:
            quantity["count"] = held.count
        line = {"batch": batch.id, "quantity": quantity, "site": held.site}
        lines.append({**line, **({"owner": held.owner} if held.owner else {})})
    with node.store.read() as conn:
        every = lists.units_of(conn, [batch.id])
    units = [one.id for one in every if one.state == "here" and one.inside is None]
    return [*lines, *([{"batch": batch.id, "units": units}] if units else [])]


def _history(conn: Connection, record: BatchRecord, units: Iterable[UnitRecord]) -> tuple[Happened, ...]:
    id_, made = record.batch.id, record.made_by
    later = states.load(conn, ASSAYS, [id_]).get(id_, "")
    indexes = {*genealogy.received_by(conn, id_), *map(int, later.split()), *([] if made is None else [made])}
    indexes.update(one.packed_by for one in units if one.packed_by is not None)
    return tuple(
        Happened(
            entry.index,
            entry.type,
            entry.recorded_at,
            tuple(entry.event.scalar("documents").get("list", ())),
            captured(entry.event),
        )
        for entry in log.entries_at(conn, (index for index in indexes if index >= 0))
    )


def _registered(conn: Connection, record: BatchRecord) -> Event | None:
    made = [] if record.made_by is None or record.made_by < 0 else log.entries_at(conn, [record.made_by])
    return next((entry.event for entry in made if entry.type == "registered"), None)


def _made_of(conn: Connection, batch: str) -> list[str]:
    """Batches of our own that were made of it, in the order of the log."""
    own = {child: no for child, no in genealogy.uses(conn, batch) if no >= 0}
    return sorted(own, key=lambda child: (own[child], child))[:UNITS_SHOWN]


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
