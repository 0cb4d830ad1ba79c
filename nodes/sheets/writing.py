"""Lists as tables for spreadsheets: CSV and .xlsx, written row by row, however long.

Text stays text: what a spreadsheet would run as a formula is marked as text. Whole numbers and Decimals are numbers as
long as a spreadsheet keeps all their digits, else text; days and times (without a zone) are its own; what is no single
value is JSON.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

FIRST_ROWS = 500
"""Rows whose members are the columns; what only later rows have stands as JSON in the last column, OTHER."""
OTHER = "other"
SHEET_ROWS = 1_000_000
CELL_MAX = 32_767
DIGITS_KEPT = 15
CHUNK = 1 << 16
WIDEST, LOOKED_AT = 60, 100
"""Characters that a column is made wide for, and rows that are looked at for that."""
Rows = Iterable[Mapping[str, Any]]


def as_csv(*tables: Rows, other: str = OTHER) -> Iterator[bytes]:
    """One below the other with an empty line between. With a byte order mark, or Chinese spreadsheets take it for
    another encoding.
    """
    yield b"\xef\xbb\xbf"
    text = StringIO()
    sheet = csv.writer(text)
    for number, rows in enumerate(tables):
        for row in chain([()] if number else [], table(rows, other)):
            sheet.writerow([_printed(value) for value in row])
            if text.tell() > CHUNK:
                yield text.getvalue().encode()
                text.seek(0)
                text.truncate()
    yield text.getvalue().encode()


def as_xlsx(*tables: tuple[str, Rows], other: str = OTHER) -> Iterator[bytes]:
    """(title, rows) each on a sheet of its own, and further ones where a sheet ends."""
    book = Workbook(write_only=True)
    for title, rows in tables:
        lines = table(rows, other)
        header = next(lines)
        seen = list(islice(lines, LOOKED_AT))
        widths = [_width([head, *column]) for head, *column in zip(header, *seen, strict=True)]
        lines = chain(seen, lines)
        number = 0
        part = list(islice(lines, 1))
        while part or number == 0:
            number += 1
            sheet = book.create_sheet(title if number == 1 else f"{title} {number}")
            sheet.freeze_panes = "A2"
            for column, width in enumerate(widths, 1):
                sheet.column_dimensions[get_column_letter(column)].width = width
            sheet.append([_heading(sheet, name) for name in header])
            for row in chain(part, islice(lines, SHEET_ROWS - 1)):
                sheet.append([_cell(sheet, value) for value in row])
            part = list(islice(lines, 1))
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while data := file.read(CHUNK):
            yield data


def table(rows: Rows, other: str = OTHER) -> Iterator[list[Any]]:
    """The header, then a line for each row: None, numbers, times and text."""
    coming = iter(rows)
    first = list(islice(coming, FIRST_ROWS))
    columns = list(dict.fromkeys(name for row in first for name in row))
    later = len(first) == FIRST_ROWS
    yield [*columns, *([other] if later else [])]
    for row in chain(first, coming):
        rest = {name: value for name, value in row.items() if name not in columns}
        yield [*(_plain(row.get(name)) for name in columns), *([_plain(rest or None)] if later else [])]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, date)):
        return value
    if isinstance(value, Decimal):
        return value if len(value.as_tuple().digits) <= DIGITS_KEPT else format(value, "f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value if abs(value) < 10**DIGITS_KEPT else str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _printed(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    return f"'{value}" if isinstance(value, str) and value.startswith(tuple("=+-@\t\r")) else value


def _heading(sheet: Any, name: str) -> Any:
    cell = _cell(sheet, name)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, (Decimal, date)):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = _form(value)
        return cell
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
    cell = WriteOnlyCell(sheet, text if len(text) <= CELL_MAX else f"{text[: CELL_MAX - 1]}…")
    cell.data_type = "s"
    return cell


def _form(value: Decimal | date) -> str:
    """How a spreadsheet shows it: a number with all its places, never rounded."""
    if isinstance(value, date):
        return "yyyy-mm-dd hh:mm" if isinstance(value, datetime) else "yyyy-mm-dd"
    places = max(0, -int(value.as_tuple().exponent))
    return f"#,##0.{'0' * places}" if places else "#,##0"


def _width(values: Sequence[Any]) -> int:
    """In characters of a digit; Chinese ones are twice as wide."""
    texts = [str(_printed(value)) for value in values if value is not None]
    return min(WIDEST, 3 + max(sum(2 if ord(one) > 0x2E7F else 1 for one in text) for text in texts))
