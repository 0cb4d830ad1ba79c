"""Notices: what other nodes told us of goods that we hold, of our samples, of shipments that we share."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.access import Access
from api.batches import PAGE_MAX
from nodes import notices
from nodes.node import Node


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["notices"])

    @router.get(
        "/api/v1/notices",
        dependencies=[Depends(access.require("viewer"))],
        summary="What others told us of goods, samples and shared shipments, newest first",
    )
    def told(limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50) -> dict[str, Any]:
        return {"notices": notices.notices(node, limit)}

    return router
