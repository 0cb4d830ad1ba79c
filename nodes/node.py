"""One organisation's node: its settings, keys, store and sequencer, and the verbs that record.

`found` seals entry 0 into a new home; `Node.open` opens a home. Many nodes live in one process, none shares anything.
Reading is in trace.py, evidence.py and scan.py; what comes from and goes to other nodes in intake.py and courier.py.

Over 400 lines because whatever is asked of a node is asked of one class.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.disclosing import select
from ledger.entries import parse_entry
from ledger.errors import Conflict, LodetraceError, Refusal, Unavailable, Unknown, Unverified
from ledger.evidence import Evidence, Result, verify
from ledger.joining import Request
from ledger.keys import LAST, Keys
from ledger.log.canonical import b64, dump
from ledger.log.checkpoints import Checkpoint, claimed, open_checkpoint
from ledger.log.merkle import prove_inclusion
from ledger.log.trust import NONE, Policy
from ledger.matter.events import Event
from ledger.matter.reference import Reference
from nodes import config, evidence
from nodes import identity as keys
from nodes.beside import Books
from nodes.clock import Clock, stamp, system_clock
from nodes.config import Settings
from nodes.desk import GroupDesk
from nodes.devices import with_request
from nodes.findings import Inspection, OwnBook
from nodes.identity import Identity
from nodes.jobs import Jobs
from nodes.membership import Membership
from nodes.overlooking import Overlooking
from nodes.oversight import Oversight
from nodes.peers import check_address
from nodes.rekeyed import keys_told, own_keys, own_rekeyed, replaced
from nodes.roll import Roll
from nodes.rollback import Memory, contradiction, of_highwater
from nodes.rulesets import Rulesets
from nodes.sequencer import QUEUE_MAX, Answer, Command, Sequencer
from nodes.store import access, log, rulesets
from nodes.store.access import Idempotency
from nodes.store.engine import Connection, Store
from nodes.store.records import Entry
from nodes.verbs import (
    assays,
    batches,
    books,
    corrections,
    devices,
    holds,
    measuring,
    orders,
    ownership,
    pools,
    registry,
    shipments,
    units,
)
from nodes.verbs.books import AUTHORITY
from nodes.verbs.draft import Draft

REVIEWED = 1000
"""So many of our newest checkpoints are looked at when the node starts, for one that the trust policy accepts."""

Verb = Callable[[Any, Mapping[str, Any]], Draft]
VERBS: Mapping[str, Verb] = {
    "register": batches.register,
    "transform": batches.transform,
    "assemble": batches.assemble,
    "dismantle": batches.dismantle,
    "remove": batches.remove,
    "move": batches.move,
    "pack": units.pack,
    "unpack": units.unpack,
    "ship": shipments.ship,
    "receive": shipments.receive,
    "acknowledge": shipments.acknowledge,
    "withdraw": shipments.withdraw,
    "charge": pools.charge,
    "draw": pools.draw,
    "close": pools.close,
    "sample": measuring.sample,
    "remeasure": measuring.remeasure,
    "count": measuring.count,
    "assay": assays.assay,
    "agree": assays.agreed,
    "transfer": ownership.transfer,
    "hold": holds.hold,
    "release": holds.release,
    "recall": holds.recall,
    "pledge": holds.pledge,
    "unpledge": holds.unpledge,
    "correct": corrections.correct,
    "close_month": books.close_month,
    "report": books.report,
    "answer": books.answer,
    "grant": books.grant,
    "attest": books.attest,
    "freeze": orders.freeze,
    "unfreeze": orders.release,
    "void": orders.void,
    "inspect": orders.inspect,
    "admit": registry.admit,
    "license": registry.license_,
    "suspend": registry.suspend,
    "restore": registry.restore,
    "revoke": registry.revoke,
    "succeed": registry.succeed,
    "confirm_keys": registry.confirm_keys,
    "recommend": registry.recommend,
    "stand": registry.stand,
    "set_device": devices.set_device,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the name on the token. Roles are the door's business (api/access.py)."""

    owner: str


@dataclass(slots=True)
class Witnesses:
    """How asking witnesses went since the start, by their URL (nodes/cosigning.py writes it, metrics tell it)."""

    sizes: dict[str, int] = field(default_factory=dict)  # what each cosigned last
    errors: dict[str, str] = field(default_factory=dict)  # why one that we wait for has not
    alarms: int = 0  # answers that no honest witness of an honest log gives


class Node:
    """An open home. `start` before the first verb, `stop` after the last."""

    def __init__(self, settings: Settings, identity: Identity, store: Store, clock: Clock) -> None:
        self.settings, self.identity, self.store, self.clock = settings, identity, store, clock
        self.reference = _reference(settings)
        self.trust = _policy(settings, identity)
        self.membership = Membership(store, identity.origin, self.trust.registries)
        self._policy = self.trust
        self.witnesses = Witnesses()
        self.jobs = Jobs()
        self.registry_errors: dict[str, str] = {}  # why a registry cannot be followed, by its origin
        self.published: list[Callable[[], None]] = []
        self.heard: list[Callable[[], None]] = []
        """Told when something of another log has come: a checkpoint, the proof of a fork."""
        self.rulesets = Rulesets(self.reference)
        self.inspection = Inspection(store, self.rulesets, OwnBook(settings, self.rulesets))
        self.beside = Books(store, self.inspection)
        self.oversight = Oversight(store, settings, self.rulesets)
        self.roll = Roll(store, self.membership, clock)
        self.overlooking = Overlooking(store, self.oversight, clock)
        self.sequencer = Sequencer(store, identity, settings, self.rulesets, clock, self.announce, self._alone)

    @classmethod
    def open(cls, home: Path, environ: Mapping[str, str], clock: Clock = system_clock) -> "Node":
        """The node in `home`. Refuses keys that are not those in force by its own log."""
        settings = config.load(home, environ)
        identity = keys.load(home, settings.name, config.passphrase(environ), mldsa=settings.mldsa)
        node = cls(settings, identity, Store.open(settings.database), clock)
        node._check_keys()
        return node

    @property
    def origin(self) -> str:
        return self.identity.origin

    @property
    def policy(self) -> Policy:
        """Whom this node deals with now: `trust`, and whoever the registries named there admit. Asked for when it is
        needed, and not kept. What members say is checked by `verify`, which knows of suspensions and revoked keys too.
        """
        return self._policy

    def verify(self, evidence: Evidence) -> Result:
        """Evidence, verified under our trust policy, beside what we know of its organisations ourselves."""
        with self.store.read() as conn:
            told = self.membership.beside(conn, evidence)
        return verify(told, self.trust, self.clock())

    def signed(self, origin: str, note: bytes) -> Checkpoint:
        """The checkpoint that a log of our policy has signed with the key that counts at its size, whoever cosigned it.
        Unverified for another log, another key, or one that a registry has revoked by then.
        """
        if origin not in self.policy.logs:
            raise Unverified("log-untrusted", field="checkpoint", value=origin)
        size = claimed(note).size
        key = self.policy.log_key(origin, size)
        if self.membership.revoked(origin, size - 1, key, "log"):
            raise Unverified("key-revoked", field="checkpoint", value=size, log=origin, key=key.name)
        return open_checkpoint(note, key, origin)

    def proof_of(self, conn: Connection, *, batch: str = "", unit: str = "") -> Evidence:
        """The evidence of a batch or of a unit that is here, with what registries say of everybody in it."""
        made_at, below = stamp(self.clock()), self.settings.evidence_below_pools
        if unit:
            made = evidence.of_unit(conn, self.origin, unit, made_at, below_pools=below)
        else:
            made = evidence.of_batch(conn, self.origin, batch, made_at, below_pools=below)
        return self.membership.beside(conn, made)

    def learn(self) -> None:
        """Takes what registries have newly said into the policy that counts from now on."""
        if self.membership.catch_up():
            self.learn_keys()
            self.announce()
            self._freeze()

    def _freeze(self) -> None:
        """What a registry says that we write does not count any more, nobody should write."""
        member = self.membership.members.get(self.settings.name)
        if member is None or all(one.origin != self.origin for one in member.logs):
            return
        ended = member.end_of(self.origin)
        revoked = member.revoked_at(self.origin, LAST, self.identity.log.verifier.public, "log")
        if ended is not None:
            self.sequencer.halt(
                Unavailable("log-succeeded", field=self.origin, value=ended.at[1], log=member.log.origin)
            )
        elif revoked is not None:
            self.sequencer.halt(Unavailable("log-key-revoked", field=self.origin, value=revoked.at[1]))

    def learn_keys(self) -> None:
        """Takes which keys logs that the trust policy names have replaced, as far as we hold it."""
        with self.store.read() as conn:
            self.trust = replace(self.trust, log_at=replaced(conn, self.origin, self.trust))
        self._policy = self.membership.extended(self.trust)

    def keys_of(self, conn: Connection, origin: str) -> Keys | None:
        """The keys of a log by position, as far as the log itself has told us, or a registry if that knows more."""
        told = (keys_told(conn, self.origin, origin), self.membership.keys_of(origin))
        return max(filter(None, told), key=lambda keys: len(keys.lists), default=None)

    def start(self, memories: Iterable[Memory] = ()) -> None:
        """Takes commands, unless the high-water file or `memories` know another log than this: then it only reads."""
        self.learn()
        self.learn_keys()
        if (said := succeeded_by(self.settings.home)) is not None:
            self.sequencer.halt(Unavailable("log-succeeded", field=self.origin, value=said[1], log=said[0]))
        try:
            self.compare([*of_highwater(self.sequencer.highwater), *memories])
        except Unavailable as error:
            self.sequencer.halt(error)
        with self.store.write() as conn:
            log.review_checkpoints(conn, self.accepts, at_most=REVIEWED)
        if self.settings.reference is not None:
            with self.store.write() as conn:
                rulesets.save(conn, self.reference.ruleset, self.settings.reference.read_bytes())
        self.sequencer.start()

    def stop(self) -> None:
        """Finishes what was accepted, then closes the database."""
        self.jobs.stop()
        self.beside.stop()
        self.overlooking.stop()
        self.sequencer.stop()
        self.store.close()

    def accepts(self, checkpoint: bytes) -> bool:
        """Does a checkpoint of our own satisfy our own policy, so that it may be shown?"""
        try:
            self.policy.open_checkpoint(checkpoint)
        except Unverified:
            return False
        return True

    def compare(self, memories: Iterable[Memory]) -> None:
        """Holds what others remember of our log against it; ends all recording if they know what it cannot be.

        A checkpoint beyond our log goes into the high-water file, so that it is not forgotten by the next start.
        """
        told = list(memories)
        with self.store.read() as conn:
            error = contradiction(conn, told)
            size = log.head(conn).size
        if error is None:
            return
        self.sequencer.halt(error)
        beyond = max((one.checkpoint for one in told), key=lambda one: one.size)
        if beyond.size > size:
            self.sequencer.highwater.remember(beyond)

    def announce(self) -> None:
        """A checkpoint is new or newly shown, news came in that goes on, or there are other members: who waits looks.

        From any thread.
        """
        for tell in self.published:
            tell()

    def tell_heard(self) -> None:
        """Something of another log has come: who follows it looks. From any thread."""
        for tell in self.heard:
            tell()

    def _alone(self) -> bool:
        return self.policy.quorum == NONE

    def _check_keys(self) -> None:
        with self.store.read() as conn:
            sealed = own_keys(conn)
        for use in ("log", "author", "peer"):
            own = getattr(self.identity, use).verifier
            if own not in sealed.of(use, LAST):
                file = self.settings.home / keys.KEYS / f"{use}.pem"
                raise Unverified("keys-of-other-log", field=str(file), value=own.vkey)

    # -- recording --------------------------------------------------------------------------------------------

    def command(
        self,
        verb: str,
        body: Mapping[str, Any],
        caller: Caller,
        key: str | None,
        asked: Mapping[str, Any] | None = None,
    ) -> Command:
        """A verb ready for the sequencer. The same key and body (per caller) have one result; `asked` is the body as
        the caller sent it, where the node has filled in more.
        """
        told = body if asked is None else asked
        idempotency = None if key is None else _idempotency(verb, told, caller, key)
        whole = with_request(verb, body, told)
        return Command(lambda desk: self.draft(verb, desk, whole), caller.owner, idempotency)

    def answered(self, verb: str, asked: Mapping[str, Any], caller: Caller, key: str) -> Answer | None:
        """What the same key was answered before, if it was; Conflict if it stood for another request."""
        idempotency = _idempotency(verb, asked, caller, key)
        with self.store.read() as conn:
            before = access.recall(conn, [idempotency]).get((caller.owner, key))
        if before is not None and before.body_hash != idempotency.body_hash:
            raise Conflict("key-of-other-request", field="Idempotency-Key", value=key)
        return None if before is None else Answer(before.status, before.answer)

    def draft(self, verb: str, desk: GroupDesk, body: Mapping[str, Any]) -> Draft:
        """What the verb drafts. Goods are never sent to a name that nobody here knows: they would be nowhere; nor is a
        laboratory's result, for its client would never see it.
        """
        draft = VERBS[verb](desk, body)
        for delivery in draft.deliveries:
            member = self.membership.members.get(delivery.to)
            if delivery.kind == "handover" and member is not None and member.suspended:
                raise Refusal("partner-suspended", field="to.node", value=delivery.to, index=member.index)
            if self.policy.names(delivery.to):
                continue
            if delivery.to in self.membership.contradicted:
                raise self.membership.contradicted[delivery.to]
            if delivery.kind == "handover":
                raise Refusal("partner-unknown", field="to.node", value=delivery.to)
            if draft.type in ("inspected", "ordered", "voided"):
                raise Refusal("partner-unknown", field="to", value=delivery.to)
            if draft.type == "assayed":
                raise Refusal("client-unknown", field="to", value=delivery.to)
        return draft

    async def do(
        self,
        verb: str,
        body: Mapping[str, Any],
        caller: Caller,
        key: str | None,
        asked: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Records; answers once it is on disk. Raises what the ledger's errors say."""
        return await self.sequencer.ask(self.command(verb, body, caller, key, asked))

    async def do_all(self, commands: Sequence[Command | LodetraceError]) -> list[Answer | BaseException]:
        """Many commands, each atomic alone; answers in their order. An error among them is passed through.

        At most half a queue of them waits at a time, so that a long list is not turned away, nor anybody beside it.
        """
        answers: list[Answer | BaseException] = []
        for start in range(0, len(commands), QUEUE_MAX // 2):
            answers += await self._do_some(commands[start : start + QUEUE_MAX // 2])
        return answers

    async def _do_some(self, commands: Sequence[Command | LodetraceError]) -> list[Answer | BaseException]:
        waiting: list[asyncio.Future[Answer] | LodetraceError] = []
        for command in commands:
            try:
                waiting.append(command if isinstance(command, LodetraceError) else self.sequencer.ask(command))
            except LodetraceError as error:
                waiting.append(error)
        return [one if isinstance(one, LodetraceError) else await _outcome(one) for one in waiting]

    # -- the log, as others see it ----------------------------------------------------------------------------

    def opened(self) -> Event:
        """Entry 0, whole."""
        with self.store.read() as conn:
            entry = log.entry(conn, 0)
        return entry.event

    def checkpoint(self) -> bytes:
        """The newest checkpoint note, witnessed or not."""
        with self.store.read() as conn:
            found = log.latest_checkpoint(conn)
        if found is None:
            raise Unavailable("no-checkpoint-yet", field="log", value=self.origin)
        return found[1]

    def shown_checkpoint(self) -> bytes:
        """The newest checkpoint note that satisfies our own trust policy. Unavailable while there is none."""
        with self.store.read() as conn:
            return evidence.shown(conn, self.origin, 0)[1]

    def registry_word(self, after: int) -> Evidence:
        """What our own log says as a registry behind entry `after`, for whoever follows it: evidence, public parts."""
        if self.settings.role != AUTHORITY:
            raise Unknown("no-registry-here", field="path", value=self.settings.name)
        with self.store.read() as conn:
            return self.membership.own_word(conn, after, stamp(self.clock()))

    def final_of(self, asked: Request) -> dict[str, Any]:
        """The final checkpoint that a request's entry 0 embeds: signed by the member's log key, and witnessed as our
        trust policy asks. Refusal for a request that succeeds no log.
        """
        member = self.membership.members.get(asked.name)
        if asked.predecessor is None or member is None or member.log.keys is None:
            raise Refusal("succeeds-nothing", field="name", value=asked.name)
        told = claimed(asked.predecessor)
        if told.origin != member.log.origin:
            raise Refusal("succeeds-nothing", field="name", value=asked.name)
        final = self.policy.open_checkpoint(asked.predecessor, member.log.keys.log_at(told.size)).checkpoint
        return {"origin": final.origin, "size": final.size, "root": b64(final.root)}

    def well_known(self) -> dict[str, Any]:
        """Who this node is: entry 0 and what replaced its keys, opened to all, and their proof.

        Under the newest checkpoint that satisfies our own trust policy; before there is one, under the newest, for
        those whose policy asks for less.
        """
        with self.store.read() as conn:
            found = log.shown_checkpoint(conn) or log.latest_checkpoint(conn)
            if found is None:
                raise Unavailable("no-checkpoint-yet", field="log", value=self.origin)
            read = log.hashes(conn)

            def proven(entry: Entry) -> dict[str, Any]:
                held = select(parse_entry(entry.note), entry.disclosures.split("\n"), "public")
                path = [b64(node) for node in prove_inclusion(entry.index, found[0], read)]
                return {"entry": entry.note.decode(), "disclosures": held, "path": path}

            first = proven(log.entry(conn, 0))
            rekeyed = [proven(entry) for entry in own_rekeyed(conn) if entry.index < found[0]]
        return {
            "name": self.settings.name,
            "origin": self.origin,
            "vkey": self.identity.log.verifier.vkey,
            **first,
            "rekeyed": rekeyed,
            "checkpoint": found[1].decode(),
        }


SUCCEEDED = "succeeded"
"""In the home of a log that another one succeeds: the successor's origin, and the size at which this one ended."""


def succeeded_by(home: Path) -> tuple[str, int] | None:
    file = home / SUCCEEDED
    if not file.exists():
        return None
    origin, size = file.read_text("utf-8").split()
    return origin, int(size)


def found(
    settings: Settings,
    identity: Identity,
    store: Store,
    clock: Clock = system_clock,
    predecessor: bytes | None = None,
    recovery: Mapping[str, Any] | None = None,
) -> bytes:
    """Seals entry 0 into a store without entries and publishes its checkpoint, which is answered. `predecessor` is the
    final checkpoint of the log that this one succeeds, whose entries are in the store, whole.
    """
    final = None if predecessor is None else {"checkpoint": predecessor.decode()}

    def draft(_: GroupDesk) -> Draft:
        about = {"name": settings.name, "organisation": settings.organisation, "role": settings.role}
        for known in ("organisation_en", "country"):
            if getattr(settings, known) is not None:
                about[known] = getattr(settings, known)
        told = about if recovery is None else {**about, "recovery": dict(recovery)}
        slots = {"log": told, "keys": {"list": identity.published()}, "predecessor": final}
        return Draft("log_opened", slots, lambda _: {})

    node = Node(settings, identity, store, clock)
    node.start()
    try:
        node.sequencer.submit(Command(draft, settings.name)).result()
    finally:
        node.sequencer.stop()
    return node.checkpoint()


def _idempotency(verb: str, asked: Mapping[str, Any], caller: Caller, key: str) -> Idempotency:
    return Idempotency(caller.owner, key, sha256(dump([verb, asked])).digest())


async def _outcome(future: "asyncio.Future[Answer]") -> Answer | BaseException:
    try:
        return await future
    except Exception as error:  # noqa: BLE001 - whatever became of one command is told in its place
        return error


def _reference(settings: Settings) -> Reference:
    """The shipped reference data, with the organisation's own file laid over it."""
    return Reference.parse(None if settings.reference is None else settings.reference.read_bytes())


def _policy(settings: Settings, identity: Identity) -> Policy:
    """The trust policy, with our own log in it: what we wrote ourselves we know. An authority's is a registry."""
    policy = Policy.parse(settings.policy.read_bytes())
    own = {identity.origin} if settings.role == AUTHORITY else set()
    for name, (_, url) in {**policy.logs, **policy.witnesses}.items():
        check_address(name, url)
    logs = {**policy.logs, identity.origin: (identity.log.verifier, settings.url)}
    return replace(policy, logs=logs, registries=policy.registries | own)
