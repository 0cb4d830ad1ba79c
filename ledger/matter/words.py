"""Words of an entry that `amended` may change: the table of paths, what stands at one, and the entry with other words.

A path is written as the field's place in the event: `batch.lot_no`, `outputs.chain/1.lot_no`, `documents.list[0].no`.
Words are texts for people. Ids, masses, products, origins, parties and times are not: those are reversed or adjusted.

Promises: `with_words` changes nothing but the words at those paths, in a copy. Does not check that an amendment is
allowed: correcting.py does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from re import compile as pattern
from typing import Any

from ledger.matter.event_types import CORRECTIONS, EVENT_TYPES, slot_of
from ledger.matter.events import Event

_PATH = pattern(
    r"(?:(?P<scalar>\w+)|(?P<list>\w+\.\w+)/(?P<item>0|[1-9][0-9]{0,5}))\.(?P<field>\w+)"
    r"(?:\[(?P<row>0|[1-9][0-9]{0,5})\]\.(?P<key>\w+))?"
)
_DOCUMENTS = "documents.list"
_DOCUMENT_WORDS = frozenset({"kind", "no", "date", "issuer", "name", "note"})
_OUTPUTS = ("outputs.chain.lot_no",)
_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "registered": ("batch.lot_no", "origin.region"),
    "transformed": _OUTPUTS,
    "packed": ("units.public.seal",),
    "shipped": ("transport.vehicle", "transport.waybill", "transport.carrier"),
    "received": ("receipt.reason", "lines.partner.reason"),
    "acknowledged": ("acknowledgement.reason",),
    "assembled": ("assembly.lot_no", "units.public.seal"),
    "dismantled": _OUTPUTS,
    "removed": ("reason.text",),
    "charged": ("opens.lot_no",),
    "drawn": _OUTPUTS,
    "closed": ("opens.lot_no", "reason.text"),
    "sampled": (*_OUTPUTS, "sampling.sampler", "outputs.sample.seal"),
    "remeasured": ("reason.text",),
    "counted": ("reason.text",),
    "unpledged": ("reason.text",),
    "held": ("reason.text",),
    "released": ("reason.text",),
    "recalled": ("recall.text", "reason.text"),
    "reported": ("report.receipt_no",),
    "withdrawal_asked": ("reason.text",),
    "inspected": ("reason.text",),
    "ordered": ("reason.text",),
    "voided": ("reason.text",),
}


def _allowed(type_: str) -> frozenset[str]:
    slots = {slot.name for slot in EVENT_TYPES[type_]}
    own = {_DOCUMENTS} if "documents" in slots else set()
    return frozenset({*_OF_TYPE.get(type_, ()), *own, *({"recorded.external_ref"} if "recorded" in slots else ())})


WORDS = {type_: _allowed(type_) for type_ in EVENT_TYPES if type_ not in (*CORRECTIONS, "log_opened")}
"""Event type → slots and fields whose words may be amended."""


@dataclass(frozen=True, slots=True)
class Place:
    """A path taken apart: `item` of a list slot, `row` and `key` of a document. `optional`: may be without words."""

    slot: str
    item: int | None
    field: str
    row: int | None
    key: str
    optional: bool


def place_of(type_: str, path: str) -> Place | None:
    """Where a path leads in an event of this type; None where no words may be amended there."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    slot, field = match["scalar"] or match["list"], match["field"]
    if f"{slot}.{field}" not in WORDS.get(type_, ()):
        return None
    if (match["row"] is not None) != (f"{slot}.{field}" == _DOCUMENTS):
        return None
    if match["key"] is not None and match["key"] not in _DOCUMENT_WORDS:
        return None
    found = slot_of(type_, slot)
    if found.items != (match["item"] is not None):
        return None
    row = None if match["row"] is None else int(match["row"])
    item = None if match["item"] is None else int(match["item"])
    return Place(slot, item, field, row, match["key"] or "", row is not None or found.kinds[field].endswith("?"))


def exists(event: Event, place: Place) -> bool:
    """Whether there is something to have those words. A document may be added, and a slot that needs no other field."""
    if place.row is not None:
        return place.row <= len(event.scalar("documents").get("list", ()))
    if place.item is not None:
        return place.item < len(event.items(place.slot)) and event.items(place.slot)[place.item] is not None
    others = (kind for name, kind in slot_of(event.type, place.slot).kinds.items() if name != place.field)
    return bool(event.slots.get(place.slot)) or all(kind.endswith("?") for kind in others)


def word(event: Event, place: Place) -> Any:
    """What stands there; None where nothing does."""
    if place.row is not None:
        documents = event.scalar("documents").get("list", ())
        return documents[place.row].get(place.key) if place.row < len(documents) else None
    value = event.scalar(place.slot) if place.item is None else event.items(place.slot)[place.item]
    return value.get(place.field)


def with_words(event: Event, words: Iterable[tuple[str, str | None]]) -> Event:
    """The event with these words at these paths; paths that lead nowhere in it are passed over."""
    for path, text in words:
        place = place_of(event.type, path)
        if place is not None and exists(event, place):
            event = replace(event, slots={**event.slots, place.slot: _written(event, place, text)})
    return event


def _written(event: Event, place: Place, text: str | None) -> Any:
    if place.row is not None:
        documents = [*event.scalar("documents").get("list", ())]
        if place.row == len(documents):
            documents.append({})
        documents[place.row] = _put(documents[place.row], place.key, text)
        return {**event.scalar("documents"), "list": documents}
    if place.item is None:
        return _put(event.scalar(place.slot), place.field, text)
    items = list(event.items(place.slot))
    items[place.item] = _put(items[place.item], place.field, text)
    return items


def _put(value: Mapping[str, Any], name: str, text: str | None) -> dict[str, Any]:
    rest = {key: kept for key, kept in value.items() if key != name}
    return rest if text is None else {**rest, name: text}
