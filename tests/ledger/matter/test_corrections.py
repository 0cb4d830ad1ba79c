"""Corrections that may be: what stands afterwards, and what the log says once they are folded in.

Over 400 lines because each way of correcting has its story.
"""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import pytest

from ledger.matter.corrections import as_corrected
from ledger.matter.custody import apply
from ledger.matter.event_types import CORRECTIONS, EVENT_TYPES
from ledger.matter.events import Event
from ledger.matter.handovers import check_adjustments
from ledger.matter.reversing import _STATEMENTS, _UNDO, _WAY_OUT
from ledger.matter.stock import (
    Batch,
    Booked,
    Correction,
    Delta,
    Holding,
    Key,
    Month,
    State,
    Unit,
    dump_state,
    load_correction,
)
from ledger.matter.words import WORDS
from tests.ledger.matter.story import AT, KG, SITE, Node, Row, World, answer, change, made, part, unit

T = 1000 * KG
DECEMBER = "2026-12-03T09:00:00+08:00"
IN_DECEMBER = "2026-12-03T01:00:30.000Z"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def mine(world: World) -> Node:
    return world["mine"]


def stock(view: dict[Key, State]) -> dict[Key, object]:
    """What stands where, without what is left of things that are gone."""
    batches = [s for s in view.values() if isinstance(s, Batch) and s.mg]
    units = [s for s in view.values() if isinstance(s, Unit) and s.state in ("here", "quarantined", "shipped")]
    return {state.key: state for state in (*batches, *units)}


def folded(node: Node) -> list[Event]:
    return [event for _, event in as_corrected(enumerate(node.log, 1))]


def replayed(events: Sequence[Event]) -> dict[Key, State]:
    """The folded log, allowed by custody from nothing."""
    view: dict[Key, State] = {}
    for event in events:
        view.update(apply(MappingProxyType(view), event.check()))
    return view


def check_folding(node: Node) -> list[Event]:
    """Answers the folded log, which ends where the real one did."""
    events = folded(node)
    assert not {event.type for event in events} & set(CORRECTIONS)
    assert stock(replayed(events)) == stock(node.view)
    return events


# -- amended ------------------------------------------------------------------------------------------------------


def test_words_are_amended_and_the_batch_is_called_so(world, mine):
    event = world.do(mine.registered("ore", KG))
    before = mine.batch("ore")
    world.do(mine.amended(event, ("batch.lot_no", "ore", "L-7"), ("origin.region", None, "江西")))
    assert mine.batch("ore").lot_no == "L-7"
    assert mine.batch("ore").loose == before.loose
    world.do(mine.amended(event, ("batch.lot_no", "L-7", None), approved_by=None))
    assert mine.batch("ore").lot_no is None
    (one,) = check_folding(mine)
    assert one.scalar("batch") == {"product": "ion_clay_mixed_oxide", "at": AT, "site": SITE}
    assert one.scalar("origin")["region"] == "江西"
    assert mine.correction(event).kinds == ("amended", "amended")


def test_the_same_word_may_be_amended_twice_in_one_event(world, mine):
    event = world.do(mine.registered("ore", KG))
    world.do(mine.amended(event, ("batch.lot_no", "ore", "A"), ("batch.lot_no", "A", "B")))
    assert mine.batch("ore").lot_no == "B"


def test_documents_are_amended_and_added(world, mine):
    event = world.do(mine.registered("ore", KG))
    words = (
        ("documents.list[0].no", None, "BT-991"),
        ("documents.list[0].kind", None, "weigh_ticket"),
        ("recorded.external_ref", None, "ERP-1"),
    )
    world.do(mine.amended(event, *words))
    world.do(mine.amended(event, ("documents.list[0].no", "BT-991", "BT-992")))
    (one,) = check_folding(mine)
    assert one.scalar("documents") == {"list": [{"kind": "weigh_ticket", "no": "BT-992"}]}
    assert one.scalar("recorded")["external_ref"] == "ERP-1"
    assert event.scalar("documents") == {}


def test_lots_of_outputs_and_seals_of_units_are_amended(world, mine):
    world.do(mine.registered("ore", 2 * KG))
    event = world.do(mine.transformed([part("ore", KG)], [made("a", 1), made("b", 2)]))
    world.do(mine.amended(event, ("outputs.chain/1.lot_no", "b", "B-2")))
    assert (mine.batch("a").lot_no, mine.batch("b").lot_no) == ("a", "B-2")
    event = world.do(mine.packed("ore", [unit("D-1", 5), unit("D-2", 6)]))
    world.do(mine.amended(event, ("units.public/1.seal", None, "S-9")))
    assert (mine.unit("D-1").seal, mine.unit("D-2").seal) == (None, "S-9")
    check_folding(mine)


def test_a_truck_is_amended_where_none_was_named(world, mine):
    world.do(mine.registered("ore", KG))
    event = world.do(mine.shipped("S", "smelter", part("ore", KG)))
    world.do(mine.amended(event, ("transport.vehicle", None, "赣B1")))
    assert check_folding(mine)[1].scalar("transport") == {"vehicle": "赣B1"}


def test_every_amendable_path_is_text_in_the_table():
    for type_, paths in WORDS.items():
        slots = {slot.name: slot for slot in EVENT_TYPES[type_]}
        for path in paths - {"documents.list"}:
            slot, _, field = path.rpartition(".")
            assert slots[slot].kinds[field].rstrip("?") == "text", (type_, path)


# -- reversed -----------------------------------------------------------------------------------------------------

Story = list[Event]
ORE = "ion_clay_mixed_oxide"


def goods(world: World) -> None:
    """Ore loose and in drums on a pallet, blocks in pieces, motors out of some."""
    mine = world["mine"]
    world.do(mine.registered("ore", 100 * KG))
    world.do(mine.packed("ore", [unit("D-1", 30 * KG), unit("D-2", 20 * KG)]))
    world.do(mine.packed("ore", [unit("P", 50 * KG, contains=["D-1", "D-2"])]))
    world.do(mine.registered("blocks", 10 * KG, count=100))
    world.do(mine.packed("blocks", [unit("B-1", 4 * KG, count=40)]))
    motors = [unit("M-1", KG, count=1), unit("M-2", KG, count=1)]
    world.do(mine.assembled("lot M", [part("blocks", KG, count=10)], motors))


REVERSIBLE = {
    "registered": lambda n: n.registered("more", KG, count=3),
    "transformed from loose goods": lambda n: n.transformed([part("ore", 7 * KG)], [made("x", KG)]),
    "transformed from a pallet": lambda n: n.transformed(
        [part("ore", 60 * KG, units=["P", "D-1", "D-2"]), part("blocks", KG, count=3)],
        [made("x", KG), made("y", 2 * KG, count=4)],
    ),
    "split": lambda n: n.transformed([part("ore", 9)], [made("x", 4), made("y", 5)], process="split"),
    "sampled": lambda n: n.sampled([part("ore", 9)], [made("x", 4, product=ORE), made("y", 5, product=ORE)]),
    "packed": lambda n: n.packed("ore", [unit("D-8", KG), unit("D-9", 2 * KG)]),
    "packed pieces": lambda n: n.packed("blocks", [unit("B-9", KG, count=10)]),
    "stacked": lambda n: n.packed("blocks", [unit("BP", 4 * KG, count=40, contains=["B-1"])]),
    "unpacked a carton": lambda n: n.unpacked("B-1"),
    "unpacked a pallet": lambda n: n.unpacked("P"),
    "unpacked a pallet and its drums": lambda n: n.unpacked("P", "D-1", "D-2", contains=["D-1", "D-2"]),
    "moved": lambda n: n.moved(
        SITE, "yard", part("ore", 50 * KG, units=["P", "D-1", "D-2"]), part("ore", 3), part("blocks", 5, count=1)
    ),
    "assembled": lambda n: n.assembled(
        "lot N", [part("blocks", 5 * KG, count=50, units=["B-1"])], [unit("N-1", KG, count=1)]
    ),
    "dismantled": lambda n: n.dismantled(["M-1", "M-2"], [made("scrap", KG)]),
    "removed": lambda n: n.removed(part("ore", 51 * KG, units=["P", "D-1", "D-2"]), part("blocks", 1, count=1)),
}


def unpacked_deep(node: Node) -> Event:
    """A pallet and then its drums, in one event."""
    event = node.unpacked("P", "D-1", "D-2")
    rows = [*event.slots["units.chain"]]
    assert [len(row.get("contains", ())) for row in rows] == [2, 0, 0]
    return event


REVERSIBLE["unpacked a pallet and its drums"] = unpacked_deep


@pytest.mark.parametrize("try_", REVERSIBLE.values(), ids=REVERSIBLE)
def test_what_is_reversed_never_was(world, mine, try_):
    goods(world)
    before = stock(mine.view)
    event = world.do(try_(mine))
    assert stock(mine.view) != before
    world.do(mine.reversed(event))
    assert stock(mine.view) == before
    assert mine.correction(event) == Correction(mine.index(event), ("reversed",))
    assert len(check_folding(mine)) == 6
    assert event not in folded(mine)


def test_reversals_follow_each_other_back_to_the_beginning(world, mine):
    first = world.do(mine.registered("ore", 10 * KG))
    second = world.do(mine.packed("ore", [unit("D-1", 4 * KG)]))
    third = world.do(mine.transformed([part("ore", 5 * KG, units=["D-1"])], [made("x", KG)]))
    for event in (third, second, first):
        world.do(mine.reversed(event))
    assert stock(mine.view) == {}
    assert mine.unit("D-1").state == "reversed"
    assert folded(mine) == []


def test_an_amended_entry_is_reversed_and_its_words_are_gone(world, mine):
    event = world.do(mine.registered("ore", KG))
    world.do(mine.amended(event, ("batch.lot_no", "ore", "L-7")))
    world.do(mine.reversed(event))
    assert check_folding(mine) == []


def test_every_type_can_be_reversed_or_says_the_way_out():
    kinds = [*_UNDO, *_STATEMENTS, *_WAY_OUT]
    assert sorted(kinds) == sorted(EVENT_TYPES.keys() - {*CORRECTIONS, "log_opened"})


# -- adjusted -----------------------------------------------------------------------------------------------------


def test_eighteen_tonnes_that_never_were(world, mine):
    """2 t typed as 20 t, all of it used: nothing is in stock, and the pair of lines still works."""
    first = world.do(mine.registered("ore", 20 * T))
    second = world.do(mine.transformed([part("ore", 20 * T)], [made("oxide", T)]))
    assert mine.mg("ore") == 0
    world.do(mine.adjusted(change(first, "made", "ore", -18 * T), change(second, "used", "ore", -18 * T)))
    assert (mine.mg("ore"), mine.mg("oxide")) == (0, T)
    registered, transformed = check_folding(mine)
    assert registered.scalar("quantity")["mg"] == 2 * T
    assert transformed.items("inputs.authority")[0]["mg"] == 2 * T
    assert mine.correction(first) == Correction(
        1, ("adjusted",), deltas=(Delta("made", mine.id("ore"), SITE, "", -18 * T),)
    )


def test_deltas_add_up_over_several_adjustments(world, mine):
    first = world.do(mine.registered("blocks", 10 * KG, count=100))
    world.do(mine.adjusted(change(first, "made", "blocks", 2 * KG, count=20)))
    world.do(mine.adjusted(change(first, "made", "blocks", -3 * KG), change(first, "made", "blocks", 0, count=-5)))
    assert mine.batch("blocks").loose == (Holding(SITE, "", 9 * KG, 115),)
    assert check_folding(mine)[0].scalar("quantity") | {"typed": 0} == {
        "mg": 9 * KG,
        "count": 115,
        "basis": "net",
        "typed": 0,
    }
    kept = mine.correction(first)
    assert [(delta.mg, delta.count) for delta in kept.deltas] == [(-KG, 15)]
    assert load_correction(dump_state(kept)) == kept


def test_an_output_that_never_came_out_is_left_out(world, mine):
    world.do(mine.registered("ore", 10 * KG))
    event = world.do(mine.transformed([part("ore", 9 * KG)], [made("a", KG), made("b", 2 * KG)]))
    world.do(mine.adjusted(change(event, "made", "a", -KG)))
    after = check_folding(mine)[1]
    assert after.ids["outputs.chain"] == (mine.id("b"),)
    assert [row["lot_no"] for row in after.items("outputs.chain")] == ["b"]
    world.do(mine.adjusted(change(event, "made", "a", KG // 2)))
    assert mine.mg("a") == KG // 2
    check_folding(mine)


def test_an_entry_adjusted_to_nothing_is_gone(world, mine):
    first = world.do(mine.registered("ore", 10 * KG))
    world.do(mine.adjusted(change(first, "made", "ore", -KG)))
    world.do(mine.adjusted(change(first, "made", "ore", -9 * KG)))
    assert check_folding(mine) == []
    world.do(mine.amended(first, ("batch.lot_no", "ore", "L-1")))
    assert mine.mg("ore") == 0


def test_a_split_is_adjusted_so_that_it_adds_up(world, mine):
    world.do(mine.registered("ore", 10 * KG))
    event = world.do(mine.transformed([part("ore", 9)], [made("x", 4), made("y", 5)], process="split"))
    world.do(mine.adjusted(change(event, "made", "x", 1), change(event, "made", "y", -1)))
    world.do(mine.adjusted(change(event, "made", "x", 1), change(event, "used", "ore", 1)))
    assert (mine.mg("x"), mine.mg("y"), mine.mg("ore")) == (6, 4, 10 * KG - 10)
    check_folding(mine)


def test_removals_assemblies_and_scrap_are_adjusted(world, mine):
    goods(world)
    removal = world.do(mine.removed(part("ore", 9 * KG), part("ore", KG), part("blocks", 2 * KG, count=20)))
    scrap = world.do(mine.dismantled(["M-1"], [made("scrap", 5)]))
    deltas = [
        change(removal, "used", "ore", -95 * KG // 10),
        change(removal, "used", "blocks", KG, count=10),
        change(scrap, "made", "scrap", 2),
        change(mine.log[5], "used", "blocks", -KG // 2, count=-5),
    ]
    world.do(mine.adjusted(*deltas))
    after = check_folding(mine)
    assert [row["mg"] for row in after[6].items("lines.authority")] == [KG // 2, 3 * KG]
    assert (mine.mg("scrap"), mine.batch("blocks").count) == (7, 65)


def test_a_drum_that_was_used_in_part_gives_back_loose_goods(world, mine):
    goods(world)
    event = world.do(mine.transformed([part("ore", 50 * KG, units=["P", "D-1", "D-2"])], [made("x", KG)]))
    world.do(mine.adjusted(change(event, "used", "ore", -5 * KG)))
    assert mine.batch("ore").loose == (Holding(SITE, "", 55 * KG),)


def test_others_goods_are_adjusted_for_their_owner(world, mine):
    world.do(mine.registered("ore", 10 * KG))
    offer = world.do(mine.shipped("S", "smelter", part("ore", 10 * KG), purpose="processing"))
    smelter = world["smelter"]
    world.do(smelter.received(offer, answer()))
    event = world.do(smelter.transformed([part("ore", 9 * KG, owner="mine.example")], [made("x", KG)]))
    lines = [
        change(event, "used", "ore", KG, owner="mine.example"),
        change(event, "made", "x", 5, owner="mine.example"),
    ]
    world.do(smelter.adjusted(*lines))
    assert smelter.batch("x").loose == (Holding(SITE, "mine.example", KG + 5),)
    check_folding(smelter)


# -- adjusted by two ----------------------------------------------------------------------------------------------


def handed_over(world: World, **how: str) -> tuple[Event, Event]:
    mine, smelter = world["mine"], world["smelter"]
    world.do(mine.registered("ore", 30 * T))
    offer = world.do(mine.shipped("S", "smelter", part("ore", 20 * T), **how))
    receipt = world.do(smelter.received(offer, answer()))
    world.do(mine.acknowledged("S"))
    return offer, receipt


def both(world: World, offer: Event, receipt: Event, mg: int, owner: str | None = None) -> list[Event]:
    """The partners adjust the shipment, whoever gives first; answers who gave and who took."""
    mine, smelter = world["mine"], world["smelter"]
    sides: list[tuple[Node, Node, Row]] = [
        (mine, smelter, change(offer, "shipped", "ore", mg)),
        (smelter, mine, change(receipt, "received", "ore", mg, owner=owner)),
    ]
    done: list[Event] = []
    for node, other, line in sides if mg > 0 else sides[::-1]:
        consent = other.consent(done[0]) if done else None
        done.append(world.do(node.adjusted(line, partner=other.name, consent=consent)))
    giver = world[done[0].name.removesuffix(".example")]
    check_adjustments(
        giver.booked(giver.index(done[0])),
        done[1],
        mine.booked(mine.index(offer)),
        _with_offer(smelter.booked(smelter.index(receipt)), mine, offer),
    )
    return done


def _with_offer(receipt: Booked, node: Node, offer: Event) -> Booked:
    """The stories' receipts refer to no real entry: this one does."""
    ref = node.consent(offer)
    return replace(receipt, event=replace(receipt.event, slots={**receipt.event.slots, "offer": ref}))


def test_less_was_shipped_than_both_thought(world):
    offer, receipt = handed_over(world)
    both(world, offer, receipt, -18 * T)
    assert (world["mine"].mg("ore"), world["smelter"].mg("ore")) == (28 * T, 2 * T)
    assert world["mine"].shipment("S").lines[0].mg == 2 * T
    shipped, received = check_folding(world["mine"])[1], check_folding(world["smelter"])[0]
    assert shipped.items("lines.partner")[0]["mg"] == 2 * T
    assert [received.items("lines.partner")[0][f"{one}_mg"] for one in ("offered", "accepted")] == [2 * T, 2 * T]


def test_more_was_shipped_than_both_thought(world):
    offer, receipt = handed_over(world, purpose="processing")
    first, second = both(world, offer, receipt, T, owner="mine.example")
    assert (first.name, second.name) == ("mine.example", "smelter.example")
    assert (world["mine"].mg("ore"), world["smelter"].mg("ore")) == (9 * T, 21 * T)
    check_folding(world["mine"])
    check_folding(world["smelter"])


def test_what_one_gave_is_in_nobodys_stock_until_the_other_takes_it(world):
    _, receipt = handed_over(world)
    smelter = world["smelter"]
    world.do(smelter.adjusted(change(receipt, "received", "ore", -T), partner="mine.example"))
    assert (world["mine"].mg("ore"), smelter.mg("ore")) == (10 * T, 19 * T)


def test_who_disagrees_takes_and_gives_back(world):
    offer, receipt = handed_over(world)
    both(world, offer, receipt, -T)
    both(world, offer, receipt, T)
    assert (world["mine"].mg("ore"), world["smelter"].mg("ore")) == (10 * T, 20 * T)
    assert sum(kind == "consent" for kind, _ in world["mine"].view) == 1
    check_folding(world["mine"])


def test_a_slip_is_put_right_along_its_whole_way(world):
    """20 t registered, shipped, received and used where it was 2 t: stock is nowhere needed."""
    mine, smelter = world["mine"], world["smelter"]
    first = world.do(mine.registered("ore", 20 * T))
    offer = world.do(mine.shipped("S", "smelter", part("ore", 20 * T)))
    receipt = world.do(smelter.received(offer, answer()))
    world.do(mine.acknowledged("S"))
    used = world.do(smelter.transformed([part("ore", 20 * T)], [made("oxide", T)]))
    lines = change(receipt, "received", "ore", -18 * T), change(used, "used", "ore", -18 * T)
    given = world.do(smelter.adjusted(*lines, partner=mine.name))
    lines = change(offer, "shipped", "ore", -18 * T), change(first, "made", "ore", -18 * T)
    world.do(mine.adjusted(*lines, partner=smelter.name, consent=smelter.consent(given)))
    assert (mine.mg("ore"), smelter.mg("ore")) == (0, 0)
    check_folding(mine)
    check_folding(smelter)


def test_a_sample_out_of_a_drum_is_taken_back_loose(world, mine):
    world.do(mine.registered("ore", 30 * KG))
    world.do(mine.packed("ore", [unit("D-1", 20 * KG)]))
    event = world.do(mine.sampled([part("ore", KG, units=["D-1"])], [made("sample", KG, product=ORE)]))
    world.do(mine.adjusted(change(event, "used", "ore", -KG), change(event, "made", "sample", -KG)))
    assert (mine.unit("D-1").net_mg, mine.batch("ore").holding(SITE, "").mg, mine.mg("sample")) == (19 * KG, 11 * KG, 0)
    assert event not in folded(mine)


def test_a_shipment_to_a_party_outside_is_adjusted_alone(world, mine):
    world.do(mine.registered("ore", 30 * KG))
    offer = world.do(mine.shipped("S", None, part("ore", 20 * KG), outside={"name": "Muster GmbH", "country": "DE"}))
    world.do(mine.adjusted(change(offer, "shipped", "ore", -5 * KG)))
    world.do(mine.acknowledged("S", {**part("ore", 15 * KG), "line": 0}))
    assert mine.mg("ore") == 30 * KG


# -- months -------------------------------------------------------------------------------------------------------


def test_a_month_is_closed_and_what_comes_late_is_still_recorded(world, mine):
    event = world.do(mine.registered("ore", KG))
    closing = world.do(mine.period_closed("2026-11", at=DECEMBER, recorded_at=IN_DECEMBER))
    assert mine.view["month", "2026-11"] == Month("2026-11")
    world.do(mine.registered("late", KG, at=AT, recorded_at=IN_DECEMBER))
    told = {"at": DECEMBER, "recorded_at": IN_DECEMBER}
    world.do(mine.amended(event, ("batch.lot_no", "ore", "L-1"), **told))
    world.do(mine.adjusted(change(event, "made", "ore", 1), **told))
    world.do(mine.amended(closing, ("recorded.external_ref", None, "B-11"), **told))
    assert mine.mg("ore") == KG + 1
    check_folding(mine)


def test_a_month_is_over_when_the_clerk_says_so_in_the_clerks_own_time(world, mine):
    """00:01 of the first in Ganzhou is still the evening before in Greenwich."""
    at, now = "2026-12-01T00:01:00+08:00", "2026-11-30T16:01:30.000Z"
    world.do(mine.period_closed("2026-11", at=at, recorded_at=now))
    assert mine.view["month", "2026-11"] == Month("2026-11")
