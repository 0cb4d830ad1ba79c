"""Newcomers on the pages of the authority that they ask: shown whole, compared by fingerprint, admitted or refused."""

import re

import pytest

from ledger.joining import open_request
from ledger.keys import fingerprint
from nodes import joining, requests
from nodes.homes import create_home
from tests.hands import Hands, location
from tests.nodes.test_oversight import cast
from tests.overseen import worked_out
from tests.world import World

AUTHORITY, NEW = "authority.example", "new.example"
USCC = "91350100M000100Y43"  # the example of GB 32100-2015
ODD = "<b>龙</b>\u202e🐉"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with cast(World(tmp_path_factory.mktemp("asking"), AUTHORITY)) as world:
        yield world


@pytest.fixture
def asked(world, tmp_path):
    """name -> the request of a newcomer, which waits at the authority."""

    def ask(name=NEW, uscc=USCC, organisation=ODD):
        home = tmp_path / name / str(len(list(tmp_path.rglob("keys"))))
        create_home(home, {}, name=name, organisation=organisation, role="mine", country="CN", sites=[])
        data = joining.request_of(home, {}, uscc=uscc, eori="DE123")
        requests.keep(world[AUTHORITY].home, data)
        return open_request(data)

    return ask


def test_everything_is_shown_and_the_check_digit_said(world, asked):
    request = asked()
    clerk = Hands(world[AUTHORITY], role="supervisor")
    assert f"/requests/{NEW}" in clerk.get("/requests")
    page = clerk.get(f"/requests/{NEW}")
    assert "&lt;b&gt;龙" in page
    assert "its check digit is right" in page
    assert "it has no check digit" in page
    assert fingerprint(request.author.public) in page
    assert len(re.findall(r"(?:[0-9A-F]{4} ){7}[0-9A-F]{4}", page)) == 6, "five keys, and one to be read out"
    asked(uscc=USCC[:-1] + "4")
    assert "校验位不正确" in Hands(world[AUTHORITY], "zh", role="supervisor").get(f"/requests/{NEW}")


def test_deciding_is_for_supervisors(world, asked):
    asked()
    clerk = world[AUTHORITY].ask("GET", "/requests", role=None, headers={"cookie": Hands(world[AUTHORITY]).cookies})
    assert clerk.status == 403


def test_who_is_refused_may_ask_again_and_the_reason_is_remembered(world, asked):
    asked("odd.example")
    clerk = Hands(world[AUTHORITY], role="supervisor")
    path = "/requests/odd.example"
    silent = clerk.post(path, {"do": "refuse", "refusal": " "})
    assert silent.status == 422
    assert 'id="wrong-refusal"' in silent.body.decode()
    assert location(clerk.post(path, {"do": "refuse", "refusal": "<i>no licence</i>"})) == "/requests"
    assert "&lt;i&gt;no licence" in clerk.get("/requests")
    assert path not in clerk.get("/requests")
    asked("odd.example")
    assert "&lt;i&gt;no licence" in clerk.get(path)


def test_a_program_refuses_too(world, asked):
    asked("odd.example")
    path = "/api/v1/registry/requests/odd.example/refusal"
    reply = world[AUTHORITY].ask("POST", path, {"reason": "no site"}, role="supervisor")
    assert (reply.status, reply.json()["status"], reply.json()["by"]) == (200, "refused", "Li")
    gone = world[AUTHORITY].ask("POST", path, {"reason": "no site"}, role="supervisor")
    assert (gone.status, gone.json()["code"]) == (404, "request-unknown")
    assert world[AUTHORITY].ask("POST", path, {"reason": "x"}).status == 403


def test_admitted_only_after_comparing_and_only_the_key_that_was_shown(world, asked):
    asked()
    clerk = Hands(world[AUTHORITY], role="supervisor")
    path = f"/requests/{NEW}"
    unsure = clerk.post(path, {"do": "admit", "documents[0].no": "赣 7"})
    assert unsure.status == 422
    assert 'id="wrong-sure"' in unsure.body.decode()
    assert "赣 7" in unsure.body.decode()
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', clerk.get(path)))
    asked()  # the same name, and other keys
    other = clerk.post(path, {**fields, "do": "admit", "sure": "true"}, bare=True)
    assert other.status == 404
    assert "was signed by" in other.body.decode()
    done = clerk.post(path, {"do": "admit", "sure": "true", "documents[0].no": "赣 7"})
    assert location(done) == f"/members/{NEW}"
    worked_out(world[AUTHORITY])
    assert "admitted" in clerk.get(f"/members/{NEW}")
    assert path not in clerk.get("/requests")
