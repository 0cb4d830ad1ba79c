"""Receiving and shipping by hand, on two nodes that trade: scanned, weighed, decided; and anything that is scanned."""

import re
from io import BytesIO
from urllib.parse import quote

import pytest
from PIL import Image

from nodes.photos import PIXELS_MAX
from tests.hands import Hands, location
from tests.world import World, kg

MINE, PLANT = "mine.example", "plant.example"


@pytest.fixture(scope="module")
def trade(tmp_path_factory):
    """(world, label addresses of three drums at the mine)."""
    with World(tmp_path_factory.mktemp("hands"), MINE, PLANT) as world:
        mine = world[MINE]
        mine.register("A-1", "100")
        yield world, {one["serial"]: one["label_url"] for one in mine.pack("A-1", "D-1", "D-2", "D-3")}


def arrived(world, *serials):
    shipment = world[MINE].ship(PLANT, {"batch": "A-1", "units": list(serials)})
    world[PLANT].await_arrival(shipment)
    return shipment, f"/receive/{quote(shipment, safe='')}"


def test_drums_are_shipped_by_scanning_and_received_by_scanning(trade):
    world, labels = trade
    mine, plant = Hands(world[MINE]), Hands(world[PLANT])
    page = mine.post("/ship", {"do": "add", "add": labels["D-1"]})
    assert (page.status, b"D-1" in page.body) == (200, True)
    rows = dict(re.findall(r'name="(lines\[0\]\.[^"]+)" value="([^"]*)"', page.body.decode()))
    sent = location(mine.post("/ship", {**rows, "do": "ship", "to.node": PLANT, "purpose": "sale"}))
    shipment = f"{MINE}/log#{sent.rpartition('/')[2]}"
    world[PLANT].await_arrival(shipment)
    assert MINE in plant.get("/arrivals") or "mine" in plant.get("/arrivals")
    assert re.search(
        r'<a href="/receive/[^"]+">(?:(?!</a>).)*A-1(?:(?!</a>).)* kg · ', plant.get("/arrivals"), re.DOTALL
    )
    where = f"/receive/{quote(shipment, safe='')}"
    ticked = plant.post(where, {"do": "scan", "scan": labels["D-1"]}).body.decode()
    assert "✓ D-1" in ticked
    weighed = {"lines[0].weighed.value": "9.99", "lines[0].units[0].state": "accepted"}
    told = plant.post(f"{where}/preview", {**hidden(plant, where), **weighed}, bare=True).body.decode()
    assert "-0.01 kg" in told
    location(plant.post(where, {**weighed, "do": "receive"}))
    assert world[PLANT].shipment(shipment)["status"] == "received"
    world[MINE].await_status(shipment, "received")
    location(mine.post(sent, {"do": "agree"}))
    assert world[MINE].shipment(shipment)["status"] == "acknowledged"


def hidden(hands, path):
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', hands.get(path)))


def test_a_difference_beyond_the_scales_wants_a_reason_and_keeps_what_was_typed(trade):
    world, _ = trade
    plant = Hands(world[PLANT])
    shipment, where = arrived(world, "D-2")
    assert "✓ D-2" in plant.post(where, {"do": "scan", "scan": "d-2"}).body.decode(), "as a phone's keyboard writes it"
    light = {"lines[0].weighed.value": "8", "lines[0].units[0].state": "accepted"}
    refused = plant.post(where, {"do": "receive", **light})
    assert refused.status == 422
    assert b'value="8"' in refused.body
    assert b"told bad" in refused.body
    location(plant.post(where, {"do": "receive", **light, "lines[0].reason": "wet bag"}))
    assert world[PLANT].shipment(shipment)["lines"][0]["accepted_mg"] == 10_000_000
    world[MINE].await_status(shipment, "received")
    for page in (plant.get(where), Hands(world[MINE]).get(f"/shipments/{shipment.partition('#')[2]}")):
        assert "<dd>8 kg</dd>" in page
        assert "-2 kg" in page
        assert "wet bag" in page


def test_everything_may_be_declined(trade):
    world, _ = trade
    plant = Hands(world[PLANT])
    shipment, where = arrived(world, "D-3")
    location(plant.post(where, {"do": "decline", "reason": "not ordered"}))
    assert world[PLANT].shipment(shipment)["status"] == "declined"
    world[MINE].await_status(shipment, "declined")
    for page in (plant.get(where), Hands(world[MINE]).get(f"/shipments/{shipment.partition('#')[2]}")):
        assert "not ordered" in page


@pytest.mark.parametrize("code", ["D-9", "https://elsewhere.example/q/xyz", "<script>alert(1)</script>"])
def test_a_code_of_something_else_is_told_in_words(trade, code):
    world, _ = trade
    plant = Hands(world[PLANT], "zh")
    loose = world[MINE].ship(PLANT, {"batch": "A-1", "quantity": kg("1")})
    world[PLANT].await_arrival(loose)
    page = plant.post(f"/receive/{quote(loose, safe='')}", {"do": "scan", "scan": code})
    assert page.status == 422
    assert b"wrong-scan" in page.body
    assert b"<script>alert" not in page.body


def png(width, height):
    made = BytesIO()
    Image.new("L", (width, height), 255).save(made, "PNG")
    return made.getvalue()


def test_anything_scanned_leads_to_what_it_is(trade):
    world, labels = trade
    mine, plant = Hands(world[MINE]), Hands(world[PLANT])
    assert location(mine.post("/scan", {"code": "A-1"})).startswith("/batches/")
    assert location(mine.post("/scan", {"code": labels["D-1"]})).startswith("/batches/")
    foreign = location(plant.post("/scan", {"code": labels["D-3"]}))
    assert foreign.startswith(("/q/", "/batches/"))
    shipment, _ = arrived(world, "D-3") if world[MINE].get("/api/v1/units/D-3")["state"] == "here" else (None, None)
    if shipment:
        assert location(plant.post("/scan", {"code": shipment})).startswith("/receive/")


def test_a_photo_of_a_label_is_read_on_the_server(trade):
    world, _ = trade
    unit = next(one for one in world[MINE].get("/api/v1/units")["units"] if one["serial"] == "D-1")
    photo = world[MINE].ask("GET", f"/api/v1/units/{unit['unit']}/qr.png").body
    assert location(Hands(world[MINE]).post("/scan", {"code": ""}, photo=photo)).startswith("/batches/")


@pytest.mark.parametrize(
    "photo",
    [b"", b"not a picture", png(50, 50), png(20_000, PIXELS_MAX // 20_000 + 1)],
    ids=["none", "text", "blank", "huge"],
)
def test_a_photo_that_cannot_be_read(trade, photo):
    world, _ = trade
    page = Hands(world[MINE]).post("/scan", {"code": ""}, photo=photo)
    assert page.status == 422
    assert b"wrong-code" in page.body
