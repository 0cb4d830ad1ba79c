"""Events: what happened, opened as far as a reader may see, and whether its fields are of the kinds of the table.

The table itself is event_types.py. Promises: `Event.check` accepts only the fields of the table, with the right kind of
value; fields it does not know are kept, for a later version may add some. It does not check kilograms: custody.py does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from re import compile as pattern
from typing import Any

from ledger.errors import Malformed
from ledger.matter.event_types import EVENT_TYPES, LIST_MAX, NOTE_MAX, OPTIONAL, ROWS

Slots = Mapping[str, Any]

_ID = pattern(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_NAME = pattern(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?:/[a-z0-9-]+)*")
_ORIGIN = pattern(r".+/log(?:[2-9]|[1-9][0-9]+)?")
_CODE = pattern(r"[a-z0-9][a-z0-9_.-]{0,63}")
_DAY = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_HOUR = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_AT = pattern(f"{_DAY}T{_HOUR}:[0-5][0-9][+-]{_HOUR}")
_DATE = pattern(_DAY)
_MONTH = pattern("[0-9]{4}-(?:0[1-9]|1[0-2])")
_COUNTRY = pattern("[A-Z]{2}")
_HASH = pattern(r"[A-Za-z0-9+/]{43}=")
_MAX = 2**53 - 1


def _whole(low: int) -> Any:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= _MAX


def _is_code(text: object) -> bool:
    return isinstance(text, str) and _CODE.fullmatch(text) is not None


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
    "code": _is_code,
    "codes": lambda value: isinstance(value, (list, tuple)) and all(map(_is_code, value)),
    "name": is_name,
    "id": is_id,
    "ids": lambda value: isinstance(value, (list, tuple)) and all(is_id(item) for item in value),
    "mg": _whole(0),
    "count": _whole(1),
    "count0": _whole(0),
    "signed": _whole(-_MAX),
    "flag": lambda value: isinstance(value, bool),
    "at": lambda value: isinstance(value, str) and _AT.fullmatch(value) is not None,
    "month": lambda value: isinstance(value, str) and _MONTH.fullmatch(value) is not None,
    "day": lambda value: isinstance(value, str) and _DATE.fullmatch(value) is not None,
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
    `nulls`: the places (`sources`, `lines.provenance/1`) of optional slots that are shown to say nothing: None in
    `slots` alone may also be what is not disclosed. Empty for an event that was never sealed.
    """

    type: str
    origin: str
    slots: Slots
    ids: Mapping[str, Any] = field(default_factory=dict)
    recorded_at: str = ""
    nulls: frozenset[str] = field(default=frozenset(), compare=False)

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
                if item is None:
                    continue
                for name in kinds:
                    value = item.get(name)
                    if value is not None:
                        row[name] = value
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
            group, optional = slot.name.partition(".")[0], slot.name in OPTIONAL
            if whole and not optional and lengths.setdefault(group, len(items)) != len(items):
                raise Malformed("malformed", field=slot.name, why=f"{group} have different lengths")
            for position, item in enumerate(items):
                if item is not None:
                    _check_fields(_FIELDS[self.type][slot.name], item, f"{slot.name}/{position}")
                elif whole and not optional:
                    raise Malformed("field-missing", field=f"{slot.name}/{position}")
            if whole and optional and len(items) > lengths[group]:
                raise Malformed("malformed", field=slot.name, why=f"{group} have different lengths")
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
