"""A workbook or a CSV file, opened as somebody's who may mean harm: bounded before it is unpacked, never run.

A sheet is rows of texts. A number is the decimal that a spreadsheet shows of it (15 significant digits, as many as it
keeps), a date is ISO 8601. CSV is UTF-8, else GB18030, as spreadsheets in China save it.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, LargeZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from ledger.errors import Malformed, Unknown

ROWS_MAX, COLUMNS_MAX, SHEETS_MAX = 100_000, 200, 200
UNPACKED_MAX = 256 << 20
"""Bytes that a workbook may come to. zipfile yields no more of a member than its directory declares."""
MEMBERS_MAX = 2000
MERGED_MAX = 1_000_000
"""Cells that merges cover, one counted as often as it is covered: a line of a file may name millions."""
_merged = re.compile(rb'<mergeCell ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"').finditer
_open_formula = re.compile(
    rb'<c r="([A-Z]{1,3}[0-9]{1,7})"[^<>]*><f(?:/>|[^<>]*/>|[^<>]*>[^<]*</f>)(?:<v ?/>|<v></v>)?</c>'
).finditer
# Nothing in it reaches over a "<": so it takes a time in proportion to the text, whatever that is.


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows[0]` is row 1, columns counted from 0. `merged`: cells that a vertical merge covers below its first.
    `open_formulas`: cells whose formula nobody computed. `macros`: there were some, and nothing ran them.
    """

    name: str
    rows: Sequence[Sequence[str]]
    merged: frozenset[str] = field(default=frozenset())
    open_formulas: frozenset[str] = field(default=frozenset())
    macros: bool = False

    def cell(self, row: int, column: int) -> str:
        """The name of a cell as a spreadsheet shows it: Sheet1!B17. Row from 1, column from 0."""
        return f"{self.name}!{get_column_letter(column + 1)}{row}"


def read(data: bytes, sheet: str | None = None, top: int = ROWS_MAX) -> Sheet:
    """The named sheet, else the first; its first `top` rows alone, if one only wants to know what is in it.

    Malformed for what is no such file or too large; Unknown("sheet-unknown").
    """
    if data.startswith(b"PK"):
        return _workbook(data, sheet, top)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise unreadable("an old .xls or a protected file; save it as .xlsx", "旧式 .xls 或加密文件，请另存为 .xlsx")
    return _csv(data, top)


def titles(data: bytes) -> list[str]:
    """The names of a book's sheets. The same errors as `read`."""
    if not data.startswith(b"PK"):
        return [read(data, top=1).name]
    with _opened(data) as (book, _):
        return _titles(book)


def unreadable(en: str, zh: str) -> Malformed:
    return Malformed("sheet-unreadable", field="body", en=en, zh=zh)


def _workbook(data: bytes, sheet: str | None, top: int) -> Sheet:
    with _opened(data) as (book, packed):
        found = _titles(book)
        if not found or (sheet is not None and sheet not in found):
            raise Unknown("sheet-unknown", field="sheet", value=sheet, sheets=", ".join(found) or "-")
        opened = book[sheet or found[0]]
        opened.reset_dimensions()  # the file's own word for its size is nobody's
        lines = opened.iter_rows(max_col=COLUMNS_MAX, values_only=True)
        rows = _bounded(([_text(value) for value in row] for row in lines), top)
        xml = packed.read(opened._worksheet_path)
        macros = any(one.filename.endswith("vbaProject.bin") for one in packed.infolist())
    formulas = frozenset(one[1].decode() for one in _open_formula(xml))
    merged = list(islice(_covered(xml), MERGED_MAX + 1))
    if len(merged) > MERGED_MAX:
        raise Malformed("sheet-too-large", field="body", value=len(merged), limit=f"{MERGED_MAX} merged cells")
    return Sheet(opened.title, rows, frozenset(merged), formulas, macros)


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[Any, ZipFile]]:
    """The workbook and its bytes, once what it declares to come to is bearable."""
    try:
        with ZipFile(BytesIO(data)) as packed:
            members = packed.infolist()
            unpacked = sum(one.file_size for one in members)
            if len(members) > MEMBERS_MAX or unpacked > UNPACKED_MAX:
                raise Malformed("sheet-too-large", field="body", value=unpacked, limit=f"{UNPACKED_MAX} bytes")
            yield load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False), packed
    except (
        BadZipFile,
        LargeZipFile,
        InvalidFileException,
        ParseError,
        KeyError,
        ValueError,
        EOFError,
        OSError,
    ) as error:
        raise unreadable("a damaged workbook; open it and save it again", "文件已损坏，请打开后重新保存") from error


def _titles(book: Any) -> list[str]:
    return [one.title for one in book.worksheets][:SHEETS_MAX]


def _covered(xml: bytes) -> Iterator[str]:
    for found in _merged(xml):
        left, top, right, bottom = range_boundaries(found[1].decode())
        for row in range(top + 1, min(bottom, ROWS_MAX) + 1):
            for column in range(left, min(right, COLUMNS_MAX) + 1):
                yield f"{get_column_letter(column)}{row}"


def _csv(data: bytes, top: int) -> Sheet:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise unreadable(
            "neither .xlsx nor CSV in UTF-8 or GB18030", "既不是 .xlsx，也不是 UTF-8 或 GB18030 编码的 CSV"
        )
    if "\0" in text or not text.strip():
        raise unreadable("empty, or no text", "文件为空，或不是文本")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = csv.reader(StringIO(text), delimiter=delimiter)
        return Sheet("CSV", _bounded((row[:COLUMNS_MAX] for row in lines), top))
    except csv.Error as error:
        raise unreadable("no CSV that can be read", "CSV 无法读取") from error


def _bounded(rows: Iterator[list[str]], top: int) -> list[list[str]]:
    if top < ROWS_MAX:
        return list(islice(rows, top))
    found = list(islice(rows, ROWS_MAX + 1))
    if len(found) > ROWS_MAX:
        raise Malformed("sheet-too-large", field="body", value=len(found), limit=f"{ROWS_MAX} rows")
    return found


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
