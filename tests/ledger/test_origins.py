"""What may be in what, and what is told of it. That real lies are refused stands among the lies of tests/formats."""

from dataclasses import replace

import pytest

from ledger.entries import new_id
from ledger.errors import Malformed, Refusal
from ledger.matter.events import Event
from ledger.matter.provenance import MODELS
from ledger.matter.vectors import PPB, parse_shares
from ledger.origins import Told, check_origins, check_vectors, told_of

HERE, THERE = "plant.example/log", "mine.example/log"
A, B, C, D, P = (new_id(HERE, name) for name in "ABCDP")
CN, MM, DE = "CN/ion_mid_y", "MM/import_ion", "DE/post_consumer"
NOBODY, OTHER = "ZZ/unexplained", "ZZ/other"


def said(*origins, model="controlled_blending", element="Nd"):
    rows = sorted([origin, 0 if at else PPB, 0, PPB] for at, origin in enumerate(origins))
    return {"model": model, "shares": [[element, rows]]}


def registered(id_, origin=CN, **more):
    country, feed_class = origin.split("/")
    told = {"class": "mined", "country": country, "feed_class": feed_class}
    return Event("registered", HERE, {"batch": {"product": "x"}, "origin": told, **more}, {"batch": id_})


def transformed(id_, *inputs, told):
    nulls = frozenset({"outputs.provenance/0"} if told is None else ())
    rows = [None if one is None else {"batch": one} for one in inputs]
    slots = {"inputs.chain": rows, "outputs.chain": [{"product": "y"}], "outputs.provenance": [told]}
    return Event("transformed", HERE, slots, {"outputs.chain": (id_,)}, nulls=nulls)


def hidden(event, slot):
    """The same event, with a slot that is not disclosed."""
    return replace(event, slots={**event.slots, slot: None}, nulls=frozenset())


def received(*lines, log=HERE):
    slots = {
        "lines.chain": [{"line": at, "batch": batch} for at, (batch, _) in enumerate(lines)],
        "lines.provenance": [told for _, told in lines],
    }
    nulls = frozenset(f"lines.provenance/{at}" for at, (_, told) in enumerate(lines) if told is None)
    return Event("received", log, slots, {}, nulls=nulls)


def shipped(*lines, id_=None):
    slots = {"lines.chain": [{"batch": batch} for batch, _ in lines], "lines.provenance": [told for _, told in lines]}
    return Event("shipped", HERE, slots, {} if id_ is None else {"shipment": id_})


def drawn(told):
    slots = {"draw": {"pool": "p", "period": P, "steps": []}, "outputs.chain": [{"product": "y"}]}
    return Event("drawn", HERE, {**slots, "outputs.provenance": [told]}, {"outputs.chain": (D,)})


def closed(told):
    slots = {"closing": {"pool": "p", "period": P}, "provenance": told}
    return Event("closed", HERE, slots, nulls=frozenset({"provenance"} if told is None else ()))


def refused(*events):
    with pytest.raises(Refusal) as caught:
        check_origins(events)
    return caught.value.code, caught.value.value


# -- what may be in what ------------------------------------------------------------------------------------------


def test_what_is_made_is_from_where_its_inputs_are():
    one, other = registered(A), registered(B, MM)
    check_origins([one, other, transformed(C, A, B, told=said(CN, MM, NOBODY))])
    assert refused(one, transformed(C, A, told=said(CN, MM))) == ("origin-from-nowhere", MM)
    assert refused(one, other, transformed(C, A, B, told=said(CN, DE))) == ("origin-from-nowhere", DE)


def test_what_is_made_of_that_is_from_there_too():
    coming = [registered(A), transformed(B, A, told=said(CN))]
    check_origins([*coming, transformed(C, B, told=said(CN))])
    assert refused(*coming, transformed(C, B, told=said(DE))) == ("origin-from-nowhere", DE)


def test_an_element_that_was_not_in_it_is_explained_by_nothing():
    coming = [registered(A), transformed(B, A, told=said(CN))]
    check_origins([*coming, transformed(C, B, told=said(NOBODY, element="Dy"))])
    assert refused(*coming, transformed(C, B, told=said(CN, element="Dy"))) == ("origin-from-nowhere", CN)


def test_where_nothing_was_known_nothing_is_known():
    coming = [registered(A), transformed(B, A, told=None)]
    check_origins([*coming, transformed(C, B, told=said(NOBODY))])
    assert refused(*coming, transformed(C, B, told=said(CN)))[0] == "origin-from-nowhere"


@pytest.mark.parametrize(
    "events",
    [
        [transformed(C, A, told=said(DE))],
        [registered(A), transformed(C, A, None, told=said(DE))],
        [registered(A), transformed(C, A, B, told=said(DE))],
        [hidden(registered(A), "origin"), transformed(C, A, told=said(DE))],
        [
            registered(A),
            hidden(transformed(B, A, told=said(CN)), "outputs.provenance"),
            transformed(C, B, told=said(DE)),
        ],
        [registered(A), hidden(transformed(C, A, told=said(DE)), "inputs.chain")],
        [drawn(said(DE))],
        [drawn(said(DE)), hidden(closed(said(CN)), "provenance")],
        [hidden(drawn(said(DE)), "draw"), closed(said(CN))],
    ],
    ids=lambda events: ", ".join(event.type for event in events),
)
def test_what_is_not_disclosed_is_passed_over(events):
    if events[-1].slots.get("inputs.chain", ...) is None:
        events[-1] = replace(events[-1], slots={**events[-1].slots, "inputs.chain": [None]})
    check_origins(events)


def test_a_line_is_from_where_its_batch_is():
    check_origins([registered(A), shipped((A, said(CN, model="identity_preserved")), (A, None))])
    assert refused(registered(A), shipped((A, None), (A, said(MM)))) == ("origin-from-nowhere", MM)


def test_what_was_received_is_what_its_receipts_say_together():
    batch = f"{THERE}#{A}"
    coming = [received((batch, said(CN))), received((batch, said(MM)))]
    check_origins([*coming, transformed(C, batch, told=said(CN, MM))])
    assert refused(*coming[:1], transformed(C, batch, told=said(CN, MM))) == ("origin-from-nowhere", MM)
    check_origins([coming[0], hidden(coming[1], "lines.provenance"), transformed(C, batch, told=said(CN, DE))])


def test_goods_of_which_the_sender_told_nothing_are_of_some_other_origin():
    batch = f"{THERE}#{A}"
    coming = received((batch, None))
    check_origins([coming, transformed(C, batch, told=said(OTHER))])
    assert refused(coming, transformed(C, batch, told=said(CN))) == ("origin-from-nowhere", CN)


def test_own_goods_that_come_back_are_what_they_were():
    batch = f"{HERE}#{A}"
    coming = [registered(A), received((batch, said(DE)))]
    check_origins([*coming, transformed(C, A, told=said(CN))])
    assert refused(*coming, transformed(C, A, told=said(DE))) == ("origin-from-nowhere", DE)


def test_each_log_knows_what_it_was_told():
    """What the maker says in its own log is held against its offer there, and not against what others make of it."""
    batch = f"{THERE}#{A}"
    coming = [replace(registered(A, DE), origin=THERE), received((batch, said(CN)))]
    check_origins([*coming, transformed(C, batch, told=said(CN))])
    assert refused(*coming, transformed(C, batch, told=said(DE))) == ("origin-from-nowhere", DE)


def test_64_origins_may_be_put_together():
    many = [f"CN/class{number:02}" for number in range(64)]
    coming = transformed(B, told=None), received((f"{THERE}#{A}", said(*many)))
    check_origins([*coming, transformed(C, f"{THERE}#{A}", told=said(*many[:3], OTHER))])
    fewer = received((f"{THERE}#{A}", said(*many[1:])))
    assert refused(fewer, transformed(C, f"{THERE}#{A}", told=said(*many[1:3], OTHER)))[1] == OTHER


def test_what_is_drawn_is_from_where_its_period_is():
    check_origins([drawn(said(CN, model="mass_balance")), closed(said(CN, MM, model="mass_balance"))])
    assert refused(drawn(said(DE)), closed(said(CN, MM))) == ("origin-from-nowhere", DE)
    assert refused(drawn(said(CN)), closed(None)) == ("origin-from-nowhere", CN)
    check_origins([drawn(said(DE)), closed(said(CN, OTHER))])


# -- models -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_model_only_weakens(model):
    batch = f"{THERE}#{A}"
    coming = received((batch, said(CN, model="controlled_blending")))
    event = transformed(C, batch, told=said(CN, model=model))
    if MODELS.index(model) >= MODELS.index("controlled_blending"):
        check_origins([coming, event])
    else:
        assert refused(coming, event) == ("model-grew-stronger", model)


def test_what_is_of_no_known_origin_has_no_model_to_keep():
    batch = f"{THERE}#{A}"
    coming = received((batch, said(CN, model="mass_balance")))
    check_origins([coming, transformed(C, batch, told=said(NOBODY, model="controlled_blending"))])


def test_the_strongest_of_several_is_what_may_be_claimed():
    batch = f"{THERE}#{A}"
    coming = [registered(B), received((batch, said(CN, model="mass_balance")))]
    check_origins([*coming, transformed(C, B, batch, told=said(CN, model="identity_preserved"))])


# -- form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slots", "field"),
    [
        ({"provenance": {"model": "mass_balance", "shares": [["Fe", []]]}}, "provenance.shares[0][0]"),
        ({"lines.provenance": [None, said(CN, model="none")]}, "lines.provenance/1.model"),
        ({"outputs.sources": [{"amounts": [["Nd", "1", 0, []]]}]}, "outputs.sources/0.amounts[0][3]"),
        ({"sources": {"amounts": [["Nd", 1, 0, []]]}}, "sources.amounts[0][1]"),
        ({"wip": {"contents": [["Nd", "x", 0]]}}, "wip.contents[0][1]"),
        ({"pools.authority": [None, {"contents": [["Nd"]]}]}, "pools.authority/1.contents[0]"),
    ],
)
def test_where_it_is_not_of_its_form(slots, field):
    with pytest.raises(Malformed) as caught:
        check_vectors(Event("closed", HERE, slots))
    assert caught.value.field == field


def test_what_says_nothing_has_every_form():
    check_vectors(Event("closed", HERE, {"provenance": None, "lines.provenance": [None], "lines.sources": None}))


# -- for the verdict ----------------------------------------------------------------------------------------------


def full(id_):
    return f"{HERE}#{id_}"


def test_of_a_batch_its_maker_tells_or_else_who_ships_it():
    made = transformed(C, A, told=said(CN, MM))
    sent = shipped((C, said(MM)), (A, said(CN)), id_=P)
    events = [((HERE, 1), registered(A)), ((HERE, 2), made), ((HERE, 3), sent), ((HERE, 4), shipped((A, said(MM))))]
    [one] = told_of({"batch": full(C)}, events)
    assert (one.batch, one.place, set(one.shares.elements["Nd"])) == (full(C), (HERE, 2), {CN, MM})
    [one] = told_of({"unit": "x", "batch": full(A)}, events)
    assert (one.batch, one.place, set(one.shares.elements["Nd"])) == (full(A), (HERE, 3), {CN})
    assert [one.batch for one in told_of({"shipment": full(P)}, events)] == [full(C), full(A)]
    assert told_of({"log": HERE}, events) == ()
    assert told_of({"unit": "x"}, events) == ()


def told(*origins, **more):
    return Told(full(A), (HERE, 1), parse_shares(said(*origins, **more)))


def test_none_of_it_is_from_where_no_row_may_be():
    assert told(CN, MM).only_from("Nd") == ("CN", "MM")
    assert told(CN, MM).absent("Nd", "DE")
    assert not told(CN, MM).absent("Nd", "MM")
    assert not told(CN, MM).absent("Dy", "DE")
    for doubtful in (NOBODY, OTHER, "XX/unknown_opening"):
        assert told(CN, doubtful).only_from("Nd") == ()
    assert told(CN, model="book_and_claim").only_from("Nd") == ()


def test_what_came_back_counts_by_class_and_run_around_does_not():
    rows = [
        ["CN/internal_rework", 200_000_000, 200_000_000, 200_000_000],
        ["CN/ion_mid_y", 500_000_000, 400_000_000, 600_000_000],
        ["DE/post_consumer", 300_000_000, 200_000_000, 400_000_000],
    ]
    one = Told(full(A), (HERE, 1), parse_shares({"model": "mass_balance", "shares": [["Nd", rows]]}))
    assert one.recycled("Nd") == {
        "post_consumer": (300_000_000, 200_000_000, 400_000_000),
        "pre_consumer_external": (0, 0, 0),
    }
