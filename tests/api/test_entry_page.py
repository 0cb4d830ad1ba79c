"""One entry as a person reads it: every field by a name, every code as a word, and what became of it."""

import re

import pytest

from api.screens.fields import FIELDS, UNTOLD
from api.screens.named import NAMED
from ledger.matter.event_types import EVENT_TYPES, ROWS
from nodes.devices import new_key, signed
from tests.bookkeeping import recorded
from tests.hands import Hands
from tests.world import World, kg

MINE, PLANT = "mine.example", "plant.example"
MINED = {"class": "mined", "country": "CN"}
SCRIPTED = "<script>alert(1)</script>\u202e🧲"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two members with entries of many types."""
    with World(tmp_path_factory.mktemp("entries"), MINE, PLANT) as world:
        mine, plant = world[MINE], world[PLANT]
        mine.register("A-1", "100", documents=[{"kind": "weigh_ticket", "no": SCRIPTED}])
        mine.register("A-2", "50")
        mine.pack("A-1", "D-1", "D-2")
        shipment = mine.ship(PLANT, {"batch": "A-1", "units": ["D-1"], "quantity": kg("20")})
        plant.await_arrival(shipment)
        plant.receive(shipment)
        mine.await_status(shipment, "received")
        mine.acknowledge(shipment)
        words = [{"path": "batch.lot_no", "is": "A-2b"}]
        mine.record("/api/v1/corrections", {"kind": "amend", "entry": 2, "words": words, "reason": "the label says so"})
        mine.await_checkpoint()
        yield world


def test_every_field_and_type_has_a_name():
    fields = {name for slots in EVENT_TYPES.values() for slot in slots for name in slot.kinds}
    fields |= {name for row in ROWS.values() for name in row}
    assert fields - FIELDS.keys() - UNTOLD == set()
    assert EVENT_TYPES.keys() - NAMED["event"].keys() == set()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_entry_is_told_in_words(world, language):
    for member in world:
        hands = Hands(member, language)
        entries = member.get("/api/v1/entries")["entries"]
        for one in entries:
            page = hands.get(f"/entries/{one['index']}")
            assert "<script>alert" not in page
            names = re.findall(r"<(?:dt|th)>([^<]+)</", page)
            assert [name for name in names if re.search(r"[a-z]_[a-z]", name)] == []
            if language == "zh":
                assert [name for name in names if not re.search("[㐀-鿿]", name)] == [], one["type"]


def test_an_entry_leads_to_what_it_is_about(world):
    batch = world[MINE].get("/api/v1/batches/A-1")["batch"]
    page = Hands(world[MINE]).get("/entries/1")
    assert f'href="/batches/{batch}"' in page
    assert "weigh ticket" in page
    assert "100 kg" in page
    assert SCRIPTED[-2:] in page


def test_an_entry_tells_its_correction_and_the_correction_its_entry(world):
    hands = Hands(world[MINE])
    page = hands.get("/entries/2")
    assert "This entry was corrected." in page
    assert "A-2b" in page
    index = re.search(r'Its corrections.*?href="/entries/(\d+)"', page, re.DOTALL)[1]
    correction = hands.get(f"/entries/{index}")
    assert 'href="/entries/2"' in correction
    assert "the label says so" in correction


def test_an_entry_says_who_proves_it(world):
    page = Hands(world[MINE]).get("/entries/1")
    assert "proven by the checkpoint" in page
    evidence = world[MINE].ask("GET", "/api/v1/entries/1/evidence")
    assert evidence.status == 200
    assert evidence.json()["format"] == "lodetrace evidence v1"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Recorded by the device yard-2 without a network, signed, number 12, at "),
        ("zh", "由设备 yard-2 离线记录并签名，编号 12，时间 "),
    ],
)
def test_what_a_device_recorded_is_told_with_the_entry_and_the_goods(world, tmp_path, language, said):
    mine, key = world[MINE], tmp_path / "scale.pem"
    recorded(mine, "/api/v1/devices", {"device": "yard-2", "key": new_key(key, "yard-2")})
    lot, number = f"Y-{language}", {"en": 12, "zh": 13}[language]
    body = {"product": "ion_clay_mixed_oxide", "lot_no": lot, "quantity": kg("50"), "origin": MINED}
    at = "2026-01-05T08:00:00+08:00"
    made = mine.record("/api/v1/batches", signed(key, f"{MINE}/log", "yard-2", number, at, "register", body))
    for path in (f"/entries/{made['entry']['index']}", f"/batches/{lot}"):
        assert said.replace("12", str(number)) in Hands(mine, language).get(path)
    assert "yard-2" not in Hands(mine, language).get("/entries/1")


@pytest.mark.parametrize("index", ["999", "x", "9" * 30, "-1"])
def test_what_is_no_entry_is_said_so(world, index):
    reply = world[MINE].ask("GET", f"/entries/{index}", headers={"cookie": Hands(world[MINE]).cookies}, role=None)
    assert reply.status == 404, reply.body[:200]


def test_a_finding_tells_its_numbers_by_name(world):
    found = world[MINE].get("/api/v1/findings")["findings"]
    for one in found:
        page = Hands(world[MINE], "zh").get(f"/findings/{one['id']}")
        assert re.findall(r"<td>[a-z_]+</td>", page) == []
    assert found


def test_findings_are_told_by_what_belongs_together(world):
    cases = world[MINE].get("/api/v1/cases")["cases"]
    page = Hands(world[MINE]).get("/findings?cases=true&all=true")
    assert page.count('<section class="card">') == len(cases)
    assert all(one["id"] in page for case in cases for one in case)


@pytest.mark.parametrize(("language", "said"), [("en", "China: mined"), ("zh", "中国开采")])
def test_where_goods_come_from_is_said_in_words(world, language, said):
    assay = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}
    world[MINE].register(f"O-{language}", "10", product="prnd_oxide", assay=assay)
    page = Hands(world[MINE], language).get(f"/batches/O-{language}")
    assert "CN/" not in page
    assert said in page


def test_all_units_of_a_batch_are_shown_page_by_page_and_held(world):
    mine = world[MINE]
    mine.register("MANY", "1000")
    mine.pack("MANY", *(f"Q-{number:03d}" for number in range(230)), net="1")
    hands = Hands(mine, role="supervisor")
    page = hands.get("/batches/MANY")
    assert "Q-229" in page
    assert "Q-000" not in page
    older = hands.get("/batches/MANY" + re.search(r'href="(\?before=\d+)"', page)[1])
    assert "Q-000" in older
    assert "Q-229" not in older
    held = hands.post("/batches/MANY/hold", {"kind": "quality", "reason": "checked again"})
    assert held.status == 303, held.body
    last = mine.get("/api/v1/entries?limit=1000&type=held")["entries"][-1]["event"]
    assert sum(len(line.get("units", ())) for line in last["lines.authority"]) == 230
