"""Asks the witnesses of the trust policy to cosign our checkpoints, and keeps what they answer.

Each address that the policy gives for a witness is asked when the log has grown, and again after a while when it has
not, so that cosignatures stay fresh. One that does not answer is asked again after growing pauses; meanwhile newer
checkpoints take the place of older ones, so nothing piles up. News of members ends the pauses: a log that witnesses did
not know may have been admitted just now.

Believed is nothing but a cosignature that holds under the policy's own key: it is verified before it is stored, by
ledger/log/checkpoints.py. A witness that says that it holds more of our log than we do, or another history of it, is an
alarm: our store was put back, or it lies. It is asked for what it holds: where our own key has signed that, nothing is
recorded any more (nodes/rollback.py). Neither mends itself, so both are said, and counted in metrics.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, wait_exponential_jitter

from ledger.errors import LodetraceError, Malformed, Unavailable, Unverified
from ledger.log.checkpoints import add_signatures, cosignatures, only_signatures_of, renew_signatures
from ledger.log.merkle import prove_consistency
from ledger.log.notes import SignatureLine, Verifier, parse_signature_line
from ledger.log.trust import organisation
from ledger.log.witnessing import SIZE_TYPE, format_request, parse_size
from nodes.clock import stamp
from nodes.node import Node
from nodes.peers import Peers, Reply
from nodes.rollback import Memory, ask_witness
from nodes.store import log

FIRST_PAUSE_SECONDS = 0.05
TRIES = 3
"""So often a witness may say, in one go, that it holds another size than we thought."""
TROUBLE_SECONDS = 5.0
"""After how long it looks again when the store itself was not available."""
CONTRADICTING = frozenset({"witness-ahead", "witness-contradicts"})
"""What it says of our log cannot be, if our store is what it was."""
AHEAD_SECONDS = 300
"""A cosignature that is from further in the future than clocks differ says nothing of now."""

_say = logging.getLogger(__name__)


@dataclass(slots=True)
class _Witness:
    """What is known of one address. `holds` is a hint: the witness says if it is wrong."""

    holds: int = 0
    cosigned: int = 0
    failures: int = 0
    due: float = 0.0  # by the loop's clock; before it, only growth is a reason to ask, and after a failure nothing is
    under_way: bool = False


@dataclass(frozen=True, slots=True)
class _Subject:
    """Our newest checkpoint: its size, and the note with our own signature alone."""

    size: int
    note: bytes


class Cosigning:
    """`run` until cancelled. `wake` may be called from any thread."""

    def __init__(self, node: Node, peers: Peers) -> None:
        self._node, self._peers = node, peers
        self._again = float(node.settings.witness_again_s)
        self._pauses = wait_exponential_jitter(
            multiplier=FIRST_PAUSE_SECONDS, max=min(self._again, node.settings.retry_max_s), jitter=0.05
        )
        self._known: dict[str, _Witness] = {}
        self._policy = node.policy
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._work.set)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._node.published.append(self.wake)
        try:
            while True:
                self._work.clear()
                subject = await asyncio.to_thread(self._subject)
                wait = TROUBLE_SECONDS if subject is None else self._ask_who_is_due(subject)
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._work.wait()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def _subject(self) -> _Subject | None:
        """None if the store is not available now, or others know another log than this: nobody is to be asked."""
        if self._node.sequencer.halted is not None:
            return None
        try:
            with self._node.store.read() as conn:
                newest = log.latest_checkpoint(conn)
        except Unavailable as error:
            _say.warning("witnesses wait: %s", error)
            return None
        if newest is None:
            return None
        own = (signer.verifier for signer in self._node.identity.log_signers)
        return _Subject(newest[0], only_signatures_of(newest[1], *own))

    def _ask_who_is_due(self, subject: _Subject) -> float:
        """Starts asking; answers after how many seconds to look again if nothing happens before."""
        assert self._loop is not None
        now, wait = self._loop.time(), self._again
        addresses = self._node.policy.addresses_of(self._node.origin)
        self._known = {url: self._known.get(url, _Witness()) for url in addresses}
        if self._policy is not self._node.policy:
            self._policy = self._node.policy
            for known in self._known.values():
                known.failures, known.due = 0, min(known.due, now) if known.failures else known.due
        for url, keys in addresses.items():
            known = self._known[url]
            if known.under_way:
                continue
            grown = known.cosigned < subject.size and not known.failures
            if not grown and now < known.due:
                wait = min(wait, known.due - now)
                continue
            known.under_way = True
            task = asyncio.create_task(self._visit(url, keys, known, subject))
            self._under_way.add(task)
            task.add_done_callback(self._done)
        return wait

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _say.error("a witness could not be asked", exc_info=error)
        self._work.set()

    async def _visit(self, url: str, keys: Sequence[Verifier], known: _Witness, subject: _Subject) -> None:
        """Asks one address about one checkpoint, and writes down what came of it."""
        assert self._loop is not None
        said = self._node.witnesses
        try:
            try:
                lines = await self._ask(url, known, subject)
            except Unverified as error:
                if error.code in CONTRADICTING:
                    await self._compare(url, keys)
                raise
            missing = await asyncio.to_thread(self._keep, subject, keys, lines)
        except LodetraceError as error:
            known.failures += 1
            known.due = self._loop.time() + self._pause(known.failures)
            _say.log(_loudness(error, known.failures), "witness %s: %s", url, error)
            said.alarms += isinstance(error, Unverified)
            said.errors[url] = error.text()
        else:
            known.holds = known.cosigned = said.sizes[url] = subject.size
            known.failures, known.due = 0, self._loop.time() + self._again
            said.errors.pop(url, None)
            if missing is not None:
                said.errors[url] = missing.text()
                _say.warning("witness %s: %s", url, missing)
        finally:
            known.under_way = False

    async def _compare(self, url: str, keys: Sequence[Verifier]) -> None:
        """Halts recording, if the witness can show that our key has signed what we do not hold."""
        node = self._node
        memory = await ask_witness(self._peers, node.policy, node.origin, organisation(keys[0].name), url)
        if isinstance(memory, Memory):
            await asyncio.to_thread(node.compare, [memory])

    def _pause(self, failures: int) -> float:
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = min(failures, 50)
        return self._pauses(state)

    async def _ask(self, url: str, known: _Witness, subject: _Subject) -> list[SignatureLine]:
        """The lines of its answer, unverified. Unavailable: ask again later."""
        for _ in range(TRIES):
            body = await asyncio.to_thread(self._request, min(known.holds, subject.size), subject)
            reply = await self._peers.ask_witness(url, body)
            if reply.status == 200:
                return [parse_signature_line(line) for line in _lines(reply.body)]
            if reply.status != 409:
                raise _refused(url, reply)
            known.holds = await asyncio.to_thread(self._told, url, reply, subject)
        raise Unavailable("witness-elsewhere", field=url, value=known.holds)

    def _request(self, old: int, subject: _Subject) -> bytes:
        with self._node.store.read() as conn:
            return format_request(old, prove_consistency(old, subject.size, log.hashes(conn)), subject.note)

    def _told(self, url: str, reply: Reply, subject: _Subject) -> int:
        """What the witness says that it holds."""
        if reply.kind != SIZE_TYPE:
            raise Unavailable("witness-unclear", field=url, value=reply.kind)
        size = parse_size(reply.body)
        with self._node.store.read() as conn:
            newest = log.latest_checkpoint(conn)
        if newest is None or size > newest[0]:
            raise Unverified("witness-ahead", field=url, value=size, size=subject.size)
        if size > subject.size:  # somebody asked it about a newer one of ours meanwhile
            raise Unavailable("witness-elsewhere", field=url, value=size)
        return size

    def _keep(
        self, subject: _Subject, keys: Sequence[Verifier], lines: Sequence[SignatureLine]
    ) -> LodetraceError | None:
        """Stores the cosignatures of `keys` among `lines`, if all of them hold; those of others are passed over.

        Answers what is missing, where only some of the keys have signed.
        """
        wanted = {(key.name, key.key_id) for key in keys}
        lines = [line for line in dict.fromkeys(lines) if line.place in wanted]
        found = cosignatures(add_signatures(subject.note, lines), keys)
        now = self._node.clock()
        if any(time > now.timestamp() + AHEAD_SECONDS for _, time in found):
            raise Unverified("cosignature-from-future", field="cosignature", value=found[0][0].name)
        absent = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in keys if key not in dict(found))
        missing = Unavailable("cosignature-missing", field="cosignature", value=absent) if absent else None
        if missing is not None and not found:
            raise missing
        self._store(subject, lines, stamp(now))
        return missing

    def _store(self, subject: _Subject, lines: Sequence[SignatureLine], at: str) -> None:
        with self._node.store.write() as conn:
            stored = log.checkpoint(conn, subject.size)
            assert stored is not None, "checkpoints are never deleted"
            note = renew_signatures(stored[1], lines)
            log.save_checkpoint(conn, subject.size, note, at, satisfied=self._node.accepts(note))
        self._node.announce()


def _lines(body: bytes) -> list[str]:
    """Signature lines as a witness answers them, each with its line end."""
    try:
        *lines, rest = body.decode().split("\n")
    except UnicodeDecodeError:
        lines, rest = [], "?"
    if rest or not lines:
        raise Malformed("malformed", field="cosignature", why="the answer is not signature lines")
    return lines


def _loudness(error: LodetraceError, failures: int) -> int:
    """A witness that knows of no such log is no trouble yet: an authority may be about to admit us."""
    if isinstance(error, Unverified):
        return logging.CRITICAL
    if error.code == "witness-refused" and error.value == 404:
        return logging.INFO if failures == 1 else logging.DEBUG
    return logging.WARNING


def _refused(url: str, reply: Reply) -> LodetraceError:
    """Our own tree made the proof: whoever finds it wrong holds another history of our log."""
    if reply.status == 422:
        return Unverified("witness-contradicts", field=url, value=reply.status)
    return Unavailable("witness-refused", field=url, value=reply.status)
