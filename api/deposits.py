"""What an authority sees over all logs that are deposited with it: findings and cases, books, handovers. Only reading.

The same findings and books as a node has of its own log (api/findings.py), with whose they are; and what only several
logs show. It is worked out beside requests (nodes/overlooking.py): an answer says as of when, and whether newer is
on its way; that is waited for, a little. Any other node refuses.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from api.access import Access
from api.findings import AskedMonth, Severity, narrowed, shown_rows
from ledger.matter.across import Handover
from nodes import deposits
from nodes.findings import Told
from nodes.node import Node
from nodes.overview import Overview
from nodes.store.upstream import Upstream

PAGE_MAX = 1000
State = Literal["in_transit", "overdue", "partly", "received", "declined", "voided", "unsent"]
AskedLog = Annotated[str, Query(max_length=200)]


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["deposits"])
    viewer = Depends(access.require("viewer"))

    @router.get(
        "/api/v1/deposits",
        dependencies=[viewer],
        summary="Logs that are deposited here, and how far they were followed",
    )
    def deposited() -> dict[str, Any]:
        node.oversight.check()
        with node.store.read() as conn:
            progress = deposits.progress(conn)
        return {
            "logs": [
                {
                    "log": origin,
                    "size": at.size,
                    "unchecked": at.unchecked,
                    "custody": "not_checked",  # what was followed may still move goods that were not there
                    "broken": None if at.broken is None else {"en": at.broken[0], "zh": at.broken[1]},
                }
                for origin, at in progress.items()
            ]
        }

    @router.get("/api/v1/deposits/findings", dependencies=[viewer], summary="Findings over all deposits, gravest first")
    def findings(
        log: AskedLog | None = None,
        rule: Annotated[str | None, Query(max_length=100)] = None,
        severity: Severity | None = None,
        open: Annotated[bool | None, Query()] = None,  # noqa: A002 - the name on the wire
        since: AskedMonth | None = None,
        until: AskedMonth | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    ) -> dict[str, Any]:
        last, working = node.overlooking.soon()
        told = last.findings_of(log)
        found = narrowed(told, severity=severity, rule=rule, open_=open, since=since, until=until)
        return {**_as_of(last, working), "findings": [shown(one) for one in found[:limit]], "total": len(found)}

    @router.get(
        "/api/v1/deposits/findings/{finding}",
        dependencies=[viewer],
        summary="One of them, with its entries and answers",
    )
    def finding(finding: str) -> dict[str, Any]:
        last, working = node.overlooking.soon()
        told = last.finding(finding)
        entries = node.oversight.entries(told.finding)
        return {**_as_of(last, working), **shown(told), "events": [_event(one) for one in entries]}

    @router.get(
        "/api/v1/deposits/cases", dependencies=[viewer], summary="Findings that belong together, whosever they are"
    )
    def cases(limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100) -> dict[str, Any]:
        last, working = node.overlooking.soon()
        found = last.cases()
        return {
            **_as_of(last, working),
            "cases": [[shown(one) for one in case] for case in found[:limit]],
            "total": len(found),
        }

    @router.get("/api/v1/deposits/balances", dependencies=[viewer], summary="Books by organisation and month")
    def balances(month: AskedMonth | None = None, log: AskedLog | None = None) -> dict[str, Any]:
        last, working = node.overlooking.soon()
        return {
            **_as_of(last, working),
            "balances": [
                {"log": one.log, "month": one.month, "closed": one.closed, "rows": shown_rows(one.rows)}
                for one in last.books(month, log)
            ],
        }

    @router.get("/api/v1/deposits/handovers", dependencies=[viewer], summary="Shipments, by the word of both sides")
    def handovers(state: State | None = None, log: AskedLog | None = None) -> dict[str, Any]:
        last, working = node.overlooking.soon()
        found = [_handover(one) for one in last.handovers_of(log) if state in (None, one.state)]
        return {**_as_of(last, working), "handovers": found}

    return router


def _as_of(last: Overview, working: bool) -> dict[str, Any]:
    return {"as_of": last.at, "working": working}


def shown(told: Told) -> dict[str, Any]:
    """A finding, with the logs whose entries it is about."""
    return {**told.as_json(), "logs": list(told.logs)}


def _event(entry: Upstream) -> dict[str, Any]:
    event = entry.event
    return {
        "log": entry.log,
        "index": entry.index,
        "type": entry.type,
        "recorded_at": event.recorded_at,
        "event": dict(event.slots),
        "ids": dict(event.ids),
    }


def _handover(one: Handover) -> dict[str, Any]:
    return {
        "shipment": one.shipment,
        "sender": one.sender,
        "receiver": one.receiver,
        "purpose": one.purpose,
        "state": one.state,
        "sent_at": one.sent_at or None,
        "received_at": one.received_at or None,
        "sent_mg": one.sent_mg,
        "received_mg": one.received_mg,
        "difference_mg": one.difference_mg,
        "entries": [list(entry) for entry in one.entries],
    }
