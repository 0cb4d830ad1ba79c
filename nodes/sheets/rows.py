"""A sheet as rows that a verb can record: which column is which, what each cell says, and what is wrong, by its cell.

Nothing is recorded here, and nothing decided about matter: the verb judges each row again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from openpyxl.utils import column_index_from_string, get_column_letter

from ledger.errors import LodetraceError, Malformed
from ledger.matter.reference import Reference
from nodes.sheets import cells
from nodes.sheets.kinds import EXAMPLE, KINDS, Column, Kind
from nodes.sheets.workbook import Sheet

HEADERS_WITHIN = 20
"""Rows from the top in which the headers are looked for: old books have titles above them."""
_header = re.compile(r"(.*?)\s*(?:[(\[/](.*?)[)\]]?)?\*?").fullmatch
_zone = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d").fullmatch
_mass_unit = re.compile(r"(.*)\.value").fullmatch


@dataclass(frozen=True, slots=True)
class Row:
    """`fields`: what the row says, by place. `places`: the cell of each, for whoever finds something wrong with it."""

    number: int
    fields: Mapping[str, str]
    places: Mapping[str, str]
    troubles: Sequence[LodetraceError]
    cell: str

    def cell_of(self, place: str | None) -> str:
        """The cell that a place of the body came from, or the nearest above or below it; else the row's first."""
        near = place or ""
        while near:
            below = (cell for name, cell in self.places.items() if name == near or name.startswith(f"{near}."))
            found = next(below, None)
            if found is not None:
                return found
            near = near.rpartition(".")[0]
        return self.cell


@dataclass(frozen=True, slots=True)
class Book:
    """`columns`: the letter of each place that was found. `unused`: headers that nothing is made of."""

    kind: Kind
    sheet: Sheet
    columns: Mapping[str, str]
    unused: Sequence[str]
    rows: Sequence[Row] = field(default=())


def kind_of(name: str) -> Kind:
    if name not in KINDS:
        raise Malformed("sheet-kind-unknown", field="kind", value=name, kinds=", ".join(KINDS))
    return KINDS[name]


def book(
    sheet: Sheet,
    kind: Kind,
    reference: Reference,
    *,
    columns: Mapping[str, str] | None = None,
    fixed: Mapping[str, str] | None = None,
    zone: str = "+08:00",
) -> Book:
    """`columns`: place → letter, over what the headers say, empty for none. `fixed`: place → what every row says where
    it has no column.

    Malformed where a needed column is neither there nor fixed, or a name of either is none.
    """
    fixed = {_place(kind, place, "fixed"): text for place, text in (fixed or {}).items()}
    if not _zone(zone):
        raise Malformed("zone-wrong", field="zone", value=zone)
    at, found, units = _headers(sheet, kind)
    for place, letter in (columns or {}).items():
        if not letter:
            found.pop(_place(kind, place, "column"), None)
            continue
        if not re.fullmatch(r"[A-Za-z]{1,3}", letter):
            raise Malformed("column-unknown", field="column", value=f"{place}={letter}", places=_places(kind))
        found[_place(kind, place, "column")] = column_index_from_string(letter.upper()) - 1
    missing = [one for one in kind.columns if one.needed and one.place not in {*found, *fixed}]
    headers = [cells.plain(text) for text in sheet.rows[at]] if sheet.rows else []
    if missing:
        told = ", ".join(text for text in headers if text)[:300] or "-"
        en, zh = _called(missing)
        raise Malformed("columns-missing", field=sheet.name, value=told, en=en, zh=zh)
    reading = _Reading(sheet, kind, reference, found, units, fixed, zone)
    rows = list(_without_repeats(reading, at + 1))
    unused = [text for column, text in enumerate(headers) if text and column not in found.values()]
    letters = {place: get_column_letter(column + 1) for place, column in found.items()}
    return Book(kind, sheet, letters, unused, rows)


def headings(sheet: Sheet, kind: Kind) -> list[tuple[str, str]]:
    """(letter, text) of what the headings say, as the book has them."""
    at, _, _ = _headers(sheet, kind)
    texts = sheet.rows[at] if sheet.rows else []
    return [(get_column_letter(no), cells.plain(text)) for no, text in enumerate(texts, start=1) if text.strip()]


def guessed(sheet: Sheet, kind: Kind) -> dict[str, str]:
    """Place → the letter of the column whose heading names it."""
    return {place: get_column_letter(column + 1) for place, column in _headers(sheet, kind)[1].items()}


def _place(kind: Kind, place: str, asked: str) -> str:
    if place not in {one.place for one in kind.columns}:
        raise Malformed("column-unknown", field=asked, value=place, places=_places(kind))
    return place


def _called(columns: Sequence[Column]) -> tuple[str, str]:
    """What people call the columns, in English and in Chinese."""
    return ", ".join(one.names[1] for one in columns), "、".join(one.names[0] for one in columns)


def _places(kind: Kind) -> str:
    return ", ".join(one.place for one in kind.columns)


def _headers(sheet: Sheet, kind: Kind) -> tuple[int, dict[str, int], dict[str, str]]:
    """(its row from 0, place → column, place → the unit in the header): the row in which most names are known."""
    best: tuple[int, dict[str, int], dict[str, str]] = (0, {}, {})
    for at, row in enumerate(sheet.rows[:HEADERS_WITHIN]):
        found: dict[str, int] = {}
        units: dict[str, str] = {}
        for column, text in enumerate(row):
            place, unit = _named(cells.plain(text), kind)
            if place and place not in found:
                found[place] = column
                if unit:
                    units[place] = unit
        if len(found) > len(best[1]):
            best = at, found, units
    return best


def _named(header: str, kind: Kind) -> tuple[str, str]:
    """(the place that a header names, the unit it states): 净重（吨）, Net (t), 批号 / lot."""
    names = {name.lower(): one.place for one in kind.columns for name in one.names}
    if header.lower() in names:
        return names[header.lower()], cells.UNITS.get(header.lower(), "")
    read = _header(header)
    if read is None or read[1].strip().lower() not in names:
        return "", ""
    return names[read[1].strip().lower()], cells.UNITS.get((read[2] or "").strip().lower(), "")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is the same for all rows of a book."""

    sheet: Sheet
    kind: Kind
    reference: Reference
    columns: Mapping[str, int]
    units: Mapping[str, str]
    fixed: Mapping[str, str]
    zone: str

    def row(self, number: int) -> Row | None:
        """None for a row without a word, and for an example."""
        texts = self.sheet.rows[number - 1]
        if not any(text.strip() for text in texts) or EXAMPLE in texts:
            return None
        fields: dict[str, str] = {}
        places: dict[str, str] = {}
        troubles: list[LodetraceError] = []
        for one in self.kind.columns:
            column = self.columns.get(one.place)
            text = self.fixed.get(one.place, "")
            cell = one.place
            if column is not None:
                cell = self.sheet.cell(number, column)
                text = (texts[column] if column < len(texts) else "").strip() or text
                places[one.place] = cell
            try:
                self._refuse_unseen(text, cell)
                if text:
                    fields |= self._read(one, text, cell) | dict(one.along)
                elif one.needed:
                    raise Malformed("cell-empty", field=cell, en=one.names[1], zh=one.names[0])
            except LodetraceError as error:
                troubles.append(error)
        first = self.sheet.cell(number, 0)
        if not troubles:
            troubles += self._whole(fields, places, first)
        return Row(number, fields, places, troubles, first)

    def _refuse_unseen(self, text: str, cell: str) -> None:
        name = cell.rpartition("!")[2]
        if not text and name in self.sheet.merged:
            raise Malformed("cell-merged", field=cell)
        if not text and name in self.sheet.open_formulas:
            raise Malformed("cell-formula-open", field=cell)

    def _read(self, column: Column, text: str, cell: str) -> dict[str, str]:
        if column.how == "text":
            return {column.place: cells.plain(text)}
        if column.how == "moment":
            return {column.place: cells.moment(text, cell, self.zone)}
        if column.how == "unit":
            return {column.place: cells.unit(text, cell)}
        if column.how == "percent":
            return {column.place: cells.number(text, cell)[0]}
        if column.how == "mass":
            value, unit = cells.number(text, cell)
            unit = unit or self.units.get(column.place)
            where = "weighing.unit" if column.place.startswith("weighing.") else f"{column.place[:-6]}.unit"
            return {column.place: value, **({where: unit} if unit else {})}
        return {column.place: cells.word(column.how, text, cell, self.reference)}

    def _whole(self, fields: dict[str, str], places: Mapping[str, str], first: str) -> Iterator[LodetraceError]:
        """What a ticket leaves out and says anyway: its unit, and the net that is gross less tare."""
        if "weighing.gross" in fields and "weighing.tare" in fields:
            unit = fields.setdefault("weighing.unit", fields.get("quantity.unit", ""))
            if "quantity.value" not in fields:
                net = Decimal(fields["weighing.gross"]) - Decimal(fields["weighing.tare"])
                fields |= {"quantity.value": format(net, "f"), "quantity.unit": unit}
        for place in [name for name in fields if name.endswith(".value")]:
            if not fields.get(f"{place[:-6]}.unit"):
                yield Malformed("cell-no-unit", field=places.get(place, first), value=fields[place])
                return
        if not any(fields.get(place) for place in self.kind.named_by):
            en, zh = _called([one for one in self.kind.columns if one.place in self.kind.named_by])
            yield Malformed("row-unnamed", field=first, en=en, zh=zh)


def _without_repeats(reading: _Reading, after: int) -> Iterator[Row]:
    """The rows below the headers; what must stand in a book once is wrong where it stands again."""
    seen: dict[tuple[str, str], str] = {}
    for number in range(after + 1, len(reading.sheet.rows) + 1):
        row = reading.row(number)
        if row is None:
            continue
        repeats = []
        for place in reading.kind.once:
            text = row.fields.get(place)
            if text:
                cell = row.cell_of(place)
                before = seen.setdefault((place, text), cell)
                if before != cell:
                    repeats.append(Malformed("cell-repeats", field=cell, value=text, before=before))
        yield Row(row.number, row.fields, row.places, [*row.troubles, *repeats], row.cell)
