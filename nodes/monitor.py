"""The monitor: follows logs (of partners, the authority, registries, and those deposited here), and tells what it saw.

    run     until cancelled: each log in its turn; soon again after it grew, ever more rarely while it rests
    wake    something of another log has come; what waits is looked at now. From any thread

After each look at a log it asks one other node which checkpoint of that log it holds (GET /log/seen/…), and compares:
a log that shows one history here and another one there is found out by whoever has seen more of it, and the proof goes
to every node that the policy names. What is wrong with a log short of a fork is an alarm while it lasts.

Looks are few at a time and bounded (nodes/tailing.py); resting logs cost one conditional request in a long while.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import choice, uniform
from typing import Any

from ledger.errors import LodetraceError, Unavailable, Unknown, Unverified
from ledger.log.checkpoints import MAX_CHECKPOINT
from ledger.log.trust import digest_of, organisation
from nodes import forks, gossip
from nodes.clock import stamp
from nodes.node import Node
from nodes.peers import Peers
from nodes.store import followed, upstream, witnessed
from nodes.store import forks as kept
from nodes.store.engine import Connection
from nodes.store.followed import Alarm
from nodes.tailing import Tail, Turn

FIRST_PAUSE_SECONDS = 5.0
"""After a log grew."""
LIST_SECONDS = 30.0
"""How often the list of whom to follow is made again, if nothing else wakes us."""
AT_ONCE = 4
TOLD = frozenset({204, 422})
LATER = frozenset({"quorum-missing"})
"""Not wrong, only not ready: witnesses take their time."""

_say = logging.getLogger(__name__)


def seen_path(origin: str) -> str:
    """Where a node answers the newest checkpoint of a log that it has followed."""
    return f"/log/seen/{digest_of(origin)}"


def seen(node: Node, digest: str) -> bytes:
    """What `seen_path` answers: what we followed; of a log that we do not follow, the newest that came in a message, or
    that we cosigned.
    """
    origin = node.policy.log_of(digest)
    if origin is not None:
        with node.store.read() as conn:
            one = followed.load(conn, origin)
            held = upstream.largest_checkpoint(conn, origin), witnessed.largest(conn, origin)
        if one is not None and one.note is not None:
            return one.note
        if any(held):
            return max(found for found in held if found is not None)[1]
    raise Unknown("log-unknown", field="log", value=digest)


@dataclass(slots=True)
class _Watch:
    """One log under watch. `due` in the loop's time; `knowing`: nodes that answered of it before."""

    tail: Tail
    due: float
    pause: float
    knowing: set[str] = field(default_factory=set)
    running: bool = False


class Monitor:
    """One for each node that serves."""

    def __init__(self, node: Node, peers: Peers) -> None:
        self._node, self._peers = node, peers
        self._longest = float(node.settings.watch_max_s)
        self._watches: dict[str, _Watch] = {}
        self._told: set[tuple[int, str]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()
        self._heard = False
        self._tell_due = 0.0
        self._telling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        self._heard = True
        self._work.set()

    async def run(self) -> None:
        """Returns at once if the settings say that nobody is watched."""
        if not self._longest:
            return
        self._loop = asyncio.get_running_loop()
        self._node.heard.append(self.wake)
        try:
            while True:
                self._work.clear()
                try:
                    await self._round()
                except Unavailable as error:  # a full disk, a locked database
                    _say.warning("other logs are not watched now: %s", error)
                await self._rest()
        finally:
            self._node.heard.remove(self.wake)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _round(self) -> None:
        assert self._loop is not None, "it runs"
        heard, self._heard = self._heard, False
        wanted, ahead = await asyncio.to_thread(self._wanted)
        now = self._loop.time()
        for origin in wanted - self._watches.keys():
            pause = min(FIRST_PAUSE_SECONDS, self._longest)
            self._watches[origin] = _Watch(Tail(self._node, self._peers, origin), now + uniform(0, pause), pause)  # noqa: S311 - spreads load
        for origin in self._watches.keys() - wanted:
            del self._watches[origin]
        if heard:
            for origin in ahead & self._watches.keys():
                self._watches[origin].due = now
        if (heard or now >= self._tell_due) and self._telling is None:
            self._tell_due = now + LIST_SECONDS
            self._telling = self._spawn(self._tell_forks())
            self._telling.add_done_callback(self._told_all)
        due = sorted((one for one in self._watches.values() if not one.running and one.due <= now), key=_due)
        for one in due[: max(0, AT_ONCE - self._running)]:
            one.running = True
            self._spawn(self._turn(one))

    @property
    def _running(self) -> int:
        return sum(one.running for one in self._watches.values())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _told_all(self, _: "asyncio.Task[None]") -> None:
        self._telling = None

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._work.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _say.error("a look at another log failed unexpectedly", exc_info=error)

    async def _rest(self) -> None:
        assert self._loop is not None, "it runs"
        waiting = [one.due for one in self._watches.values() if not one.running]
        free = self._running < AT_ONCE
        pause = min([LIST_SECONDS, *(due - self._loop.time() for due in waiting if free)])
        if pause > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._work.wait()

    def _wanted(self) -> tuple[set[str], set[str]]:
        """(logs to follow, those of them of which something beyond is heard)."""
        node, policy = self._node, self._node.policy
        with node.store.read() as conn:
            names = followed.partners(conn) | {
                node.settings.authority or "",
                *map(organisation, node.policy.registries),
            }
            origins = set(upstream.deposited(conn)) if node.settings.role == "authority" else set()
            origins |= {origin for origin in policy.logs if organisation(origin) in names}
            origins = {one for one in origins if one in policy.logs and policy.logs[one][1]} - {node.origin}
            ahead = {one for one in origins if self._ahead(conn, one)[0]}
        return origins, ahead

    @staticmethod
    def _ahead(conn: Connection, origin: str) -> tuple[bytes | None, int]:
        """(the largest checkpoint that we hold beyond what the log showed us, how far it did)."""
        one, largest = followed.load(conn, origin), upstream.largest_checkpoint(conn, origin)
        size = 0 if one is None or one.note is None else gossip.checkpoint_of(one.note).size
        return (largest[1] if largest is not None and largest[0] > size else None), size

    # -- one log ------------------------------------------------------------------------------------------------

    async def _turn(self, one: _Watch) -> None:
        assert self._loop is not None, "it runs"
        turn, error = Turn(), None
        try:
            try:
                turn = await one.tail.look()
            except LodetraceError as raised:
                error = raised
            await asyncio.to_thread(self._write_down, one.tail, error)
            if not turn.more:
                with suppress(LodetraceError):
                    await self._exchange(one)
        except Unavailable as trouble:  # of our own store: what is wrong with the log is written down the next time
            _say.warning("what %s shows waits to be written down: %s", one.tail.origin, trouble)
        finally:
            one.pause = min(FIRST_PAUSE_SECONDS if turn.entries else 2 * one.pause, self._longest)
            one.due = self._loop.time() + (0 if turn.more else one.pause * uniform(0.8, 1.2))  # noqa: S311 - as above
            one.running = False

    def _write_down(self, tail: Tail, error: LodetraceError | None) -> None:
        """What is wrong with the log now, and what is not any more."""
        node, now, origin = self._node, self._node.clock(), tail.origin
        with node.store.write() as conn:
            revoked = tail.revoked(conn)
            if error is None:
                lasting = () if revoked is None else (revoked.code,)
                followed.end_alarms(conn, origin, kept=("log-behind", "ref-differs", *lasting))
            one = followed.load(conn, origin)
            note = "" if one is None or one.note is None else one.note.decode()
            for wrong in (error, revoked):
                if wrong is not None and not isinstance(wrong, Unavailable) and wrong.code not in LATER:
                    self._raise(conn, gossip.alarm_of(origin, wrong, {"checkpoint": note}, stamp(now)))
            self._note_behind(conn, origin, now)

    def _note_behind(self, conn: Connection, origin: str, now: datetime) -> None:
        """An alarm, if others hold a checkpoint that the log has not shown us for too long."""
        beyond, size = self._ahead(conn, origin)
        one = followed.load(conn, origin)
        if one is None:
            return
        if beyond is None:
            if one.ahead_size is not None:
                followed.save(conn, replace(one, ahead_size=None, ahead_since=None))
            followed.end_alarm(conn, origin, "log-behind")
        elif one.ahead_size is None or one.ahead_since is None or size >= one.ahead_size:
            told = gossip.checkpoint_of(beyond).size
            followed.save(conn, replace(one, ahead_size=told, ahead_since=stamp(now)))
            followed.end_alarm(conn, origin, "log-behind")
        elif datetime.fromisoformat(one.ahead_since) + timedelta(seconds=self._node.settings.watch_limit_s) <= now:
            behind = Unverified("log-behind", field=origin, value=one.ahead_size, size=size, since=one.ahead_since)
            shown = {"told": beyond.decode(), "shown": "" if one.note is None else one.note.decode()}
            self._raise(conn, gossip.alarm_of(origin, behind, shown, stamp(now)))

    @staticmethod
    def _raise(conn: Connection, alarm: Alarm) -> None:
        if followed.raise_alarm(conn, alarm):
            _say.error("%s: %s", alarm.origin, alarm.en)

    # -- with others --------------------------------------------------------------------------------------------

    async def _exchange(self, one: _Watch) -> None:
        """Asks one other node what it has seen of this log; one that knew something before, every other time."""
        origin, policy = one.tail.origin, self._node.policy
        others = {
            organisation(log)
            for log, (_, url) in policy.logs.items()
            if url and organisation(log) != organisation(origin)
        } - {self._node.settings.name}
        if not others or origin not in policy.logs:
            return
        known = sorted(one.knowing & others)
        name = choice(known) if known and uniform(0, 1) < 0.5 else choice(sorted(others))  # noqa: S311 - no secret
        reply = await self._peers.fetch(name, seen_path(origin), MAX_CHECKPOINT, signed=True)
        one.knowing.add(name)
        await asyncio.to_thread(self._compare, origin, reply.body)

    def _compare(self, origin: str, note: bytes) -> None:
        key = self._node.policy.logs[origin][0]
        shown = self._node.signed(origin, note)
        with self._node.store.read() as conn:
            state = followed.load(conn, origin)
            file = None if state is None else gossip.contradiction(conn, state, key, note)
            beyond = self._ahead(conn, origin)
        if file is not None:
            forks.keep(self._node, file)
        elif shown.size > beyond[1] and beyond[0] is None:
            # Remembered, one at a time: compared when the log has shown us as much.
            self._node.policy.open_checkpoint(note)
            with self._node.store.write() as conn:
                upstream.save_checkpoints(conn, {(origin, shown.size): note})

    async def _tell_forks(self) -> None:
        """The first proof of each log goes to every node that can be reached, one after another, until it has it."""
        found = await asyncio.to_thread(self._first_forks)
        policy = self._node.policy
        reachable = {organisation(log) for log, (_, url) in policy.logs.items() if url} - {self._node.settings.name}
        for fork in found:
            for name in sorted(reachable - {organisation(fork.origin)}):
                if (fork.no, name) not in self._told and await self._tell(fork, name):
                    self._told.add((fork.no, name))

    def _first_forks(self) -> list[kept.Fork]:
        with self._node.store.read() as conn:
            return list({fork.origin: fork for fork in reversed(kept.everything(conn))}.values())

    async def _tell(self, fork: kept.Fork, name: str) -> bool:
        """Whether it has taken it, or says that it is nothing to it: its policy does not name that log."""
        try:
            reply = await self._peers.post(name, "/inbox/fork", fork.evidence)
        except LodetraceError:
            return False
        return reply.status in TOLD


def _due(one: _Watch) -> float:
    return one.due
