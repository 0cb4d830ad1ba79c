"""Regimes: what a law or a buyer asks of goods; and the month's flows, for whoever reports them."""

import csv
import io
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter, Depends, Response

from api.access import Access
from api.findings import CSV, AskedMonth
from ledger.matter.regimes.china_flows import COLUMNS
from nodes import regimes
from nodes.node import Node

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
    def flows(month: AskedMonth, format: Literal["json", "csv"] = "json") -> Response | dict[str, Any]:  # noqa: A002
        found = regimes.flows(node, month).to_json(node.reference)
        if format == "csv":
            name = f"attachment; filename=flows-{month}.csv"
            return Response(_csv(found), media_type=CSV, headers={"content-disposition": name})
        return found

    return router


def _csv(found: Mapping[str, Any]) -> bytes:
    """Products first, then trades; with a byte order mark, and no cell that a spreadsheet takes for a formula."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(["product", "名称", *(f"{column}_{unit}" for column in COLUMNS for unit in ("mg", "reo_ug"))])
    for row in found["rows"]:
        amounts = [row[column][unit] for column in COLUMNS for unit in ("mg", "reo_ug")]
        sheet.writerow([row["product"], row["name"]["zh"], *amounts])
    sheet.writerow([])
    names = [name for name in found["trades"][0] if name != "documents"] if found["trades"] else []
    sheet.writerow([*names, "documents"])
    for trade in found["trades"]:
        papers = "; ".join(f"{one['kind']}:{one['no'] or ''}" for one in trade["documents"])
        sheet.writerow([_safe(trade[name]) for name in names] + [_safe(papers)])
    return text.getvalue().encode("utf-8-sig")


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value
