"""Regimes: what a law or a buyer asks of goods; and the month's flows, for whoever reports them."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Response

from api.access import Access
from api.findings import AskedMonth
from api.quotas import shown as shown_accounts
from api.screens.listing import FURTHER
from api.screens.monthly import TITLE, monthly_report
from api.screens.reader import Reader
from api.tables import Format, workbook
from ledger.matter.regimes.china_flows import COLUMNS
from nodes import attesting, regimes
from nodes.node import Node

UNITS = ("mg", "reo_ug")


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
        if format == "json":
            return found
        if format in ("csv", "xlsx"):
            return workbook(format, f"flows-{month}", {"products": _products(found), "trades": _trades(found)})
        reader = Reader(node, format.partition(".")[2])
        sheets = monthly_report(reader, found, shown_accounts(attesting.quotas(node)))
        return workbook(format, f"{reader._(TITLE)} {month}", sheets, reader._(FURTHER))

    return router


def _products(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in found["rows"]:
        amounts = {f"{column}_{unit}": row[column][unit] for column in COLUMNS for unit in UNITS}
        yield {"product": row["product"], "名称": row["name"]["zh"], **amounts}


def _trades(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for trade in found["trades"]:
        papers = "; ".join(f"{one['kind']}:{one['no'] or ''}" for one in trade["documents"])
        yield {**{name: value for name, value in trade.items() if name != "documents"}, "documents": papers}
