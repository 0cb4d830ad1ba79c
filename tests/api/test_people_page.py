"""People on their page, each one's own page, and /me: in the hands of an administrator and of those he lets in."""

import re

import pytest

from nodes import people
from nodes.clock import system_clock
from nodes.people import hire
from tests.hands import location
from tests.world import World

MINE, SECRET, OTHER = "mine.example", "a long enough sentence", "another good sentence"
ODD = '<script>alert("李")</script> 🧲'


class Person:
    """Somebody in a browser."""

    def __init__(self, member, name=None, secret=SECRET, language="en"):
        self.member, self.cookies = member, {"lodetrace_language": language}
        if name is not None:
            assert self.sign_in(name, secret).status == 303

    def sign_in(self, name, secret):
        return self.post("/sign-in", {"name": name, "password": secret})

    def get(self, path):
        return self._keep(self.member.ask("GET", path, role=None, headers={"cookie": self._cookie()}))

    def post(self, path, fields):
        if "lodetrace_session" in self.cookies:
            fields = {"csrf": re.search(r'name="csrf" value="([^"]*)"', self.get("/me").body.decode())[1], **fields}
        boundary = "b0undary"
        pairs = [
            (name, one) for name, given in fields.items() for one in (given if isinstance(given, list) else [given])
        ]
        parts = [f'--{boundary}\r\ncontent-disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in pairs]
        body = "".join([*parts, f"--{boundary}--\r\n"]).encode()
        headers = {"content-type": f"multipart/form-data; boundary={boundary}", "cookie": self._cookie()}
        return self._keep(self.member.ask("POST", path, body, role=None, headers=headers))

    def _cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep(self, reply):
        for name, value in reply.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return reply


@pytest.fixture
def mine(tmp_path):
    with World(tmp_path, MINE, sites=("main", "mill")) as world:
        yield world[MINE]


@pytest.fixture
def chen(mine):
    """The first person, made on the node's machine."""
    nobody = Person(mine)
    assert "lodetrace person add" in nobody.get("/sign-in").body.decode()
    hire(mine.node.store, "Chen", "admin", system_clock, password=SECRET)
    assert "lodetrace person add" not in nobody.get("/sign-in").body.decode()
    return Person(mine, "Chen")


def errors(reply):
    return re.findall(r'class="(?:wrong|told bad)"[^>]*>([^<]*)<', reply.body.decode())


def numbered(mine, name):
    return next(one.no for one in people.listed(mine.node.store) if one.name == name)


def test_an_administrator_lets_somebody_in_and_changes_what_they_may_do(mine, chen):
    new = {"name": ODD, "role": "clerk", "task": ["weighing", "sales"], "site": ["mill"], "password": SECRET}
    short = chen.post("/people", {**new, "password": "short"})
    assert short.status == 422
    assert errors(short) == [
        "A password has 10 to 200 characters. A sentence that only you know is easy to keep in mind."
    ]
    page = short.body.decode()
    assert "<script>alert" not in page
    assert 'value="&lt;script&gt;' in page
    ticked = re.findall(r'name="(?:task|site)" value="(\w+)" checked', page)
    assert ticked == ["weighing", "sales", "mill"]
    assert location(chen.post("/people", new)) == "/people"
    assert "already" in errors(chen.post("/people", new))[0]
    listed = chen.get("/people").body.decode()
    assert "&lt;script&gt;alert" in listed
    assert "weighing · sales · mill" in listed.replace("\n", "")

    li = Person(mine, ODD)
    assert li.get("/people").status == 403
    assert li.get("/register").status == 200
    one = f"/people/{numbered(mine, ODD)}"
    assert location(chen.post(one, {"do": "change", "role": "viewer"})) == one
    assert li.get("/register").status == 403, "at once, where they are signed in"
    wrong = chen.post(one, {"do": "change", "role": "king", "task": ["gossip"]})
    assert (wrong.status, "king" in errors(wrong)[0]) == (422, True)
    assert location(chen.post(one, {"do": "password", "password": OTHER})) == one
    assert li.get("/me").status == 303, "signed out"
    assert Person(mine).sign_in(ODD, SECRET).status == 401
    li = Person(mine, ODD, OTHER)
    assert location(chen.post(one, {"do": "leave"})) == one
    assert li.get("/me").status == 303
    assert "may sign in here" in errors(chen.post(one, {"do": "change", "role": "clerk"}))[0]
    assert "left on" in chen.get(one).body.decode()


def test_nobody_locks_himself_out(mine, chen):
    own = f"/people/{numbered(mine, 'Chen')}"
    assert 'value="leave"' not in chen.get(own).body.decode()
    for given in ({"do": "leave"}, {"do": "change", "role": "viewer"}):
        refused = chen.post(own, given)
        assert (refused.status, "is you" in errors(refused)[0]) == (422, True)
    assert chen.get("/people").status == 200
    for path in ("/people/99", "/people/x", "/people/-1"):
        assert chen.get(path).status in (404, 422)


def test_two_cannot_share_a_name_elsewhere(mine, chen):
    assert location(chen.post("/people", {"name": "Li", "role": "clerk", "subject": "li@mine.example"})) == "/people"
    twice = chen.post("/people", {"name": "Wang", "role": "clerk", "subject": "li@mine.example"})
    assert (twice.status, "Li" in errors(twice)[0]) == (409, True)
    assert [one.password for one in people.listed(mine.node.store) if one.name == "Li"] == [None]


def test_my_own_password_and_all_my_devices(mine, chen):
    hire(mine.node.store, "Li", "clerk", system_clock, password=SECRET)
    here, there = Person(mine, "Li"), Person(mine, "Li")
    assert "signed in 2 times" in here.get("/me").body.decode()
    cases = {
        "two ways": {"old": SECRET, "password": OTHER, "again": OTHER + "x"},
        "do not fit": {"old": "wrong sentence", "password": OTHER, "again": OTHER},
        "10 to 200": {"old": SECRET, "password": "short", "again": "short"},
    }
    for said, given in cases.items():
        refused = here.post("/me", given)
        assert said in errors(refused)[0], errors(refused)
        assert refused.status in (401, 422)
        assert SECRET not in refused.body.decode()
    assert location(here.post("/me", {"old": SECRET, "password": OTHER, "again": OTHER})) == "/me"
    assert here.get("/me").status == 200
    assert there.get("/me").status == 303
    assert Person(mine).sign_in("Li", SECRET).status == 401
    there = Person(mine, "Li", OTHER)
    assert location(here.post("/me", {"do": "everywhere"})) == "/sign-in"
    assert there.get("/me").status == 303
    assert chen.get("/me").status == 200


def test_a_token_has_no_password_and_no_others_lose_their_sessions(mine, chen):
    reader = Person(mine)
    assert reader.post("/sign-in", {"token": mine.token("clerk")}).status == 303
    refused = reader.post("/me", {"old": SECRET, "password": OTHER, "again": OTHER})
    assert "no password here" in errors(refused)[0]
    assert location(reader.post("/me", {"do": "everywhere"})) == "/sign-in"
    assert reader.get("/me").status == 303
    assert chen.get("/me").status == 200


def test_in_chinese(mine, chen):
    chen.cookies["lodetrace_language"] = "zh"
    page = chen.get("/people").body.decode()
    assert "可登录人员" in page
    assert "口令须为" in errors(chen.post("/people", {"name": "王", "role": "clerk", "password": "x"}))[0]
