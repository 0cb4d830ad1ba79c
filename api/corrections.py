"""Corrections and drafts: what was recorded wrongly is put right in the open, and what moves goods by two persons.

An amendment of words is sealed at once. A reversal or an adjustment is answered with a draft that waits; a supervisor
under another name seals it by approving. Drafts of any verb may be kept besides, and sealed by whoever wrote them.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.access import Access
from api.batches import PAGE_MAX, Before
from api.bodies import openapi_body, read, validated
from api.recording import JSON, Prepare, Recording, add, entry, idempotency_key, key_parameter
from api.requests import Body, Code, EntryName, Noted, Object, Quantity, Text
from api.tables import Format, listed
from ledger.errors import Malformed, Unknown
from nodes import drafts as kept
from nodes.node import Caller, Node
from nodes.people import check_task
from nodes.sequencer import Answer
from nodes.store import drafts, lists
from nodes.store.drafts import StoredDraft
from nodes.tokens import Pass, at_least

Index = Annotated[int, Field(ge=0, strict=True)]


class Word(Body):
    """Other words at a place of the entry; `was` is what stands there now, `is` is left out to take it away."""

    path: Text
    was: Text | None = None
    is_: Annotated[Text | None, Field(alias="is")] = None


class Adjustment(Body):
    """So much more or less of a batch was made, used, shipped or received by an entry."""

    entry: Index
    side: Literal["made", "used", "shipped", "received"]
    batch: Code
    more: Quantity | None = None
    less: Quantity | None = None
    site: Code | None = None
    owner: Code | None = None

    @model_validator(mode="after")
    def one_of_them(self) -> "Adjustment":
        if (self.more is None) == (self.less is None):
            raise PydanticCustomError("one_change", "say either more or less")
        return self


class Correct(Noted):
    """`amend` and `reverse` name an entry; `adjust` has lines, each with the entry that it is about."""

    kind: Literal["amend", "reverse", "adjust"]
    reason: Text
    entry: Index | None = None
    words: list[Word] | None = None
    lines: list[Adjustment] | None = None
    consent: EntryName | None = None


class Draft(Body):
    """A request that is not recorded yet: the verb as in bulk, and its body, which is looked at when it is sealed."""

    verb: Code
    body: Object


RECORDINGS = (
    Recording(
        "/api/v1/corrections",
        "correct",
        Correct,
        "A correction: words at once, amounts once a second person approved",
        {
            "kind": "amend",
            "entry": 2,
            "words": [{"path": "outputs.chain/0.lot_no", "was": "PN-7", "is": "PN-07"}],
            "reason": "the label says PN-07",
        },
        {"corrected": [2], "entry": entry("xinfeng.example", 24)},
    ),
)


def prepared(node: Node) -> Mapping[str, Prepare]:
    async def correct(body: dict[str, Any], caller: Caller, key: str) -> Answer:
        if kept.needs_approval("correct", body):
            return await asyncio.to_thread(kept.propose, node, caller, key, "correct", body)
        return await node.do("correct", body, caller, key)

    return {"correct": correct}


def routes(node: Node, access: Access, known: Mapping[str, Recording]) -> APIRouter:
    """`known`: the recordings of which drafts may be."""
    router = APIRouter(tags=["corrections"])
    add(router, node, access, RECORDINGS, prepared(node))
    clerk, supervisor = Depends(access.require("clerk")), Depends(access.require("supervisor"))
    body_of = {**openapi_body(Draft, {"verb": "move", "body": {}}), "parameters": [key_parameter()]}

    @router.post("/api/v1/drafts", status_code=201, summary="Kept, not recorded", openapi_extra=body_of)
    async def save(request: Request, caller: Pass = clerk) -> Response:
        key = idempotency_key(request.headers.get("idempotency-key"))
        draft = await read(request, Draft, node.settings.body_max)
        _recording(known, draft.verb)
        return _sent(await asyncio.to_thread(kept.save, node, Caller(caller.owner), key, draft.verb, draft.body))

    @router.get("/api/v1/drafts", summary="Your drafts; for a supervisor also those that wait for approval")
    def drafts_of(
        before: Before = lists.LATEST,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        format: Format = "json",  # noqa: A002 - the name on the wire
        caller: Pass = clerk,
    ) -> Any:
        def page(before: int, limit: int) -> dict[str, Any]:
            with node.store.read() as conn:
                waiting = at_least(caller.role, "supervisor")
                found = drafts.listed(conn, caller.owner, waiting=waiting, before=before, limit=limit)
            return {"drafts": [_shown(one) for one in found], "before": found[-1].no if len(found) == limit else None}

        return listed(node, format, "drafts", page, before, limit)

    @router.get("/api/v1/drafts/{draft}", summary="One draft, as it was written")
    def one(draft: str, caller: Pass = clerk) -> dict[str, Any]:
        who = Caller(caller.owner)
        return _shown(kept.read(node, who, draft, supervisor=at_least(caller.role, "supervisor")))

    @router.put("/api/v1/drafts/{draft}", summary="Another text in its place", openapi_extra=openapi_body(Draft))
    async def change(draft: str, request: Request, caller: Pass = clerk) -> dict[str, Any]:
        text = await read(request, Draft, node.settings.body_max)
        _recording(known, text.verb)
        who = Caller(caller.owner)
        return _shown(await asyncio.to_thread(kept.change, node, who, draft, text.verb, text.body))

    @router.delete("/api/v1/drafts/{draft}", summary="Away with it", status_code=204, response_class=Response)
    def delete(draft: str, caller: Pass = clerk) -> Response:
        kept.delete(node, Caller(caller.owner), draft, supervisor=at_least(caller.role, "supervisor"))
        return Response(status_code=204)

    @router.post("/api/v1/drafts/{draft}/sealing", status_code=201, summary="Your draft is recorded", **_keyed())
    async def seal(draft: str, request: Request, caller: Pass = clerk) -> Response:
        key = idempotency_key(request.headers.get("idempotency-key"))
        who = Caller(caller.owner)
        found = await _find(node, lambda: kept.read(node, who, draft, supervisor=False), draft)
        if isinstance(found, Answer):
            return _sent(found)
        recording = _recording(known, found.verb)
        access.admit(request, recording.role)
        body = validated(recording.body, json.loads(found.body)).wire()
        check_task(caller, found.verb, body)
        if kept.needs_approval(found.verb, body):
            return _sent(await asyncio.to_thread(kept.hand_in, node, who, key, found, body))
        return _sent(await kept.seal(node, who, draft, body, found.verb))

    @router.post("/api/v1/drafts/{draft}/approval", status_code=201, summary="Another's draft is recorded", **_keyed())
    async def approve(draft: str, request: Request, caller: Pass = supervisor) -> Response:
        idempotency_key(request.headers.get("idempotency-key"))
        who = Caller(caller.owner)
        found = await _find(node, lambda: kept.read(node, who, draft, supervisor=True), draft)
        if isinstance(found, Answer):
            return _sent(found)
        body = validated(_recording(known, found.verb).body, json.loads(found.body)).wire()
        check_task(caller, found.verb, body)
        return _sent(await kept.approve(node, who, found, body))

    return router


async def _find(node: Node, look: Any, draft: str) -> StoredDraft | Answer:
    """The draft, or what it was answered with when it was sealed."""
    try:
        found: StoredDraft = await asyncio.to_thread(look)
    except Unknown:
        sealed = await asyncio.to_thread(kept.sealed_before, node, draft)
        if sealed is None:
            raise
        return sealed
    return found


def _recording(known: Mapping[str, Recording], verb: str) -> Recording:
    found = known.get(verb)
    if found is None:
        raise Malformed("verb-unknown", field="verb", value=verb, verbs=", ".join(known))
    return found


def _shown(found: StoredDraft) -> dict[str, Any]:
    return {
        "draft": found.id,
        "owner": found.owner,
        "verb": found.verb,
        "body": json.loads(found.body),
        "state": found.state,
        "updated_at": found.updated_at,
    }


def _sent(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=JSON)


def _keyed() -> dict[str, Any]:
    return {"response_class": Response, "openapi_extra": {"parameters": [key_parameter()]}}
