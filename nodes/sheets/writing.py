"""Lists as tables for spreadsheets: CSV and .xlsx, written row by row, however long.

Text stays text: what a spreadsheet would run as a formula is marked as text. Whole numbers are numbers as long as a
spreadsheet keeps all their digits, else text; what is no single value is JSON.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

FIRST_ROWS = 500
"""Rows whose members are the columns; what only later rows have stands as JSON in the last column, `other`."""
SHEET_ROWS = 1_000_000
CELL_MAX = 32_767
DIGITS_KEPT = 10**15
CHUNK = 1 << 16
Rows = Iterable[Mapping[str, Any]]


def as_csv(rows: Rows) -> Iterator[bytes]:
    """With a byte order mark, or Chinese spreadsheets take it for another encoding."""
    yield b"\xef\xbb\xbf"
    text = StringIO()
    sheet = csv.writer(text)
    for row in table(rows):
        sheet.writerow([_quoted(value) if isinstance(value, str) else value for value in row])
        if text.tell() > CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def as_xlsx(*tables: tuple[str, Rows]) -> Iterator[bytes]:
    """(title, rows) each on a sheet of its own, and further ones where a sheet ends."""
    book = Workbook(write_only=True)
    for title, rows in tables:
        lines = table(rows)
        header = next(lines)
        number = 0
        part = list(islice(lines, 1))
        while part or number == 0:
            number += 1
            sheet = book.create_sheet(title if number == 1 else f"{title} {number}")
            sheet.freeze_panes = "A2"
            sheet.append([*header])
            for row in chain(part, islice(lines, SHEET_ROWS - 1)):
                sheet.append([_cell(sheet, value) for value in row])
            part = list(islice(lines, 1))
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while data := file.read(CHUNK):
            yield data


def table(rows: Rows) -> Iterator[list[Any]]:
    """The header, then a line for each row: None, whole numbers and text."""
    coming = iter(rows)
    first = list(islice(coming, FIRST_ROWS))
    columns = list(dict.fromkeys(name for row in first for name in row))
    later = len(first) == FIRST_ROWS
    yield [*columns, *(["other"] if later else [])]
    for row in chain(first, coming):
        other = {name: value for name, value in row.items() if name not in columns}
        yield [*(_plain(row.get(name)) for name in columns), *([_plain(other or None)] if later else [])]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value if abs(value) < DIGITS_KEPT else str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _quoted(text: str) -> str:
    return f"'{text}" if text.startswith(tuple("=+-@\t\r")) else text


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
    cell = WriteOnlyCell(sheet, text if len(text) <= CELL_MAX else f"{text[: CELL_MAX - 1]}…")
    cell.data_type = "s"
    return cell
