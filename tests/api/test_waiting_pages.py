"""Findings and their answers, corrections and their approval, news of partners: on pages."""

import re

import pytest

from nodes import tokens
from tests.hands import Hands, location
from tests.nodes.test_courier import PROBLEM
from tests.world import World, answered, kg, until

MINE, PLANT = "mine.example", "plant.example"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("waiting"), MINE, PLANT) as world:
        world[MINE].register("A-1", "100")
        yield world


def test_a_finding_is_opened_and_answered(world):
    mine = Hands(world[MINE])
    told = world[MINE].get("/api/v1/findings")["findings"][0]
    assert told["id"] in mine.get("/findings")
    assert f"/findings/{told['id']}" in mine.get("/")
    page = mine.get(f"/findings/{told['id']}")
    assert told["text"]["en"].split(".")[0] in page.replace("&#39;", "'")
    empty = mine.post(f"/findings/{told['id']}", {"text": ""})
    assert empty.status == 422
    answer = "<b>The ticket</b> was lost"
    assert location(mine.post(f"/findings/{told['id']}", {"text": answer})) == f"/findings/{told['id']}"
    assert "&lt;b&gt;The ticket&lt;/b&gt; was lost" in mine.get(f"/findings/{told['id']}")
    assert told["id"] not in mine.get("/findings")
    assert told["id"] in mine.get("/findings?all=true")


def test_what_moves_goods_waits_for_a_second_person(world):
    mine = world[MINE]
    mine.register("A-2", "50")
    index = next(one["index"] for one in reversed(mine.get("/api/v1/entries?type=registered")["entries"]))
    body = {"kind": "reverse", "entry": index, "reason": "booked twice"}
    proposed = mine.post("/api/v1/corrections", body)
    assert proposed.status == 202, proposed.body
    draft = proposed.json()["draft"]
    writer = Hands(mine)
    assert draft in writer.get("/corrections")
    assert 'value="approve"' not in writer.get("/corrections"), "nobody approves of himself"
    alone = writer.post("/corrections", {"draft": draft, "do": "approve"})
    assert alone.status in (403, 422)
    mine._tokens["second"] = tokens.mint(mine.node.store, "Wang", "supervisor", mine.clock)
    second = Hands(mine, role="second")
    assert "waits for approval" in second.get("/")
    assert location(second.post("/corrections", {"draft": draft, "do": "approve"})) == "/corrections"
    assert draft not in second.get("/corrections")


def test_a_proposal_can_be_withdrawn(world):
    mine = world[MINE]
    mine.register("A-3", "50")
    index = next(one["index"] for one in reversed(mine.get("/api/v1/entries?type=registered")["entries"]))
    draft = mine.post("/api/v1/corrections", {"kind": "reverse", "entry": index, "reason": "no"}).json()["draft"]
    writer = Hands(mine, "zh")
    assert location(writer.post("/corrections", {"draft": draft, "do": "withdraw"})) == "/corrections"
    assert draft not in writer.get("/corrections")
    assert "没有待批准" in writer.get("/corrections")


def test_news_of_a_partner_names_the_goods(world):
    mine, plant = world[MINE], world[PLANT]
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("20")})
    plant.await_arrival(shipment)
    plant.receive(shipment)
    mine.await_status(shipment, "received")
    recall = {"kind": "quality", "text": "Send it back.", "lines": [{"batch": "A-1"}]}
    headers = {"idempotency-key": "recall"}
    assert mine.ask("POST", "/api/v1/recalls", recall, role="supervisor", headers=headers).status == 201
    world.settle()
    page = Hands(plant).get("/notices")
    assert "Send it back." in page
    assert re.search(r'href="/batches/[^"]+">[^<]*A-1', page)


def test_what_a_partner_does_not_take_is_told_until_it_does(tmp_path):
    """By its absence; a clerk sees it, and a supervisor has it brought without the pause."""
    with World(tmp_path, MINE, PLANT) as world:
        mine, plant = world[MINE], world[PLANT]
        clerk, chief = Hands(mine), Hands(mine, "zh", role="supervisor")
        assert "has been taken" in clerk.get("/undelivered")
        plant.stop()
        mine.register("A-1", "100")
        shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("40")})
        until(lambda: "/undelivered" in clerk.get("/"), "it stands on the board")
        page = clerk.get("/undelivered")
        assert "Messages: 1" in page
        assert "cannot be reached" in page
        assert "Try again now" not in page
        assert "立即重试" in chief.get("/undelivered")
        with mine.node.store.write() as conn:  # put off for so long that nobody waits for it
            conn.execute("UPDATE deliveries SET next_at = '2999-01-01T00:00:00.000Z', error = 'away'")
        refused = clerk.post("/undelivered", {"to": PLANT, "csrf": csrf(clerk)})
        assert refused.status == 403
        plant.start()
        assert location(chief.post("/undelivered", {"to": PLANT, "csrf": csrf(chief)})) == "/undelivered"
        plant.await_arrival(shipment)
        until(lambda: "/undelivered" not in clerk.get("/"), "the board is rid of it")


def test_what_a_partner_refuses_for_good_is_told_with_its_reason(tmp_path):
    with World(tmp_path, MINE, PLANT) as world:
        mine = world[MINE]
        world.network.rule(answered(422, PROBLEM, content_type="application/problem+json"), kind="handover")
        mine.register("A-1", "100")
        shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("40")})
        mine.await_status(shipment, "undeliverable")
        for language, words, why in (
            ("en", "Refused for good", "It is not for us."),
            ("zh", "被永久拒收", "不是给我们的。"),
        ):
            hands = Hands(mine, language)
            page = hands.get("/undelivered")
            assert words in page
            assert f"offer-to-other{': ' if language == 'en' else '：'}{why}" in page
            assert "A-1" in hands.get(re.search(r'href="(/shipments/[^"]+)"', page)[1])


def csrf(hands):
    return re.search('name="csrf" value="([^"]+)"', hands.get("/"))[1]
