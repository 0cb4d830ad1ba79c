"""What was worked out over all deposited logs, for an authority's own programs: as on its pages, without waiting.

api/deposits.py waits a little for newer.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.access import Access
from api.deposits import PAGE_MAX, AskedLog, shown
from api.errors import problem_of
from api.findings import AskedMonth, Severity, narrowed
from api.tables import Format, table
from nodes.node import Node


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["oversight"])
    viewer = Depends(access.require("viewer"))

    @router.get(
        "/api/v1/oversight/findings",
        dependencies=[viewer],
        summary="Findings over all deposits as they were last worked out, gravest first",
    )
    def findings(
        log: AskedLog | None = None,
        rule: Annotated[str | None, Query(max_length=100)] = None,
        severity: Severity | None = None,
        open: Annotated[bool | None, Query()] = None,  # noqa: A002 - the name on the wire
        since: AskedMonth | None = None,
        until: AskedMonth | None = None,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        last, working = node.overlooking.look() if format == "json" else node.overlooking.soon()
        of = () if last is None else (one for one in last.findings if log in (None, *one.logs))
        found = narrowed(of, severity=severity, rule=rule, open_=open, since=since, until=until)
        failed = node.overlooking.failed
        if format != "json":
            return table(node, format, "findings", [shown(one) for one in found])
        return {
            "as_of": None if last is None else last.at,
            "working": working,
            "failed": None if failed is None else {"at": failed.at, "problem": problem_of(failed.error)},
            "findings": [shown(one) for one in found[offset : offset + limit]],
            "total": len(found),
        }

    return router
