"""Lists as tables: the whole list, text that no spreadsheet runs, numbers with all their digits."""

import csv
import html
import io
import re

import pytest
from openpyxl import load_workbook

from api.access import COOKIE
from nodes.clock import system_clock
from nodes.people import hire
from nodes.sheets import writing

LISTS = ("batches", "units", "shipments", "arrivals", "entries", "findings", "quotas", "balances?month=2026-01")
LISTS += ("notices", "pools", "titles", "holds", "certificates", "prints", "reports/flows?month=2026-01")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_a_table_too(client, token_of, name, form):
    path = f"/api/v1/{name}{'&' if '?' in name else '?'}format={form}"
    answer = client.get(path, headers=token_of("viewer"))
    assert answer.status_code == 200, answer.text
    assert f".{form}" in answer.headers["content-disposition"]
    if form == "xlsx":
        assert len(load_workbook(io.BytesIO(answer.content)).sheetnames) == (2 if name.startswith("reports") else 1)
    else:
        assert answer.content.startswith(b"\xef\xbb\xbf")


def test_the_whole_list_is_in_the_table_and_narrowed_as_asked(client, token_of):
    clerk = token_of("clerk")
    for number in range(3):
        body = {
            "product": ("nd_oxide", "pr_oxide")[number % 2],
            "lot_no": f"=1+{number}",
            "quantity": {"value": "100", "unit": "kg"},
            "origin": {"class": "mined", "country": "CN"},
        }
        headers = {**clerk, "idempotency-key": str(number)}
        assert client.post("/api/v1/batches", json=body, headers=headers).status_code == 201
    text = client.get("/api/v1/batches?format=csv&limit=1", headers=clerk).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(one["lot_no"], one["mg"]) for one in rows] == [(f"'=1+{number}", "100000000") for number in (2, 1, 0)]
    data = client.get("/api/v1/batches?format=xlsx&product=pr_oxide", headers=clerk).content
    sheet = load_workbook(io.BytesIO(data)).active
    (header, row) = sheet.iter_rows()
    found = {name.value: cell for name, cell in zip(header, row, strict=True)}
    assert (found["lot_no"].value, found["lot_no"].data_type) == ("=1+1", "s")
    assert (found["mg"].value, found["mg"].data_type) == (100000000, "n")


def test_nothing_is_lost_or_run_and_no_digit_is():
    rows = [{"a": 10**15, "b": "\x07bell"}, {"a": 10**15 - 1, "b": "-1"}, {"a": None, "b": {"c": [True]}}]
    rows += [{"a": number, "b": "x"} for number in range(writing.FIRST_ROWS)] + [{"late": "@cmd"}]
    lines = list(csv.reader(io.StringIO(b"".join(writing.as_csv(rows)).decode("utf-8-sig"))))
    assert lines[0] == ["a", "b", "other"]
    assert lines[1:4] == [
        ["1000000000000000", "\x07bell", ""],
        ["999999999999999", "'-1", ""],
        ["", '{"c":[true]}', ""],
    ]
    assert lines[-1] == ["", "", '{"late":"@cmd"}']
    sheet = load_workbook(io.BytesIO(b"".join(writing.as_xlsx(("t", rows)))))["t"]
    assert [sheet["A2"].value, sheet["B2"].value, sheet["A3"].value] == ["1000000000000000", "\ufffdbell", 10**15 - 1]
    assert sheet.max_row == len(rows) + 1


def test_a_full_sheet_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(writing, "SHEET_ROWS", 2)
    book = load_workbook(io.BytesIO(b"".join(writing.as_xlsx(("t", [{"a": number} for number in range(5)])))))
    assert {one.title: [row[0].value for row in one.iter_rows()] for one in book} == {
        "t": ["a", 0, 1],
        "t 2": ["a", 2, 3],
        "t 3": ["a", 4],
    }


def test_the_page_of_goods_leads_to_its_table(client, node):
    secret = "a long enough sentence"
    hire(node.store, "Li", "clerk", system_clock, password=secret, tasks=["weighing"])
    cookie = {"cookie": f"{COOKIE}={client.post('/sign-in', data={'name': 'Li', 'password': secret}).cookies[COOKIE]}"}
    page = client.get("/goods?product=nd_oxide&lang=en", headers=cookie).text
    path = html.unescape(page.partition('href="/api/v1/batches?')[2].partition('"')[0])
    assert path == "product=nd_oxide&on_hand=true&format=xlsx.en"
    assert client.get(f"/api/v1/batches?{path}", headers=cookie).status_code == 200


@pytest.mark.parametrize("name", ["shipments", "arrivals", "findings", "pools", "notices", "corrections"])
@pytest.mark.parametrize("asked", ["", "?all=true"])
def test_every_page_of_a_list_leads_to_its_table(client, node, name, asked):
    secret = "a long enough sentence"
    hire(node.store, "Li", "clerk", system_clock, password=secret)
    cookie = {"cookie": f"{COOKIE}={client.post('/sign-in', data={'name': 'Li', 'password': secret}).cookies[COOKIE]}"}
    page = html.unescape(client.get(f"/{name}{asked}", headers=cookie).text)
    for form in ("xlsx", "csv"):
        (path,) = re.findall(rf'href="(/api/v1/[^"]*format={form}\.zh)" download', page)
        assert client.get(path, headers=cookie).status_code == 200
