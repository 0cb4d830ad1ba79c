"""Drafts on a node: saved before sealing, sealed by their writer, or by approval of a second person.

    save, change, delete, listed   a draft of any verb, kept as it was written; its owner's alone
    propose                        what needs a second person: rehearsed, then kept, waiting
    seal                           its owner seals an open draft: recorded like any request, and gone
    approve                        a supervisor of another name seals what waits; both are recorded

A draft is sealed once, whatever is repeated: its id is the key under which the sequencer remembers the answer. What is
refused stays. Does not check roles: api/drafts.py does.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from ledger.captured import check_signed
from ledger.entries import commit
from ledger.errors import Conflict, Refusal, Unknown
from ledger.log.canonical import dump
from ledger.matter.custody import apply
from ledger.matter.events import Event
from nodes.clock import next_stamp, stamp
from nodes.desk import GroupDesk
from nodes.devices import with_request
from nodes.node import VERBS, Caller, Node
from nodes.sequencer import Answer, Command
from nodes.store import access, drafts, log
from nodes.store.access import Idempotency
from nodes.store.drafts import OPEN, WAITING, StoredDraft

NEEDING_APPROVAL = frozenset({"reverse", "adjust"})
"""Kinds of corrections that move goods."""
_SEALING = "\n"
"""No token's owner: a name must be printable."""
_SOMEBODY = "…"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def needs_approval(verb: str, body: Mapping[str, Any]) -> bool:
    return verb == "correct" and body.get("kind") in NEEDING_APPROVAL


def as_if_approved(verb: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body as it will be when somebody has approved it, for a rehearsal."""
    return {**body, "approved_by": _SOMEBODY} if needs_approval(verb, body) else body


def save(
    node: Node, caller: Caller, key: str, verb: str, body: Mapping[str, Any], *, state: str = OPEN, status: int = 201
) -> Answer:
    """Keeps a draft. The same key and body (per caller) keep one."""
    idempotency = _keeping(caller, key, verb, body)
    at = stamp(node.clock())
    with node.store.write() as conn:
        before = access.recall(conn, [idempotency]).get((caller.owner, key))
        if before is not None:
            return _recalled(before, idempotency)
        id_ = _new_id()
        drafts.add(conn, id_, caller.owner, verb, _text(body), state, at)
        told = {"draft": id_, "state": state, **({"waits_for": "supervisor"} if state == WAITING else {})}
        answer = Answer(status, _text(told).encode())
        access.remember(conn, [(idempotency, answer.status, answer.body)], at)
    return answer


def propose(node: Node, caller: Caller, key: str, verb: str, body: Mapping[str, Any]) -> Answer:
    """Something that a second person must approve. What would be refused now is refused now, but not what was asked
    before under the same key: by now it may be done.
    """
    idempotency = _keeping(caller, key, verb, body)
    with node.store.read() as conn:
        before = access.recall(conn, [idempotency]).get((caller.owner, key))
    if before is not None:
        return _recalled(before, idempotency)
    rehearse(node, caller, verb, as_if_approved(verb, body))
    return save(node, caller, key, verb, body, state=WAITING, status=202)


def hand_in(node: Node, caller: Caller, key: str, found: StoredDraft, body: Mapping[str, Any]) -> Answer:
    """An open draft that needs a second person: it waits from now on, under a number of its own."""
    answer = propose(node, caller, key, found.verb, body)
    with node.store.write() as conn:
        drafts.drop(conn, found.id)
    return answer


def change(node: Node, caller: Caller, id_: str, verb: str, body: Mapping[str, Any]) -> StoredDraft:
    """Another text in its place, as long as it does not wait for approval: who approves must see what is sealed."""
    with node.store.write() as conn:
        before = _one(drafts.one(conn, id_), id_)
        _refuse_other(before, caller)
        if before.state == WAITING:
            raise Refusal("draft-waiting", field="draft", value=id_)
        drafts.change(conn, id_, verb, _text(body), stamp(node.clock()))
        return _one(drafts.one(conn, id_), id_)


def delete(node: Node, caller: Caller, id_: str, *, supervisor: bool) -> None:
    """Its owner's right, and a supervisor's."""
    with node.store.write() as conn:
        before = _one(drafts.one(conn, id_), id_)
        if not supervisor:
            _refuse_other(before, caller)
        drafts.drop(conn, id_)


def read(node: Node, caller: Caller, id_: str, *, supervisor: bool) -> StoredDraft:
    with node.store.read() as conn:
        found = _one(drafts.one(conn, id_), id_)
    if not (supervisor and found.state == WAITING):
        _refuse_other(found, caller)
    return found


async def seal(node: Node, caller: Caller, id_: str, body: Mapping[str, Any], verb: str) -> Answer:
    """Records an open draft, whose body was validated, and drops it."""
    return await _seal(node, caller.owner, id_, verb, body)


async def approve(node: Node, caller: Caller, found: StoredDraft, body: Mapping[str, Any]) -> Answer:
    """Records what waits: by its writer, approved by the caller."""
    if found.state != WAITING:
        raise Refusal("draft-not-waiting", field="draft", value=found.id)
    if found.owner == caller.owner:
        raise Refusal("approval-by-oneself", field="recorded.approved_by", value=caller.owner)
    return await _seal(node, found.owner, found.id, found.verb, {**body, "approved_by": caller.owner})


async def _seal(node: Node, by: str, id_: str, verb: str, body: Mapping[str, Any]) -> Answer:
    command = Command(lambda desk: node.draft(verb, desk, body), by, _sealing(id_))
    answer = await node.sequencer.ask(command)
    with node.store.write() as conn:
        drafts.drop(conn, id_)
    return answer


def sealed_before(node: Node, id_: str) -> Answer | None:
    """What was answered when the draft was sealed, for whoever asks again."""
    idempotency = _sealing(id_)
    with node.store.read() as conn:
        before = access.recall(conn, [idempotency]).get((idempotency.owner, idempotency.key))
    return None if before is None else Answer(before.status, before.answer)


def rehearse(node: Node, caller: Caller, verb: str, body: Mapping[str, Any]) -> None:
    """Drafts and asks custody, as the sequencer will; seals nothing. Raises what it would raise now."""
    with node.store.read() as conn:
        head = log.head(conn)
        recorded_at = next_stamp(node.clock, head.recorded_at)
        desk = GroupDesk(conn, node.settings, node.identity, node.rulesets, recorded_at, {})
        desk.by, desk.index = caller.owner, head.size
        draft = VERBS[verb](desk, with_request(verb, body, body))
        plan = desk.plan(draft.type, draft.slots)
        slots = draft.slots if plan is None else {**draft.slots, **plan.slots}
        commitment = commit(draft.type, slots, desk.origin, token_bytes)
        event = Event(draft.type, desk.origin, slots, commitment.ids, recorded_at).check()
        desk.expect(event)
        desk.reach(event)
        apply(desk.view, event)
        check_signed(desk.view, event)


def _keeping(caller: Caller, key: str, verb: str, body: Mapping[str, Any]) -> Idempotency:
    return Idempotency(caller.owner, key, sha256(dump(["draft", verb, body])).digest())


def _recalled(before: access.Remembered, asked: Idempotency) -> Answer:
    if before.body_hash != asked.body_hash:
        raise Conflict("key-of-other-request", field="Idempotency-Key", value=asked.key)
    return Answer(before.status, before.answer)


def _sealing(id_: str) -> Idempotency:
    return Idempotency(_SEALING, id_, sha256(id_.encode()).digest())


def _one(found: StoredDraft | None, id_: str) -> StoredDraft:
    if found is None:
        raise Unknown("draft-unknown", field="draft", value=id_)
    return found


def _refuse_other(found: StoredDraft, caller: Caller) -> None:
    if found.owner != caller.owner:
        raise Refusal("draft-not-yours", field="draft", value=found.id, owner=found.owner)


def _new_id() -> str:
    """As easy to read aloud as the ids of goods, and nobody guesses it."""
    number = int.from_bytes(token_bytes(16))
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(26)))


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
