"""What a consignee outside says of a shipment: once, about what was sent, and moving nothing."""

import pytest

from ledger.errors import Refusal
from ledger.matter.custody import apply
from ledger.matter.stock import dump_state, load_shipment
from tests.ledger.matter.story import KG, World, part, unit

OUTSIDE = {"name": "Muster GmbH", "country": "DE"}


def sent(*, member: bool = False) -> World:
    """Two drums of 50 kg and 30 kg, sold to somebody outside, or to the smelter."""
    world = World()
    node = world["mine"]
    world.do(node.registered("ore", 100 * KG))
    world.do(node.packed("ore", [unit("D-1", 50 * KG), unit("D-2", 30 * KG)]))
    line = part("ore", 80 * KG, units=["D-1", "D-2"])
    world.do(node.shipped("S", "smelter" if member else None, line, outside=None if member else OUTSIDE))
    return world


def line(number: int = 0, mg: int = 0, *states: tuple[str, str], batch: str = "ore"):
    return {"line": number, "batch": batch, "mg": mg, "states": states}


def test_it_moves_nothing_and_the_sender_closes_the_shipment():
    world = sent()
    node = world["mine"]
    before = dict(node.view)
    world.do(node.confirmed("S", line(0, 79 * KG, ("D-2", "damaged")), remark="wet"))
    after = dict(node.view)
    shipment = node.shipment("S")
    assert shipment.confirmed
    assert not shipment.closed
    assert {key for key in after if after[key] != before.get(key)} == {shipment.key}
    assert load_shipment(dump_state(shipment)) == shipment
    world.do(node.acknowledged("S"))
    assert node.shipment("S").closed


@pytest.mark.parametrize(
    ("lines", "rest"),
    [
        ((), {}),
        ((), {"remark": "one drum was wet"}),
        ((line(0, 79 * KG),), {}),
        ((line(0, 0, ("D-1", "missing"), ("D-2", "accepted")),), {}),
        ((), {"complete": True, "remark": "thanks"}),
    ],
)
def test_what_may_be_said(lines, rest):
    world = sent()
    world.do(world["mine"].confirmed("S", *lines, **rest))
    assert world["mine"].shipment("S").confirmed


@pytest.mark.parametrize(
    ("lines", "rest", "code", "field"),
    [
        ((line(0, KG),), {"complete": True}, "confirmation-unclear", "complete"),
        ((), {"complete": False}, "confirmation-unclear", "complete"),
        ((line(1, KG),), {}, "line-not-offered", "lines[0]"),
        ((line(0, KG), line(0, KG)), {}, "line-twice", "lines[1]"),
        ((line(0, 0, ("D-1", "missing"), ("D-1", "damaged")),), {}, "unit-twice", "lines[0].units"),
        ((line(0, 0, ("D-1", "stolen")),), {}, "unit-state-unknown", "lines[0].units"),
    ],
)
def test_what_may_not(lines, rest, code, field):
    node = sent()["mine"]
    with pytest.raises(Refusal) as refused:
        apply(node.view, node.confirmed("S", *lines, **rest))
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_line_names_its_own_batch_and_units():
    world = sent()
    node = world["mine"]
    world.do(node.registered("other", 10 * KG))
    world.do(node.packed("other", [unit("E-1", 10 * KG)]))
    for wrong, code in (
        (line(0, KG, batch="other"), "line-not-offered"),
        (line(0, 0, ("E-1", "missing")), "unit-not-offered"),
    ):
        with pytest.raises(Refusal) as refused:
            apply(node.view, node.confirmed("S", wrong))
        assert refused.value.code == code


def test_a_shipment_is_confirmed_once_before_it_is_closed_and_only_outside():
    world = sent()
    node = world["mine"]
    world.do(node.confirmed("S"))
    again = node.confirmed("S")
    with pytest.raises(Refusal) as refused:
        apply(node.view, again)
    assert refused.value.code == "shipment-confirmed"
    closed = sent()
    closed.do(closed["mine"].acknowledged("S"))
    with pytest.raises(Refusal) as refused:
        apply(closed["mine"].view, closed["mine"].confirmed("S"))
    assert refused.value.code == "shipment-closed"
    inside = sent(member=True)
    with pytest.raises(Refusal) as refused:
        apply(inside["mine"].view, inside["mine"].confirmed("S"))
    assert refused.value.code == "confirmation-of-member"
