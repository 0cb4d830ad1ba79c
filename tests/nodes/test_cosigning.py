"""Asking witnesses: what they give is gathered, what they must not give is caught, and goods leave only after it.

Over 400 lines because honest and lying witnesses are played by the same means.
"""

import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn

from ledger.errors import Unavailable
from ledger.log.checkpoints import (
    Checkpoint,
    claimed_origin,
    cosign,
    cosignatures,
    format_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.log.notes import Ed25519Signer, MldsaSigner, parse_note
from ledger.log.trust import Policy
from ledger.log.witnessing import SIZE_TYPE
from nodes import cosigning, peers, tokens
from nodes.clock import system_clock
from nodes.doctor import examine
from nodes.homes import create_home
from nodes.node import Node
from nodes.store import deliveries, log
from tests.serving import serving
from tests.world import Lost, Member, Parcel, Reply, World, kg, until

MINE, PLANT, METAL = "mine.example", "plant.example", "metal.example"


def shown(member: Member | Node) -> int:
    node = member.node if isinstance(member, Member) else member
    with node.store.read() as conn:
        found = log.shown_checkpoint(conn)
    return found[0] if found else 0


def size(member: Member | Node) -> int:
    node = member.node if isinstance(member, Member) else member
    with node.store.read() as conn:
        return log.head(conn).size


def foreign(member: Member, raw: bytes) -> set[str]:
    """Whose cosignatures of other organisations a checkpoint carries, each verified."""
    policy = Policy.parse(member.node.settings.policy.read_bytes())
    return {key.name for key, _ in policy.open_checkpoint(raw).cosigned}


# -- three nodes that witness each other ------------------------------------------------------------------------------


def test_three_nodes_witness_each_other(tmp_path):
    with World(tmp_path, MINE, PLANT, METAL, witnesses=2) as world:
        mine = world[MINE]
        mine.register("A-1", "100")
        until(lambda: shown(mine) == size(mine), "two others have seen all of it")
        raw = mine.ask("GET", "/log/checkpoint", role=None).body
        assert foreign(mine, raw) == {"plant.example/witness", "metal.example/witness"}
        place = f"/witness/{sha256(f'{MINE}/log'.encode()).hexdigest()}/checkpoint"
        for other in (PLANT, METAL):
            assert parse_checkpoint(parse_note(world[other].ask("GET", place, role=None).body).text).size == size(mine)
        for member in world:
            assert member.ask("GET", "/.well-known/lodetrace.json", role=None).status == 200
        shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("100")})
        world[PLANT].await_arrival(shipment)
        world[PLANT].receive(shipment)
        mine.await_status(shipment, "received")
        mine.acknowledge(shipment)
        world[PLANT].record("/api/v1/batches", {"product": "ore", "quantity": kg("1"), "lot_no": "X",
                                                "origin": {"class": "mined", "country": "CN"}})  # fmt: skip
        world.settles = True


def test_a_handover_leaves_only_when_the_quorum_has_seen_it(tmp_path):
    """Registering and labels never wait; what others rely on does, and says so."""
    with World(tmp_path, MINE, PLANT, METAL, witnesses=2) as world:
        mine, metal = world[MINE], world[METAL]
        until(lambda: shown(mine) == size(mine), "its first entries are witnessed")
        before = shown(mine)
        metal.stop()
        mine.register("A-1", "100")
        (label,) = mine.pack("A-1", "D-1")
        assert label["label_url"]
        shipment = mine.ship(PLANT, {"batch": "A-1", "units": ["D-1"]})
        until(lambda: mine.node.witnesses.sizes.get(f"http://{PLANT}/witness") == size(mine), "plant cosigns it")
        told = mine.shipment(shipment)
        assert (told["status"], "witnesses have confirmed" in told["waiting_for"]) == ("offered", True)
        assert shown(mine) == before
        newest = mine.ask("GET", "/log/checkpoint-unwitnessed", role=None).body
        assert parse_checkpoint(parse_note(newest).text).size == size(mine)
        assert parse_checkpoint(parse_note(mine.ask("GET", "/log/checkpoint", role=None).body).text).size == before
        numbers = mine.ask("GET", "/metrics", role=None).body.decode()
        assert f"lodetrace_shown_size {before}.0" in numbers
        until(lambda: mine.node.witnesses.errors, "the one that is away is noticed")
        assert "lodetrace_witnesses_failing 1.0" in mine.ask("GET", "/metrics", role=None).body.decode()
        looked = {one.check: one for one in examine(mine.home, world.environ)}
        assert (looked["witnesses"].state, "witnesses have confirmed" in looked["witnesses"].en) == ("warning", True)
        assert world.network.parcels("handover", taken=False) == []
        with mine.node.store.read() as conn:
            assert {one.attempts for ones in deliveries.about(conn, [shipment.partition("#")[2]]).values()
                    for one in ones} == {0}  # fmt: skip
        metal.start()
        world[PLANT].await_arrival(shipment)
        assert shown(mine) == size(mine)
        world.settles = True


def test_evidence_and_its_checkpoint_go_together(tmp_path):
    with World(tmp_path, MINE, PLANT, METAL, witnesses=2) as world:
        mine = world[MINE]
        world[METAL].stop()
        mine.register("A-1", "100")
        until(lambda: _code(mine) == "not-witnessed-yet", "it is signed, and waits for a witness")
        world[METAL].start()
        until(lambda: mine.ask("GET", "/api/v1/batches/A-1/evidence").status == 200, "it is witnessed")
        world.settles = True


def _code(mine: Member) -> str:
    reply = mine.ask("GET", "/api/v1/batches/A-1/evidence")
    assert reply.status == 503
    return str(reply.json()["code"])


def test_nobody_vouches_for_itself(tmp_path):
    """A quorum of one's own organisation is never met, however many keys it has."""
    with World(tmp_path, MINE, PLANT, witnesses=2) as world:
        mine = world[MINE]
        mine.register("A-1", "100")
        until(lambda: mine.node.witnesses.sizes.get(f"http://{PLANT}/witness") == size(mine), "plant has seen it")
        assert shown(mine) == 0
        assert list(mine.node.witnesses.sizes) == [f"http://{PLANT}/witness"]
        assert mine.ask("GET", "/log/checkpoint", role=None).status == 503
        assert mine.ask("GET", "/readyz", role=None).status == 200
        assert mine.ask("GET", "/.well-known/lodetrace.json", role=None).status == 200


def test_another_policy_at_the_next_start_shows_what_it_accepts(tmp_path):
    with World(tmp_path, MINE, PLANT, witnesses=1) as world:
        mine = world[MINE]
        until(lambda: shown(mine) == size(mine), "plant has seen it")
        file, one = mine.home / "policy.txt", mine.node.settings.policy.read_text()
        for rule, accepted in (("group members 2 ", False), ("group members 1 ", True)):
            mine.stop()
            file.write_text(one.replace("group members 1 ", rule))
            world.network.rule(Lost(), to=PLANT, kind="", times=1000)
            mine.start()
            assert (shown(mine) > 0) is accepted
            world.network.clear()
        world.settles = True


# -- a witness that a test speaks for ---------------------------------------------------------------------------------

WITNESS = Ed25519Signer.from_seed("w.example/witness", b"\7" * 32, 4)
OTHER = Ed25519Signer.from_seed("w.example/witness", b"\7" * 31 + b"\1", 4)
OTHER_LOG = Ed25519Signer.from_seed(f"{MINE}/log", b"\1" * 32)
SECOND = MldsaSigner.from_seed("w.example/witness", b"\7" * 32)
Answer = Callable[[Parcel], Awaitable[Reply]]


def body_of(parcel: Parcel) -> tuple[int, bytes]:
    head, _, note = parcel.body.partition(b"\n\n")
    return int(head.split(b"\n")[0].removeprefix(b"old ")), note


class Played:
    """What stands at the witness's address: answers as the test says, and remembers what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[int, int]] = []
        self.holds = Reply(404)

    async def __call__(self, parcel: Parcel) -> Reply:
        if parcel.method == "GET":
            return self.holds
        old, note = body_of(parcel)
        self.asked.append((old, parse_checkpoint(parse_note(note).text).size))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        found = answer(note) if callable(answer) else answer
        return Reply(200, found) if isinstance(found, bytes) else found


def honest(note: bytes, *signers: Any) -> bytes:
    now = int(system_clock().timestamp())
    return "".join(str(cosign(note, one, now)) for one in signers or (WITNESS,)).encode()


def tree_size(number: int) -> Reply:
    return Reply(409, b"%d\n" % number, (("content-type", SIZE_TYPE),))


@contextmanager
def witnessed(tmp_path, *answers: Any, keys: tuple[Any, ...] = (WITNESS,), quorum: str = "w0") -> Iterator[Any]:
    lines = [f"witness w{at} {one.verifier.vkey} http://w.example/at" for at, one in enumerate(keys)]
    world = World(tmp_path, MINE, policy=lines, quorum=quorum)
    played = Played(*answers)
    world.network.members["w.example"] = played
    with world:
        yield world[MINE], played


def test_a_witness_is_asked_once_for_both_of_its_keys(tmp_path):
    with witnessed(tmp_path, lambda note: honest(note, WITNESS, SECOND), keys=(WITNESS, SECOND)) as (mine, played):
        until(lambda: shown(mine) == size(mine) == 1, "it is witnessed")
        with mine.node.store.read() as conn:
            raw = log.shown_checkpoint(conn)[1]
        assert len(cosignatures(raw, [WITNESS.verifier, SECOND.verifier])) == 2
        assert played.asked == [(0, 1)]
        mine.register("A-1", "1")
        until(lambda: shown(mine) == 2, "growth is witnessed")
        assert played.asked == [(0, 1), (1, 2)]


def test_a_size_that_it_knows_already_is_learnt(tmp_path):
    """Started anew, the node has forgotten what the witness holds; 409 says."""
    with witnessed(tmp_path, honest) as (mine, played):
        mine.register("A-1", "1")
        until(lambda: shown(mine) == 2, "it is witnessed")
        played.answers = [tree_size(2), honest]
        played.asked.clear()
        mine.restart()
        until(lambda: len(played.asked) == 2, "it is asked again")
        assert played.asked == [(0, 2), (2, 2)]


def test_an_older_state_is_shown_to_no_witness(tmp_path):
    with witnessed(tmp_path, honest) as (mine, played):
        until(lambda: shown(mine) == 1, "it is witnessed")
        mine.stop()
        played.asked.clear()
        (mine.home / "highwater").write_text(format_checkpoint(Checkpoint(f"{MINE}/log", 9, bytes(32))))
        mine.start()
        until(lambda: mine.ask("GET", "/readyz", role=None).status == 503, "it knows")
        assert played.asked == []


def test_when_nothing_grows_it_is_asked_again_for_a_fresher_time(tmp_path):
    environ = {"LODETRACE_WITNESS_AGAIN_S": "1"}
    times = iter(range(1_700_000_000, 1_800_000_000))

    def later(note: bytes) -> bytes:
        return str(cosign(note, WITNESS, next(times))).encode()

    played = Played(later)
    lines = [f"witness w {WITNESS.verifier.vkey} http://w.example"]
    world = World(tmp_path, MINE, policy=lines, quorum="w", environ=environ)
    world.network.members["w.example"] = played
    with world:
        until(lambda: len(played.asked) >= 2, "it is asked again")
        until(lambda: _times(world[MINE]) == [1_700_000_001], "the later time takes the place of the earlier one")
        assert set(played.asked[1:]) == {(1, 1)}


def test_a_witness_that_did_not_know_us_is_asked_at_once_when_there_are_other_members(tmp_path, monkeypatch):
    monkeypatch.setattr(cosigning, "FIRST_PAUSE_SECONDS", 10_000)
    stranger = Reply(404, b"this log is not known here\n", ())
    with witnessed(tmp_path, stranger, honest) as (mine, played):
        until(lambda: mine.node.witnesses.errors, "it is refused")
        mine.register("A-1", "1")
        until(lambda: size(mine) == 2, "what grows meanwhile is no reason to ask again")
        assert played.asked == [(0, 1)]
        mine.node._policy = replace(mine.node.policy)  # what learning of members does
        mine.node.announce()
        until(lambda: shown(mine) == 2, "it is witnessed")


def _times(member: Member) -> list[int]:
    with member.node.store.read() as conn:
        return [time for _, time in cosignatures(log.latest_checkpoint(conn)[1], [WITNESS.verifier])]


def of_another_checkpoint(note: bytes) -> bytes:
    other = Checkpoint(claimed_origin(note), 7, bytes(32))
    log_key = Ed25519Signer.from_seed(claimed_origin(note), b"\1" * 32)
    return honest(sign_checkpoint(other, [log_key]))


def of_another_key(note: bytes) -> bytes:
    line = cosign(note, OTHER, int(system_clock().timestamp()))
    return str(replace(line, key_id=WITNESS.verifier.key_id)).encode()


def in_the_future(note: bytes) -> bytes:
    return str(cosign(note, WITNESS, int(system_clock().timestamp()) + 3600)).encode()


ALARMING = {
    "a signature of another checkpoint": (of_another_checkpoint, "was changed"),
    "another key's signature under its own name": (of_another_key, "was changed"),
    "a time to come": (in_the_future, "still to come"),
    "a larger size than ours": (tree_size(99), "size 99"),
    "another history of ours": (Reply(422, b"{}"), "another history"),
}
FAILING = {
    "nothing": (b"", "signature lines"),
    "no signature lines": (b"hello\n", "signature line"),
    "half a line": (lambda note: honest(note)[:-1], "signature lines"),
    "no text": (b"\xff\n", "signature lines"),
    "another key": (lambda note: honest(note, OTHER), "without a cosignature"),
    "the size of nothing": (tree_size(0), "another one each time"),
    "a size without its type": (Reply(409, b"1\n", (("content-type", "text/plain"),)), "without a tree size"),
    "a size that is none": (Reply(409, b"one\n", (("content-type", SIZE_TYPE),)), "not one number"),
    "a redirect": (Reply(307, b"", (("location", "http://elsewhere.example/"),)), "answers 307"),
    "that it knows us not": (Reply(404, b""), "answers 404"),
    "too busy": (Reply(429, b""), "answers 429"),
}


@pytest.mark.parametrize("name", [*ALARMING, *FAILING])
def test_a_witness_that_answers(tmp_path, name, caplog):
    answer, says = (ALARMING | FAILING)[name]
    with witnessed(tmp_path, answer) as (mine, played):
        said = mine.node.witnesses
        until(lambda: said.errors, "it is noticed")
        assert says in said.errors["http://w.example/at"]
        assert (said.alarms > 0) is (name in ALARMING)
        assert shown(mine) == 0
        assert _times(mine) == []
        critical = [one for one in caplog.records if one.levelname == "CRITICAL"]
        assert bool(critical) is (said.alarms > 0)
        assert f"lodetrace_witness_alarms_total {said.alarms}.0" in mine.ask("GET", "/metrics", role=None).body.decode()
        mine.register("A-1", "1")  # recording goes on
        played.answers = [honest]
        until(lambda: shown(mine) == size(mine) and not said.errors, "it has come to its senses")


SHOWN = {
    "more than we hold": (tree_size(99), 99, "log-rolled-back"),
    "another history": (Reply(422, b"{}"), 1, "log-rewritten"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_witness_that_can_show_our_own_signature_ends_recording(tmp_path, name):
    """What it merely says is an alarm; what our key has signed is beyond doubt."""
    answer, at, code = SHOWN[name]
    with witnessed(tmp_path, answer) as (mine, played):
        until(lambda: mine.node.witnesses.errors, "it is noticed")
        assert mine.register("A-1", "1")
        forged = sign_checkpoint(Checkpoint(f"{MINE}/log", at, bytes(32)), [OTHER_LOG])
        told = played.holds = Reply(200, forged)
        before = mine.node.witnesses.alarms
        until(lambda: mine.node.witnesses.alarms > before + 1, "it has shown what another key signed")
        assert mine.node.sequencer.halted is None
        signed = sign_checkpoint(Checkpoint(f"{MINE}/log", at, bytes(32)), mine.node.identity.log_signers)
        played.holds = replace(told, body=signed)
        until(lambda: mine.node.sequencer.halted is not None, "recording ends")
        assert mine.node.sequencer.halted.code == code
        assert "w.example" in mine.node.sequencer.halted.text("en")
        assert mine.ask("GET", "/readyz", role=None).status == 503


def test_a_witness_that_does_not_know_us_yet_is_said_once(tmp_path, caplog):
    caplog.set_level("INFO", "nodes.cosigning")
    with witnessed(tmp_path, Reply(404)) as (_, played):
        until(lambda: len(played.asked) > 2, "it is asked again")
    said = [one.levelname for one in caplog.records if "404" in one.getMessage()]
    assert said == ["INFO"]


def test_what_it_can_give_of_two_keys_is_kept(tmp_path):
    with witnessed(tmp_path, honest, keys=(WITNESS, SECOND)) as (mine, _):
        until(lambda: shown(mine) == 1, "one of them is enough for the quorum")
        until(lambda: mine.node.witnesses.errors, "the other one is missed")
        assert f"w.example/witness+{SECOND.verifier.key_id.hex()}" in str(mine.node.witnesses.errors)
        mine.register("A-1", "1")
        until(lambda: shown(mine) == 2, "growth does not wait for the other one")


def test_witnesses_are_asked_without_a_quorum_too_and_nothing_waits(tmp_path):
    with witnessed(tmp_path, Reply(500, b""), quorum="none") as (mine, played):
        mine.register("A-1", "1")
        until(lambda: shown(mine) == 2, "what is signed is shown")
        until(lambda: mine.node.witnesses.errors, "the witness is away")
        played.answers = [honest]
        until(lambda: _times(mine), "the cosignature comes along")


# -- over real sockets ------------------------------------------------------------------------------------------------


@contextmanager
def answering(app: Any) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until(lambda: server.started, "it listens")
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_an_answer_that_never_ends_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "WITNESS_SECONDS", 5.0)
    sent: list[int] = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while len(sent) < 10_000:
            sent.append(1)
            await send({"type": "http.response.body", "body": "\u2014 w AAAA\n".encode() * 4096, "more_body": True})

    with answering(endless) as url, alone(tmp_path, url) as node, serving(node):
        until(lambda: node.witnesses.errors, "it is cut off")
        assert "131072 bytes" in str(node.witnesses.errors)
        assert node.witnesses.alarms


def test_an_answer_that_never_comes_holds_nothing_up(tmp_path):
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    with answering(silent) as url, alone(tmp_path, url) as node, serving(node) as own:
        body = {"product": "ore", "lot_no": "A", "quantity": kg("1"), "origin": {"class": "mined", "country": "CN"}}
        token = tokens.mint(node.store, "Li", "clerk", system_clock)
        headers = {"authorization": f"Bearer {token}", "idempotency-key": "1"}
        assert httpx.post(f"{own}/api/v1/batches", json=body, headers=headers).status_code == 201
        assert httpx.get(f"{own}/log/checkpoint").status_code == 503
        assert httpx.get(f"{own}/log/checkpoint-unwitnessed").status_code == 200


@contextmanager
def alone(tmp_path, url: str) -> Iterator[Node]:
    policy = f"witness w {WITNESS.verifier.vkey} {url}\nquorum w\n"
    create_home(
        tmp_path / "m", {}, name=MINE, organisation="M", role="mine", country="CN", policy=policy,
        sites=[{"code": "main", "country": "CN"}],
    )  # fmt: skip
    node = Node.open(tmp_path / "m", {"LODETRACE_RETRY_MAX_S": "3600"})
    node.start()
    try:
        yield node
    finally:
        node.stop()


def test_a_store_that_is_away_is_waited_for(tmp_path, monkeypatch):
    with witnessed(tmp_path, honest) as (mine, _):
        until(lambda: shown(mine) == 1, "it is witnessed")
        broken = [1, 1]

        def away(conn: Any) -> Any:
            if broken:
                broken.pop()
                raise Unavailable("database-locked", field="node.db")
            return real(conn)

        real = log.latest_checkpoint
        with monkeypatch.context() as patched:
            patched.setattr(cosigning, "TROUBLE_SECONDS", 0.05)
            patched.setattr(log, "latest_checkpoint", away)
            mine.register("A-1", "1")
            until(lambda: not broken and shown(mine) == 2, "it goes on")
