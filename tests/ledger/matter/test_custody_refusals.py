"""Everything that custody refuses, as a table: what happened before, what is tried, and the code of the refusal.

Over 400 lines because it is one table.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ledger.errors import Refusal
from ledger.matter import custody
from ledger.matter.events import Event
from ledger.matter.quantities import MG_MAX
from ledger.matter.stock import Voided
from tests.ledger.matter.story import KG, SITE, Node, World, answer, made, part, unit

OUTSIDE = {"name": "Muster GmbH", "country": "DE"}

RULES = ("custody", "desk", "processing", "shipping", "receiving", "stacks")
"""The files that custody's refusals are raised in."""


@dataclass(frozen=True)
class Case:
    """`history` runs before, `event` is what must be refused with `code`."""

    history: Callable[[World], None]
    event: Callable[[World], Event]
    code: str


# -- histories -----------------------------------------------------------------------------------------------------


def nothing(world: World) -> None:
    """An organisation that has recorded nothing yet."""


def ore(world: World) -> None:
    world.do(world["mine"].registered("ore", 100 * KG))


def books_closed(world: World) -> None:
    ore(world)
    world.do(world["mine"].period_closed("2026-10"))


def drums(world: World) -> None:
    """100 kg of ore: 50 kg and 30 kg in drums, 20 kg loose."""
    ore(world)
    world.do(world["mine"].packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))


def pallet(world: World) -> None:
    drums(world)
    world.do(world["mine"].packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))


def blocks(world: World) -> None:
    """100 pieces of 10 kg: 40 of them in a carton."""
    world.do(world["mine"].registered("blocks", 10 * KG, count=100))
    world.do(world["mine"].packed("blocks", [unit("B-1", 4 * KG, count=40)]))


def motors(world: World) -> None:
    blocks(world)
    world.do(
        world["mine"].assembled(
            "lot M", [part("blocks", KG, count=10)], [unit("M-1", 9 * KG, count=1), unit("M-2", 9 * KG, count=1)]
        )
    )
    world.do(world["mine"].packed("lot M", [unit("MP", 18 * KG, count=2, contains=["M-1", "M-2"])]))


def offered(world: World) -> None:
    """Both drums and 10 kg loose, on their way."""
    drums(world)
    world.do(world["mine"].shipped("S", "smelter", part("ore", 90 * KG, units=["D-1", "D-2"])))


def offered_pallet(world: World) -> None:
    pallet(world)
    world.do(world["mine"].shipped("S", "smelter", part("ore", 80 * KG, units=["P-1", "D-1", "D-2"])))


def offered_pieces(world: World) -> None:
    blocks(world)
    world.do(world["mine"].shipped("S", "smelter", part("blocks", 6 * KG, count=60, units=["B-1"])))


def received(world: World) -> None:
    offered(world)
    world.do(world["smelter"].received(offer(world), answer(units={"D-1": "accepted", "D-2": "accepted"})))


def received_in_part(world: World) -> None:
    offered(world)
    receipt = answer(accepted=50 * KG, units={"D-1": "accepted"})
    world.do(world["smelter"].received(offer(world), receipt, final=False))


def quarantined(world: World) -> None:
    offered(world)
    world.do(world["smelter"].received(offer(world), answer(units={"D-1": "quarantined", "D-2": "accepted"})))


def rejected(world: World) -> None:
    offered(world)
    states = {"D-1": "accepted", "D-2": "rejected: wet"}
    world.do(world["smelter"].received(offer(world), answer(rejected=30 * KG, units=states)))


def declined(world: World) -> None:
    offered(world)
    world.do(world["smelter"].received(offer(world), declined=True, reason="not ordered"))


def sent_outside(world: World) -> None:
    pallet(world)
    mine = world["mine"]
    world.do(mine.shipped("S", None, part("ore", 90 * KG, units=["P-1", "D-1", "D-2"]), outside=OUTSIDE))


def pieces_outside(world: World) -> None:
    blocks(world)
    world.do(world["mine"].shipped("S", None, part("blocks", 6 * KG, count=60, units=["B-1"]), outside=OUTSIDE))


def tolling(world: World) -> None:
    """The smelter holds goods of its own and goods that stay the mine's."""
    ore(world)
    world.do(world["smelter"].registered("own", 100 * KG))
    world.do(world["smelter"].packed("own", [unit("O-1", 10 * KG)]))
    world.do(world["mine"].shipped("S", "smelter", part("ore", 60 * KG), purpose="processing"))
    world.do(world["smelter"].received(offer(world), answer()))
    world.do(world["smelter"].packed("ore", [unit("T-1", 10 * KG, owner="mine.example")]))


# -- shortcuts -----------------------------------------------------------------------------------------------------


def offer(world: World) -> Event:
    return next(event for event in world["mine"].log if event.type == "shipped")


def mine(event: Callable[[Node], Event]) -> Callable[[World], Event]:
    return lambda world: event(world["mine"])


def smelter(event: Callable[[Node], Event]) -> Callable[[World], Event]:
    return lambda world: event(world["smelter"])


def receipt(*answers: dict, **rest: object) -> Callable[[World], Event]:
    return lambda world: world["smelter"].received(offer(world), *answers, **rest)


def back(batch: str, mg: int, **rest: object) -> dict:
    return {**part(batch, mg, **rest), "line": 0}


def again(event: Event, of: Event) -> Event:
    """`event`, creating what `of` created: as if one salt had been used twice."""
    return replace(event, ids=of.ids)


BOTH = {"D-1": "accepted", "D-2": "accepted"}

TAKING = {
    "more than was ever there": Case(ore, mine(lambda n: n.removed(part("ore", 101 * KG))), "not-enough"),
    "one milligram more than stands loose": Case(
        drums, mine(lambda n: n.removed(part("ore", 20 * KG + 1))), "not-enough"
    ),
    "the same goods twice in one event": Case(
        ore, mine(lambda n: n.removed(part("ore", 60 * KG), part("ore", 60 * KG))), "not-enough"
    ),
    "from another site": Case(ore, mine(lambda n: n.removed(part("ore", KG, site="yard"))), "not-enough"),
    "of another owner": Case(ore, mine(lambda n: n.removed(part("ore", KG, owner="smelter.example"))), "not-enough"),
    "what is in transit": Case(offered, mine(lambda n: n.removed(part("ore", 11 * KG))), "not-enough"),
    "what was received elsewhere": Case(received, mine(lambda n: n.removed(part("ore", 90 * KG))), "not-enough"),
    "what is only in quarantine": Case(quarantined, smelter(lambda n: n.removed(part("ore", 11 * KG))), "not-enough"),
    "nothing": Case(ore, mine(lambda n: n.removed(part("ore", 0))), "mass-is-zero"),
    "a batch that never was": Case(nothing, mine(lambda n: n.removed(part("0" * 26, KG))), "batch-unknown"),
    "a batch that was not received yet": Case(offered, smelter(lambda n: n.removed(part("ore", KG))), "batch-unknown"),
    "on another basis": Case(ore, mine(lambda n: n.removed(part("ore", KG, basis="dry"))), "basis-differs"),
    "pieces without their number": Case(blocks, mine(lambda n: n.removed(part("blocks", KG))), "count-missing"),
    "a carton without its pieces": Case(
        blocks, mine(lambda n: n.removed(part("blocks", 4 * KG, units=["B-1"]))), "count-missing"
    ),
    "pieces of what has none": Case(ore, mine(lambda n: n.removed(part("ore", KG, count=1))), "count-unexpected"),
    "pieces of a drum that has none": Case(
        drums, mine(lambda n: n.removed(part("ore", 50 * KG, count=1, units=["D-1"]))), "count-unexpected"
    ),
    "more pieces than stand loose": Case(
        blocks, mine(lambda n: n.removed(part("blocks", KG, count=61))), "not-enough-pieces"
    ),
    "more pieces than a carton holds, at its mass": Case(
        blocks, mine(lambda n: n.removed(part("blocks", 4 * KG, count=101, units=["B-1"]))), "not-enough-pieces"
    ),
    "fewer pieces than its carton holds": Case(
        blocks, mine(lambda n: n.removed(part("blocks", 5 * KG, count=39, units=["B-1"]))), "less-than-its-units"
    ),
    "less mass than its drums hold": Case(
        drums, mine(lambda n: n.removed(part("ore", 49 * KG, units=["D-1"]))), "less-than-its-units"
    ),
    "no line at all": Case(ore, mine(lambda n: n.removed()), "nothing-named"),
    "in a way nobody knows": Case(ore, mine(lambda n: n.removed(part("ore", KG), kind="sold")), "removal-unknown"),
}

UNITS = {
    "a unit that never was": Case(ore, mine(lambda n: n.removed(part("ore", KG, units=["0" * 26]))), "unit-unknown"),
    "a unit of another batch": Case(
        lambda w: (drums(w), blocks(w)),
        mine(lambda n: n.removed(part("blocks", 50 * KG, units=["D-1"]))),
        "unit-of-other-batch",
    ),
    "a unit twice on a line": Case(
        drums, mine(lambda n: n.removed(part("ore", 100 * KG, units=["D-1", "D-1"]))), "unit-twice"
    ),
    "a unit on two lines": Case(
        drums,
        mine(lambda n: n.removed(part("ore", 50 * KG, units=["D-1"]), part("ore", 50 * KG, units=["D-1"]))),
        "unit-not-here",
    ),
    "a unit that was unpacked": Case(
        lambda w: (drums(w), w.do(w["mine"].unpacked("D-1"))),
        mine(lambda n: n.removed(part("ore", 50 * KG, units=["D-1"]))),
        "unit-not-here",
    ),
    "a unit that was used up": Case(
        lambda w: (drums(w), w.do(w["mine"].transformed([part("ore", 50 * KG, units=["D-1"])], [made("x", KG)]))),
        mine(lambda n: n.unpacked("D-1")),
        "unit-not-here",
    ),
    "a unit that was removed": Case(
        lambda w: (drums(w), w.do(w["mine"].removed(part("ore", 50 * KG, units=["D-1"])))),
        mine(lambda n: n.unpacked("D-1")),
        "unit-not-here",
    ),
    "a unit in transit": Case(offered, mine(lambda n: n.unpacked("D-1")), "unit-not-here"),
    "a unit in quarantine": Case(quarantined, smelter(lambda n: n.unpacked("D-1")), "unit-not-here"),
    "a unit of another owner": Case(
        rejected, smelter(lambda n: n.removed(part("ore", 30 * KG, units=["D-2"]))), "unit-of-other-owner"
    ),
    "our unit as another's": Case(
        drums,
        mine(lambda n: n.removed(part("ore", 50 * KG, units=["D-1"], owner="smelter.example"))),
        "unit-of-other-owner",
    ),
    "a unit at another site": Case(
        drums, mine(lambda n: n.removed(part("ore", 50 * KG, units=["D-1"], site="yard"))), "unit-at-other-site"
    ),
    "a drum from its pallet": Case(
        pallet, mine(lambda n: n.removed(part("ore", 50 * KG, units=["D-1"]))), "unit-inside-other"
    ),
    "a pallet without its drums": Case(
        pallet, mine(lambda n: n.removed(part("ore", 80 * KG, units=["P-1", "D-1"]))), "unit-contents-missing"
    ),
    "unpacking a drum on its pallet": Case(pallet, mine(lambda n: n.unpacked("D-1")), "unit-inside-other"),
    "unpacking without saying what comes out": Case(
        pallet, mine(lambda n: n.unpacked("P-1", contains=["D-1"])), "unit-contents-missing"
    ),
    "unpacking twice": Case(drums, mine(lambda n: n.unpacked("D-1", "D-1")), "unit-not-here"),
    "unpacking nothing": Case(drums, mine(lambda n: n.unpacked()), "nothing-named"),
    "packing nothing": Case(ore, mine(lambda n: n.packed("ore", [])), "nothing-named"),
    "packing an empty drum": Case(ore, mine(lambda n: n.packed("ore", [unit("D", 0)])), "mass-is-zero"),
    "packing more than there is": Case(
        ore, mine(lambda n: n.packed("ore", [unit("D", 60 * KG), unit("E", 60 * KG)])), "not-enough"
    ),
    "packing pieces uncounted": Case(blocks, mine(lambda n: n.packed("blocks", [unit("B", KG)])), "count-missing"),
    "packing ore as pieces": Case(ore, mine(lambda n: n.packed("ore", [unit("D", KG, count=1)])), "count-unexpected"),
    "stacking a drum twice": Case(
        drums, mine(lambda n: n.packed("ore", [unit("P", 100 * KG, contains=["D-1", "D-1"])])), "unit-twice"
    ),
    "stacking a drum that is stacked": Case(
        pallet, mine(lambda n: n.packed("ore", [unit("Q", 50 * KG, contains=["D-1"])])), "unit-inside-other"
    ),
    "stacking a drum on two pallets at once": Case(
        drums,
        mine(lambda n: n.packed("ore", [unit("P", 50 * KG, contains=["D-1"]), unit("Q", 50 * KG, contains=["D-1"])])),
        "unit-inside-other",
    ),
    "a pallet heavier than its drums": Case(
        drums, mine(lambda n: n.packed("ore", [unit("P", 81 * KG, contains=["D-1", "D-2"])])), "less-than-its-units"
    ),
    "a pallet with more pieces than its cartons": Case(
        blocks,
        mine(lambda n: n.packed("blocks", [unit("P", 4 * KG, count=41, contains=["B-1"])])),
        "less-than-its-units",
    ),
    "stacking across sites": Case(
        drums,
        mine(lambda n: n.packed("ore", [unit("P", 50 * KG, contains=["D-1"])], site="yard")),
        "unit-at-other-site",
    ),
    "a unit id given twice": Case(
        drums, mine(lambda n: again(n.packed("ore", [unit("D", KG), unit("E", KG)]), n.log[-1])), "id-given-twice"
    ),
    "moving nothing": Case(ore, mine(lambda n: n.moved(SITE, "yard")), "nothing-named"),
    "moving what stands elsewhere": Case(ore, mine(lambda n: n.moved("yard", SITE, part("ore", KG))), "not-enough"),
}


def _opening(node: Node) -> Event:
    event = node.registered("found", KG)
    return replace(event, slots={**event.slots, "origin": {"class": "unknown_opening", "country": "CN"}})


MAKING = {
    "opening stock after a closed month": Case(books_closed, mine(_opening), "opening-closed"),
    "no input": Case(ore, mine(lambda n: n.transformed([], [made("x", KG)])), "nothing-named"),
    "no output and no loss": Case(ore, mine(lambda n: n.transformed([part("ore", KG)], [])), "nothing-named"),
    "an output of nothing": Case(ore, mine(lambda n: n.transformed([part("ore", KG)], [made("x", 0)])), "mass-is-zero"),
    "a batch of nothing": Case(nothing, mine(lambda n: n.registered("x", 0)), "mass-is-zero"),
    "inputs of two owners": Case(
        tolling,
        smelter(lambda n: n.transformed([part("own", KG), part("ore", KG, owner="mine.example")], [made("x", 2 * KG)])),
        "owners-mixed",
    ),
    "a split that gains": Case(
        ore, mine(lambda n: n.transformed([part("ore", KG)], [made("x", KG + 1)], process="split")), "sums-differ"
    ),
    "a merge that loses": Case(
        ore,
        mine(lambda n: n.transformed([part("ore", KG), part("ore", KG)], [made("x", 2 * KG - 1)], process="merge")),
        "sums-differ",
    ),
    "a split onto another basis": Case(
        ore,
        mine(lambda n: n.transformed([part("ore", KG)], [made("x", KG, basis="dry")], process="split")),
        "bases-mixed",
    ),
    "a split into more pieces": Case(
        blocks,
        mine(lambda n: n.transformed([part("blocks", KG, count=10)], [made("x", KG, count=11)], process="split")),
        "pieces-from-nowhere",
    ),
    "a batch id given twice": Case(
        ore, mine(lambda n: again(n.registered("more ore", 100 * KG), n.log[-1])), "id-given-twice"
    ),
    "two outputs under one id": Case(
        ore,
        mine(
            lambda n: replace(
                n.transformed([part("ore", KG)], [made("x", KG), made("y", KG)]),
                ids={"outputs.chain": (n.world.new_id(),) * 2},
            )
        ),
        "id-given-twice",
    ),
    "more at one site than can be counted": Case(
        lambda w: w.do(w["mine"].registered("ore", MG_MAX)),
        lambda w: w["smelter"].received(
            w.do(w["mine"].shipped("S", "smelter", part("ore", MG_MAX))), answer(difference=1)
        ),
        "mass-too-large",
    ),
    "motors heavier than stated": Case(
        blocks,
        mine(lambda n: n.assembled("M", [part("blocks", KG, count=10)], [unit("M-1", 9 * KG, count=1)], mg=8 * KG)),
        "less-than-its-units",
    ),
    "more motors than stated": Case(
        blocks,
        mine(lambda n: n.assembled("M", [part("blocks", KG, count=10)], [unit("M-1", 9 * KG, count=2)], count=1)),
        "less-than-its-units",
    ),
    "motors of nothing": Case(
        blocks,
        mine(lambda n: n.assembled("M", [part("blocks", KG, count=10)], [unit("M-1", 0, count=1)])),
        "mass-is-zero",
    ),
    "motors from nothing": Case(
        blocks, mine(lambda n: n.assembled("M", [], [unit("M-1", KG, count=1)])), "nothing-named"
    ),
    "dismantling nothing": Case(motors, mine(lambda n: n.dismantled([], [made("x", KG)])), "nothing-named"),
    "dismantling into nothing": Case(
        lambda w: (motors(w), w.do(w["mine"].unpacked("MP"))),
        mine(lambda n: n.dismantled(["M-1"], [])),
        "nothing-named",
    ),
    "dismantling a motor twice": Case(
        lambda w: (motors(w), w.do(w["mine"].unpacked("MP"))),
        mine(lambda n: n.dismantled(["M-1", "M-1"], [made("x", KG)])),
        "unit-twice",
    ),
    "dismantling a motor on its pallet": Case(
        motors, mine(lambda n: n.dismantled(["M-1"], [made("x", KG)])), "unit-inside-other"
    ),
    "dismantling a pallet of motors": Case(
        motors, mine(lambda n: n.dismantled(["MP"], [made("x", KG)])), "unit-contents-missing"
    ),
    "dismantling units of two owners": Case(
        tolling, smelter(lambda n: n.dismantled(["T-1", "O-1"], [made("x", KG)])), "owners-mixed"
    ),
    "tomorrow": Case(
        nothing, mine(lambda n: n.registered("x", KG, at="2026-11-23T08:15:00+08:00")), "at-in-the-future"
    ),
    "six minutes ahead, in another zone": Case(
        nothing, mine(lambda n: n.registered("x", KG, at="2026-11-22T02:26:00+02:00")), "at-in-the-future"
    ),
    "a day that does not exist": Case(
        nothing, mine(lambda n: n.registered("x", KG, at="2026-02-30T08:15:00+08:00")), "at-not-a-date"
    ),
    "an event nobody knows": Case(
        nothing, mine(lambda n: replace(n.registered("x", KG), type="teleported")), "event-type-unknown"
    ),
}

SHIPPING = {
    "for a purpose nobody knows": Case(
        ore, mine(lambda n: n.shipped("S", "smelter", part("ore", KG), purpose="gift")), "purpose-unknown"
    ),
    "to nobody": Case(ore, mine(lambda n: n.shipped("S", None, part("ore", KG))), "to-one-party"),
    "to two parties": Case(
        ore, mine(lambda n: n.shipped("S", "smelter", part("ore", KG), outside=OUTSIDE)), "to-one-party"
    ),
    "to oneself": Case(ore, mine(lambda n: n.shipped("S", "mine", part("ore", KG))), "to-oneself"),
    "nothing": Case(ore, mine(lambda n: n.shipped("S", "smelter")), "nothing-named"),
    "a line of nothing": Case(ore, mine(lambda n: n.shipped("S", "smelter", part("ore", 0))), "mass-is-zero"),
    "pieces uncounted": Case(blocks, mine(lambda n: n.shipped("S", "smelter", part("blocks", KG))), "count-missing"),
    "more than is here": Case(ore, mine(lambda n: n.shipped("S", "smelter", part("ore", 101 * KG))), "not-enough"),
    "a drum under another net mass": Case(
        drums,
        mine(lambda n: n.shipped("S", "smelter", part("ore", 49 * KG, units=["D-1"], net_mg={"D-1": 49 * KG}))),
        "unit-net-differs",
    ),
    "a unit twice": Case(
        drums, mine(lambda n: n.shipped("S", "smelter", part("ore", 100 * KG, units=["D-1", "D-1"]))), "unit-twice"
    ),
    "a drum from its pallet": Case(
        pallet, mine(lambda n: n.shipped("S", "smelter", part("ore", 50 * KG, units=["D-1"]))), "unit-inside-other"
    ),
    "another's goods to a third party": Case(
        tolling,
        smelter(lambda n: n.shipped("T", "magnets", part("ore", KG, owner="mine.example"), purpose="return")),
        "others-goods-go-back",
    ),
    "another's goods back, as a sale": Case(
        tolling,
        smelter(lambda n: n.shipped("T", "mine", part("ore", KG, owner="mine.example"))),
        "others-goods-go-back",
    ),
    "another's goods as one's own": Case(
        tolling, smelter(lambda n: n.shipped("T", "magnets", part("ore", KG))), "not-enough"
    ),
    "another's goods outside": Case(
        tolling,
        smelter(
            lambda n: n.shipped("T", None, part("ore", KG, owner="mine.example"), purpose="return", outside=OUTSIDE)
        ),
        "others-goods-go-back",
    ),
    "a rejected drum sold on": Case(
        rejected,
        smelter(lambda n: n.shipped("T", "magnets", part("ore", 30 * KG, units=["D-2"]))),
        "unit-of-other-owner",
    ),
    "a shipment id given twice": Case(
        offered, mine(lambda n: again(n.shipped("T", "smelter", part("ore", KG)), n.log[-1])), "id-given-twice"
    ),
}

RECEIVING = {
    "without a line": Case(offered, receipt(), "nothing-named"),
    "more than was offered": Case(offered, receipt(answer(accepted=91 * KG, units=BOTH)), "more-than-offered"),
    "accepted and rejected above the offer": Case(
        offered, receipt(answer(accepted=90 * KG, rejected=1, units=BOTH)), "more-than-offered"
    ),
    "more than was left open": Case(
        received_in_part, receipt(answer(accepted=41 * KG, units={"D-2": "accepted"})), "more-than-offered"
    ),
    "less than was offered, finally": Case(offered, receipt(answer(accepted=89 * KG, units=BOTH)), "line-left-open"),
    "pieces left open": Case(
        offered_pieces, receipt(answer(units={"B-1": "accepted"}, counts={"accepted": 59})), "line-left-open"
    ),
    "a line of an earlier receipt left open": Case(
        lambda w: (
            ore(w),
            w.do(w["mine"].shipped("S", "smelter", part("ore", KG), part("ore", KG))),
            w.do(w["smelter"].received(offer(w), answer(0, accepted=1), final=False)),
        ),
        receipt(answer(1)),
        "line-left-open",
    ),
    "less than its units hold": Case(
        offered, receipt(answer(accepted=79 * KG, missing=11 * KG, units=BOTH)), "less-than-its-units"
    ),
    "rejected drum without its mass": Case(
        offered, receipt(answer(units={"D-1": "accepted", "D-2": "rejected: wet"})), "less-than-its-units"
    ),
    "missing drum without its mass": Case(
        offered, receipt(answer(units={"D-1": "accepted", "D-2": "missing: gone"})), "less-than-its-units"
    ),
    "fewer pieces than its carton holds": Case(
        offered_pieces,
        receipt(answer(units={"B-1": "accepted"}, counts={"accepted": 39, "missing": 21})),
        "less-than-its-units",
    ),
    "accepted pieces uncounted": Case(
        offered_pieces, receipt(answer(units={"B-1": "accepted"}, counts={"missing": 20}), final=False), "count-missing"
    ),
    "a missing carton without its pieces": Case(
        offered_pieces,
        receipt(answer(missing=4 * KG, units={"B-1": "missing: gone"}, counts={"accepted": 20}), final=False),
        "count-missing",
    ),
    "pieces of what has none": Case(offered, receipt(answer(units=BOTH, counts={"accepted": 1})), "count-unexpected"),
    "a difference that leaves less than nothing": Case(
        offered, receipt(answer(difference=-10 * KG - 1, units=BOTH)), "difference-too-large"
    ),
    "a difference above all sealed units": Case(
        offered_pallet,
        receipt(answer(difference=-80 * KG - 1, units=dict.fromkeys(("P-1", "D-1", "D-2"), "accepted"))),
        "difference-too-large",
    ),
    "another batch than was received before": Case(
        received_in_part, receipt(answer(accepted=KG, batch="mine.example/log#" + "0" * 26)), "line-differs-from-offer"
    ),
    "another mass than was offered before": Case(
        received_in_part, receipt(answer(accepted=KG, offered_mg=91 * KG)), "line-differs-from-offer"
    ),
    "pieces that were not offered before": Case(
        received_in_part, receipt(answer(accepted=KG, offered_count=5)), "line-differs-from-offer"
    ),
    "under another purpose than before": Case(
        received_in_part, receipt(answer(accepted=KG), purpose="storage"), "line-differs-from-offer"
    ),
    "on another basis than before": Case(
        received_in_part, receipt(answer(accepted=KG, basis="dry"), final=False), "basis-differs"
    ),
    "a returned batch as pieces": Case(
        received,
        lambda w: w["mine"].received(
            w.do(w["smelter"].shipped("R", "mine", part("ore", 10 * KG), purpose="return")),
            answer(offered_count=3, counts={"accepted": 3}),
        ),
        "count-unexpected",
    ),
    "returned pieces as mass": Case(
        offered_pieces,
        lambda w: (
            w.do(w["smelter"].received(offer(w), answer(units={"B-1": "accepted"}))),
            w["mine"].received(
                w.do(w["smelter"].shipped("R", "mine", part("blocks", 2 * KG, count=20), purpose="return")),
                answer(offered_count=None, counts={"missing": 1}),
            ),
        )[1],
        "count-missing",
    ),
    "a unit twice": Case(
        offered,
        lambda w: _doubled(w["smelter"].received(offer(w), answer(units=BOTH))),
        "unit-twice",
    ),
    "a unit that was received": Case(
        received_in_part, receipt(answer(accepted=50 * KG, units={"D-1": "accepted"}), final=False), "unit-received"
    ),
    "a unit that waits in quarantine, as waiting": Case(
        quarantined, receipt(answer(accepted=0, units={"D-1": "quarantined"})), "unit-received"
    ),
    "a quarantined unit under another net mass": Case(
        quarantined,
        lambda w: _reweighed(w["smelter"].received(offer(w), answer(accepted=45 * KG, units={"D-1": "accepted"}))),
        "unit-net-differs",
    ),
    "a unit that stands here": Case(
        received,
        lambda w: w["smelter"].received(
            _renamed(w.do(w["mine"].shipped("T", "smelter", part("ore", 10 * KG))), w["mine"].id("D-1")),
            answer(units={"D-1": "accepted"}),
        ),
        "unit-received",
    ),
    "a drum that comes back with other goods in it": Case(
        lambda w: (received(w), w.do(w["smelter"].registered("slag", 100 * KG))),
        lambda w: w["mine"].received(
            _renamed(
                w.do(w["smelter"].shipped("T", "mine", part("slag", 10 * KG), purpose="return")), w["smelter"].id("D-1")
            ),
            answer(units={"D-1": "accepted"}),
        ),
        "unit-of-other-batch",
    ),
    "after the final receipt": Case(received, receipt(answer(accepted=KG)), "shipment-received"),
    "loose goods after the final receipt": Case(
        quarantined, receipt(answer(accepted=KG), final=False), "shipment-received"
    ),
    "a known unit after the final receipt": Case(
        quarantined, receipt(answer(accepted=80 * KG, units=BOTH)), "shipment-received"
    ),
    "loose goods beside a decided unit, after the final receipt": Case(
        quarantined, receipt(answer(accepted=50 * KG + 1, units={"D-1": "accepted"})), "more-than-offered"
    ),
    "part of a decided unit, after the final receipt": Case(
        quarantined, receipt(answer(accepted=0, units={"D-1": "rejected: wet"}), final=False), "less-than-its-units"
    ),
    "after it was declined": Case(declined, receipt(answer(units=BOTH)), "shipment-declined"),
    "declining twice": Case(declined, receipt(declined=True, reason="again"), "shipment-declined"),
    "declining what was received in part": Case(
        received_in_part, receipt(declined=True, reason="too late"), "decline-too-late"
    ),
    "declining without a reason": Case(offered, receipt(declined=True), "reason-missing"),
    "an outcome nobody knows": Case(offered, receipt(answer(units={"D-1": "lost"})), "unit-state-unknown"),
    **{
        f"{state} without a reason": Case(offered, receipt(answer(units={"D-1": state})), "reason-missing")
        for state in ("concession", "rejected", "missing", "damaged")
    },
    "one's own shipment": Case(
        offered, lambda w: w["mine"].received(offer(w), answer(units=BOTH)), "receipt-of-other-shipment"
    ),
    "a shipment of another sender": Case(
        offered,
        lambda w: _from_other(w["smelter"].received(offer(w), answer(units=BOTH))),
        "receipt-of-other-shipment",
    ),
    "rejecting one's own goods": Case(
        rejected,
        lambda w: w["mine"].received(
            w.do(
                w["smelter"].shipped(
                    "R", "mine", part("ore", 30 * KG, units=["D-2"], owner="mine.example"), purpose="return"
                )
            ),
            answer(rejected=30 * KG, units={"D-2": "rejected: still wet"}),
        ),
        "own-goods-not-rejected",
    ),
    "a pallet without a drum that waits on it": Case(
        lambda w: (
            offered_pallet(w),
            w.do(w["smelter"].received(offer(w), answer(units=dict.fromkeys(("P-1", "D-1", "D-2"), "quarantined")))),
        ),
        receipt(answer(accepted=50 * KG, units={"P-1": "accepted", "D-1": "accepted"})),
        "unit-contents-missing",
    ),
    "drums that stand inside each other": Case(
        offered, lambda w: _ring(w["smelter"].received(offer(w), answer(units=BOTH))), "stack-too-high"
    ),
}


def voided(world: World) -> None:
    """The authority voided the offer, and the receiver knows."""
    offered(world)
    shipment = f"mine.example/log#{world['mine'].id('S')}"
    world["smelter"].view["voided", shipment] = Voided(shipment, "authority.example/log", 1)


def asked_back(world: World) -> None:
    offered(world)
    world.do(world["mine"].withdrawal_asked("S"))


WITHDRAWING = {
    "what never left": Case(ore, mine(lambda n: n.withdrawal_asked("0" * 26)), "shipment-unknown"),
    "what went outside": Case(sent_outside, mine(lambda n: n.withdrawal_asked("S")), "withdrawal-from-outside"),
    "from another than it went to": Case(offered, mine(lambda n: n.withdrawal_asked("S", "metal")), "offer-to-other"),
    "twice": Case(asked_back, mine(lambda n: n.withdrawal_asked("S")), "withdrawal-asked"),
    "without a word": Case(offered, mine(lambda n: n.withdrawal_asked("S", reason=None)), "reason-missing"),
    "what was voided received": Case(voided, receipt(answer(units=BOTH)), "shipment-voided"),
    "what was voided declined": Case(voided, receipt(declined=True, reason="late"), "shipment-voided"),
}

ACKNOWLEDGING = {
    "a shipment that never was": Case(ore, mine(lambda n: n.acknowledged("0" * 26)), "shipment-unknown"),
    "twice": Case(
        lambda w: (received(w), w.do(w["mine"].acknowledged("S"))),
        mine(lambda n: n.acknowledged("S")),
        "shipment-closed",
    ),
    "a dispute without a reason": Case(received, mine(lambda n: n.acknowledged("S", agreed=False)), "reason-missing"),
    "weighing back what a member did not decline": Case(
        received, mine(lambda n: n.acknowledged("S", back("ore", 90 * KG, units=["D-1", "D-2"]))), "return-by-shipment"
    ),
    "a line that was not sent": Case(
        sent_outside, mine(lambda n: n.acknowledged("S", {**part("ore", KG), "line": 1})), "line-not-offered"
    ),
    "a batch that was not sent": Case(
        lambda w: (sent_outside(w), blocks(w)),
        mine(lambda n: n.acknowledged("S", back("blocks", KG))),
        "line-not-offered",
    ),
    "more than went out": Case(
        sent_outside, mine(lambda n: n.acknowledged("S", back("ore", 91 * KG))), "more-than-sent"
    ),
    "more than went out, in two weighings": Case(
        lambda w: (
            sent_outside(w),
            w.do(w["mine"].acknowledged("S", back("ore", 60 * KG), agreed=False, reason="more to come")),
        ),
        mine(lambda n: n.acknowledged("S", back("ore", 31 * KG))),
        "more-than-sent",
    ),
    "more than went out, on two lines": Case(
        sent_outside, mine(lambda n: n.acknowledged("S", back("ore", 60 * KG), back("ore", 60 * KG))), "more-than-sent"
    ),
    "more pieces than went out": Case(
        pieces_outside, mine(lambda n: n.acknowledged("S", back("blocks", 6 * KG, count=61))), "more-than-sent"
    ),
    "pieces uncounted": Case(
        pieces_outside, mine(lambda n: n.acknowledged("S", back("blocks", 6 * KG))), "count-missing"
    ),
    "pieces of what has none": Case(
        sent_outside, mine(lambda n: n.acknowledged("S", back("ore", KG, count=1))), "count-unexpected"
    ),
    "less than its drum holds": Case(
        sent_outside, mine(lambda n: n.acknowledged("S", back("ore", 49 * KG, units=["D-1"]))), "less-than-its-units"
    ),
    "fewer pieces than its carton holds": Case(
        pieces_outside,
        mine(lambda n: n.acknowledged("S", back("blocks", 5 * KG, count=39, units=["B-1"]))),
        "less-than-its-units",
    ),
    "a drum twice": Case(
        sent_outside, mine(lambda n: n.acknowledged("S", back("ore", 90 * KG, units=["D-1", "D-1"]))), "unit-twice"
    ),
    "a drum that came back already": Case(
        lambda w: (
            sent_outside(w),
            w.do(w["mine"].acknowledged("S", back("ore", 30 * KG, units=["D-2"]), agreed=False, reason="more to come")),
        ),
        mine(lambda n: n.acknowledged("S", back("ore", 30 * KG, units=["D-2"]))),
        "unit-not-here",
    ),
    "a drum that was not sent": Case(
        lambda w: (sent_outside(w), w.do(w["mine"].packed("ore", [unit("D-9", KG)]))),
        mine(lambda n: n.acknowledged("S", back("ore", KG, units=["D-9"]))),
        "unit-not-here",
    ),
    "a pallet without its drums": Case(
        sent_outside,
        mine(lambda n: n.acknowledged("S", back("ore", 80 * KG, units=["P-1", "D-1"]))),
        "unit-contents-missing",
    ),
}

CASES = {
    f"{group}: {name}": case
    for group, cases in {
        "taking": TAKING,
        "units": UNITS,
        "making": MAKING,
        "shipping": SHIPPING,
        "receiving": RECEIVING,
        "acknowledging": ACKNOWLEDGING,
        "withdrawing": WITHDRAWING,
    }.items()
    for name, case in cases.items()
}


# -- receipts that no honest builder words -------------------------------------------------------------------------


def _with_units(event: Event, change: Callable[[list[dict]], list[dict]]) -> Event:
    slots = deepcopy(dict(event.slots))
    for line in slots["lines.partner"]:
        line["units"] = change(line["units"])
    return replace(event, slots=slots)


def _doubled(event: Event) -> Event:
    return _with_units(event, lambda units: [*units, units[0]])


def _reweighed(event: Event) -> Event:
    return _with_units(event, lambda units: [{**one, "net_mg": 45 * KG} for one in units])


def _ring(event: Event) -> Event:
    return _with_units(
        event, lambda units: [{**one, "inside": other["unit"]} for one, other in zip(units, units[::-1], strict=True)]
    )


def _renamed(event: Event, id_: str) -> Event:
    """An offer that claims to hold a unit which it does not hold."""
    return _with_units(event, lambda _: [{"unit": id_, "serial": "D-1", "kind": "drum", "net_mg": 10 * KG}])


def _from_other(event: Event) -> Event:
    return replace(event, slots={**event.slots, "receipt": {**event.slots["receipt"], "from": "else.example"}})


# -- the tests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_refused_and_nothing_changed(case):
    world = World()
    case.history(world)
    event = case.event(world)
    before = {name: deepcopy(node.view) for name, node in world.nodes.items()}
    with pytest.raises(Refusal) as refused:
        _apply(world, event)
    assert refused.value.code == case.code
    assert {name: node.view for name, node in world.nodes.items()} == before
    assert refused.value.text("zh") != refused.value.text("en")


def _apply(world: World, event: Event) -> None:
    """Malformed is not what this file is about; only an event of an unknown type skips the check of its form."""
    if event.type == "teleported":
        custody.apply({}, event)
    world.do(event)


def test_at_within_the_clocks_tolerance_is_fine():
    world = World()
    world.do(world["mine"].registered("x", KG, at="2026-11-22T08:25:00+08:00"))
    assert world["mine"].mg("x") == KG


def test_every_refusal_of_custody_has_its_case():
    code = "".join((Path(custody.__file__).parent / f"{name}.py").read_text("utf-8") for name in RULES)
    raised = set(re.findall(r'Refusal\(\s*"([a-z-]+)"', code))
    assert len(raised) > 40
    guests = Path(__file__).with_name("test_guest_receipts.py").read_text("utf-8")  # a table of its own
    covered = {case.code for case in CASES.values()} | set(re.findall(r'"([a-z-]+)"', guests))
    assert raised - covered == set()
