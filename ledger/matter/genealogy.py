"""Genealogy: which batches an event makes, and out of which.

Pure reading of an event, own or foreign, as far as it is disclosed; the store keeps what it answers as integer edges.
Ids are written as the event's log writes them (`entries.id_in` turns them into another log's writing).
"""

from dataclasses import dataclass

from ledger.matter.event_types import STATUSES
from ledger.matter.events import Event


@dataclass(frozen=True, slots=True)
class Made:
    """A batch that comes into being. Amounts are None where not disclosed."""

    batch: str
    product: str
    lot_no: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Edge:
    """`child` was made out of `parent`. `mg` is how much of the parent went in, None where not disclosed."""

    child: str
    parent: str
    mg: int | None


_MAKING = frozenset({"transformed", "sampled", "assembled", "dismantled", "charged", "drawn", "closed"})


def event_at(event: Event) -> str:
    """When it happened, as the clerk stated it; when recorded, where that is not disclosed."""
    for slot in event.slots.values():
        if isinstance(slot, dict) and isinstance(slot.get("at"), str):
            return str(slot["at"])
    return event.recorded_at


def made(event: Event) -> list[Made]:
    """The batches this event makes, in the order of its slots."""
    at = event_at(event)
    found = []
    for slot in ("batch", "assembly", "opens"):
        value = event.scalar(slot)
        if slot in event.ids and "product" in value:
            found.append(Made(event.ids[slot], value["product"], value.get("lot_no"), at))
    for id_, row in zip(event.ids.get("outputs.chain", ()), event.items("outputs.chain"), strict=True):
        if id_ is not None:
            found.append(Made(id_, row["product"], row.get("lot_no"), at))
    return found


def about(event: Event) -> list[str]:
    """The batches that somebody who holds them needs this event for: it made, received, packed or shipped them, or is
    of their pool's period.
    """
    found = [one.batch for one in made(event)]
    if event.type in ("received", "shipped"):
        found += [row["batch"] for row in event.rows("lines.chain") if "batch" in row]
    if event.scalar("packing"):
        found.append(event.scalar("packing")["batch"])
    found += [event.scalar(slot)["period"] for slot in ("charge", "closing") if event.scalar(slot).get("period")]
    return list(dict.fromkeys(found))


def corrected(event: Event) -> dict[int, str]:
    """The entries that a correction names for the chain, as far as it is open: index to leaf hash."""
    rows = [event.scalar("amendment"), event.scalar("reversal")]
    rows += [*event.rows("lines.chain"), *event.rows("shared.chain")] if event.type == "adjusted" else ()
    return {row["index"]: row["leaf"] for row in rows if "index" in row}


def locked(event: Event) -> list[str]:
    """The batches that a hold, a recall or the end of one is about."""
    rows = event.rows("lines.public", "lines.chain") if event.type in STATUSES else ()
    return list(dict.fromkeys(row["batch"] for row in rows if "batch" in row))


def edges(event: Event) -> list[Edge]:
    """Every made batch out of every input batch; a batch used twice in one event is one edge with the sum."""
    if event.type not in _MAKING:
        return []
    parents: dict[str, int | None] = {}
    for row in event.rows("inputs.chain", "inputs.authority"):
        if "batch" in row:
            mg = row.get("mg")
            before = parents.get(row["batch"], 0)
            parents[row["batch"]] = None if mg is None or before is None else before + mg
    if event.type == "dismantled":
        for row in event.rows("units.chain", "units.authority"):
            if "batch" in row:
                before = parents.get(row["batch"], 0)
                parents[row["batch"]] = None if "mg" not in row or before is None else before + row["mg"]
    period = next(
        (event.scalar(slot).get("period") for slot in ("draw", "closing", "charge") if slot in event.slots), None
    )
    if event.type == "charged" and period is not None:
        return [Edge(period, parent, mg) for parent, mg in parents.items()]
    if period is not None:
        parents = {period: None}
    return [Edge(child.batch, parent, mg) for child in made(event) for parent, mg in parents.items()]
