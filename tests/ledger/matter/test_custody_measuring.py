"""Samples, scales, stock-takes, and statements that move nothing, as worked stories.

What is refused, one by one: test_custody_status_refusals.py.
"""

import pytest

from ledger.matter.genealogy import Edge, Made, edges
from ledger.matter.genealogy import made as making
from ledger.matter.stock import Pool
from tests.ledger.matter.story import AT, KG, SITE, World, answer, made, measured, part, unit

ORE = "ion_clay_mixed_oxide"


@pytest.fixture
def world() -> World:
    """The mine has 100 kg of ore: drums of 50 kg and 30 kg on a pallet, 20 kg loose."""
    world = World()
    node = world["mine"]
    world.do(node.registered("ore", 100 * KG))
    world.do(node.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    world.do(node.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    return world


# -- sampled -------------------------------------------------------------------------------------------------------


def test_samples_are_batches_of_their_own_and_add_up(world):
    node = world["mine"]
    event = world.do(
        node.sampled(
            [part("ore", 300)], [made("lab", 100, product=ORE), made("kept", 200, product=ORE)], use="retained"
        )
    )
    assert (node.mg("ore"), node.mg("lab"), node.mg("kept")) == (100 * KG - 300, 100, 200)
    assert making(event) == [Made(node.id(name), ORE, name, AT) for name in ("lab", "kept")]
    assert edges(event) == [Edge(node.id(name), node.id("ore"), 300) for name in ("lab", "kept")]


def test_a_drum_that_is_sampled_holds_less_and_its_label_is_told(world):
    node = world["mine"]
    event = world.do(node.sampled([part("ore", 500, units=["D-1"])], [made("lab", 500, product=ORE)]))
    assert {row["unit"]: row["net_mg"] for row in event.items("nets.public")} == {
        node.id("D-1"): 50 * KG - 500,
        node.id("P-1"): 80 * KG - 500,
    }
    assert [node.unit(name).net_mg for name in ("D-1", "D-2", "P-1")] == [50 * KG - 500, 30 * KG, 80 * KG - 500]
    assert node.batch("ore").packed_mg == 80 * KG - 500
    world.do(node.shipped("S", "smelter", part("ore", 80 * KG - 500, units=["P-1", "D-1", "D-2"])))


def test_drums_are_sampled_one_by_one_in_one_event(world):
    node = world["mine"]
    rows = [part("ore", 100, units=["D-1"]), part("ore", 100, units=["D-2"]), part("ore", 100)]
    world.do(node.sampled(rows, [made("lab", 300, product=ORE)]))
    assert [node.unit(name).net_mg for name in ("D-1", "D-2", "P-1")] == [50 * KG - 100, 30 * KG - 100, 80 * KG - 200]
    assert node.mg("ore") == 100 * KG - 300


def test_a_whole_drum_may_be_the_sample(world):
    node = world["mine"]
    world.do(node.unpacked("P-1"))
    world.do(node.sampled([part("ore", 30 * KG, units=["D-2"])], [made("kept", 30 * KG, product=ORE)], use="retained"))
    assert (node.unit("D-2").state, node.mg("kept")) == ("emptied", 30 * KG)


def test_samples_of_others_goods_are_theirs(world):
    node, other = world["mine"], world["smelter"]
    offer = world.do(node.shipped("S", "smelter", part("ore", 20 * KG), purpose="processing"))
    world.do(other.received(offer, answer()))
    world.do(other.sampled([part("ore", 200, owner="mine.example")], [made("lab", 200, product=ORE)]))
    assert [held.owner for held in other.batch("lab").loose] == ["mine.example"]


def test_pieces_are_sampled_out_of_a_carton():
    world = World()
    node = world["magnets"]
    world.do(node.registered("blocks", 10 * KG, count=100, product="prnd_oxide"))
    world.do(node.packed("blocks", [unit("B-1", 4 * KG, count=40)]))
    world.do(node.sampled([part("blocks", 200_000, count=2, units=["B-1"])], [made("lab", 200_000, count=2)]))
    assert (node.unit("B-1").net_mg, node.unit("B-1").count) == (3_800_000, 38)
    assert (node.batch("blocks").count, node.batch("lab").count) == (98, 2)


# -- remeasured ----------------------------------------------------------------------------------------------------


def test_loose_goods_are_set_to_what_the_scale_says(world):
    node = world["mine"]
    world.do(node.remeasured(measured("ore", 20 * KG + 5)))
    assert node.mg("ore") == 100 * KG + 5
    world.do(node.remeasured(measured("ore", 18 * KG, before=20 * KG + 5), kind="dried"))
    assert node.batch("ore").holding(SITE, "").mg == 18 * KG


def test_a_unit_keeps_its_id_and_every_unit_it_stands_in_weighs_the_difference(world):
    node = world["mine"]
    event = world.do(node.remeasured(measured("ore", 49 * KG, unit="D-1"), measured("ore", 31 * KG, unit="D-2")))
    assert [node.unit(name).net_mg for name in ("D-1", "D-2", "P-1")] == [49 * KG, 31 * KG, 80 * KG]
    told = {row["unit"]: row["net_mg"] for row in event.items("nets.public")}
    assert told == {node.id("D-1"): 49 * KG, node.id("D-2"): 31 * KG, node.id("P-1"): 80 * KG}
    world.do(node.unpacked("P-1"))
    world.do(node.unpacked("D-1"))
    assert node.mg("ore") == 100 * KG


def test_a_weighing_that_confirms_the_books_changes_no_label(world):
    node = world["mine"]
    event = world.do(node.remeasured(measured("ore", 50 * KG, unit="D-1"), measured("ore", 20 * KG)))
    assert list(event.items("nets.public")) == []
    assert node.mg("ore") == 100 * KG


def test_pieces_stay_as_they_are_unless_they_are_told():
    world = World()
    node = world["magnets"]
    world.do(node.registered("blocks", 10 * KG, count=100))
    world.do(node.packed("blocks", [unit("B-1", 4 * KG, count=40)]))
    world.do(node.remeasured(measured("blocks", 5 * KG)))
    world.do(node.remeasured(measured("blocks", 4 * KG, unit="B-1", count=39), kind="other", reason="one was broken"))
    assert (node.mg("blocks"), node.batch("blocks").count) == (9 * KG, 99)
    assert node.unit("B-1").count == 39


# -- counted -------------------------------------------------------------------------------------------------------


def test_a_stock_take_books_loss_and_gain_openly(world):
    node = world["mine"]
    world.do(node.registered("more", 5 * KG))
    world.do(node.counted(measured("ore", 19 * KG), measured("more", 5 * KG + 1), measured("ore", KG, site="yard")))
    assert (node.mg("ore"), node.mg("more")) == (100 * KG, 5 * KG + 1)
    world.do(node.counted(measured("more", 0)))
    assert (node.mg("more"), node.batch("more").loose) == (0, ())


def test_a_stock_take_that_agrees_needs_no_reason(world):
    node = world["mine"]
    world.do(node.counted(measured("ore", 20 * KG), measured("ore", 0, site="yard"), reason=None))
    assert node.mg("ore") == 100 * KG


def test_pieces_are_counted_too():
    world = World()
    node = world["magnets"]
    world.do(node.registered("blocks", 10 * KG, count=100))
    world.do(node.counted(measured("blocks", 10 * KG, count=98)))
    assert (node.mg("blocks"), node.batch("blocks").count) == (10 * KG, 98)


def test_a_unit_that_is_not_found_is_missing_until_it_turns_up(world):
    node = world["mine"]
    world.do(node.unpacked("P-1"))
    world.do(node.counted(measured("ore", 0, unit="D-1"), measured("ore", 30 * KG, unit="D-2")))
    assert (node.unit("D-1").state, node.batch("ore").packed_mg) == ("missing", 30 * KG)
    world.do(node.counted(measured("ore", 50 * KG, unit="D-1", site="yard")))
    assert (node.unit("D-1").state, node.unit("D-1").site) == ("here", "yard")
    assert node.mg("ore") == 100 * KG
    world.do(node.unpacked("D-1"))


def test_a_drum_that_a_receipt_booked_as_missing_may_turn_up(world):
    node, other = world["mine"], world["smelter"]
    offer = world.do(node.shipped("S", "smelter", part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])))
    fates = {"P-1": "missing: gone", "D-1": "missing: gone", "D-2": "accepted"}
    world.do(other.received(offer, answer(accepted=30 * KG, missing=50 * KG, units=fates)))
    world.do(other.counted(measured("ore", 50 * KG, unit="D-1", owner="mine.example")))
    assert (other.mg("ore"), other.unit("D-1").inside) == (80 * KG, None)


def test_a_stock_take_looks_into_known_pools(world):
    node = world["mine"]
    pool = Pool("sx-1", "0" * 26, SITE, "separation")
    node.view[pool.key] = pool
    world.do(node.counted(pools=["sx-1"], reason=None))
    assert node.view == {**node.view, pool.key: pool}


# -- what moves nothing --------------------------------------------------------------------------------------------


def test_a_batch_is_assayed_where_it_is_known_and_in_a_laboratory_that_only_had_a_sample(world):
    node, lab = world["mine"], world["lab"]
    before = dict(node.view)
    world.do(node.assayed("ore"))
    world.do(lab.assayed("ore"))
    world.do(node.assay_agreed("ore", "umpire", umpire={"basis": "dried"}))
    world.do(node.assay_agreed("ore", "mean", own={"basis": "dried"}, other={"basis": "dried"}))
    assert node.view == before
    assert lab.view == {}


def test_statements_move_nothing():
    world = World()
    for event in (
        world["mine"].reported("2026-11"),
        world["mine"].answered(),
        world["authority"].quota_granted("mine", 100 * KG, kind="mining"),
        world["authority"].attested("mine.example/log", "custody", "balance", "provenance"),
    ):
        world.do(event)
    assert not any(node.view for node in world.nodes.values())
