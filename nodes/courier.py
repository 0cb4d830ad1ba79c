"""The courier: brings what other nodes must get, until they have confirmed it with a signed delivery note.

Deliveries are rows, written in the transaction of the entry that they are about; the courier claims those that are due
and brings them, for one receiver after another in the order of the log. What did not get through is due again after a
pause that a library reckons (exponential, with jitter) and the row remembers, so a restart neither loses nor floods.

Nothing leaves before a checkpoint covers it that satisfies our own trust policy, with all witnesses that this asks for.
Until then it has no turn; nodes/shipping.py says so.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from tenacity import RetryCallState, Retrying, wait_exponential_jitter

from ledger.entries import id_in
from ledger.errors import LodetraceError, Malformed, Unavailable, Unknown, Unverified
from ledger.evidence import Evidence, evidence_json
from ledger.log.canonical import Json, b64, format_json
from ledger.log.notes import Verifier, open_note
from ledger.log.trust import organisation
from ledger.matter.event_types import NEWS
from ledger.matter.events import Event
from nodes import evidence
from nodes.clock import stamp
from nodes.forks import hold_back_from_forked
from nodes.intake import DELIVERED
from nodes.introductions import Introductions
from nodes.node import Node
from nodes.peers import ANSWER_SECONDS, Peers, Reply
from nodes.store import deliveries, log, upstream
from nodes.store.deliveries import Delivery
from nodes.store.engine import Connection

FIRST_PAUSE_SECONDS = 0.1
CLAIMED_SECONDS = 3 * ANSWER_SECONDS
"""A claimed delivery that was neither settled nor put off by then is due again: its courier died."""
TROUBLE_SECONDS = 5
"""After how long the courier looks again when the store itself was not available."""
AT_ONCE = 64
FINAL = frozenset({409, 422})
"""The receiver's own words that it will never take this. Anything else may be something on the way, and is repeated."""

_say = logging.getLogger(__name__)


class Courier:
    """`run` until cancelled. `wake` may be called from any thread."""

    def __init__(self, node: Node, peers: Peers) -> None:
        self._node, self._peers = node, peers
        self._introductions = Introductions(peers, lambda: node.policy)
        self._pauses = wait_exponential_jitter(
            multiplier=FIRST_PAUSE_SECONDS, max=node.settings.retry_max_s, jitter=0.1
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()
        self._turns: dict[str, asyncio.Lock] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._work.set)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._node.published.append(self.wake)
        try:
            await self._keep(self._release)
            while True:
                self._work.clear()
                try:
                    for delivery in await asyncio.to_thread(self._claim):
                        task = asyncio.create_task(self._deliver(delivery))
                        self._under_way.add(task)
                        task.add_done_callback(self._done)
                    due = await asyncio.to_thread(self._next_due)
                except Unavailable as error:  # a full disk, a locked database: the rows stay, and so do we
                    _say.warning("deliveries wait: %s", error)
                    due = self._node.clock() + timedelta(seconds=TROUBLE_SECONDS)
                await self._until(due)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def _release(self) -> None:
        """One courier serves a home (the process holds its lock): what was claimed before now, nobody brings."""
        with self._node.store.write() as conn:
            deliveries.release(conn)

    def _claim(self) -> list[Delivery]:
        if self._node.sequencer.halted is not None:
            return []  # others hold what our log lacks: nothing more of it may reach them
        now = self._node.clock()
        with self._node.store.write() as conn:
            return deliveries.claim(
                conn,
                now=stamp(now),
                until=stamp(now + timedelta(seconds=CLAIMED_SECONDS)),
                covered=_covered(conn),
                limit=AT_ONCE,
            )

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The row stays claimed and is due again later; what is wrong must be seen.
            _say.error("a delivery failed unexpectedly", exc_info=error)

    async def _until(self, due: datetime | None) -> None:
        """Sleeps until somebody wakes us, or the next delivery is due."""
        wait = None if due is None else (due - self._node.clock()).total_seconds()
        if wait is None or wait > 0:
            # Not wait_for: where the wake-up and a cancellation meet, Python 3.11's forgets that it was cancelled.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._work.wait()

    def _next_due(self) -> datetime | None:
        if self._node.sequencer.halted is not None:
            return None
        with self._node.store.read() as conn:
            due = deliveries.next_due(conn, covered=_covered(conn))
        if due is None:
            return None
        return datetime.fromisoformat(due) if due else datetime.fromtimestamp(0, UTC)

    async def _deliver(self, delivery: Delivery) -> None:
        """One attempt, in the receiver's turn: settled, refused for good, or put off."""
        async with self._turns.setdefault(delivery.to, asyncio.Lock()):
            try:
                note = await self._bring(delivery)
            except (Unavailable, Unknown) as error:  # unknown: until the trust policy names the receiver
                await self._keep(self._put_off, delivery, deliveries.kept(error))
            except LodetraceError as error:
                _say.warning("delivery %s to %s: %s", delivery.no, delivery.to, error)
                await self._keep(self._settle, delivery, None, deliveries.kept(error))
            else:
                await self._keep(self._settle, delivery, note, "")

    async def _keep(self, change: Callable[..., None], *about: Any) -> None:
        """Writes down what has happened, as soon as the store takes it: it will not happen a second time."""
        while True:
            try:
                await asyncio.to_thread(change, *about)
            except Unavailable as error:
                _say.warning("what became of a delivery waits to be written: %s", error)
                await asyncio.sleep(TROUBLE_SECONDS)
            else:
                return

    async def _check_note(self, note: bytes, receiver: str, leaf: bytes) -> None:
        """By the receiver's keys as we know them, or as it replaced them since."""
        origin = self._node.policy.origin_of(receiver)
        try:
            check_note(note, origin, leaf, await self._introductions.authors(receiver))
        except Unverified:
            check_note(note, origin, leaf, await self._introductions.authors(receiver, again=True))

    async def _bring(self, delivery: Delivery) -> bytes:
        """The receiver's delivery note. Unavailable: repeat later; any other error is final."""
        data, leaf = await asyncio.to_thread(self._message, delivery)
        try:
            key = sha256(f"{delivery.kind} {delivery.subject} {leaf.hex()}".encode()).hexdigest()
            reply = await self._peers.post(delivery.to, f"/inbox/{delivery.kind}", data, key)
            if reply.status == 200:
                await self._check_note(reply.body, delivery.to, leaf)
                return reply.body
        except (Malformed, Unverified) as error:
            # Not the receiver's word: something on the way answers for it, or it cannot prove yet who it is.
            raise Unavailable(
                "delivery-unconfirmed", field=delivery.to, en=error.text(), zh=error.text("zh")
            ) from error
        if reply.status in FINAL:
            en, zh = _reason(reply)
            raise Unverified("delivery-refused", field=delivery.to, value=reply.status, en=en, zh=zh)
        raise Unavailable("delivery-later", field=delivery.to, value=reply.status)

    def _settle(self, delivery: Delivery, note: bytes | None, error: str) -> None:
        with self._node.store.write() as conn:
            if note is None:
                deliveries.refused(conn, delivery.no, error)
            else:
                deliveries.sent(conn, delivery.no, note)

    def _put_off(self, delivery: Delivery, error: str) -> None:
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = min(delivery.attempts + 1, 50)
        next_at = self._node.clock() + timedelta(seconds=self._pauses(state))
        with self._node.store.write() as conn:
            deliveries.later(conn, delivery.no, stamp(next_at), error)
        self.wake()

    def _message(self, delivery: Delivery) -> tuple[bytes, bytes]:
        """(the message, the leaf it is about)."""
        node = self._node
        with node.store.read() as conn:
            hold_back_from_forked(conn, node.policy.origin_of(delivery.to))
            leaf, event = _told(conn, delivery.entry_no)
            made = node.membership.beside(conn, self._evidence(conn, delivery, event))
        cover: dict[str, Json] = {
            "kind": delivery.kind,
            "sender": node.settings.name,
            "receiver": delivery.to,
            "subject": _subject(node.origin, delivery),
        }
        message = format_json({"cover": cover, "evidence": evidence_json(made)}, field="message")
        return message, leaf

    def _evidence(self, conn: Connection, delivery: Delivery, event: Event) -> Evidence:
        node, subject = self._node, _subject(self._node.origin, delivery)
        made_at = stamp(node.clock())
        if delivery.kind == "deposit" and delivery.entry_no < 0:
            return evidence.of_predecessor(conn, node.origin, delivery.entry_no, made_at)
        if delivery.kind == "deposit":
            return evidence.of_range(conn, node.origin, int(delivery.subject), delivery.entry_no, made_at)
        below = node.settings.evidence_below_pools
        if delivery.kind == "notice" and event.type in NEWS:
            return evidence.of_news(
                conn, node.origin, delivery.entry_no, event, delivery.to, made_at, below_pools=below
            )
        if delivery.kind == "notice":
            return evidence.of_entry(conn, node.origin, {"log": subject}, delivery.entry_no, "partner", made_at)
        if delivery.kind != "handover":
            about, answered = {"shipment": subject}, event.scalar("offer") or event.scalar("answer")
            return evidence.of_entry(conn, node.origin, about, delivery.entry_no, "partner", made_at, answered)
        rows = list(event.rows("lines.chain", "lines.partner"))
        units = [id_in(unit["unit"], event.origin, node.origin) for row in rows for unit in row["units"]]
        batches = list(dict.fromkeys(id_in(row["batch"], event.origin, node.origin) for row in rows))
        about = {"shipment": subject}
        told = {delivery.entry_no: "partner"}
        return evidence.of_goods(conn, node.origin, about, batches, units, made_at, told, below_pools=below)


def _told(conn: Connection, entry_no: int) -> tuple[bytes, Event]:
    """The leaf and the event of an entry of ours, or of another's that goes on from here."""
    if entry_no < 0:
        other = upstream.numbered(conn, [entry_no])[entry_no]
        return other.leaf, other.event
    own = log.entry(conn, entry_no)
    return own.leaf, own.event


def _subject(origin: str, delivery: Delivery) -> str:
    """The shipment as `log#id`; ours are stored without our own origin. A deposit is of our log or of one that it
    succeeds, a notice of the one that it comes from.
    """
    if delivery.kind == "notice" or (delivery.kind == "deposit" and delivery.entry_no < 0):
        return delivery.subject.partition("#")[0]
    if delivery.kind == "deposit":
        return origin
    return delivery.subject if "#" in delivery.subject else f"{origin}#{delivery.subject}"


def check_note(note: bytes, origin: str, leaf: bytes, authors: tuple[Verifier, ...]) -> None:
    """A delivery note of the node that writes the log `origin` for the offer `leaf`, or Unverified."""
    lines = open_note(note, authors).text.split("\n")
    if lines[:3] != [DELIVERED, origin, b64(leaf)] or len(lines) != 5:
        raise Unverified("delivery-note-wrong", field="delivery note", value=organisation(origin))


def _reason(reply: Reply) -> tuple[str, str]:
    """Its own sentence, in English and in Chinese."""
    try:
        problem = reply.json()
        return f"{problem['code']}: {problem['detail']}", f"{problem['code']}：{problem['detail_zh']}"
    except (ValueError, KeyError, TypeError):
        return f"HTTP {reply.status}", f"HTTP {reply.status}"


def _covered(conn: Connection) -> int:
    """Entries below this are in a checkpoint that may be shown."""
    newest = log.shown_checkpoint(conn)
    return 0 if newest is None else newest[0]
