"""An HTTP client for measuring: requests made beforehand, connections kept, and nothing done but sending and timing.

It runs in another process than the server and is much lighter, so that the server is what is measured.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import uvloop

_length_of = re.compile(rb"(?i)\r\ncontent-length: (\d+)").search


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` from sending the request to the last byte of its answer."""

    status: int
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """All answers, in the order of the requests, and how long they took together."""

    seconds: float
    answers: tuple[Answer, ...]

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.answers) / self.seconds

    def latency(self, percent: int) -> float:
        """Seconds that so many percent of the answers did not exceed."""
        ordered = sorted(answer.seconds for answer in self.answers)
        return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def request(method: str, path: str, token: str = "", *, body: bytes = b"", key: str = "", accept: str = "*/*") -> bytes:
    """One request as it goes over the wire."""
    head = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"accept: {accept}"]
    if token:
        head.append(f"authorization: Bearer {token}")
    if key:
        head.append(f"idempotency-key: {key}")
    if body:
        head += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def drive(port: int, requests: Sequence[bytes], connections: int, expected: int) -> Load:
    """Sends all requests, at most `connections` at a time. An answer with another status than `expected` ends it."""
    answers: list[Answer | None] = [None] * len(requests)

    def take(position: int, answer: Answer) -> None:
        if answer.status != expected:
            raise RuntimeError(f"answered {answer.status}, not {expected}: {answer.body[-800:].decode()}")
        answers[position] = answer

    async def run() -> float:
        loop = asyncio.get_running_loop()
        waiting = iter(enumerate(requests))
        start = perf_counter()
        lines = [_Line(waiting, take, loop.create_future()) for _ in range(min(connections, len(requests)))]
        for line in lines:
            await loop.create_connection(lambda line=line: line, "127.0.0.1", port)
        await asyncio.gather(*(line.ended for line in lines))
        return perf_counter() - start

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seconds = runner.run(run())
    return Load(seconds, tuple(answer for answer in answers if answer is not None))


class _Line(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(
        self,
        waiting: Iterator[tuple[int, bytes]],
        take: Callable[[int, Answer], None],
        ended: "asyncio.Future[None]",
    ) -> None:
        self._waiting, self._take, self.ended = waiting, take, ended
        self._kept = b""
        self._position, self._sent = 0, 0.0

    def connection_made(self, transport: Any) -> None:  # uvloop's transport is none of asyncio's classes
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._kept += data
        head, found, body = self._kept.partition(b"\r\n\r\n")
        length = _length_of(head)
        if not found or length is None or len(body) < int(length[1]):
            return  # every answer of a node says how long it is
        self._kept = b""
        try:
            self._take(self._position, Answer(int(head[9:12]), body, perf_counter() - self._sent))
        except RuntimeError as error:
            self.ended.set_exception(error)
            self._transport.close()
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        following = next(self._waiting, None)
        if following is None:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._position, sent = following
        self._sent = perf_counter()
        self._transport.write(sent)
