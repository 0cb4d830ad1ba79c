"""Books against stock where goods come in parts, and where a log goes on from another: by hand, and in random lives."""

from dataclasses import dataclass

import pytest

from ledger.matter.events import Event
from ledger.matter.flows import dump_flow, load_flow
from ledger.succession import inherited
from tests.ledger.matter.compounding import Compounds, of_goods, summed, ug
from tests.ledger.matter.story import KG, Node, answer, made, part
from tests.ledger.matter.test_assays import ORE
from tests.ledger.matter.test_contents import MIXED
from tests.ledger.matter.test_recompute import Late, unbooked

POORER = {**ORE, "total_reo_pct": "60"}
LOTS = ("x", "y", "z")


@dataclass
class Successor(Node):
    """The same organisation, whose log goes on from another."""

    @property
    def origin(self) -> str:
        return f"{self.name}/log2"


def deliver(world: Compounds, to: Node, lot: str, mg: int, **told) -> Event:
    """A part of a batch of the smelter, received."""
    smelter = world["smelter"]
    name = f"S{len(smelter.log)}"
    offer = world.do(smelter.shipped(name, to.name.removesuffix(".example"), part(lot, mg)))
    return world.do(to.received(offer, answer(**told)))


def succeed(world: Compounds, node: Node) -> Successor:
    """Goes on in another log: what was bare in the old one is named with it, and nothing else is different."""
    left = inherited(node.origin, node.view, world.view(node))
    successor = Successor(world.world, node.name, dict(left.states))
    world.world.nodes[node.name.removesuffix(".example")] = successor
    world.makeups[node.name] = dict(left.makeups)
    opened = Event("log_opened", successor.origin, {}, {}, "2026-11-20T00:00:00.000Z")
    flow = left.flow(opened)
    assert load_flow(0, opened, dump_flow(flow)) == flow
    world.flows[node.name] = [flow]
    return successor


@pytest.fixture
def world() -> Compounds:
    made = Compounds()
    for lot in LOTS:
        made.do(made["smelter"].registered(lot, 10**6 * KG, assay=ORE, product=MIXED))
    return made


def test_a_batch_that_comes_in_parts_of_which_some_was_used(world):
    """What left was of the first part, and stays so; what is left of it is mixed with the second."""
    mill = world["mill"]
    deliver(world, mill, "x", 10 * KG, assay=ORE)
    world.do(mill.transformed([part("x", 6 * KG)], [made("a", 6 * KG, product=MIXED)], process="split"))
    left = ug(world.here(mill, "x"))
    deliver(world, mill, "x", 10 * KG, assay=POORER)
    assert ug(world.here(mill, "x")) == summed(left, of_goods(*world.flow(mill).outs))
    assert unbooked(world, mill) == {}


class Buying(Late):
    """Lives in which more of the same batches comes in, each part by figures of its own."""

    def __init__(self, seed: int, world: Compounds) -> None:
        super().__init__(seed)
        self.world, self.node = world, world["mill"]
        self.receive()

    def receive(self) -> None:
        mg = self.dice.choice((self.dice.randint(2, 5000), self.dice.randint(2, 10**9)))
        assay = self.dice.choice((None, ORE, POORER))
        told = {"difference": -self.dice.randint(0, mg // 2), **({"assay": assay} if assay else {})}
        deliver(self.world, self.node, self.dice.choice(LOTS), mg, **told)


@pytest.mark.parametrize("seed", range(12))
def test_as_much_is_here_as_books_say_whatever_came_in_between(seed, world):
    life = Buying(seed, world)
    for _ in range(60):
        life.step()
        if life.dice.random() < 0.4:
            before = unbooked(world, life.node)
            life.receive()
            world.check_custody(life.node)
            assert unbooked(world, life.node) == before
        event = life.assay()
        if event is not None and life.dice.random() < 0.3:
            before = unbooked(world, life.node)
            world.do(event)
            world.check_custody(life.node)
            assert unbooked(world, life.node) == before


@pytest.mark.parametrize("seed", range(300, 315))
def test_a_log_that_succeeds_another_has_what_that_one_left_and_books_say_so(seed):
    """Also of goods that were used on both sides of it before a laboratory answered, and in pools."""
    life = Late(seed)
    for _ in range(50):
        life.step()
    life.node = succeed(life.world, life.node)
    assert unbooked(life.world, life.node) == {}
    life.reverse = lambda: None
    told = 0
    for _ in range(50):
        life.step()
        event = life.assay()
        if event is not None and life.dice.random() < 0.5:
            before = unbooked(life.world, life.node)
            life.world.do(event)
            life.world.check_custody(life.node)
            assert unbooked(life.world, life.node) == before
            told += "#" in event.scalar("assaying")["batch"]
    assert told
