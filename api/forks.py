"""Forks found, and the logs that this node follows: for whoever must know which partner cannot be believed."""

import asyncio
from json import loads
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access import Access
from api.bodies import openapi_body, read
from api.requests import Body, Code, Text
from ledger.log.canonical import dump
from ledger.log.checkpoints import parse_checkpoint
from ledger.log.notes import parse_note
from nodes.clock import stamp
from nodes.node import Node
from nodes.store import followed, forks
from nodes.store.followed import Followed
from nodes.store.forks import Fork
from nodes.tokens import Pass


class SeenAlarm(Body):
    """What was found out about an alarm: why it may stay."""

    log: Code
    code: Code
    reason: Text


_JSON = "application/json"
_NOW = {"cache-control": "no-store"}


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["other logs"])
    viewer, admin = [Depends(access.require("viewer"))], Depends(access.require("admin"))

    def listed() -> list[dict[str, Any]]:
        with node.store.read() as conn:
            return [_fork(one) for one in forks.everything(conn)]

    def followed_logs() -> list[dict[str, Any]]:
        with node.store.read() as conn:
            alarms = [(one.origin, one) for one in followed.alarms(conn)]
            return [
                _log(one, [_alarm(alarm) for origin, alarm in alarms if origin == one.origin])
                for one in followed.everything(conn)
            ]

    @router.get(
        "/api/v1/logs", summary="The logs that this node follows, and what is wrong with them", dependencies=viewer
    )
    async def logs() -> Response:
        return Response(dump({"logs": await asyncio.to_thread(followed_logs)}), headers=_NOW, media_type=_JSON)

    @router.post(
        "/api/v1/logs/acknowledgement",
        summary="An operator has looked into an alarm, and says why it may stay",
        status_code=200,
        openapi_extra=openapi_body(
            SeenAlarm, {"log": "mine.example/log", "code": "ref-differs", "reason": "a typing error"}
        ),
    )
    async def looked_into(request: Request, caller: Annotated[Pass, admin]) -> Response:
        seen = await read(request, SeenAlarm, node.settings.body_max)

        def kept() -> dict[str, Any]:
            with node.store.write() as conn:
                at = stamp(node.clock())
                return _alarm(followed.acknowledge(conn, seen.log, seen.code, caller.owner, at, seen.reason))

        return Response(dump(await asyncio.to_thread(kept)), headers=_NOW, media_type=_JSON)

    @router.get("/api/v1/forks", summary="Logs that signed two histories, oldest first", dependencies=viewer)
    async def found() -> Response:
        return Response(dump({"forks": await asyncio.to_thread(listed)}), headers=_NOW, media_type=_JSON)

    @router.get(
        "/api/v1/forks/{no}", summary="The proof of a fork, as a file that anybody can check", dependencies=viewer
    )
    async def file(no: int) -> Response:
        with node.store.read() as conn:
            one = forks.one(conn, no)
        name = f"{one.origin.replace('/', '-')}-{no}.fork.json"
        return Response(
            one.evidence, headers={"content-disposition": f'attachment; filename="{name}"'}, media_type=_JSON
        )

    @router.post(
        "/api/v1/forks/{no}/acknowledgement", summary="An operator has seen a fork: deliveries go on", status_code=200
    )
    async def acknowledge(no: int, caller: Annotated[Pass, admin]) -> Response:
        def seen() -> dict[str, Any]:
            with node.store.write() as conn:
                return _fork(forks.acknowledge(conn, no, caller.owner, stamp(node.clock())))

        return Response(dump(await asyncio.to_thread(seen)), headers=_NOW, media_type=_JSON)

    return router


def _fork(one: Fork) -> dict[str, Any]:
    return {
        "no": one.no,
        "log": one.origin,
        "place": one.index,
        "at": one.at,
        "acknowledged_by": one.acknowledged_by,
        "acknowledged_at": one.acknowledged_at,
    }


def _log(one: Followed, alarms: list[dict[str, Any]]) -> dict[str, Any]:
    checkpoint = None if one.note is None else parse_checkpoint(parse_note(one.note).text)
    return {
        "log": one.origin,
        "size": one.size,
        "checkpoint": None if checkpoint is None else checkpoint.size,
        "seen_at": one.seen_at,
        "alarms": alarms,
    }


def _alarm(one: followed.Alarm) -> dict[str, Any]:
    return {
        "code": one.code,
        "detail": one.en,
        "detail_zh": one.zh,
        "since": one.since,
        "evidence": loads(one.evidence),
        "acknowledged_by": one.acknowledged_by,
        "acknowledged_at": one.acknowledged_at,
        "reason": one.reason,
    }
