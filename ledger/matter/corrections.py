"""Corrections, seen from the entries they correct: what an entry says once its corrections are folded into it.

    as_corrected(events)          a log's own events with every correction folded in where it belongs
    corrected(event, correction)  one event, as its corrections leave it; None where nothing of it is left
    told(event)                   what one correcting event makes of each entry that it names
    amounts(event)                how much of which batch an entry moved, as far as `adjusted` may change it

In the folded stream a correction counts at its entry's own place in the log, not where it was recorded; recompute.py
goes through as much of it as an adjustment concerns. In the end as much of each batch is there, at each site, for each
owner. In between it may be overdrawn, where goods were moved, packed or sent away and came back before the correction,
and what was given back of a unit that was opened is loose: the folded stream is for summing, not for asking custody
again.

Does not check that a correction may be: correcting.py, reversing.py and adjusting.py did. Shares and amounts per source
that an entry committed to (`outputs.sources` and the like) are as they were committed, and are to be computed anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.matter.event_types import CORRECTIONS
from ledger.matter.events import Event
from ledger.matter.receiving import accepted_owner
from ledger.matter.stock import Correction, Delta
from ledger.matter.words import with_words

SIDES = ("made", "used", "shipped", "received")
SHARED = ("shipped", "received")
"""Sides of entries that two organisations share."""
_MAY_VANISH = ("registered", "transformed", "sampled", "removed")
"""Entries of which nothing is left when all their amounts are adjusted to nothing, not even a loss."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A row of an entry: so much of a batch was made there, used from there, shipped from there, or received there.

    `owner` is None where the event does not tell whose the goods are. `slot`, `item` and `prefix` say where the figures
    stand in the event (`accepted_` of a receipt).
    """

    side: str
    batch: str
    site: str
    owner: str | None
    mg: int
    count: int
    slot: str
    item: int | None
    prefix: str = ""

    def stands_at(self, delta: Delta) -> bool:
        own = self.owner is None or self.owner == delta.owner
        return own and (self.side, self.batch, self.site) == (delta.side, delta.batch, delta.site)


def amounts(event: Event) -> list[Amount]:
    """The rows of an entry that `adjusted` may change, in the order of the event; none for other types."""
    match event.type:
        case "registered":
            made, quantity = event.scalar("batch"), event.scalar("quantity")
            counted = quantity.get("count") or 0
            return [Amount("made", event.ids["batch"], made["site"], "", quantity["mg"], counted, "quantity", None)]
        case "transformed" | "sampled" | "assembled" | "dismantled":
            used = _rows(event, "used", "inputs")
            owners = {amount.owner for amount in used}
            return [*used, *_outputs(event, owners.pop() if len(owners) == 1 else None)]
        case "removed":
            return _rows(event, "used", "lines")
        case "shipped":
            return [
                Amount(
                    "shipped", row["batch"], row["site"], row.get("owner") or "", *_figures(row), "lines.partner", at
                )
                for at, row in enumerate(event.rows("lines.chain", "lines.partner", "lines.authority"))
            ]
        case "received":
            return _received(event)
    return []


def _figures(row: Mapping[str, Any], prefix: str = "") -> tuple[int, int]:
    return row[f"{prefix}mg"], row.get(f"{prefix}count") or 0


def _rows(event: Event, side: str, group: str) -> list[Amount]:
    slot = f"{group}.authority"
    return [
        Amount(side, row["batch"], row["site"], row.get("owner") or "", *_figures(row), slot, at)
        for at, row in enumerate(event.rows(f"{group}.chain", slot))
    ]


def _outputs(event: Event, owner: str | None) -> list[Amount]:
    slot = "outputs.authority"
    return [
        Amount("made", id_, row["site"], owner, *_figures(row), slot, at)
        for at, (id_, row) in enumerate(zip(event.ids.get("outputs.chain", ()), event.rows(slot), strict=True))
    ]


def _received(event: Event) -> list[Amount]:
    """What was accepted. The weighing difference stays what the scales said."""
    receipt, found = event.scalar("receipt"), []
    for at, row in enumerate(event.rows("lines.chain", "lines.partner", "lines.authority")):
        owner = accepted_owner(row, receipt, event.name)
        mg, count = _figures(row, "accepted_")
        found.append(
            Amount("received", row["batch"], row["site"], owner, mg, count, "lines.partner", at, prefix="accepted_")
        )
    return found


# -- what corrections say -----------------------------------------------------------------------------------------


def told(event: Event) -> list[Correction]:
    """What this event makes of the entries that it corrects, one for each entry; nothing for other events."""
    if event.type == "amended":
        words = tuple((row["path"], row.get("is")) for row in event.scalar("words")["list"])
        return [Correction(event.scalar("amendment")["index"], ("amended",), words)]
    if event.type == "reversed":
        return [Correction(event.scalar("reversal")["index"], ("reversed",))]
    if event.type != "adjusted":
        return []
    found: dict[int, Correction] = {}
    for row in lines(event):
        one = Correction(row["index"], deltas=(delta_of(row),))
        found[row["index"]] = found.get(row["index"], Correction(row["index"], ("adjusted",))).plus(one)
    return list(found.values())


def lines(event: Event) -> list[dict[str, Any]]:
    """The lines of an adjustment: first those of entries of one's own, then those shared with the partner."""
    shared = event.rows("shared.chain", "shared.partner", "shared.authority")
    return [*event.rows("lines.chain", "lines.authority"), *shared]


def delta_of(row: Mapping[str, Any]) -> Delta:
    owner, count = row.get("owner") or "", row.get("delta_count") or 0
    return Delta(row["side"], row["batch"], row["site"], owner, row["delta_mg"], count)


# -- folding ------------------------------------------------------------------------------------------------------


def as_corrected(events: Iterable[tuple[int, Event]]) -> Iterator[tuple[int, Event]]:
    """Own events by index, in log order: corrections folded into what they correct, and gone themselves.

    The whole log is read first, for its last entry may correct its second.
    """
    entries = list(events)
    found: dict[int, Correction] = {}
    for _, event in entries:
        for one in told(event):
            found[one.index] = found.get(one.index, Correction(one.index)).plus(one)
    for index, event in entries:
        if event.type not in CORRECTIONS:
            folded = corrected(event, found[index]) if index in found else event
            if folded is not None:
                yield index, folded


def corrected(event: Event, correction: Correction) -> Event | None:
    """The event with other words and amounts; None where it was reversed, or adjusted to nothing at all.

    Rows that were adjusted to nothing are left out, except those that a receipt counts by their number.
    """
    if "reversed" in correction.kinds:
        return None
    event = with_words(event, correction.words)
    if not correction.deltas:
        return event
    before = amounts(event)
    after = _spread(before, correction.deltas)
    slots = dict(event.slots)
    for old, new in zip(before, after, strict=True):
        if old != new:
            slots[new.slot] = _figured(slots[new.slot], old, new)
    event = replace(event, slots=slots)
    if event.type in _MAY_VANISH and not any(row.mg or row.count for row in after):
        return None
    gone = [row for row in after if not (row.mg or row.count) and row.side in ("made", "used")]
    for group in ("inputs", "lines", "outputs"):
        event = _without(event, group, {row.item for row in gone if row.slot == f"{group}.authority"})
    return event


def _spread(rows: Sequence[Amount], deltas: Iterable[Delta]) -> list[Amount]:
    """More goes to the first row of the place; less is taken from its rows in order, from none below zero."""
    found = list(rows)
    for delta in deltas:
        mg, count = delta.mg, delta.count
        for at, row in enumerate(found):
            if row.stands_at(delta):
                more_mg, more_count = max(mg, -row.mg), max(count, -row.count)
                found[at] = replace(row, mg=row.mg + more_mg, count=row.count + more_count)
                mg, count = mg - more_mg, count - more_count
    return found


def _figured(value: Any, old: Amount, new: Amount) -> Any:
    """A slot's value with the new figures of a row; the offered ones of a receipt move along with the accepted."""
    if new.item is not None:
        items = list(value)
        items[new.item] = _figured(items[new.item], old, replace(new, item=None))
        return items
    found = {**value, f"{new.prefix}mg": new.mg, f"{new.prefix}count": new.count or None}
    if new.side == "received":
        count = (value.get("offered_count") or 0) + new.count - old.count
        found |= {"offered_mg": value["offered_mg"] + new.mg - old.mg, "offered_count": count or None}
    return {name: kept for name, kept in found.items() if kept is not None}


def _without(event: Event, group: str, gone: set[int | None]) -> Event:
    """Without these rows, in each list of the group, and without the ids of what they made."""
    if not gone:
        return event
    slots, ids = dict(event.slots), dict(event.ids)
    for name in slots:
        if name.partition(".")[0] == group:
            slots[name] = [item for at, item in enumerate(event.items(name)) if at not in gone]
            if name in ids:
                ids[name] = tuple(id_ for at, id_ in enumerate(ids[name]) if at not in gone)
    return replace(event, slots=slots, ids=ids)
