"""Intake: what other nodes bring. Everything is verified before any of it is stored.

    open_message   bytes → Message: form, receiver, evidence verified under our policy, the sender's own peer key
    take_in        checks what this kind must hold, stores it in one transaction, answers with a signed delivery note

The same message twice, in another order, or again after a crash on either side, ends in the same state: everything is
stored by what it is (log, index, leaf), and what refers to an entry that is not here yet is parked until it comes.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ledger.disclosing import merge
from ledger.entries import id_in, open_entry, open_event, split_id
from ledger.errors import Forked, LodetraceError, Malformed, Refusal, Unverified
from ledger.evidence import FILE_MAX, Checked, Result, evidence_of
from ledger.keys import LAST, Keys
from ledger.log.canonical import b64, parse_json, unb64
from ledger.log.notes import Verifier, sign_note
from ledger.log.trust import organisation
from ledger.matter import genealogy
from ledger.matter.event_types import EVENT_TYPES, NEWS
from ledger.matter.events import Event
from ledger.matter.handovers import check_acknowledgement, check_offer, check_receipt
from nodes import decrees, downstream, gossip, noticing
from nodes.clock import stamp
from nodes.deposits import follow_deposits
from nodes.derive import WITHDRAWALS, country_of, derive_inherited
from nodes.forks import keep_forked, refuse_forked
from nodes.node import Node
from nodes.rollback import of_notes
from nodes.store import deliveries, inbox, log, states, upstream
from nodes.store import genealogy as tables
from nodes.store.engine import Connection
from nodes.store.records import Entry
from nodes.store.upstream import Upstream
from nodes.verbs.books import AUTHORITY

KINDS = ("handover", "receipt", "acknowledgement", "deposit", "notice")
DELIVERED = "lodetrace delivered v1"
PARKED_KEPT = timedelta(days=30)
"""How long a message waits for what it refers to; its sender has seen since then that it was not taken."""

_say = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """Verified, not stored yet. `subject` is the shipment as its sender writes it, for a deposit the sender's log;
    `peer_key` signs the request.
    """

    kind: str
    sender: str
    subject: str
    result: Result
    peer_key: Verifier


@dataclass(frozen=True, slots=True)
class Taken:
    """`note` is our signed delivery note; None while the message is parked."""

    note: bytes | None


def open_message(node: Node, data: bytes) -> Message:
    """Raises Malformed or Unverified for anything that does not hold; nothing is stored here."""
    if len(data) > FILE_MAX:
        raise Malformed("evidence-too-large", field="message", value=len(data), limit=FILE_MAX)
    value = parse_json(data, field="message")
    match value:
        case {
            "cover": {
                "kind": str(kind),
                "sender": str(sender),
                "receiver": str(receiver),
                "subject": str(subject),
                **more,
            },
            "evidence": carried,
            **beside,
        } if not more and not beside:
            pass
        case _:
            raise Malformed("malformed", field="message", why="it is not a cover and evidence")
    if kind not in KINDS:
        raise Malformed("field-wrong", field="cover.kind", value=kind, kind=", ".join(KINDS))
    if receiver != node.settings.name:
        raise Refusal("offer-to-other", field="cover.receiver", value=receiver, receiver=node.settings.name)
    evidence = evidence_of(carried)
    about = "log" if kind in ("deposit", "notice") else "shipment"
    if dict(evidence.subject) != {about: subject}:
        raise Unverified(
            "subject-differs", field="evidence.subject", value=", ".join(evidence.subject.values()), stated=subject
        )
    result = node.verify(evidence)
    opened = result.logs.get(node.policy.origin_of(sender))
    if opened is None:
        raise Unverified("sender-not-in-evidence", field="cover.sender", value=sender)
    return Message(kind, sender, subject, result, _peer_key(node, sender, opened.keys, result))


def _peer_key(node: Node, sender: str, told: Keys, result: Result) -> Verifier:
    """The newest that is known of: an old message may be sent again, but not under a key that was replaced since."""
    with node.store.read() as conn:
        known = node.keys_of(conn, told.origin)
    keys = max(told, known or told, key=lambda keys: len(keys.lists))
    for (origin, index), one in sorted(result.entries.items()):  # what our registry has not confirmed yet
        if (origin, one.entry.type) == (keys.origin, "rekeyed") and index >= keys.lists[-1][0] and one.event:
            after = keys.after(index, one.event)
            open_entry(one.entry.raw, after.signers_at(index))
            keys = after
    key = keys.of("peer", LAST)[0]
    if node.membership.revoked(told.origin, LAST, key, "peer"):
        raise Unverified("key-revoked", field="cover.sender", value=sender, log=told.origin, key=key.name)
    return key


def take_in(node: Node, message: Message, data: bytes) -> Taken:
    """Stores what the message proves. Refusal and Unverified are final for the sender; Forked keeps both statements."""
    with node.store.read() as conn:
        refuse_forked(conn, node.policy.origin_of(message.sender))
    node.compare(of_notes(node.identity, message.result.evidence.checkpoints, message.sender))
    node.sequencer.check_recording()  # what came while our log is behind would stand before what it lacks
    subject = _subject_entry(node, message)
    _refuse_incomplete(node, message, subject)
    try:
        with node.store.write() as conn:
            needed = _not_here(conn, node.origin, message, subject)
            if needed is not None:
                now = node.clock()
                inbox.give_up(conn, stamp(now - PARKED_KEPT))
                inbox.park(conn, needed, message.sender, data, stamp(now))
                return Taken(None)
            store(conn, node, message.result, message.sender)
    except Forked as fork:
        keep_forked(node, fork, message.result)
        raise
    if any(one.entry.type == "rekeyed" for one in message.result.entries.values()):
        node.learn_keys()
    node.announce()
    node.tell_heard()
    take_parked(node, [*(one.entry.leaf for one in message.result.entries.values()), *_answered(node, message)])
    return Taken(delivery_note(node, subject.entry.leaf))


def _answered(node: Node, message: Message) -> list[bytes]:
    """Leaves of own entries that the message refers to, all of which are here: other messages may wait for them."""
    refs = [
        _ref_of(one.event) or one.event.scalar("consent")
        for one in message.result.entries.values()
        if one.event is not None
    ]
    return [unb64(ref["leaf"], field="ref.leaf", size=32) for ref in refs if ref.get("log") == node.origin]


def delivery_note(node: Node, leaf: bytes) -> bytes:
    """`lodetrace delivered v1`: that this offer is verified and durably stored here."""
    text = f"{DELIVERED}\n{node.origin}\n{b64(leaf)}\n{stamp(node.clock())}\n"
    return sign_note(text, [node.identity.author])


def take_parked(node: Node, leaves: list[bytes]) -> None:
    """Messages that waited for one of these entries are taken in now; one that turns out wrong is dropped, and said."""
    with node.store.read() as conn:
        waiting = inbox.waiting_for(conn, leaves)
    for parked in waiting:
        with node.store.write() as conn:
            inbox.unpark(conn, [parked.no])
        try:
            take_in(node, open_message(node, parked.body), parked.body)
        except LodetraceError as error:
            _say.warning("parked message of %s: %s", parked.sender, error)


# -- checks per kind ----------------------------------------------------------------------------------------------


def _subject_entry(node: Node, message: Message) -> Checked:
    """The entry that the message is about: the sender's, of the right type and shipment; or the last deposited."""
    if message.kind == "deposit":
        return _last_deposited(node, message)
    if message.kind == "notice":
        return noticing.noticed(node, message.sender, message.subject, message.result)
    wanted = {"handover": "shipped", "receipt": "received", "acknowledgement": "acknowledged"}[message.kind]
    found = [
        one
        for one in message.result.entries.values()
        if one.event is not None
        and one.event.type == wanted
        and one.event.name == message.sender
        and _shipment_of(one.event) == message.subject
    ]
    if not found:
        raise Unverified("subject-missing", field="cover.subject", value=message.subject)
    subject = max(found, key=lambda one: one.entry.index)
    assert subject.event is not None
    subject.event.check(whole=False)
    if message.kind == "handover":
        check_offer(subject.event, node.settings.name)
    return subject


def _last_deposited(node: Node, message: Message) -> Checked:
    """Deposits go to an authority, and open every slot of every entry."""
    if node.settings.role != AUTHORITY:
        raise Refusal("not-an-authority", field="cover.receiver", value=node.settings.name)
    found = [one for one in message.result.entries.values() if one.entry.origin == message.subject]
    if not found or organisation(message.subject) != message.sender:
        raise Unverified("subject-missing", field="cover.subject", value=message.subject)
    for one in found:
        open_event(one.entry, one.disclosures, whole=True)
    return max(found, key=lambda one: one.entry.index)


def _shipment_of(event: Event) -> str | None:
    """The shipment that an entry is about, as `log#id`."""
    if event.type == "shipped":
        return f"{event.origin}#{event.ids['shipment']}" if "shipment" in event.ids else None
    if event.type == "received":
        return event.scalar("receipt").get("shipment")
    named = event.scalar("acknowledgement").get("shipment")
    return None if named is None else id_in(named, event.origin, "")


def _refuse_incomplete(node: Node, message: Message, subject: Checked) -> None:
    """A handover brings all its evidence along; what is missing in it is not fetched from anybody later."""
    missing = [*message.result.missing, *_unlabelled(message, subject)] if message.kind == "handover" else []
    if missing:
        raise Refusal("evidence-incomplete", field="evidence", value=", ".join(missing[:5]))
    ref = _ref_of(subject.event) if message.kind in ("receipt", "acknowledgement") else {"log": node.origin}
    if organisation(ref.get("log", "")) != node.settings.name:
        raise Refusal("receipt-of-other-shipment", field="cover.subject", value=message.subject)


def _unlabelled(message: Message, subject: Checked) -> list[str]:
    """Units that are handed over without the entry that labelled them: nobody could ever check their labels."""
    events = [one.event for one in (*message.result.entries.values(), subject) if one.event is not None]
    labelled = {id_in(id_, event.origin, "") for event in events for id_ in event.ids.get("units.public", ()) if id_}
    rows = events[-1].rows("lines.partner")
    named = [id_in(unit["unit"], events[-1].origin, "") for row in rows for unit in row.get("units", ())]
    return [unit for unit in named if unit not in labelled]


def _ref_of(event: Event | None) -> Mapping[str, Any]:
    assert event is not None
    return event.scalar("offer") or event.scalar("answer")


def _not_here(conn: Connection, origin: str, message: Message, subject: Checked) -> bytes | None:
    """The leaf of an entry that the message answers, or tells something new of, and that is not here (yet).

    What is here is held against our own entry, whole: the message may carry it too, opened as little as suits it.
    """
    if message.kind == "notice":
        return noticing.not_here(conn, origin, message.result, subject)
    for one in message.result.entries.values():
        ref = _ref_of(one.event) if one.event is not None else {}
        if one.event is None or organisation(ref.get("log", "")) != organisation(origin):
            continue
        own = _own_entry(conn, origin, ref["log"], ref["index"])
        if own is None:
            return unb64(ref["leaf"], field="ref.leaf", size=32)
        wanted = "shipped" if one.event.type == "received" else "received"
        if b64(own.leaf) != ref["leaf"] or own.type != wanted:
            raise Unverified("ref-to-other-entry", field="ref", value=ref["index"], log=ref["log"])
        answered = own.event
        check = check_receipt if one.event.type == "received" else check_acknowledgement
        check(answered, one.event)
    return None


def _own_entry(conn: Connection, origin: str, log_: str, index: int) -> Entry | Upstream | None:
    """Of our log, or of one that it succeeds, which is held like others'."""
    if log_ != origin:
        return upstream.at(conn, [(log_, index)]).get((log_, index))
    return next(iter(log.entries_at(conn, [index])), None)


# -- storing ------------------------------------------------------------------------------------------------------


def store(conn: Connection, node: Node, result: Result, sender: str) -> None:
    """All entries of other logs with their proofs, and what they tell us."""
    own = node.origin
    notes = {(one.origin, one.size): result.evidence.checkpoints[at] for at, one in result.heads.items()}
    foreign = {place: note for place, note in notes.items() if place[0] != own}
    upstream.save_checkpoints(conn, foreign)
    for note in foreign.values():
        gossip.compare(conn, node.policy, note)
    for told in gossip.refs_in(result):
        gossip.compare_ref(conn, told, stamp(node.clock()))
    places = sorted(result.entries)
    known = upstream.at(conn, places)
    coming = []
    for origin, index in places:
        one = result.entries[origin, index]
        if origin == own:
            _refuse_rewritten(conn, index, one)
            continue
        coming.append(_upstream(one, known.get((origin, index)), result.evidence.checkpoints))
    saved = upstream.save(conn, coming, log.head(conn).size)
    fresh = [
        (entry, outcome.entry_no)
        for entry, outcome in zip(coming, saved, strict=True)
        if outcome.opened and entry.type in EVENT_TYPES
    ]
    for entry, entry_no in fresh:
        derive_upstream(conn, own, entry_no, entry.event, node.settings.name)
    _pass_on(conn, node, fresh, sender)
    if node.settings.role == AUTHORITY:
        follow_deposits(conn, (entry.log for entry in coming), node.rulesets)


def _pass_on(conn: Connection, node: Node, fresh: Iterable[tuple[Upstream, int]], sender: str) -> None:
    """News goes on to those who hold what it is about from us. It ends, for what is known already is not fresh."""
    below = node.settings.evidence_below_pools
    for entry, no in fresh:
        if entry.type in NEWS:
            going = downstream.outgoing(
                conn, node.origin, no, entry.index, entry.event, below_pools=below, but=[sender]
            )
            deliveries.add(conn, going)


def _upstream(one: Checked, before: Upstream | None, checkpoints: tuple[bytes, ...]) -> Upstream:
    """A verified entry as it is kept: with all that was opened of it before, too, in the one order."""
    held = before.disclosures if before is not None and before.leaf == one.entry.leaf else ()
    opened = tuple(merge(one.entry, held, one.disclosures))
    at_size = _size_of(checkpoints[one.proven.checkpoint])
    entry, proven = one.entry, one.proven
    return Upstream(entry.origin, entry.index, entry.leaf, entry.type, entry.raw, at_size, proven.path, opened)


def _refuse_rewritten(conn: Connection, index: int, one: Checked) -> None:
    own = log.entries_at(conn, [index])
    if not own or own[0].leaf != one.entry.leaf:
        raise Unverified("ref-to-other-entry", field="entries", value=index, log=one.entry.origin)


def _size_of(note: bytes) -> int:
    return int(note.split(b"\n", 2)[1])


def derive_upstream(conn: Connection, own: str, entry_no: int, event: Event, me: str) -> None:
    """What an entry of another log tells us: of batches, of goods offered to us, of our shipments' receipts.

    Run whenever more of an entry is opened, here and by a rebuild in the same order; saying it twice changes nothing.
    """
    origin = event.origin
    made = [genealogy.Made(id_in(m.batch, origin, own), m.product, m.lot_no, m.at) for m in genealogy.made(event)]
    if made:
        tables.save_made(conn, entry_no, made, country_of(event))
    edges = [
        genealogy.Edge(id_in(edge.child, origin, own), id_in(edge.parent, origin, own), edge.mg)
        for edge in genealogy.edges(event)
    ]
    if edges:
        tables.save_edges(conn, entry_no, edges)
    periods = [event.scalar(slot).get("period") for slot in ("charge", "draw", "closing")]
    tables.save_periods(conn, [id_in(period, origin, own) for period in periods if period is not None])
    if event.scalar("closing"):
        tables.save_closing(conn, entry_no, id_in(event.scalar("closing")["period"], origin, own))
    downstream.remember(conn, own, entry_no, event)
    decrees.remember(conn, own, entry_no, event)
    labelled = {id_in(id_, origin, own): at for at, id_ in enumerate(event.ids.get("units.public", ())) if id_}
    if labelled:
        tables.save_labels(conn, entry_no, labelled)
    withdrawal = event.scalar("withdrawal")
    if withdrawal:
        states.save(conn, WITHDRAWALS, {id_in(withdrawal["shipment"], origin, own): withdrawal["at"]})
    if event.type == "received":
        _derive_received(conn, own, entry_no, event)
    derive_inherited(conn, own, event)
    shipment = event.scalar("shipment")
    if event.type == "shipped" and shipment.get("to") == me and "shipment" in event.ids:
        id_ = f"{origin}#{event.ids['shipment']}"
        upstream.save_offer(conn, id_, event.name, shipment["purpose"], shipment["at"], entry_no)


def _derive_received(conn: Connection, own: str, entry_no: int, event: Event) -> None:
    origin, offer, receipt = event.origin, event.scalar("offer"), event.scalar("receipt")
    batches = [
        id_in(row["batch"], origin, own)
        for row in event.rows("lines.chain")
        if "batch" in row and split_id(row["batch"], origin)[0] != origin
    ]
    if offer and batches:
        tables.save_receipts(conn, entry_no, offer, batches)
    if receipt and offer and organisation(offer["log"]) == organisation(own):
        shipment = id_in(receipt["shipment"], origin, own)
        upstream.save_answer(conn, shipment, entry_no, final=receipt["final"], declined=receipt["declined"])
