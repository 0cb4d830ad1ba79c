"""One own entry as a person looks at it: what it says, what it says by now, and who stands behind it.

Does not check signatures: the node checked cosignatures when it took them, and an audit reads all again.
"""

from dataclasses import dataclass

from ledger.evidence import Evidence
from ledger.log.notes import parse_note
from ledger.matter.corrections import corrected
from ledger.matter.devices import Captured, captured
from ledger.matter.event_types import CORRECTIONS
from ledger.matter.events import Event
from ledger.matter.stock import Correction
from nodes import downstream, evidence
from nodes.clock import stamp
from nodes.node import Node
from nodes.store import codes, log, stock
from nodes.store.engine import Connection
from nodes.store.records import Entry

OWN = "authority"
"""The audience that all of an own entry is open to."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`now`: as its corrections leave it, None where nothing is left of it. `corrections`: own entries that corrected
    it. `size`: of the checkpoint that it is proven by, None while there is none; `witnesses`: who cosigned that.
    """

    entry: Entry
    event: Event
    now: Event | None
    corrections: tuple[Entry, ...]
    size: int | None
    witnesses: tuple[str, ...]
    batches: tuple[tuple[str, str], ...]

    @property
    def may_be_corrected(self) -> bool:
        return self.entry.index > 0 and self.entry.type not in CORRECTIONS and self.now is not None

    @property
    def device(self) -> Captured | None:
        """What a device signed of it."""
        return captured(self.event)

    @property
    def was_corrected(self) -> bool:
        return self.now != self.event


def seen(node: Node, index: int) -> Seen:
    """Unknown where the log has no such entry."""
    with node.store.read() as conn:
        entry = log.entry(conn, index)
        size, witnesses = _cosigned(conn, node.settings.name, index)
        event = entry.event
        return Seen(
            entry,
            event,
            corrected(event, correction_of(conn, index)),
            corrections_of(conn, node.origin, index),
            size,
            witnesses,
            tuple((id_, batch_name(conn, id_)) for id_ in batches_of(event)),
        )


def correction_of(conn: Connection, index: int) -> Correction:
    """What was corrected of it so far."""
    found = stock.load(conn, [("correction", str(index))]).get(("correction", str(index)))
    return found if isinstance(found, Correction) else Correction(index)


def corrections_of(conn: Connection, origin: str, index: int) -> tuple[Entry, ...]:
    told = [one.entry_no for one in downstream.news(conn, origin, (), [index]) if one.event.origin == origin]
    return tuple(log.entries_at(conn, (no for no in told if no >= 0)))


def batches_of(event: Event) -> list[str]:
    """The batches that it names or made, in the order of its slots."""
    made = [one for name, ids in event.ids.items() if name.partition(".")[0] in _MAKING for one in _each(ids)]
    named = [row["batch"] for slot in event.slots for row in _rows(event, slot) if "batch" in row]
    return list(dict.fromkeys(one for one in [*made, *named] if isinstance(one, str)))


def batch_name(conn: Connection, id_: str) -> str:
    """The lot number, else the end of the id."""
    _, lot_no = codes.words_of(conn, id_)
    return lot_no or id_[-8:]


def proof(node: Node, index: int) -> Evidence:
    """The entry open in all it says, with the proof that it is in the log."""
    with node.store.read() as conn:
        log.entry(conn, index)
        return evidence.of_entry(conn, node.origin, {"log": node.origin}, index, OWN, stamp(node.clock()))


_MAKING = frozenset({"batch", "outputs", "assembly", "opens"})
"""Slots whose ids are batches."""


def _each(ids: object) -> list[object]:
    return list(ids) if isinstance(ids, (list, tuple)) else [ids]


def _rows(event: Event, slot: str) -> list[dict[str, object]]:
    value = event.slots[slot]
    if isinstance(value, (list, tuple)):
        return [row for row in value if isinstance(row, dict)]
    return [value] if isinstance(value, dict) and isinstance(value.get("batch"), str) else []


def _cosigned(conn: Connection, name: str, index: int) -> tuple[int | None, tuple[str, ...]]:
    found = log.shown_checkpoint(conn) or log.latest_checkpoint(conn)
    if found is None or found[0] <= index:
        return None, ()
    names = (line.name for line in parse_note(found[1]).signatures)
    return found[0], tuple(
        dict.fromkeys(one for one in names if one.endswith("/witness") and not one.startswith(f"{name}/"))
    )
