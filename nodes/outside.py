"""Tables of offices, brought in by hand at an authority and held against what is deposited: tax, customs, power.

The cells are kept as they came, with the file's hash, its source, who brought it and when; what a column is may be said
anew at any time. What matches what, ledger/matter/matching.py decides; this reads cells, and knows whose books those
are.

Promises: nothing of a table reaches a log, a finding or anybody else. Does not check roles: the door does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from openpyxl.utils import get_column_letter

from ledger.errors import Conflict, LodetraceError, Malformed, Unknown
from ledger.matter.matching import Claim, Match, Power, match, weigh_power
from ledger.matter.quantities import mass_mg
from nodes.called import organisations
from nodes.clock import stamp
from nodes.node import Caller, Node
from nodes.overview import Booked, Overview
from nodes.sheets import cells, workbook
from nodes.store import outside
from nodes.store.outside import OutsideSet

ROWS_MAX = 20_000
HEADERS_WITHIN = 20
POWER = "power"
FAMILIES = {"special_invoice": "invoice", "customs_declaration": "customs_declaration"}
"""Kinds of papers, and what the books call them when numbers are compared."""
_PAPER: Mapping[str, tuple[str, ...]] = {
    "mass": ("数量", "净重", "重量", "mass", "quantity", "net weight", "net"),
    "unit": ("单位", "计量单位", "unit"),
    "day": ("日期", "开票日期", "申报日期", "进口日期", "date", "day"),
    "holder": ("企业", "销方名称", "购方名称", "收发货人", "经营单位", "organisation", "company"),
}
PLACES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "special_invoice": {"number": ("发票号码", "发票号", "专票号码", "invoice no", "invoice", "number"), **_PAPER},
    "customs_declaration": {"number": ("报关单号", "海关编号", "declaration no", "declaration", "number"), **_PAPER},
    POWER: {
        "holder": ("户名", "企业", "用户名称", "customer", "organisation", "company"),
        "month": ("月份", "电费年月", "用电月份", "month"),
        "kwh": ("电量", "用电量", "电量(kwh)", "有功电量", "kwh", "energy"),
    },
}
"""What each kind of table has, and by which headings people know it."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    "special_invoice": ("number", "mass"),
    "customs_declaration": ("number", "mass"),
    POWER: ("holder", "month", "kwh"),
}
UNIT = "default_unit"
_month = re.compile(r"(20[0-9]{2})\D?(0?[1-9]|1[0-2])(?:\D.*)?").fullmatch
_bare = re.compile(r"(.*?)\s*(?:[(\[](.*)[)\]])?").fullmatch


@dataclass(frozen=True, slots=True)
class Report:
    """A table beside the books: its rows, what could not be read of them (row, why), and what came of the rest.

    `headings`: column from 0 → its heading. `first`: the first rows as they came.
    """

    set: OutsideSet
    rows: int
    headings: Sequence[tuple[int, str]]
    first: Sequence[tuple[int, Sequence[str]]]
    troubles: Sequence[tuple[int, LodetraceError]]
    matches: Sequence[Match] = ()
    power: Sequence[Power] = ()
    written: Mapping[int, Sequence[str]] | None = None


# -- bringing -----------------------------------------------------------------------------------------------------


def bring(node: Node, caller: Caller, kind: str, source: str, file: str, data: bytes) -> int:
    """Keeps a table, with its columns as their headings say. Answers its number."""
    node.oversight.check()
    if kind not in PLACES:
        raise Malformed("kind-unknown", field="kind", value=kind, kinds=", ".join(PLACES))
    sheet, digest = workbook.read(data), sha256(data).digest()
    rows = [(number, row) for number, row in enumerate(sheet.rows, 1) if any(text.strip() for text in row)]
    if len(rows) > ROWS_MAX:
        raise Malformed("sheet-too-large", field="body", value=len(rows), limit=f"{ROWS_MAX} rows")
    if len(rows) < 2:
        raise workbook.unreadable("a heading without rows", "只有表头，没有数据")
    width = max(_width(row) for _, row in rows)
    rows = [(number, row[:width]) for number, row in rows]
    at, columns = _guessed(rows, kind)
    kept = OutsideSet(0, kind, source, file, digest, stamp(node.clock()), caller.owner, columns)
    with node.store.write() as conn:
        before = outside.by_hash(conn, digest)
        if before is not None:
            raise Conflict("outside-known", field="body", value=file, table=before.no)
        return outside.add(conn, kept, rows[at:])


def _width(row: Sequence[str]) -> int:
    """How many columns are used: a sheet may have formatted far more."""
    return max((at for at, text in enumerate(row, 1) if text.strip()), default=0)


def say_columns(node: Node, no: int, columns: Mapping[str, str]) -> None:
    """What each column is: place → its number from 0; and `default_unit`."""
    node.oversight.check()
    with node.store.write() as conn:
        known = PLACES[_found(outside.find(conn, no), no).kind]
        told = {place: text for place, text in columns.items() if place in known and text.isdecimal()}
        if columns.get(UNIT):
            told[UNIT] = cells.unit(columns[UNIT], UNIT)
        outside.map_columns(conn, no, told)


def take_away(node: Node, no: int) -> None:
    node.oversight.check()
    with node.store.write() as conn:
        _found(outside.find(conn, no), no)
        outside.drop(conn, no)


def every(node: Node) -> list[OutsideSet]:
    node.oversight.check()
    with node.store.read() as conn:
        return outside.every(conn)


def _found(one: OutsideSet | None, no: int) -> OutsideSet:
    if one is None:
        raise Unknown("outside-unknown", field="table", value=no)
    return one


def _guessed(rows: Sequence[tuple[int, Sequence[str]]], kind: str) -> tuple[int, dict[str, str]]:
    """(where the headings stand, columns by place): the row near the top in which most headings are known."""
    best: tuple[int, dict[str, str]] = (0, {})
    for at, (_, row) in enumerate(rows[:HEADERS_WITHIN]):
        found: dict[str, str] = {}
        for column, text in enumerate(row):
            bare = _bare(cells.plain(text).lower())
            heading, behind = (bare[1], bare[2]) if bare else ("", None)
            place = next((place for place, names in PLACES[kind].items() if heading in names), None)
            if place is not None and place not in found:
                found[place] = str(column)
                if place == "mass" and behind in cells.UNITS:
                    found[UNIT] = cells.UNITS[behind]
        if len(found) > len(best[1]):
            best = at, found
    return best


# -- beside the books ---------------------------------------------------------------------------------------------


def report(node: Node, no: int, overview: Overview | None) -> Report:
    """A table held against the books as they were last worked out; without them, its rows alone."""
    node.oversight.check()
    with node.store.read() as conn:
        one = _found(outside.find(conn, no), no)
        (_, head), *rows = outside.rows(conn, no)
        logs = {} if overview is None else organisations(conn, node, set(overview.logs))
    troubles: list[tuple[int, LodetraceError]] = []
    headings = list(enumerate(head))
    reading = _Reading(one, troubles)
    made = Report(one, len(rows), headings, rows[:5], troubles)
    missing = [place for place in NEEDED[one.kind] if place not in one.columns]
    if missing or overview is None:
        return made
    written = dict(rows)
    if one.kind == POWER:
        wh = reading.power(rows, {cells.plain(name).lower(): log for log, name in logs.items()} | _own_names(logs))
        return Report(
            one, len(rows), headings, rows[:5], troubles, power=weigh_power(wh, overview.booked.metal), written=written
        )
    matches = _matched(node, reading.claims(rows, overview.booked), overview.booked, one.kind)
    return Report(one, len(rows), headings, rows[:5], troubles, matches=matches, written=written)


def _matched(node: Node, office: list[Claim], booked: Booked, kind: str) -> list[Match]:
    """Papers of the books that are outside the days of the table are not missed in it."""
    days = sorted(one.day for one in office if one.day)
    papers = booked.papers[FAMILIES[kind]]
    here = {one.number for one in office}
    near = [one for one in papers if one.number in here or (days and days[0] <= one.day <= days[-1])]
    return match(near, office, node.reference.scale_ppm(""))


def _own_names(logs: Mapping[str, str]) -> dict[str, str]:
    return {log.removesuffix("/log"): log for log in logs if log}


class _Reading:
    """Rows as claims; what cannot be read of a row goes to `troubles`."""

    def __init__(self, one: OutsideSet, troubles: list[tuple[int, LodetraceError]]) -> None:
        self._columns, self._kind, self._troubles = one.columns, one.kind, troubles

    def claims(self, rows: Sequence[tuple[int, Sequence[str]]], booked: Booked) -> list[Claim]:
        found = []
        for number, row in rows:
            try:
                paper = cells.plain(self._cell(row, "number"))
                if not paper:
                    raise Malformed("field-missing", field=self._place(number, "number"))
                day = self._cell(row, "day")
                told = cells.moment(day, self._place(number, "day"), "")[:10] if day else ""
                hashed = booked.hash_of(self._kind, paper)
                found.append(Claim(hashed, self._mass(number, row), told, ("", number, 0)))
            except LodetraceError as error:
                self._troubles.append((number, error))
        return found

    def power(self, rows: Sequence[tuple[int, Sequence[str]]], logs: Mapping[str, str]) -> dict[tuple[str, str], int]:
        """In Wh by (log, month); of one month several meters add up."""
        found: dict[tuple[str, str], int] = {}
        for number, row in rows:
            try:
                holder = cells.plain(self._cell(row, "holder"))
                log = logs.get(holder.lower())
                if log is None:
                    raise Unknown("log-unknown", field=self._place(number, "holder"), value=holder)
                text = self._cell(row, "month")
                month = _month(cells.plain(text))
                if month is None:
                    raise Malformed("cell-no-date", field=self._place(number, "month"), value=text)
                value, _ = cells.number(self._cell(row, "kwh"), self._place(number, "kwh"))
                key = log, f"{month[1]}-{int(month[2]):02}"
                found[key] = found.get(key, 0) + int(Decimal(value) * 1000)
            except LodetraceError as error:
                self._troubles.append((number, error))
        return found

    def _mass(self, number: int, row: Sequence[str]) -> int:
        cell = self._place(number, "mass")
        value, behind = cells.number(self._cell(row, "mass"), cell)
        unit = self._cell(row, "unit")
        told = behind or (cells.unit(unit, self._place(number, "unit")) if unit else self._columns.get(UNIT, "kg"))
        return mass_mg(value, told, cell)

    def _cell(self, row: Sequence[str], place: str) -> str:
        column = int(self._columns.get(place, "-1"))
        return row[column].strip() if 0 <= column < len(row) else ""

    def _place(self, number: int, place: str) -> str:
        return f"{get_column_letter(int(self._columns.get(place, '0')) + 1)}{number}"
