"""What an authority's people see of all deposited logs: findings ranked and narrowed, beside what is still computed."""

import re
from datetime import timedelta

import pytest

from nodes.overlooking import AGAIN_AFTER
from tests.hands import Hands
from tests.nodes.test_oversight import AUTHORITY, DECLARED, IMPORTED, ONE, TWO
from tests.overseen import SCRIPT, overseen, slowed, worked_out
from tests.world import until


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with overseen(tmp_path_factory.mktemp("overseen")) as world:
        yield world


def test_nobody_waits_for_the_books(told):
    """The first look tells that they are being worked out; a later one has what an exact look has."""
    authority = told[AUTHORITY]
    with slowed(authority) as clock:
        first = authority.get("/api/v1/oversight/findings")
        assert (first["as_of"], first["working"], first["findings"]) == (None, True, [])
        clock.go.set()
        worked_out(authority)
        later = authority.get("/api/v1/oversight/findings?limit=1000")
    assert later["as_of"]
    assert not later["working"]
    assert later["findings"] == authority.get("/api/v1/deposits/findings?limit=1000")["findings"]


def test_what_comes_later_is_worked_out_anew(told):
    authority = told[AUTHORITY]
    before = worked_out(authority)
    told[ONE].register("I-9", "120", origin=IMPORTED, documents=[{**DECLARED, "no": "5301-2026-1000-77777"}])
    told.settle()
    until(lambda: authority.node.overlooking.look()[1] or authority.node.overlooking.look()[0] is not before, "work")
    assert len(worked_out(authority).findings) > len(before.findings)


@pytest.fixture
def stumbling(told):
    """The clock by which the authority's pages are worked out, and at which that fails."""
    with slowed(told[AUTHORITY]) as clock:
        clock.fails = True
        clock.go.set()
        yield clock


def test_no_empty_table_stands_for_what_nobody_worked_out(told, stumbling):
    answer = told[AUTHORITY].ask("GET", "/api/v1/oversight/findings?format=csv", role="viewer")
    assert (answer.status, answer.json()["code"]) == (503, "overview-failed")


def test_that_it_failed_is_said_with_what_to_do(told, stumbling):
    """And not for ever that it is being worked out; what was worked out before stays."""
    authority, clock = told[AUTHORITY], stumbling
    assert until(lambda: authority.get("/api/v1/oversight/findings")["failed"], "it has failed")["problem"]["code"] == (
        "overview-failed"
    )
    zh = Hands(authority, "zh", role="viewer")
    for path in ("/oversight", "/oversight/none", "/accounts"):
        page = zh.get(path)
        assert "未能核算" in page
        assert "lodetrace doctor" in page
        assert "hx-trigger" not in page.partition("<main")[2]
    clock.fails, clock.later = False, AGAIN_AFTER
    worked_out(authority)
    assert "未能核算" not in zh.get("/oversight")
    clock.fails, clock.later = True, 2 * AGAIN_AFTER + timedelta(days=1)
    until(lambda: authority.get("/api/v1/oversight/findings")["failed"], "it has failed again")
    page = zh.get("/oversight")
    assert "未能核算" in page
    assert 'href="/oversight/' in page


def test_the_gravest_come_first_and_each_is_opened(told):
    authority = told[AUTHORITY]
    seen = worked_out(authority)
    for language, word in (("en", "grave"), ("zh", "严重")):
        hands = Hands(authority, language, role="viewer")
        page = hands.get("/oversight")
        assert re.findall(r'href="/oversight/([0-9a-f]{16})"', page) == [one.finding.id for one in seen.findings]
        assert word in page
        for one in seen.findings:
            whole = hands.get(f"/oversight/{one.finding.id}")
            assert one.finding.id in whole
            for log, index in one.finding.entries:
                assert f'href="/deposited/{log.removesuffix("/log")}/{index}"' in whole


def test_the_list_is_narrowed(told):
    authority = told[AUTHORITY]
    seen = worked_out(authority)
    hands = Hands(authority, role="viewer")

    def shown(asked):
        return set(re.findall(r'href="/oversight/([0-9a-f]{16})"', hands.get(f"/oversight?{asked}")))

    assert shown(f"log={TWO}/log") == {one.finding.id for one in seen.findings if f"{TWO}/log" in one.logs} != set()
    assert shown("rule=element-gain") == {one.finding.id for one in seen.findings if one.finding.rule == "element-gain"}
    assert shown("severity=reason") == {one.finding.id for one in seen.findings if one.finding.severity == "reason"}
    assert shown("month=2001-01") == set()
    assert shown("offset=1") == {one.finding.id for one in seen.findings[1:]}
    answered = {one.finding.id for one in seen.findings if one.answers}
    assert answered
    assert shown("open=true").isdisjoint(answered)
    assert shown("severity=%3Cb%3E&offset=x") == set()


def test_numbers_come_with_units_uncertainty_and_limits_and_answers_are_told(told):
    authority = told[AUTHORITY]
    one = next(one for one in worked_out(authority).findings if one.finding.rule == "element-gain")
    page = Hands(authority, role="viewer").get(f"/oversight/{one.finding.id}")
    assert re.search(r"Difference Dy</td>\s*<td[^>]*>\+[\d.]+ kg</td>\s*<td[^>]*>±[\d.]+ k?g</td>\s*<td[^>]*>±", page)
    assert "signed, and in its log of" in page
    assert "of each element: out + losses − in" in page
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


def test_a_finding_that_nobody_has(told):
    worked_out(told[AUTHORITY])
    hands = Hands(told[AUTHORITY], role="viewer")
    reply = told[AUTHORITY].ask("GET", f"/oversight/{'0' * 16}", role=None, headers={"cookie": hands.cookies})
    assert reply.status == 404


@pytest.mark.parametrize("path", ["/oversight", f"/oversight/{'0' * 16}"])
def test_only_an_authority_has_the_pages(told, path):
    assert told[ONE].ask("GET", path, role="viewer").status == 404
    assert told[ONE].ask("GET", "/api/v1/oversight/findings", role="viewer").json()["code"] == "only-the-authority"


def test_the_board_of_an_authority_is_about_what_it_looks_after(told):
    worked_out(told[AUTHORITY])
    last, _ = told[AUTHORITY].node.overlooking.look()
    open_ = [one for one in last.findings if not one.answers]
    page = Hands(told[AUTHORITY], role="supervisor").get("/")
    assert f"<b>{len(open_)}</b>findings without an answer" in page
    assert f'href="/oversight/{open_[0].finding.id}"' in page
    assert "No case is open." in page
    assert "batches on hand" not in page
    assert "<b>2</b>organisations to look into" in page
    assert re.search(rf'href="/members/{ONE}">[^<]*</a> <span class="sev grave">not admitted', page)
    assert "newcomers to answer" in page
    assert "newcomers to answer" not in Hands(told[AUTHORITY], role="viewer").get("/")
    assert "batches on hand" in Hands(told[ONE], role="viewer").get("/")
