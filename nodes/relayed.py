"""Both ends of a relay (nodes/relay.py): what is sealed there, by whoever writes and by the node that nobody can reach.

    Through     the way to a node behind a relay: one HTTP request to it, and its answer
    Fetching    the other end: brings each request to our own application, and its answer back; until cancelled

A message is sealed for the recipient's `seal` key and holds the request as the recipient would get it, signed by its
sender for it, and a public key that was made for this answer alone. So nobody but the recipient can answer, though it
signs nothing: nobody else knows that key. The answer is sealed for it.

Promises: a message may come twice, and does no harm; what its sender signed may be as old as a relay keeps messages.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import uniform
from typing import Any

from ledger.errors import LodetraceError, Malformed, Unavailable, Unverified
from ledger.keys import LAST
from ledger.log.canonical import b64, dump, parse_json, unb64
from nodes.introductions import open_introduction
from nodes.node import Node
from nodes.peers import ANSWER_MAX, MESSAGE_ADDED, Peers, Reply
from nodes.sealing import KEY_SIZE, Private, fresh, public_of, seal, unseal

REQUEST, ANSWER = "lodetrace asked v1", "lodetrace answered v1"
CARRIED = ("content-type", "content-digest", "if-none-match", "signature", "signature-input")
"""Headers of a request that reach the recipient."""
AT_ONCE = 16
LONGEST_PAUSE_SECONDS = 30.0

_say = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """As the recipient's own application gets it; `answer_to` is a public key."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    answer_to: bytes = bytes(KEY_SIZE)


Application = Callable[[Request], Awaitable[Reply]]


def format_request(asked: Request) -> bytes:
    head = {"method": asked.method, "path": asked.path, "answer_to": b64(asked.answer_to)}
    return dump({**head, "headers": _listed(asked.headers)}) + b"\n" + asked.body


def parse_request(text: bytes) -> Request:
    head, body = _parted(text)
    match head:
        case {"method": str(method), "path": str(path), "answer_to": str(to), "headers": list(headers), **more} if (
            not more
        ):
            return Request(method, path, _headers(headers), body, unb64(to, field="answer_to", size=KEY_SIZE))
    raise Malformed("malformed", field="message", why="it is no request")


def format_answer(reply: Reply) -> bytes:
    headers = {"content-type": reply.kind, "etag": reply.etag or ""}
    return dump({"status": reply.status, "headers": _listed(headers)}) + b"\n" + reply.body


def parse_answer(text: bytes) -> Reply:
    head, body = _parted(text)
    match head:
        case {"status": int(status), "headers": list(listed), **more} if not more:
            headers = _headers(listed)
            return Reply(status, body, None, headers.get("content-type", ""), headers.get("etag"))
    raise Malformed("malformed", field="message", why="it is no answer")


def _parted(text: bytes) -> tuple[Any, bytes]:
    line, _, body = text.partition(b"\n")
    return parse_json(line, field="message"), body


def _listed(headers: Mapping[str, str]) -> list[list[str]]:
    return [[name, value] for name, value in headers.items() if value]


def _headers(listed: list[Any]) -> dict[str, str]:
    if not all(
        isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one) for one in listed
    ):
        raise Malformed("malformed", field="message", why="a header is a name and a value")
    return dict(listed)


def seal_key(told: bytes, name: str, node: Node) -> bytes:
    """The key that the node `name` has in force for what is sealed for it, as it introduces itself."""
    published = open_introduction(told, name, node.policy).keys.at(LAST)
    for key in published:
        if (key["use"], key["alg"]) == ("seal", "x25519"):
            return unb64(str(key.get("key")), field="keys", size=KEY_SIZE)
    raise Unverified("key-not-published", field="keys", value="seal", log=name)


class Through:
    """One for each `Peers`, which asks it for nodes that are reached at a relay's address."""

    def __init__(self, node: Node, peers: Peers) -> None:
        self._node, self._peers = node, peers
        self._keys: dict[str, bytes] = {}
        self._answers: dict[str, Private] = {}  # of messages that wait to be answered, by their key

    async def __call__(
        self, method: str, name: str, path: str, headers: Mapping[str, str], body: bytes, limit: int, key: str = ""
    ) -> Reply:
        """`key`: the message must not be lost, and is this one however often it is sent. Unavailable while the
        recipient is away, or has not answered yet.
        """
        private = self._answers.setdefault(key, fresh()) if key else fresh()
        message = format_request(Request(method, path, headers, body, public_of(private)))
        sealed = seal(message, await self._key_of(name), f"{REQUEST} {name}")
        found = await self._peers.relay(name, f"/bring/{key}" if key else "/ask", sealed, limit + MESSAGE_ADDED)
        if found is None:
            raise Unavailable("relay-keeps-it", field=name, value=self._peers.url_of(name))
        self._answers.pop(key, None)
        try:
            return parse_answer(unseal(found, private, f"{ANSWER} {name}"))
        except LodetraceError:
            self._keys.pop(name, None)  # perhaps it has another key now
            raise

    async def _key_of(self, name: str) -> bytes:
        if name not in self._keys:
            told = await self._peers.fetch_well_known(name)
            self._keys[name] = await asyncio.to_thread(seal_key, told, name, self._node)
        return self._keys[name]


class Fetching:
    """`run` until cancelled."""

    def __init__(self, node: Node, peers: Peers, application: Application) -> None:
        self._node, self._peers, self._application = node, peers, application
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self.error: LodetraceError | None = None

    async def run(self) -> None:
        relay = self._node.settings.deliver_via
        if relay is None:
            return
        pause = 1.0
        try:
            while True:
                try:
                    await self._turn(relay)
                except LodetraceError as error:
                    if self.error is None:
                        _say.warning("the relay %s cannot be asked: %s", relay, error)
                    self.error = error
                    await asyncio.sleep(pause * uniform(0.8, 1.2))  # noqa: S311 - spreads load
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                else:
                    self.error, pause = None, 1.0
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _turn(self, relay: str) -> None:
        """One message, if one comes; more than a few are not under way at once."""
        if len(self._under_way) >= AT_ONCE:
            await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)
        told = dump(await asyncio.to_thread(self._node.well_known)).decode()
        found = await self._peers.fetch_relayed(relay, dump({"told": told, "under_way": sorted(self._under_way)}))
        if found is None:
            return
        no, sealed = found
        task = asyncio.create_task(self._answer(relay, no, sealed))
        self._under_way[no] = task
        task.add_done_callback(lambda _: self._under_way.pop(no, None))

    async def _answer(self, relay: str, no: int, sealed: bytes) -> None:
        """An answer that says nothing sends away what we cannot open, sealed for a key that we had before, and what we
        cannot answer.
        """
        name = self._node.settings.name
        try:
            asked = parse_request(unseal(sealed, self._node.identity.seal, f"{REQUEST} {name}"))
            reply = await self._application(asked)
            answer = seal(format_answer(reply), asked.answer_to, f"{ANSWER} {name}")
        except LodetraceError as error:
            _say.warning("message %s at the relay %s: %s", no, relay, error)
            answer = b""
        if len(answer) > ANSWER_MAX:  # no relay takes it, and the message would come again for ever
            _say.warning("message %s at the relay %s: its answer has %s bytes", no, relay, len(answer))
            answer = b""
        with suppress(LodetraceError):  # it comes again
            await self._peers.answer_relayed(relay, no, answer)
