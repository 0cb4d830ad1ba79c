"""Pictures of a year's flows: ribbons as wide as their mass, bars apart, hidden sources told apart by form and word."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.drawing.sankey import SPACE, TALLEST, WAYS, arrange_year, draw_year, through
from ledger.matter.books import WAYS_BOTH, WAYS_IN, WAYS_OUT
from ledger.matter.element_years import STAGES, ElementYear, Link, Member, Part
from tests.api.drawing.traces import WEB

KG = 10**9
NAUGHTY = '<script>&"\x00 桶'


@st.composite
def years(draw):
    """Organisations of any stages, linked any way; what is missing on a side to add up is opening or closing stock."""
    number = draw(st.integers(1, 8))
    names = [f"n{at}.example" for at in range(number)]
    pairs = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=12, unique=True))
    links = [Link(*pair, draw(st.integers(1, 10**15))) for pair in pairs if pair[0] != pair[1]]
    members = []
    for name in names:
        gained = draw(st.integers(0, 10**15))
        surplus = gained + sum((one.receiver == name) * one.ug - (one.sender == name) * one.ug for one in links)
        ins = [Part("gained", "", gained)] if gained else []
        ins += [Part("opening", "", -surplus)] if surplus < 0 else []
        outs = [Part("closing", "", surplus)] if surplus > 0 else []
        role = draw(st.sampled_from([*STAGES, "trader"]))
        members.append(Member(name, draw(st.sampled_from([name, NAUGHTY])), role, tuple(ins), tuple(outs)))
    return ElementYear("2026", "Nd", tuple(members), tuple(links))


@given(years())
def test_bars_stand_apart_in_the_columns_of_their_stages(year):
    places = arrange_year(year)
    assert places.bars.keys() == {member.name for member in year.members}
    for column, role in enumerate(places.columns):
        bars = sorted((bar for bar in places.bars.values() if bar.column == column), key=lambda bar: bar.top)
        assert bars
        assert {bar.member.role if bar.member.role in STAGES else "" for bar in bars} == {role}
        for above, below in pairwise(bars):
            assert below.top >= above.top + above.height + SPACE
    assert [role for role in STAGES if role in places.columns] == [role for role in places.columns if role]


def tall(ribbon):
    """Pixels of a ribbon at its start: of a stub's rectangle, or between the two ends of a band's left side."""
    if ribbon.get("height") is not None:
        return float(ribbon.get("height"))
    words = ribbon.get("d").replace("M", " ").replace("C", " ").replace("V", " ").replace("Z", " ").split()
    return float(words[-1]) - float(words[1])


@given(years())
def test_ribbons_are_as_wide_as_their_mass_and_fill_both_sides_of_their_bars(year):
    places = arrange_year(year)
    found = ElementTree.fromstring(draw_year(year, 0))
    widths = [tall(one) for one in found.iter() if one.get("class") == "ribbon"]
    # A link to the right is drawn once, any other at both of its ends.
    amounts = [
        one.ug
        for one in year.links
        for _ in range(1 if places.bars[one.sender].column < places.bars[one.receiver].column else 2)
    ] + [part.ug for member in year.members for part in (*member.ins, *member.outs)]
    assert sorted(widths) == pytest.approx(sorted(ug * places.scale for ug in amounts), abs=0.01)
    for name, bar in places.bars.items():
        for sides, ends in ((bar.member.ins, "receiver"), (bar.member.outs, "sender")):
            whole = sum(part.ug for part in sides) + sum(one.ug for one in year.links if getattr(one, ends) == name)
            assert whole == through(bar.member, year.links)
            assert whole * places.scale == pytest.approx(bar.height)
        assert bar.height <= TALLEST + 0.01


YEAR = ElementYear(
    "2026",
    "Nd",
    (
        Member(
            "mine.example",
            NAUGHTY,
            "mine",
            (Part("origin", "mined", 90 * KG), Part("below_zero", "", 10 * KG)),
            (Part("undeposited", "x.example", 30 * KG),),
        ),
        Member(
            "plant.example", "Plant", "separation", (), (Part("lost", "residue", 10 * KG), Part("closing", "", 60 * KG))
        ),
    ),
    (Link("mine.example", "plant.example", 70 * KG),),
)


@pytest.mark.parametrize("place", [0, 1])
def test_hidden_sources_and_logs_that_are_not_deposited_are_told_by_form_and_word(place):
    drawn = draw_year(YEAR, place)
    groups = {one.get("class"): one for one in ElementTree.fromstring(drawn).iter(f"{WEB}g") if one.get("class")}
    assert WAYS["below_zero"][place] in groups["part unknown"].find(f"{WEB}title").text
    said = [one.text for one in groups["part unknown"].iter(f"{WEB}text")]
    assert said == [WAYS["below_zero"][place], "10 kg"]
    assert WAYS["undeposited"][place] in groups["part undeposited"].find(f"{WEB}title").text
    assert "x.example" in groups["part undeposited"].find(f"{WEB}title").text
    assert "stroke-dasharray" in drawn
    assert "url(#hatch)" in drawn
    assert "<script" not in drawn
    assert draw_year(YEAR, place) == drawn


def test_a_band_says_from_whom_to_whom_and_how_much():
    titles = [one.text for one in ElementTree.fromstring(draw_year(YEAR, 0)).iter(f"{WEB}title")]
    assert any(title.endswith("→ Plant: 70 kg") for title in titles)


def test_a_year_without_any_of_it_is_a_picture_too():
    assert ElementTree.fromstring(draw_year(ElementYear("2026", "Nd", (), ()), 1)).tag == f"{WEB}svg"


def test_every_way_has_words():
    assert {*WAYS_IN, *WAYS_OUT, *WAYS_BOTH} <= WAYS.keys()
