"""Lists are sorted by links in the heads of their columns: both ways, without a script, and what was narrowed stays."""

import html
import re

import pytest

from tests.bookkeeping import AUTHORITY, MINE, PLANT, recorded, register
from tests.bookkeeping import world as bookkeeping
from tests.hands import Hands
from tests.overseen import worked_out
from tests.world import kg

SORTED = ["/orders", "/holds", "/inspections", "/members", "/oversight"]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Two inspections and two orders, one of one batch and one of two; a hold; months and pools of the mine."""
    with bookkeeping(tmp_path_factory.mktemp("sorted")) as world:
        mine, authority = world[MINE], world[AUTHORITY]
        lines = [{"batch": f"{MINE}/log#{register(mine, lot, '100')['batch']}"} for lot in ("A-1", "A-2")]
        recorded(authority, "/api/v1/orders", {"to": MINE, "lines": lines, "reason": "first"})
        recorded(authority, "/api/v1/orders", {"to": PLANT, "lines": lines[:1], "reason": "second"})
        announced = {"announced_at": "2026-01-02T08:00:00+08:00"}
        recorded(authority, "/api/v1/inspections", {"to": MINE, "result": "in_order", "reason": "third", **announced})
        recorded(authority, "/api/v1/inspections", {"to": PLANT, "result": "objections", "reason": "fourth"})
        hold = {"kind": "quality", "lines": [{"batch": "A-2", "quantity": kg("100")}], "reason": "wet"}
        recorded(mine, "/api/v1/holds", hold)
        world.settle()
        worked_out(authority)
        yield world


@pytest.fixture
def viewer(told):
    return Hands(told[AUTHORITY], role="viewer")


def order(page, *texts):
    return sorted(texts, key=page.index)


def test_a_column_is_sorted_both_ways(viewer):
    assert order(viewer.get("/orders?sort=goods"), "first", "second") == ["second", "first"]
    assert order(viewer.get("/orders?sort=-goods"), "first", "second") == ["first", "second"]


def test_rows_that_say_nothing_in_the_column_stand_last(viewer):
    for asked in ("announced", "-announced"):
        assert order(viewer.get(f"/inspections?sort={asked}"), "third", "fourth") == ["third", "fourth"]


def test_a_column_that_there_is_not_changes_nothing(viewer):
    usual = order(viewer.get("/orders"), "first", "second")
    page = viewer.get("/orders?sort=%3Cscript%3E")
    assert order(page, "first", "second") == usual
    assert "aria-sort" not in page
    assert "<script>" not in page


@pytest.mark.parametrize("path", SORTED)
def test_every_head_leads_to_its_order_and_back(viewer, path):
    links = re.findall(r'<th[^>]*><a href="\?([^"]*)"', viewer.get(path))
    assert len(set(links)) > 2
    for link in dict.fromkeys(links):
        page = viewer.get(f"{path}?{html.unescape(link)}")
        assert set(re.findall(r'aria-sort="(\w+)"><a href="\?([^"]*)"', page)) == {
            ("ascending", link.replace("sort=", "sort=-"))
        }


def test_what_was_narrowed_stays_so(viewer):
    page = html.unescape(viewer.get("/members?standing=not_admitted&sort=name&lang=en"))
    assert 'href="?standing=not_admitted&sort=-name"' in page


def test_months_and_pools_are_sorted_at_any_node(told):
    hands = Hands(told[MINE])
    assert 'aria-sort="descending"' in hands.get("/months?sort=-month")
    assert hands.get("/pools?sort=in")
