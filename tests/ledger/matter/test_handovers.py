"""What two logs say about one shipment: every contradiction by name, and silence where nothing is disclosed."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from ledger.errors import Refusal
from ledger.matter.events import Event
from ledger.matter.handovers import check_acknowledgement, check_offer, check_receipt
from tests.ledger.matter.story import KG, World, answer, part, unit

BOTH = {"D-1": "accepted", "D-2": "accepted"}
PALLET = dict.fromkeys(("P-1", "D-1", "D-2"), "accepted")


@pytest.fixture
def world() -> World:
    """The mine offers a pallet of two drums and 10 kg loose; the carton of blocks is a second line."""
    world = World()
    mine = world["mine"]
    world.do(mine.registered("ore", 100 * KG))
    world.do(mine.registered("blocks", 10 * KG, count=100))
    world.do(mine.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    world.do(mine.packed("ore", [unit("P-1", 80 * KG, contains=["D-1", "D-2"])]))
    world.do(mine.packed("blocks", [unit("B-1", 4 * KG, count=40)]))
    world.do(
        mine.shipped(
            "S",
            "smelter",
            part("ore", 90 * KG, units=["P-1", "D-1", "D-2"]),
            part("blocks", 5 * KG, count=50, units=["B-1"]),
        )
    )
    return world


def offer(world: World) -> Event:
    return world["mine"].log[-1]


def receipt(world: World) -> Event:
    return world["smelter"].received(offer(world), answer(0, units=PALLET), answer(1, units={"B-1": "accepted"}))


def with_line(event: Event, number: int, slot: str = "lines.partner", **fields: Any) -> Event:
    """The event with other fields on one of its lines; None takes a field away."""
    slots = deepcopy(dict(event.slots))
    line = {**slots[slot][number], **fields}
    slots[slot][number] = {name: value for name, value in line.items() if value is not None}
    return replace(event, slots=slots)


def with_unit(event: Event, line: int, number: int, **fields: Any) -> Event:
    units = deepcopy(event.slots["lines.partner"][line]["units"])
    units[number] = {name: value for name, value in {**units[number], **fields}.items() if value is not None}
    return with_line(event, line, units=units)


def with_scalar(event: Event, slot: str, **fields: Any) -> Event:
    return replace(event, slots={**event.slots, slot: {**event.slots[slot], **fields}})


def without(event: Event, *slots: str) -> Event:
    """As a reader sees it to whom these slots are not disclosed."""
    return replace(event, slots={name: value for name, value in event.slots.items() if name not in slots})


# -- offers --------------------------------------------------------------------------------------------------------


def test_an_honest_offer_is_taken_in(world):
    assert check_offer(offer(world), "smelter.example") is None


OFFERS: dict[str, tuple[Callable[[Event], Event], str]] = {
    "another type of event": (lambda e: replace(e, type="moved"), "offer-not-shipped"),
    "to another node": (lambda e: with_scalar(e, "shipment", to="magnets.example"), "offer-to-other"),
    "to nobody that is disclosed": (lambda e: without(e, "shipment"), "offer-to-other"),
    "without its masses": (lambda e: without(e, "lines.partner"), "offer-not-disclosed"),
    "without its batches": (lambda e: without(e, "lines.chain"), "offer-not-disclosed"),
    "less than its units hold": (lambda e: with_line(e, 0, mg=80 * KG - 1), "less-than-its-units"),
    "fewer pieces than its units hold": (lambda e: with_line(e, 1, count=39), "less-than-its-units"),
    "units with pieces on a line without": (lambda e: with_line(e, 1, count=None), "less-than-its-units"),
    "a pallet heavier than its drums": (lambda e: with_unit(e, 0, 0, net_mg=81 * KG), "unit-net-differs"),
    "a drum on a pallet that is not sent": (lambda e: with_unit(e, 1, 0, inside="0" * 26), "unit-inside-other"),
    "a drum inside itself": (
        lambda e: with_unit(e, 1, 0, inside=e.slots["lines.partner"][1]["units"][0]["unit"]),
        "stack-too-high",
    ),
    "a unit on two lines": (
        lambda e: with_line(e, 1, units=e.slots["lines.partner"][0]["units"][1:2]),
        "unit-twice",
    ),
    "goods of a third party": (lambda e: with_line(e, 0, owner="magnets.example"), "others-goods-go-back"),
    "the receiver's goods, as a sale": (lambda e: with_line(e, 0, owner="smelter.example"), "others-goods-go-back"),
}


@pytest.mark.parametrize(("change", "code"), OFFERS.values(), ids=OFFERS)
def test_an_offer_that_is_refused(world, change, code):
    with pytest.raises(Refusal) as refused:
        check_offer(change(offer(world)), "smelter.example")
    assert refused.value.code == code


def test_the_receivers_own_goods_come_back_as_a_return(world):
    event = with_scalar(with_line(offer(world), 0, owner="smelter.example"), "shipment", purpose="return")
    assert check_offer(event, "smelter.example") is None


def test_eight_stacks_one_in_the_other_are_an_offer_and_nine_are_not(world):
    ids = [world.new_id() for _ in range(10)]
    stack = [{"unit": id_, "serial": "x", "kind": "box", "net_mg": KG, "inside": outer} for id_, outer in pairwise(ids)]
    top = {"unit": ids[8], "serial": "x", "kind": "box", "net_mg": KG}
    event = with_line(offer(world), 0, units=[*stack[:8], top])
    assert check_offer(event, "smelter.example") is None
    with pytest.raises(Refusal, match="more than 8 others"):
        check_offer(with_line(event, 0, units=[*stack, {**top, "unit": ids[9]}]), "smelter.example")


# -- receipts ------------------------------------------------------------------------------------------------------


def test_an_honest_receipt_answers_its_offer(world):
    assert check_receipt(offer(world), receipt(world)) is None


def test_a_receipt_of_some_lines_and_some_units_answers_it_too(world):
    part_of_it = world["smelter"].received(offer(world), answer(0, units={"D-1": "accepted"}), final=False)
    assert check_receipt(offer(world), part_of_it) is None


RECEIPTS: dict[str, tuple[Callable[[Event], Event], str]] = {
    "of another shipment": (
        lambda e: with_scalar(e, "receipt", shipment="mine.example/log#" + "0" * 26),
        "receipt-of-other-shipment",
    ),
    "from another sender": (
        lambda e: with_scalar(e, "receipt", **{"from": "else.example"}),
        "receipt-of-other-shipment",
    ),
    "by another receiver": (lambda e: replace(e, origin="magnets.example/log"), "offer-to-other"),
    "under another purpose": (lambda e: with_scalar(e, "receipt", purpose="storage"), "line-differs-from-offer"),
    "of a line that was not sent": (lambda e: with_line(e, 1, "lines.chain", line=2), "line-not-offered"),
    "of another batch": (
        lambda e: with_line(e, 0, "lines.chain", batch="mine.example/log#" + "0" * 26),
        "line-differs-from-offer",
    ),
    "of the receiver's batch of that id": (
        lambda e: with_line(e, 0, "lines.chain", batch=e.slots["lines.chain"][0]["batch"].rpartition("#")[2]),
        "line-differs-from-offer",
    ),
    "of another mass": (lambda e: with_line(e, 0, offered_mg=90 * KG - 1), "line-differs-from-offer"),
    "of another basis": (lambda e: with_line(e, 0, basis="dry"), "line-differs-from-offer"),
    "of other pieces": (lambda e: with_line(e, 1, offered_count=51), "line-differs-from-offer"),
    "of nobody's pieces": (lambda e: with_line(e, 1, offered_count=None), "line-differs-from-offer"),
    "of another owner": (lambda e: with_line(e, 0, owner="smelter.example"), "line-differs-from-offer"),
    "of a unit that was not sent": (lambda e: with_unit(e, 0, 1, unit="0" * 26), "unit-not-offered"),
    "of a unit on another line": (
        lambda e: with_line(e, 1, units=e.slots["lines.partner"][0]["units"]),
        "unit-not-offered",
    ),
    "of a unit under another net mass": (lambda e: with_unit(e, 0, 1, net_mg=KG), "unit-not-offered"),
    "of a unit with other pieces": (lambda e: with_unit(e, 1, 0, count=41), "unit-not-offered"),
    "of a drum without its pallet's name": (lambda e: with_unit(e, 0, 1, inside=None), "unit-not-offered"),
    "of a pallet without one of its drums": (
        lambda e: with_line(e, 0, units=e.slots["lines.partner"][0]["units"][:2]),
        "unit-contents-missing",
    ),
}


@pytest.mark.parametrize(("change", "code"), RECEIPTS.values(), ids=RECEIPTS)
def test_a_receipt_that_contradicts_its_offer(world, change, code):
    with pytest.raises(Refusal) as refused:
        check_receipt(offer(world), change(receipt(world)))
    assert refused.value.code == code


def test_a_unit_that_nobody_offered_may_be_told_as_unexpected(world):
    event = with_unit(receipt(world), 0, 1, unit="no label", state="unexpected")
    with pytest.raises(Refusal) as refused:  # it stood for one of the pallet's drums, which is not told any more
        check_receipt(offer(world), event)
    assert refused.value.code == "unit-contents-missing"
    stranger = {"unit": "no label", "serial": "?", "kind": "drum", "net_mg": 0, "state": "unexpected"}
    more = with_line(receipt(world), 0, units=[*receipt(world).slots["lines.partner"][0]["units"], stranger])
    assert check_receipt(offer(world), more) is None


def test_what_is_not_disclosed_is_passed_over(world):
    """A check is as strong as what is open; a reader downstream sees neither masses nor partners."""
    wrong = with_line(receipt(world), 0, offered_mg=1)
    assert check_receipt(without(offer(world), "lines.partner"), wrong) is None
    assert check_receipt(offer(world), without(wrong, "lines.partner")) is None
    assert check_receipt(offer(world), without(receipt(world), "receipt", "lines.chain", "lines.partner")) is None
    nothing = {"lines.chain": [None, None], "lines.partner": [None, None]}
    assert check_receipt(replace(offer(world), slots=nothing, ids={}), receipt(world)) is None


def test_returned_goods_are_matched_across_both_ways_of_writing_an_id(world):
    world.do(receipt(world))
    smelter = world["smelter"]
    back = world.do(
        smelter.shipped("R", "mine", part("ore", 80 * KG, units=["P-1", "D-1", "D-2"]), purpose="return", original="S")
    )
    check_offer(back, "mine.example")
    returned = world["mine"].received(back, answer(units=PALLET))
    assert "#" not in returned.slots["lines.chain"][0]["batch"]
    assert check_receipt(back, returned) is None


# -- acknowledgements ----------------------------------------------------------------------------------------------


def test_goods_come_back_as_declined_only_if_they_were(world):
    declined = world["smelter"].received(offer(world), declined=True, reason="not ordered")
    mine = world["mine"]
    assert check_acknowledgement(declined, mine.acknowledged("S", declined=True)) is None
    assert check_acknowledgement(receipt(world), mine.acknowledged("S")) is None
    for answered, told in ((declined, False), (receipt(world), True)):
        with pytest.raises(Refusal) as refused:
            check_acknowledgement(answered, mine.acknowledged("S", declined=told))
        assert refused.value.code == "decline-differs"


def test_an_acknowledgement_answers_the_receipt_of_its_own_shipment(world):
    other = world.do(world["mine"].shipped("T", "smelter", part("ore", KG)))
    with pytest.raises(Refusal) as refused:
        check_acknowledgement(world["smelter"].received(other, answer()), world["mine"].acknowledged("S"))
    assert refused.value.code == "receipt-of-other-shipment"


def test_an_acknowledgement_that_is_not_disclosed_is_passed_over(world):
    told = without(world["mine"].acknowledged("S", declined=True), "acknowledgement")
    assert check_acknowledgement(receipt(world), told) is None
