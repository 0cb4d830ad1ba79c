"""The specification's conversations with a witness, one by one, with a node as it is served."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Barrier, Event
from typing import Any

import httpx
import pytest

from api import witness as door
from ledger.forks import check_fork, parse_fork
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint, add_signatures, cosignatures, open_checkpoint, sign_checkpoint
from ledger.log.merkle import Tree, leaf_hash
from ledger.log.notes import Ed25519Signer, parse_signature_line, sign_note
from ledger.log.trust import digest_of
from ledger.log.witnessing import MAX_BODY, format_request
from nodes import monitor, witness
from nodes.homes import create_home
from nodes.node import Node
from nodes.rollback import Memory
from nodes.store import followed, forks, witnessed
from tests.serving import serving

ORIGIN, OWN = "longnan.example/log", "witness.example/log2"
LOG = Ed25519Signer.from_seed(ORIGIN, b"\1" * 32)
OWN_LOG = Ed25519Signer.from_seed(OWN, b"\2" * 32)
STRANGER = Ed25519Signer.from_seed("stranger.example/log", b"\3" * 32)
TREE = Tree([leaf_hash(b"%d" % number) for number in range(300)])
OTHER = Tree([leaf_hash(b"other" if number == 4 else b"%d" % number) for number in range(300)])
POLICY = f"log {LOG.verifier.vkey}\nlog {OWN_LOG.verifier.vkey}\nquorum none\n"


def note(size: int, tree: Tree = TREE, signer: Ed25519Signer = LOG) -> bytes:
    return sign_checkpoint(Checkpoint(signer.verifier.name, size, tree.root(size)), [signer])


def asked(old: int, new: int, tree: Tree = TREE) -> bytes:
    return format_request(old, tree.prove_consistency(old, new) if old <= new else [], note(new, tree))


@dataclass
class Served:
    """A witness behind a socket."""

    node: Node
    url: str

    def ask(self, body: bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/witness/add-checkpoint", content=body)

    def cosigned(self, reply: httpx.Response, raw: bytes) -> list[Any]:
        assert reply.status_code == 200, reply.text
        lines = [parse_signature_line(line) for line in reply.text.splitlines()]
        keys = [signer.verifier for signer in self.node.identity.cosigners]
        found = cosignatures(add_signatures(raw, lines), keys)
        assert [key for key, _ in found] == keys
        return [time for _, time in found]

    def held(self, origin: str = ORIGIN) -> int:
        with self.node.store.read() as conn:
            found = witnessed.largest(conn, origin)
        return found[0] if found else 0


@pytest.fixture(params=[False, True], ids=["ed25519", "with ml-dsa-44"])
def served(tmp_path, request) -> Iterator[Served]:
    create_home(
        tmp_path / "w", {}, name="witness.example", organisation="W", role="laboratory", policy=POLICY,
        mldsa=request.param or None,
    )  # fmt: skip
    node = Node.open(tmp_path / "w", {})
    node.start()
    try:
        with serving(node) as url:
            yield Served(node, url)
    finally:
        node.stop()


def test_a_witness_that_was_put_back_cosigns_nothing(served):
    """It has forgotten what it cosigned since then: only new keys make it one again."""
    served.cosigned(served.ask(asked(0, 5)), note(5))
    own = served.node.origin
    served.node.compare([Memory(Checkpoint(own, 9, bytes(32)), "somebody", "某方")])
    reply = served.ask(asked(5, 7))
    assert (reply.status_code, reply.json()["code"]) == (503, "log-rolled-back")
    assert served.held() == 5


def test_first_then_growth_then_the_same_again(served):
    for old, new in ((0, 5), (5, 9), (9, 9), (9, 256), (256, 300)):
        reply = served.ask(asked(old, new))
        now = served.node.clock().timestamp()
        assert all(now - 60 < time <= now for time in served.cosigned(reply, note(new)))
        assert served.held() == new


def test_a_client_that_knows_nothing_is_told_the_size(served):
    served.ask(asked(0, 5))
    reply = served.ask(asked(0, 9))
    assert (reply.status_code, reply.content, reply.headers["content-type"]) == (409, b"5\n", "text/x.tlog.size")
    assert served.ask(asked(5, 9)).status_code == 200


REFUSED = {
    "not of the form": (400, b"hello"),
    "too many hashes": (400, b"old 5\n" + f"{b64(bytes(32))}\n".encode() * 64 + b"\n" + note(9)),
    "old above new": (400, asked(9, 5)),
    "extension lines": (400, format_request(0, [], sign_note(f"{ORIGIN}\n5\n{b64(TREE.root(5))}\nmore\n", [LOG]))),
    "an unknown log": (404, format_request(0, [], note(9, signer=STRANGER))),
    "a log of its own organisation": (404, format_request(0, [], note(9, signer=OWN_LOG))),
    "nobody's signature": (403, format_request(0, [], note(9).replace(b"\n9\n", b"\n8\n"))),
    "a wrong proof": (422, format_request(5, [bytes(32)] * 4, note(9))),
    "a proof of the same": (422, format_request(5, [bytes(32)], note(5))),
    "a body without end": (413, b"old 0\n" + b"x" * MAX_BODY),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_refusal_has_its_status_and_changes_nothing(served, name):
    served.ask(asked(0, 5))
    status, body = REFUSED[name]
    reply = served.ask(body)
    assert (reply.status_code, reply.json()["status"]) == (status, status)
    assert reply.headers["content-type"] == "application/problem+json"
    assert (served.held(), served.held(OWN)) == (5, 0)
    assert served.ask(asked(5, 9)).status_code == 200
    with served.node.store.read() as conn:
        assert forks.everything(conn) == []


@pytest.mark.parametrize(("size", "new"), [(9, 9), (6, 9)], ids=["same size", "grown"])
def test_two_histories_are_kept_and_nothing_is_cosigned_any_more(served, size, new):
    served.ask(asked(0, size))
    reply = served.ask(asked(size, new, OTHER))
    assert (reply.status_code, reply.json()["code"]) == (422, "fork")
    with served.node.store.read() as conn:
        (fork,) = forks.everything(conn)
    assert (fork.origin, fork.index, {fork.leaf_a, fork.leaf_b}) == (ORIGIN, size, {TREE.root(size), OTHER.root(size)})
    assert check_fork(parse_fork(fork.evidence), served.node.policy).sizes == (size, new)
    reply = served.ask(asked(size, 20))
    assert (reply.status_code, reply.json()["code"]) == (422, "witness-finds-fork")
    assert served.held() == size


def test_what_the_node_follows_itself_is_not_cosigned_otherwise(served):
    """It has cosigned nothing of that log yet; but it knows better."""
    with served.node.store.write() as conn:
        begun = followed.begin(conn, ORIGIN, "2026-11-22T00:00:00.000Z")
        grown = followed.grow(conn, begun, TREE._read([(0, index) for index in range(9)]))
        followed.save(conn, replace(grown, note=note(9)))
    reply = served.ask(asked(0, 6, OTHER))
    assert (reply.status_code, reply.json()["code"]) == (422, "log-forked")
    with served.node.store.read() as conn:
        (fork,) = forks.everything(conn)
    assert check_fork(parse_fork(fork.evidence), served.node.policy).sizes == (6, 9)
    assert served.held() == 0


def test_whoever_monitors_gets_the_largest(served):
    place = f"{served.url}/witness/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert httpx.get(place).status_code == 404
    served.ask(asked(0, 5))
    served.ask(asked(5, 9))
    raw = httpx.get(place).content
    assert open_checkpoint(raw, LOG.verifier, ORIGIN).size == 9
    assert monitor.seen(served.node, digest_of(ORIGIN)) == raw
    assert len(cosignatures(raw, [one.verifier for one in served.node.identity.cosigners]))
    for nobody in (sha256(b"nobody").hexdigest(), ORIGIN.replace("/", "%2F"), "x"):
        assert httpx.get(f"{served.url}/witness/{nobody}/checkpoint").status_code == 404


def test_of_two_histories_at_once_one_wins(served):
    """Two threads, two branches, one old size: whoever is second meets what the first one left."""
    served.ask(asked(0, 6))
    for start in range(6, 26, 2):
        old, together = start, Barrier(2)

        def go(tree: Tree, old: int = old, together: Barrier = together) -> int:
            together.wait()
            return served.ask(asked(old, old + 2, tree)).status_code

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(go, (TREE, TREE)))
        assert answers == [200, 409]
        assert served.held() == start + 2


def test_two_processes_cannot_cosign_two_branches(served, tmp_path):
    """A second program with the same home and keys, past the lock that keeps it out: the store alone decides."""
    other = Node.open(served.node.settings.home, {})
    try:
        served.ask(asked(0, 6))
        together = Barrier(2)

        def go(node: Node) -> str:
            together.wait()
            try:
                return witness.add_checkpoint(node, asked(6, 9, TREE if node is other else OTHER)).decode()[:1]
            except Exception as error:  # noqa: BLE001 - which one loses is not known, how is looked at below
                return type(error).__name__

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(go, (served.node, other)))
        # The branch that does not continue size 6 is a fork whenever it comes; the true one may come too late for it.
        assert answers[0] in ("Forked", "Conflict")
        assert answers[1] in ("\u2014", "Unverified")
        assert served.held() in (6, 9)
    finally:
        other.stop()


def test_what_is_answered_is_on_the_disk(served, monkeypatch):
    """A commit that fails answers nothing: the signature never leaves."""

    def full(*_: object) -> None:
        raise OSError("disk full")

    served.ask(asked(0, 5))
    with monkeypatch.context() as patched:
        patched.setattr(witnessed, "save", full)
        assert served.ask(asked(5, 9)).status_code == 500
    assert served.held() == 5


def test_requests_of_one_log_are_bounded_and_those_of_others_are_not(served, monkeypatch):
    come, go = Event(), Event()
    waiting: list[int] = []

    def held(*_: Any) -> bytes:
        waiting.append(1)
        if len(waiting) == door.AT_ONCE:
            come.set()
        go.wait(20)
        return b""

    with ThreadPoolExecutor(door.AT_ONCE) as pool:
        monkeypatch.setattr(witness, "add_checkpoint", held)
        under_way = [pool.submit(served.ask, asked(0, 5)) for _ in range(door.AT_ONCE)]
        assert come.wait(20)
        reply = served.ask(asked(0, 5))
        monkeypatch.undo()
        assert (reply.status_code, reply.json()["code"], reply.headers["retry-after"]) == (429, "witness-busy", "1")
        assert served.ask(format_request(0, [], note(9, signer=STRANGER))).status_code == 404
        go.set()
        assert [one.result().status_code for one in under_way] == [200] * door.AT_ONCE
    assert served.ask(asked(0, 5)).status_code == 200


def test_a_client_that_goes_away_leaves_no_trace(served):
    """Half a request counts for nobody."""
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2]))) as half:
        half.sendall(b"POST /witness/add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 1000\r\n\r\nold 0\n")
    assert served.ask(asked(0, 5)).status_code == 200
