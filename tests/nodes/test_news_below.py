"""A correction of the first handover is heard of to the end of the chain, on boards and on scan pages."""

import json

import pytest

from api.screens.named import origin_name
from ledger.matter.quantities import show_mg
from nodes.board import board
from tests.bookkeeping import ASSAY, approved
from tests.hands import Hands
from tests.nodes.test_downstream import batch, give, notices, opened, page, scan
from tests.world import World, kg, until

CHAIN = MINE, PLANT, MAKER, MOTOR = ("mine.example", "plant.example", "maker.example", "motor.example")


def make(member, product, lot, *inputs, process="blend", mass="50"):
    outputs = [{"product": product, "lot_no": lot, "quantity": kg(mass)}]
    lines = [{"batch": code, "quantity": kg(much)} for code, much in inputs]
    member.record("/api/v1/transformations", {"steps": [{"process": process}], "inputs": lines, "outputs": outputs})


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Ore is blended with the plant's own, becomes magnets and motors; then the first shipment turns out larger."""
    with World(tmp_path_factory.mktemp("news"), *CHAIN) as made:
        mine, plant, maker, motor = (made[name] for name in CHAIN)
        mine.register("ORE", "100", assay=ASSAY)
        give(made, MINE, PLANT, {"batch": "ORE", "quantity": kg("50")})
        abroad = {"class": "imported", "country": "MM", "feed_class": "import_ion"}
        plant.register("OWN", "50", assay=ASSAY, origin=abroad)
        make(plant, "ion_clay_mixed_oxide", "MIX", ("ORE", "50"), ("OWN", "50"), mass="100")
        made.drum = plant.pack("MIX", "D-1", net="10")[0]["label_url"]
        give(made, PLANT, MAKER, {"batch": "MIX", "quantity": kg("60")})
        make(maker, "ndfeb_magnet", "MAG", ("MIX", "60"), process="sinter")
        give(made, MAKER, MOTOR, {"batch": "MAG", "quantity": kg("40")})
        make(motor, "motor", "MOT", ("MAG", "40"), process="assemble", mass="40")
        made.label = motor.pack("MOT", "M-1", net="20")[0]["label_url"]
        until(lambda: scan(motor, made.label).get("genuine"), "the motor's history is published")
        made.before = scan(motor, made.label)
        shipment = mine.get("/api/v1/shipments")["shipments"][-1]["shipment"]
        mine.acknowledge(f"{MINE}/log#{shipment}")
        shipped = mine.get("/api/v1/entries?type=shipped")["entries"][0]["index"]
        less = {"entry": shipped, "side": "shipped", "batch": "ORE", "more": kg("10")}
        given = approved(mine, {"kind": "adjust", "reason": "tare forgotten", "lines": [less]})["entry"]["index"]
        until(lambda: plant.get("/api/v1/notices")["notices"])
        ore = f"{MINE}/log#{batch(mine, 'ORE')['batch']}"
        entries = {
            one["type"]: one["index"]
            for one in plant.get("/api/v1/entries")["entries"]
            if one["type"] in ("received", "transformed")
        }
        lines = [
            {"entry": entries["received"], "side": "received", "batch": ore, "more": kg("10")},
            {"entry": entries["transformed"], "side": "used", "batch": ore, "more": kg("10")},
            {"entry": entries["transformed"], "side": "made", "batch": "MIX", "more": kg("10")},
        ]
        consent = {"log": f"{MINE}/log", "index": given}
        approved(plant, {"kind": "adjust", "reason": "as agreed", "lines": lines, "consent": consent})
        until(lambda: len(batch(motor, "MOT")["upstream_corrections"]) == 3)
        made.settle()
        yield made


def test_the_motor_makers_board_tells_of_it(told):
    motor = told[MOTOR]
    news = board(motor.node, "Li", supervisor=False).news
    assert sorted((one["log"], one["type"]) for one in news.rows) == [
        (f"{MINE}/log", "adjusted"),
        (f"{PLANT}/log", "adjusted"),
    ]
    assert "/notices" in Hands(motor).get("/")
    assert [one["cover"]["sender"] for one in notices(told, MOTOR)] == [MAKER, MAKER], "by its supplier, each once"
    assert not any(word in opened(notices(told, MOTOR)) for word in ("delta_mg", "tare", "agreed"))


def test_the_motors_scan_page_says_that_something_before_it_was_corrected(told):
    found = scan(told[MOTOR], told.label)
    assert (told.before["status"], told.before["corrections"]) == ("valid", [])
    assert found["status"] == "corrected"
    assert {(one["of"], *one["kinds"]) for one in found["corrections"]} == {("before", "adjusted")}
    assert all(one["at"][:4].isdigit() for one in found["corrections"])
    assert {one["organisation"] for one in found["corrections"]} == {None}, "of others only that it was so"
    assert found["shares"] == {}, "what it was made of was told by others, and stays as it was told"
    for language, words in (("en", "At an earlier step"), ("zh", "此前的环节")):
        assert words in page(told[MOTOR], told.label, language)


def test_what_was_and_what_is_of_goods_told_anew_is_in_shares_and_never_in_masses(told):
    """The drum of the blend: half of it was from abroad, now five in eleven parts."""
    found = scan(told[PLANT], told.drum)
    assert ("this", "adjusted") in {(one["of"], *one["kinds"]) for one in found["corrections"]}
    abroad = found["shares"]["Dy"]["MM/import_ion"]
    assert (round(abroad["was"], -6), round(abroad["is"], -6)) == (500_000_000, 455_000_000)
    shown = page(told[PLANT], told.drum, "en")
    assert "50 %" in shown
    assert "45.5 %" in shown
    text = json.dumps(found)
    masses = [110_000_000, 100_000_000, 60_000_000]
    assert not any(str(mg) in text or show_mg(mg) in shown for mg in masses)


def test_origins_that_are_not_told_apart_are_called_so(told):
    node = told[PLANT].node
    assert origin_name(node, "ZZ/other", "en") == "other origins, not told apart"
    assert origin_name(node, "ZZ/other", "zh") == "其他来源（不再区分）"
    assert origin_name(node, "CN/mined", "en") == "China: mined"
