"""What organisations, countries and fields are called on English pages: nothing Chinese, no code, no node's name."""

import html
import re
from urllib.parse import quote

import pytest

from tests.hands import Hands
from tests.nodes.test_oversight import cast
from tests.overseen import worked_out
from tests.world import World, kg

MINE, PLANT, AUTHORITY = NAMES = ("one.example", "two.example", "authority.example")
CALLED = {
    MINE: ("龙南矿业", "Longnan Mining"),
    PLANT: ("赣南分离厂", "Gannan Separation"),
    AUTHORITY: ("监管", "Centre"),
}
CHINESE = re.compile(r"[\u3400-\u9fff]")
OURS = {"磁迹", "中文"}
ASSAY = {"basis": "ignited", "total_reo_pct": "92", "distribution_pct": [["Nd", "98"]], "others_pct": "2"}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A mine sends a plant goods, corrects them, and calls them back."""
    with cast(World(tmp_path_factory.mktemp("english"), *NAMES, called=CALLED)) as world:
        mine, plant = world[MINE], world[PLANT]
        weighing = {"gross": "150", "tare": "50", "unit": "kg", "scale": "WB-2", "scale_kind": "weighbridge"}
        batch = mine.register("A-1", "100", assay=ASSAY, weighing=weighing)
        shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("40")})
        plant.await_arrival(shipment)
        plant.receive(shipment)
        mine.await_status(shipment, "received")
        mine.ship(PLANT, {"batch": "A-1", "quantity": kg("5")})
        recall = {"kind": "quality", "text": "Send it back.", "lines": [{"batch": "A-1"}]}
        reply = mine.ask(
            "POST", "/api/v1/recalls", recall, role="supervisor", headers={"idempotency-key": "recall of A-1"}
        )
        assert reply.status == 201, reply.body
        world.settle()
        yield world, batch


def words(page):
    """The texts of a page, as they are read."""
    return [text.strip() for text in html.unescape(re.sub(r"<[^>]+>", "\n", page)).splitlines() if text.strip()]


def in_english(member, path, role="clerk"):
    page = words(Hands(member, role=role).get(path))
    assert [one for one in page if CHINESE.search(one) and one not in OURS] == [], path
    return " | ".join(page)


def test_news_and_shipments_name_the_organisation(told):
    world, _ = told
    assert "Longnan Mining: goods recalled" in in_english(world[PLANT], "/")
    assert "Longnan Mining: goods recalled" in in_english(world[PLANT], "/notices")
    assert "Gannan Separation" in in_english(world[MINE], "/shipments")
    assert "Gannan Separation" in in_english(world[MINE], "/ship")
    assert "龙南矿业" in Hands(world[PLANT], "zh").get("/notices")


def test_a_trace_names_organisations_and_countries(told):
    world, batch = told
    assert "Longnan Mining · China" in in_english(world[MINE], f"/trace/{batch}?direction=forward")
    origin = f"{MINE}/log#{batch}"
    assert "Longnan Mining · China" in in_english(world[PLANT], f"/trace/{quote(origin, safe='')}")
    assert "龙南矿业 · 中国" in Hands(world[MINE], "zh").get(f"/trace/{batch}")


def test_the_flows_of_a_year_name_everybody(told):
    world, _ = told
    authority = world[AUTHORITY]
    year = authority.get("/api/v1/deposits/balances")["balances"][0]["month"][:4]
    page = in_english(authority, f"/flows?year={year}&element=Nd")
    assert "Longnan Mining | Gannan Separation" in page
    assert "under way, or lost on it: Gannan Separation" in page
    picture = authority.ask(
        "GET",
        f"/api/v1/deposits/flows?year={year}&element=Nd&lang=en",
        role="viewer",
        headers={"accept": "image/svg+xml"},
    )
    assert not CHINESE.search(picture.body.decode())
    assert "龙南矿业" in Hands(authority, "zh").get(f"/flows?year={year}&element=Nd")


def test_countries_and_fields_are_words(told):
    world, _ = told
    worked_out(world[AUTHORITY])
    member = words(Hands(world[AUTHORITY], role="viewer").get(f"/members/{MINE}"))
    assert "China" in member
    assert "CN" not in member
    assert "mined here | , | China" in in_english(world[MINE], "/register")
    entry = in_english(world[MINE], "/entries/1")
    assert "Kind of scale" in entry
    assert "Other oxides, not told apart" in entry
    assert "scale_kind" not in entry
