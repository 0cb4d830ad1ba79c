"""Bulk: many commands in one request, as NDJSON. Each line is atomic alone; results come in the order of the lines.

A line is `{"verb": "register", "key": "…", "body": {…}}`; a result is `{"key", "status", "body"}` or
`{"key", "status", "problem"}`. Lines travel to the writer together, so they share its commits.
"""

import asyncio
import json
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access, check_role
from api.bodies import parse, read_bytes, validated
from api.errors import problem_of
from api.misfits import misfit
from api.recording import Recording, idempotency_key
from api.verbs import PLAIN
from ledger.errors import LodetraceError, Malformed, Unavailable
from nodes.node import Caller, Node
from nodes.people import check_task
from nodes.sequencer import Answer, Command
from nodes.tokens import Pass

MEDIA_TYPE = "application/x-ndjson"
LINES_MAX = 10_000


class Line(BaseModel):
    """`shipment`, `pool` and `lock` name what the path of a single request names."""

    model_config = ConfigDict(extra="forbid", strict=True)
    verb: str
    key: Annotated[str, Field(min_length=1)]
    body: dict[str, Any]
    shipment: str | None = None
    pool: str | None = None
    lock: str | None = None


IN_PATHS = ("shipment", "pool", "lock")


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["bulk"])
    clerk = Depends(access.require("clerk"))

    @router.post(
        "/api/v1/bulk",
        summary="Many commands, one result per line",
        response_class=Response,
        openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
    )
    async def bulk(request: Request, caller: Pass = clerk) -> Response:
        data = await read_bytes(request, node.settings.body_max)
        lines = [line for line in data.split(b"\n") if line.strip()]
        if len(lines) > LINES_MAX:
            raise Malformed("list-too-long", field="body", value=len(lines), limit=LINES_MAX)
        keys, commands = await asyncio.to_thread(_commands, node, caller, lines)
        answers = await node.do_all(commands)
        return Response(b"".join(_results(keys, answers)), media_type=MEDIA_TYPE)

    return router


def _commands(node: Node, caller: Pass, lines: list[bytes]) -> tuple[list[str | None], list[Command | LodetraceError]]:
    keys: list[str | None] = []
    commands: list[Command | LodetraceError] = []
    for data in lines:
        key = None
        try:
            line = validated(Line, parse(data))
            key = idempotency_key(line.key)
            recording = PLAIN.get(line.verb)
            if recording is None:
                raise Malformed("verb-unknown", field="verb", value=line.verb, verbs=", ".join(PLAIN))
            check_role(caller, recording.role)
            body = validated(recording.body, line.body).wire() | _named(recording, line)
            check_task(caller, line.verb, body)
            commands.append(node.command(line.verb, body, Caller(caller.owner), key))
        except LodetraceError as error:
            commands.append(error)
        keys.append(key)
    return keys, commands


def _named(recording: Recording, line: Line) -> dict[str, str]:
    """What stands in the path of a single request must stand in the line, and nothing that does not."""
    named = {name: value for name in IN_PATHS if (value := getattr(line, name)) is not None}
    for name in IN_PATHS:
        if (f"{{{name}" in recording.path) != (name in named):
            kind = "extra_forbidden" if name in named else "missing"
            raise misfit([{"type": kind, "loc": (name,), "input": named.get(name)}])
    return named


def _results(keys: list[str | None], answers: list[Answer | BaseException]) -> Iterable[bytes]:
    for key, answer in zip(keys, answers, strict=True):
        named = json.dumps(key, ensure_ascii=False).encode()
        if isinstance(answer, Answer):
            # The answer's body is JSON text already, the very bytes that a repeat would get.
            yield b'{"key":' + named + b',"status":' + str(answer.status).encode() + b',"body":' + answer.body + b"}\n"
            continue
        # What is not an error of the ledger is a mistake of ours: in the journal since it happened, and told as such.
        problem = problem_of(answer if isinstance(answer, LodetraceError) else Unavailable("internal-error"))
        row = {"key": key, "status": problem["status"], "problem": problem}
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"
