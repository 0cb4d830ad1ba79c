"""What may happen to goods between organisations, as worked stories that end with who holds what."""

from ledger.matter.events import Event
from ledger.matter.stock import dump_state, load_arrival, load_shipment
from tests.ledger.matter.story import KG, SITE, World, answer, made, part, unit


def mine_and_smelter(kg: int = 1000) -> World:
    world = World()
    world.do(world["mine"].registered("ore", kg * KG))
    return world


def loose(world: World, node: str, batch: str) -> list[tuple[str, str, int, int | None]]:
    return [(held.site, held.owner, held.mg, held.count) for held in world[node].batch(batch).loose]


# -- handovers -----------------------------------------------------------------------------------------------------


def shipped_drums(*, loose_mg: int = 0, purpose: str = "sale") -> tuple[World, Event]:
    """Two drums of 50 kg and 30 kg, and something loose, on their way to the smelter."""
    world = mine_and_smelter(100)
    node = world["mine"]
    world.do(node.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    line = part("ore", 80 * KG + loose_mg, units=["D-1", "D-2"])
    return world, world.do(node.shipped("S", "smelter", line, purpose=purpose))


def test_what_is_shipped_is_in_nobodys_stock_until_it_is_received():
    world, offer = shipped_drums()
    assert world["mine"].mg("ore") == 20 * KG
    assert world["smelter"].mg("ore") == 0
    world.do(world["smelter"].received(offer, answer(units={"D-1": "accepted", "D-2": "accepted"})))
    assert world["smelter"].mg("ore") == 80 * KG
    assert world["smelter"].unit("D-1").owner == ""
    assert world["mine"].unit("D-1").state == "shipped"
    world.do(world["mine"].acknowledged("S"))
    assert world["mine"].shipment("S").closed
    assert world["mine"].mg("ore") == 20 * KG


def test_a_shipment_is_received_in_several_receipts():
    world, offer = shipped_drums(loose_mg=10 * KG)
    node = world["smelter"]
    world.do(node.received(offer, answer(accepted=50 * KG, units={"D-1": "accepted"}), final=False))
    assert node.mg("ore") == 50 * KG
    assert not node.arrival("mine.example/log#" + offer.ids["shipment"]).final
    world.do(node.received(offer, answer(accepted=4 * KG), final=False))
    world.do(node.received(offer, answer(accepted=36 * KG, units={"D-2": "accepted"})))
    assert node.mg("ore") == 90 * KG
    assert node.arrival("mine.example/log#" + offer.ids["shipment"]).final


def test_several_lines_are_received_apart():
    world = mine_and_smelter(100)
    world.do(world["mine"].registered("carbonate", 70 * KG))
    offer = world.do(world["mine"].shipped("S", "smelter", part("ore", 60 * KG), part("carbonate", 70 * KG)))
    world.do(world["smelter"].received(offer, answer(1), final=False))
    world.do(world["smelter"].received(offer, answer(0)))
    assert (world["smelter"].mg("ore"), world["smelter"].mg("carbonate")) == (60 * KG, 70 * KG)


def test_a_weighing_difference_is_the_receivers_gain_or_loss():
    for difference in (-3 * KG, 3 * KG):
        world = mine_and_smelter(100)
        offer = world.do(world["mine"].shipped("S", "smelter", part("ore", 60 * KG)))
        world.do(world["smelter"].received(offer, answer(difference=difference)))
        assert world["smelter"].mg("ore") == 60 * KG + difference


def test_a_difference_over_sealed_units_is_spread_by_their_share():
    world, offer = shipped_drums()
    receipt = answer(difference=-8_000_001, units={"D-1": "accepted", "D-2": "accepted"})
    world.do(world["smelter"].received(offer, receipt))
    nets = [world["smelter"].unit(name).net_mg for name in ("D-1", "D-2")]
    assert sum(nets) == 80 * KG - 8_000_001 == world["smelter"].mg("ore")
    assert nets == [44_999_999, 27_000_000]


def test_a_difference_beside_units_falls_on_the_loose_part():
    world, offer = shipped_drums(loose_mg=10 * KG)
    receipt = answer(difference=-2 * KG, units={"D-1": "accepted", "D-2": "accepted"})
    world.do(world["smelter"].received(offer, receipt))
    assert world["smelter"].unit("D-1").net_mg == 50 * KG
    assert loose(world, "smelter", "ore") == [(SITE, "", 8 * KG, None)]


def test_a_difference_goes_up_through_the_stacks():
    world = mine_and_smelter(80)
    world.do(world["mine"].packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    world.do(world["mine"].packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    offer = world.do(world["mine"].shipped("S", "smelter", part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])))
    all_three = dict.fromkeys(("P-1", "D-1", "D-2"), "accepted")
    world.do(world["smelter"].received(offer, answer(difference=8 * KG, units=all_three)))
    assert [world["smelter"].unit(name).net_mg for name in all_three] == [88 * KG, 55 * KG, 33 * KG]
    assert world["smelter"].mg("ore") == 88 * KG
    world.do(world["smelter"].unpacked("P-1"))
    assert world["smelter"].batch("ore").packed_mg == 88 * KG


def test_a_rejected_drum_stands_at_the_receiver_until_its_return_is_weighed_in():
    world, offer = shipped_drums()
    smelter, mine = world["smelter"], world["mine"]
    states = {"D-1": "accepted", "D-2": "rejected: seal broken"}
    world.do(smelter.received(offer, answer(rejected=30 * KG, units=states)))
    assert smelter.unit("D-2").owner == "mine.example"
    assert smelter.mg("ore") == 80 * KG
    assert mine.mg("ore") == 20 * KG
    world.do(mine.acknowledged("S"))
    back = world.do(
        smelter.shipped(
            "R", "mine", part("ore", 30 * KG, units=["D-2"], owner="mine.example"), purpose="return", original="S"
        )
    )
    assert smelter.mg("ore") == 50 * KG
    world.do(mine.received(back, answer(units={"D-2": "accepted"}, difference=-100)))
    assert mine.mg("ore") == 50 * KG - 100
    assert (mine.unit("D-2").state, mine.unit("D-2").owner) == ("here", "")
    world.do(mine.unpacked("D-2"))


def test_loose_goods_are_rejected_and_returned_too():
    world = mine_and_smelter(100)
    offer = world.do(world["mine"].shipped("S", "smelter", part("ore", 60 * KG)))
    world.do(world["smelter"].received(offer, answer(rejected=10 * KG)))
    assert loose(world, "smelter", "ore") == [(SITE, "", 50 * KG, None), (SITE, "mine.example", 10 * KG, None)]
    back = world.do(world["smelter"].shipped("R", "mine", part("ore", 10 * KG, owner="mine.example"), purpose="return"))
    world.do(world["mine"].received(back, answer()))
    assert loose(world, "mine", "ore") == [(SITE, "", 50 * KG, None)]


def test_accepted_goods_come_back_as_an_ordinary_return():
    world, offer = shipped_drums()
    world.do(world["smelter"].received(offer, answer(units={"D-1": "accepted", "D-2": "concession: damp"})))
    assert world["smelter"].unit("D-2").owner == ""
    back = world.do(
        world["smelter"].shipped("R", "mine", part("ore", 50 * KG, units=["D-1"]), purpose="return", original="S")
    )
    world.do(world["mine"].received(back, answer(units={"D-1": "accepted"})))
    assert (world["mine"].mg("ore"), world["smelter"].mg("ore")) == (70 * KG, 30 * KG)


def test_missing_units_are_booked_as_missing_and_stand_nowhere():
    world, offer = shipped_drums()
    states = {"D-1": "accepted", "D-2": "missing: not on the truck"}
    world.do(world["smelter"].received(offer, answer(missing=30 * KG, units=states)))
    assert world["smelter"].mg("ore") == 50 * KG
    assert world["smelter"].unit("D-2").state == "missing"


def test_damaged_counts_as_rejected_and_unexpected_moves_nothing():
    world, offer = shipped_drums()
    world.do(world["mine"].packed("ore", [unit("D-3", 20 * KG)]))
    states = {"D-1": "damaged: dented", "D-2": "accepted", "D-3": "unexpected"}
    world.do(world["smelter"].received(offer, answer(rejected=50 * KG, units=states)))
    assert world["smelter"].unit("D-1").owner == "mine.example"
    assert world["smelter"].mg("ore") == 80 * KG
    assert ("unit", world["smelter"].id("D-3")) not in world["smelter"].view


def test_quarantined_units_are_decided_later_even_after_the_final_receipt():
    world, offer = shipped_drums()
    smelter = world["smelter"]
    world.do(smelter.received(offer, answer(units={"D-1": "quarantined", "D-2": "accepted"})))
    assert smelter.mg("ore") == 80 * KG
    assert (smelter.unit("D-1").state, smelter.unit("D-1").owner) == ("quarantined", "mine.example")
    world.do(smelter.received(offer, answer(accepted=50 * KG, units={"D-1": "accepted"})))
    assert smelter.mg("ore") == 80 * KG
    assert (smelter.unit("D-1").state, smelter.unit("D-1").owner) == ("here", "")


def test_a_quarantined_unit_may_be_rejected():
    world, offer = shipped_drums()
    smelter = world["smelter"]
    world.do(smelter.received(offer, answer(units={"D-1": "quarantined", "D-2": "accepted"})))
    world.do(smelter.received(offer, answer(accepted=0, rejected=50 * KG, units={"D-1": "rejected: off grade"})))
    assert (smelter.unit("D-1").state, smelter.unit("D-1").owner) == ("here", "mine.example")
    assert smelter.mg("ore") == 80 * KG


# -- declined, outside, purposes -----------------------------------------------------------------------------------


def test_a_declined_shipment_is_weighed_back_by_its_sender():
    world, offer = shipped_drums(loose_mg=10 * KG)
    world.do(world["smelter"].received(offer, declined=True, reason="not ordered"))
    assert world["smelter"].mg("ore") == 0
    line = {**part("ore", 90 * KG, units=["D-1", "D-2"]), "line": 0}
    world.do(world["mine"].acknowledged("S", line, declined=True))
    assert world["mine"].mg("ore") == 100 * KG
    assert (world["mine"].unit("D-1").state, world["mine"].unit("D-1").shipment) == ("here", None)


def test_a_dispute_moves_nothing_and_leaves_the_shipment_open():
    world, offer = shipped_drums()
    world.do(
        world["smelter"].received(offer, answer(missing=80 * KG, units={"D-1": "missing: x", "D-2": "missing: x"}))
    )
    world.do(world["mine"].acknowledged("S", agreed=False, reason="the driver has your stamp"))
    assert not world["mine"].shipment("S").closed
    assert world["mine"].mg("ore") == 20 * KG
    world.do(world["mine"].acknowledged("S"))
    assert world["mine"].shipment("S").closed


def test_goods_go_to_outside_parties_and_come_back_from_them_in_parts():
    world = mine_and_smelter(100)
    mine = world["mine"]
    world.do(mine.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    line = part("ore", 90 * KG, units=["D-1", "D-2"])
    world.do(mine.shipped("S", None, line, outside={"name": "Muster GmbH", "country": "DE"}))
    assert mine.mg("ore") == 10 * KG
    back = {**part("ore", 30 * KG, units=["D-2"], site="yard"), "line": 0}
    world.do(mine.acknowledged("S", back, agreed=False, reason="one drum refused"))
    assert (mine.unit("D-2").state, mine.unit("D-2").site) == ("here", "yard")
    world.do(mine.acknowledged("S", {**part("ore", 10 * KG), "line": 0}))
    assert mine.mg("ore") == 50 * KG


def test_a_pallet_comes_back_from_outside_as_it_went():
    world = mine_and_smelter(80)
    mine = world["mine"]
    world.do(mine.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    world.do(mine.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    everything = part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])
    world.do(mine.shipped("S", None, everything, outside={"name": "Muster GmbH", "country": "DE"}))
    world.do(mine.acknowledged("S", {**everything, "line": 0}))
    assert mine.mg("ore") == 80 * KG
    assert mine.unit("D-1").inside == mine.id("P-1")
    world.do(mine.unpacked("P-1"))


def test_a_drum_comes_back_from_outside_without_its_pallet():
    world = mine_and_smelter(80)
    mine = world["mine"]
    world.do(mine.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    world.do(mine.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    everything = part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])
    world.do(mine.shipped("S", None, everything, outside={"name": "Muster GmbH", "country": "DE"}))
    world.do(mine.acknowledged("S", {**part("ore", 30 * KG, units=["D-2"]), "line": 0}))
    assert mine.mg("ore") == 30 * KG
    assert mine.unit("D-2").inside is None
    world.do(mine.transformed([part("ore", 30 * KG, units=["D-2"])], [made("out", 29 * KG)]))


def test_purposes_that_keep_ownership_leave_the_sender_the_owner():
    for purpose in ("processing", "consignment", "storage", "repair"):
        world, offer = shipped_drums(loose_mg=10 * KG, purpose=purpose)
        world.do(world["smelter"].received(offer, answer(units={"D-1": "accepted", "D-2": "accepted"})))
        assert world["smelter"].unit("D-1").owner == "mine.example"
        assert loose(world, "smelter", "ore") == [(SITE, "mine.example", 10 * KG, None)]


def test_a_subcontractor_processes_goods_that_stay_the_customers():
    world = World()
    world.do(world["magnets"].registered("blanks", 10 * KG, count=100))
    offer = world.do(world["magnets"].shipped("S", "coater", part("blanks", 10 * KG, count=100), purpose="processing"))
    coater = world["coater"]
    world.do(coater.received(offer, answer()))
    mine = "magnets.example"
    world.do(
        coater.transformed(
            [part("blanks", 10 * KG, count=100, owner=mine)], [made("coated", 11 * KG, count=98)], process="coating"
        )
    )
    assert loose(world, "coater", "coated") == [(SITE, mine, 11 * KG, 98)]
    world.do(coater.packed("coated", [unit("C-1", 11 * KG, count=98, owner=mine)]))
    assert coater.unit("C-1").owner == mine
    back = world.do(
        coater.shipped("R", "magnets", part("coated", 11 * KG, count=98, units=["C-1"], owner=mine), purpose="return")
    )
    world.do(world["magnets"].received(back, answer(units={"C-1": "accepted"})))
    assert world["magnets"].unit("C-1").owner == ""
    assert world["magnets"].batch("coated").count == 98
    assert coater.mg("coated") == 0


# -- stacks on arrival ---------------------------------------------------------------------------------------------


def shipped_pallet() -> tuple[World, Event]:
    world = mine_and_smelter(80)
    mine = world["mine"]
    world.do(mine.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    world.do(mine.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    return world, world.do(mine.shipped("S", "smelter", part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])))


def test_a_pallet_arrives_whole():
    world, offer = shipped_pallet()
    smelter = world["smelter"]
    world.do(smelter.received(offer, answer(units=dict.fromkeys(("P-1", "D-1", "D-2"), "accepted"))))
    assert smelter.mg("ore") == 80 * KG
    assert smelter.unit("P-1").contains == (smelter.id("D-1"), smelter.id("D-2"))
    assert smelter.unit("D-2").inside == smelter.id("P-1")
    onward = part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])
    world.do(smelter.shipped("T", "magnets", onward))
    assert smelter.mg("ore") == 0


def test_a_pallet_whose_drums_fare_differently_comes_apart():
    world, offer = shipped_pallet()
    smelter = world["smelter"]
    states = {"P-1": "accepted", "D-1": "accepted", "D-2": "rejected: wet"}
    world.do(smelter.received(offer, answer(rejected=30 * KG, units=states)))
    assert (smelter.unit("P-1").state, smelter.unit("P-1").contains) == ("emptied", ())
    assert (smelter.unit("D-1").state, smelter.unit("D-1").inside) == ("here", None)
    assert (smelter.unit("D-2").state, smelter.unit("D-2").inside) == ("here", None)
    assert smelter.mg("ore") == 80 * KG
    world.do(smelter.unpacked("D-1"))


def test_a_stack_of_stacks_comes_apart_all_the_way_up():
    world = mine_and_smelter(100)
    mine, smelter = world["mine"], world["smelter"]
    world.do(mine.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG), unit("D-3", 20 * KG)]))
    world.do(mine.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    world.do(mine.packed("ore", [unit("C-1", 100 * KG, contains=["P-1", "D-3"])]))
    names = ["C-1", "P-1", "D-1", "D-2", "D-3"]
    offer = world.do(mine.shipped("S", "smelter", part("ore", 100 * KG, units=names)))
    states = dict.fromkeys(names, "accepted") | {"D-2": "rejected: wet"}
    world.do(smelter.received(offer, answer(rejected=30 * KG, units=states)))
    assert [smelter.unit(name).state for name in names] == ["emptied", "emptied", "here", "here", "here"]
    assert [smelter.unit(name).inside for name in names] == [None] * 5
    for name in ("D-1", "D-3"):
        world.do(smelter.unpacked(name))


def test_a_quarantined_pallet_is_decided_whole():
    world, offer = shipped_pallet()
    smelter = world["smelter"]
    names = ("P-1", "D-1", "D-2")
    world.do(smelter.received(offer, answer(units=dict.fromkeys(names, "quarantined"))))
    assert smelter.mg("ore") == 80 * KG
    world.do(smelter.received(offer, answer(accepted=80 * KG, units=dict.fromkeys(names, "accepted"))))
    assert smelter.mg("ore") == 80 * KG
    assert [smelter.unit(name).state for name in names] == ["here"] * 3
    assert smelter.unit("D-1").inside == smelter.id("P-1")


def test_a_drum_of_a_quarantined_pallet_is_decided_alone():
    world, offer = shipped_pallet()
    smelter = world["smelter"]
    world.do(smelter.received(offer, answer(units=dict.fromkeys(("P-1", "D-1", "D-2"), "quarantined"))))
    world.do(smelter.received(offer, answer(accepted=50 * KG, units={"D-1": "accepted"})))
    assert (smelter.unit("D-1").state, smelter.unit("D-1").inside) == ("here", None)
    assert (smelter.unit("P-1").state, smelter.unit("P-1").contains) == ("emptied", ())
    assert smelter.unit("D-2").state == "quarantined"
    world.do(smelter.received(offer, answer(accepted=0, rejected=30 * KG, units={"D-2": "rejected: wet"})))
    assert (smelter.unit("D-2").state, smelter.unit("D-2").inside) == ("here", None)
    assert smelter.mg("ore") == 80 * KG
    world.do(smelter.unpacked("D-1"))


# -- states as text ------------------------------------------------------------------------------------------------


def test_shipments_and_arrivals_survive_being_written_down():
    world, offer = shipped_drums(loose_mg=10 * KG)
    smelter = world["smelter"]
    world.do(smelter.received(offer, answer(accepted=4 * KG, units={"D-1": "quarantined"}), final=False))
    shipment = world["mine"].shipment("S")
    arrival = smelter.arrival("mine.example/log#" + offer.ids["shipment"])
    assert load_shipment(dump_state(shipment)) == shipment
    assert load_arrival(dump_state(arrival)) == arrival
    assert dump_state(load_arrival(dump_state(arrival))) == dump_state(arrival)
