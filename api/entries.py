"""The log as its own people read it: entries with what they say, after a cursor, of one type if asked."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.access import Access
from api.recording import JSON
from api.tables import Format, listed
from ledger.entries import open_event, parse_entry
from ledger.evidence import format_evidence
from ledger.log.canonical import b64
from nodes import entries as seen
from nodes.node import Node
from nodes.store import lists, log
from nodes.store.records import Entry

PAGE_MAX = 1000


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["log"])
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/entries", dependencies=[viewer], summary="Entries and their disclosures, oldest first")
    def entries(
        after: Annotated[int, Query(ge=-1, le=lists.LATEST)] = -1,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        type: Annotated[str | None, Query()] = None,  # noqa: A002 - the name on the wire
        raw: bool = False,
        format: Format = "json",  # noqa: A002 - the name on the wire
    ) -> Any:
        def page(after: int, limit: int) -> dict[str, Any]:
            with node.store.read() as conn:
                found = log.page(conn, after=after, event_type=type, limit=limit)
            shown = [_raw(entry) if raw else _shown(entry) for entry in found]
            return {"entries": shown, "after": found[-1].index if len(found) == limit else None}

        return listed(node, format, "entries", page, after, limit, "after")

    @router.get("/api/v1/entries/{index}/evidence", dependencies=[viewer], summary="The portable proof of one entry")
    def evidence_of(index: Annotated[int, Path(ge=0, le=lists.LATEST)]) -> Response:
        return Response(format_evidence(seen.proof(node, index)), media_type=JSON)

    return router


def _raw(entry: Entry) -> dict[str, Any]:
    """As an audit reads it: the bytes, and every disclosure. Bytes that are no text were altered; they cannot pass."""
    note = entry.note.decode(errors="replace")
    return {"index": entry.index, "note": note, "disclosures": entry.disclosures.split("\n")}


def _shown(entry: Entry) -> dict[str, Any]:
    event = open_event(parse_entry(entry.note), entry.disclosures.split("\n"), whole=True)
    return {
        "index": entry.index,
        "leaf": b64(entry.leaf),
        "type": entry.type,
        "recorded_at": entry.recorded_at,
        "event": dict(event.slots),
        "ids": dict(event.ids),
    }
