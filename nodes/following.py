"""Follows the registries of the trust policy, and at an authority keeps its own in standing.

A registry is asked for what it has said behind the last standing that we took. The answer is evidence like any other:
verified under the trust policy, its witnesses included, before any of it is stored. Then nodes/membership.py takes it,
as far as a standing commits to all of it; a registry that leaves something out gets no further, and that is said.

An authority confirms the keys that members have replaced in the logs they deposit, where the settings do not leave that
to its people. It records a standing after each change and once a day, so that whoever relies on it can see how fresh it
is.
"""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import SystemRandom

from ledger.errors import Forked, LodetraceError, Unverified
from ledger.evidence import FILE_MAX, parse_evidence
from ledger.keys import replaces_own_keys
from ledger.log.trust import organisation
from nodes import intake
from nodes.deposits import progress
from nodes.forks import keep_forked
from nodes.membership import Book
from nodes.node import Caller, Node
from nodes.peers import Peers
from nodes.rekeyed import keys_told
from nodes.store import upstream
from nodes.store.engine import Connection

PAGES_MAX = 10_000
STANDING_EVERY = timedelta(hours=20)
"""Less than a day, so that there is one on every day."""
REGISTRAR = Caller("registrar")

_jitter = SystemRandom().uniform  # members that were started together must not all ask together
_say = logging.getLogger(__name__)


async def stand_by(node: Node, *, anew: bool = False) -> None:
    """Stands by what our own registry has said since its last standing, if anything, or `anew` by the same.

    Whoever recorded something and asks for it at once sees it counted.
    """
    await asyncio.to_thread(node.learn)
    book = node.membership.books[node.origin]
    if book.trouble is not None:
        raise book.trouble
    if book.ahead or anew:
        await node.do("stand", {}, REGISTRAR, None)
        await asyncio.to_thread(node.learn)


class Following:
    """`run` until cancelled. `wake` may be called from any thread."""

    def __init__(self, node: Node, peers: Peers) -> None:
        self._node, self._peers = node, peers
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()
        self._rekeyed: defaultdict[str, set[int]] = defaultdict(set)  # by log, the entries that replaced its keys
        self._read = 0  # up to which opening of the store

    def wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._work.set)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        own = self._node.origin in self._node.membership.books
        if own:
            self._node.published.append(self.wake)
        while True:
            self._work.clear()
            for origin in self._node.membership.books:
                try:
                    await (self._keep(origin) if origin == self._node.origin else self.follow(origin))
                except LodetraceError as error:
                    self._node.registry_errors[origin] = error.text()
                    _say.warning("registry %s: %s", origin, error)
                else:
                    self._node.registry_errors.pop(origin, None)
            pause = self._node.settings.registry_poll_s
            with suppress(TimeoutError):
                async with asyncio.timeout(_jitter(0.8, 1.2) * pause):
                    await self._work.wait()

    async def follow(self, origin: str) -> None:
        """Takes all that is new. Unverified if what the registry says does not follow from what it said before."""
        for _ in range(PAGES_MAX):
            book = self._node.membership.books[origin]
            data = await self._peers.fetch_registry(organisation(origin), book.index)
            last = await asyncio.to_thread(self._take, origin, data)
            now = self._node.membership.books[origin]
            if now.trouble is not None:
                raise now.trouble
            if last <= book.index or now.index == book.index:
                return

    def _take(self, origin: str, data: bytes) -> int:
        """The last entry that was told, -1 for none. Verified first, stored next, believed last."""
        self._node.sequencer.check_recording()  # as in the intake
        assert len(data) <= FILE_MAX, "the way to others reads no more"
        result = self._node.verify(parse_evidence(data))
        strangers = {log for log, _ in result.entries} - {origin}
        if strangers:
            raise Unverified("subject-differs", field="evidence.entries", value=", ".join(strangers), stated=origin)
        try:
            with self._node.store.write() as conn:
                intake.store(conn, self._node, result, organisation(origin))
        except Forked as fork:
            keep_forked(self._node, fork, result)
            raise
        self._node.learn()
        self._node.tell_heard()
        return max((index for _, index in result.entries), default=-1)

    async def _keep(self, origin: str) -> None:
        """Our own registry: a standing when there is something new to stand by, and when the last one grows old."""
        await asyncio.to_thread(self._node.learn)
        if self._node.settings.registry_confirms_keys:
            await self._confirm(origin)
        book = self._node.membership.books[origin]
        await stand_by(self._node, anew=bool(book.registry.members) and self._is_old(book))

    async def _confirm(self, origin: str) -> None:
        """Members who say in their deposited logs that they have replaced keys: nobody need be asked."""
        if self._node.membership.books[origin].ahead:  # perhaps they are confirmed already: after the next standing
            return
        for log, index in await asyncio.to_thread(self._replaced, origin):
            await self._node.do("confirm_keys", {"log": log, "index": index}, REGISTRAR, None)
        await asyncio.to_thread(self._node.learn)

    def _replaced(self, origin: str) -> list[tuple[str, int]]:
        """Each entry that replaced keys since those that our registry tells, in a log that was followed so far."""
        found = []
        with self._node.store.read() as conn:
            self._read_rekeyed(conn)
            logs = [member.log for member in self._node.membership.books[origin].registry.members.values()]
            turned = [one for one in logs if one.keys and len(self._rekeyed.get(one.origin, ())) >= len(one.keys.lists)]
            deposited = progress(conn) if turned else {}
            for one in turned:
                at, keys = deposited.get(one.origin), keys_told(conn, origin, one.origin)
                if at is None or at.broken or keys is None or one.keys is None:
                    continue
                found += [
                    (keys.origin, start - 1) for start, _ in keys.lists[len(one.keys.lists) :] if start <= at.size
                ]
        return found

    def _read_rekeyed(self, conn: Connection) -> None:
        """What came since the last time: of thousands of members, few replace keys on one day."""
        last = upstream.last_opening(conn)
        while page := upstream.openings_of(conn, "rekeyed", after=self._read):
            for one in page:
                if replaces_own_keys(one.entry.event):
                    self._rekeyed[one.entry.log].add(one.entry.index)
            self._read = page[-1].no
        self._read = last

    def _is_old(self, book: Book) -> bool:
        return book.as_of is None or self._node.clock() - datetime.fromisoformat(book.as_of) > STANDING_EVERY
