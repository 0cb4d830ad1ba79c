"""A year of one element: whatever the books say, what came in is what went out or stayed, and nothing is left out."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.matter.books import WAYS_BOTH, WAYS_IN, WAYS_OUT
from ledger.matter.element_years import Book, Link, Part, element_year

NAMES = ("mine.example", "plant.example", "metal.example")
KG = 10**9


def book(name, role="mine", opening=0, closing=0, **ways):
    """Ways by their names, with `__` before whom."""
    told = {tuple(way.split("__")) if "__" in way else (way, ""): {"Nd": ug} for way, ug in ways.items()}
    return Book(name, name.upper(), role, opening, closing, told)


@st.composite
def books(draw):
    found = {}
    for name in NAMES:
        others = st.sampled_from([*(one for one in NAMES if one != name), "elsewhere.example"])
        whom = {"from": others, "to": others, "origin": st.sampled_from(["mined", "imported", "unknown_opening"])}
        ways = {}
        for way in draw(st.lists(st.sampled_from([*WAYS_IN, *WAYS_OUT, *WAYS_BOTH]), max_size=8)):
            least = -(10**12) if way in WAYS_BOTH else 0
            ways[way, draw(whom.get(way, st.just("")))] = {"Nd": draw(st.integers(least, 10**12))}
        opening = draw(st.integers(-(10**9), 10**12))
        closing = opening + sum((-1 if way in WAYS_OUT else 1) * one["Nd"] for (way, _), one in ways.items())
        found[name] = Book(name, name, "mine", opening, closing, ways)
    return found


@given(books())
def test_both_sides_of_everybody_add_up_exactly(told):
    found = element_year("2026", "Nd", told)
    for member in found.members:
        came = sum(part.ug for part in member.ins) + sum(one.ug for one in found.links if one.receiver == member.name)
        went = sum(part.ug for part in member.outs) + sum(one.ug for one in found.links if one.sender == member.name)
        assert came == went
        assert all(part.ug > 0 for part in member.ins + member.outs)


@given(books())
def test_what_was_sent_and_received_is_there_whole(told):
    found = element_year("2026", "Nd", told)
    for name, one in told.items():
        sent = sum(amounts["Nd"] for (way, _), amounts in one.ways.items() if way == "to")
        parts = [part for member in found.members if member.name == name for part in member.outs]
        left = sum(part.ug for part in parts if part.way in {"under_way", "undeposited"})
        assert left + sum(link.ug for link in found.links if link.sender == name) == sent


def test_a_link_is_what_both_say_and_the_rest_is_under_way():
    told = {
        "mine.example": book("mine.example", origin__mined=100 * KG, closing=20 * KG, **{"to__plant.example": 80 * KG}),
        "plant.example": book("plant.example", "separation", closing=75 * KG, **{"from__mine.example": 75 * KG}),
    }
    found = element_year("2026", "Nd", told)
    assert found.links == (Link("mine.example", "plant.example", 75 * KG),)
    mine, plant = found.members
    assert mine.ins == (Part("origin", "mined", 100 * KG),)
    assert mine.outs == (Part("under_way", "plant.example", 5 * KG), Part("closing", "", 20 * KG))
    assert (plant.ins, plant.outs) == ((), (Part("closing", "", 75 * KG),))


def test_partners_that_deposit_nothing_and_matter_from_nowhere_are_named():
    told = {
        "plant.example": book(
            "plant.example",
            closing=-3 * KG,
            gained=2 * KG,
            **{"from__hidden.example": 5 * KG, "to__other.example": 10 * KG},
        )
    }
    (plant,) = element_year("2026", "Nd", told).members
    assert plant.outs == (Part("undeposited", "other.example", 10 * KG),)
    assert set(plant.ins) == {
        Part("undeposited", "hidden.example", 5 * KG),
        Part("gained", "", 2 * KG),
        Part("below_zero", "", 3 * KG),
    }


def test_who_has_none_of_it_is_left_out():
    assert element_year("2026", "Dy", {"mine.example": book("mine.example", origin__mined=KG)}).members == ()
