"""The relay: boxes for nodes that only reach out and cannot be reached (behind a router, without an address).

    leave     a message that must not be lost: kept until its answer is collected; the answer, if it comes while waiting
    ask       a question whose answer is wanted now, of a node that is there now: nothing is kept
    fetch     the recipient's own: the next message for it, as soon as there is one
    answer    the recipient's answer, which also says that it has the message

Everything is sealed for the recipient, and its answer for the sender (nodes/relayed.py): whoever relays learns who
writes to whom, when, and how much. It can forge nothing, and what it drops is missed: a delivery counts when its sender
holds the receiver's signed note.

Promises: what `leave` has accepted survives a restart; a box is bounded in messages, bytes and age, and questions in
number. Does not check who asks (api/relay.py).
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from ledger.errors import Unavailable, Unknown
from nodes.clock import stamp
from nodes.node import Node
from nodes.store import relayed
from nodes.store.relayed import Room

KEPT_DAYS = 14
"""For so long a message waits to be fetched, or its answer to be collected."""
HOLD_SECONDS = 25.0
"""For so long a request is held open for what may come: less than senders and recipients wait for an answer."""
GONE_SECONDS = 60.0
"""After its last fetch, a recipient counts as there for so long."""
ASKED_MAX = 64
"""Questions to one recipient at a time."""


@dataclass(slots=True)
class _Box:
    """What one recipient has to do with this process; what must last is in the store."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    asked: dict[int, bytes] = field(default_factory=dict)
    waiting: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)
    fetching: int = 0
    seen: float = -GONE_SECONDS


class Relay:
    """One for each node that serves; used in one loop."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._boxes: defaultdict[str, _Box] = defaultdict(_Box)
        self._questions = 0

    def box_of(self, recipient: str) -> _Box:
        """Unknown for whoever this node does not relay for."""
        if recipient not in self._node.settings.relay_for:
            raise Unknown("relay-not-for", field=self._node.settings.name, value=recipient)
        return self._boxes[recipient]

    async def leave(self, recipient: str, sender: str, key: str, sealed: bytes) -> bytes | None:
        """None: it is kept, and the answer is not there yet. The same `key` again asks for the answer, or takes the
        place of what was left under it before.
        """
        box = self.box_of(recipient)
        found = await asyncio.to_thread(self._collect, recipient, sender, key)
        if found is not None:
            return found
        no = await asyncio.to_thread(self._leave, recipient, sender, key, sealed)
        coming = self._expect(box, no)
        found = await asyncio.to_thread(self._collect, recipient, sender, key)  # it may be there already
        if found is not None:
            box.waiting.pop(no, None)
        elif await self._await_answer(box, no, coming) is not None:
            found = await asyncio.to_thread(self._collect, recipient, sender, key)
        return found

    async def ask(self, recipient: str, sealed: bytes) -> bytes:
        box = self.box_of(recipient)
        if len(box.asked) >= ASKED_MAX:
            raise Unavailable("relay-busy", field=recipient, value=ASKED_MAX)
        self._questions += 1
        no = -self._questions  # those that are kept are numbered from 1 on
        box.asked[no] = sealed
        try:
            found = await self._await_answer(box, no, self._expect(box, no))
        finally:
            del box.asked[no]
        if found is None:
            raise Unavailable("relay-recipient-away", field=recipient, value=self._node.settings.name)
        return found

    async def fetch(self, recipient: str, under_way: Collection[int]) -> tuple[int, bytes] | None:
        """The number of a message, and the message; None if nothing came. `under_way`: what the recipient has already
        and will answer.
        """
        box = self.box_of(recipient)
        box.fetching += 1
        seen = asyncio.get_running_loop().time() + HOLD_SECONDS
        try:
            async with asyncio.timeout(HOLD_SECONDS):
                while True:
                    box.news.clear()
                    asked = next((one for one in box.asked.items() if one[0] not in under_way), None)
                    found = asked or await asyncio.to_thread(self._unanswered, recipient, under_way)
                    if found is not None:
                        return found
                    await box.news.wait()
        except TimeoutError:
            return None
        except asyncio.CancelledError:  # it has gone
            seen = -GONE_SECONDS
            raise
        finally:
            box.fetching -= 1
            box.seen = seen

    async def answer(self, recipient: str, no: int, sealed: bytes) -> None:
        box = self.box_of(recipient)
        if no > 0:
            await asyncio.to_thread(self._answer, recipient, no, sealed)
        waiting = box.waiting.get(no)
        if waiting is not None and not waiting.done():
            waiting.set_result(sealed)

    async def introduce(self, recipient: str, told: bytes) -> None:
        """`told` is what the recipient would serve itself; whoever reads it verifies it."""
        self.box_of(recipient)
        await asyncio.to_thread(self._introduce, recipient, told)

    async def introduction(self, recipient: str) -> bytes:
        self.box_of(recipient)
        told = await asyncio.to_thread(self._introduction, recipient)
        if told is None:
            raise Unavailable("relay-recipient-away", field=recipient, value=self._node.settings.name)
        return told

    def _expect(self, box: _Box, no: int) -> asyncio.Future[bytes]:
        box.news.set()
        return box.waiting.setdefault(no, asyncio.get_running_loop().create_future())

    async def _await_answer(self, box: _Box, no: int, coming: asyncio.Future[bytes]) -> bytes | None:
        """None at once if the recipient is not there."""
        gone = not box.fetching and asyncio.get_running_loop().time() - box.seen > GONE_SECONDS
        try:
            async with asyncio.timeout(0 if gone else HOLD_SECONDS):
                return await asyncio.shield(coming)
        except TimeoutError:
            return None
        finally:
            box.waiting.pop(no, None)

    # -- in the store ---------------------------------------------------------------------------------------------

    def _leave(self, recipient: str, sender: str, key: str, sealed: bytes) -> int:
        settings, now = self._node.settings, self._node.clock()
        room = Room(settings.relay_box_messages, settings.relay_box_mb << 20, stamp(now - timedelta(days=KEPT_DAYS)))
        with self._node.store.write() as conn:
            return relayed.leave(conn, recipient, sender, key, stamp(now), sealed, room)

    def _collect(self, recipient: str, sender: str, key: str) -> bytes | None:
        with self._node.store.write() as conn:
            return relayed.collect(conn, recipient, sender, key)

    def _unanswered(self, recipient: str, but: Collection[int]) -> tuple[int, bytes] | None:
        with self._node.store.read() as conn:
            return relayed.unanswered(conn, recipient, but)

    def _answer(self, recipient: str, no: int, sealed: bytes) -> None:
        with self._node.store.write() as conn:
            relayed.answer(conn, recipient, no, sealed)

    def _introduce(self, recipient: str, told: bytes) -> None:
        with self._node.store.write() as conn:
            relayed.introduce(conn, recipient, told)

    def _introduction(self, recipient: str) -> bytes | None:
        with self._node.store.read() as conn:
            return relayed.introduction(conn, recipient)
