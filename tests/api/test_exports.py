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

EVERY_LIST = tuple(
    f"/api/v1/{name}"
    for name in (
        *("batches", "units", "shipments", "arrivals", "entries", "findings", "periods", "notices", "pools", "titles"),
        *("holds", "certificates", "prints", "quotas", "drafts", "orders", "inspections", "organisations"),
        *("oversight/findings", "oversight/cases", "oversight/outside", "oversight/holds", "registry/requests"),
    )
)
OF_AUTHORITIES = tuple(f"/api/v1/{name}" for name in ("oversight", "inspections", "organisations", "registry"))
CHINESE = re.compile(r"[\u3400-\u9fff]")
CODE = re.compile(r"[a-z]+(_[a-z]+)+")


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
        (export,) = re.findall(rf'href="(/api/v1/[^"]*format={form})\.en" download', page)
        for asked in (export, f"{export}.zh", f"{export}.en"):
            assert hands.get_bytes(asked)[:2] == (b"PK" if form == "xlsx" else b"\xef\xbb")


@pytest.mark.parametrize("path", EVERY_LIST)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_table_for_people_has_no_codes_and_no_column_twice(told, path, language):
    for member in (told[MINE], told[AUTHORITY]):
        if path.startswith(OF_AUTHORITIES) and member is told[MINE]:
            continue
        hands = Hands(member, role="supervisor")
        (raw, *_), (header, *cells) = (
            list(csv.reader(io.StringIO(hands.get_bytes(f"{path}?format=csv{of}").decode("utf-8-sig"))))
            for of in ("", f".{language}")
        )
        assert len(set(header)) == len(header), (header, raw)
        assert [one for one in header if bool(CHINESE.search(one)) != (language == "zh")] == []
        assert [one for row in cells for one in row if CODE.fullmatch(one) or one.startswith(("{", "["))] == []


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
