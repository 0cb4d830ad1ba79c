"""A node that only reaches out: what is for it waits at a relay, sealed, and its answers come back the same way."""

import asyncio
from dataclasses import replace

import pytest
from fastapi import FastAPI

from api import errors
from api import relay as relay_interface
from api.relay import inside
from ledger.errors import LodetraceError, Unavailable
from ledger.log.canonical import dump
from ledger.log.notes import Ed25519Signer
from ledger.log.trust import digest_of
from nodes import peers, relay
from nodes import relayed as relayed_messages
from nodes.peers import Peers
from nodes.relayed import ANSWER, Request, Through
from nodes.sealing import fresh, public_of, seal
from nodes.signed_requests import sign_request
from nodes.store import deliveries, relayed
from nodes.tailing import Tail
from nodes.undelivered import not_taken
from tests.world import World, _Wire, kg, until

PUBLIC, ANSWERED = public_of(fresh()), f"{ANSWER} plant.example"
MINE, HUB, PLANT = "mine.example", "hub.example", "plant.example"


def behind(world, name=PLANT, hub=HUB, **settings):
    """`name` is reached at the relay only: whoever contacts itself gets nowhere."""
    for member in world:
        policy = member.home / "policy.txt"
        policy.write_text(policy.read_text().replace(f"http://{name}\n", f"http://{hub}/relay/{name}\n"))
    set_in(world[name], f'deliver_via = "{hub}"')
    more = "".join(f"\n{key} = {value}" for key, value in settings.items())
    set_in(world[hub], f'relay_for = ["{name}"]{more}')


def set_in(member, lines):
    config = member.home / "config.toml"
    config.write_text(f"{lines}\n{config.read_text()}")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Whoever is away has been gone for long."""
    monkeypatch.setattr(relay, "GONE_SECONDS", 0.0)
    monkeypatch.setattr(relay, "HOLD_SECONDS", 1.0)


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path, MINE, HUB, PLANT)
    behind(world)
    with world:
        until(lambda: introduced(world), "the recipient is known at its relay")
        yield world
        world.settle()
        assert held(world) == 0, "nothing stays behind"
        assert contacted(world, PLANT) == [], "nobody reached it but through the relay"


def contacted(world, name):
    return [one.path for one, _ in world.network.carried if one.receiver == name]


def offered(world, lot="A-1"):
    mine = world[MINE]
    mine.register(lot, "100")
    return mine.ship(PLANT, {"batch": lot, "quantity": kg("40")})


def waiting(world, name=MINE):
    with world[name].node.store.read() as conn:
        first = deliveries.first_with_error(conn, "waiting")
    return "" if first is None else first.error


def introduced(world):
    with world[HUB].node.store.read() as conn:
        return relayed.introduction(conn, PLANT)


def held(world):
    with world[HUB].node.store.read() as conn:
        return relayed.counts(conn).get(PLANT, 0)


def test_goods_go_there_and_receipts_and_acknowledgements_both_ways(world):
    mine, plant = world[MINE], world[PLANT]
    shipment = offered(world)
    plant.await_arrival(shipment)
    plant.receive(shipment)
    mine.await_status(shipment, "received")
    mine.acknowledge(shipment)
    world.settle()
    assert {one.path.split("/")[1] for one, _ in world.network.carried if one.sender == MINE} == {"relay"}


def left(world):
    """What is at the relay, by its key: sender, recipient, its bytes, and whether it is answered."""
    with world[HUB].node.store.read() as conn:
        rows = conn.execute("SELECT key, sender, recipient, sealed, answer IS NOT NULL FROM relayed").fetchall()
    return {key: row for key, *row in rows}


def kept_since(world, before):
    return [
        one for one, reply in world.network.carried[before:] if one.sender == MINE and reply and reply.status == 202
    ]


def test_what_is_left_while_it_is_away_survives_a_restart_of_the_relay_and_is_sealed(world):
    world[PLANT].stop()
    shipment = offered(world)
    until(lambda: "keeps it" in waiting(world), "the sender says where it waits")
    assert [(one.late.to, one.late.count, one.at_relay) for one in not_taken(world[MINE].node)] == [(PLANT, 1, True)]
    assert world[MINE].shipment(shipment)["status"] == "offered"
    before = len(world.network.carried)
    world[HUB].restart()
    until(lambda: kept_since(world, before), "it is told so again")
    ((sender, recipient, sealed, answered),) = left(world).values()
    assert (sender, recipient, answered) == (MINE, PLANT, 0)
    assert not any(word in sealed for word in (b"lodetrace", b"evidence", b"cover", shipment.encode()))
    world[MINE].stop()  # by now the sender is away: both need not be there at once
    world[PLANT].start()
    world[PLANT].await_arrival(shipment)
    until(lambda: [row[3] for row in left(world).values()] == [1], "the answer waits for the sender")
    world[MINE].start()


def test_a_node_that_never_came_is_waited_for(tmp_path):
    world = World(tmp_path, MINE, HUB, PLANT)
    behind(world)
    with world:
        world[PLANT].stop()
        with world[HUB].node.store.write() as conn:
            conn.execute("DELETE FROM relayed_introductions")
        shipment = offered(world)
        until(lambda: "does not answer at its relay hub.example" in waiting(world), "the sender is told")
        world[PLANT].start()
        world[PLANT].await_arrival(shipment)


def test_a_full_box_says_so_and_the_sender_keeps_what_does_not_fit(tmp_path):
    world = World(tmp_path, MINE, HUB, PLANT)
    behind(world, relay_box_messages=1)
    with world:
        until(lambda: introduced(world), "the recipient is known at its relay")
        world[PLANT].stop()
        first = offered(world)
        until(lambda: "keeps it" in waiting(world), "the first one fits")
        second = offered(world, "A-2")
        until(lambda: "is full" in waiting(world), "the second one does not")
        assert held(world) == 1
        world[PLANT].start()
        for shipment in (first, second):
            world[PLANT].await_arrival(shipment)


def test_the_relay_is_away_and_comes_back(world):
    world[HUB].stop()
    shipment = offered(world)
    until(lambda: "hub.example" in waiting(world), "the sender is told")
    world[HUB].start()
    world[PLANT].await_arrival(shipment)


def test_what_is_too_old_is_forgotten_and_the_sender_brings_it_again(world):
    world[PLANT].stop()
    shipment = offered(world)
    until(lambda: held(world), "it is kept")
    world[MINE].stop()
    with world[HUB].node.store.write() as conn:
        conn.execute("UPDATE relayed SET at = '2020-01-01T00:00:00.000Z', key = 'other'")
    world[MINE].start()
    until(lambda: left(world) and "other" not in left(world), "it is brought again, and the old one is gone")
    world[PLANT].start()
    world[PLANT].await_arrival(shipment)


def test_what_is_dropped_is_missed_and_brought_again(world):
    """A relay that says that it keeps a message, and does not."""
    world[PLANT].stop()
    shipment = offered(world)
    until(lambda: held(world), "it is kept")
    with world[HUB].node.store.write() as conn:
        conn.execute("DELETE FROM relayed")
    until(lambda: "keeps it" in waiting(world), "nobody has confirmed it")
    world[PLANT].start()
    world[PLANT].await_arrival(shipment)


def test_a_relay_cannot_answer_for_the_recipient(world):
    """Whatever it makes up does not open: the sender goes on bringing it."""
    world[PLANT].stop()
    shipment = offered(world)
    until(lambda: held(world), "it is kept")
    with world[HUB].node.store.write() as conn:
        conn.execute("UPDATE relayed SET answer = ?", (seal(b'{"headers":[],"status":422}\n', PUBLIC, ANSWERED),))
    until(lambda: "does not open" in waiting(world), "the sender does not believe it")
    world[PLANT].start()
    world[PLANT].await_arrival(shipment)
    assert world[MINE].shipment(shipment)["status"] != "undeliverable"


def poll(world, name, identity=None):
    """What somebody is given who asks for messages: their own introduction in hand, and their own signature below."""
    node = world[name].node
    peers = Peers(identity or node.identity, lambda: node.policy, transport=_Wire(world.network, name))
    told = dump({"told": dump(node.well_known()).decode(), "under_way": []})
    return world.call(peers.fetch_relayed(HUB, told))


def test_nobody_else_is_given_anything(world):
    world[PLANT].stop()
    offered(world)
    until(lambda: held(world), "there is something to be had")
    with pytest.raises(Unavailable, match=f"does not relay for {MINE}"):
        poll(world, MINE)
    with pytest.raises(Unavailable, match=r"entry 0 of hub\.example"):
        poll(world, MINE, replace(world[MINE].node.identity, peer=world[HUB].node.identity.peer))
    with pytest.raises(Unavailable, match="signature"):  # under the recipient's name, by a key that is not its own
        world.call(thief(world).fetch_relayed(HUB, told_by(world)))
    assert held(world) == 1
    world[PLANT].start()


def told_by(world):
    with world[HUB].node.store.read() as conn:
        told = relayed.introduction(conn, PLANT)
    return dump({"told": told.decode(), "under_way": []})


def thief(world):
    node = world[MINE].node
    named = Ed25519Signer.from_seed(f"{PLANT}/peer", bytes(range(32)))
    return Peers(replace(node.identity, peer=named), lambda: node.policy, transport=_Wire(world.network, MINE))


def asked_through(world, path):
    """What the plant answers to the mine."""
    node = world[MINE].node
    peers = Peers(node.identity, lambda: node.policy, transport=_Wire(world.network, MINE))
    peers.through = Through(node, peers)
    try:
        return world.call(peers.fetch(PLANT, path, 10_000))
    finally:
        world.call(peers.aclose())


def test_a_relay_brings_only_what_is_for_nodes(world):
    """And says nothing of what it carries: a page, or an answer to somebody with a token, is not to be had so."""
    app, node = inside(world[PLANT].app), world[PLANT].node
    with pytest.raises(LodetraceError) as refused:
        world.call(app(Request("GET", "/api/v1/batches", {}, b"")))
    assert refused.value.code == "route-unknown"
    reply = world.call(app(Request("GET", f"/log/seen/{digest_of(node.origin)}", {"authorization": "Bearer x"}, b"")))
    assert reply.status == 401
    assert world.call(app(Request("GET", "/log/checkpoint", {}, b""))).body == node.shown_checkpoint()


def test_what_fails_here_is_answered_as_by_any_server():
    """Else the relay would keep the message, and it would come again at once, and for ever."""
    app = FastAPI()
    errors.install(app, lambda _: None)
    app.add_api_route("/log/checkpoint", lambda: 1 // 0)
    assert asyncio.run(inside(app)(Request("GET", "/log/checkpoint", {}, b""))).status == 500


def test_an_answer_that_no_relay_takes_is_sent_away_empty(world, monkeypatch):
    for module in (relay_interface, relayed_messages):
        monkeypatch.setattr(module, "ANSWER_MAX", 100)
    with pytest.raises(LodetraceError) as refused:
        asked_through(world, "/log/checkpoint")
    assert refused.value.code == "sealed-wrong"


def test_an_answer_that_comes_before_it_is_waited_for_leaves_nothing_behind(world):
    class Quick(relay.Relay):
        def _leave(self, recipient, *more):
            no = super()._leave(recipient, *more)
            self._answer(recipient, no, b"answered")
            return no

    quick = Quick(world[HUB].node)
    assert asyncio.run(quick.leave(PLANT, MINE, "key", b"sealed")) == b"answered"
    assert quick.box_of(PLANT).waiting == {}


def test_its_log_is_read_through_the_relay(world):
    """As its partners and the monitor do."""
    node = world[MINE].node
    peers = Peers(node.identity, lambda: node.policy, transport=_Wire(world.network, MINE))
    peers.through = Through(node, peers)
    tail = Tail(node, peers, f"{PLANT}/log")
    assert world.call(tail.look()).entries == 1
    world[PLANT].stop()
    with pytest.raises(Unavailable, match="does not answer at its relay"):
        world.call(peers.fetch(PLANT, "/log/checkpoint", 10_000))
    world.call(peers.aclose())
    world[PLANT].start()


def test_so_many_questions_at_once_and_no_more(world, monkeypatch):
    monkeypatch.setattr(relay, "ASKED_MAX", 0)
    with pytest.raises(Unavailable, match="at once"):
        asked_through(world, "/log/checkpoint")


def test_the_largest_message_that_a_relay_takes_can_be_fetched(world, monkeypatch):
    """With its number before it; else it would stand there before all others, and none would come."""
    for module in (relay_interface, peers):
        monkeypatch.setattr(module, "MESSAGE_MAX", 5000)
    node = world[MINE].node
    sender = Peers(node.identity, lambda: node.policy, transport=_Wire(world.network, MINE))

    def left_there(size):
        return world.call(sender.relay(PLANT, "/bring/a-1", bytes(size), 10_000))

    world[PLANT].stop()
    with pytest.raises(Unavailable, match="5000"):
        left_there(5001)
    assert left_there(5000) is None
    world[PLANT].start()
    until(lambda: not held(world), "it is fetched, and sent away for it does not open")
    assert left_there(5000) == b""
    world.call(sender.aclose())


def unread(world, path, identity):
    """What the hub answers to a request whose body it must not ask for."""
    told = []

    async def receive():
        raise AssertionError("the body is read")

    async def send(message):
        told.append(message)

    headers = sign_request("POST", f"http://{HUB}{path}", b"much", identity) | {"content-length": str(80 << 20)}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": None,
        "server": None,
    }
    world.call(world[HUB].app(scope, receive, send))
    return told[0]["status"]


@pytest.mark.parametrize("way", [f"/relay/{PLANT}/bring/a-1", f"/relay/{PLANT}/ask", "/relay/box/1"])
def test_what_a_stranger_sends_is_not_even_read(world, way):
    node = world[MINE].node
    for name in (MINE, "nobody.example"):
        other = replace(node.identity, peer=Ed25519Signer.from_seed(f"{name}/peer", bytes(range(32))))
        assert unread(world, way, other) in (401, 403, 404), name


@pytest.mark.parametrize("no", [2**53, 2**63, -(2**63) - 1, 10**40])
def test_a_number_that_no_message_has_is_refused(world, no):
    assert unread(world, f"/relay/box/{no}", world[PLANT].node.identity) == 422
