"""The month's books on pages: by element with their entries, closed after a look at what waits, and handed in."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from nodes import tokens
from nodes.clock import system_clock
from tests import bookkeeping
from tests.hands import Hands, location
from tests.world import World

MINE, PLANT = "mine.example", "plant.example"
OXIDE = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}
PAST = (system_clock().replace(day=1) - timedelta(days=2)).strftime("%Y-%m")
AT = f"{PAST}-05T08:00:00+08:00"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("months"), MINE, PLANT) as world:
        mine = world[MINE]
        mine._tokens["second"] = tokens.mint(mine.node.store, "Wang", "supervisor", mine.clock)
        mine.register("M-1", "2000", product="prnd_oxide", assay=OXIDE, at=AT)
        yield world


@pytest.fixture
def mine(world):
    return world[MINE]


def test_each_number_leads_to_its_entries(mine):
    hands = Hands(mine)
    assert f'href="/months/{PAST}"' in hands.get("/months")
    page = hands.get(f"/months/{PAST}")
    assert 'href="?element=Nd#entries"' in page
    entries = hands.get(f"/months/{PAST}?element=Nd")
    assert re.search(r'href="/entries/1">1: registered', entries)
    assert "None in this month." in hands.get(f"/months/{PAST}?element=Dy")


def test_the_month_s_report_is_a_file_for_spreadsheets(mine):
    reply = mine.ask("GET", f"/api/v1/reports/flows?month={PAST}&format=xlsx")
    assert reply.status == 200
    book = load_workbook(BytesIO(reply.body))
    assert book.sheetnames == ["products", "trades"]
    assert next(book["products"].iter_rows(min_row=2, values_only=True))[0] == "prnd_oxide"


def test_what_waits_is_said_before_the_month_is_closed_and_then_it_is_reported(mine):
    proposed = mine.post("/api/v1/corrections", {"kind": "reverse", "entry": 1, "reason": "never was"})
    second = Hands(mine, role="second")
    page = second.get(f"/months/{PAST}")
    assert "drafts and corrections that wait: 1" in page
    assert "findings without an answer" in page
    assert 'value="close"' in page, "it may be closed all the same"
    assert location(second.post("/corrections", {"draft": proposed.json()["draft"], "do": "withdraw"}))
    assert 'value="close"' not in Hands(mine).get(f"/months/{PAST}"), "a clerk closes no month"
    assert location(second.post(f"/months/{PAST}", {"do": "close"})) == f"/months/{PAST}"
    closed = second.get(f"/months/{PAST}")
    assert 'value="close"' not in closed
    empty = second.post(f"/months/{PAST}", {"do": "report", "receipt_no": "R-1"})
    assert empty.status == 422
    assert 'id="wrong-file"' in empty.body.decode()
    assert 'value="R-1"' in empty.body.decode()


def test_a_month_that_is_not_over_is_not_closed(mine):
    mine.register("M-2", "10")
    now = system_clock().strftime("%Y-%m")
    second = Hands(mine, "zh", role="second")
    page = second.get(f"/months/{now}")
    assert 'value="close"' not in page
    assert "本月尚未结束" in page
    refused = second.post(f"/months/{now}", {"do": "close"})
    assert refused.status == 422
    assert "尚未结束" in refused.body.decode()


def test_a_correction_of_a_closed_month_says_where_it_counts(mine):
    hands = Hands(mine)
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', hands.get("/correct/1?kind=adjust")))
    fields = {**hidden, "amounts.n0.is": "1990", "reason": "misread", "do": "look"}
    shown = hands.post("/correct/1", fields, bare=True).body.decode()
    assert f"{PAST} is closed and stays as it is" in shown


@pytest.mark.parametrize("name", ["2026-13", "x", "2026-1"])
def test_what_is_no_month_is_said_so(mine, name):
    reply = mine.ask("GET", f"/months/{name}", headers={"cookie": Hands(mine).cookies}, role=None)
    assert reply.status == 404


def test_the_quota_is_told_by_year_and_batch(world):
    page = Hands(world[PLANT], "zh").get("/quota")
    assert "尚未下达指标" in page


def test_a_quota_that_was_granted_is_told(tmp_path):
    with bookkeeping.world(tmp_path) as made:
        told = bookkeeping.play(made)
        page = Hands(told.mine).get("/quota")
        assert "200 kg" in page
        assert "174.99 kg" in page, "used: what is left of two batches, as oxides"
        assert "25.01 kg" in page
        assert "nearly used up" in page
        everybody = Hands(told.authority).get("/quota")
        assert "174.99 kg" in everybody
