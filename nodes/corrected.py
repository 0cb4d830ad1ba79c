"""What came after the entries behind some goods: corrections, holds, recalls; and what state the goods are in for it.

As far as it is known here, from our own log and from what others sent. What nobody has sent here is not known: "valid"
means that no recall, hold or correction is known here, and no more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import Unknown
from ledger.matter.event_types import CORRECTIONS
from ledger.matter.events import Event
from ledger.matter.genealogy import event_at
from ledger.matter.locks import HELD, PLEDGED, RECALLED
from ledger.matter.stock import Batch, Unit
from nodes import downstream
from nodes.downstream import News
from nodes.recomputed import recomputed
from nodes.store import genealogy
from nodes.store.engine import Connection
from nodes.store.records import BatchRecord

VALID, CORRECTED, CONCERNED = "valid", "corrected", "concerned"
STATUSES = (VALID, CORRECTED, CONCERNED, HELD, RECALLED)


@dataclass(frozen=True, slots=True)
class Corrected:
    """An entry, how it was corrected (amended, reversed, adjusted), and when last."""

    log: str
    index: int
    kinds: tuple[str, ...]
    at: str

    def as_json(self) -> dict[str, Any]:
        return {"log": self.log, "index": self.index, "kinds": list(self.kinds)}


@dataclass(frozen=True, slots=True)
class After:
    """`own`: corrections of the entry that made the batch, `before` of the entries before it; `locks`: holds and
    recalls of the batch or of what it was made of, that have not ended.
    """

    own: tuple[Corrected, ...]
    before: tuple[Corrected, ...]
    locks: tuple[News, ...]


def after(conn: Connection, origin: str, record: BatchRecord, *, below_pools: bool) -> After:
    """What is known here of a batch that is or was here; of what went into our pools, only `below_pools`."""
    try:
        way = genealogy.closure(conn, record.batch.id, origin, below_pools=below_pools)
        entries, held = {*way.entries}, way.held
    except Unknown:
        entries, held = set(), frozenset({(record.batch.id, origin)})
    entries.update(() if record.made_by is None else (record.made_by,))
    known = downstream.news(conn, origin, held, entries)
    told: dict[tuple[str, int], list[Event]] = {}
    for one in known:
        for index in one.corrected:
            told.setdefault((one.event.origin, index), []).append(one.event)
    found = [
        Corrected(log, index, tuple(dict.fromkeys(one.type for one in by)), max(map(event_at, by)))
        for (log, index), by in sorted(told.items())
    ]
    made_by = None if record.made_by is None else downstream.place(conn, origin, record.made_by)
    own = tuple(one for one in found if (one.log, one.index) == made_by)
    return After(own, tuple(one for one in found if one not in own), _open(known))


def _open(known: Iterable[News]) -> tuple[News, ...]:
    found = [one for one in known if one.event.type not in CORRECTIONS]
    ended = downstream.ended(found)
    return tuple(one for one in found if one.event.type != "released" and one.lock not in ended)


def locked(batch: Batch) -> dict[str, bool]:
    """What of held, pledged, recalled is true of some of the batch, for those who keep it."""
    kinds = {lock.kind for lock in batch.locks}
    return {HELD: HELD in kinds, RECALLED: batch.recalled is not None, PLEDGED: PLEDGED in kinds}


def status_of(found: After, origin: str, unit: Unit, record: BatchRecord) -> str:
    """For whoever scans: the gravest of recalled, held, concerned, corrected; valid where none is known here. Pledges
    are not his business. Held is what is held here; others hold what they have, and its kin are concerned.
    """
    kinds = {kind for _, kind in unit.locks}
    concerned = [one for one in found.locks if not _is_apart(one, origin, unit)]
    if record.batch.recalled is not None or RECALLED in kinds or any(_recalls(one, unit) for one in concerned):
        return RECALLED
    if HELD in kinds:
        return HELD
    if concerned:
        return CONCERNED
    return CORRECTED if found.own or found.before else VALID


def _recalls(one: News, unit: Unit) -> bool:
    """Whether it calls back this unit, or all of its batch."""
    return one.event.type == RECALLED and unit.batch in one.batches


def _is_apart(one: News, origin: str, unit: Unit) -> bool:
    """It locks other goods of the same batch: other units, or what we hold ourselves and custody tells apart."""
    if one.batches != (unit.batch,):
        return False
    named = one.units_of(unit.batch, origin)
    return one.event.origin == origin and one.event.type == HELD if named is None else unit.id not in named


def shown(conn: Connection, origin: str, record: BatchRecord) -> Mapping[str, Any]:
    """The part of a batch's answer that tells of all this: to the house, which knows what went into its pools."""
    found = after(conn, origin, record, below_pools=True)
    return {
        "status": locked(record.batch),
        "corrections": [one.as_json() for one in found.own],
        "upstream_corrections": [one.as_json() for one in found.before],
        "locks": [lock_of(one) for one in found.locks],
        "recomputed": recomputed(conn, record),
    }


def lock_of(one: News) -> dict[str, Any]:
    """A hold or recall, as answers show it."""
    told = one.event.scalar("hold") or one.event.scalar("recall")
    return {
        "lock": one.lock,
        "is": one.event.type,
        "kind": told.get("kind"),
        "text": told.get("text"),
        "at": event_at(one.event),
        "log": one.event.origin,
        "index": one.index,
        "batches": list(one.batches),
    }
