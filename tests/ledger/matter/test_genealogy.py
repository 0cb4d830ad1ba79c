"""What an event makes, and out of what, as far as the reader sees it."""

from dataclasses import replace

import pytest

from ledger.matter.genealogy import Edge, Made, edges, event_at, made
from tests.ledger.matter.story import AT, KG, RECORDED_AT, World, answer, part, unit
from tests.ledger.matter.story import made as output


@pytest.fixture
def world() -> World:
    world = World()
    world.do(world["mine"].registered("ore", 100 * KG))
    world.do(world["mine"].registered("carbonate", 100 * KG))
    return world


def test_a_registered_batch_has_no_parents(world):
    node = world["mine"]
    event = node.registered("more", KG)
    assert made(event) == [Made(node.id("more"), "ion_clay_mixed_oxide", "more", AT)]
    assert edges(event) == []


def test_every_output_comes_from_every_input(world):
    node = world["mine"]
    event = node.transformed([part("ore", 3 * KG), part("carbonate", 4 * KG)], [output("a", KG), output("b", KG)])
    assert [one.batch for one in made(event)] == [node.id("a"), node.id("b")]
    assert edges(event) == [
        Edge(node.id(child), node.id(parent), mg)
        for child in "ab"
        for parent, mg in (("ore", 3 * KG), ("carbonate", 4 * KG))
    ]


def test_a_batch_used_twice_is_one_edge_with_the_sum(world):
    node = world["mine"]
    event = node.transformed([part("ore", 3 * KG), part("ore", 4 * KG)], [output("a", KG)])
    assert edges(event) == [Edge(node.id("a"), node.id("ore"), 7 * KG)]


def test_fifty_inputs_and_twenty_outputs_are_a_thousand_edges(world):
    node = world["mine"]
    inputs = [world.do(node.registered(f"in {n}", KG)) and part(f"in {n}", KG) for n in range(50)]
    event = world.do(node.transformed(inputs, [output(f"out {n}", 2 * KG) for n in range(20)]))
    found = edges(event)
    assert len(found) == len({(edge.child, edge.parent) for edge in found}) == 1000


def test_motors_come_from_their_inputs_and_parts_from_their_motors(world):
    node = world["mine"]
    event = world.do(node.assembled("M", [part("ore", KG)], [unit("M-1", KG, count=1)]))
    assert made(event) == [Made(node.id("M"), "motor", "M", AT)]
    assert edges(event) == [Edge(node.id("M"), node.id("ore"), KG)]
    event = world.do(node.dismantled(["M-1"], [output("scrap", KG)]))
    assert edges(event) == [Edge(node.id("scrap"), node.id("M"), KG)]


def test_moving_goods_makes_nothing(world):
    node = world["mine"]
    offer = world.do(node.shipped("S", "smelter", part("ore", KG)))
    receipt = world.do(world["smelter"].received(offer, answer()))
    packed = node.packed("ore", [unit("D-1", KG)])
    for event in (
        offer,
        receipt,
        packed,
        node.removed(part("ore", KG)),
        node.moved("plant-1", "yard", part("ore", KG)),
    ):
        assert made(event) == []
        assert edges(event) == []


def test_amounts_that_are_not_disclosed_are_unknown_not_zero(world):
    node = world["mine"]
    event = node.transformed([part("ore", 3 * KG), part("ore", 4 * KG), part("carbonate", KG)], [output("a", KG)])
    chain = {name: value for name, value in event.slots.items() if not name.endswith(".authority")}
    assert [edge.mg for edge in edges(replace(event, slots=chain))] == [None, None]
    one = {**event.slots, "inputs.authority": [event.slots["inputs.authority"][0], None, None]}
    assert edges(replace(event, slots=one)) == [
        Edge(node.id("a"), node.id("ore"), None),
        Edge(node.id("a"), node.id("carbonate"), None),
    ]


def test_batches_that_are_not_disclosed_are_passed_over(world):
    node = world["mine"]
    event = node.transformed([part("ore", KG), part("carbonate", KG)], [output("a", KG), output("b", KG)])
    seen = replace(
        event,
        slots={**event.slots, "inputs.chain": [None, {"batch": node.id("carbonate")}], "outputs.chain": [None, {}]},
        ids={"outputs.chain": (None, None)},
    )
    assert made(seen) == []
    assert edges(seen) == []
    one = replace(
        event,
        slots={**event.slots, "outputs.chain": [None, event.slots["outputs.chain"][1]]},
        ids={"outputs.chain": (None, event.ids["outputs.chain"][1])},
    )
    assert [one.batch for one in made(one)] == [node.id("b")]
    nothing = replace(event, slots={}, ids={})
    assert (made(nothing), edges(nothing)) == ([], [])


def test_when_it_happened_is_as_stated_else_when_it_was_recorded(world):
    event = world["mine"].registered("more", KG, at="2026-11-20T08:15:00+08:00")
    assert event_at(event) == "2026-11-20T08:15:00+08:00"
    assert event_at(replace(event, slots={**event.slots, "batch": None})) == RECORDED_AT
