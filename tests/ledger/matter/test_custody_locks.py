"""Locks and ownership, as worked stories: what is held, pledged or recalled stays, and what may still happen to it.

What is refused, one by one: test_custody_status_refusals.py.
"""

import pytest

from ledger.errors import Refusal
from ledger.matter.events import Event
from ledger.matter.stock import Locked
from tests.ledger.matter.story import KG, SITE, Node, World, answer, made, measured, part, unit


@pytest.fixture
def world() -> World:
    """The mine has 100 kg of ore: drums of 50 kg and 30 kg, 20 kg loose."""
    world = World()
    node = world["mine"]
    world.do(node.registered("ore", 100 * KG))
    world.do(node.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    return world


def refused(world: World, event: Event) -> str:
    with pytest.raises(Refusal) as met:
        world.do(event)
    return met.value.code


def lock(node: Node, name: str) -> Locked:
    found = node.view["lock", node.id(name)]
    assert isinstance(found, Locked)
    return found


def owned(node: Node, batch: str) -> dict[str, int]:
    """Milligrams of a batch by owner, loose and in units."""
    found: dict[str, int] = {}
    for held in node.batch(batch).loose:
        found[held.owner] = found.get(held.owner, 0) + held.mg
    for state in node.view.values():
        if getattr(state, "batch", None) == node.id(batch) and state.state == "here" and not state.contains:
            found[state.owner] = found.get(state.owner, 0) + state.net_mg
    return found


# -- held ----------------------------------------------------------------------------------------------------------


def test_of_loose_goods_all_but_the_held_part_may_be_used(world):
    node = world["mine"]
    world.do(node.held("H", part("ore", 15 * KG)))
    assert refused(world, node.removed(part("ore", 5 * KG + 1))) == "goods-held"
    world.do(node.removed(part("ore", 5 * KG)))
    assert refused(world, node.removed(part("ore", 1))) == "goods-held"
    world.do(node.released("H"))
    world.do(node.removed(part("ore", 15 * KG)))
    assert node.batch("ore").locks == ()
    assert lock(node, "H").closed


def test_a_hold_is_on_the_goods_of_one_site_and_one_owner(world):
    node = world["mine"]
    world.do(node.moved(SITE, "yard", part("ore", 10 * KG)))
    world.do(node.held("H", part("ore", 10 * KG, site="yard")))
    world.do(node.removed(part("ore", 10 * KG)))
    assert refused(world, node.removed(part("ore", 1, site="yard"))) == "goods-held"


def test_a_held_drum_stays_and_the_other_goes(world):
    node = world["mine"]
    world.do(node.held("H", part("ore", 50 * KG, units=["D-1"])))
    for event in (
        node.removed(part("ore", 50 * KG, units=["D-1"])),
        node.moved(SITE, "yard", part("ore", 50 * KG, units=["D-1"])),
        node.unpacked("D-1"),
        node.packed("ore", [unit("P", 80 * KG, contains=["D-1", "D-2"])]),
        node.shipped("S", "smelter", part("ore", 50 * KG, units=["D-1"])),
        node.shipped("R", "smelter", part("ore", 50 * KG, units=["D-1"]), purpose="return"),
        node.transformed([part("ore", 50 * KG, units=["D-1"])], [made("x", KG)]),
        node.sampled([part("ore", KG, units=["D-1"])], [made("s", KG, product="ion_clay_mixed_oxide")]),
        node.title_transferred("smelter", part("ore", 50 * KG, units=["D-1"])),
        node.pledged("P", part("ore", 50 * KG, units=["D-1"])),
        node.dismantled(["D-1"], [made("y", KG)]),
    ):
        assert refused(world, event) == "unit-held", event.type
    world.do(node.removed(part("ore", 30 * KG, units=["D-2"])))
    world.do(node.released("H"))
    world.do(node.removed(part("ore", 50 * KG, units=["D-1"])))


def test_one_drum_of_a_pallet_is_held_and_the_pallet_waits_or_is_opened(world):
    node = world["mine"]
    world.do(node.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    world.do(node.held("H", part("ore", 30 * KG, units=["D-2"])))
    whole = part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])
    assert refused(world, node.shipped("S", "smelter", whole)) == "unit-held"
    world.do(node.unpacked("P-1"))
    world.do(node.shipped("S2", "smelter", part("ore", 50 * KG, units=["D-1"])))
    assert node.unit("D-2").locks == ((node.id("H"), "held"),)


def test_a_held_pallet_is_held_with_all_that_is_in_it(world):
    node = world["mine"]
    world.do(node.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    world.do(node.held("H", part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])))
    assert refused(world, node.unpacked("P-1")) == "unit-held"


def test_pieces_are_held_with_their_mass(world):
    node = world["magnets"]
    world.do(node.registered("blocks", 10 * KG, count=100))
    world.do(node.held("H", part("blocks", 4 * KG, count=90)))
    assert refused(world, node.removed(part("blocks", KG, count=11))) == "goods-held"
    world.do(node.removed(part("blocks", KG, count=10)))


def test_goods_held_twice_are_free_when_both_holds_ended(world):
    node = world["mine"]
    world.do(node.held("H-1", part("ore", 70 * KG, units=["D-1"])))
    world.do(node.held("H-2", part("ore", 70 * KG, units=["D-1"]), kind="ordered"))
    world.do(node.released("H-1"))
    assert refused(world, node.removed(part("ore", 50 * KG, units=["D-1"]))) == "unit-held"
    assert refused(world, node.removed(part("ore", 1))) == "goods-held"
    world.do(node.released("H-2"))
    world.do(node.removed(part("ore", 70 * KG, units=["D-1"])))


def test_a_part_is_released_without_a_gap_by_holding_the_rest_first(world):
    node = world["mine"]
    world.do(node.held("H-1", part("ore", 20 * KG)))
    world.do(node.held("H-2", part("ore", 19 * KG)))
    world.do(node.released("H-1"))
    world.do(node.sampled([part("ore", KG)], [made("s", KG, product="ion_clay_mixed_oxide")]))
    assert refused(world, node.removed(part("ore", 1))) == "goods-held"


def test_what_comes_later_is_not_held(world):
    node = world["mine"]
    world.do(node.held("H", part("ore", 20 * KG)))
    world.do(node.unpacked("D-2"))
    world.do(node.removed(part("ore", 30 * KG)))
    assert refused(world, node.removed(part("ore", 1))) == "goods-held"


def test_one_lock_covers_several_batches(world):
    node = world["mine"]
    world.do(node.registered("more", KG))
    world.do(node.held("H", part("ore", 30 * KG, units=["D-2"]), part("more", KG), part("ore", 20 * KG)))
    assert lock(node, "H") == Locked(
        node.id("H"), "held", (node.id("ore"), node.id("more")), (node.id("D-2"),), closed=False
    )
    world.do(node.released("H"))
    world.do(node.removed(part("more", KG), part("ore", 50 * KG, units=["D-2"])))


# -- held goods are still weighed and counted ----------------------------------------------------------------------


def test_what_is_found_too_little_is_still_locked_and_still_owed(world):
    node = world["mine"]
    world.do(node.held("H", part("ore", 15 * KG)))
    world.do(node.counted(measured("ore", 12 * KG)))
    assert refused(world, node.removed(part("ore", 1))) == "goods-held"
    world.do(node.counted(measured("ore", 16 * KG)))
    assert refused(world, node.removed(part("ore", KG + 1))) == "goods-held"
    world.do(node.removed(part("ore", KG)))


def test_a_hold_on_all_that_stands_there_stays_on_all_of_it(world):
    node = world["mine"]
    world.do(node.held("H", part("ore", 20 * KG)))
    for found in (21, 18):
        world.do(node.remeasured(measured("ore", found * KG)))
        assert refused(world, node.removed(part("ore", 1))) == "goods-held"
    world.do(node.unpacked("D-2"))
    assert refused(world, node.removed(part("ore", 27 * KG + 1))) == "goods-held"
    world.do(node.removed(part("ore", 27 * KG)))


def test_a_held_drum_is_weighed_again_and_may_be_missing(world):
    node = world["mine"]
    world.do(node.held("H", part("ore", 80 * KG, units=["D-1", "D-2"])))
    world.do(node.remeasured(measured("ore", 49 * KG, unit="D-1")))
    world.do(node.counted(measured("ore", 0, unit="D-2")))
    world.do(node.counted(measured("ore", 30 * KG, unit="D-2", site="yard")))
    assert refused(world, node.removed(part("ore", 30 * KG, units=["D-2"], site="yard"))) == "unit-held"


# -- pledged -------------------------------------------------------------------------------------------------------


def test_goods_are_pledged_once(world):
    node = world["mine"]
    world.do(node.pledged("R-1", part("ore", 65 * KG, units=["D-1"])))
    assert refused(world, node.pledged("R-2", part("ore", 50 * KG, units=["D-1"]))) == "unit-pledged"
    assert refused(world, node.pledged("R-3", part("ore", 6 * KG))) == "goods-pledged"
    world.do(node.pledged("R-4", part("ore", 5 * KG)))
    assert refused(world, node.moved(SITE, "yard", part("ore", 1))) == "goods-pledged"
    world.do(node.unpledged("R-1"))
    world.do(node.pledged("R-5", part("ore", 65 * KG, units=["D-1"])))


def test_one_pledge_that_names_a_place_twice_covers_both(world):
    node = world["mine"]
    world.do(node.pledged("R", part("ore", 5 * KG), part("ore", 10 * KG)))
    assert [one.mg for one in node.batch("ore").locks] == [15 * KG]
    assert refused(world, node.removed(part("ore", 5 * KG + 1))) == "goods-pledged"


def test_an_order_holds_what_is_pledged(world):
    node = world["mine"]
    world.do(node.pledged("R", part("ore", 70 * KG, units=["D-1"])))
    world.do(node.held("H", part("ore", 70 * KG, units=["D-1"]), kind="ordered"))
    world.do(node.unpledged("R"))
    assert refused(world, node.removed(part("ore", 50 * KG, units=["D-1"]))) == "unit-held"
    assert refused(world, node.pledged("R-2", part("ore", KG))) == "goods-held"


# -- recalled ------------------------------------------------------------------------------------------------------


def test_of_a_recalled_batch_nothing_is_used_and_all_may_go_back_or_be_destroyed(world):
    node = world["mine"]
    world.do(node.recalled("R", "ore"))
    for event, code in (
        (node.removed(part("ore", 1), kind="consumed"), "batch-recalled"),
        (node.moved(SITE, "yard", part("ore", 50 * KG, units=["D-1"])), "batch-recalled"),
        (node.unpacked("D-1"), "batch-recalled"),
        (node.packed("ore", [unit("D-3", KG)]), "batch-recalled"),
        (node.shipped("S", "smelter", part("ore", KG)), "batch-recalled"),
        (node.dismantled(["D-1"], [made("y", KG)]), "batch-recalled"),
        (node.pledged("P", part("ore", KG)), "batch-recalled"),
    ):
        assert refused(world, event) == code, event.type
    world.do(node.shipped("S2", "smelter", part("ore", 60 * KG, units=["D-1"]), purpose="return"))
    world.do(node.removed(part("ore", 30 * KG, units=["D-2"]), kind="destroyed"))
    world.do(node.removed(part("ore", 10 * KG), kind="disposed"))
    assert node.mg("ore") == 0


def test_what_comes_back_of_a_recalled_batch_is_locked(world):
    node = world["mine"]
    offer = world.do(node.shipped("S", "smelter", part("ore", 60 * KG, units=["D-1"])))
    world.do(world["smelter"].received(offer, answer(units={"D-1": "accepted"})))
    world.do(node.recalled("R", "ore"))
    back = world.do(
        world["smelter"].shipped("B", "mine", part("ore", 60 * KG, units=["D-1"]), purpose="return", original="S")
    )
    world.do(node.received(back, answer(units={"D-1": "accepted"})))
    assert node.mg("ore") == 100 * KG
    assert refused(world, node.unpacked("D-1")) == "batch-recalled"


def test_a_unit_that_was_recalled_while_it_was_away_comes_back_locked(world):
    node = world["mine"]
    offer = world.do(node.shipped("S", "smelter", part("ore", 80 * KG, units=["D-1", "D-2"])))
    world.do(world["smelter"].received(offer, answer(units={"D-1": "accepted", "D-2": "accepted"})))
    world.do(node.recalled("R", "D-1"))
    back = world.do(world["smelter"].shipped("B", "mine", part("ore", 80 * KG, units=["D-1", "D-2"]), purpose="return"))
    world.do(node.received(back, answer(units={"D-1": "quarantined", "D-2": "accepted"})))
    world.do(node.received(back, answer(accepted=50 * KG, units={"D-1": "accepted"})))
    assert refused(world, node.unpacked("D-1")) == "unit-recalled"
    world.do(node.unpacked("D-2"))
    world.do(node.removed(part("ore", 50 * KG, units=["D-1"]), kind="destroyed"))


def test_a_receiver_recalls_what_it_received_and_what_of_it_arrives_later(world):
    node, other = world["mine"], world["smelter"]
    first = world.do(node.shipped("S-1", "smelter", part("ore", 20 * KG)))
    second = world.do(node.shipped("S-2", "smelter", part("ore", 30 * KG, units=["D-2"])))
    world.do(other.received(first, answer()))
    world.do(other.recalled("R", "ore", kind="ordered"))
    world.do(other.received(second, answer(units={"D-2": "accepted"})))
    assert refused(world, other.unpacked("D-2")) == "batch-recalled"
    world.do(other.shipped("B", "mine", part("ore", 50 * KG, units=["D-2"]), purpose="return"))


def test_recalled_goods_that_are_held_too_do_not_go_back(world):
    node = world["mine"]
    world.do(node.held("H", part("ore", 70 * KG, units=["D-1"])))
    world.do(node.recalled("R", "ore"))
    for line, code in ((part("ore", 50 * KG, units=["D-1"]), "unit-held"), (part("ore", KG), "goods-held")):
        assert refused(world, node.shipped(code, "smelter", line, purpose="return")) == code
        assert refused(world, node.removed(line, kind="destroyed")) == code


def test_a_recall_is_released_wholly(world):
    node = world["mine"]
    world.do(node.registered("more", KG))
    world.do(node.recalled("R", "more", "D-1"))
    assert refused(world, node.unpacked("D-1")) == "unit-recalled"
    world.do(node.released("R"))
    world.do(node.unpacked("D-1"))
    world.do(node.removed(part("more", KG), kind="consumed"))
    world.do(node.recalled("R-2", "more"))


def test_a_unit_recalled_by_name_stays_recalled_when_its_batch_is_free_again(world):
    node = world["mine"]
    world.do(node.recalled("R-1", "D-1"))
    world.do(node.recalled("R-2", "ore"))
    world.do(node.released("R-2"))
    assert refused(world, node.unpacked("D-1")) == "unit-recalled"
    world.do(node.unpacked("D-2"))


# -- ownership -----------------------------------------------------------------------------------------------------


def test_own_goods_are_sold_and_stay(world):
    node = world["mine"]
    world.do(node.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    world.do(node.title_transferred("smelter", part("ore", 90 * KG, units=["P-1", "D-1", "D-2"])))
    assert owned(node, "ore") == {"": 10 * KG, "smelter.example": 90 * KG}
    assert node.mg("ore") == 100 * KG
    assert {node.unit(name).owner for name in ("P-1", "D-1", "D-2")} == {"smelter.example"}
    assert refused(world, node.removed(part("ore", 10 * KG + 1))) == "not-enough"
    back = part("ore", 90 * KG, units=["P-1", "D-1", "D-2"], owner="smelter.example")
    world.do(node.shipped("S", "smelter", back, purpose="return"))


def test_goods_on_consignment_are_sold_where_they_stand(world):
    node, other = world["mine"], world["smelter"]
    offer = world.do(node.shipped("S", "smelter", part("ore", 60 * KG, units=["D-1"]), purpose="consignment"))
    world.do(other.received(offer, answer(units={"D-1": "accepted"})))
    assert owned(other, "ore") == {"mine.example": 60 * KG}
    world.do(other.title_transferred("smelter", part("ore", 50 * KG, units=["D-1"], owner="mine.example")))
    world.do(other.title_transferred("traders", part("ore", 10 * KG, owner="mine.example")))
    assert owned(other, "ore") == {"": 50 * KG, "traders.example": 10 * KG}
    world.do(other.transformed([part("ore", 50 * KG, units=["D-1"])], [made("x", KG)]))


def test_pieces_change_hands_with_their_mass():
    world = World()
    node = world["magnets"]
    world.do(node.registered("blocks", 10 * KG, count=100))
    world.do(node.packed("blocks", [unit("B-1", 4 * KG, count=40)]))
    world.do(node.title_transferred("motors", part("blocks", 5 * KG, count=50, units=["B-1"])))
    assert [(held.owner, held.mg, held.count) for held in node.batch("blocks").loose] == [
        ("", 5 * KG, 50),
        ("motors.example", KG, 10),
    ]
    assert (node.batch("blocks").packed_mg, node.batch("blocks").packed_count) == (4 * KG, 40)
