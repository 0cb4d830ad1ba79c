"""The list of findings: page by page, the gravest first, each once."""

import re

import pytest

from ledger.matter.findings import SEVERITIES
from nodes.clock import system_clock
from nodes.findings import gravity
from nodes.people import hire
from tests.api.test_bulk import ndjson, register
from tests.api.test_register_page import SECRET, Desk

LOTS = 40


@pytest.fixture
def desk(client, node, token_of):
    """At a node where one weighing ticket was used for all lots."""
    weighing = {"ticket": "BT-991", "gross": "1.1", "tare": "1", "unit": "t"}
    sure = {"reason": "two drums on one ticket"}
    lines = [register(f"k-{number}", f"L-{number}", weighing=weighing, confirm=sure) for number in range(LOTS)]
    answer = client.post("/api/v1/bulk", content=ndjson(*lines), headers=token_of("clerk"))
    assert answer.text.count('"status":201') == LOTS, answer.text
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    return Desk(client)


def links(text):
    return re.findall(r'href="/findings/([0-9a-f]+)"', text)


def test_findings_come_page_by_page_and_the_gravest_first(desk, node):
    every = {one.finding.id: one for one in node.inspection.findings()}
    assert len(every) > 50
    first = desk.get("/findings").text
    following = re.search(r'href="\?(start=\d+)"', first)[1]
    second = desk.get(f"/findings?{following}").text
    shown = [*links(first), *links(second)]
    assert len(links(first)) == 50
    assert sorted(shown) == sorted(every)
    assert "start=" not in second.partition("<main")[2]
    ranks = [gravity(every[id_]) for id_ in shown]
    assert ranks == sorted(ranks, reverse=True)
    assert SEVERITIES[ranks[0]] in first


def test_an_answered_finding_is_left_out_until_asked_for(desk, node):
    named = links(desk.get("/findings").text)[0]
    assert desk.send(f"/findings/{named}", text="It is one truck.").status_code == 303
    assert named not in links(desk.get("/findings").text) + links(desk.get("/findings?start=50").text)
    whole = desk.get("/findings?all=true").text
    assert re.search(r'href="\?all=true&(amp;)?start=50"', whole)
    assert named in links(whole) + links(desk.get("/findings?all=true&start=50").text)


def test_what_belongs_together_is_one(desk):
    assert len(links(desk.get("/findings?cases=true").text)) > 50
    assert "Nothing is open" in desk.get("/findings?cases=true&start=50").text


@pytest.mark.parametrize("start", ["x", "-1", "9" * 30, "²"])
def test_a_start_that_is_none_leads_to_the_first_page(desk, start):
    assert links(desk.get(f"/findings?start={start}").text) == links(desk.get("/findings").text)
