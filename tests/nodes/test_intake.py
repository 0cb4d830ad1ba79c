"""What other nodes bring: altered, replayed, reordered, of strangers, forked.

Nothing false is stored, and nothing true is lost.

Over 400 lines because each lie that a message can tell is a case of its own.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from urllib.parse import quote

import pytest

from ledger.errors import Unavailable
from ledger.evidence import evidence_of, verify
from ledger.forks import check_fork, parse_fork
from ledger.log.canonical import b64, format_json, parse_json
from ledger.log.checkpoints import parse_checkpoint
from ledger.log.disclosures import open_disclosure
from ledger.log.merkle import leaf_hash
from ledger.log.notes import Ed25519Signer, parse_note
from nodes import evidence
from nodes.clock import stamp
from nodes.courier import check_note
from nodes.signed_requests import sign_request
from nodes.store import inbox
from nodes.store.engine import Connection, Store
from tests import outside
from tests.rogue import Rogue
from tests.world import Lost, Member, Parcel, Reply, World, kg, until

MINE, PLANT, METAL, ROGUE = "mine.example", "plant.example", "metal.example", "rogue.example"
SAMPLE = 120
"""Byte positions of a message that are altered, one at a time."""


@pytest.fixture
def rogue() -> Rogue:
    return Rogue(ROGUE).begin()


@pytest.fixture
def world(tmp_path, rogue) -> Iterator[World]:
    with World(tmp_path, MINE, PLANT, policy=[rogue.policy_line]) as world:
        yield world


@pytest.fixture
def three(tmp_path, rogue) -> Iterator[World]:
    with World(tmp_path, MINE, PLANT, METAL, policy=[rogue.policy_line]) as world:
        yield world


def offered(world: World, lot: str = "A-1") -> tuple[str, Parcel]:
    """A shipment of drums and loose ore from mine to plant, and the handover that did not arrive yet."""
    mine, lost = world[MINE], Lost()
    world.network.rule(lost, to=PLANT, kind="handover", times=10**6)
    mine.register(lot, "100")
    mine.pack(lot, f"{lot}/1", f"{lot}/2", net="20")
    shipment = mine.ship(PLANT, {"batch": lot, "units": [f"{lot}/1", f"{lot}/2"]}, {"batch": lot, "quantity": kg("30")})
    return shipment, lost.first()


def answered_with(world: World, *, states: tuple[str, ...] = ("receipt",)) -> tuple[str, dict[str, Parcel]]:
    """A shipment that was received and acknowledged; the parcels that did not arrive."""
    shipment, handover = offered(world)
    assert world[PLANT].deliver(handover).status == 200
    found = {"handover": handover}
    if "receipt" in states:
        lost = Lost()
        world.network.rule(lost, to=MINE, kind="receipt", times=10**6)
        world[PLANT].receive(shipment)
        found["receipt"] = lost.first()
    if "acknowledgement" in states:
        assert world[MINE].deliver(found["receipt"]).status == 200
        lost = Lost()
        world.network.rule(lost, to=PLANT, kind="acknowledgement", times=10**6)
        world[MINE].acknowledge(shipment)
        found["acknowledgement"] = lost.first()
    return shipment, found


def code_of(reply: Reply) -> str:
    assert reply.header("content-type") == "application/problem+json", reply
    problem = reply.json()
    assert problem["detail"] != problem["detail_zh"]
    return str(problem["code"])


def changed(parcel: Parcel, sender: Member, change: Callable[[dict[str, Any]], None]) -> Parcel:
    """`parcel` with other content, in the one JSON form, signed by its sender."""
    value = parse_json(parcel.body)
    assert isinstance(value, dict)
    change(value)
    return sender.forge(parcel, format_json(value))


# -- the same again ---------------------------------------------------------------------------------------------------


def test_a_message_that_comes_again_changes_nothing_and_is_confirmed_again(world):
    _, parcels = answered_with(world, states=("receipt", "acknowledgement"))
    for kind, receiver in (("handover", PLANT), ("receipt", MINE), ("acknowledgement", PLANT)):
        member, parcel = world[receiver], parcels[kind]
        if kind == "acknowledgement":
            assert member.deliver(parcel).status == 200
        before = outside.everything(member.node.store)
        for _ in range(3):
            reply = member.deliver(parcel)
            assert reply.status == 200
            leaf = subject_leaf(world, parcel)
            check_note(reply.body, f"{receiver}/log", leaf, (member.node.identity.author.verifier,))
        assert outside.everything(member.node.store) == before


def subject_leaf(world: World, parcel: Parcel) -> bytes:
    """Of the entry that a message is about: the sender's newest of that kind."""
    wanted = {"handover": "shipped", "receipt": "received", "acknowledgement": "acknowledged"}[parcel.kind]
    audited = outside.audit(world[parcel.sender].node.store)
    index = max(at for at, event in enumerate(audited.events) if event.type == wanted)
    return audited.run.leaves[index]


def test_a_message_replayed_after_its_time_is_refused_and_nothing_changes(world):
    _, parcel = offered(world)
    headers = sign_request(
        "POST",
        f"http://{PLANT}{parcel.path}",
        parcel.body,
        world[MINE].node.identity,
        created=datetime.now(UTC) - timedelta(minutes=11),
    )
    old = replace(parcel, headers=tuple(headers.items()))
    before = outside.everything(world[PLANT].node.store)
    reply = world[PLANT].deliver(old)
    assert (reply.status, code_of(reply)) == (401, "request-signature")
    assert outside.everything(world[PLANT].node.store) == before


# -- altered ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["handover", "receipt", "acknowledgement"])
def test_every_altered_byte_is_refused_and_nothing_changes(world, kind):
    """Altered on the way, and altered by the sender himself, who signs the request anew."""
    _, parcels = answered_with(world, states=("receipt", "acknowledgement"))
    parcel = parcels[kind]
    sender, receiver = world[parcel.sender], world[parcel.receiver]
    before = outside.everything(receiver.node.store)
    made_at = parcel.body.index(b'"made_at":"') + len(b'"made_at":"')
    unsigned = range(made_at, made_at + len("2026-11-22T00:00:00.000Z"))
    chance = random.Random(20261122)
    for position in sorted(chance.sample(range(len(parcel.body)), SAMPLE)):
        body = bytearray(parcel.body)
        body[position] ^= 1 << chance.randrange(7)
        reply = receiver.deliver(replace(parcel, body=bytes(body)))
        assert (reply.status, code_of(reply)) == (401, "request-signature"), position
        forged = sender.forge(parcel, bytes(body))
        reply = receiver.deliver(forged)
        if reply.status == 200:
            assert position in unsigned, (
                f"byte {position} says nothing?  {parcel.body[position - 40 : position + 20]!r}"
            )
        else:
            assert reply.status == 422, (position, reply)
            code_of(reply)
        assert outside.everything(receiver.node.store) == before, f"byte {position}"
    assert outside.forks(receiver.node.store) == []


@pytest.mark.parametrize("kind", ["handover", "receipt", "acknowledgement"])
def test_a_truncated_message_is_refused(world, kind):
    _, parcels = answered_with(world, states=("receipt", "acknowledgement"))
    parcel = parcels[kind]
    receiver, sender = world[parcel.receiver], world[parcel.sender]
    before = outside.everything(receiver.node.store)
    size = len(parcel.body)
    for length in (0, 1, 2, size // 7, size // 2, size - 2, size - 1):
        reply = receiver.deliver(replace(parcel, body=parcel.body[:length]))
        assert (reply.status, code_of(reply)) == (401, "request-signature")
        reply = receiver.deliver(sender.forge(parcel, parcel.body[:length]))
        assert (reply.status, code_of(reply)) == (422, "malformed")
    assert outside.everything(receiver.node.store) == before


def _other_receiver(message: dict[str, Any]) -> None:
    message["cover"]["receiver"] = METAL


def _other_kind(message: dict[str, Any]) -> None:
    message["cover"]["kind"] = "receipt"


def _no_kind(message: dict[str, Any]) -> None:
    message["cover"]["kind"] = "gift"


def _other_subject(message: dict[str, Any]) -> None:
    other = message["cover"]["subject"][:-2] + "ZZ"
    message["cover"]["subject"] = message["evidence"]["subject"]["shipment"] = other


def _two_subjects(message: dict[str, Any]) -> None:
    message["cover"]["subject"] = message["cover"]["subject"][:-2] + "ZZ"


def _other_sender(message: dict[str, Any]) -> None:
    message["cover"]["sender"] = METAL


def _cover_says_more(message: dict[str, Any]) -> None:
    message["cover"]["priority"] = "high"


def _message_says_more(message: dict[str, Any]) -> None:
    message["postscript"] = "x"


def _evidence_says_more(message: dict[str, Any]) -> None:
    message["evidence"]["postscript"] = "x"


def _no_cover(message: dict[str, Any]) -> None:
    del message["cover"]


def _no_evidence(message: dict[str, Any]) -> None:
    message["evidence"] = None


def _opened_twice(message: dict[str, Any]) -> None:
    opens = message["evidence"]["disclosures"][-1]["opens"]
    opens.append(opens[0])


def _opened_elsewhere(message: dict[str, Any]) -> None:
    first, *_, last = message["evidence"]["disclosures"]
    last["opens"].append(first["opens"][0])


def _leaf_twice(message: dict[str, Any]) -> None:
    disclosures = message["evidence"]["disclosures"]
    disclosures.append(disclosures[0])


def _of_no_entry(message: dict[str, Any]) -> None:
    message["evidence"]["disclosures"].append({"leaf": b64(bytes(32)), "opens": []})


def _entry_twice_elsewhere(message: dict[str, Any]) -> None:
    entries = message["evidence"]["entries"]
    entries.append({**entries[-1], "index": entries[-1]["index"] + 1})


def _no_checkpoint(message: dict[str, Any]) -> None:
    message["evidence"]["checkpoints"] = []


def _other_path(message: dict[str, Any]) -> None:
    path = message["evidence"]["entries"][-1]["path"]
    path[0] = b64(bytes(32))


def _longer_path(message: dict[str, Any]) -> None:
    message["evidence"]["entries"][-1]["path"].append(b64(bytes(32)))


def _shorter_path(message: dict[str, Any]) -> None:
    message["evidence"]["entries"][-1]["path"].pop()


def _other_size(message: dict[str, Any]) -> None:
    note = message["evidence"]["checkpoints"][-1].split("\n")
    note[1] = str(int(note[1]) + 1)
    message["evidence"]["checkpoints"][-1] = "\n".join(note)


def _item_missing(message: dict[str, Any]) -> None:
    """Of a list that was opened whole, one text is left out."""
    for row in message["evidence"]["disclosures"]:
        items = [text for text in row["opens"] if isinstance(text, str) and open_disclosure(text).path.endswith("/1")]
        for text in items[:1]:
            row["opens"].remove(text)
            return


ALTERED = {
    "meant for somebody else": (_other_receiver, "offer-to-other"),
    "of another kind than its address": (_other_kind, "sender-differs subject-missing"),
    "of no kind": (_no_kind, "field-wrong"),
    "about another shipment": (_other_subject, "subject-missing"),
    "about two shipments": (_two_subjects, "subject-differs"),
    "under another sender's name": (_other_sender, "sender-not-in-evidence"),
    "a cover that says more": (_cover_says_more, "malformed"),
    "a message that says more": (_message_says_more, "malformed"),
    "evidence that says more": (_evidence_says_more, "malformed"),
    "no cover": (_no_cover, "malformed"),
    "no evidence": (_no_evidence, "malformed"),
    "a slot opened twice": (_opened_twice, "slot-opened-twice"),
    "a disclosure of another entry": (_opened_elsewhere, "disclosure-unproven slot-unknown"),
    "disclosures of one entry in two places": (_leaf_twice, "malformed"),
    "disclosures of no entry": (_of_no_entry, "disclosure-of-nothing"),
    "an entry said to stand elsewhere": (_entry_twice_elsewhere, "entry-elsewhere"),
    "no checkpoint": (_no_checkpoint, "malformed"),
    "another inclusion path": (_other_path, "entry-not-included"),
    "a longer inclusion path": (_longer_path, "entry-not-included"),
    "a shorter inclusion path": (_shorter_path, "entry-not-included"),
    "a checkpoint of another size": (_other_size, "signature-bad"),
    "a list with an item left out": (_item_missing, "list-incomplete"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_handover_altered_by_its_sender_is_refused(world, name):
    change, codes = ALTERED[name]
    _, parcel = offered(world)
    before = outside.everything(world[PLANT].node.store)
    reply = world[PLANT].deliver(changed(parcel, world[MINE], change))
    assert reply.status == 422, reply
    assert code_of(reply) in codes.split()
    assert outside.everything(world[PLANT].node.store) == before


def test_evidence_with_any_entry_left_out_is_refused(world):
    _, parcel = offered(world)
    before = outside.everything(world[PLANT].node.store)
    value = parse_json(parcel.body)
    for left_out in range(len(value["evidence"]["entries"])):

        def leave_out(message: dict[str, Any], at: int = left_out) -> None:
            entry = message["evidence"]["entries"].pop(at)
            leaf = b64(leaf_hash(entry["note"].encode()))
            rows = message["evidence"]["disclosures"]
            message["evidence"]["disclosures"] = [row for row in rows if row["leaf"] != leaf]

        reply = world[PLANT].deliver(changed(parcel, world[MINE], leave_out))
        assert reply.status == 422, value["evidence"]["entries"][left_out]["note"]
        assert outside.everything(world[PLANT].node.store) == before


def test_the_order_in_which_evidence_is_listed_says_nothing(world):
    _, parcel = offered(world)

    def turn_round(message: dict[str, Any]) -> None:
        message["evidence"]["entries"].reverse()
        message["evidence"]["disclosures"].reverse()

    assert world[PLANT].deliver(changed(parcel, world[MINE], turn_round)).status == 200
    first = outside.everything(world[PLANT].node.store)
    assert world[PLANT].deliver(parcel).status == 200
    assert outside.everything(world[PLANT].node.store) == first


# -- by others --------------------------------------------------------------------------------------------------------


def test_a_stranger_is_not_heard(world):
    stranger = Rogue("stranger.example").begin()
    made = stranger.registered()
    shipped = stranger.shipped(PLANT, made.ids["batch"])
    shipment = f"{stranger.origin}#{shipped.ids['shipment']}"
    before = outside.everything(world[PLANT].node.store)
    reply = world[PLANT].deliver(stranger.send("handover", PLANT, shipment, made, shipped))
    assert (reply.status, code_of(reply)) == (422, "log-not-trusted")
    assert outside.everything(world[PLANT].node.store) == before


def test_another_senders_key_opens_nothing(three):
    _, parcel = offered(three)
    before = outside.everything(three[PLANT].node.store)
    reply = three[PLANT].deliver(three[METAL].forge(parcel, parcel.body))
    assert (reply.status, code_of(reply)) == (422, "sender-differs")
    bare = replace(parcel, headers=(("content-type", "application/json"),))
    reply = three[PLANT].deliver(bare)
    assert (reply.status, code_of(reply)) == (401, "request-unsigned")
    assert outside.everything(three[PLANT].node.store) == before


def test_a_name_in_the_signature_is_not_enough(three):
    """The key name says mine.example, the key is somebody else's."""
    _, parcel = offered(three)
    pretended = replace(three[METAL].node.identity, peer=Ed25519Signer.from_seed(f"{MINE}/peer", bytes(32)))
    headers = sign_request("POST", f"http://{PLANT}{parcel.path}", parcel.body, pretended)
    before = outside.everything(three[PLANT].node.store)
    reply = three[PLANT].deliver(replace(parcel, headers=tuple(headers.items())))
    assert (reply.status, code_of(reply)) == (401, "request-signature")
    assert outside.everything(three[PLANT].node.store) == before


def test_what_one_node_offered_another_cannot_hand_over(three):
    """Plant holds all of mine's evidence, and brings it to metal under its own name."""
    shipment, handover = offered(three)
    assert three[PLANT].deliver(handover).status == 200
    three[PLANT].receive(shipment)
    lot = three[PLANT].get("/api/v1/batches")["batches"][0]["lot_no"]
    onward = three[PLANT].ship(METAL, {"batch": lot, "quantity": kg("1")})
    three[METAL].await_arrival(onward)
    parcel = next(one for one in three.network.parcels("handover") if one.receiver == METAL)
    before = outside.everything(three[METAL].node.store)

    def rename(message: dict[str, Any]) -> None:
        message["cover"]["subject"] = message["evidence"]["subject"]["shipment"] = shipment

    reply = three[METAL].deliver(changed(parcel, three[PLANT], rename))
    assert (reply.status, code_of(reply)) == (422, "subject-missing")
    reply = three[METAL].deliver(three[PLANT].forge(handover, handover.body, receiver=METAL))
    assert reply.status == 422
    assert outside.everything(three[METAL].node.store) == before


def test_a_receipt_brought_to_the_wrong_node_is_refused(three):
    _, parcels = answered_with(three)
    receipt = parcels["receipt"]

    def readdress(message: dict[str, Any]) -> None:
        message["cover"]["receiver"] = METAL

    before = outside.everything(three[METAL].node.store)
    for parcel, code in (
        (three[PLANT].forge(receipt, receipt.body, receiver=METAL), "offer-to-other"),
        (replace(changed(receipt, three[PLANT], readdress), receiver=METAL), "receipt-of-other-shipment"),
    ):
        reply = three[METAL].deliver(parcel)
        assert (reply.status, code_of(reply)) == (422, code)
    assert outside.everything(three[METAL].node.store) == before


# -- an organisation that lies in its own log -------------------------------------------------------------------------


def ref_to(member: Member, index: int) -> dict[str, Any]:
    """How an honest receiver names an entry of `member`."""
    checkpoint = parse_checkpoint(parse_note(member.node.checkpoint()).text)
    leaf = outside.audit(member.node.store).run.leaves[index]
    size, root = checkpoint.size, b64(checkpoint.root)
    return {"log": member.node.origin, "index": index, "leaf": b64(leaf), "size": size, "root": root}


def index_of(member: Member, event_type: str) -> int:
    events = outside.audit(member.node.store).events
    return max(at for at, event in enumerate(events) if event.type == event_type)


def refused(world: World, receiver: str, parcel: Parcel, *codes: str) -> None:
    before = outside.everything(world[receiver].node.store)
    reply = world[receiver].deliver(parcel)
    assert reply.status == 422, reply
    assert code_of(reply) in codes, reply.body.decode()
    assert outside.everything(world[receiver].node.store) == before


def test_a_receipt_of_what_was_offered_to_somebody_else(world, rogue):
    shipment, _ = offered(world)
    receipt = rogue.received(ref_to(world[MINE], index_of(world[MINE], "shipped")), shipment, MINE)
    refused(world, MINE, rogue.send("receipt", MINE, shipment, receipt), "offer-to-other")


def test_a_receipt_that_names_an_entry_that_offers_nothing(world, rogue):
    """Entry 0 of ours is no offer, so there is nothing in it that a receipt could contradict."""
    shipment, _ = offered(world)
    for index in (0, index_of(world[MINE], "registered"), index_of(world[MINE], "packed")):
        receipt = rogue.received(ref_to(world[MINE], index), shipment, MINE)
        parcel = rogue.send("receipt", MINE, shipment, receipt)
        refused(world, MINE, parcel, "ref-to-other-entry", "receipt-of-other-shipment", "offer-not-shipped")


def _to_rogue(world: World) -> tuple[str, dict[str, Any], str]:
    """A shipment of mine to the rogue: its id, the ref to it, the batch."""
    batch = world[MINE].register("R-9", "50")
    shipment = world[MINE].ship(ROGUE, {"batch": "R-9", "quantity": kg("50")})
    until(lambda: ref_to(world[MINE], 0)["size"] > index_of(world[MINE], "shipped"))
    return shipment, ref_to(world[MINE], index_of(world[MINE], "shipped")), f"{MINE}/log#{batch}"


def _line(**fields: Any) -> dict[str, Any]:
    told = {"basis": "net", "offered_mg": 50 * 10**6, "accepted_mg": 50 * 10**6, "rejected_mg": 0, "missing_mg": 0}
    return {**told, "difference_mg": 0, "units": [], "product": "ion_clay_mixed_oxide", "lot_no": "R-9", **fields}


def test_a_receipt_that_answers_its_offer_is_taken(world, rogue):
    """What the lies below are measured against."""
    shipment, ref, batch = _to_rogue(world)
    receipt = rogue.received(ref, shipment, MINE, [(batch, _line())])
    assert world[MINE].deliver(rogue.send("receipt", MINE, shipment, receipt)).status == 200
    assert world[MINE].shipment(shipment)["status"] == "received"


LIES = {
    "another mass offered": (_line(offered_mg=60 * 10**6), "line-differs-from-offer"),
    "another basis": (_line(basis="dry"), "line-differs-from-offer"),
    "pieces nobody counted": (_line(offered_count=7, accepted_count=7), "line-differs-from-offer"),
    "a unit nobody sent": (
        _line(
            units=[{"unit": f"{MINE}/log#{'0' * 26}", "serial": "X", "kind": "drum", "net_mg": 1, "state": "accepted"}]
        ),
        "unit-not-offered",
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_receipt_of_other_goods(world, rogue, name):
    line, code = LIES[name]
    shipment, ref, batch = _to_rogue(world)
    receipt = rogue.received(ref, shipment, MINE, [(batch, line)])
    refused(world, MINE, rogue.send("receipt", MINE, shipment, receipt), code)


def test_a_receipt_of_another_batch_or_line(world, rogue):
    shipment, ref, batch = _to_rogue(world)
    other = batch[:-2] + "ZZ"
    refused(
        world,
        MINE,
        rogue.send("receipt", MINE, shipment, rogue.received(ref, shipment, MINE, [(other, _line())])),
        "line-differs-from-offer",
    )
    two = rogue.received(ref, shipment, MINE, [(batch, _line()), (batch, _line())])
    refused(world, MINE, rogue.send("receipt", MINE, shipment, two), "line-not-offered")


def test_an_answer_smuggled_in_beside_the_offer_it_does_not_answer(world, rogue):
    """The message carries our own offer, opened so little that nothing in the message contradicts the lie."""
    offered_to_plant, _ = offered(world)
    world.network.clear()
    _, ref, _ = _to_rogue(world)
    mine = world[MINE].node
    receipt = rogue.received(ref, offered_to_plant, MINE)
    made = rogue.registered()
    shipped = rogue.shipped(MINE, made.ids["batch"])
    shipment = f"{rogue.origin}#{shipped.ids['shipment']}"
    with mine.store.read() as conn:
        ours = evidence.of_entry(conn, mine.origin, {"shipment": shipment}, ref["index"], "public", stamp(mine.clock()))
    parcel = rogue.send("handover", MINE, shipment, made, shipped, receipt, more=ours)
    refused(world, MINE, parcel, "receipt-of-other-shipment")
    assert world[MINE].shipment(offered_to_plant)["status"] != "declined"


def test_an_acknowledgement_of_another_shipment_than_its_receipt_answers(world, rogue):
    """Its words are about one shipment, the receipt of ours that it refers to is about another."""
    made = rogue.registered()
    shipments = []
    for _ in range(2):
        shipped = rogue.shipped(MINE, made.ids["batch"])
        shipment = f"{rogue.origin}#{shipped.ids['shipment']}"
        assert world[MINE].deliver(rogue.send("handover", MINE, shipment, made, shipped)).status == 200
        world[MINE].receive(shipment)
        shipments.append(shipment)
    until(lambda: ref_to(world[MINE], 0)["size"] > index_of(world[MINE], "received"))
    last = ref_to(world[MINE], index_of(world[MINE], "received"))
    for shipment, declined, codes in (
        (shipments[0], False, ("receipt-of-other-shipment",)),
        (shipments[1], True, ("decline-differs",)),
    ):
        told = rogue.acknowledged(last, shipment, declined=declined)
        refused(world, MINE, rogue.send("acknowledgement", MINE, shipment, told), *codes)
    told = rogue.acknowledged(last, shipments[1])
    assert world[MINE].deliver(rogue.send("acknowledgement", MINE, shipments[1], told)).status == 200


def test_an_offer_that_holds_more_in_units_than_in_all(world, rogue):
    made = rogue.registered()
    unit = {"unit": "0" * 26, "serial": "X", "kind": "drum", "net_mg": 2 * 10**8}
    shipped = rogue.shipped(PLANT, made.ids["batch"], units=[unit])
    shipment = f"{rogue.origin}#{shipped.ids['shipment']}"
    refused(world, PLANT, rogue.send("handover", PLANT, shipment, made, shipped), "less-than-its-units")


def test_an_offer_of_what_its_sender_never_made_or_received(world, rogue):
    shipped = rogue.shipped(PLANT, f"{MINE}/log#{'0' * 26}")
    shipment = f"{rogue.origin}#{shipped.ids['shipment']}"
    refused(world, PLANT, rogue.send("handover", PLANT, shipment, shipped), "evidence-incomplete")


def test_an_offer_that_is_not_opened_to_its_receiver(world, rogue):
    made = rogue.registered()
    shipped = rogue.shipped(PLANT, made.ids["batch"])
    shipment = f"{rogue.origin}#{shipped.ids['shipment']}"
    closed = rogue.evidence(shipment, made, shipped)
    opened = {**closed.disclosures, shipped.leaf: shipped.opening("public", "chain")}
    parcel = rogue.parcel(
        "handover", PLANT, rogue.message("handover", PLANT, shipment, replace(closed, disclosures=opened))
    )
    refused(world, PLANT, parcel, "offer-not-disclosed")


# -- forks ------------------------------------------------------------------------------------------------------------


def _twin(world: World, lot: str) -> None:
    """Mine's home as it was, put back from a copy, goes on with another story at the same places."""
    mine = world[MINE]
    mine.stop()
    shutil.rmtree(mine.home)
    shutil.copytree(mine.home.with_name("copy"), mine.home)
    mine.start()
    mine.register(lot, "100")


def _copy(world: World) -> None:
    mine = world[MINE]
    mine.token("clerk")
    mine.stop()
    shutil.copytree(mine.home, mine.home.with_name("copy"))
    mine.start()


def test_two_entries_at_one_place_are_both_kept_and_told_of(world):
    _copy(world)
    shipment, handover = offered(world, "A-1")
    assert world[PLANT].deliver(handover).status == 200
    world.network.clear()
    _twin(world, "B-1")
    forked = world[MINE].ship(PLANT, {"batch": "B-1", "quantity": kg("100")})
    world[MINE].await_status(forked, "undeliverable")
    (fork,) = outside.forks(world[PLANT].node.store)
    assert (fork.origin, fork.index) == (world[MINE].node.origin, 1)
    first, second = _first_entries(handover), outside.audit(world[MINE].node.store).run.leaves[1]
    assert {fork.leaf_a, fork.leaf_b} == {first, second}
    assert fork.leaf_a < fork.leaf_b
    proven = check_fork(parse_fork(fork.evidence), world[PLANT].node.policy)
    assert (proven.kind, proven.place, proven.trusted) == ("entries", 1, True)
    before = outside.everything(world[PLANT].node.store)
    parcel = next(one for one in world.network.parcels("handover", taken=False) if shipment.encode() not in one.body)
    reply = world[PLANT].deliver(parcel)
    assert (reply.status, code_of(reply)) == (403, "sender-forked")
    assert outside.everything(world[PLANT].node.store) == before
    assert not any(one["shipment"] == forked for one in world[PLANT].get("/api/v1/arrivals")["arrivals"])


def _first_entries(handover: Parcel) -> bytes:
    """The leaf of the entry at index 1 in a handover."""
    value = parse_json(handover.body)
    return next(leaf_hash(one["note"].encode()) for one in value["evidence"]["entries"] if one["index"] == 1)


def test_two_roots_of_one_size_are_a_fork_and_spoil_nothing_that_is_held(three):
    """The two stories differ only in entries that plant is shown of one of them; their checkpoints give it away."""
    mine, plant, metal = three[MINE], three[PLANT], three[METAL]
    mine.register("C-1", "10")
    mine.register("C-2", "10")
    _copy(three)
    mine.register("not shown", "10")
    shipment = mine.ship(PLANT, {"batch": "C-1", "quantity": kg("10")})
    plant.await_arrival(shipment)
    plant.receive(shipment)
    three.settle()
    size = _size(next(one for one in three.network.parcels("handover") if one.receiver == PLANT))

    mine.stop()
    shutil.rmtree(mine.home)
    shutil.copytree(mine.home.with_name("copy"), mine.home)
    mine.start()
    lost = Lost()
    three.network.rule(lost, to=METAL, kind="handover", times=10**6)
    forked = mine.ship(METAL, {"batch": "C-2", "quantity": kg("10")})
    mine.register("not shown either", "10")
    handover = until(lambda: next((one for one in lost.parcels if _size(one) == size), None), "a checkpoint as large")
    assert metal.deliver(handover).status == 200  # nothing that metal holds contradicts it

    metal.receive(forked)
    onward = metal.ship(PLANT, {"batch": "C-2", "quantity": kg("10")})
    metal.await_status(onward, "undeliverable")
    (fork,) = outside.forks(plant.node.store)
    assert (fork.origin, fork.index) == (mine.node.origin, size)
    proven = check_fork(parse_fork(fork.evidence), plant.node.policy)
    assert (proven.kind, proven.sizes, proven.trusted) == ("checkpoints", (size, size), True)
    batch = next(one for one in plant.get("/api/v1/batches")["batches"] if one["lot_no"] == "C-1")
    found = plant.ask("GET", f"/api/v1/batches/{quote(batch['batch'], safe='')}/evidence")
    verify(evidence_of(parse_json(found.body)), plant.node.policy)


def _size(handover: Parcel) -> int:
    value = parse_json(handover.body)
    points = [parse_checkpoint(parse_note(note.encode()).text) for note in value["evidence"]["checkpoints"]]
    return max(point.size for point in points if point.origin == f"{MINE}/log")


def test_one_shipment_offered_twice_is_a_fork(world, rogue):
    """Two entries of one log that create the same shipment, with different goods."""
    made = rogue.registered()
    first = rogue.shipped(PLANT, made.ids["batch"], 10**8)
    shipment = f"{rogue.origin}#{first.ids['shipment']}"
    assert world[PLANT].deliver(rogue.send("handover", PLANT, shipment, made, first)).status == 200
    second = rogue.shipped(PLANT, made.ids["batch"], 3 * 10**8, again=first.entry.index)
    assert second.ids["shipment"] == first.ids["shipment"]
    before = outside.everything(world[PLANT].node.store)
    parcel = rogue.send("handover", PLANT, shipment, made, second)
    for status in (409, 403):  # found out; and from then on nothing is taken from it
        reply = world[PLANT].deliver(parcel)
        assert reply.status == status, reply
        code_of(reply)
    (fork,) = outside.forks(world[PLANT].node.store)
    assert {fork.leaf_a, fork.leaf_b} == {first.leaf, second.leaf}
    after = outside.everything(world[PLANT].node.store)
    assert {name for name in after if after[name] != before[name]} == {"forks"}
    assert check_fork(parse_fork(fork.evidence), world[PLANT].node.policy).kind == "shipments"
    assert world[PLANT].ask("POST", f"/api/v1/forks/{fork.no}/acknowledgement", role="admin").status == 200
    both = rogue.send("handover", PLANT, shipment, made, first, second)
    assert world[PLANT].deliver(both).status == 409
    assert len(outside.forks(world[PLANT].node.store)) == 1


# -- waiting, and order -----------------------------------------------------------------------------------------------


def test_a_receipt_shows_an_older_database_that_it_is_old(world):
    """Mine's database comes back from a backup that is older than its offer; then the newer one is found again."""
    mine, plant = world[MINE], world[PLANT]
    mine.register("A-1", "100")
    _copy(world)
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("100")})
    plant.await_arrival(shipment)
    lost = Lost()
    world.network.rule(lost, to=MINE, kind="receipt", times=10**6)
    plant.receive(shipment, {"line": 0, "accepted": kg("40")}, final=False)
    part = lost.first()
    plant.receive(shipment, {"line": 0})
    rest = until(
        lambda: next((one for one in lost.parcels if one.body != part.body and _index(one) != _index(part)), None)
    )

    mine.stop()
    newer = mine.home.with_name("newer")
    mine.home.rename(newer)
    shutil.copytree(mine.home.with_name("copy"), mine.home)
    mine.start()
    before = outside.kept(mine.node.store)
    for _ in range(2):
        reply = mine.deliver(part)
        assert (reply.status, code_of(reply)) == (503, "log-rolled-back")
        assert PLANT in reply.json()["detail"]
    assert outside.parked(mine.node.store) == 0, "its sender brings it again"
    assert outside.kept(mine.node.store) == before
    mine.stop()

    shutil.rmtree(mine.home)
    newer.rename(mine.home)
    mine.start()
    with mine.node.store.write() as conn:  # as one waits that proves nothing of our own log
        inbox.park(conn, leaf_of_offer(part), PLANT, part.body, stamp(mine.clock()))
    assert mine.deliver(rest).status == 200
    assert outside.parked(mine.node.store) == 0
    told = outside.audit(mine.node.store).told[shipment.partition("#")[2]]
    assert [index for _, index, _ in told] == [_index(part), _index(rest)]


def _index(receipt: Parcel) -> int:
    """Of the sender's entry that it brings."""
    entries = parse_json(receipt.body)["evidence"]["entries"]
    return max(one["index"] for one in entries if one["log"] == f"{receipt.sender}/log")


def leaf_of_offer(receipt: Parcel) -> bytes:
    from ledger.log.canonical import unb64

    result = evidence_of(parse_json(receipt.body)["evidence"])
    last = max((one for one in result.entries if one.log == f"{receipt.sender}/log"), key=lambda one: one.index)
    from ledger.entries import open_event, parse_entry

    event = open_event(parse_entry(last.note), result.disclosures[leaf_hash(last.note)])
    return unb64(event.scalar("offer")["leaf"])


def test_what_is_parked_is_bounded(world, monkeypatch):
    monkeypatch.setattr(inbox, "PARKED_MESSAGES", 2)
    store = world[MINE].node.store
    with store.write() as conn:
        for number in range(2):
            inbox.park(conn, bytes(32), PLANT, b"%d" % number, "2026-11-22T00:00:00.000Z")
        inbox.park(conn, bytes(32), METAL, b"of another sender", "2026-11-22T00:00:00.000Z")
    with pytest.raises(Unavailable) as full, store.write() as conn:
        inbox.park(conn, bytes(32), PLANT, b"one too many", "2026-11-22T00:00:00.000Z")
    assert full.value.code == "too-much-parked"
    assert outside.parked(store) == 3


def _told(store: Store) -> dict[str, Any]:
    """What a node holds of others, without the numbers that depend on the order in which it came."""
    with store.read() as conn:
        return {name: sorted(conn.execute(statement).fetchall()) for name, statement in _TOLD.items()}


_TOLD = {
    "entries": 'SELECT l.origin, u."index", hex(u.leaf), u.at_size, hex(u.path), o.body FROM upstream u'
    " JOIN logs l ON l.no = u.log_no"
    " JOIN openings o ON o.no = (SELECT max(no) FROM openings WHERE upstream_no = u.no)",
    "checkpoints": "SELECT l.origin, c.size, hex(c.note) FROM upstream_checkpoints c JOIN logs l ON l.no = c.log_no",
    "arrivals": "SELECT id, sender, purpose, at FROM arrivals",
    "answers": "SELECT hex(s.id), hex(u.leaf), a.final, a.declined FROM answers a"
    " JOIN shipments s ON s.no = a.shipment_no JOIN upstream u ON u.no = -a.entry_no",
    "batches": "SELECT l.origin, hex(b.id), coalesce(b.product, ''), coalesce(b.lot_no, ''), coalesce(b.at, '')"
    " FROM batches b JOIN logs l ON l.no = b.log_no",
    "edges": "SELECT hex(c.id), hex(p.id), hex(u.leaf) FROM edges e JOIN batches c ON c.no = e.child_no"
    " JOIN batches p ON p.no = e.parent_no JOIN upstream u ON u.no = -e.entry_no",
}


def _rows(conn: Connection, table: str) -> int:
    return int(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.mark.parametrize("kind", ["handover", "receipt"])
def test_any_order_and_any_repetition_ends_in_the_same_state(world, kind):
    """Three handovers to plant, of goods with a history in common; or three receipts to mine, of one shipment."""
    mine, plant, lost = world[MINE], world[PLANT], Lost()
    world.network.rule(lost, to=PLANT if kind == "handover" else MINE, kind=kind, times=10**6)
    mine.register("A-1", "60")
    mine.record(
        "/api/v1/transformations",
        {
            "steps": [{"process": "split"}],
            "inputs": [{"batch": "A-1", "quantity": kg("60")}],
            "outputs": [{"product": "ore", "lot_no": f"A-1{part}", "quantity": kg("20")} for part in "abc"],
        },
    )
    if kind == "handover":
        for part in "abc":
            mine.pack(f"A-1{part}", f"D-{part}", net="20")
            mine.ship(PLANT, {"batch": f"A-1{part}", "units": [f"D-{part}"]})
    else:
        shipment = mine.ship(PLANT, {"batch": "A-1a", "quantity": kg("20")})
        plant.await_arrival(shipment)
        for final in (False, False, True):
            plant.receive(shipment, {"line": 0, **({} if final else {"accepted": kg("5")})}, final=final)
    receiver = plant if kind == "handover" else mine
    until(lambda: len({_index(one) for one in lost.parcels}) == 3, "three parcels")
    parcels = [next(one for one in lost.parcels if _index(one) == index) for index in sorted(map(_index, lost.parcels))]
    three = list({_index(one): one for one in parcels}.values())
    receiver.stop()
    empty = receiver.home.with_name("empty")
    shutil.copytree(receiver.home, empty)
    states = []
    for order in permutations(three):
        shutil.rmtree(receiver.home)
        shutil.copytree(empty, receiver.home)
        receiver.start()
        for parcel in (order[0], *order, order[1], order[0]):
            assert receiver.deliver(parcel).status == 200
        states.append(_told(receiver.node.store))
        receiver.stop()
    assert states[0][{"handover": "arrivals", "receipt": "answers"}[kind]]
    assert len(states[0][{"handover": "arrivals", "receipt": "answers"}[kind]]) == 3
    assert all(state == states[0] for state in states)
    receiver.start()


# -- the address ------------------------------------------------------------------------------------------------------


def test_an_address_for_another_kind(world):
    _, parcel = offered(world)
    before = outside.everything(world[PLANT].node.store)
    for kind in ("receipt", "acknowledgement", "gift"):
        reply = world[PLANT].deliver(world[MINE].forge(parcel, parcel.body, kind=kind))
        assert (reply.status, code_of(reply)) == (422, "sender-differs")
    assert outside.everything(world[PLANT].node.store) == before


def test_a_message_too_large_is_refused_before_it_is_read(world):
    reply = world[PLANT].ask("POST", "/inbox/handover", b"x", role=None, headers={"content-length": str(65 << 20)})
    assert (reply.status, code_of(reply)) == (413, "body-too-large")
