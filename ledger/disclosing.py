"""Disclosing: which disclosures of an entry go to which reader. Policy, outside the bytes that are signed.

The default audience of each slot is in matter/events.py. On top of that a reader is handed only the list items that his
goods need: his lines, his units, the output he bought. What is handed over cannot be taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries import Entry, new_id
from ledger.log.canonical import b64
from ledger.log.disclosures import Opened, digest, open_slots, prove_items
from ledger.matter.event_types import AUDIENCES, EVENT_TYPES, Slot

_INPUTS = {"dismantled": "units"}
"""Which lists hold what went in, where they are not called so."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader's goods need, as the entry's log writes the ids. Inputs are always needed whole.

    `corrected` are the indexes of the entries on the way of his goods that a correction is of: of a batch that went to
    several, each partner's shipment is his own business.
    """

    batches: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    corrected: frozenset[int] = frozenset()


def select(
    entry: Entry,
    held: Sequence[Any],
    audience: str,
    wanted: Wanted | None = None,
    opened: Mapping[str, Opened] | None = None,
) -> list[Any]:
    """Of the disclosures `held` of an entry, those for `audience`; with `wanted`, of lists only the items needed.

    A list is given whole (all its texts, in order) where every item is kept, else item by item with tree paths.
    `opened` is what `held` opens, where that is known already.
    """
    if opened is None:
        opened = open_slots(entry.sd, held)
    level = AUDIENCES.index(audience)
    table = [slot for slot in EVENT_TYPES.get(entry.type, ()) if AUDIENCES.index(slot.audience) <= level]
    positions = None if wanted is None else _positions(entry, opened, wanted)
    chosen: list[Any] = []
    for slot in table:
        if not slot.items:
            chosen.extend(one.disclosure for one in [opened.get(slot.name)] if one is not None)
            continue
        items = {
            at: opened[f"{slot.name}/{at}"] for at in range(entry.sd[slot.name]["n"]) if f"{slot.name}/{at}" in opened
        }
        keep = None if positions is None else positions.get(_group(slot))
        chosen.extend(_list_items(entry.sd[slot.name]["n"], items, keep, held))
    return chosen


def _group(slot: Slot) -> str:
    return slot.name.partition(".")[0]


def _positions(entry: Entry, opened: Mapping[str, Opened], wanted: Wanted) -> dict[str, set[int] | None]:
    """Per group of list slots, the places that are needed; None where all are."""
    found: dict[str, set[int] | None] = {}
    for slot in EVENT_TYPES[entry.type]:
        if not slot.items:
            continue
        group = _group(slot)
        if group == _INPUTS.get(entry.type, "inputs"):
            found[group] = None
            continue
        places = found.setdefault(group, set())
        assert places is not None, "only inputs are needed whole"
        for at in range(entry.sd[slot.name]["n"]):
            one = opened.get(f"{slot.name}/{at}")
            if one is not None and isinstance(one.value, dict) and _is_wanted(slot, entry.origin, one, wanted):
                places.add(at)
    return found


def _is_wanted(slot: Slot, origin: str, one: Opened, wanted: Wanted) -> bool:
    value = one.value
    assert isinstance(value, dict)
    if slot.creates == "batch":
        return new_id(origin, one.salt) in wanted.batches
    if slot.creates == "unit":
        return new_id(origin, one.salt) in wanted.units
    if slot.name == "shared.chain":
        return value.get("index") in wanted.corrected
    if "unit" in value:
        return value["unit"] in wanted.units
    return value.get("batch") in wanted.batches


def _list_items(n: int, items: Mapping[int, Opened], keep: set[int] | None, held: Sequence[Any]) -> list[Any]:
    kept = sorted(items if keep is None else keep & items.keys())
    if not kept:
        return []
    said = {at for at, one in items.items() if one.value is not None}
    if len(items) == n and ((said and said <= set(kept)) or len(kept) == n):
        return [items[at].disclosure for at in range(n)]  # with the padding: that there is no more is shown, too
    if len(items) == n:
        paths = prove_items([digest(items[at].disclosure) for at in range(n)], kept)
        return [
            {"d": items[at].disclosure, "path": [b64(node) for node in path]}
            for at, path in zip(kept, paths, strict=True)
        ]
    given = {one["d"]: one for one in held if isinstance(one, dict)}
    return [given[items[at].disclosure] for at in kept]


def merge(entry: Entry, held: Sequence[Any], more: Sequence[Any]) -> list[Any]:
    """All that `held` and `more` open together, in the order of the slots. Both were checked against the entry before;
    a list that either opens whole stays whole.
    """
    first, second = open_slots(entry.sd, held), open_slots(entry.sd, more)
    paths = {one["d"]: one for one in (*held, *more) if isinstance(one, dict)}
    merged: list[Any] = []
    table = EVENT_TYPES.get(entry.type)
    for slot in entry.sd if table is None else (known.name for known in table):
        commitment = entry.sd[slot]
        if isinstance(commitment, str):
            found = first.get(slot) or second.get(slot)
            merged += [] if found is None else [found.disclosure]
            continue
        places = [f"{slot}/{at}" for at in range(commitment["n"])]
        whole = next((side for side in (first, second) if all(place in side for place in places)), None)
        if whole is not None:
            merged += [whole[place].disclosure for place in places]
            continue
        items = [first.get(place) or second.get(place) for place in places]
        merged += [paths[one.disclosure] for one in items if one is not None]
    return merged
