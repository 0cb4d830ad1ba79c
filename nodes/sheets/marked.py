"""A book as it was brought, with what is wrong marked: the same rows and columns, and the sentences behind each row."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter

from nodes.sheets.workbook import Sheet

_WRONG = PatternFill("solid", fgColor="F8CBC6")
_ROW = PatternFill("solid", fgColor="FDF1EF")
_number = re.compile(r"(?:0|[1-9]\d{0,11})(?:\.\d{1,3})?").fullmatch
"""What is written back as a number: no digit of it is lost, and no zero before it."""


def marked(sheet: Sheet, troubles: Iterable[Mapping[str, Any]], language: str) -> bytes:
    """`troubles` as a report of the interface tells them: `cell`, `row`, `reason`, `reason_zh`."""
    said: dict[int, dict[str, list[str]]] = {}
    for one in troubles:
        cell = str(one["cell"]).rpartition("!")[2]
        said.setdefault(int(one["row"]), {}).setdefault(cell, []).append(
            str(one["reason" if language == "en" else "reason_zh"])
        )
    book = Workbook(write_only=True)
    out = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", sheet.name)[:31])
    width = max((len(row) for row in sheet.rows), default=0)
    for column in range(1, width + 1):
        out.column_dimensions[get_column_letter(column)].width = 14
    out.column_dimensions[get_column_letter(width + 1)].width = 80
    for number, row in enumerate(sheet.rows, start=1):
        wrong = said.get(number, {})
        cells = []
        for column in range(width if wrong else len(row)):
            text = row[column] if column < len(row) else ""
            cell = _cell(out, text)
            if wrong:
                there = wrong.get(f"{get_column_letter(column + 1)}{number}")
                cell.fill = _WRONG if there else _ROW
                if there:
                    cell.comment = Comment("\n".join(there), "Lodetrace")
            cells.append(cell)
        if wrong:
            cells.append(_cell(out, " ".join(text for one in wrong.values() for text in one)))
        out.append(cells)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


def _cell(sheet: Any, text: str) -> Any:
    """Text stays text, whatever a spreadsheet would run of it."""
    if _number(text):
        return WriteOnlyCell(sheet, Decimal(text))
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text)[:32_767])
    if text:
        cell.data_type = "s"
    return cell
