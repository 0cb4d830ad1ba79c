"""Which entries behind some goods were corrected, as far as is known here, and what state the goods are in for it.

Of our own entries, custody remembers what was corrected; of others', what their corrections that came here say. What
nobody has sent here is not known: "valid" means that no recall, hold or correction is known here, and no more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import Unknown
from ledger.matter.event_types import CORRECTIONS
from ledger.matter.events import Event
from ledger.matter.locks import HELD, PLEDGED, RECALLED
from ledger.matter.stock import Batch, Correction, Unit
from nodes.store import genealogy, stock, upstream
from nodes.store.engine import Connection
from nodes.store.records import BatchRecord

VALID, CORRECTED = "valid", "corrected"
STATUSES = (VALID, CORRECTED, HELD, RECALLED)


@dataclass(frozen=True, slots=True)
class Corrected:
    """An entry, and how it was corrected: amended, reversed, adjusted."""

    log: str
    index: int
    kinds: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"log": self.log, "index": self.index, "kinds": list(self.kinds)}


def corrections(conn: Connection, origin: str, record: BatchRecord) -> tuple[list[Corrected], list[Corrected]]:
    """(of the entry that made the batch, of the entries before it: our own and others')."""
    try:
        needed = genealogy.closure(conn, record.batch.id, origin).entries
    except Unknown:
        needed = {}
    entries = {*needed, *(() if record.made_by is None else (record.made_by,))}
    found = [*_own(conn, origin, entries), *_others(conn, entries)]
    made_by = _place(conn, origin, record.made_by)
    own = [one for one in found if (one.log, one.index) == made_by]
    return own, [one for one in found if one not in own]


def _own(conn: Connection, origin: str, entries: Iterable[int]) -> list[Corrected]:
    states = stock.load(conn, [("correction", str(index)) for index in sorted(entries) if index >= 0])
    corrected = [state for state in states.values() if isinstance(state, Correction) and state.kinds]
    return sorted(
        (Corrected(origin, state.index, _once(state.kinds)) for state in corrected), key=lambda one: one.index
    )


def _others(conn: Connection, entries: Iterable[int]) -> list[Corrected]:
    foreign = upstream.numbered(conn, [no for no in entries if no < 0])
    places = {(one.log, one.index) for one in foreign.values()}
    found: dict[tuple[str, int], list[str]] = {}
    for one in upstream.of_types(conn, {log for log, _ in places}, CORRECTIONS):
        event = one.event
        for index in _named(event):
            if (event.origin, index) in places:
                found.setdefault((event.origin, index), []).append(event.type)
    return [Corrected(log, index, _once(kinds)) for (log, index), kinds in sorted(found.items())]


def _named(event: Event) -> set[int]:
    """The entries that a correction names, as far as it is open to us."""
    heads = (event.scalar(slot).get("index") for slot in ("amendment", "reversal"))
    rows = (row.get("index") for slot in ("lines.chain", "shared.partner") for row in event.items(slot) if row)
    return {index for index in (*heads, *rows) if index is not None}


def _once(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kinds))


def _place(conn: Connection, origin: str, entry_no: int | None) -> tuple[str, int] | None:
    if entry_no is None or entry_no >= 0:
        return None if entry_no is None else (origin, entry_no)
    made = upstream.numbered(conn, [entry_no])[entry_no]
    return made.log, made.index


def locked(batch: Batch) -> dict[str, bool]:
    """What of held, pledged, recalled is true of some of the batch, for those who keep it."""
    kinds = {lock.kind for lock in batch.locks}
    return {HELD: HELD in kinds, RECALLED: batch.recalled is not None, PLEDGED: PLEDGED in kinds}


def status_of(conn: Connection, origin: str, unit: Unit, record: BatchRecord) -> str:
    """For whoever scans: the gravest of recalled, held, corrected; valid where none is known here. Pledges are not his
    business.
    """
    kinds = {kind for _, kind in unit.locks}
    if record.batch.recalled is not None or RECALLED in kinds:
        return RECALLED
    if HELD in kinds:
        return HELD
    own, before = corrections(conn, origin, record)
    return CORRECTED if own or before else VALID


def shown(conn: Connection, origin: str, record: BatchRecord) -> Mapping[str, Any]:
    """The part of a batch's answer that tells of all this."""
    own, before = corrections(conn, origin, record)
    return {
        "status": locked(record.batch),
        "corrections": [one.as_json() for one in own],
        "upstream_corrections": [one.as_json() for one in before],
    }
