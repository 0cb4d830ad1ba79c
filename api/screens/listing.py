"""Lists as people read them in a spreadsheet: the rows of the interface, with headings and words for codes.

    readable(reader, "batches", rows)   rows by their headings, with text, Decimals, days and times

Columns are known by the names of members, the same in all lists: `*_mg` and `*_ug` are masses in kilograms (tonnes,
where asked), `*_ppm` and `*_pct` percents, `at` and `*_at` times where it happened, `lines` a row each, `batch` a
product and a lot besides. What one list calls otherwise is in _KINDS. Ids stand in the last columns, whole: they join
one table to another. What only programs read (proofs, addresses, bodies) is left out: the interface's tables have it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from api.drawing.sankey import WAYS
from api.rendering import local
from api.screens.fields import FIELDS, UNTOLD
from api.screens.finding_names import finding_name
from api.screens.named import N_
from api.screens.reader import Reader
from api.screens.wording import cell
from ledger.matter.events import is_id
from nodes.sheets.writing import FIRST_ROWS
from nodes.store import codes

TITLES: Mapping[str, str] = {
    "arrivals": N_("Arriving"),
    "balance": N_("Books of the month"),
    "batches": N_("Goods"),
    "cases": N_("Cases"),
    "certificates": N_("Certificates"),
    "drafts": N_("Corrections"),
    "entries": N_("Entries"),
    "findings": N_("Findings"),
    "flows": N_("Flows"),
    "holds": N_("Holds"),
    "inspections": N_("Inspections"),
    "months": N_("Months"),
    "notices": N_("News of partners"),
    "orders": N_("Orders"),
    "organisations": N_("Organisations"),
    "pools": N_("Pools"),
    "prints": N_("Labels printed"),
    "quotas": N_("Quota"),
    "requests": N_("Requests"),
    "shipments": N_("Shipments"),
    "tables": N_("Outside"),
    "titles": N_("Owned elsewhere"),
    "units": N_("Units"),
}
"""What a list is called, by its name in the interface."""
FURTHER = N_("Further")
"""The last column, of what only later rows have."""

_HEADINGS: Mapping[str, str] = {
    "alarms": N_("Alarms"),
    "answers": N_("Answers"),
    "asked_at": N_("Asked"),
    "assigned": N_("Assigned to"),
    "author": N_("Key of entries"),
    "awaits_consent": N_("Waits for our consent"),
    "batches": N_("Batches"),
    "behind": N_("Entries not deposited"),
    "booked_in": N_("Counts in month"),
    "broken": N_("What is wrong with the log"),
    "check_code": N_("Check code"),
    "checkpoint_at": N_("Last checkpoint"),
    "closed": N_("Month closed"),
    "closing_ug": N_("Closing"),
    "copies": N_("Copies"),
    "corrected": N_("Corrects entries"),
    "cosigned": N_("Cosigned by witnesses"),
    "delivered": N_("Delivered"),
    "deposited": N_("Deposited"),
    "draws": N_("Draws"),
    "elements": N_("Elements"),
    "ended": N_("Ended"),
    "entered_ug": N_("Came in"),
    "entries": N_("Entries"),
    "entry": N_("Entry"),
    "entry_no": N_("Entry"),
    "file": N_("File"),
    "fingerprint": N_("Fingerprint"),
    "forks": N_("Forks"),
    "form": N_("Kind of label"),
    "id": N_("Finding"),
    "in_mg": N_("Went in"),
    "last_at": N_("Last entry"),
    "left_ug": N_("Went out"),
    "logs": N_("Organisations"),
    "loose": N_("Loose goods"),
    "lost_ug": N_("Lost"),
    "made_ug": N_("Gained or unexplained"),
    "missing_months": N_("Months missing"),
    "name": N_("Name of the node"),
    "now": N_("In it now"),
    "open": N_("Open"),
    "open_mg": N_("Undecided"),
    "opened_at": N_("Opened"),
    "opened_by": N_("Opened by"),
    "opening_ug": N_("Opening"),
    "out_mg": N_("Went out"),
    "packed_mg": N_("In units"),
    "pending": N_("Units undecided"),
    "pools_u_ug": N_("Uncertainty of pools"),
    "pools_ug": N_("Of it in pools"),
    "report": N_("Report"),
    "recorded_at": N_("Recorded"),
    "release_reason": N_("Why it was released"),
    "released_at": N_("Released"),
    "revalued_ug": N_("Assayed anew"),
    "seen_at": N_("Last heard of"),
    "severity": N_("Severity"),
    "share_ppm": N_("Reached"),
    "side": N_("In or out"),
    "silent": N_("Silent"),
    "sites": N_("Sites"),
    "source": N_("Where it is from"),
    "standing": N_("Status"),
    "table": N_("Table"),
    "title": N_("Title"),
    "transit_ug": N_("On the way"),
    "type": N_("What happened"),
    "ug": N_("Mass"),
    "updated_at": N_("Last changed"),
    "waiting_for": N_("Waits for"),
    "way": N_("How it moved"),
    "went_in": N_("Went in by element"),
    "whom": N_("Partner"),
    "witnesses": N_("Witnesses"),
}
"""Of what no entry holds, or what is called otherwise there."""

_KINDS: Mapping[tuple[str, str], str] = {
    ("arrivals", "status"): "status",
    ("cases", "state"): "case",
    ("entries", "type"): "event",
    ("holds", "is"): "event",
    ("holds", "kind"): "hold",
    ("inspections", "kind"): "inspecting",
    ("notices", "kind"): "hold",
    ("notices", "type"): "news",
    ("organisations", "standing"): "standing",
    ("organisations", "roles"): "organisation_role",
    ("prints", "reason"): "reprint",
    ("quotas", "kind"): "quota",
    ("quotas", "quota_class"): "quota_class",
    ("requests", "roles"): "organisation_role",
    ("shipments", "status"): "status",
    ("tables", "kind"): "outside",
    ("trades", "origin_class"): "origin",
    ("units", "state"): "state",
}
"""(list, member) -> whose codes it holds."""
_IDS = frozenset({"batch", "case", "draft", "inside", "lock", "order", "original", "period", "shipment", "unit"})
_HIDDEN_OF = {("flows", "kind")}
_HIDDEN = UNTOLD | {
    *("body", "columns", "contents", "deliveries", "digest", "event", "facts", "formula", "ids", "pdf", "reach"),
    *("sha256", "tolerance", "url"),
}
_PLACES: Mapping[str, Mapping[str, int]] = {"kg": {"mg": 6, "ug": 9}, "t": {"mg": 9, "ug": 12}}
"""By how many places a mass is smaller in kilograms, or tonnes, than in milligrams or micrograms."""
BATCHES_KEPT = 10_000
"""Batches whose words are kept while a list is written, so that however many it has, memory has an end."""
Heading = tuple[bool, str]
"""(is it of ids, which stand last; its words)."""


def readable(
    reader: Reader, list_: str, rows: Iterable[Mapping[str, Any]], unit: str = "kg"
) -> Iterator[Mapping[str, Any]]:
    """The rows of a list by headings, all with the columns of the first ones; masses in `unit`, `kg` or `t`."""
    listing = _Listing(reader, list_, unit)
    coming = (dict(listing.columns(line)) for row in rows for line in _lines(row))
    return or_nothing(reader, _in_order(coming))


def _in_order(coming: Iterator[dict[Heading, Any]]) -> Iterator[dict[str, Any]]:
    """Ids last."""
    first = list(islice(coming, FIRST_ROWS))
    columns = sorted(dict.fromkeys(heading for row in first for heading in row), key=lambda heading: heading[0])
    for row in chain(first, coming):
        later = {words: value for (is_last, words), value in row.items() if (is_last, words) not in columns}
        yield {**{words: row.get((is_last, words)) for is_last, words in columns}, **later}


def or_nothing(reader: Reader, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows; one that says so where there are none, which would make a sheet without a word."""
    coming = iter(rows)
    yield next(coming, {reader._("Nothing is in this list."): None})
    yield from coming


def _lines(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A row for each line of goods; one without any where there are none."""
    member = next((name for name in ("lines", "goods") if isinstance(row.get(name), list)), None)
    if member is None:
        yield row
        return
    rest = {name: value for name, value in row.items() if name != member}
    lines: Iterable[Mapping[str, Any]] = row[member] or ({},)
    for line in lines:
        yield {**rest, **line}


class _Listing:
    """One list for one reader: what its members are called there, and what stands under them."""

    def __init__(self, reader: Reader, list_: str, unit: str) -> None:
        self._reader, self._list, self._unit = reader, list_, unit
        self._words_of = lru_cache(BATCHES_KEPT)(self._read_words)

    def columns(self, row: Mapping[str, Any]) -> Iterator[tuple[Heading, Any]]:
        for name, value in row.items():
            if self._is_hidden(name, row):
                continue
            told = row.get(f"{name}_zh", value) if self._reader.language == "zh" else value
            if name in _IDS:
                yield from self._named(name, value, row)
                yield (True, self._reader._("%(what)s, number in the ledger") % {"what": self._called(name)}), value
            elif isinstance(value, list) and value and isinstance(value[0], Mapping) and "element" in value[0]:
                yield from self._elements(name, value)
            elif name == "name" and "organisation" not in row:
                yield (False, self._called("organisation")), self._reader.organisation(value)
            elif name == "organisation" and "organisation_en" not in row:
                yield (False, self._called(name)), self._reader.organisation(_node_of(row))
            else:
                yield (False, self._heading(name)), self._value(name, told)

    def _is_hidden(self, name: str, row: Mapping[str, Any]) -> bool:
        if name in _HIDDEN or (self._list, name) in _HIDDEN_OF:
            return True
        return name.endswith("_zh") or (name == "log" and "organisation" in row)

    # -- headings -----------------------------------------------------------------------------------------

    def _called(self, name: str) -> str:
        return self._reader._(_HEADINGS.get(name) or FIELDS.get(name) or finding_name("fact", name))

    def _heading(self, name: str) -> str:
        end = name.rpartition("_")[2]
        unit = {"mg": self._unit, "ug": self._unit, "ppm": "%", "pct": "%"}.get(end, "")
        return self._measured(self._called(name), unit)

    def _measured(self, called: str, unit: str) -> str:
        if not unit:
            return called
        return f"{called}（{unit}）" if self._reader.language == "zh" else f"{called} ({unit})"

    # -- values -------------------------------------------------------------------------------------------

    def _named(self, name: str, id_: str | None, row: Mapping[str, Any]) -> Iterator[tuple[Heading, Any]]:
        """Product and lot of a batch, where the row does not tell them itself."""
        if name != "batch" or row.keys() >= {"product", "lot_no"}:
            return
        product, lot_no = (None, None) if id_ is None else self._words_of(id_)
        if "product" not in row:
            yield (False, self._called("product")), product and self._reader.product(product)
        if "lot_no" not in row:
            yield (False, self._called("lot_no")), lot_no

    def _read_words(self, batch: str) -> tuple[str | None, str | None]:
        with self._reader.node.store.read() as conn:
            return codes.words_of(conn, batch)

    def _elements(self, name: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Heading, Any]]:
        """A column for each element."""
        for one in rows:
            called = f"{self._called(name)} {one['element']}"
            yield (False, self._measured(called, self._unit)), self._mass(one["ug"], "ug")

    def _value(self, name: str, value: Any) -> Any:
        if value is None or value in ("", []):
            return None
        kind = _KINDS.get((self._list, name))
        if kind is not None:
            return self._joined(self._reader.word(kind, one) for one in ([value] if isinstance(value, str) else value))
        if isinstance(value, bool):
            return self._reader._("yes") if value else self._reader._("no")
        write = _WRITERS.get(name) or _WRITERS.get(name.rpartition("_")[2])
        if write is not None:
            return write(self, value)
        if isinstance(value, Mapping) and value.keys() == {"en", "zh"}:
            return value[self._reader.language]
        if isinstance(value, (int, Decimal)):
            return value
        if isinstance(value, list) and all(isinstance(one, str) and is_id(one) for one in value):
            return len(value)
        return cell(self._reader, name, value, self._list).text

    def _mass(self, value: int | str, of: str) -> Decimal:
        return exact(value, _PLACES[self._unit][of])

    def _joined(self, parts: Iterable[str]) -> str:
        return ("；" if self._reader.language == "zh" else "; ").join(parts)

    def _organisation(self, name: str) -> str:
        return self._reader.organisation(name) if "." in name else name.removeprefix("group:")

    def _party(self, party: str | Mapping[str, Any]) -> str:
        """{"node": …} or {"outside": {"name": …, "country": …}}; of an event, the name of a node."""
        if isinstance(party, str):
            return self._organisation(party)
        outside = party.get("outside")
        if outside is None:
            return self._organisation(party["node"])
        country = outside.get("country")
        return self._measured(outside["name"], self._reader.country(country) if country else "")

    def _way(self, code: str) -> str:
        return WAYS[code][0 if self._reader.language == "en" else 1]

    def _entry(self, where: Any) -> str:
        """[log, index], or an index of our own log."""
        if not isinstance(where, list):
            return str(where)
        told = {"n": where[1], "log": self._organisation(where[0].rpartition("/")[0])}
        return self._reader._("entry %(n)s of %(log)s") % told

    def _batch(self, one: str | Mapping[str, Any]) -> str:
        id_ = one if isinstance(one, str) else one["batch"]
        product, lot_no = self._words_of(id_)
        told = (product and self._reader.product(product), lot_no or id_)
        return " ".join(part for part in told if part)


def _node_of(row: Mapping[str, Any]) -> str:
    return str(row["name"]) if "name" in row else str(row["log"]).rpartition("/")[0]


def exact(value: int | str, places: int) -> Decimal:
    """`value` · 10^-places, exactly, without zeros at its end."""
    return Decimal(format(Decimal(value).scaleb(-places).normalize(), "f"))


def _time(text: str) -> datetime | date:
    return local(text).replace(tzinfo=None, microsecond=0) if "T" in text else date.fromisoformat(text)


_WRITERS: Mapping[str, Callable[[_Listing, Any], Any]] = {
    "at": lambda _, text: _time(text),
    "day": lambda _, text: date.fromisoformat(text),
    "mg": lambda of, value: of._mass(value, "mg"),
    "pct": lambda _, value: Decimal(str(value)),
    "ppm": lambda _, value: exact(value, 4),
    "ug": lambda of, value: of._mass(value, "ug"),
    "answers": lambda of, found: (
        len(found) if isinstance(found[0], str) else of._joined(f"{one['text']} ({one['by']})" for one in found)
    ),
    "batches": lambda of, found: of._joined(map(of._batch, found)),
    "entries": lambda of, found: of._joined(map(of._entry, found)),
    "entry_no": lambda _, index: index if index >= 0 else None,
    "from": lambda of, party: of._party(party),
    "holder": lambda of, name: of._organisation(name),
    "log": lambda of, log: of._organisation(log.rpartition("/")[0]),
    "logs": lambda of, logs: of._joined(of._organisation(log.rpartition("/")[0]) for log in logs),
    "rule": lambda of, rule: of._reader._(finding_name("rule", rule)),
    "severity": lambda of, code: of._reader.word("severity", code),
    "to": lambda of, party: of._party(party),
    "side": lambda of, side: of._reader.word("way", side),
    "way": lambda of, way: of._way(way),
    "whom": lambda of, name: of._way(name) if name in WAYS else of._organisation(name),
}
"""How a member is written, by its name or the end of it."""
