"""Regimes: what a law or a buyer asks of goods; and the month's flows, for whoever reports them."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Response

from api.access import Access
from api.findings import CSV, AskedMonth
from api.tables import Format, workbook
from ledger.matter.regimes.china_flows import COLUMNS
from nodes import regimes
from nodes.node import Node

UNITS = ("mg", "reo_ug")
_PRODUCTS = ["product", "名称", *(f"{column}_{unit}" for column in COLUMNS for unit in UNITS)]
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["regimes"])
    viewer = Depends(access.require("viewer"))

    @router.get(
        "/api/v1/batches/{batch:path}/regimes/{name}", dependencies=[viewer], summary="What a regime asks of a batch"
    )
    def of_batch(batch: str, name: str) -> dict[str, Any]:
        return regimes.of_batch(node, name, batch)

    @router.get(
        "/api/v1/units/{unit:path}/regimes/{name}", dependencies=[viewer], summary="What a regime asks of a unit"
    )
    def of_unit(unit: str, name: str) -> dict[str, Any]:
        return regimes.of_unit(node, name, unit)

    @router.get(
        "/api/v1/reports/flows", dependencies=[viewer], summary="A month's flows by product", response_model=None
    )
    def flows(month: AskedMonth, format: Format = "json") -> Response | dict[str, Any]:  # noqa: A002
        found = regimes.flows(node, month).to_json(node.reference)
        if format == "csv":
            name = f"attachment; filename=flows-{month}.csv"
            return Response(_csv(found), media_type=CSV, headers={"content-disposition": name})
        if format == "xlsx":
            return workbook(f"flows-{month}", {"products": _products(found), "trades": _trades(found)})
        return found

    return router


def _csv(found: Mapping[str, Any]) -> bytes:
    """Products first, then trades; with a byte order mark, and no cell that a spreadsheet takes for a formula."""
    text = io.StringIO()
    sheet = csv.writer(text)
    for at, rows in enumerate((_products(found), _trades(found))):
        if at:
            sheet.writerow([])
        listed = list(rows)
        sheet.writerow(listed[0] if listed else (_PRODUCTS, ["documents"])[at])
        sheet.writerows([_safe(value) for value in row.values()] for row in listed)
    return text.getvalue().encode("utf-8-sig")


def _products(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in found["rows"]:
        amounts = {f"{column}_{unit}": row[column][unit] for column in COLUMNS for unit in UNITS}
        yield {"product": row["product"], "名称": row["name"]["zh"], **amounts}


def _trades(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for trade in found["trades"]:
        papers = "; ".join(f"{one['kind']}:{one['no'] or ''}" for one in trade["documents"])
        yield {**{name: value for name, value in trade.items() if name != "documents"}, "documents": papers}


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value
