"""Notices: what other nodes told us of goods that we hold, of our samples, of shipments that we share."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.access import Access
from api.batches import PAGE_MAX
from api.tables import Format, table
from nodes import notices
from nodes.node import Node
from nodes.store import lists


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["notices"])

    @router.get(
        "/api/v1/notices",
        dependencies=[Depends(access.require("viewer"))],
        summary="What others told us of goods, samples and shared shipments, newest first",
    )
    def told(
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        if format == "json":
            return {"notices": notices.notices(node, limit)}
        return table(node, format, "notices", notices.notices(node, lists.LATEST))

    return router
