"""Pictures of traces: well formed whatever the names in them are, complete, and every gap said."""

from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.drawing.folding import OPENED_MAX, SPOTS_MAX, fold
from api.drawing.genealogy import Sight, draw
from api.drawing.svg import cut, lines
from api.pictures import WHY
from tests.api.drawing.traces import WEB, edge, node, trace

NAUGHTY = '<script>alert("1")</script>&\\\n\x00\x1b]]> 桶'
LONG = "北方稀土高新技术产业开发区有限责任公司第三萃取分离车间" * 4


def story(direction="back"):
    return trace(
        [node("A"), node("B", lot_no=NAUGHTY, organisation=LONG), node("C", lot_no=None, product=None, country=None)],
        [edge("B", "A", 1_500_000, 333_333_333), edge("C", "A"), edge("C", "B")],
        ({"at": "C", "why": "not_disclosed"}, {"at": "B", "why": "outside"}),
        direction,
    )


def kinds(drawn):
    found = ElementTree.fromstring(drawn)
    return Counter(kind for one in found.iter() for kind in (one.get("class") or "").split())


def titles(drawn):
    return [one.text for one in ElementTree.fromstring(drawn).iter(f"{WEB}title")]


def test_every_batch_edge_and_gap_is_drawn_once():
    found = kinds(draw(fold(story()), Sight("me.example")))
    assert (found["batch"], found["edge"], found["gap"], found["missing"], found["root"]) == (3, 5, 2, 2, 1)


@pytest.mark.parametrize("place", [0, 1])
def test_a_gap_says_why_in_words(place):
    drawn = draw(fold(story()), Sight("me.example", place))
    words = " ".join(titles(drawn))
    assert WHY["not_disclosed"][place] in words
    assert WHY["outside"][place] in words


def test_names_become_no_marks_and_long_ones_stand_whole_in_the_title():
    drawn = draw(fold(story()), Sight("me.example"))
    assert "<script" not in drawn
    assert "<script>alert" in " ".join(titles(drawn))
    assert any(LONG in title for title in titles(drawn))
    shown = [one.text for one in ElementTree.fromstring(drawn).iter(f"{WEB}text")]
    assert any(text.startswith("北方稀土") and text.endswith("…") for text in shown)
    assert all(len(text) < 60 for text in shown)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_makes_a_picture(lot, name):
    made = trace([node("A", lot_no=lot, organisation=name)], [], ({"at": "A", "why": "not_disclosed", "to": name},))
    assert ElementTree.fromstring(draw(fold(made), Sight("me.example"))).tag == f"{WEB}svg"


@given(st.text(alphabet="aW桶 …é", max_size=60), st.integers(20, 300))
def test_what_is_cut_fits_and_what_fits_is_not_cut(text, room):
    found = cut(text, room, 12)
    assert found == " ".join(text.split()) or (found.endswith("…") and len(found) <= len(text) + 1)
    assert sum(12 if sign == "桶" else 7.4 for sign in found.rstrip("…")) <= room


@given(st.text(alphabet="aW桶 é", max_size=80), st.integers(20, 300))
def test_what_is_broken_into_lines_loses_nothing_before_it_is_cut(text, room):
    found = lines(text, room, 12, 3)
    assert len(found) <= 3
    together = "".join(found).replace(" ", "")
    whole = "".join(text.split())
    assert together == whole or (found[-1].endswith("…") and whole.startswith(together[:-1]))


def test_standing_is_told_by_a_word_and_a_shape():
    nodes = [node("A", standing="proven"), node("B", standing="attested"), node("C", standing="claimed")]
    drawn = draw(fold(trace(nodes, [edge("B", "A"), edge("C", "A")])), Sight("me.example"))
    found = ElementTree.fromstring(drawn)
    told = {}
    for standing in ("proven", "attested", "claimed"):
        (group,) = (one for one in found.iter(f"{WEB}g") if one.get("class") == standing)
        told[group.find(f"{WEB}text").text] = group.find(f"{WEB}path").get("d")
    assert told.keys() == {"proven", "attested", "claimed"}
    assert len(set(told.values())) == 3


def test_an_edge_tells_its_mass_and_share_and_says_when_it_does_not_know():
    told = titles(draw(fold(story()), Sight("me.example")))
    assert "1.5 kg · 33.3 % of all that went in" in told
    assert told.count("mass not disclosed") == 2


def test_batches_are_links_and_their_mass_stands_on_them():
    sight = Sight("me.example", batch_link=lambda batch: f"/trace/{batch}", masses={"A": 4_040_000_000})
    drawn = draw(fold(story()), sight)
    assert {one.get("href") for one in ElementTree.fromstring(drawn).iter(f"{WEB}a")} == {f"/trace/{b}" for b in "ABC"}
    assert "4040 kg" in drawn


@pytest.mark.parametrize("direction", ["back", "forward"])
def test_a_gap_lies_on_the_side_where_the_story_goes_on(direction):
    found = fold(story(direction))
    gaps = {spot.key for spot in found.spots if spot.why}
    ends = {link.left if direction == "back" else link.right for link in found.links if link.missing}
    assert ends == gaps


def test_both_ways_have_gaps_at_both_ends():
    nodes = [node("B"), node("A"), node("C")]
    gaps = ({"at": "A", "why": "outside"}, {"at": "C", "why": "not_disclosed", "to": "x.example"})
    found = fold(trace(nodes, [edge("A", "B"), edge("B", "C")], gaps, "both"))
    (before,) = (link for link in found.links if link.missing and link.left.startswith("gap"))
    (behind,) = (link for link in found.links if link.missing and link.right.startswith("gap"))
    assert (before.right, behind.left) == ("batch A", "batch C")
    assert "to x.example" in draw(found, Sight("me.example"))


def test_a_file_brings_its_styles_and_a_page_has_them():
    alone, part = (draw(fold(story()), Sight("me.example", alone=alone)) for alone in (True, False))
    assert "prefers-color-scheme:dark" in alone
    assert "@media print" in alone
    assert "<style" not in part


# -- too many to draw one by one ----------------------------------------------------------------------------------


def crowd(number):
    """Lots of two mines, of which one plant made one oxide each, all in one motor."""
    mined = [
        node(f"M{at}", log=f"m{at % 2}.example/log", event="registered", product="ore", standing="claimed")
        for at in range(number)
    ]
    made = [node(f"P{at}", log="plant.example/log") for at in range(number)]
    into = [edge(f"M{at}", f"P{at}", 1000) for at in range(number)]
    built = [edge(f"P{at}", "motor", 500 if at else None) for at in range(number)]
    gaps = tuple({"at": f"M{at}", "why": "outside"} for at in range(number))
    return trace([node("motor"), *mined, *made], into + built, gaps)


def test_up_to_three_hundred_batches_stand_singly():
    made = trace([node(str(at)) for at in range(SPOTS_MAX)], [edge(str(at), "0") for at in range(1, SPOTS_MAX)])
    assert len(fold(made).spots) == SPOTS_MAX
    more = trace([node(str(at)) for at in range(SPOTS_MAX + 1)], [edge(str(at), "0") for at in range(1, SPOTS_MAX + 1)])
    assert [spot.count for spot in fold(more).spots] == [1, SPOTS_MAX]


def test_more_are_grouped_by_organisation_and_step_and_nothing_is_lost():
    found = fold(crowd(400))
    groups = {spot.group: spot.count for spot in found.spots if spot.group}
    assert groups == {
        "m0.example/log registered ore": 200,
        "m1.example/log registered ore": 200,
        "plant.example/log transformed nd_oxide": 400,
    }
    assert found.batches == 801
    masses = {(link.left, link.right): (link.mass, link.count) for link in found.links if not link.missing}
    plant = "group plant.example/log transformed nd_oxide"
    assert masses == {
        ("group m0.example/log registered ore", plant): (200_000, 200),
        ("group m1.example/log registered ore", plant): (200_000, 200),
        (plant, "batch motor"): (None, 400),
    }
    assert sorted(spot.count for spot in found.spots if spot.why) == [200, 200]


def test_a_group_says_how_many_it_holds_and_opens_by_its_link():
    sight = Sight("me.example", group_link=lambda group: f"/trace/motor?group={group}")
    drawn = draw(fold(crowd(400)), sight)
    links = [one.get("href") for one in ElementTree.fromstring(drawn).iter(f"{WEB}a")]
    assert "/trace/motor?group=m0.example/log registered ore" in links
    assert "200 batches" in drawn
    assert "claimed 200" in drawn


def test_an_opened_group_shows_its_batches_as_many_as_can_be_drawn():
    found = fold(crowd(400), "plant.example/log transformed nd_oxide")
    singly = [spot for spot in found.spots if not spot.group and not spot.why]
    assert len(singly) == 1 + OPENED_MAX
    assert found.batches == 801


def test_where_even_steps_are_too_many_organisations_are_drawn():
    many = [node(f"b{at}", product=f"p{at}", event=f"e{at}") for at in range(SPOTS_MAX + 5)]
    found = fold(trace([node("root"), *many], []))
    assert [spot.count for spot in found.spots] == [1, SPOTS_MAX + 5]
