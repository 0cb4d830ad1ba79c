"""Deliveries get through whatever the network does, once, and nothing counts as brought that was not confirmed.

Over 400 lines because each way in which a delivery fails is a case of its own.
"""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import httpx
import pytest

from ledger.log.notes import sign_note
from nodes import courier
from nodes.intake import DELIVERED, delivery_note
from nodes.node import Node
from nodes.peers import ANSWER_MAX, Peers
from nodes.store import deliveries, engine, log
from tests.world import (
    Held,
    Lost,
    Member,
    Parcel,
    Reply,
    World,
    answer_changed,
    answer_lost,
    answered,
    kg,
    tampered,
    twice,
    until,
)

MINE, PLANT, METAL = "mine.example", "plant.example", "metal.example"
PROBLEM = json.dumps({"code": "offer-to-other", "detail": "It is not for us.", "detail_zh": "不是给我们的。"}).encode()


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    with World(tmp_path, MINE, PLANT) as world:
        yield world


def ship(world: World, lot: str = "A-1", to: str = PLANT) -> str:
    world[MINE].register(lot, "100")
    return world[MINE].ship(to, {"batch": lot, "quantity": kg("100")})


def handover_of(member: Member, shipment: str) -> deliveries.Delivery:
    own = shipment.partition("#")[2]
    with member.node.store.read() as conn:
        return next(one for one in deliveries.about(conn, [own])[own] if one.kind == "handover")


def waits(member: Member, shipment: str, attempts: int = 1) -> deliveries.Delivery:
    """As soon as it has been tried so often, and put off."""
    return until(
        lambda: (
            (one := handover_of(member, shipment)).state == "waiting" and one.attempts >= attempts and one.error and one
        ),
        f"{shipment} is tried {attempts} times",
    )


# -- what goes wrong for a while --------------------------------------------------------------------------------------


def test_a_receiver_that_is_down_gets_it_when_it_is_up_again(world):
    world[PLANT].stop()
    shipment = ship(world)
    waiting = waits(world[MINE], shipment, attempts=3)
    assert PLANT in (waiting.error or "")
    told = world[MINE].shipment(shipment)
    assert told["status"] == "offered"
    assert PLANT in told["waiting_for"]
    world[PLANT].start()
    world[PLANT].await_arrival(shipment)
    world[MINE].await_status(shipment, "delivered")
    assert handover_of(world[MINE], shipment).answer is not None
    assert len(world.network.parcels("handover")) == 1


@pytest.mark.parametrize("status", [401, 404, 408, 429, 500, 502, 503, 507])
def test_an_answer_that_is_not_final_is_asked_for_again(world, status):
    rule = world.network.rule(answered(status, b"<html>something on the way</html>"), kind="handover", times=2)
    shipment = ship(world)
    assert rule.done.wait(20)
    world[PLANT].await_arrival(shipment)
    world[MINE].await_status(shipment, "delivered")
    assert handover_of(world[MINE], shipment).attempts == 3


def test_a_redirect_is_not_followed(world):
    rule = world.network.rule(answered(307, location="http://elsewhere.example/inbox/handover"), kind="handover")
    shipment = ship(world)
    assert rule.done.wait(20)
    world[MINE].await_status(shipment, "delivered")
    assert {parcel.receiver for parcel, _ in world.network.carried} == {PLANT}


@pytest.mark.parametrize("loses", [Lost(), answer_lost()], ids=["the message", "the answer"])
def test_what_the_network_loses_is_sent_again(world, loses):
    world.network.rule(loses, kind="handover", times=2)
    shipment = ship(world)
    world[PLANT].await_arrival(shipment)
    world[MINE].await_status(shipment, "delivered")
    assert handover_of(world[MINE], shipment).attempts == 3


def test_what_the_network_doubles_arrives_once(world):
    world.network.rule(twice(), times=100)
    shipment = ship(world)
    world[PLANT].await_arrival(shipment)
    world[PLANT].receive(shipment)
    world[MINE].await_status(shipment, "received")
    world[MINE].acknowledge(shipment)
    world.settle()
    audited = world.check()
    assert len(audited[MINE].told[shipment.partition("#")[2]]) == 1
    assert len(audited[PLANT].offered) == 1


def test_what_is_damaged_on_the_way_is_refused_by_the_receiver_and_not_believed_gone(world):
    """The receiver's 422 is final for what it got; the request's own digest tells it that this is not what was sent."""
    world.network.rule(tampered(lambda body: body.replace(b'"made_at":"2', b'"made_at":"1')), kind="handover")
    shipment = ship(world)
    world[PLANT].await_arrival(shipment)
    world[MINE].await_status(shipment, "delivered")


def test_messages_that_overtake_one_another_all_arrive(world):
    """A receipt is held back on the way until everything after it has come and gone."""
    mine, plant = world[MINE], world[PLANT]
    shipment = ship(world)
    plant.await_arrival(shipment)
    held = Held()
    world.network.rule(held, to=MINE, kind="receipt")
    plant.receive(shipment, {"line": 0, "accepted": kg("40")}, final=False)
    assert held.arrived.wait(20)
    plant.receive(shipment, {"line": 0})
    held.release()
    mine.await_status(shipment, "received")
    world.settle()
    assert len(world.check()[MINE].told[shipment.partition("#")[2]]) == 2


# -- what is final ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [409, 422])
def test_a_refusal_is_final_and_said(world, status):
    world.network.rule(answered(status, PROBLEM, content_type="application/problem+json"), kind="handover")
    shipment = ship(world)
    world[MINE].await_status(shipment, "undeliverable")
    refused = handover_of(world[MINE], shipment)
    assert (refused.state, refused.attempts) == ("refused", 1)
    assert "offer-to-other: It is not for us." in (refused.error or "")
    after = ship(world, "A-2")
    world[PLANT].await_arrival(after)
    assert handover_of(world[MINE], shipment).attempts == 1
    assert not any(one["shipment"] == shipment for one in world[PLANT].get("/api/v1/arrivals")["arrivals"])


def test_a_refusal_that_says_nothing_is_final_too(world):
    world.network.rule(answered(422, b"\xff"), kind="handover")
    shipment = ship(world)
    world[MINE].await_status(shipment, "undeliverable")
    assert "422" in (handover_of(world[MINE], shipment).error or "")


# -- delivery notes ---------------------------------------------------------------------------------------------------


def _other_leaf(world: World) -> bytes:
    return delivery_note(world[PLANT].node, bytes(32))


def _own_key(world: World) -> bytes:
    """The sender's own signature under the receiver's words."""
    text = f"{DELIVERED}\n{PLANT}/log\n{'A' * 43}=\n2026-11-22T00:00:00.000Z\n"
    return sign_note(text, [world[MINE].node.identity.author])


def _log_key(world: World) -> bytes:
    text = f"{DELIVERED}\n{PLANT}/log\n{'A' * 43}=\n2026-11-22T00:00:00.000Z\n"
    return sign_note(text, [world[PLANT].node.identity.log])


WRONG_NOTES = {
    "nothing": lambda _, note: b"",
    "a page of a network that wants money": lambda _, note: b"<html>Please log in</html>",
    "not UTF-8": lambda _, note: b"\xff\xfe",
    "a note for another offer": lambda world, note: _other_leaf(world),
    "a note of the sender itself": lambda world, note: _own_key(world),
    "a note under the receiver's other key": lambda world, note: _log_key(world),
    "half of the note": lambda _, note: note[: len(note) // 2],
    "the note with another time": lambda _, note: note.replace(b"Z\n", b"0Z\n", 1),
    "the note twice": lambda _, note: note + note,
    "more than anybody should read": lambda _, note: note + b" " * ANSWER_MAX,
}


@pytest.mark.parametrize("name", WRONG_NOTES)
def test_only_the_receivers_own_note_confirms(world, name):
    """Whatever else comes back with 200: it is not confirmed, and asked for again until it is."""
    change = WRONG_NOTES[name]
    rule = world.network.rule(answer_changed(lambda note: change(world, note)), kind="handover", times=2)
    shipment = ship(world)
    assert rule.done.wait(20)
    world[MINE].await_status(shipment, "delivered")
    sent = handover_of(world[MINE], shipment)
    assert sent.attempts == 3
    assert (sent.answer or b"").startswith(f"{DELIVERED}\n{PLANT}/log\n".encode())


def test_a_receiver_that_cannot_prove_who_it_is_confirms_nothing_until_it_can(world):
    """Its introduction is not what the trust policy's key proves; the handover itself has arrived."""

    async def other_introduction(parcel: Parcel, bring):
        reply = await bring(parcel)
        if parcel.path == "/.well-known/lodetrace.json":
            return Reply(reply.status, reply.body.replace(b'"role"', b'"rule"').replace(b"Y", b"Z", 1), reply.headers)
        return reply

    told = {"times": 0}
    bring = world.network.members[PLANT]

    async def plant(parcel: Parcel) -> Reply:
        if parcel.path == "/.well-known/lodetrace.json" and told["times"] < 2:
            told["times"] += 1
            return await other_introduction(parcel, bring)
        return await bring(parcel)

    world.network.members[PLANT] = plant
    shipment = ship(world)
    world[PLANT].await_arrival(shipment)
    world[MINE].await_status(shipment, "delivered")
    assert told["times"] == 2


# -- restarts, order, and others --------------------------------------------------------------------------------------


def test_what_waits_survives_a_restart_of_the_sender(world):
    world[PLANT].stop()
    shipments = [ship(world, f"A-{number}") for number in range(3)]
    waits(world[MINE], shipments[-1])
    world[MINE].restart()
    assert {handover_of(world[MINE], one).state for one in shipments} == {"waiting"}
    world[PLANT].start()
    for shipment in shipments:
        world[PLANT].await_arrival(shipment)
        world[MINE].await_status(shipment, "delivered")


def test_what_was_under_way_when_the_sender_stopped_is_due_at_once(world):
    """Nobody else brings a home's deliveries, so none need be waited for."""
    held = Held()
    world.network.rule(held, kind="handover")
    shipment = ship(world)
    assert held.arrived.wait(20)
    world[MINE].stop()
    held.release()
    world[MINE].start()
    world[MINE].await_status(shipment, "delivered")


def test_what_was_under_way_when_the_sender_died_is_due_at_once(world):
    """A copy of the home, taken in the middle of a delivery, is what a power cut leaves behind."""
    mine, held = world[MINE], Held()
    world.network.rule(held, kind="handover")
    shipment = ship(world)
    assert held.arrived.wait(20)
    copy = mine.home.with_name("after the cut")
    shutil.copytree(mine.home, copy)
    held.release()
    mine.await_status(shipment, "delivered")
    mine.stop()
    shutil.rmtree(mine.home)
    copy.rename(mine.home)
    mine.start()
    mine.await_status(shipment, "delivered")


def test_a_pause_is_kept_over_a_restart(tmp_path):
    """What was put off is not due at once: a restart floods nobody."""
    with World(tmp_path, MINE, PLANT, environ={"LODETRACE_RETRY_MAX_S": "86400"}) as world:
        world[PLANT].stop()
        shipment = ship(world)
        before = waits(world[MINE], shipment, attempts=4)
        world[MINE].restart()
        after = handover_of(world[MINE], shipment)
        assert after.next_at >= before.next_at
        assert after.attempts >= before.attempts


def test_one_receiver_that_is_away_does_not_hold_up_another(tmp_path):
    with World(tmp_path, MINE, PLANT, METAL) as world:
        world[PLANT].stop()
        first, second = ship(world, "A-1", PLANT), ship(world, "A-2", METAL)
        world[MINE].await_status(second, "delivered")
        assert handover_of(world[MINE], first).state == "waiting"


def test_one_receiver_gets_its_deliveries_in_the_order_of_the_log(world):
    held = Held()
    world.network.rule(held, kind="handover")
    shipments = [ship(world, f"A-{number}") for number in range(6)]
    assert held.arrived.wait(20)
    held.release()
    for shipment in shipments:
        world[MINE].await_status(shipment, "delivered")
    subjects = [json.loads(parcel.body)["cover"]["subject"] for parcel in world.network.parcels("handover")]
    assert subjects == shipments


class _Nowhere(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens")


def test_a_courier_that_is_told_to_stop_stops_whatever_comes_at_that_moment(tmp_path):
    """While a delivery is put off it is woken, and told to stop so many steps of the loop later."""
    with World(tmp_path, MINE, PLANT, environ={"LODETRACE_RETRY_MAX_S": "86400"}) as world:
        world[PLANT].stop()
        shipment = ship(world)
        waits(world[MINE], shipment, attempts=5)
        world[MINE].stop()
        node = Node.open(world[MINE].home, world.environ)
        node.start()
        try:
            for steps in range(10):
                assert asyncio.run(_ends(node, steps)), f"told to stop {steps} steps after it was woken"
        finally:
            node.stop()


async def _ends(node: Node, steps: int) -> bool:
    peers = Peers(node.identity, lambda: node.policy, transport=_Nowhere())
    bearer = courier.Courier(node, peers)
    running = asyncio.create_task(bearer.run())
    while not bearer._work._waiters:  # noqa: ASYNC110 - nothing tells that it sleeps until the delivery is due
        await asyncio.sleep(0)
    bearer.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running], timeout=2)
    ended = running.cancelled()
    while not running.done():
        running.cancel()
        await asyncio.wait([running], timeout=0.1)
    await peers.aclose()
    return ended


# -- witnesses --------------------------------------------------------------------------------------------------------


def test_nothing_leaves_before_a_witness_has_seen_it(tmp_path):
    from tests.formats.story import COSIGNATURE, signer

    witness = signer("witness.example/witness", COSIGNATURE)
    policy = [f"witness w {witness.verifier.vkey}"]
    with World(tmp_path, MINE, PLANT, policy=policy, quorum="w") as world:
        shipment = ship(world)
        told = world[MINE].shipment(shipment)
        assert (told["status"], "witnesses" in told["waiting_for"]) == ("offered", True)
        until(lambda: world[MINE].node.sequencer.size_hint == 3 and _signed(world[MINE]) == 3, "all of it is signed")
        assert handover_of(world[MINE], shipment).attempts == 0
        assert world.network.parcels("handover", taken=False) == []
        assert world[MINE].get("/api/v1/batches")["batches"][0]["lot_no"] == "A-1"


def _signed(member: Member) -> int:
    with member.node.store.read() as conn:
        newest = log.latest_checkpoint(conn)
    return newest[0] if newest else 0


# -- the store itself -------------------------------------------------------------------------------------------------


def test_pauses_grow(world):
    world[PLANT].stop()
    shipment = ship(world)
    due = [waits(world[MINE], shipment, attempts=attempt).next_at for attempt in range(1, 5)]
    assert all(earlier < later for earlier, later in pairwise(due))


def test_a_locked_database_holds_deliveries_up_and_ends_none(tmp_path, monkeypatch, caplog):
    """Another program holds the lock while a delivery comes back: what the receiver confirmed is written down later."""
    monkeypatch.setattr(courier, "TROUBLE_SECONDS", 0.05)
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    with World(tmp_path, MINE, PLANT) as world:
        _deliver_under_a_lock(world, caplog)


def _deliver_under_a_lock(world: World, caplog: pytest.LogCaptureFixture) -> None:
    mine, held = world[MINE], Held()
    world.network.rule(held, kind="handover")
    first = ship(world)
    assert held.arrived.wait(20)
    with closing(sqlite3.connect(mine.home / "node.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        held.release()
        until(lambda: "locked" in caplog.text, "the courier meets the lock")
        other.execute("ROLLBACK")
    mine.await_status(first, "delivered")
    assert handover_of(mine, first).attempts == 1
    mine.await_status(ship(world, "A-2"), "delivered")
