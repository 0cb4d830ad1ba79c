"""Empty books to fill in: the headings of a kind with their units, one example row, and a sheet that explains.

The example row says that it is one, and is passed over where a book is read (nodes/sheets/rows.py).
"""

import csv
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ledger.matter.reference import Reference
from nodes.countries import countries
from nodes.sheets import cells
from nodes.sheets.kinds import EXAMPLE, NAMES, Column, Kind

ROWS = 10_000
"""Rows that offer their lists to choose from."""
FORMATTED = 200
"""Rows whose cells are made text or dates beforehand, so that a lot number 007 keeps its zeros."""
_EXAMPLE = Font(italic=True, color="707070")
_NEEDED = PatternFill("solid", fgColor="D6EAE8")
_REMARK = ("备注", "remark")
_SHEETS = {"options": ("选项", "Options"), "explained": ("说明", "How to fill in")}
_HOW = {
    "text": ("文字", "text"),
    "mass": ("数字，单位见表头", "a number in the unit of the heading"),
    "percent": ("百分数，如 99.4", "a percentage, such as 99.4"),
    "moment": ("日期，如 2025-03-07 或 2025-03-07 14:05", "a date, such as 2025-03-07 or 2025-03-07 14:05"),
}
_HEADS = (("列", "必填", "填写方法", "示例"), ("column", "needed", "how", "example"))
_CHOSEN = ("从列表选择", "chosen from the list")
_HINTS = (
    ("表头深色的列必须填写。多余的列可以删除或留空，列的顺序不限。", "Columns with a dark heading must be filled in."),
    ("表头中的单位可以改写，例如 净重（kg）。", "The unit in a heading may be changed, for instance to net (kg)."),
    ("不要合并单元格；每一行写完整。", "Do not merge cells; fill in every row."),
    ("示例行不会导入，可以删除。", "The example row is not imported; it may be deleted."),
)


def as_csv(kind: Kind, language: str) -> bytes:
    text = StringIO()
    sheet = csv.writer(text)
    sheet.writerows(_rows(kind, language == "en"))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(name: str, kind: Kind, reference: Reference, sites: list[str], language: str) -> bytes:
    """Headings, lists to choose from where words are meant, and what each column is for."""
    place = int(language == "en")
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet), "a new workbook has one"
    sheet.title = NAMES[name][place]
    for row in _rows(kind, bool(place)):
        sheet.append(row)
    sheet.freeze_panes = "A2"
    options = book.create_sheet(_SHEETS["options"][place])
    for at, one in enumerate(_shown(kind), start=1):
        letter = get_column_letter(at)
        head = sheet.cell(1, at)
        head.font, sheet.cell(2, at).font = Font(bold=True), _EXAMPLE
        if one.needed:
            head.fill = _NEEDED
        head.comment = Comment(_how(one)[place], "Lodetrace")
        sheet.column_dimensions[letter].width = max(12, 2 * len(str(head.value)))
        if one.how in {"text", "moment"}:
            for cell in sheet[f"{letter}2:{letter}{FORMATTED}"]:
                cell[0].number_format = "@" if one.how == "text" else "yyyy-mm-dd"
        words = sites if one.names[1] in ("site", "from", "to") else _words(one, reference, place)
        if words:
            _offer(sheet, options, letter, words)
    sheet.cell(2, len(_shown(kind)) + 1).font = _EXAMPLE
    _explain(book.create_sheet(_SHEETS["explained"][place]), kind, place)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


def _shown(kind: Kind) -> list[Column]:
    """Units stand in the headings, so they have no columns of their own."""
    return [one for one in kind.columns if one.how != "unit"]


def _rows(kind: Kind, english: bool) -> list[list[str]]:
    unit = next((one.example for one in kind.columns if one.how == "unit"), "")
    heads = []
    for one in _shown(kind):
        name = one.names[english]
        heads.append(f"{name} ({unit})" if english else f"{name}（{unit}）") if one.how == "mass" else heads.append(
            name
        )
    return [[*heads, _REMARK[english]], [*(one.example for one in _shown(kind)), EXAMPLE]]


def _how(one: Column) -> tuple[str, str]:
    return _HOW.get(one.how, _CHOSEN)


def _words(one: Column, reference: Reference, place: int) -> list[str]:
    """The names that a column of words takes, in the reader's language; the codes where there are no names."""
    if one.how in ("text", "mass", "percent", "moment"):
        return []
    if one.how in cells.TABLES:
        return [str(row[("zh", "en")[place]]) for row in reference.tables[cells.TABLES[one.how]].values()]
    if one.how == "country":
        return list(countries(("zh", "en")[place]).values())
    words = cells.WORDS[one.how]
    codes = list(dict.fromkeys(words.values()))
    return codes if place else [next(word for word, code in words.items() if code == one) for one in codes]


def _offer(sheet: Worksheet, options: Worksheet, letter: str, words: list[str]) -> None:
    column = sheet[f"{letter}1"].column
    options.cell(1, column, sheet[f"{letter}1"].value)
    for row, word in enumerate(words, start=2):
        options.cell(row, column, word)
    # A word of one's own may stand there too: codes are read as well as names.
    listed = DataValidation(
        "list",
        formula1=f"'{options.title}'!${letter}$2:${letter}${len(words) + 1}",
        allow_blank=True,
        showErrorMessage=False,
    )
    listed.add(f"{letter}2:{letter}{ROWS}")
    sheet.add_data_validation(listed)


def _explain(sheet: Worksheet, kind: Kind, place: int) -> None:
    for hint in _HINTS:
        sheet.append([hint[place]])
    sheet.append([])
    sheet.append(_HEADS[place])
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for one in _shown(kind):
        sheet.append([one.names[place], ("是", "yes")[place] if one.needed else "", _how(one)[place], one.example])
    for letter, width in zip("ABCD", (26, 10, 44, 20), strict=True):
        sheet.column_dimensions[letter].width = width
