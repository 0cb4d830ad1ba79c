"""What waits for a person is told to a program once, signed, and for as long as it takes: on real sockets."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from ledger.errors import Conflict, LodetraceError, Malformed, Refusal, Unavailable, Unknown
from nodes import peers, webhooks
from nodes.clock import stamp, system_clock
from nodes.store.engine import Store
from nodes.webhooks import KINDS, signed
from tests.world import World, kg, until

MINE, PLANT = "mine.example", "plant.example"
INTERFACE = (Path(__file__).resolve().parents[2] / "docs" / "interface.md").read_text("utf-8")


class Program(ThreadingHTTPServer):
    """A program that takes calls: `status` is its answer, `behave` what it does instead."""

    def __init__(self, port=0):
        self.calls, self.status, self.behave, self.ended = [], 204, None, Event()
        program = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                program.calls.append((self.path, dict(self.headers), body))
                if program.behave:
                    program.behave(self)
                else:
                    self.send_response(program.status)
                    self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", port), Answer)
        self.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server_port}/told"


@contextmanager
def listening(port=0):
    program = Program(port)
    thread = Thread(target=program.serve_forever, name="program")
    thread.start()
    try:
        yield program
    finally:
        program.ended.set()
        program.shutdown()
        program.server_close()
        thread.join()


def told(program, kind=None):
    found = [json.loads(body) for _, _, body in list(program.calls)]
    return [one for one in found if kind in (None, one["kind"])]


def calls(member, no=1):
    return webhooks.newest(member.node.store, no, 50)


def add(member, program, *kinds):
    """A webhook that has looked once: what comes from now on is told."""
    no, secret = webhooks.add(member.node.store, program.url, kinds, member.clock, internal=True)
    member.node.announce()
    until(lambda: all(one.begun for one in webhooks.listed(member.node.store)), "the node has looked")
    return no, secret


def check(secret, headers, body):
    """As docs/interface.md says it, with nothing of ours."""
    given = {name.lower(): value for name, value in headers.items()}
    signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return given["webhook-signature"] == f"v1,{wanted}"


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, MINE, PLANT) as world:
        yield world


def ship(world, lot):
    world[MINE].register(lot, "100")
    return world[MINE].ship(PLANT, {"batch": lot, "quantity": kg("100")})


def test_what_comes_is_told_once_and_signed_and_tells_no_secrets(world):
    before = ship(world, "A-1")
    world[PLANT].await_arrival(before)
    with listening() as program:
        _, secret = add(world[PLANT], program, "arrivals")
        shipment = ship(world, "A-2")
        until(lambda: told(program), "it is told")
        path, headers, body = program.calls[0]
        one = json.loads(body)
        assert (path, one["kind"], one["what"], one["subject"], one["node"]) == (
            "/told",
            "arrivals",
            "arrived",
            shipment,
            PLANT,
        )
        assert one["link"].startswith(f"{world[PLANT].node.settings.label_url}/receive/mine.example%2Flog%23")
        assert set(one) == {"id", "node", "kind", "what", "subject", "at", "link"}
        assert check(secret, headers, body)
        assert not check(secret, headers, body.replace(b"arrived", b"arrivee"))
        assert not check(secret, {**headers, "webhook-timestamp": "1"}, body)
        until(lambda: calls(world[PLANT])[0].state == "sent", "it is written down")
        world[PLANT].restart()
        again = ship(world, "A-3")
        until(lambda: len(told(program)) > 1, "the next is told")
        assert [one["subject"] for one in told(program)] == [shipment, again]


def test_each_kind_is_told_to_who_wants_it(world):
    mine, plant = world[MINE], world[PLANT]
    with listening() as all_, listening() as few:
        add(plant, all_)
        add(plant, few, "recalls", "corrections")
        shipment = ship(world, "A-1")
        until(lambda: told(all_, "arrivals"), "the arrival is told")
        plant.receive(shipment, {"line": 0, "site": "main", "weighed": kg("100")})
        mine.await_status(shipment, "received")
        recall = {"kind": "quality", "text": "a secret reason", "lines": [{"batch": "A-1"}]}
        reply = mine.ask("POST", "/api/v1/recalls", recall, role="supervisor", headers={"idempotency-key": "r"})
        assert reply.status == 201, reply.body
        until(lambda: told(few), "the recall is told")
        until(lambda: told(all_, "recalls"), "all is told")
        assert {one["kind"] for one in told(few)} == {"recalls"}
        assert (told(few)[0]["what"], told(few)[0]["link"].endswith("/notices")) == ("recalled", True)
        assert not any(b"secret reason" in body for _, _, body in all_.calls)


def test_a_program_that_is_down_hears_it_when_it_is_back(world):
    with listening() as program:
        add(world[PLANT], program, "arrivals")
        port = program.server_port
    ship(world, "A-1")
    waits = until(lambda: next((one for one in calls(world[PLANT]) if one.attempts >= 2), None), "it is tried twice")
    assert (waits.state, "127.0.0.1" in (waits.error or "")) == ("waiting", True)
    with listening(port) as program:
        until(lambda: told(program), "it is told")
        until(lambda: calls(world[PLANT])[0].state == "sent", "it is written down")


def silent(handler):
    handler.server.ended.wait(60)


def endless(handler):
    handler.send_response(500)
    handler.end_headers()
    try:
        while not handler.server.ended.is_set():
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass


def elsewhere(handler):
    handler.send_response(307)
    handler.send_header("location", f"http://127.0.0.1:{handler.server.server_port}/other")
    handler.end_headers()


@pytest.mark.parametrize(
    ("behave", "error"), [(silent, "TimeoutError"), (endless, "HTTP 500"), (elsewhere, "HTTP 307")]
)
def test_programs_that_do_not_take_it(world, monkeypatch, behave, error):
    """They hold up nobody else, and are tried again; nothing is sent to where they would lead us."""
    monkeypatch.setattr(peers, "TELL_SECONDS", 0.5)
    with listening() as bad, listening() as good:
        bad.behave = behave
        add(world[PLANT], bad, "arrivals")
        add(world[PLANT], good, "arrivals")
        shipment = ship(world, "A-1")
        until(lambda: told(good), "the other one is told")
        waits = until(lambda: next((one for one in calls(world[PLANT]) if one.error), None), "it is put off")
        assert (waits.state, waits.subject) == ("waiting", shipment)
        assert error in waits.error
        until(lambda: len(bad.calls) > 1, "it is tried again")
        assert {path for path, _, _ in bad.calls} == {"/told"}
        bad.ended.set()


class Later:
    """The clock, moved on by whoever waits."""

    def __init__(self):
        self.by = timedelta()

    def __call__(self):
        return system_clock() + self.by


def test_what_comes_after_a_webhook_was_removed_goes_to_the_next_one_alone(world):
    """Which has the number of the first, whose last call is still under way."""
    plant, answer = world[PLANT], Event()

    def late(door):
        answer.wait()
        door.send_response(204)
        door.end_headers()

    with listening() as first, listening() as second:
        first.behave = late
        try:
            no, _ = add(plant, first, "arrivals")
            ship(world, "A-1")
            until(lambda: first.calls, "the first is called")
            webhooks.remove(plant.node.store, no)
            assert add(plant, second, "arrivals")[0] == no
            ship(world, "A-2")
            until(lambda: calls(plant, no), "the second is to be called")
        finally:
            answer.set()
        until(lambda: second.calls, "the second is called")
        until(lambda: calls(plant, no)[0].state == "sent", "it is written down")
        assert (len(first.calls), len(second.calls)) == (1, 1)


def test_after_three_days_it_is_given_up_and_said_until_it_is_sent_again(world):
    clock = Later()
    plant = world[PLANT]
    plant.stop()
    plant.start(clock)
    with listening() as program:
        program.status = 503
        add(plant, program, "arrivals")
        ship(world, "A-1")
        until(lambda: calls(plant) and calls(plant)[0].error, "it is put off")
        clock.by = timedelta(days=3, hours=1)
        plant.node.announce()
        until(lambda: calls(plant)[0].state == "given up", "it is given up")
        assert "did not take" in plant.ask("GET", "/?lang=en", role="admin").body.decode()
        assert "did not take" not in plant.ask("GET", "/?lang=en").body.decode()
        assert "lodetrace_webhook_calls_given_up 1.0" in plant.ask("GET", "/metrics", role=None).body.decode()
        program.status = 200
        assert webhooks.send_again(plant.node.store, 1, clock) == 1
        plant.node.announce()
        until(lambda: calls(plant)[0].state == "sent", "it is told")
        assert "did not take" not in plant.ask("GET", "/?lang=en", role="admin").body.decode()
    clock.by = timedelta()
    webhooks.remove(plant.node.store, 1)
    assert calls(plant) == []


@pytest.fixture
def store(tmp_path):
    made = Store.create(tmp_path / "node.db", "mine.example/log")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("url", "kind", "code"),
    [
        ("ftp://example.com/x", Malformed, "webhook-address-wrong"),
        ("example.com", Malformed, "webhook-address-wrong"),
        (f"https://{'li:secret'}@example.com/", Malformed, "webhook-address-wrong"),
        ("https://example.com/#here", Malformed, "webhook-address-wrong"),
        ("https://example.com/a b", Malformed, "webhook-address-wrong"),
        ("https://[::1", Malformed, "webhook-address-wrong"),
        ("https://example.com:99999/", Malformed, "webhook-address-wrong"),
        ("http://127.0.0.1:80/", Refusal, "webhook-address-internal"),
        ("http://localhost/", Refusal, "webhook-address-internal"),
        (f"https://{'10.1.2.3'}/", Refusal, "webhook-address-internal"),
        ("https://[::ffff:127.0.0.1]/", Refusal, "webhook-address-internal"),
        (f"https://{'169.254.169.254'}/latest", Refusal, "webhook-address-internal"),
    ],
)
def test_addresses_that_are_refused(store, url, kind, code):
    with pytest.raises(kind) as refused:
        webhooks.add(store, url, (), system_clock)
    assert (refused.value.code, refused.value.field) == (code, "url")
    assert webhooks.listed(store) == []


def test_a_name_that_leads_inside_is_not_called():
    """Whatever it led to when the webhook was set up."""

    async def call():
        elsewhere = peers.Elsewhere()
        try:
            await elsewhere.tell("http://localhost:9/", {}, b"", internal=False)
        finally:
            await elsewhere.aclose()

    with pytest.raises(Refusal) as refused:
        asyncio.run(call())
    assert (refused.value.code, refused.value.value) == ("webhook-address-internal", "localhost")


@pytest.mark.parametrize("host", ["a..example", f"{'a' * 64}.example"])
def test_a_host_that_cannot_be_called_so_is_one_that_does_not_answer(host):
    """Else its call would never be given up."""

    async def call():
        elsewhere = peers.Elsewhere()
        try:
            await elsewhere.tell(f"http://{host}/", {}, b"", internal=False)
        finally:
            await elsewhere.aclose()

    with pytest.raises(Unavailable) as silent:
        asyncio.run(call())
    assert (silent.value.code, silent.value.field) == ("address-silent", host)


def test_other_refusals(store):
    add_ = webhooks.add
    no, _ = add_(store, "https://example.com/a", ["arrivals", "arrivals"], system_clock)
    assert [one.kinds for one in webhooks.listed(store)] == [("arrivals",)]
    refused = {
        "webhook-known": (Conflict, lambda: add_(store, "https://example.com/a", (), system_clock)),
        "webhook-kind-unknown": (Malformed, lambda: add_(store, "https://example.com/b", ["gossip"], system_clock)),
        "webhook-unknown": (Unknown, lambda: webhooks.remove(store, no + 1)),
    }
    for code, (kind, act) in refused.items():
        with pytest.raises(kind) as error:
            act()
        assert error.value.code == code
    for number in range(webhooks.MOST - 1):
        add_(store, f"https://example.com/{number}", (), system_clock)
    with pytest.raises(LodetraceError) as error:
        add_(store, "https://example.com/last", (), system_clock)
    assert error.value.code == "webhooks-too-many"
    assert webhooks.listed(store)[-1].kinds == KINDS


def test_the_example_of_the_documentation_holds():
    """Checked by the few lines that stand there, with the secret that stands there."""
    section = INTERFACE.split("## Webhooks\n")[1].split("\n## ")[0]
    secret = re.search(r"`(whsec_[^`]+)`", section)[1]
    call = re.search(r"```text\n(.*?)\n\n(.*?)\n```", section, re.DOTALL)
    headers, body = dict(line.split(": ", 1) for line in call[1].split("\n")[1:]), call[2].encode()
    assert check(secret, headers, body)
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    mine = signed(base64.b64decode(secret.removeprefix("whsec_")), headers["webhook-id"], body, at)
    assert mine == headers
    assert stamp(at)[:19] == json.loads(body)["at"][:19]
    program = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    found = {}
    exec(compile(program, "docs/interface.md", "exec"), found)
    assert found["is_genuine"](secret, headers, body, now=at.timestamp() + 60)
    assert not found["is_genuine"](secret, headers, body + b" ", now=at.timestamp())
    assert not found["is_genuine"](secret, headers, body, now=at.timestamp() + 600)
