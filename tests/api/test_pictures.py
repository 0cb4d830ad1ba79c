"""Traces as DOT: well formed whatever the names in them are, and every gap said."""

import pytest

from api.pictures import draw_dot, why_of

NAUGHTY = '<script>&"\\\n桶'


def trace(direction="back", **more):
    def node(batch, lot, **rest):
        told = {"batch": batch, "log": "", "organisation": None, "product": "nd_oxide", "lot_no": lot, "country": "CN"}
        return told | rest

    return {
        "root": "A",
        "direction": direction,
        "nodes": [node("A", "a"), node("B", NAUGHTY), node("C", None, product=None, country=None)],
        "edges": [
            {"from": "B", "to": "A", "mass": {"mg": 1_500_000}},
            {"from": "C", "to": "A", "mass": None},
            {"from": "C", "to": "B", "mass": None},
        ],
        "gaps": [{"at": "C", "why": "not_disclosed"}, {"at": "B", "why": "outside"}],
    } | more


@pytest.mark.parametrize("direction", ["back", "forward"])
def test_dot_has_a_node_for_each_gap_and_quotes_what_is_in_names(direction):
    drawn = draw_dot(trace(direction), "m.example")
    lines = drawn.splitlines()
    assert lines[0] == "digraph trace {"
    assert lines[-1] == "}"
    assert sum(" -> " in line for line in lines) == 5
    assert "1.5 kg" in drawn
    assert '<script>&\\"\\\\ 桶' in drawn
    arrows = [line for line in lines if "gap0" in line and " -> " in line]
    assert arrows[0].strip().startswith("gap0" if direction == "back" else '"C"')


def test_a_gap_names_who_has_the_goods():
    assert why_of({"at": "A", "why": "not_disclosed", "to": "x.example"})[0].startswith("x.example: ")
    assert why_of({"at": "A", "why": "something_new"}) == ("something_new", "something_new")
