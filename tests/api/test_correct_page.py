"""Correcting by hand: what will change is shown before it is recorded, and what the rules refuse is said beside it."""

import re
from html import unescape

import pytest

from nodes import tokens
from tests.hands import Hands, location
from tests.world import World, kg

MINE, PLANT = "mine.example", "plant.example"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("correcting"), MINE, PLANT) as world:
        mine = world[MINE]
        mine._tokens["second"] = tokens.mint(mine.node.store, "Wang", "supervisor", mine.clock)
        yield world


@pytest.fixture
def mine(world):
    return world[MINE]


def booked(mine, lot, mass="100", **more):
    """The entry that registered it."""
    mine.register(lot, mass, **more)
    return mine.get("/api/v1/entries?limit=1000")["entries"][-1]["index"]


def fields_of(page):
    """What a browser would send of the form: hidden fields and what stands in the others."""
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    shown = dict(re.findall(r'<input type="text" id="([^"]+)"[^>]*? value="([^"]*)"', page))
    return {name: unescape(text) for name, text in {**hidden, **shown}.items()}


def send(hands, path, page, **typed):
    return hands.post(path, {**fields_of(page), **typed}, bare=True)


def test_words_are_shown_as_they_were_and_will_be_and_then_recorded(mine):
    index = booked(mine, "W-1")
    hands, path = Hands(mine), f"/correct/{index}"
    page = hands.get(f"{path}?kind=amend")
    at = re.search(r'name="words\[(\d+)\]\.path" value="batch\.lot_no"', page)[1]
    typed = {f"words[{at}].is": "W-<b>1</b>🧲", "reason": "the label says so"}
    looked = send(hands, path, page, **typed, do="look")
    assert looked.status == 200, looked.body
    shown = looked.body.decode()
    assert "W-&lt;b&gt;1&lt;/b&gt;🧲" in shown
    assert "Lot number" in shown
    assert "the label says so" in shown
    done = send(hands, path, shown, do="record")
    assert location(done) == f"/entries/{index}"
    assert "W-&lt;b&gt;1&lt;/b&gt;🧲" in hands.get(f"/entries/{index}")


def test_without_a_reason_or_a_change_the_form_says_so_and_keeps_what_was_typed(mine):
    index = booked(mine, "W-2")
    hands, path = Hands(mine, "zh"), f"/correct/{index}"
    page = hands.get(f"{path}?kind=adjust")
    refused = send(hands, path, page, **{"amounts.n0.is": "90", "reason": ""}, do="look")
    assert refused.status == 422
    assert 'id="wrong-reason"' in refused.body.decode()
    assert 'value="90"' in refused.body.decode()
    nothing = send(hands, path, page, reason="因为", do="look")
    assert nothing.status == 422
    assert re.search('role="alert">[^<]*[㐀-鿿]', nothing.body.decode())
    words = send(hands, path, page, **{"amounts.n0.is": "many", "reason": "x"}, do="look")
    assert "many" in words.body.decode()


def test_an_amount_waits_for_a_second_person_who_sees_what_changes(mine):
    index = booked(mine, "A-1", "100")
    hands, path = Hands(mine), f"/correct/{index}"
    page = hands.get(f"{path}?kind=adjust")
    shown = send(hands, path, page, **{"amounts.n0.is": "90.5", "reason": "misread"}, do="look").body.decode()
    assert re.search(r"100 kg.*?90\.5 kg", shown, re.DOTALL)
    assert "needs a second person" in shown
    assert location(send(hands, path, shown, do="record")) == "/corrections"
    second = Hands(mine, role="second")
    waiting = second.get("/corrections")
    assert re.search(r"A-1.*?100 kg.*?90\.5 kg", waiting, re.DOTALL)
    draft = re.search(r'name="draft" value="(\w+)"', waiting)[1]
    assert location(second.post("/corrections", {"draft": draft, "do": "approve"})) == "/corrections"
    assert "90.5 kg" in second.get(f"/entries/{index}")
    assert "amount changed" in second.get(f"/entries/{index}")


def test_a_slip_is_put_right_along_its_way(mine):
    index = booked(mine, "U-1", "100")
    step = {"process": "blend", "site": "main"}
    made = {"product": _product(mine), "quantity": kg("100"), "lot_no": "U-2"}
    taken = {"batch": "U-1", "quantity": kg("100")}
    body = {"steps": [step], "inputs": [taken], "outputs": [made]}
    used = mine.record("/api/v1/transformations", body)["entry"]["index"]
    hands, path = Hands(mine), f"/correct/{index}"
    page = hands.get(f"{path}?kind=adjust")
    assert f'href="/entries/{used}"' in page
    alone = send(hands, path, page, **{"amounts.n0.is": "82", "reason": "18 too much"}, do="look")
    assert alone.status == 422
    assert "U-1" in alone.body.decode()
    both = send(hands, path, page, **{"amounts.n0.is": "82", "amounts.n1.is": "82", "reason": "18 too much"}, do="look")
    assert both.status == 422, "what came out is still more than what went in"
    reverse = hands.get(f"{path}?kind=reverse")
    refused = send(hands, path, reverse, reason="never was", do="look")
    assert refused.status == 422


def test_an_entry_is_undone(mine):
    index = booked(mine, "R-1")
    hands, path = Hands(mine), f"/correct/{index}"
    shown = send(hands, path, hands.get(f"{path}?kind=reverse"), reason="booked twice", do="look").body.decode()
    assert "is undone" in shown
    assert location(send(hands, path, shown, do="record")) == "/corrections"
    second = Hands(mine, role="second")
    draft = re.search(r'name="draft" value="(\w+)"', second.get("/corrections"))[1]
    assert location(second.post("/corrections", {"draft": draft, "do": "approve"})) == "/corrections"
    page = hands.get(f"/entries/{index}")
    assert "This entry was undone." in page
    assert f'href="/correct/{index}"' not in page


def test_a_draft_is_kept_gone_on_with_recorded_and_discarded(mine):
    index = booked(mine, "D-1")
    hands, path = Hands(mine), f"/correct/{index}"
    page = hands.get(f"{path}?kind=adjust")
    kept = send(hands, path, page, **{"amounts.n0.is": "70", "reason": "half a reason"}, do="draft")
    assert location(kept) == "/corrections"
    listed = hands.get("/corrections")
    again = re.search(rf'href="(/correct/{index}\?draft=(\w+))"', listed)
    page = hands.get(again[1])
    assert 'value="70"' in page
    assert "half a reason" in page
    fields = {**fields_of(page), "reason": "a whole reason", "do": "draft"}
    assert location(hands.post(path, fields, bare=True)) == "/corrections"
    listed = hands.get("/corrections")
    assert listed.count("?draft=") == 1, "one draft, changed"
    assert "a whole reason" in listed
    assert location(hands.post("/corrections", {"draft": again[2], "do": "seal"})) == "/corrections"
    listed = hands.get("/corrections")
    assert again[2] not in listed, "it waits under a number of its own"
    waiting = re.search(r'name="draft" value="(\w+)"', listed)[1]
    assert location(hands.post("/corrections", {"draft": waiting, "do": "withdraw"})) == "/corrections"


def test_a_draft_of_another_verb_is_told_in_words_and_recorded(mine):
    origin = {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"}
    body = {"product": _product(mine), "origin": origin, "quantity": kg("5"), "site": "main", "lot_no": "D-9"}
    saved = mine.post("/api/v1/drafts", {"verb": "register", "body": body})
    assert saved.status == 201, saved.body
    hands = Hands(mine)
    assert "D-9" in hands.get("/corrections")
    assert location(hands.post("/corrections", {"draft": saved.json()["draft"], "do": "seal"})) == "/corrections"
    assert mine.get("/api/v1/batches/D-9")["lot_no"] == "D-9"


def _product(mine):
    return mine.get("/api/v1/batches?limit=1")["batches"][0]["product"]


def test_what_a_partner_shares_is_said_with_his_name(world):
    mine, plant = world[MINE], world[PLANT]
    mine.register("S-1", "100")
    shipment = mine.ship(PLANT, {"batch": "S-1", "quantity": kg("20")})
    plant.await_arrival(shipment)
    plant.receive(shipment)
    mine.await_status(shipment, "received")
    mine.acknowledge(shipment)
    sent = next(
        one["index"] for one in reversed(mine.get("/api/v1/entries?limit=1000")["entries"]) if one["type"] == "shipped"
    )
    hands, path = Hands(mine), f"/correct/{sent}"
    page = hands.get(f"{path}?kind=adjust")
    refused = send(hands, path, page, **{"amounts.n0.is": "18", "reason": "weighed wrong"}, do="look")
    assert refused.status == 422, "whoever gives up goods goes first"
    got = next(one["index"] for one in reversed(plant.get("/api/v1/entries")["entries"]) if one["type"] == "received")
    there, path = Hands(plant), f"/correct/{got}"
    page = there.get(f"{path}?kind=adjust")
    shown = send(there, path, page, **{"amounts.n0.is": "18", "reason": "weighed wrong"}, do="look").body.decode()
    assert "must correct its own books too" in shown


def test_a_viewer_corrects_nothing(mine):
    viewer = Hands(mine, role="viewer")
    reply = mine.ask("GET", "/correct/1", headers={"cookie": viewer.cookies}, role=None)
    assert reply.status == 403
    assert 'href="/correct/' not in viewer.get("/entries/1")


@pytest.mark.parametrize("name", ["words", "words:int", "words[0].is.x", "amounts", "amounts.n0", "amounts[0].count"])
def test_a_form_that_is_not_ours_is_refused(mine, name):
    index = booked(mine, f"F-{name}")
    hands, path = Hands(mine), f"/correct/{index}"
    for kind in ("amend", "adjust"):
        page = hands.get(f"{path}?kind={kind}")
        fields = {**dict(re.findall(r'type="hidden" name="(csrf|key|kind)" value="([^"]*)"', page)), name: "7"}
        reply = hands.post(path, {**fields, "reason": "x", "do": "look"}, bare=True)
        assert reply.status == 422, reply.body
