"""The one writer of a log: takes commands in groups and commits each group in one transaction.

    submit(command) → a future of its Answer; it is resolved after the commit has returned, never before
    ask(command)    → the same for a caller on an event loop: all answers of a group reach the loop in one call

The life of a group, top to bottom, is `_commit`: look up keys, draft, apply custody, chain texts, sign, then one
transaction that moves the head by compare-and-swap and writes entries, tree hashes, disclosures, stock, genealogy,
idempotency rows and outgoing deliveries together. A command that is refused fails alone. A crash before COMMIT leaves
nothing, a crash after it everything; start-up needs no repair. What the log was published as is also in the high-water
file, before it is signed. Once the log is known to have been put back or outrun, `halt` ends all recording.

Promises: gap-free indexes, one history, nothing acknowledged that is not on disk. Does not check who asks (api/access).

Over 400 lines because the life of a group is one story.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_bytes
from threading import Condition, Thread
from time import monotonic
from typing import Any, TypeAlias

from ledger.captured import check_signed
from ledger.entries import NOTHING_BEFORE, Commitment, commit, entry_text
from ledger.errors import Conflict, LodetraceError, Unavailable
from ledger.log.checkpoints import Checkpoint, sign_checkpoint
from ledger.log.merkle import leaf_hash, new_nodes, root_at
from ledger.log.notes import sign_note
from ledger.matter.custody import apply
from ledger.matter.event_types import REGISTRY_TYPES
from ledger.matter.events import Event
from ledger.matter.findings import Finding
from ledger.matter.flows import Flow, flow_of
from nodes import downstream
from nodes.clock import Clock, next_stamp, stamp
from nodes.config import Settings
from nodes.derive import Derived, derive, derived
from nodes.desk import GroupDesk
from nodes.highwater import Highwater
from nodes.identity import Identity
from nodes.inspecting import at_once, warning
from nodes.rollback import contradiction, of_file
from nodes.rulesets import Rulesets
from nodes.store import access, deliveries, log
from nodes.store.access import Idempotency
from nodes.store.deliveries import Outgoing
from nodes.store.engine import Connection, Store
from nodes.store.records import Entry, Head
from nodes.verbs.draft import Draft, Sealed

GROUP_MAX = 512
QUEUE_MAX = 8192
CHECKPOINT_SECONDS = 0.25
"""How long the log grows under load before a checkpoint covers it."""
GATHER_SECONDS = 0.002
"""How long the writer waits for the callers of its last group to come back."""
QUIET_SECONDS = 0.005
"""How long no command came before a checkpoint is worth its own commit."""
KEYS_KEPT = timedelta(days=90)
"""For how long an Idempotency-Key is remembered with its answer."""
_FORGET_AT_ONCE = 64
_FATAL = frozenset({"disk-unsynced", "highwater-unreadable", "log-rolled-back", "log-rewritten"})
"""Errors of publishing after which trying again would be wrong."""
_say = logging.getLogger(__name__)
_print = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets: an HTTP status and a JSON body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """`draft` runs on the writer's thread, on the state that all earlier commands left behind."""

    draft: Callable[[GroupDesk], Draft]
    by: str
    idempotency: Idempotency | None = None


_Told: TypeAlias = "tuple[Future[Answer] | asyncio.Future[Answer], Answer | BaseException]"


@dataclass(slots=True)
class _Waiting:
    """A command in the queue, and who hears of it: a thread, or with a `loop` somebody on that."""

    command: Command
    future: "Future[Answer] | asyncio.Future[Answer]"
    loop: asyncio.AbstractEventLoop | None = None


@dataclass(slots=True)
class _Prepared:
    """A command that custody allowed, chained and signed. `position` is its place in the group."""

    position: int
    command: Command
    draft: Draft
    entry: Derived
    commitment: Commitment
    text: str
    note: bytes
    warnings: Sequence[Finding]


class Sequencer:
    """Start with `start`, stop with `stop`; between them one thread owns the log."""

    def __init__(
        self,
        store: Store,
        identity: Identity,
        settings: Settings,
        rulesets: Rulesets,
        clock: Clock,
        committed: Callable[[], None] = lambda: None,
        alone: Callable[[], bool] = lambda: True,
    ) -> None:
        """`committed` is called after every checkpoint, from the writer's thread; `alone`: it needs no witnesses."""
        self._store, self._identity, self._settings = store, identity, settings
        self._rulesets, self._clock, self._committed, self._alone = rulesets, clock, committed, alone
        self._author = identity.author
        self.highwater = Highwater(settings.highwater, identity.origin)
        self._usual: dict[str, deque[int]] = {}
        # Guarded by _wake.
        self._wake = Condition()
        self._queue: deque[_Waiting] = deque()
        self._in_flight: set[tuple[str, str]] = set()
        self._stopping = False
        self.halted: LodetraceError | None = None
        self._awaited = 0  # so many commands are worth a short wait: as many as were in the last group
        # Owned by the writer's thread.
        self._published_at = 0.0
        self._published_size = 0
        self._thread = Thread(target=self._run, name="sequencer", daemon=True)
        self.groups = 0
        self.entries = 0

    def start(self) -> None:
        """Publishes what a crash may have left unpublished, then takes commands."""
        with self._store.read() as conn:
            newest = log.latest_checkpoint(conn)
            self._published_size = newest[0] if newest else 0
        if self.halted is None:
            self._publish()
        self._thread.start()

    def halt(self, error: LodetraceError) -> None:
        """Nothing is recorded or published any more, until the node is started anew; whoever asks hears `error`."""
        with self._wake:
            if self.halted is None:
                self.halted = error
        _say.critical("nothing is recorded any more: %s %s", error, error.text("zh"))

    def check_recording(self) -> None:
        """Raises why nothing is recorded, if that is so."""
        if self.halted is not None:
            raise copy(self.halted)

    def stop(self) -> None:
        """Refuses new commands, finishes what is queued, publishes."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def submit(self, command: Command) -> "Future[Answer]":
        """Queues a command. Raises Unavailable when stopping or overloaded, Conflict while its key is under way."""
        future: Future[Answer] = Future()
        self._queue_up(_Waiting(command, future))
        return future

    def ask(self, command: Command) -> "asyncio.Future[Answer]":
        """`submit` from an event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue_up(_Waiting(command, future, loop))
        return future

    def _queue_up(self, waiting: _Waiting) -> None:
        command = waiting.command
        self.check_recording()
        with self._wake:
            if self._stopping:
                raise Unavailable("node-stopping")
            if len(self._queue) >= QUEUE_MAX:
                raise Unavailable("node-overloaded", value=len(self._queue))
            if command.idempotency is not None:
                key = (command.idempotency.owner, command.idempotency.key)
                if key in self._in_flight:
                    raise Conflict("key-in-flight", field="Idempotency-Key", value=command.idempotency.key)
                self._in_flight.add(key)
            self._queue.append(waiting)
            if len(self._queue) in {1, self._awaited}:
                self._wake.notify()

    # -- the writer's thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._wake:
                unpublished = self._published_size < self.size_hint and self.halted is None
                # The wait ends with a command, or when it has been quiet for long enough to publish.
                patience = QUIET_SECONDS if unpublished else None
                while not self._queue and not self._stopping and self._wake.wait(patience):
                    pass
                # Callers who were answered together mostly ask again together: one commit for all of them costs less.
                if self._queue:
                    self._wake.wait_for(lambda: self._stopping or len(self._queue) >= self._awaited, GATHER_SECONDS)
                group = [self._queue.popleft() for _ in range(min(len(self._queue), GROUP_MAX))]
                self._awaited = len(group)
                last = self._stopping and not group
            if group:
                self._settle(group)
            if not group or monotonic() - self._published_at >= CHECKPOINT_SECONDS:
                self._publish_or_wait()
            if last:
                return  # what could not be published now is published by the next start

    size_hint = 0  # after our last commit; only the writer's thread writes it

    def _settle(self, group: Sequence[_Waiting]) -> None:
        """Commits a group and resolves its futures, whatever happened."""
        try:
            outcomes = self._commit(group)
        except BaseException as error:  # noqa: BLE001 - its callers hear of it, the next group goes on
            outcomes = [error for _ in group]
            self._usual.clear()
        with self._wake:
            for waiting in group:
                if waiting.command.idempotency is not None:
                    key = waiting.command.idempotency
                    self._in_flight.discard((key.owner, key.key))
        told: dict[asyncio.AbstractEventLoop | None, list[_Told]] = {}
        for waiting, outcome in zip(group, outcomes, strict=True):
            told.setdefault(waiting.loop, []).append((waiting.future, outcome))
        for loop, pairs in told.items():
            if loop is None:
                _tell(pairs)
            else:
                with suppress(RuntimeError):  # the loop has ended meanwhile, and nobody waits on it any more
                    loop.call_soon_threadsafe(_tell, pairs)

    def _commit(self, group: Sequence[_Waiting]) -> list[Answer | BaseException]:
        """A crash anywhere in here leaves the log as it was before the group."""
        outcomes: dict[int, Answer | BaseException] = {}
        with self._store.write() as conn:
            self.check_recording()
            head = log.head(conn)
            recorded_at = next_stamp(self._clock, head.recorded_at)
            desk = GroupDesk(conn, self._settings, self._identity, self._rulesets, recorded_at, self._usual)
            prepared = self._prepare(conn, desk, group, head, outcomes)
            if prepared:
                self._write(conn, desk, prepared, outcomes)
        # From here on the group is on disk; not one of its callers has been answered yet.
        if prepared:
            self.size_hint = prepared[-1].entry.index + 1
            self.entries += len(prepared)
            self.groups += 1
            desk.remember_usual()
        return [outcomes[position] for position in range(len(group))]

    def _prepare(
        self,
        conn: Connection,
        desk: GroupDesk,
        group: Sequence[_Waiting],
        head: Head,
        outcomes: dict[int, Answer | BaseException],
    ) -> list[_Prepared]:
        """Drafts, applies custody, chains and signs, command by command.

        Signing lets go of the interpreter, so requests are read meanwhile. A thread of its own would gain nothing: it
        would wait for the interpreter after each signature, and the writer seldom lets go of it.
        """
        known = access.recall(conn, [w.command.idempotency for w in group if w.command.idempotency is not None])
        prepared: list[_Prepared] = []
        index, previous = head.size, head.text_hash if head.size else NOTHING_BEFORE
        for position, waiting in enumerate(group):
            key = waiting.command.idempotency
            try:
                if key is not None and (key.owner, key.key) in known:
                    outcomes[position] = _recalled(known[key.owner, key.key], key)
                    continue
                desk.by, desk.index = waiting.command.by, index
                one = self._draft(desk, waiting, position, index, previous)
            except LodetraceError as error:
                outcomes[position] = error
                continue
            except Exception as error:  # a mistake of ours in one verb must not fail its neighbours
                if not conn.in_transaction:
                    raise  # the database has given the transaction up: nothing of this group may be written
                _say.exception("a command of %s could not be drafted", waiting.command.by)
                outcomes[position] = error
                continue
            prepared.append(one)
            index, previous = index + 1, sha256(one.text.encode()).digest()
        return prepared

    def _draft(self, desk: GroupDesk, waiting: _Waiting, position: int, index: int, previous: bytes) -> _Prepared:
        draft = waiting.command.draft(desk)
        plan = desk.plan(draft.type, draft.slots)
        slots = draft.slots if plan is None else {**draft.slots, **plan.slots}
        commitment = commit(draft.type, slots, desk.origin, token_bytes)
        event = Event(draft.type, desk.origin, slots, commitment.ids, desk.recorded_at).check()
        desk.expect(event)
        desk.reach(event)
        entry = derived(index, event)
        changes = apply(desk.view, event)
        check_signed(desk.view, event)
        warnings = self._warnings(desk.take(entry, changes, plan) or flow_of(index, event), desk)
        text = entry_text(desk.origin, index, previous, desk.recorded_at, draft.type, commitment.sd)
        note = sign_note(text, draft.signers or [self._author])
        if event.type in REGISTRY_TYPES:
            desk.registry.take(index, leaf_hash(note), event)
        return _Prepared(position, waiting.command, draft, entry, commitment, text, note, warnings)

    def _warnings(self, flow: Flow, desk: GroupDesk) -> Sequence[Finding]:
        """What custody has allowed is recorded, also where a rule of findings has a mistake of ours in it."""
        try:
            return at_once(flow, desk.reference, self._settings.role, self._settings.country)
        except Exception:  # noqa: BLE001 - seen in the journal, and no reason not to record
            _say.exception("entry %s could not be looked at", flow.index)
            return ()

    def _write(
        self,
        conn: Connection,
        desk: GroupDesk,
        prepared: Sequence[_Prepared],
        outcomes: dict[int, Answer | BaseException],
    ) -> None:
        leaves = [leaf_hash(one.note) for one in prepared]
        first = prepared[0].entry.index
        nodes = new_nodes(first, leaves, log.hashes(conn))
        entries = [
            Entry(
                one.entry.index,
                leaf,
                one.entry.event.type,
                one.entry.event.recorded_at,
                one.note,
                "\n".join(one.commitment.disclosures),
            )
            for one, leaf in zip(prepared, leaves, strict=True)
        ]
        log.append(conn, entries, nodes, sha256(prepared[-1].text.encode()).digest())
        derive(conn, [one.entry for one in prepared], desk.changes, desk.makeups.changes, desk.makeups.flows)
        remembered: list[tuple[Idempotency, int, bytes]] = []
        outgoing: list[Outgoing] = []
        for one, leaf in zip(prepared, leaves, strict=True):
            sealed = Sealed(one.entry.event, one.entry.index, leaf, desk.origin)
            if (told := one.draft.answer(sealed)) and one.warnings:
                told["warnings"] = [*told.get("warnings", ()), *map(warning, one.warnings)]
            answer = Answer(201, _json(told))
            outcomes[one.position] = answer
            if one.command.idempotency is not None:
                remembered.append((one.command.idempotency, answer.status, answer.body))
            for delivery in one.draft.deliveries:
                subject = delivery.subject or one.entry.event.ids["shipment"]
                outgoing.append(Outgoing(delivery.kind, delivery.to, subject, one.entry.index))
            outgoing += downstream.outgoing(
                conn,
                desk.origin,
                one.entry.index,
                one.entry.index,
                one.entry.event,
                below_pools=self._settings.evidence_below_pools,
                but=[delivery.to for delivery in one.draft.deliveries],
            )
        authority = self._settings.authority
        if authority is not None:
            # One deposit for the group: its subject is where it starts, its entry where it ends.
            outgoing.append(Outgoing("deposit", authority, str(first), prepared[-1].entry.index))
        access.remember(conn, remembered, desk.recorded_at)
        deliveries.add(conn, [one for one in outgoing if one.to != self._settings.name])  # what is ours is here

    # -- checkpoints ------------------------------------------------------------------------------------------

    def _publish_or_wait(self) -> None:
        """A checkpoint that cannot be written now is written later; the entries are safe without it."""
        if self.halted is not None:
            return
        try:
            self._publish()
        except Exception as error:  # noqa: BLE001 - the writer must not die of it, and whoever runs the node must see it
            _say.error("the log cannot be published at size %s: %s", self.size_hint, error)
            with self._wake:
                if not self._stopping:
                    self._wake.wait(CHECKPOINT_SECONDS)

    def _publish(self) -> None:
        """Signs the head if it has grown. Only what is committed is ever covered: the size is read after the commit.

        The high-water file comes first: a signature that nobody remembers could be given again for something else.
        """
        with self._store.read() as conn:
            head = log.head(conn)
            if head.size == self._published_size:
                return
            checkpoint = Checkpoint(self._identity.origin, head.size, root_at(head.size, log.hashes(conn)))
            self._raise_highwater(conn, checkpoint)
        note = sign_checkpoint(checkpoint, self._identity.log_signers)
        with self._store.write() as conn:
            now = self._clock()
            log.save_checkpoint(conn, head.size, note, stamp(now), satisfied=self._alone())
            access.forget(conn, stamp(now - KEYS_KEPT), limit=_FORGET_AT_ONCE)
        self._published_size, self._published_at = head.size, monotonic()
        self._committed()

    def _raise_highwater(self, conn: Connection, checkpoint: Checkpoint) -> None:
        def check(found: Checkpoint) -> None:
            error = contradiction(conn, [of_file(self.highwater.path, found)])
            if error is not None:
                raise error

        try:
            self.highwater.raise_to(checkpoint, check)
        except LodetraceError as error:
            if error.code in _FATAL:
                self.halt(error)
            raise


def _tell(pairs: Sequence[_Told]) -> None:
    """Resolves futures; a caller that went away meanwhile has cancelled his."""
    for future, outcome in pairs:
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _recalled(remembered: access.Remembered, asked: Idempotency) -> Answer | Conflict:
    """The answer of the first time; another body under the same key is a mistake of the caller's program."""
    if remembered.body_hash != asked.body_hash:
        return Conflict("key-of-other-request", field="Idempotency-Key", value=asked.key)
    return Answer(remembered.status, remembered.answer)


def _json(value: dict[str, Any]) -> bytes:
    return _print(value).encode()
