"""Lists that can be had as tables: `?format=csv` and `?format=xlsx` answer the whole list, from the cursor on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from fastapi.responses import StreamingResponse

from nodes.sheets import writing

Format = Literal["json", "csv", "xlsx"]
PAGE = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Page = Callable[[int, int], dict[str, Any]]
"""(cursor, limit) → one page, as the interface answers it."""


def listed(form: Format, name: str, page: Page, cursor: int, limit: int, next_: str = "before") -> Any:
    """One page as JSON, or all from the cursor on as a table. `next_` is the member that holds the next cursor."""
    if form == "json":
        return page(cursor, limit)
    return table(form, name, _all(page, name, cursor, next_))


def table(form: Format, name: str, rows: Iterable[Mapping[str, Any]]) -> StreamingResponse:
    headers = {"content-disposition": f"attachment; filename={name}.{form}"}
    if form == "csv":
        return StreamingResponse(writing.as_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)
    return StreamingResponse(writing.as_xlsx((name, rows)), media_type=XLSX, headers=headers)


def workbook(name: str, lists: Mapping[str, Iterable[Mapping[str, Any]]]) -> StreamingResponse:
    """Several lists as the sheets of one file."""
    headers = {"content-disposition": f"attachment; filename={name}.xlsx"}
    return StreamingResponse(writing.as_xlsx(*lists.items()), media_type=XLSX, headers=headers)


def _all(page: Page, name: str, cursor: int | None, next_: str) -> Iterator[Mapping[str, Any]]:
    while cursor is not None:
        found = page(cursor, PAGE)
        yield from found[name]
        cursor = found[next_]
