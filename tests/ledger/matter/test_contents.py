"""What goods are made of, carried through every event: one story for each rule, with figures done by hand.

Amounts of an element are µg. 1 kg is 10^6 mg and 10^9 µg. That provenance.py computes rightly is tested there.
Over 400 lines because each rule has its story.
"""

from dataclasses import replace
from fractions import Fraction

import pytest

from ledger.errors import Malformed, Refusal, Unverified
from ledger.matter.assays import parse_assay
from ledger.matter.contents import check, plan, touches
from ledger.matter.elements import ELEMENTS
from ledger.matter.makeups import pool_key
from ledger.matter.provenance import scale
from ledger.matter.stock import Batch
from ledger.matter.typical import typical
from tests.ledger.matter.compounding import REFERENCE, Compounds, minus, of_goods, summed, ug
from tests.ledger.matter.story import KG, answer, change, made, measured, part, unit
from tests.ledger.matter.test_assays import MAGNET, ORE

MIXED, OXIDE, METAL, BLOCK = "ion_clay_mixed_oxide", "prnd_oxide", "prnd_metal", "ndfeb_block"
PRND = {"basis": "as_received", "total_reo_pct": "99", "distribution_pct": [["Pr", "25"], ["Nd", "75"]]}
DY = {"basis": "as_received", "total_reo_pct": "99", "distribution_pct": [["Dy", "100"]]}
TANK = "tank-1"


@pytest.fixture
def world() -> Compounds:
    return Compounds()


def by_assay(assay: dict, product: str, mg: int, basis: str = "net") -> dict[str, int]:
    """What an assay says of so much, rare earths only."""
    found = parse_assay(assay, product, REFERENCE, "assay").content(mg, basis)
    return {element: amount for element, (amount, _) in found.items() if element in ELEMENTS}


def origins(content, element="Nd"):
    return {key: mid for key, (mid, _, _) in content.elements[element].origins.items()}


def ore(world: Compounds, name: str = "ore", mg: int = 100 * KG, **how):
    told = {"assay": ORE, "feed_class": "ion_mid_y", **how}
    return world.do(world["mine"].registered(name, mg, **told))


def oxide(world: Compounds, name: str = "oxide", mg: int = 100 * KG, **how):
    return world.do(world["mine"].registered(name, mg, product=OXIDE, **{"assay": PRND, **how}))


# -- entering ------------------------------------------------------------------------------------------------------


def test_goods_that_were_assayed_hold_what_the_assay_says(world):
    ore(world, mg=1000 * KG)
    node = world["mine"]
    found = world.of(node, "ore")
    assert ug(found.content) == by_assay(ORE, MIXED, 1000 * KG)
    assert ug(found.content)["Dy"] == round(10**12 * Fraction("0.921") * Fraction("0.037") * REFERENCE.factors["Dy"])
    assert (found.rank, found.content.mg, found.content.model) == ("provisional", 1000 * KG, "identity_preserved")
    dy = found.content.elements["Dy"]
    assert dy.origins == {"CN/ion_mid_y": (dy.ug, dy.ug, dy.ug)}
    assert dy.sources == {node.id("ore"): (dy.ug, dy.ug, dy.ug)}
    (out,) = world.flow(node).outs
    assert (out.batch, out.mg, out.sure, of_goods(out)) == (node.id("ore"), 1000 * KG, True, ug(found.content))


def test_iron_and_boron_are_in_the_assay_and_not_in_the_content(world):
    world.do(world["mine"].registered("blocks", KG, product=BLOCK, assay=MAGNET))
    assert set(ug(world.here(world["mine"], "blocks"))) == {"Pr", "Nd", "Dy"}


def test_goods_without_an_assay_hold_what_is_typical_and_are_less_sure(world):
    ore(world, assay=None)
    found, expected = world.of(world["mine"], "ore"), typical(MIXED, 100 * KG, REFERENCE, feed_class="ion_mid_y")
    assert ug(found.content) == {element: amount for element, (amount, _) in expected.items()}
    assert found.rank == "typical"
    assert not world.flow(world["mine"]).outs[0].sure


def test_goods_of_which_nothing_is_known_get_their_elements_with_the_first_assay_and_keep_their_origin(world):
    node = world["mine"]
    ore(world, assay=None, feed_class=None, country="MM")
    assert (ug(world.here(node, "ore")), world.of(node, "ore").origin) == ({}, "MM/mined")
    world.do(node.removed(part("ore", 40 * KG)))
    assert world.flow(node).ins[0].elements == {}
    world.do(node.assayed("ore", assay=ORE))
    found = world.of(node, "ore")
    assert (found.rank, found.origin, found.content.taken_mg) == ("provisional", "", 40 * KG)
    assert ug(found.content) == by_assay(ORE, MIXED, 100 * KG)
    assert origins(found.content) == {"MM/mined": ug(found.content)["Nd"]}
    assert found.content.elements["Nd"].sources.keys() == {node.id("ore")}


# -- parting, joining, separating ----------------------------------------------------------------------------------


def test_outputs_of_which_nothing_was_known_get_their_elements_with_the_first_assay(world):
    """A view: what an assay says of the whole batch as made. What had left before it stays as it was told."""
    node = world["mine"]
    ore(world, assay=None, feed_class=None)
    world.do(node.transformed([part("ore", 10 * KG)], [made("x", 10 * KG, product=MIXED)]))
    world.do(node.transformed([part("x", 4 * KG)], [made("y", 4 * KG, product="ree_carbonate")]))
    assert ug(world.of(node, "x").content) == {}
    world.do(node.assayed("x", assay=ORE))
    found = world.of(node, "x")
    assert (found.rank, found.content.mg, found.content.taken_mg) == ("provisional", 10 * KG, 4 * KG)
    assert ug(found.content) == by_assay(ORE, MIXED, 10 * KG)
    assert origins(found.content, "Dy") == {"CN/mined": ug(found.content)["Dy"]}
    assert ug(world.of(node, "y").content) == {}
    event = world.do(node.transformed([part("x", 2 * KG)], [made("z", 2 * KG, product=MIXED)], process="split"))
    assert event.slots["outputs.provenance"] != [None]


def test_outputs_of_goods_from_several_origins_get_elements_of_no_origin(world):
    node = world["mine"]
    ore(world, assay=None, feed_class=None)
    ore(world, "other", assay=None, feed_class=None, country="MM")
    parts = [part("ore", 5 * KG), part("other", 5 * KG)]
    world.do(node.transformed(parts, [made("x", 10 * KG, product=MIXED)]))
    world.do(node.assayed("x", assay=ORE))
    assert origins(world.of(node, "x").content, "Dy").keys() == {"ZZ/unexplained"}


@pytest.mark.parametrize("status", [{}, {"status": "final"}])
def test_an_assay_that_nobody_made_is_typical_wherever_it_is_stated(world, status):
    """Of registered goods, of outputs, and told later: as sure as what is typical, and no surer."""
    node, guessed = world["mine"], {**PRND, "method": "typical", **status}
    oxide(world, "in", assay=guessed)
    world.do(node.transformed([part("in", 10 * KG)], [made("out", 10 * KG, product=OXIDE, assay=guessed)]))
    assert [world.of(node, name).rank for name in ("in", "out")] == ["typical", "typical"]
    assert [one.sure for one in world.flow(node).outs] == [False]
    world.do(node.assayed("out", assay=PRND))
    assert world.of(node, "out").rank == "provisional"
    world.do(node.assayed("out", assay=guessed))
    assert world.of(node, "out").rank == "provisional", "a guess replaces no result"
    world.do(node.assayed("in", assay=guessed))
    assert (world.of(node, "in").rank, world.flow(node).outs[0].sure) == ("typical", False)


def test_a_batch_that_is_split_is_split_to_the_microgram(world):
    ore(world)
    node, whole = world["mine"], ug(world.here(world["mine"], "ore"))
    thirds = [33 * KG + 333_333, 33 * KG + 333_333, 33 * KG + 333_334]
    for n, mg in enumerate(thirds):
        world.do(node.transformed([part("ore", mg)], [made(f"a{n}", mg - 7), made(f"b{n}", 7)], process="split"))
    parts = [ug(world.here(node, f"{letter}{n}")) for letter in "ab" for n in range(3)]
    assert summed(*parts) == whole
    assert world.of(node, "ore").content.taken_mg == 100 * KG
    assert world.of(node, "a0").content.model == "identity_preserved"


def test_regrading_changes_the_word_and_not_the_elements(world):
    oxide(world)
    node, whole = world["mine"], ug(world.here(world["mine"], "oxide"))
    goods = [made("a", 40 * KG, product="nd_oxide"), made("b", 60 * KG)]
    world.do(node.transformed([part("oxide", 100 * KG)], goods, process="regrade"))
    assert summed(*(ug(world.here(node, name)) for name in "ab")) == whole


def test_two_origins_are_merged_into_a_blend_with_the_bounds_of_one_mixing(world):
    node = world["mine"]
    ore(world, "a", 30 * KG)
    ore(world, "b", 70 * KG, country="MM", feed_class="import_ion")
    world.do(node.transformed([part("a", 30 * KG), part("b", 70 * KG)], [made("x", 100 * KG)], process="blend"))
    world.do(node.transformed([part("x", 100 * KG)], [made("y", 40 * KG), made("z", 60 * KG)], process="split"))
    a, b = (ug(world.of(node, name).content)["Nd"] for name in "ab")
    z = world.of(node, "z").content
    total = z.elements["Nd"].ug
    assert summed(*(ug(world.here(node, name)) for name in "yz")) == summed(
        *(ug(world.of(node, name).content) for name in "ab")
    )
    mid, lo, hi = z.elements["Nd"].origins["MM/import_ion"]
    assert (lo, hi) == (max(0, total - a), min(total, b))
    assert abs(mid * (a + b) - b * total) <= a + b
    assert z.elements["Nd"].sources.keys() == {node.id("a"), node.id("b")}
    assert z.model == "controlled_blending"


def test_a_separation_is_told_by_the_assays_of_its_outputs(world):
    ore(world, mg=1000 * KG)
    node = world["mine"]
    event = world.do(
        node.transformed(
            [part("ore", 1000 * KG)],
            [made("prnd", 200 * KG, assay=PRND), made("dy", 30 * KG, product="dy_oxide", assay=DY)],
            losses=[{"kind": "slag", "mg": 5 * KG}],
        )
    )
    assert ug(world.here(node, "prnd")) == by_assay(PRND, OXIDE, 200 * KG)
    assert ug(world.here(node, "dy")) == by_assay(DY, "dy_oxide", 30 * KG)
    assert world.of(node, "dy").content.elements["Dy"].origins.keys() == {"CN/ion_mid_y"}
    assert world.of(node, "dy").rank == "provisional"
    shares = event.slots["outputs.provenance"][1]["shares"]
    assert shares == [["Dy", [["CN/ion_mid_y", 10**9, 10**9, 10**9]]]]
    amount = str(ug(world.here(node, "dy"))["Dy"])
    assert event.slots["outputs.sources"][1]["amounts"][0][1] == amount
    flow = world.flow(node)
    assert [loss.product for loss in flow.losses] == ["slag"]
    assert [goods.batch for goods in flow.outs] == [node.id("prnd"), node.id("dy")]


def test_more_out_than_in_is_matter_that_nobody_can_explain(world):
    """60 kg of dysprosium oxide out of ore that holds some 3.4 kg of it for each 100 kg."""
    ore(world)
    node = world["mine"]
    world.do(node.transformed([part("ore", 100 * KG)], [made("dy", 60 * KG, product="dy_oxide", assay=DY)]))
    dy, was = world.of(node, "dy").content, ug(world.of(node, "ore").content)["Dy"]
    surplus = dy.elements["Dy"].ug - was
    assert origins(dy, "Dy") == {"CN/ion_mid_y": was, "ZZ/unexplained": surplus}
    assert dy.elements["Dy"].origins["ZZ/unexplained"] == (surplus, surplus, dy.elements["Dy"].ug)


def test_electrolysis_keeps_the_split_of_the_mix_in_a_total_that_is_typical(world):
    """The oxide holds 25 to 75 of the oxides; typical metal would be 20 to 80 of the metals."""
    oxide(world)
    node = world["mine"]
    world.do(
        node.transformed([part("oxide", 100 * KG)], [made("metal", 80 * KG, product=METAL)], process="electrolysis")
    )
    usual = typical(METAL, 80 * KG, REFERENCE)
    metal, mix = ug(world.here(node, "metal")), by_assay(PRND, OXIDE, 100 * KG)
    assert sum(metal.values()) == sum(amount for amount, _ in usual.values())
    assert abs(metal["Pr"] * sum(mix.values()) - mix["Pr"] * sum(metal.values())) < sum(mix.values())
    assert metal["Pr"] != usual["Pr"][0]
    assert world.of(node, "metal").rank == "typical"


def test_machining_gives_swarf_and_dust_their_part_by_mass(world):
    node = world["mine"]
    world.do(node.registered("blocks", 100 * KG, product=BLOCK, assay=MAGNET))
    goods = [made("magnets", 70 * KG, product="ndfeb_magnet"), made("swarf", 20 * KG, product="ndfeb_swarf")]
    losses = [{"kind": "dust", "mg": 8 * KG}, {"kind": "water", "mg": 2 * KG}]
    world.do(node.transformed([part("blocks", 100 * KG)], goods, process="machine", losses=losses))
    whole, magnets, swarf = (ug(world.of(node, name).content)["Nd"] for name in ("blocks", "magnets", "swarf"))
    assert abs(magnets * 98 - whole * 70) <= 98
    assert abs(swarf * 98 - whole * 20) <= 98
    assert whole - magnets - swarf == pytest.approx(whole * 8 / 98, abs=2)


def test_motors_are_made_of_all_that_went_in_and_give_it_back_when_they_are_taken_apart(world):
    node = world["mine"]
    world.do(node.registered("magnets", 10 * KG, product="ndfeb_magnet", assay=MAGNET))
    whole = ug(world.here(node, "magnets"))
    world.do(node.assembled("M", [part("magnets", 10 * KG)], [unit(f"M-{n}", 50 * KG, count=1) for n in range(3)]))
    assert ug(world.here(node, "M")) == whole
    world.do(node.dismantled(["M-0", "M-1", "M-2"], [made("scrap", 10 * KG, product="ndfeb_scrap")]))
    assert ug(world.here(node, "scrap")) == whole
    assert ug(world.here(node, "M")) == {}


def test_a_sample_holds_what_its_batch_holds(world):
    ore(world)
    node, whole = world["mine"], ug(world.here(world["mine"], "ore"))
    world.do(node.sampled([part("ore", 2000)], [made("s", 500, product=MIXED), made("r", 1500, product=MIXED)]))
    assert summed(*(ug(world.here(node, name)) for name in ("ore", "s", "r"))) == whole


# -- pools ---------------------------------------------------------------------------------------------------------


def test_a_pool_holds_what_went_in_until_it_is_drawn(world):
    node = world["mine"]
    ore(world, "a")
    ore(world, "b", country="MM", feed_class="import_ion")
    world.do(node.charged(TANK, part("a", 100 * KG), opens="first"))
    world.do(node.charged(TANK, part("b", 100 * KG)))
    full = world.pool(node, TANK)
    assert ug(full) == summed(*(ug(world.of(node, name).content) for name in "ab"))
    assert full.model == "mass_balance"
    event = world.do(node.drawn(TANK, made("prnd", 20 * KG, assay=PRND)))
    prnd = world.of(node, "prnd").content
    assert ug(prnd) == by_assay(PRND, OXIDE, 20 * KG)
    assert summed(ug(world.pool(node, TANK)), ug(prnd)) == ug(full)
    assert set(origins(prnd)) == {"CN/ion_mid_y", "MM/import_ion"}
    assert abs(2 * origins(prnd)["MM/import_ion"] - ug(prnd)["Nd"]) <= 1
    assert prnd.model == "mass_balance"
    assert event.slots["outputs.provenance"][0]["model"] == "mass_balance"
    flow = world.flow(node)
    assert (flow.pool, flow.ins, of_goods(*flow.outs)) == (TANK, (), ug(prnd))


def test_what_is_charged_later_is_in_later_draws_only(world):
    node = world["mine"]
    ore(world, "a")
    ore(world, "b", country="MM", feed_class="import_ion")
    world.do(node.charged(TANK, part("a", 100 * KG), opens="first"))
    world.do(node.drawn(TANK, made("early", 5 * KG, assay=PRND)))
    world.do(node.charged(TANK, part("b", 100 * KG)))
    world.do(node.drawn(TANK, made("late", 5 * KG, assay=PRND)))
    assert set(origins(world.of(node, "early").content)) == {"CN/ion_mid_y"}
    assert set(origins(world.of(node, "late").content)) == {"CN/ion_mid_y", "MM/import_ion"}


def test_a_period_commits_to_all_that_went_in_and_goes_on_with_what_was_measured(world):
    node = world["mine"]
    ore(world)
    world.do(node.charged(TANK, part("ore", 100 * KG), opens="first"))
    full = world.pool(node, TANK)
    world.do(node.drawn(TANK, made("prnd", 10 * KG, assay=PRND)))
    before, wip = world.pool(node, TANK), [["Nd", "900000000", 20_000], ["Dy", "2000000000", 20_000]]
    event = world.do(node.closed(TANK, opens="second", wip=wip, losses=[{"kind": "slag", "mg": KG}]))
    told = {row[0]: int(row[1]) for row in event.slots["sources"]["amounts"]}
    assert told == ug(full)
    assert ug(world.pool(node, TANK)) == {"Nd": 900_000_000, "Dy": 2_000_000_000}
    assert origins(world.pool(node, TANK)) == {"CN/ion_mid_y": 900_000_000}
    flow = world.flow(node)
    assert (of_goods(*flow.ins), of_goods(*flow.outs)) == (ug(before), ug(world.pool(node, TANK)))
    assert (flow.ins[0].sure, flow.outs[0].sure) == (False, True)
    world.do(node.charged(TANK, *[part("ore", 0, count=None)][:0], part(_more(world), KG)))
    last = world.do(node.closed(TANK, opens="third"))
    found = {row[0]: int(row[1]) for row in last.slots["sources"]["amounts"]}
    assert found["Dy"] == 2_000_000_000 + by_assay(ORE, MIXED, KG)["Dy"]
    assert of_goods(*world.flow(node).outs) == ug(world.pool(node, TANK)) == found


def _more(world: Compounds) -> str:
    ore(world, "more", KG)
    return "more"


def test_a_period_that_does_not_go_on_leaves_nothing(world):
    node = world["mine"]
    ore(world)
    world.do(node.charged(TANK, part("ore", 100 * KG), opens="first"))
    world.do(node.closed(TANK))
    assert world.view(node)[pool_key(TANK)] is None
    assert world.flow(node).outs == ()


def test_no_more_is_drawn_than_is_in_beyond_what_measuring_allows(world):
    node = world["mine"]
    ore(world)
    world.do(node.charged(TANK, part("ore", 100 * KG), opens="first"))
    nd = ug(world.pool(node, TANK))["Nd"]
    most = next(kg for kg in range(1, 100) if by_assay(PRND, OXIDE, kg * KG)["Nd"] > nd)
    before = dict(world.view(node))
    with pytest.raises(Refusal, match=f"Nd would be drawn from pool {TANK}") as refused:
        world.do(node.drawn(TANK, made("x", 2 * most * KG, assay=PRND)))
    assert refused.value.code == "draw-above-content"
    with pytest.raises(Refusal, match="Dy"):
        world.do(node.drawn(TANK, made("x", 50 * KG, product="dy_oxide", assay=DY)))
    assert world.view(node) == before
    slightly = {**PRND, "distribution_pct": [["Nd", "100"]]}
    within = _mass_of(slightly, nd + nd // 1000)
    world.do(node.drawn(TANK, made("nd", within, product="nd_oxide", assay=slightly)))
    assert "Nd" not in ug(world.pool(node, TANK))
    assert set(origins(world.of(node, "nd").content)) == {"CN/ion_mid_y"}


def _mass_of(assay: dict, wanted: int) -> int:
    return wanted * KG // by_assay(assay, "nd_oxide", KG)["Nd"]


def test_what_is_drawn_twice_is_refused_the_second_time(world):
    node = world["mine"]
    oxide(world, mg=10 * KG)
    world.do(node.charged(TANK, part("oxide", 10 * KG), opens="first"))
    world.do(node.drawn(TANK, made("x", 9 * KG, assay=PRND)))
    with pytest.raises(Refusal, match="would be drawn"):
        world.do(node.drawn(TANK, made("y", 9 * KG, assay=PRND)))


def test_a_stock_take_tells_what_a_pool_holds(world):
    node = world["mine"]
    ore(world)
    world.do(node.charged(TANK, part("ore", 100 * KG), opens="first"))
    event = node.counted(pools=[TANK])
    row = {**event.slots["pools.authority"][0], "contents": [["Nd", "5", 0]]}
    world.do(replace(event, slots={**event.slots, "pools.authority": [row]}))
    assert ug(world.pool(node, TANK)) == {"Nd": 5}
    wrong = replace(event, slots={**event.slots, "pools.authority": [{**row, "contents": [["Nd", 5, 0]]}]})
    with pytest.raises(Malformed):
        world.do(wrong)


# -- between two ---------------------------------------------------------------------------------------------------


def blend_sent(world: Compounds, purpose: str = "sale"):
    """70 kg of 100, of two origins, on their way to the smelter."""
    node = world["mine"]
    oxide(world, "a", 40 * KG, country="CN")
    oxide(world, "b", 60 * KG, country="MM")
    world.do(node.transformed([part("a", 40 * KG), part("b", 60 * KG)], [made("x", 100 * KG)], process="blend"))
    return world.do(node.shipped("S", "smelter", part("x", 70 * KG), purpose=purpose))


def test_what_leaves_tells_its_shares_and_is_gone(world):
    offer = blend_sent(world)
    node = world["mine"]
    gone = of_goods(*world.flow(node).ins)
    assert summed(gone, ug(world.here(node, "x"))) == summed(*(ug(world.of(node, name).content) for name in "ab"))
    ((element, rows),) = offer.slots["lines.provenance"][0]["shares"][1:]
    assert (element, [row[0] for row in rows]) == ("Nd", ["CN/mined", "MM/mined"])
    assert sum(row[1] for row in rows) == 10**9


def test_a_receiver_knows_the_origins_by_the_shares_and_the_weight_by_its_own_scale(world):
    offer = blend_sent(world)
    node = world["smelter"]
    event = world.do(node.received(offer, answer(difference=-KG)))
    assert event.slots["lines.provenance"] == offer.slots["lines.provenance"]
    found = world.of(node, "x")
    expected = {element: amount for element, (amount, _) in typical(OXIDE, 69 * KG, REFERENCE).items()}
    assert (found.content.mg, ug(found.content), found.rank) == (69 * KG, expected, "typical")
    nd = found.content.elements["Nd"]
    assert nd.sources == {node.id("x"): (nd.ug, nd.ug, nd.ug)}
    assert abs(nd.origins["MM/mined"][0] * 10 - nd.ug * 6) <= 10
    assert found.content.model == "controlled_blending"
    assert of_goods(*world.flow(node).outs) == expected
    world.check_custody(node)


def test_a_receiver_who_assays_holds_what_its_assay_says(world):
    offer = blend_sent(world)
    node = world["smelter"]
    line = answer()
    line["wrong"]["assay"] = {**PRND, "total_reo_pct": "98", "status": "final"}
    world.do(node.received(offer, line))
    found = world.of(node, "x")
    assert (ug(found.content), found.rank) == (by_assay(line["wrong"]["assay"], OXIDE, 70 * KG), "final")
    assert world.flow(node).outs[0].sure


def test_a_batch_in_two_receipts_is_one_batch_no_surer_than_its_parts(world):
    offer = blend_sent(world)
    node = world["smelter"]
    first = answer(accepted=30 * KG)
    first["wrong"]["assay"] = PRND
    world.do(node.received(offer, first, final=False))
    world.do(node.removed(part("x", 10 * KG)))
    world.do(node.received(offer, answer(accepted=40 * KG)))
    found = world.of(node, "x")
    assert (found.content.mg, found.content.taken_mg, found.rank) == (60 * KG, 0, "typical")  # with what was left
    world.check_custody(node)


def test_rejected_goods_stand_at_the_receiver_and_go_back_as_they_are(world):
    offer = blend_sent(world)
    mine, smelter = world["mine"], world["smelter"]
    world.do(smelter.received(offer, answer(rejected=20 * KG, missing=KG)))
    world.check_custody(smelter)
    assert of_goods(*world.flow(smelter).outs).keys() == {"Pr", "Nd"}
    assert world.flow(smelter).outs[0].mg == 49 * KG
    back = world.do(
        smelter.shipped("B", "mine", part("x", 20 * KG, owner="mine.example"), purpose="return", original="S")
    )
    world.do(mine.received(back, answer()))
    world.check_custody(mine)
    world.check_custody(smelter)


def test_own_goods_that_come_back_are_what_they_were(world):
    offer = blend_sent(world)
    mine, smelter = world["mine"], world["smelter"]
    whole = world.of(mine, "x").content
    world.do(smelter.received(offer, answer()))
    back = world.do(smelter.shipped("B", "mine", part("x", 70 * KG), purpose="return", original="S"))
    event = world.do(mine.received(back, answer()))
    assert world.of(mine, "x").content == replace(whole, taken_mg=0)
    assert of_goods(*world.flow(mine).outs) == of_goods(*world.flow(mine, 3).ins)
    sources = {row[0] for _, _, _, rows in event.slots["lines.sources"][0]["amounts"] for row in rows}
    assert sources == {mine.id("a"), mine.id("b")}


def test_declined_goods_that_are_weighed_back_are_what_they_were(world):
    offer = blend_sent(world)
    mine = world["mine"]
    world.do(world["smelter"].received(offer, declined=True, reason="wet"))
    world.do(mine.acknowledged("S", {**part("x", 69 * KG), "line": 0}, declined=True))
    assert world.of(mine, "x").content.taken_mg == KG
    assert world.flow(mine).outs[0].mg == 69 * KG
    world.check_custody(mine)


# -- told anew -----------------------------------------------------------------------------------------------------


def assay_of(total: str, **more: str) -> dict:
    return {**PRND, "total_reo_pct": total, **more}


def test_a_later_assay_counts_where_it_is_no_less_sure(world):
    """Provisional, final, agreed: each takes the place of what is not surer, and of nothing else."""
    node = world["mine"]
    oxide(world, assay=None)
    steps = [
        (node.assayed, assay_of("97"), "97", "provisional"),
        (node.assayed, assay_of("97.5"), "97.5", "provisional"),
        (node.assayed, assay_of("98", status="final"), "98", "final"),
        (node.assayed, assay_of("97"), "98", "final"),
        (node.assay_agreed, assay_of("98.5"), "98.5", "agreed"),
        (node.assayed, assay_of("99", status="final"), "98.5", "agreed"),
        (node.assay_agreed, assay_of("98.2"), "98.2", "agreed"),
    ]
    for word, assay, total, rank in steps:
        extra = {"own": assay} if word == node.assay_agreed else {}
        world.do(word("oxide", assay=assay, **extra))
        found = world.of(node, "oxide")
        assert (ug(found.content), found.rank) == (by_assay(assay_of(total), OXIDE, 100 * KG), rank)
        assert origins(found.content) == {"CN/mined": ug(found.content)["Nd"]}


def test_a_late_assay_changes_what_is_left_and_not_what_has_gone(world):
    node = world["mine"]
    oxide(world)
    world.do(node.removed(part("oxide", 60 * KG)))
    gone = of_goods(*world.flow(node).ins)
    world.do(node.assayed("oxide", assay=assay_of("95", status="final")))
    assert gone == {
        element: pytest.approx(amount * 6 / 10, abs=1) for element, amount in by_assay(PRND, OXIDE, 100 * KG).items()
    }
    now = by_assay(assay_of("95"), OXIDE, 100 * KG)
    assert ug(world.here(node, "oxide")) == {
        element: pytest.approx(amount * 4 / 10, abs=1) for element, amount in now.items()
    }


def test_an_element_that_an_assay_finds_first_has_no_origin(world):
    node = world["mine"]
    oxide(world)
    found = {**PRND, "distribution_pct": [["Pr", "24"], ["Nd", "75"], ["La", "1"]]}
    world.do(node.assayed("oxide", assay=found))
    content = world.of(node, "oxide").content
    assert set(origins(content, "La")) == {"ZZ/unexplained"}
    assert content.model == "controlled_blending"


def test_goods_that_are_weighed_again_hold_the_elements_that_they_held(world):
    node = world["mine"]
    oxide(world)
    world.do(node.removed(part("oxide", 30 * KG)))
    held = ug(world.here(node, "oxide"))
    world.do(node.remeasured(measured("oxide", 65 * KG), kind="dried"))
    found = world.of(node, "oxide").content
    assert (found.mg, found.taken_mg, ug(found)) == (65 * KG, 0, held)
    flow = world.flow(node)
    assert (of_goods(*flow.ins), of_goods(*flow.outs), flow.ins[0].mg, flow.outs[0].mg) == (
        held,
        held,
        70 * KG,
        65 * KG,
    )


def test_a_gain_of_a_stock_take_is_of_no_origin(world):
    node = world["mine"]
    oxide(world)
    world.do(node.removed(part("oxide", 60 * KG)))
    left = ug(world.here(node, "oxide"))
    world.do(node.counted(measured("oxide", 50 * KG)))
    found = world.here(node, "oxide")
    gained = {element: round(Fraction(amount, 10)) for element, amount in by_assay(PRND, OXIDE, 100 * KG).items()}
    assert ug(found) == summed(left, gained)
    assert origins(found) == {"CN/mined": left["Nd"], "ZZ/unexplained": gained["Nd"]}
    assert found.elements["Nd"].sources["unexplained"] == (gained["Nd"],) * 3
    assert minus(of_goods(*world.flow(node).outs), of_goods(*world.flow(node).ins)) == gained


def test_a_gain_of_what_was_used_up_has_its_elements_and_no_origin(world):
    node = world["mine"]
    oxide(world)
    world.do(node.removed(part("oxide", 100 * KG)))
    world.do(node.counted(measured("oxide", 10 * KG)))
    found = world.here(node, "oxide")
    assert (found.mg, set(origins(found))) == (10 * KG, {"ZZ/unexplained"})
    assert ug(found) == by_assay(PRND, OXIDE, 10 * KG)


def test_a_loss_of_a_stock_take_takes_its_part_and_the_goods_may_turn_up_as_a_gain(world):
    node = world["mine"]
    oxide(world)
    whole = ug(world.here(node, "oxide"))
    world.do(node.counted(measured("oxide", 0)))
    assert ug(world.here(node, "oxide")) == {}
    assert (of_goods(*world.flow(node).ins), of_goods(*world.flow(node).outs)) == (whole, {})
    world.do(node.counted(measured("oxide", 100 * KG)))
    assert ug(world.here(node, "oxide")) == whole
    assert set(origins(world.here(node, "oxide"))) == {"ZZ/unexplained"}


# -- corrections ---------------------------------------------------------------------------------------------------


def test_what_is_reversed_took_nothing_and_made_nothing(world):
    node = world["mine"]
    oxide(world)
    whole = world.of(node, "oxide").content
    event = world.do(node.transformed([part("oxide", 30 * KG)], [made("metal", 24 * KG, product=METAL)]))
    world.do(node.reversed(event))
    assert world.of(node, "oxide").content == whole
    assert world.view(node)[node.id("metal")] is None
    event = world.do(node.removed(part("oxide", 100 * KG)))
    assert ug(world.here(node, "oxide")) == {}
    world.do(node.reversed(event))
    assert world.of(node, "oxide").content == whole


def test_motors_whose_dismantling_is_reversed_hold_what_they_held(world):
    node = world["mine"]
    world.do(node.registered("magnets", 10 * KG, product="ndfeb_magnet", assay=MAGNET))
    world.do(node.assembled("M", [part("magnets", 10 * KG)], [unit("M-1", 50 * KG, count=1)]))
    whole = world.of(node, "M").content
    event = world.do(node.dismantled(["M-1"], [made("scrap", KG, product="ndfeb_scrap")]))
    world.do(node.reversed(event))
    assert world.of(node, "M").content == whole
    assert world.view(node)[node.id("scrap")] is None


def test_goods_that_come_back_to_a_batch_weighed_anew_are_of_its_origins_and_nothing_is_sure_of_them(world):
    """What the batch had given is not counted any more once it was weighed again."""
    node = world["mine"]
    oxide(world, "a", 40 * KG)
    oxide(world, "b", 60 * KG, country="MM")
    world.do(node.transformed([part("a", 40 * KG), part("b", 60 * KG)], [made("x", 100 * KG)], process="blend"))
    event = world.do(node.transformed([part("x", 30 * KG)], [made("m", 20 * KG, product=METAL)]))
    world.do(node.remeasured(measured("x", 69 * KG)))
    rest = world.of(node, "x").content
    world.do(node.reversed(event))
    found = world.of(node, "x").content
    assert (found.mg, found.taken_mg) == (99 * KG, 0)
    more = found.elements["Nd"].ug - rest.elements["Nd"].ug
    assert abs(more * 69 - rest.elements["Nd"].ug * 30) <= 69
    lo, hi = found.elements["Nd"].origins["MM/mined"][1:]
    before = rest.elements["Nd"].origins["MM/mined"]
    assert (lo, hi) == (before[1], before[2] + more)
    world.check_custody(node)


def test_an_entry_that_is_adjusted_moves_its_elements(world):
    """18 kg less made and 18 kg less used, though all of it was used."""
    node = world["mine"]
    first = oxide(world, mg=20 * KG)
    second = world.do(node.transformed([part("oxide", 20 * KG)], [made("metal", 15 * KG, product=METAL)]))
    world.do(node.adjusted(change(first, "made", "oxide", -18 * KG), change(second, "used", "oxide", -18 * KG)))
    found = world.of(node, "oxide").content
    assert (found.mg, found.taken_mg, ug(found)) == (2 * KG, 2 * KG, by_assay(PRND, OXIDE, 2 * KG))
    entered, used = world.flow(node).restated
    assert of_goods(*entered.now.outs) == of_goods(*used.now.ins) == by_assay(PRND, OXIDE, 2 * KG)
    assert of_goods(*entered.was.outs) == of_goods(*used.was.ins) == by_assay(PRND, OXIDE, 20 * KG)
    world.do(node.adjusted(change(second, "used", "oxide", -KG)))
    assert ug(world.here(node, "oxide")) == by_assay(PRND, OXIDE, KG)
    (used,) = world.flow(node).restated
    assert of_goods(*used.now.ins) == by_assay(PRND, OXIDE, KG)
    world.do(node.adjusted(change(second, "used", "oxide", KG)))
    assert (world.of(node, "oxide").content.taken_mg, ug(world.here(node, "oxide"))) == (2 * KG, {})
    world.check_custody(node)


def test_pieces_that_are_adjusted_move_no_element(world):
    node = world["mine"]
    world.do(node.registered("blocks", KG, count=10, product=BLOCK, assay=MAGNET))
    event = world.do(node.removed(part("blocks", KG, count=5)))
    world.do(node.adjusted(change(event, "used", "blocks", 0, count=2)))
    assert world.of(node, "blocks").content.taken_mg == KG


def test_what_both_adjust_moves_in_both_logs(world):
    mine, smelter = world["mine"], world["smelter"]
    offer = blend_sent(world)
    receipt = world.do(smelter.received(offer, answer()))
    world.do(mine.acknowledged("S"))
    given = world.do(smelter.adjusted(change(receipt, "received", "x", -7 * KG), partner="mine.example"))
    world.do(
        mine.adjusted(change(offer, "shipped", "x", -7 * KG), partner="smelter.example", consent=smelter.consent(given))
    )
    assert (world.of(mine, "x").content.taken_mg, world.of(smelter, "x").content.mg) == (63 * KG, 63 * KG)
    world.check_custody(mine)
    world.check_custody(smelter)


# -- what was committed --------------------------------------------------------------------------------------------


def _blended(world: Compounds):
    blend_sent(world)
    node = world["mine"]
    return node.transformed([part("x", 30 * KG)], [made("y", 10 * KG), made("z", 20 * KG)], process="split")


def _other_share(told):
    first, *rest = told["shares"][0][1]
    moved = [[first[0], first[1] + 1, *first[2:]], [rest[0][0], rest[0][1] - 1, *rest[0][2:]]]
    return {**told, "shares": [[told["shares"][0][0], moved], *told["shares"][1:]]}


LIES = {
    "a stronger model": ("outputs.provenance", lambda told: {**told, "model": "segregated"}),
    "other shares": ("outputs.provenance", _other_share),
    "an element less": ("outputs.provenance", lambda told: {**told, "shares": told["shares"][1:]}),
    "nothing": ("outputs.provenance", lambda told: None),
    "no sources": ("outputs.sources", lambda told: None),
    "other amounts": ("outputs.sources", lambda told: {"amounts": told["amounts"][:1]}),
}


@pytest.mark.parametrize(("slot", "lie"), LIES.values(), ids=LIES)
@pytest.mark.parametrize("item", [0, 1])
def test_only_the_vector_that_follows_is_accepted(world, slot, lie, item):
    node = world["mine"]
    event = world.planned(_blended(world))
    found = plan(world.seen(node, event), event, REFERENCE)
    assert check(found, event) is None
    told = list(event.slots[slot])
    told[item] = lie(told[item])
    with pytest.raises(Unverified) as refused:
        check(found, replace(event, slots={**event.slots, slot: told}))
    assert (refused.value.code, refused.value.field) == ("provenance-differs", slot)


def test_an_event_that_tells_no_vector_at_all_is_not_accepted(world):
    node = world["mine"]
    event = _blended(world)
    found = plan(world.seen(node, event), event, REFERENCE)
    with pytest.raises(Unverified):
        check(found, event)


def test_where_nothing_is_known_nothing_is_told(world):
    node = world["mine"]
    ore(world, assay=None, feed_class=None)
    event = node.transformed([part("ore", KG)], [made("x", KG, product="prnd_oxalate")])
    found = plan(world.seen(node, event), event, REFERENCE)
    assert found.slots == {"outputs.provenance": [None], "outputs.sources": [None]}
    assert check(found, event) is None


@pytest.mark.parametrize("slot", ["provenance", "sources"])
def test_a_period_commits_to_its_own_vector(world, slot):
    node = world["mine"]
    ore(world)
    world.do(node.charged(TANK, part("ore", KG), opens="first"))
    event = world.planned(node.closed(TANK))
    found = plan(world.seen(node, event), event, REFERENCE)
    assert check(found, event) is None
    with pytest.raises(Unverified):
        check(found, replace(event, slots={**event.slots, slot: None}))


def test_events_that_move_no_element_have_no_plan(world):
    node = world["mine"]
    ore(world)
    for event in (
        node.packed("ore", [unit("D-1", KG)]),
        node.moved("plant-1", "yard", part("ore", KG)),
        node.held("H", part("ore", KG)),
        node.reported(),
    ):
        assert plan({}, event, REFERENCE) is None
        assert touches(event) == frozenset()


def test_scaling_by_hand_is_what_an_assay_does(world):
    """The shares stay: what a late assay tells is the same goods with other totals."""
    node = world["mine"]
    blend_sent(world)
    before = world.of(node, "x").content
    world.do(node.assayed("x", assay=assay_of("90")))
    totals = parse_assay(assay_of("90"), OXIDE, REFERENCE, "assay").content(100 * KG, "net")
    assert world.of(node, "x").content == scale(before, totals)
    assert isinstance(node.view["batch", node.id("x")], Batch)
