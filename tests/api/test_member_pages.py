"""Organisations on the pages of their authority: the list, everything of one, and what the registry says of it."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest

from nodes import joining, requests
from nodes.roll import months_due
from tests.hands import Hands, location
from tests.nodes.test_oversight import cast
from tests.overseen import slowed, worked_out
from tests.world import World, until

MINE, TWO, AUTHORITY = NAMES = ("one.example", "two.example", "authority.example")
USCC = "91350100M000100Y43"  # the example of GB 32100-2015
ODD = "<script>alert(1)</script>\u202e龙🐉"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A mine that was admitted, and another organisation that only deposits."""
    with cast(World(tmp_path_factory.mktemp("members"), *NAMES)) as world:
        for name in NAMES[:2]:
            world[name].register("A-1", "100")
        world.settle()
        authority = world[AUTHORITY]
        requests.keep(authority.home, joining.request_of(world[MINE].home, {}, uscc=USCC))
        tell(authority, "admissions", name=MINE)
        until(lambda: authority.get("/api/v1/registry/members")["members"], "it is stood by")
        yield world


def tell(authority, path, **body):
    headers = {"idempotency-key": f"{path} {body}"}
    reply = authority.ask("POST", f"/api/v1/registry/{path}", body, role="supervisor", headers=headers)
    assert reply.status == 201, reply.body


@pytest.fixture
def clerk(world):
    worked_out(world[AUTHORITY])
    return Hands(world[AUTHORITY], role="supervisor")


def test_the_list_tells_standing_and_silence(world, clerk):
    page = clerk.get("/members")
    rows = re.findall(r"<tr><td><a href=\"/members/([^\"]+)\".*?</tr>", page, re.DOTALL)
    assert rows == [TWO, MINE], "what needs a look stands first"
    assert "not admitted" in page
    assert clerk.get("/members?standing=admitted").count('href="/members/one') == 1
    assert "Nobody fits" in clerk.get("/members?q=nobody")
    assert MINE in clerk.get(f"/members?q={USCC}")
    assert clerk.get("/members?sort=last&role=mine").index(MINE) > 0
    assert "需关注" in Hands(world[AUTHORITY], "zh", role="viewer").get("/members")


def test_the_list_is_a_table_too(world):
    text = world[AUTHORITY].ask("GET", "/api/v1/organisations?format=csv").body.decode("utf-8-sig")
    rows = {one["name"]: one for one in csv.DictReader(io.StringIO(text))}
    assert (rows[MINE]["standing"], rows[TWO]["standing"]) == ("admitted", "not_admitted")
    assert (rows[MINE]["uscc"], rows[MINE]["size"]) == (USCC, "2")
    assert world[MINE].ask("GET", "/api/v1/organisations").json()["code"] == "only-the-authority"


def test_everything_of_one(world, clerk):
    page = clerk.get(f"/members/{MINE}")
    assert USCC in page
    assert "Deposited entries: 2; still to come: 0." in page
    assert "No fork" in page
    assert f"/oversight?log={MINE}/log" in page
    assert len(re.findall(r"(?:[0-9A-F]{4} ){7}[0-9A-F]{4}", page)) >= 4, "every key has its fingerprint"
    viewer = Hands(world[AUTHORITY], role="viewer")
    assert "/suspend" not in viewer.get(f"/members/{MINE}")
    assert viewer.post(f"/members/{MINE}/suspend", {"reason": "x"}, bare=True).status == 403
    unknown = world[AUTHORITY].ask("GET", "/members/nobody.example", role=None, headers={"cookie": clerk.cookies})
    assert unknown.status == 404


def test_a_licence_is_recorded_and_a_wrong_one_is_told_beside_its_field(clerk):
    path = f"/members/{MINE}/license"
    wrong = clerk.post(path, {"kind": "mining", "no": ODD, "from": "2026-01-01", "until": "2025-01-01"})
    assert wrong.status == 422
    assert "&lt;script&gt;" in wrong.body.decode(), "what was typed is kept"
    right = {"kind": "mining", "no": ODD, "from": "2026-01-01", "until": "2099-12-31", "products": "a，b"}
    assert location(clerk.post(path, right)) == f"/members/{MINE}"
    page = clerk.get(f"/members/{MINE}")
    assert "<script>alert" not in page
    assert ">licensed<" in page


def test_a_suspension_is_asked_twice_and_ends(world, clerk):
    path = f"/members/{MINE}/suspend"
    unsure = clerk.post(path, {"reason": "licence under review"})
    assert unsure.status == 422
    assert 'id="wrong-sure"' in unsure.body.decode()
    assert "licence under review" in unsure.body.decode()
    nothing = clerk.post(path, {"sure": "true"})
    assert nothing.status == 422
    assert 'id="wrong-reason"' in nothing.body.decode()
    fields = {"sure": "true", "reason": "licence under review", "documents[0].no": "赣 17"}
    assert location(clerk.post(path, fields)) == f"/members/{MINE}"
    assert world[AUTHORITY].get(f"/api/v1/registry/members/{MINE}")["status"] == "suspended"
    page = clerk.get(f"/members/{MINE}")
    assert "suspended: licence under review" in page
    assert "/restore" in page
    assert "/suspend" not in page
    done = clerk.post(f"/members/{MINE}/restore", {"sure": "true", "reason": "review closed"})
    assert location(done) == f"/members/{MINE}"
    assert world[AUTHORITY].get(f"/api/v1/registry/members/{MINE}")["status"] == "admitted"


def test_a_quota_is_granted(world, clerk):
    fields = {"kind": "mining", "feed_class": "ion_mid_y", "year:int": "2026", "batch:int": "1", "quantity.value": "x"}
    assert clerk.post(f"/members/{MINE}/quota", fields).status == 422
    assert location(clerk.post(f"/members/{MINE}/quota", {**fields, "quantity.value": "120"})) == f"/members/{MINE}"
    worked_out(world[AUTHORITY])
    assert "120,000 kg" in clerk.get(f"/members/{MINE}")


def test_a_key_is_revoked_for_good(world, clerk):
    page = clerk.get(f"/members/{MINE}/revoke")
    key = re.search(r'<option value="(peer [^"]+)"', page)[1]
    done = clerk.post(f"/members/{MINE}/revoke", {"named": key, "reason": "stolen laptop", "sure": "true"})
    assert location(done) == f"/members/{MINE}"
    assert key not in clerk.get(f"/members/{MINE}/revoke")
    assert ">revoked<" in clerk.get(f"/members/{MINE}")


def test_months_are_due_ten_days_after_their_end():
    due = list(months_due("2026-10-05T00:00:00.000Z", datetime(2026, 12, 11, tzinfo=UTC)))
    assert due == ["2026-10", "2026-11"]
    assert list(months_due("2026-11-30T00:00:00.000Z", datetime(2026, 12, 10, tzinfo=UTC))) == []


def test_other_nodes_have_no_such_pages(world):
    reply = world[MINE].ask("GET", "/members", role=None, headers={"cookie": Hands(world[MINE]).cookies})
    assert reply.status == 404


def test_nobody_who_opens_a_member_waits_for_all_that_is_deposited(world):
    """Told at once that it is being worked out, and what was known before as soon as anything is."""
    authority = world[AUTHORITY]
    viewer = Hands(authority, role="viewer")
    with slowed(authority) as clock:
        assert "are being worked out" in viewer.get(f"/members/{TWO}")
        clock.go.set()
        worked_out(authority)
        assert "Deposited entries: 2" in viewer.get(f"/members/{TWO}")
        clock.go.clear()
        world[TWO].register("A-2", "10")
        world.settle()
        assert "newer ones are being worked out" in viewer.get(f"/members/{TWO}")
        clock.go.set()
        worked_out(authority)
        assert "newer ones" not in viewer.get(f"/members/{TWO}")
