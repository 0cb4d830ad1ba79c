"""Every page that is a list leads to the whole of it, as a table for spreadsheets."""

import csv
import html
import io
import re
from pathlib import Path

import pytest

from tests.bookkeeping import AUTHORITY, MINE, recorded, register
from tests.bookkeeping import world as bookkeeping
from tests.hands import Hands
from tests.overseen import worked_out
from tests.world import kg

TABLE = (
    (Path(__file__).resolve().parents[2] / "docs" / "pages.md").read_text("utf-8").partition("What programs read")[0]
)
LISTED = re.findall(r"^\| `(/[^`{]*)` \| ([^|]*) \|", TABLE, re.MULTILINE)
NO_LISTS = {
    **dict.fromkeys(
        ("/", "/me", "/verify", "/scan", "/sign-in", "/sign-in/elsewhere", "/sign-in/back"), "shows no list"
    ),
    **dict.fromkeys(("/sign-out", "/register/preview", "/process/preview"), "answers a form"),
    **dict.fromkeys(("/register", "/process", "/ship", "/orders/new", "/inspections/new", "/cases/new"), "is a form"),
    "/import": "files of this person, which hold tables themselves",
    "/seek": "answers a question",
    "/people": "who may sign in is nobody's spreadsheet",
    "/undelivered": "a sum for each partner, gone as soon as the partner is back",
    "/webhooks": "addresses and secrets of programs, and their last few calls",
}
"""Pages without braces in their path that are no lists, and why; all others must offer their table."""
PAGES = [(path, "authority" in whom) for path, whom in LISTED if path not in NO_LISTS]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A batch that its owner holds back because it is frozen, and an inspection."""
    with bookkeeping(tmp_path_factory.mktemp("exports")) as world:
        mine, authority = world[MINE], world[AUTHORITY]
        batch = register(mine, "A-1", "100")["batch"]
        lines = [{"batch": f"{MINE}/log#{batch}"}]
        recorded(authority, "/api/v1/orders", {"to": MINE, "lines": lines, "reason": "=1+1"})
        world.settle()
        order = mine.get("/api/v1/orders")["orders"][0]["order"]
        hold = {"kind": "ordered", "reason": "as ordered", "order": order}
        recorded(mine, "/api/v1/holds", {**hold, "lines": [{"batch": "A-1", "quantity": kg("100")}]})
        inspection = {"to": MINE, "result": "in_order", "reason": "yearly"}
        recorded(authority, "/api/v1/inspections", inspection)
        world.settle()
        worked_out(authority)
        yield world


def test_pages_that_are_no_lists_are_pages():
    assert NO_LISTS.keys() <= {path for path, _ in LISTED}
    assert len(PAGES) > 15


@pytest.mark.parametrize(("path", "at_authority"), PAGES)
def test_a_page_that_is_a_list_offers_its_table(told, path, at_authority):
    hands = Hands(told[AUTHORITY if at_authority else MINE], role="supervisor")
    page = html.unescape(hands.get(path))
    for form in ("xlsx", "csv"):
        (export,) = re.findall(rf'href="(/api/v1/[^"]*format={form})" download', page)
        assert hands.get_bytes(export)[:2] == (b"PK" if form == "xlsx" else b"\xef\xbb")


def rows(member, path):
    text = Hands(member, role="supervisor").get_bytes(f"{path}?format=csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_what_an_authority_ordered_and_saw_is_in_the_tables(told):
    authority = told[AUTHORITY]
    (order,) = rows(authority, "/api/v1/orders")
    assert (order["to"], order["reason"], order["ended"]) == (MINE, "'=1+1", "false")
    (hold,) = rows(authority, "/api/v1/oversight/holds")
    assert (hold["name"], hold["is"], hold["order"]) == (MINE, "held", order["order"])
    (inspection,) = rows(authority, "/api/v1/inspections")
    assert (inspection["to"], inspection["result"]) == (MINE, "in_order")


def test_months_and_flows_are_tables_too(told):
    mine, authority = told[MINE], told[AUTHORITY]
    (month,) = rows(mine, "/api/v1/periods")
    assert month["closed"] == "false"
    hands = Hands(authority, role="viewer")
    asked = f"year={month['month'][:4]}&element=Nd&format=csv"
    assert hands.get_bytes(f"/api/v1/deposits/flows?{asked}").startswith(b"\xef\xbb\xbf")


def test_holds_of_everybody_are_the_authoritys(told):
    reply = told[MINE].ask("GET", "/api/v1/oversight/holds", role="viewer")
    assert (reply.status, reply.json()["code"]) == (422, "only-the-authority")
