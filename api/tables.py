"""Lists that can be had as tables, whole, from the cursor on: `?format=csv` and `?format=xlsx`.

As they are, a column for each member, they are for programs. With a language, `?format=xlsx.zh`, they are for people:
headings and codes in words, masses in kilograms, times as dates (api/screens/listing.py).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from api.screens.listing import FURTHER, TITLES, readable
from api.screens.reader import Reader
from nodes.node import Node
from nodes.sheets import writing

Format = Literal["json", "csv", "xlsx", "csv.en", "csv.zh", "xlsx.en", "xlsx.zh"]
PAGE = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}
Rows = Iterable[Mapping[str, Any]]
Page = Callable[[int, int], dict[str, Any]]
"""(cursor, limit) → one page, as the interface answers it."""


def listed(node: Node, form: Format, name: str, page: Page, cursor: int, limit: int, next_: str = "before") -> Any:
    """One page as JSON, or all from the cursor on as a table. `next_` is the member that holds the next cursor."""
    if form == "json":
        return page(cursor, limit)
    return table(node, form, name, _all(page, name, cursor, next_))


def table(node: Node, form: Format, name: str, rows: Rows) -> StreamingResponse:
    """`name`: what is listed, and perhaps of which month: `balance-2026-11`."""
    kind, _, language = form.partition(".")
    if not language:
        return _file(kind, name, {name: rows})
    reader = Reader(node, language)
    list_, _, of = name.partition("-")
    title = f"{reader._(TITLES[list_])} {of}".strip()
    return _file(kind, title, {title: readable(reader, list_, rows)}, reader._(FURTHER))


def workbook(form: Format, name: str, lists: Mapping[str, Rows], other: str = writing.OTHER) -> StreamingResponse:
    """Several lists as the sheets of one file; as CSV, one below the other."""
    return _file(form.partition(".")[0], name, lists, other)


def _file(kind: str, name: str, lists: Mapping[str, Rows], other: str = writing.OTHER) -> StreamingResponse:
    if kind == "csv":
        written = writing.as_csv(*lists.values(), other=other)
    else:
        written = writing.as_xlsx(*lists.items(), other=other)
    called = f"{name}.{kind}"
    named = f"filename={called}" if called.isascii() and " " not in called else f"filename*=UTF-8''{quote(called)}"
    return StreamingResponse(written, media_type=TYPES[kind], headers={"content-disposition": f"attachment; {named}"})


def _all(page: Page, name: str, cursor: int | None, next_: str) -> Iterator[Mapping[str, Any]]:
    while cursor is not None:
        found = page(cursor, PAGE)
        yield from found[name]
        cursor = found[next_]
