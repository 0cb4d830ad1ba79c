"""Ringing: sees what waits for a person, and calls the webhooks that want to know.

What waits follows from the books, so nothing is lost when the node stops between the entry and the look: the next look
finds it. What was told is a row, written before the first attempt; a row goes out until it is taken (any answer 2xx) or
given up. A webhook has one call at a time, so a slow receiver waits for itself alone.

Looking reads much. So the node rests at least ten times as long as it looked, and at least for a second.
"""

import asyncio
import json
import logging
from datetime import datetime, timedelta
from time import monotonic

from tenacity import RetryCallState, Retrying, wait_exponential_jitter

from ledger.errors import LodetraceError, Unavailable
from nodes import webhooks
from nodes.clock import stamp
from nodes.node import Node
from nodes.peers import Elsewhere
from nodes.store import webhooks as rows
from nodes.store.engine import Connection
from nodes.store.webhooks import GIVEN_UP, SENT, WAITING, Call, Webhook

REST_SECONDS = 1.0
REST_TIMES = 10
LOOK_SECONDS = 15.0
"""Time alone can make something wait for somebody: an offer that nobody answers. And a webhook may be new."""
FIRST_PAUSE_SECONDS = 1.0
GIVE_UP = timedelta(days=3)
KEPT = timedelta(days=30)
"""How long the row of a thing is kept that waits no more."""

_say = logging.getLogger(__name__)


class Ringing:
    """One for each node that serves. `wake` may be called from any thread."""

    def __init__(self, node: Node, elsewhere: Elsewhere) -> None:
        self._node, self._elsewhere = node, elsewhere
        self._pauses = wait_exponential_jitter(
            multiplier=FIRST_PAUSE_SECONDS, max=node.settings.retry_max_s, jitter=0.1
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._work.set)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        for tellers in (self._node.published, self._node.heard):
            tellers.append(self.wake)
        try:
            while True:
                self._work.clear()
                began = monotonic()
                try:
                    for webhook in await asyncio.to_thread(self._look):
                        self._begin(webhook)
                except Unavailable as error:  # a full disk, a locked database: the books stay, and so do we
                    _say.warning("webhooks wait: %s", error)
                await asyncio.sleep(max(REST_SECONDS, REST_TIMES * (monotonic() - began)))
                await self._rest()
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _look(self) -> list[Webhook]:
        """Writes down what is to be told; answers the webhooks for which something is due."""
        hooks = webhooks.listed(self._node.store)
        if not hooks:
            return []
        found = {(one.what, one.subject): one for one in webhooks.waiting(self._node)}
        now = self._node.clock()
        with self._node.store.write() as conn:
            for hook in hooks:
                told = rows.told(conn, hook.no)
                fresh = [one for place, one in found.items() if one.kind in hook.kinds and place not in told]
                bodies = [(one.what, one.subject, webhooks.body_of(self._node, one)) for one in fresh]
                rows.tell(conn, hook, bodies, stamp(now))
                rows.forget(conn, hook.no, told - found.keys(), stamp(now - KEPT))
            due = rows.with_due(conn, stamp(now))
        return [hook for hook in hooks if hook.no in due]

    def _begin(self, webhook: Webhook) -> None:
        if webhook.no not in self._under_way:
            task = asyncio.create_task(self._call_all(webhook))
            self._under_way[webhook.no] = task
            task.add_done_callback(lambda done: self._done(webhook.no, done))

    def _done(self, no: int, task: "asyncio.Task[None]") -> None:
        del self._under_way[no]
        self._work.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _say.error("a webhook failed unexpectedly", exc_info=error)

    async def _call_all(self, webhook: Webhook) -> None:
        """One call after the other, until none is due."""
        try:
            while (call := await asyncio.to_thread(self._due, webhook)) is not None:
                error = await self._call(webhook, call)
                await asyncio.to_thread(self._settle, webhook, call, error)
        except Unavailable as error:  # of the store: what was sent and not written down goes out once more
            _say.warning("what became of a webhook is not written: %s", error)

    def _due(self, webhook: Webhook) -> Call | None:
        with self._node.store.read() as conn:
            return rows.due(conn, webhook.no, stamp(self._node.clock())) if _is_there(conn, webhook) else None

    async def _call(self, webhook: Webhook, call: Call) -> str | None:
        """Why it was not taken; None if it was."""
        body = call.body.encode()
        headers = webhooks.signed(webhook.secret, json.loads(body)["id"], body, self._node.clock())
        try:
            status = await self._elsewhere.tell(webhook.url, headers, body, internal=webhook.internal)
        except LodetraceError as error:
            return error.text()
        return None if 200 <= status < 300 else f"HTTP {status}"

    def _settle(self, webhook: Webhook, call: Call, error: str | None) -> None:
        now, no = self._node.clock(), call.no
        with self._node.store.write() as conn:
            if not _is_there(conn, webhook):
                return
            if error is None:
                rows.tried(conn, no, SENT)
            elif datetime.fromisoformat(call.at) + GIVE_UP <= now:
                rows.tried(conn, no, GIVEN_UP, error=error)
            else:
                state = RetryCallState(Retrying(), None, (), {})
                state.attempt_number = min(call.attempts + 1, 50)
                rows.tried(conn, no, WAITING, stamp(now + timedelta(seconds=self._pauses(state))), error)

    async def _rest(self) -> None:
        """Until something happens, the next call is due, or it is time to look."""
        with self._node.store.read() as conn:
            due = rows.next_due(conn)
        wait = LOOK_SECONDS
        if due:
            wait = min(wait, (datetime.fromisoformat(due) - self._node.clock()).total_seconds())
        try:
            # Not wait_for: where the wake-up and a cancellation meet, Python 3.11's forgets that it was cancelled.
            async with asyncio.timeout(max(wait, 0)):
                await self._work.wait()
        except TimeoutError:
            pass


def _is_there(conn: Connection, webhook: Webhook) -> bool:
    """Where one was removed meanwhile, its number and those of its calls may be another's by now."""
    return any(one.secret == webhook.secret for one in rows.everything(conn))
