"""Traces over goods that went through five organisations: what each of them knows, and what it knows it does not."""

from datetime import UTC, datetime

import pytest

from ledger.errors import Conflict, Unknown
from ledger.matter.genealogy import Edge
from nodes.evidence import of_batch
from nodes.store import codes, genealogy
from nodes.store.engine import Store
from nodes.trace import masses, trace
from tests.chain import MINE, MOTOR, PLANT, REFERENCE, RIVAL, TRADER
from tests.nodes.store.rows import an_id


def lots(found):
    return {node["lot_no"] for node in found["nodes"]}


def links(found):
    """(from, to) by lot → (mass in mg, share in ppb)"""
    named = {node["batch"]: node["lot_no"] for node in found["nodes"]}
    return {
        (named[edge["from"]], named[edge["to"]]): (edge["mass"] and edge["mass"]["mg"], edge["share_ppb"])
        for edge in found["edges"]
    }


def gaps(found):
    named = {node["batch"]: node["lot_no"] for node in found["nodes"]}
    return sorted((named[gap["at"]], gap["why"], gap.get("to")) for gap in found["gaps"])


HISTORY = {"EV-1", "P-1", "M-1", "A-1", "A-2", "F-1"}


def test_back_from_a_motor_to_the_mine_with_kilograms_where_they_are_ones_own(chain):
    with chain.node(MOTOR) as node:
        found = trace(node, "EV-1", "back")
    assert found["root"] == chain.batch("EV-1", MOTOR)
    assert found["direction"] == "back"
    assert [node["lot_no"] for node in found["nodes"]][:2] == ["EV-1", "P-1"]
    assert lots(found) == HISTORY
    assert links(found) == {
        ("P-1", "EV-1"): (3_000_000, 10**9),
        ("M-1", "P-1"): (None, None),
        ("A-2", "P-1"): (None, None),
        ("F-1", "P-1"): (None, None),
        ("A-1", "M-1"): (None, None),
        ("A-2", "M-1"): (None, None),
    }
    assert gaps(found) == [("F-1", "outside", None)]
    assert not found["cut"]


def test_what_a_trace_says_of_each_batch(chain):
    with chain.node(MOTOR) as node:
        nodes = {one["lot_no"]: one for one in trace(node, "EV-1", "back")["nodes"]}
    assert {one["standing"] for one in nodes.values()} == {"proven"}
    assert {one["pseudonym"] for one in nodes.values()} == {None}
    assert {one["country"] for one in nodes.values()} == {"CN"}
    told = {lot: (one["organisation"], one["log"], one["event"]) for lot, one in nodes.items()}
    assert told == {
        "EV-1": (MOTOR, f"{MOTOR}/log", "assembled"),
        "P-1": (PLANT, f"{PLANT}/log", "transformed"),
        "F-1": (PLANT, f"{PLANT}/log", "registered"),
        "M-1": (MINE, f"{MINE}/log", "transformed"),
        "A-1": (MINE, f"{MINE}/log", "registered"),
        "A-2": (MINE, f"{MINE}/log", "registered"),
    }
    assert nodes["EV-1"]["batch"] == chain.batch("EV-1", MOTOR)
    assert nodes["A-1"]["batch"] == chain.batches["A-1"]
    assert nodes["A-1"]["product"] == "ion_clay_mixed_oxide"
    for one in nodes.values():
        assert datetime.fromisoformat(one["at"]) <= datetime.now(UTC)
        assert one["index"] > 0


def test_shares_are_of_all_that_went_in(chain):
    with chain.node(PLANT) as node:
        found = links(trace(node, "P-1", "back"))
    total = 39_950_000 + 10_000_000 + 20_000_000
    assert {pair: mass for pair, (mass, _) in found.items() if pair[1] == "P-1"} == {
        ("M-1", "P-1"): 39_950_000,
        ("A-2", "P-1"): 10_000_000,
        ("F-1", "P-1"): 20_000_000,
    }
    for (_, child), (mass, share) in found.items():
        if child == "P-1":
            assert share == mass * 10**9 // total
    assert 10**9 - 3 < sum(share for (_, child), (_, share) in found.items() if child == "P-1") <= 10**9


def test_forward_shares_count_what_the_trace_does_not_go_through(chain):
    with chain.node(MINE) as node:
        assert links(trace(node, "A-1", "forward")) == {("A-1", "M-1"): (60_000_000, 600_000_000)}
        assert links(trace(node, "A-2", "forward")) == {("A-2", "M-1"): (40_000_000, 400_000_000)}


def test_forward_a_mine_sees_to_whom_its_goods_went_and_no_further(chain):
    with chain.node(MINE) as node:
        found = trace(node, "A-1", "forward")
    assert lots(found) == {"A-1", "M-1"}
    assert gaps(found) == [
        ("A-1", "not_disclosed", RIVAL),
        ("M-1", "not_disclosed", PLANT),
        ("M-1", "not_disclosed", TRADER),
    ]


def test_forward_at_the_plant_what_left_the_federation_is_outside(chain):
    with chain.node(PLANT) as node:
        found = trace(node, chain.batches["A-2"], "forward")
    assert lots(found) == {"A-2", "M-1", "P-1", "W-1"}
    assert gaps(found) == [
        ("M-1", "not_disclosed", MINE),
        ("P-1", "not_disclosed", MOTOR),
        ("P-1", "not_disclosed", RIVAL),
        ("W-1", "outside", ""),
    ]


def test_whoever_got_nothing_of_it_knows_nothing_of_it(chain):
    for name, lot in ((MOTOR, "A-9"), (MOTOR, "W-1"), (RIVAL, "W-1"), (TRADER, "P-1"), (MINE, "P-1")):
        with chain.node(name) as node, pytest.raises(Unknown) as unknown:
            trace(node, chain.batches[lot], "back")
        assert unknown.value.code == "batch-unknown"


def test_what_was_taken_apart_leads_back_through_it_also_for_its_buyer(chain):
    for name in (MOTOR, RIVAL):
        with chain.node(name) as node:
            found = trace(node, chain.batches["E-1"], "back")
        assert lots(found) == {"E-1", *HISTORY}
        assert ("EV-1", "E-1") in links(found)
        assert gaps(found) == [("F-1", "outside", None)]


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_a_trace_that_is_cut_says_so(chain, limit):
    with chain.node(MOTOR) as node:
        found = trace(node, "EV-1", "back", limit)
        whole = trace(node, "EV-1", "back", len(HISTORY))
    assert [node["lot_no"] for node in found["nodes"]] == [node["lot_no"] for node in whole["nodes"]][:limit]
    assert found["cut"]
    assert ("EV-1", "cut_off", None) in gaps(found)
    shown = {node["batch"] for node in found["nodes"]}
    assert all(edge["from"] in shown and edge["to"] in shown for edge in found["edges"])
    assert not whole["cut"]
    assert gaps(whole) == [("F-1", "outside", None)]


def test_a_cut_does_not_change_shares(chain):
    with chain.node(PLANT) as node:
        whole = links(trace(node, "P-1", "back"))
        for limit in range(2, len(HISTORY)):
            cut = links(trace(node, "P-1", "back", limit))
            assert cut.items() <= whole.items()


def test_a_batch_that_is_only_named_is_a_gap(chain, tmp_path):
    home = chain.copy(MINE, tmp_path / "home")
    stranger = f"hub.example/log#{an_id('stranger')}"
    with chain.node(MINE, home) as node:
        made = chain.batch("A-9", MINE)
        with node.store.write() as conn:
            genealogy.save_edges(conn, codes.made_by(conn, made), [Edge(made, stranger, None)])
        found = trace(node, "A-9", "back")
        [told] = [one for one in found["nodes"] if one["batch"] == stranger]
        assert {told[name] for name in ("index", "event", "product", "organisation", "at")} == {None}
        assert (told["log"], told["standing"]) == ("hub.example/log", "claimed")
        assert found["gaps"] == [{"at": stranger, "why": "not_disclosed"}]
        # It is known by name, so it can be asked for, too.
        assert [one["batch"] for one in trace(node, stranger, "forward")["nodes"]] == [stranger, made]


def test_both_ways_in_one(chain):
    with chain.node(PLANT) as node:
        back, forward, both = (trace(node, "P-1", way) for way in ("back", "forward", "both"))
    assert both["root"] == back["root"]
    assert both["direction"] == "both"
    assert {one["batch"] for one in both["nodes"]} == {
        one["batch"] for found in (back, forward) for one in found["nodes"]
    }
    assert len(both["nodes"]) == len(back["nodes"]) + len(forward["nodes"]) - 1
    assert len(both["edges"]) == len(back["edges"]) + len(forward["edges"])
    assert all(gap in both["gaps"] for gap in back["gaps"] + forward["gaps"])


def test_masses_are_of_goods_as_they_were_made_and_only_where_that_is_open(chain):
    with chain.node(MINE) as node:
        found = trace(node, "M-1", "back")
        known = masses(node, found["nodes"])
    lots = {one["batch"]: one["lot_no"] for one in found["nodes"]}
    assert {lots[batch] for batch in known} == {"M-1", "A-1", "A-2"}
    for edge in found["edges"]:
        assert known[edge["from"]] >= edge["mass"]["mg"]
        assert known[edge["to"]] > 0
    with chain.node(MOTOR) as node:
        found = trace(node, "EV-1", "back")
        assert masses(node, found["nodes"]).keys() <= {
            one["batch"] for one in found["nodes"] if one["lot_no"] == "EV-1"
        }


def test_by_any_of_ones_own_codes(chain):
    with chain.node(MINE) as node:
        by_id = trace(node, chain.batch("A-1", MINE), "forward")
        for code in (chain.batches["A-1"], "A-1", REFERENCE):
            assert trace(node, code, "forward") == by_id
        with pytest.raises(Unknown) as unknown:
            trace(node, "A-77", "back")
    assert (unknown.value.code, unknown.value.field, unknown.value.value) == ("batch-unknown", "batch", "A-77")


def test_a_code_of_two_batches_is_refused_with_both(chain, tmp_path):
    home = chain.copy(MINE, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("UPDATE batches SET external_ref = 'A-9' WHERE lot_no = 'A-2'")
    store.close()
    with chain.node(MINE, home) as node, pytest.raises(Conflict) as conflict:
        trace(node, "A-9", "back")
    assert conflict.value.code == "ambiguous-code"
    assert {chain.batch(lot, MINE) for lot in ("A-2", "A-9")} == set(conflict.value.facts["candidates"].split(", "))


def test_a_trace_needs_nobody_elses_server(chain):
    """All that it says of others is in the evidence that came with the goods."""
    with chain.node(MOTOR) as node:
        found = trace(node, "EV-1", "back")
        with node.store.read() as conn:
            made = of_batch(conn, node.origin, chain.batch("EV-1", MOTOR), "2026-11-22T01:00:00.000Z")
    here = {(proven.log, proven.index) for proven in made.entries}
    assert {(one["log"], one["index"]) for one in found["nodes"]} <= here
