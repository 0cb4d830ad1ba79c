"""What may happen to goods inside one organisation, as worked stories that end with who holds what.

Between organisations: test_custody_handovers.py. What is refused: test_custody_refusals.py.
"""

from ledger.matter.stock import Holding
from tests.ledger.matter.story import KG, SITE, World, answer, made, part, unit


def mine_and_smelter(kg: int = 1000) -> World:
    world = World()
    world.do(world["mine"].registered("ore", kg * KG))
    return world


def loose(world: World, node: str, batch: str) -> list[tuple[str, str, int, int | None]]:
    return [(held.site, held.owner, held.mg, held.count) for held in world[node].batch(batch).loose]


# -- making and parting --------------------------------------------------------------------------------------------


def test_a_registered_batch_stands_loose_at_its_site():
    world = World()
    world.do(world["mine"].registered("ore", 20 * KG))
    world.do(world["mine"].registered("blocks", 5 * KG, count=40, site="yard"))
    assert loose(world, "mine", "ore") == [(SITE, "", 20 * KG, None)]
    assert loose(world, "mine", "blocks") == [("yard", "", 5 * KG, 40)]
    assert world["mine"].batch("blocks").counted


def test_many_inputs_become_many_outputs_and_losses():
    world = mine_and_smelter(1000)
    node = world["mine"]
    world.do(node.registered("carbonate", 500 * KG, product="mixed_carbonate"))
    world.do(
        node.transformed(
            [part("ore", 600 * KG), part("carbonate", 500 * KG)],
            [made("PrNd", 200 * KG), made("Dy", 30 * KG, product="dy_oxide"), made("rest", 700 * KG)],
            losses=[{"kind": "residue", "mg": 100 * KG}],
        )
    )
    assert (node.mg("ore"), node.mg("carbonate")) == (400 * KG, 0)
    assert [node.mg(name) for name in ("PrNd", "Dy", "rest")] == [200 * KG, 30 * KG, 700 * KG]
    assert node.batch("carbonate").loose == ()


def test_processes_that_change_mass_may_come_out_at_another_mass_and_basis():
    world = mine_and_smelter(10)
    world.do(world["mine"].transformed([part("ore", 10 * KG)], [made("coated", 11 * KG)], process="coating"))
    world.do(
        world["mine"].transformed(
            [part("coated", 11 * KG)], [made("as metal", 9 * KG, basis="metal")], process="electrolysis"
        )
    )
    assert world["mine"].mg("as metal") == 9 * KG
    assert world["mine"].batch("as metal").basis == "metal"


def test_a_batch_splits_and_merges_to_the_milligram():
    world = mine_and_smelter(1)
    node = world["mine"]
    world.do(
        node.transformed(
            [part("ore", KG)], [made("a", 333_333), made("b", 333_333), made("c", 333_334)], process="split"
        )
    )
    world.do(node.transformed([part(name, node.mg(name)) for name in "abc"], [made("one", KG)], process="merge"))
    assert node.mg("one") == KG
    assert node.mg("ore") == node.mg("a") == node.mg("b") == node.mg("c") == 0


def test_a_merge_may_declare_its_spill():
    world = mine_and_smelter(10)
    node = world["mine"]
    world.do(
        node.transformed(
            [part("ore", 10 * KG)], [made("a", 9 * KG)], process="repack", losses=[{"kind": "spill", "mg": KG}]
        )
    )
    assert node.mg("a") == 9 * KG


def test_one_batch_is_used_in_several_parts_until_nothing_is_left():
    world = mine_and_smelter(10)
    node = world["mine"]
    for number in range(10):
        world.do(node.transformed([part("ore", KG)], [made(f"out {number}", KG)], process="calcine"))
    assert node.mg("ore") == 0


def test_the_same_batch_may_be_named_twice_in_one_event():
    world = mine_and_smelter(10)
    node = world["mine"]
    world.do(node.transformed([part("ore", 4 * KG), part("ore", 6 * KG)], [made("out", 9 * KG)]))
    assert node.mg("ore") == 0


# -- units ---------------------------------------------------------------------------------------------------------


def test_packing_takes_from_the_loose_goods_and_unpacking_gives_back():
    world = mine_and_smelter(100)
    node = world["mine"]
    world.do(node.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    assert node.batch("ore").packed_mg == 80 * KG
    assert loose(world, "mine", "ore") == [(SITE, "", 20 * KG, None)]
    world.do(node.unpacked("D-2"))
    assert node.batch("ore").packed_mg == 50 * KG
    assert node.unit("D-2").state == "emptied"
    assert loose(world, "mine", "ore") == [(SITE, "", 50 * KG, None)]


def test_an_input_takes_whole_units_and_the_rest_loose():
    world = mine_and_smelter(100)
    node = world["mine"]
    world.do(node.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    world.do(node.transformed([part("ore", 60 * KG, units=["D-1"])], [made("out", 55 * KG)]))
    assert node.unit("D-1").state == "emptied"
    assert node.batch("ore").packed_mg == 30 * KG
    assert loose(world, "mine", "ore") == [(SITE, "", 10 * KG, None)]


def test_a_pallet_of_drums_counts_its_mass_once():
    world = mine_and_smelter(100)
    node = world["mine"]
    world.do(node.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    world.do(node.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"], kind="pallet")]))
    assert node.mg("ore") == 100 * KG
    assert node.unit("D-1").inside == node.id("P-1")
    world.do(node.moved(SITE, "yard", part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])))
    assert {node.unit(name).site for name in ("P-1", "D-1", "D-2")} == {"yard"}
    assert node.mg("ore") == 100 * KG
    world.do(node.unpacked("P-1"))
    assert node.unit("P-1").state == "emptied"
    assert (node.unit("D-1").state, node.unit("D-1").inside) == ("here", None)
    assert node.batch("ore").packed_mg == 80 * KG
    world.do(node.transformed([part("ore", 50 * KG, units=["D-1"], site="yard")], [made("out", 50 * KG)]))
    assert node.mg("ore") == 50 * KG


def test_pallets_stack_on_pallets():
    world = mine_and_smelter(100)
    node = world["mine"]
    world.do(node.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG), unit("D-3", 20 * KG)]))
    world.do(node.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    world.do(node.packed("ore", [unit("C-1", 100 * KG, contains=["P-1", "D-3"], kind="container")]))
    world.do(node.unpacked("C-1"))
    assert (node.unit("P-1").inside, node.unit("D-3").inside) == (None, None)
    assert node.unit("D-1").inside == node.id("P-1")
    assert node.batch("ore").packed_mg == 100 * KG


def test_goods_move_between_sites_loose_and_in_units():
    world = mine_and_smelter(100)
    node = world["mine"]
    world.do(node.packed("ore", [unit("D-1", 50 * KG)]))
    world.do(node.moved(SITE, "yard", part("ore", 60 * KG, units=["D-1"])))
    assert loose(world, "mine", "ore") == [(SITE, "", 40 * KG, None), ("yard", "", 10 * KG, None)]
    assert node.unit("D-1").site == "yard"
    world.do(node.moved("yard", SITE, part("ore", 10 * KG, site="yard")))
    assert loose(world, "mine", "ore") == [(SITE, "", 50 * KG, None)]
    assert node.batch("ore").packed_mg == 50 * KG


def test_removed_goods_are_gone():
    world = mine_and_smelter(100)
    node = world["mine"]
    world.do(node.packed("ore", [unit("D-1", 50 * KG)]))
    world.do(node.removed(part("ore", 50 * KG, units=["D-1"]), part("ore", 20 * KG), kind="destroyed"))
    assert node.mg("ore") == 30 * KG
    assert node.unit("D-1").state == "consumed"


# -- pieces --------------------------------------------------------------------------------------------------------


def test_pieces_and_mass_are_both_kept():
    world = World()
    node = world["magnets"]
    world.do(node.registered("blocks", 10 * KG, count=100))
    world.do(node.packed("blocks", [unit("B-1", 4 * KG, count=40, kind="carton")]))
    assert (node.batch("blocks").count, node.batch("blocks").packed_count) == (100, 40)
    world.do(node.transformed([part("blocks", 5 * KG, count=50, units=["B-1"])], [made("magnets", 4 * KG, count=500)]))
    assert (node.mg("blocks"), node.batch("blocks").count) == (5 * KG, 50)
    assert node.batch("magnets").count == 500


def test_what_is_left_when_all_pieces_are_taken_can_still_be_removed():
    """Scales never agree to the milligram: packing the last piece may leave a little mass without pieces."""
    world = World()
    node = world["magnets"]
    world.do(node.registered("blocks", 10 * KG, count=100))
    world.do(node.packed("blocks", [unit("B-1", 10 * KG - 500, count=100)]))
    assert loose(world, "magnets", "blocks") == [(SITE, "", 500, 0)]
    world.do(node.removed(part("blocks", 500)))
    assert (node.mg("blocks"), node.batch("blocks").count) == (10 * KG - 500, 100)


def test_counted_units_travel_with_their_pieces():
    world = World()
    node = world["magnets"]
    world.do(node.registered("blocks", 10 * KG, count=100))
    world.do(node.packed("blocks", [unit("B-1", 4 * KG, count=40)]))
    offer = world.do(node.shipped("S", "motors", part("blocks", 4 * KG, count=40, units=["B-1"])))
    world.do(world["motors"].received(offer, answer(units={"B-1": "accepted"})))
    assert world["motors"].batch("blocks").count == 40
    assert node.batch("blocks").count == 60


def test_magnets_become_motors_and_come_out_again():
    world = World()
    node = world["motors"]
    world.do(node.registered("magnets", 10 * KG, count=1000))
    world.do(
        node.assembled(
            "lot M",
            [part("magnets", 2 * KG, count=200)],
            [unit(f"M-{n}", 9 * KG, count=1, kind="motor") for n in (1, 2)],
        )
    )
    assert (node.mg("lot M"), node.batch("lot M").count) == (18 * KG, 2)
    assert node.batch("magnets").count == 800
    world.do(node.dismantled(["M-1"], [made("old magnets", KG, count=98)], losses=[{"kind": "scrap", "mg": 8 * KG}]))
    assert node.unit("M-1").state == "consumed"
    assert (node.mg("lot M"), node.batch("lot M").count) == (9 * KG, 1)
    assert node.mg("old magnets") == KG


def test_a_batch_answers_for_what_stands_where():
    world = World()
    world.do(world["mine"].registered("ore", 3 * KG))
    batch = world["mine"].batch("ore")
    assert batch.holding(SITE, "") == Holding(SITE, "", 3 * KG)
    assert batch.holding("elsewhere", "") == Holding("elsewhere", "", 0)
    assert (batch.mg, batch.count) == (3 * KG, None)
