"""Routes that record: one shape for all verbs. Read strictly, validate the shape, hand over, answer what was recorded.

Every such POST needs an Idempotency-Key: the same key and body have one result for 90 days, another body under the same
key is a conflict, a refusal is not remembered. `nodes/sequencer.py` keeps that promise, in the entry's own transaction.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from api.access import Access
from api.bodies import openapi_body, read
from api.requests import Body
from ledger.errors import Malformed
from nodes.node import Caller, Node
from nodes.people import check_task
from nodes.sequencer import Answer

KEY_MAX = 200
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Recording:
    """`path` may hold `{shipment:path}`, which becomes a field of the body that the verb sees.

    `names` are such fields of the example, where its answer does not repeat them.
    """

    path: str
    verb: str
    body: type[Body]
    summary: str
    example: Mapping[str, Any]
    answer: Mapping[str, Any]
    role: str = "clerk"
    names: Mapping[str, str] = field(default_factory=dict)


Prepare = Callable[[dict[str, Any], Caller, str], Awaitable[Answer]]
"""What stands between a request and its verb, where there is more to do than to record: (body, caller, key)."""


def entry(name: str, index: int) -> dict[str, Any]:
    """How an answer names the entry that was made, for examples."""
    return {"log": f"{name}/log", "index": index, "leaf": "pHlZ2mY8cRjT0xWnQvK5uE7sLbA1dFgHiJkMoPqNrSw="}


class _Direct(APIRoute):
    """A route that hands the request to its endpoint as it is.

    FastAPI's own way there resolves dependencies and models. These endpoints have neither, and the way would cost more
    than the rest of the request. What is declared as a dependency describes the route, the endpoint itself asks.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


def add(
    router: APIRouter,
    node: Node,
    access: Access,
    recordings: Sequence[Recording],
    prepared: Mapping[str, Prepare] = MappingProxyType({}),
) -> None:
    for recording in recordings:
        router.add_api_route(
            recording.path,
            _endpoint(node, access, recording, prepared.get(recording.verb)),
            methods=["POST"],
            status_code=201,
            summary=recording.summary,
            name=recording.verb,
            openapi_extra={
                **openapi_body(recording.body, recording.example),
                "parameters": [key_parameter()],
            },
            responses={201: {"content": {JSON: {"example": recording.answer}}}},
            response_class=Response,
            dependencies=[Depends(access.require(recording.role))],
            route_class_override=_Direct,
        )


def _endpoint(
    node: Node, access: Access, recording: Recording, prepare: Prepare | None
) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def endpoint(request: Request) -> Response:
        caller = access.admit(request, recording.role)
        key = idempotency_key(request.headers.get("idempotency-key"))
        body = (await read(request, recording.body, node.settings.body_max)).wire()
        whole, who = {**body, **request.path_params}, Caller(caller.owner)
        check_task(caller, recording.verb, whole)
        answer = await (node.do(recording.verb, whole, who, key) if prepare is None else prepare(whole, who, key))
        return Response(answer.body, answer.status, media_type=JSON)

    return endpoint


def key_parameter() -> dict[str, Any]:
    """How the key stands in the OpenAPI description."""
    schema = {"type": "string", "minLength": 1, "maxLength": KEY_MAX}
    return {"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema}


def idempotency_key(given: str | None) -> str:
    if given is None:
        raise Malformed("key-missing", field="Idempotency-Key")
    if not 0 < len(given) <= KEY_MAX or not given.isprintable():
        raise Malformed("key-wrong", field="Idempotency-Key", value=given, limit=KEY_MAX)
    return given
