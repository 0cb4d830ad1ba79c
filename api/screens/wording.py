"""What an entry holds, as people read it: fields by their names, codes as words, amounts with units.

    groups(visit, event)     an entry: its fields, then a table for each of its lists
    typed(visit, event)      of a registration, what its ticket and its result say
    cell(visit, name, value) one value, by the name of its field

What no eye checks (fingerprints, proofs, amounts per source) is left out: it is in the file of the entry.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from babel import Locale

from api.rendering import day, mass, moment
from api.screens.fields import UNTOLD
from api.screens.named import N_, NAMED, name_of
from api.screens.reader import Reader
from api.words import LOCALES
from ledger.matter.events import Event, is_id

ROWS_SHOWN = 200
_KINDS = {
    "documents": "paper",
    "held": "hold",
    "remeasured": "measuring",
    "recalled": "recall",
    "removed": "removal",
    "ordered": "order",
    "quota_granted": "quota",
    "reported": "report",
}
"""Whose `kind` is called what: by the type of the event, or the list that it stands in."""
_CODES = {
    "purpose": "purpose",
    "state": "unit_state",
    "role": "organisation_role",
    "model": "custody",
    "side": "side",
    "result": "inspection",
}
_IN_UNIT = frozenset({"gross", "tare"})
"""What a weighing tells in its own unit."""
_TABLES = {
    "scale_kind": "scales",
    "process": "processes",
    "products": "products",
    "feed_class": "feed_classes",
}
_NAMES = frozenset({"to", "from", "owner", "with"})
_PLACE = frozenset({"log", "index"})
_PROOF = frozenset({*_PLACE, "leaf", "size", "root"})
"""What refers to an entry of a log, and proves it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in words; `href` where it has a page of its own."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A value under the name of its field."""

    name: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of an entry as a table. `rows` have a cell for each of `names`; `more` rows are left out."""

    title: str
    names: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: int


def groups(visit: Reader, event: Event) -> tuple[list[Field], list[Listed]]:
    """An event of our own log, whole."""
    fields: list[Field] = []
    lists: dict[str, list[str]] = {}
    for slot, value in event.slots.items():
        if isinstance(value, Mapping):
            fields += _fields(visit, event.type, slot, value)
        elif value:
            lists.setdefault(slot.partition(".")[0], []).append(slot)
    found = (_listed(visit, event, group, slots) for group, slots in lists.items())
    return fields, [one for one in found if one.rows]


def typed(visit: Reader, event: Event) -> list[Field]:
    """What was typed of how much a batch is, by its ticket, and of its result."""
    quantity = {name: one for name, one in event.scalar("quantity").items() if name in ("typed", "weighing")}
    slots = {"quantity": quantity, "assay": event.scalar("assay")}
    return [field for slot, value in slots.items() for field in _fields(visit, event.type, slot, value)]


def _fields(visit: Reader, type_: str, slot: str, value: Mapping[str, Any]) -> list[Field]:
    """The fields of a scalar slot. What refers to an entry of a log (index, leaf, …) is one field."""
    place = slot if slot in _KINDS else type_
    rest = dict(value)
    found = []
    if rest.keys() >= _PLACE:
        told = visit._("entry %(n)s of %(log)s") % {"n": rest["index"], "log": _log(visit, rest["log"])}
        found.append(Field(visit._(_SLOTS.get(slot, "Rests on")), Cell(told)))
        rest = {name: one for name, one in rest.items() if name not in _PROOF}
    for name, one in rest.items():
        if name not in UNTOLD and one is not None and one != []:
            called = slot if name == "list" and slot in ("documents", "losses", "words") else name
            shown = _many(visit, slot, one) if name == "list" else cell(visit, name, one, place)
            label = visit._(_SLOTS[called]) if called in _SLOTS else visit.field(called)
            found.append(Field(label, shown))
    return found


def _listed(visit: Reader, event: Event, group: str, slots: Sequence[str]) -> Listed:
    ids = next((event.ids[slot] for slot in slots if slot in event.ids), ())
    made = "unit" if group == "units" else "batch"
    items = list(event.rows(*slots))
    rows = []
    for at, row in enumerate(items[:ROWS_SHOWN]):
        own = {made: ids[at]} if at < len(ids) and ids[at] and made not in row else {}
        rows.append({name: one for name, one in {**own, **row}.items() if name not in UNTOLD and one not in (None, [])})
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    place = event.type if group != "units" else "units"
    told = tuple(
        tuple(cell(visit, name, row[name], place) if name in row else Cell("") for name in names) for row in rows
    )
    title = visit._(_SLOTS.get(group, "Rows"))
    return Listed(title, tuple(visit.field(name) for name in names), told, max(0, len(items) - ROWS_SHOWN))


# -- values -----------------------------------------------------------------------------------------------------------


def cell(visit: Reader, name: str, value: Any, place: str = "") -> Cell:
    """A value by the name of its field. `place`: the type of the event, or the list, for what is called the same."""
    if isinstance(value, bool):
        return Cell(visit._("yes") if value else visit._("no"))
    if isinstance(value, Mapping) and "value" in value:
        amount = f"{value['value']} {value.get('unit', '')}"
        said = f"{amount} ({_plain(visit, 'basis', value['basis'], '')})" if "basis" in value else amount
        rest = {key: one for key, one in value.items() if key not in ("value", "unit", "basis")}
        return Cell(_joined(visit, (said, cell(visit, name, rest, place).text)))
    if isinstance(value, Mapping):
        unit = value.get("unit") if value.keys() & _IN_UNIT else None
        return Cell(
            _joined(
                visit,
                (
                    f"{visit.field(key)} {f'{one} {unit}' if key in _IN_UNIT else cell(visit, key, one, place).text}"
                    for key, one in value.items()
                    if key not in UNTOLD and one not in (None, []) and not (unit and key == "unit")
                ),
            )
        )
    if isinstance(value, (list, tuple)):
        return _many(visit, name, value)
    return _linked(visit, name, value) or Cell(_plain(visit, name, value, place))


def _linked(visit: Reader, name: str, value: Any) -> Cell | None:
    """What has a page of its own."""
    if name == "index":
        return Cell(str(value), f"/entries/{value}")
    if name == "finding":
        return Cell(str(value), f"/findings/{value}")
    if name == "month":
        return Cell(str(value), f"/months/{value}")
    if not is_id(value):
        return None
    short = value.rpartition("#")[2][-8:]
    if name in ("batch", "period"):
        return Cell(visit.batch_name(value), f"/batches/{quote(value, safe='')}")
    if name in ("shipment", "original"):
        return Cell(short, f"/shipments/{quote(value, safe='')}" if "#" not in value else "")
    return Cell(short)


def _plain(visit: Reader, name: str, value: Any, place: str) -> str:
    locale, text = LOCALES[visit.language], str(value)
    write = _ENDINGS.get(name.rpartition("_")[2]) or _ENDINGS.get(name)
    if write is not None:
        return write(text, locale)
    if name == "country":
        return visit.country(text)
    if name in _NAMES and "." in text:
        return visit.organisation(text)
    if name == "product":
        return visit.product(text)
    if name in _TABLES:
        return _of_table(visit, name, text)
    return _coded(visit, name, text, place)


def _at(text: str, locale: Locale) -> str:
    return moment(text, locale) if "T" in text else day(text, locale)


_ENDINGS: Mapping[str, Callable[[str, Locale], str]] = {
    "mg": lambda text, locale: mass(int(text), locale),
    "pct": lambda text, _: f"{text} %",
    "at": _at,
}
"""How a value is written, by the end of its field's name."""


def _coded(visit: Reader, name: str, text: str, place: str) -> str:
    if name == "kind" and place == "units":
        row = visit.node.reference.packages.get(text)
        return text if row is None else str(row[visit.language])
    if name == "kind":
        kind = _KINDS.get(place, "")
    elif name == "class":
        kind = "origin"
    elif name == "basis":
        kind = "basis" if text in NAMED["basis"] else "assay_basis"
    else:
        kind = _CODES.get(name, "")
    return visit._(name_of(kind, text)) if kind else text


def _of_table(visit: Reader, name: str, code: str) -> str:
    row = visit.node.reference.row(_TABLES[name], code)
    return code if row is None else str(row.get(visit.language, code))


def _many(visit: Reader, name: str, value: Sequence[Any]) -> Cell:
    if name == "steps":
        told = [" ".join(cell(visit, key, one).text for key, one in row.items()) for row in value]
    elif name == "units" and value and isinstance(value[0], Mapping):
        told = [str(row.get("serial") or cell(visit, "unit", row.get("unit")).text) for row in value]
    elif name == "distribution_pct":
        told = [f"{row[0]} {row[1]} %" for row in value]
    elif name == "words":
        told = [f"{row['path']}: {row.get('was') or '–'} → {row.get('is') or '–'}" for row in value]
    else:
        told = [cell(visit, name, one, name).text for one in value]
    if len(told) > 12:
        told = [*told[:4], "…", told[-1], visit._("(%(n)s in all)") % {"n": len(told)}]
    return Cell(_joined(visit, told))


def _joined(visit: Reader, parts: Iterable[str]) -> str:
    return ("；" if visit.language == "zh" else "; ").join(part for part in parts if part)


def _log(visit: Reader, log: str) -> str:
    return visit.organisation(log.rpartition("/")[0])


_SLOTS: Mapping[str, str] = {
    "documents": N_("Papers"),
    "losses": N_("Losses"),
    "words": N_("Words changed"),
    "inputs": N_("What went in"),
    "outputs": N_("What came out"),
    "lines": N_("Goods"),
    "units": N_("Units"),
    "nets": N_("Units with another net mass"),
    "shared": N_("Shared with the partner"),
    "offer": N_("Answers the offer"),
    "answer": N_("Answers the receipt"),
    "consent": N_("Agreed to by"),
    "books": N_("The month's books"),
    "pools": N_("Pools"),
    "goods": N_("Goods"),
    "results": N_("Results"),
}
