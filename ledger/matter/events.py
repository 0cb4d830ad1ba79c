"""The event types: which slots each has, which fields a slot holds, and who may read it by default. One table.

A slot is one commitment (formats page, "Event JSON"): scalar, or a list of items of which each is committed apart.
Fields with the same readers share a slot, so one disclosure opens one reader's view. Every event of a type has all
its slots, absent ones as a committed null, so nothing is told by what is missing.

Audiences, each including the ones before it in what it may read:
  public     anyone (and anyone who holds the labelled thing in hand)
  chain      whoever holds a receipt downstream, as far as the goods came from there
  partner    the counterparty named in the entry (nobody for events without one)
  authority  the authority of the log's jurisdiction
Named grants come on top and are not part of this table.

Promises: `Event.check` accepts only the fields of the table, with the right kind of value; fields it does not know are
kept, for a later version may add some. It does not check kilograms: custody.py does.

Over 400 lines because the table is one table, and what checks a row stands beside it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from re import compile as pattern
from typing import Any

from ledger.errors import Malformed

AUDIENCES = ("public", "chain", "partner", "authority")
LIST_MAX = 65_536
NOTE_MAX = 1 << 17
PURPOSES = ("sale", "processing", "consignment", "storage", "sample", "return", "repair")
TITLE_PASSES = frozenset({"sale", "sample", "return"})
"""Purposes with which the accepted goods become the receiver's own; with the others the sender stays the owner."""
UNIT_STATES = ("accepted", "concession", "quarantined", "rejected", "missing", "unexpected", "damaged")
ORIGIN_CLASSES = ("mined", "imported", "recycled", "bought_outside", "unknown_opening")

Slots = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """`kinds` maps a field to its kind, with a `?` behind it where the field may be absent."""

    name: str
    audience: str
    kinds: Mapping[str, str]
    items: bool = False
    creates: str | None = None


def _slot(name: str, audience: str, creates: str | None = None, /, **kinds: str) -> Slot:
    # Field names that are Python keywords are written with a trailing underscore in the table below.
    return Slot(name, audience, {key.rstrip("_"): kind for key, kind in kinds.items()}, creates=creates)


def _list(name: str, audience: str, creates: str | None = None, /, **kinds: str) -> Slot:
    return Slot(name, audience, {key.rstrip("_"): kind for key, kind in kinds.items()}, items=True, creates=creates)


_DOCUMENTS = _slot("documents", "authority", list="documents")
_RECORDED = _slot(
    "recorded",
    "authority",
    by="text",
    approved_by="text?",
    external_ref="text?",
    confirmed="list?",
    captured="object?",
    reference="text?",
)
_LOSSES = _slot("losses", "authority", list="losses")
_PART = {"mg": "mg", "basis": "code", "count": "count?", "units": "ids?", "owner": "name?"}

EVENT_TYPES: Mapping[str, tuple[Slot, ...]] = {
    "log_opened": (
        _slot(
            "log", "public", name="name", organisation="text", organisation_en="text?", role="code", country="country?"
        ),
        _slot("keys", "public", list="keys"),
        _slot("predecessor", "public", checkpoint="note"),
    ),
    "registered": (
        _slot("batch", "chain", "batch", product="code", lot_no="text?", at="at", site="code"),
        _slot("origin", "chain", class_="code", country="country", region="text?", feed_class="code?"),
        _slot("quantity", "authority", mg="mg", basis="code", count="count?", typed="object", weighing="object?"),
        _slot("assay", "authority", basis="code"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "transformed": (
        _slot("transformation", "chain", at="at", steps="steps"),
        _list("inputs.chain", "chain", batch="id"),
        _list("inputs.authority", "authority", **_PART, site="code", typed="object"),
        _list("outputs.chain", "chain", "batch", product="code", lot_no="text?"),
        _list(
            "outputs.authority",
            "authority",
            mg="mg",
            basis="code",
            count="count?",
            site="code",
            typed="object",
            assay="object?",
        ),
        _LOSSES,
        _DOCUMENTS,
        _RECORDED,
    ),
    "packed": (
        _slot("packing", "chain", batch="id", at="at", site="code"),
        _list("units.public", "public", "unit", serial="text", kind="code", net_mg="mg", count="count?", seal="text?"),
        _list("units.chain", "chain", contains="ids?"),
        _list("units.authority", "authority", typed="object", owner="name?"),
        _RECORDED,
    ),
    "unpacked": (
        _slot("unpacking", "chain", at="at"),
        _list("units.chain", "chain", unit="id", batch="id", contains="ids?"),
        _RECORDED,
    ),
    "moved": (
        _slot("move", "authority", at="at", from_="code", to="code"),
        _list("lines.chain", "chain", batch="id"),
        _list("lines.authority", "authority", **_PART, typed="object?"),
        _RECORDED,
    ),
    "shipped": (
        _slot("shipment", "chain", "shipment", at="at", purpose="code", to="name?", original="id?"),
        _slot("party", "partner", outside="object"),
        _list("lines.chain", "chain", batch="id"),
        _list(
            "lines.partner",
            "partner",
            mg="mg",
            basis="code",
            count="count?",
            units="units",
            owner="name?",
            product="code",
            lot_no="text?",
            assay="object?",
        ),
        _list("lines.authority", "authority", site="code", typed="object?"),
        _slot("transport", "partner", vehicle="text?", waybill="text?", carrier="text?"),
        _slot("documents", "partner", list="documents"),
        _RECORDED,
    ),
    "received": (
        _slot(
            "receipt",
            "chain",
            at="at",
            shipment="id",
            from_="name",
            purpose="code",
            final="flag",
            declined="flag",
            reason="text?",
        ),
        _slot("offer", "chain", log="name", index="count0", leaf="hash", size="count", root="hash"),
        _list("lines.chain", "chain", line="count0", batch="id"),
        _list(
            "lines.partner",
            "partner",
            basis="code",
            offered_mg="mg",
            offered_count="count?",
            accepted_mg="mg",
            accepted_count="count?",
            rejected_mg="mg",
            rejected_count="count?",
            missing_mg="mg",
            missing_count="count?",
            difference_mg="signed",
            tolerance_mg="mg?",
            units="received_units",
            owner="name?",
            product="code",
            lot_no="text?",
            reason="text?",
        ),
        _list("lines.authority", "authority", site="code", typed="object?", weighing="object?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "acknowledged": (
        _slot("acknowledgement", "partner", at="at", shipment="id", agreed="flag", declined="flag", reason="text?"),
        _slot("answer", "partner", log="name", index="count0", leaf="hash", size="count", root="hash"),
        _list("lines.partner", "partner", line="count0", batch="id", mg="mg", count="count?", units="ids?"),
        _list("lines.authority", "authority", site="code", typed="object?"),
        _RECORDED,
    ),
    "assembled": (
        _slot("assembly", "chain", "batch", at="at", product="code", lot_no="text?", steps="steps"),
        _slot("quantity", "authority", mg="mg", basis="code", count="count", site="code"),
        _list("inputs.chain", "chain", batch="id"),
        _list("inputs.authority", "authority", **_PART, site="code", typed="object"),
        _list("units.public", "public", "unit", serial="text", kind="code", net_mg="mg", count="count", seal="text?"),
        _list("units.chain", "chain", from_="list?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "dismantled": (
        _slot("dismantling", "chain", at="at", steps="steps"),
        _list("units.chain", "chain", unit="id", batch="id"),
        _list("outputs.chain", "chain", "batch", product="code", lot_no="text?"),
        _list("outputs.authority", "authority", mg="mg", basis="code", count="count?", site="code", typed="object"),
        _LOSSES,
        _DOCUMENTS,
        _RECORDED,
    ),
    "removed": (
        _slot("removal", "chain", at="at", kind="code"),
        _list("lines.chain", "chain", batch="id"),
        _list("lines.authority", "authority", **_PART, site="code", typed="object?"),
        _slot("reason", "authority", text="text"),
        _DOCUMENTS,
        _RECORDED,
    ),
}
OPTIONAL = frozenset({"predecessor", "assay", "documents", "losses", "party", "transport", "reason", "answer"})
"""Scalar slots that may hold a committed null; every other one says something in every event of its type."""
ROWS: Mapping[str, Mapping[str, str]] = {
    "documents": {},
    "keys": {"use": "code", "alg": "code"},
    "losses": {"kind": "code", "mg": "mg", "basis": "code?"},
    "steps": {"process": "code", "site": "code?", "country": "country?"},
    "units": {
        "unit": "id",
        "kind": "code",
        "serial": "text",
        "net_mg": "mg",
        "count": "count?",
        "seal": "text?",
        "inside": "id?",
    },
    "received_units": {
        "unit": "text",
        "state": "code",
        "kind": "code",
        "serial": "text",
        "net_mg": "mg",
        "count": "count?",
        "seal": "text?",
        "inside": "id?",
        "reason": "text?",
    },
}
"""Kinds that are arrays of objects, and the fields of those. A unit that nobody offered may have no id to state."""
REMOVAL_KINDS = ("consumed", "disposed", "destroyed")

_ID = pattern(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_NAME = pattern(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?:/[a-z0-9-]+)*")
_ORIGIN = pattern(r".+/log(?:[2-9]|[1-9][0-9]+)?")
_CODE = pattern(r"[a-z0-9][a-z0-9_.-]{0,63}")
_DAY = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_HOUR = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_AT = pattern(f"{_DAY}T{_HOUR}:[0-5][0-9][+-]{_HOUR}")
_COUNTRY = pattern("[A-Z]{2}")
_HASH = pattern(r"[A-Za-z0-9+/]{43}=")
_MAX = 2**53 - 1


def _whole(low: int) -> Any:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= _MAX


def is_name(text: object) -> bool:
    """A node's name or a log's origin: formats page, "Names"."""
    return isinstance(text, str) and len(text) <= 120 and _NAME.fullmatch(text) is not None


def is_origin(text: object) -> bool:
    """A log's origin: `NAME/log`, or `NAME/log2` and so on for its successors."""
    return is_name(text) and _ORIGIN.fullmatch(str(text)) is not None


def is_id(text: object) -> bool:
    """An id of ours (26 characters), or a foreign one (`log#id`)."""
    if not isinstance(text, str):
        return False
    log, _, own = text.rpartition("#")
    return _ID.fullmatch(own) is not None and ("#" not in text or is_origin(log))


KINDS: Mapping[str, Any] = {
    "text": lambda value: isinstance(value, str) and 0 < len(value) <= 500,
    "note": lambda value: isinstance(value, str) and 0 < len(value) <= NOTE_MAX,
    "code": lambda value: isinstance(value, str) and _CODE.fullmatch(value) is not None,
    "name": is_name,
    "id": is_id,
    "ids": lambda value: isinstance(value, (list, tuple)) and all(is_id(item) for item in value),
    "mg": _whole(0),
    "count": _whole(1),
    "count0": _whole(0),
    "signed": _whole(-_MAX),
    "flag": lambda value: isinstance(value, bool),
    "at": lambda value: isinstance(value, str) and _AT.fullmatch(value) is not None,
    "country": lambda value: isinstance(value, str) and _COUNTRY.fullmatch(value) is not None,
    "hash": lambda value: isinstance(value, str) and _HASH.fullmatch(value) is not None,
    "list": lambda value: isinstance(value, (list, tuple)),
    "object": lambda value: isinstance(value, Mapping),
}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, opened as far as this reader may see.

    `slots`: value of each scalar slot (a mapping, or None where absent or not disclosed), and for each list slot the
    items in order (None for an item not disclosed; without the committed nulls of the padding).
    `ids`: for slots that create something, its id, or the ids of the items in order (None where not disclosed).
    `origin` is the log's; `recorded_at` the node's own clock at sealing (`…Z`).
    """

    type: str
    origin: str
    slots: Slots
    ids: Mapping[str, Any] = field(default_factory=dict)
    recorded_at: str = ""

    @property
    def name(self) -> str:
        """The organisation's node name: the origin without its last part."""
        return self.origin.rpartition("/")[0]

    def scalar(self, slot: str) -> Mapping[str, Any]:
        """The value of a scalar slot, empty where it is absent."""
        return self.slots.get(slot) or {}

    def items(self, slot: str) -> Sequence[Any]:
        return self.slots.get(slot) or ()

    def rows(self, *slots: str) -> Iterator[dict[str, Any]]:
        """The items of several list slots of the same length, merged row by row; undisclosed parts add nothing.

        Each slot brings the fields that the table gives it and no others: a field that a writer slips into another
        slot of the row must not speak to one reader against what the rest are shown.
        """
        longest = max([len(self.items(slot)) for slot in slots], default=0)
        if not longest:
            return
        known = {slot.name: slot.kinds for slot in EVENT_TYPES.get(self.type, ())}
        lists = [(self.items(slot), known.get(slot, {})) for slot in slots]
        for position in range(longest):
            row: dict[str, Any] = {}
            for items, kinds in lists:
                item = items[position] if position < len(items) else None
                if item is not None:
                    row.update((name, item[name]) for name in kinds if item.get(name) is not None)
            yield row

    def check(self, *, whole: bool = True) -> "Event":
        """Raises Malformed unless each disclosed field is of its kind; with `whole`, also for one that is missing."""
        table = EVENT_TYPES.get(self.type)
        if table is None:
            raise Malformed("event-type-unknown", field="type", value=self.type)
        lengths: dict[str, int] = {}
        for slot in table:
            value = self.slots.get(slot.name)
            if not slot.items:
                if value is None and whole and slot.name not in OPTIONAL:
                    raise Malformed("field-missing", field=slot.name)
                if value is not None:
                    _check_fields(_FIELDS[self.type][slot.name], value, slot.name)
                continue
            items = value or ()
            if len(items) > LIST_MAX:
                raise Malformed("list-too-long", field=slot.name, value=len(items), limit=LIST_MAX)
            group = slot.name.partition(".")[0]
            if whole and lengths.setdefault(group, len(items)) != len(items):
                raise Malformed("malformed", field=slot.name, why=f"{group} have different lengths")
            for position, item in enumerate(items):
                if item is not None:
                    _check_fields(_FIELDS[self.type][slot.name], item, f"{slot.name}/{position}")
                elif whole:
                    raise Malformed("field-missing", field=f"{slot.name}/{position}")
        return self


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a slot or of its rows: `fits` for a plain kind, `rows` for an array of objects."""

    name: str
    kind: str
    required: bool
    fits: Callable[[Any], bool]
    rows: "tuple[_Field, ...] | None"


def _fields(kinds: Mapping[str, str]) -> tuple[_Field, ...]:
    found = []
    for name, kind in kinds.items():
        plain = kind.rstrip("?")
        rows = _fields(ROWS[plain]) if plain in ROWS else None
        found.append(_Field(name, plain, plain == kind, KINDS["list" if rows is not None else plain], rows))
    return tuple(found)


# The table as `check` reads it, for every event comes by here: taken apart once.
_FIELDS = {type_: {slot.name: _fields(slot.kinds) for slot in slots} for type_, slots in EVENT_TYPES.items()}


def _check_fields(fields: tuple[_Field, ...], value: Mapping[str, Any], where: str) -> None:
    for known in fields:
        found = value.get(known.name)
        if found is None:
            if known.required:
                raise Malformed("field-missing", field=f"{where}.{known.name}")
        elif not known.fits(found):
            raise Malformed("field-wrong", field=f"{where}.{known.name}", value=found, kind=known.kind)
        elif known.rows is not None:
            for position, row in enumerate(found):
                place = f"{where}.{known.name}[{position}]"
                if not isinstance(row, Mapping):
                    raise Malformed("field-wrong", field=place, value=row, kind="object")
                _check_fields(known.rows, row, place)


def slot_of(event_type: str, name: str) -> Slot:
    """The table's row for a slot; KeyError is a programming mistake."""
    return next(slot for slot in EVENT_TYPES[event_type] if slot.name == name)
