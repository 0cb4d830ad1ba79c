"""Pools: goods go in and lose their names, and new batches come out; what custody allows, and what it refuses."""

import re
from copy import deepcopy
from pathlib import Path

import pytest

from ledger.errors import Refusal
from ledger.matter import custody
from ledger.matter.genealogy import Edge, Made, edges, made
from ledger.matter.stock import Pool, dump_state, load_kept
from tests.ledger.matter.story import AT, KG, SITE, World, answer, part, unit
from tests.ledger.matter.story import made as output
from tests.ledger.matter.test_custody_refusals import Case, blocks, drums, mine, nothing, ore, smelter, tolling

TANK = "tank-1"


@pytest.fixture
def world() -> World:
    """100 kg of ore, 80 of them in drums, and a tank into which 10 kg went."""
    world = World()
    charged(world)
    return world


def charged(world: World) -> None:
    drums(world)
    world.do(world["mine"].charged(TANK, part("ore", 10 * KG), opens="first"))


def closed(world: World) -> None:
    charged(world)
    world.do(world["mine"].closed(TANK))


def gone_on(world: World) -> None:
    """The first period is over, the second goes on with what was left."""
    charged(world)
    world.do(world["mine"].closed(TANK, opens="second"))


def recalled(world: World) -> None:
    charged(world)
    world.do(world["mine"].recalled("C", "first"))


# -- what happens --------------------------------------------------------------------------------------------------


def test_the_first_charge_opens_a_period_and_goods_leave_their_batch(world):
    node = world["mine"]
    assert node.pool(TANK) == Pool(TANK, node.id("first"), SITE, "leach", in_mg=10 * KG)
    assert (node.mg("ore"), node.mg("first")) == (90 * KG, 0)
    assert (node.batch("first").product, node.batch("first").lot_no) == ("pool", "first")


def test_units_are_emptied_into_a_pool_and_pieces_lose_their_number(world):
    node = world["mine"]
    world.do(node.charged(TANK, part("ore", 55 * KG, units=["D-1"])))
    world.do(node.registered("blocks", KG, count=9))
    world.do(node.charged(TANK, part("blocks", KG, count=9)))
    assert (node.unit("D-1").state, node.pool(TANK).in_mg) == ("emptied", 66 * KG)
    assert (node.mg("blocks"), node.batch("blocks").count) == (0, 0)


def test_a_draw_makes_batches_and_may_weigh_more_than_went_in(world):
    """What comes out has another form: custody counts it, and the elements say whether there was as much."""
    node = world["mine"]
    world.do(node.drawn(TANK, output("a", 7 * KG), output("b", 8 * KG, count=4), losses=[{"kind": "slag", "mg": 1}]))
    assert (node.mg("a"), node.batch("b").count) == (7 * KG, 4)
    assert (node.pool(TANK).out_mg, node.pool(TANK).draws) == (15 * KG, 1)
    world.do(node.drawn(TANK, output("c", 1)))
    assert (node.pool(TANK).out_mg, node.pool(TANK).draws) == (15 * KG + 1, 2)


def test_a_period_ends_and_the_next_begins_at_once_or_with_the_next_charge(world):
    node = world["mine"]
    world.do(node.closed(TANK, opens="second"))
    assert node.pool(TANK) == Pool(TANK, node.id("second"), SITE, "leach")
    world.do(node.drawn(TANK, output("a", KG)))
    world.do(node.closed(TANK, losses=[{"kind": "slag", "mg": KG}]))
    assert node.pool(TANK).period == ""
    world.do(node.charged(TANK, part("ore", KG), opens="third"))
    assert node.pool(TANK).period == node.id("third")


def test_pools_of_one_organisation_are_apart_and_two_may_have_one_name(world):
    node, other = world["mine"], world["smelter"]
    world.do(node.charged("heap", part("ore", KG), opens="heap 1"))
    world.do(other.registered("own", KG))
    world.do(other.charged(TANK, part("own", KG), opens="own 1"))
    assert [one.pool(code).in_mg for one, code in ((node, TANK), (node, "heap"), (other, TANK))] == [10 * KG, KG, KG]


def test_a_drawn_batch_is_a_batch_like_any_other(world):
    node = world["mine"]
    world.do(node.drawn(TANK, output("a", 7 * KG)))
    world.do(node.packed("a", [unit("A-1", 5 * KG)]))
    offer = world.do(node.shipped("S", "smelter", part("a", 6 * KG, units=["A-1"])))
    world.do(world["smelter"].received(offer, answer(units={"A-1": "accepted"})))
    assert (node.mg("a"), world["smelter"].mg("a")) == (KG, 6 * KG)


def test_a_recalled_period_may_still_be_charged_and_closed_for_good():
    world = World()
    recalled(world)
    world.do(world["mine"].charged(TANK, part("ore", KG)))
    world.do(world["mine"].closed(TANK))
    assert world["mine"].pool(TANK).period == ""


def test_a_released_period_is_drawn_from_again():
    world = World()
    recalled(world)
    world.do(world["mine"].released("C"))
    world.do(world["mine"].drawn(TANK, output("a", KG)))
    assert world["mine"].mg("a") == KG


def test_the_lot_number_of_a_period_is_amended(world):
    node = world["mine"]
    world.do(node.amended(3, ("opens.lot_no", "first", "2026-11")))
    assert node.batch("first").lot_no == "2026-11"


def test_a_pool_is_kept_as_a_text(world):
    pool = world["mine"].pool(TANK)
    assert load_kept("pool", dump_state(pool)) == pool


# -- genealogy -----------------------------------------------------------------------------------------------------


def test_who_traces_goes_through_the_periods(world):
    """Ore into the first period, which goes on as the second; what is drawn is a child of the one it came from."""
    node = world["mine"]
    opening = node.log[-1]
    more = world.do(node.charged(TANK, part("ore", 3 * KG), part("ore", 4 * KG)))
    early = world.do(node.drawn(TANK, output("a", KG), output("b", KG)))
    closing = world.do(node.closed(TANK, opens="second"))
    late = world.do(node.drawn(TANK, output("c", KG)))
    last = world.do(node.closed(TANK))
    ids = {name: node.id(name) for name in ("ore", "first", "second", "a", "b", "c")}
    told = {event.type: made(event) for event in (opening, closing)}
    assert told == {
        "charged": [Made(ids["first"], "pool", "first", AT)],
        "closed": [Made(ids["second"], "pool", "second", AT)],
    }
    assert [one.batch for one in made(early)] == [ids["a"], ids["b"]]
    assert (made(more), made(last), edges(last)) == ([], [], [])
    assert [one for event in (opening, more, early, closing, late) for one in edges(event)] == [
        Edge(ids["first"], ids["ore"], 10 * KG),
        Edge(ids["first"], ids["ore"], 7 * KG),
        Edge(ids["a"], ids["first"], None),
        Edge(ids["b"], ids["first"], None),
        Edge(ids["second"], ids["first"], None),
        Edge(ids["c"], ids["second"], None),
    ]


# -- what is refused -----------------------------------------------------------------------------------------------

CASES = {
    "charging nothing": Case(charged, mine(lambda n: n.charged(TANK)), "nothing-named"),
    "charging more than is there": Case(charged, mine(lambda n: n.charged(TANK, part("ore", 11 * KG))), "not-enough"),
    "charging others' goods": Case(
        tolling,
        smelter(lambda n: n.charged(TANK, part("ore", KG, owner="mine.example"), opens="first")),
        "pool-own-goods-only",
    ),
    "charging one's own with others' goods": Case(
        tolling,
        smelter(
            lambda n: n.charged(TANK, part("own", KG), part("ore", KG, owner="mine.example"), opens="first"),
        ),
        "owners-mixed",
    ),
    "charging what is held": Case(
        lambda w: (ore(w), w.do(w["mine"].held("H", part("ore", 100 * KG)))),
        mine(lambda n: n.charged(TANK, part("ore", 1), opens="first")),
        "goods-held",
    ),
    "charging what is recalled": Case(
        lambda w: (ore(w), w.do(w["mine"].recalled("C", "ore"))),
        mine(lambda n: n.charged(TANK, part("ore", 1), opens="first")),
        "batch-recalled",
    ),
    "charging pieces without their number": Case(
        blocks, mine(lambda n: n.charged(TANK, part("blocks", KG), opens="first")), "count-missing"
    ),
    "charging a pool that is not open": Case(ore, mine(lambda n: n.charged(TANK, part("ore", KG))), "pool-not-open"),
    "charging a pool that was closed": Case(closed, mine(lambda n: n.charged(TANK, part("ore", KG))), "pool-not-open"),
    "charging the period before": Case(
        gone_on, mine(lambda n: n.charged(TANK, part("ore", KG), period="first")), "pool-period-closed"
    ),
    "charging no period by name": Case(
        charged, mine(lambda n: n.charged(TANK, part("ore", KG), period="")), "pool-period-closed"
    ),
    "opening what is open": Case(charged, mine(lambda n: n.charged(TANK, part("ore", KG), opens="again")), "pool-open"),
    "opening anew, and naming the period before": Case(
        closed, mine(lambda n: n.charged(TANK, part("ore", KG), period="first", opens="second")), "pool-opens-new"
    ),
    "opening a period of oxide": Case(
        ore, mine(lambda n: n.charged(TANK, part("ore", KG), opens="first", product="prnd_oxide")), "pool-opens-product"
    ),
    "opening a period that is a batch already": Case(
        closed, mine(lambda n: _again(n.charged(TANK, part("ore", KG), opens="second"), n.id("ore"))), "id-given-twice"
    ),
    "drawing nothing": Case(charged, mine(lambda n: n.drawn(TANK)), "nothing-named"),
    "drawing a batch of nothing": Case(charged, mine(lambda n: n.drawn(TANK, output("a", 0))), "mass-is-zero"),
    "drawing from what was never charged": Case(
        nothing, mine(lambda n: n.drawn(TANK, output("a", KG))), "pool-not-open"
    ),
    "drawing from a closed pool": Case(closed, mine(lambda n: n.drawn(TANK, output("a", KG))), "pool-not-open"),
    "drawing from the period before": Case(
        gone_on, mine(lambda n: n.drawn(TANK, output("a", KG), period="first")), "pool-period-closed"
    ),
    "drawing from a recalled period": Case(recalled, mine(lambda n: n.drawn(TANK, output("a", KG))), "batch-recalled"),
    "closing what was never open": Case(nothing, mine(lambda n: n.closed(TANK)), "pool-not-open"),
    "closing twice": Case(closed, mine(lambda n: n.closed(TANK)), "pool-not-open"),
    "closing the period before": Case(gone_on, mine(lambda n: n.closed(TANK, period="first")), "pool-period-closed"),
    "going on with a recalled period under another name": Case(
        recalled, mine(lambda n: n.closed(TANK, opens="second")), "batch-recalled"
    ),
    "going on as a batch of oxide": Case(
        charged, mine(lambda n: n.closed(TANK, opens="second", product="prnd_oxide")), "pool-opens-product"
    ),
    "using a period as goods": Case(charged, mine(lambda n: n.removed(part("first", KG))), "not-enough"),
    "holding a period": Case(charged, mine(lambda n: n.held("H", part("first", KG))), "not-enough"),
}


def _again(event, id_):
    event.ids["opens"] = id_
    return event


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_refused_and_nothing_changed(case):
    world = World()
    case.history(world)
    event = case.event(world)
    before = {name: deepcopy(node.view) for name, node in world.nodes.items()}
    with pytest.raises(Refusal) as refused:
        world.do(event)
    assert refused.value.code == case.code
    assert {name: node.view for name, node in world.nodes.items()} == before
    assert refused.value.text("zh") != refused.value.text("en")


def test_every_refusal_of_a_pool_has_its_case():
    code = (Path(custody.__file__).parent / "pools.py").read_text("utf-8")
    raised = set(re.findall(r'Refusal\(\s*"([a-z-]+)"', code))
    assert len(raised) == 7
    assert raised - {case.code for case in CASES.values()} == set()
