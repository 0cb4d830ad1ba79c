"""The relay's interface: messages for nodes that nobody can reach, all sealed (nodes/relay.py, nodes/relayed.py).

Who leaves a message signs the request as a node of our trust policy. Who fetches one is the recipient: it introduces
itself with every request, as it would at its own address, and signs by the key that this proves. Reached at this
address, its introduction stands where it would stand at its own.

`inside` is the other end: a request that came through a relay, brought to our own application. Only what is for other
nodes can be asked so.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote

from fastapi import APIRouter, FastAPI, Path, Request, Response
from starlette.requests import ClientDisconnect

from api.access import Access, check_body
from api.bodies import MAX_INT, read_bytes
from ledger.errors import Malformed, Unknown
from ledger.log.canonical import parse_json
from nodes import relayed
from nodes.node import Node
from nodes.peers import ANSWER_MAX, MESSAGE_MAX, Reply
from nodes.relay import Relay

RELAYED = "lodetrace.relayed"
"""In the scope of a request that came through a relay, where it may have waited."""
_INTRODUCED_MAX = 1 << 20
_FOR_NODES = re.compile(r"/(log[0-9]*|inbox|registry|deposits|\.well-known)/").match
_OCTETS = "application/octet-stream"
_NOW = {"cache-control": "no-store"}
_say = logging.getLogger(__name__)

_Message = MutableMapping[str, Any]
_T = TypeVar("_T")


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["between nodes"])
    relay = Relay(node)

    async def signed(request: Request, limit: int) -> tuple[str, bytes]:
        """Who signed it, and its body: much of which is read from those alone whom we know."""
        name = await access.announced(request)
        data = await read_bytes(request, limit)
        check_body(request, data)
        return name, data

    @router.post("/relay/box", summary="The next message for the node that asks, sealed", response_class=Response)
    async def fetch(request: Request) -> Response:
        data = await read_bytes(request, _INTRODUCED_MAX)
        told, under_way = _introduced(data)
        name = await access.introduced(request, data, told)
        await relay.introduce(name, told)
        found = await _unless_gone(request, relay.fetch(name, under_way))
        if found is None:
            return Response(status_code=204, headers=_NOW)
        return Response(b"%d\n%s" % found, headers=_NOW, media_type=_OCTETS)

    @router.post("/relay/box/{no}", summary="The answer to a message that was fetched, sealed", status_code=204)
    async def answer(request: Request, no: Annotated[int, Path(ge=-MAX_INT, le=MAX_INT)]) -> Response:
        name, data = await signed(request, ANSWER_MAX)
        await relay.answer(name, no, data)
        return Response(status_code=204)

    @router.post(
        "/relay/{name:path}/bring/{key}", summary="A sealed message, kept until it is answered", response_class=Response
    )
    async def bring(request: Request, name: str, key: str) -> Response:
        relay.box_of(name)
        sender, data = await signed(request, MESSAGE_MAX)
        found = await relay.leave(name, sender, key, data)
        if found is None:
            return Response(status_code=202, headers=_NOW)
        return Response(found, headers=_NOW, media_type=_OCTETS)

    @router.post("/relay/{name:path}/ask", summary="A sealed question to a node that fetches", response_class=Response)
    async def ask(request: Request, name: str) -> Response:
        relay.box_of(name)
        _, data = await signed(request, min(node.settings.body_max, MESSAGE_MAX))
        return Response(await relay.ask(name, data), headers=_NOW, media_type=_OCTETS)

    @router.get("/relay/{name:path}/.well-known/lodetrace.json", summary="Who a node is whose messages wait here")
    async def well_known(name: str) -> Response:
        return Response(await relay.introduction(name), headers=_NOW, media_type="application/json")

    return router


async def _unless_gone(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Waits for `work` as long as whoever asked does: cancelled when they hang up."""
    task, hung_up = asyncio.create_task(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((task, hung_up), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        hung_up.cancel()
        await asyncio.gather(task, hung_up, return_exceptions=True)


def _introduced(data: bytes) -> tuple[bytes, list[int]]:
    match parse_json(data, field="body"):
        case {"told": str(told), "under_way": list(under_way), **more} if not more:
            numbers = [no for no in under_way if type(no) is int]
            if len(numbers) == len(under_way):
                return told.encode(), numbers
    raise Malformed("malformed", field="body", why="it is not an introduction and the numbers of messages")


def inside(app: FastAPI) -> Callable[[relayed.Request], Awaitable[Reply]]:
    """Our own application, for requests that came through a relay."""

    async def asked(one: relayed.Request) -> Reply:
        path, _, query = one.path.partition("?")
        if not _FOR_NODES(path):
            raise Unknown("route-unknown", field="path", value=path)
        headers = [(name, value) for name, value in one.headers.items() if name.lower() in relayed.CARRIED]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": one.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
            "client": None,
            "server": None,
            RELAYED: True,
        }
        exchange = _Exchange(one.body)
        try:
            await app(scope, exchange.receive, exchange.send)
        except Exception:  # noqa: BLE001 - a server answers whatever happens; without an answer it would come for ever
            _say.exception("%s %s failed, asked through a relay", one.method, path)
        return exchange.reply()

    return asked


class _Exchange:
    """One request as ASGI tells it, and what comes back."""

    def __init__(self, body: bytes) -> None:
        self._body, self._told = body, False
        self._status, self._headers, self._parts = 500, dict[str, str](), list[bytes]()

    async def receive(self) -> _Message:
        if self._told:
            await asyncio.Event().wait()  # whoever asked does not go away
        self._told = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))

    def reply(self) -> Reply:
        kind = self._headers.get("content-type", "").partition(";")[0].strip()
        return Reply(self._status, b"".join(self._parts), None, kind, self._headers.get("etag"))
