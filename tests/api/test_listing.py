"""Lists for people: headings and codes in words, masses in kilograms, times as dates, nothing lost and nothing run."""

import csv
import io
import re
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from api.screens.listing import readable
from api.screens.monthly import monthly_report
from api.screens.reader import Reader
from nodes.sheets import writing

RISKY = "=HYPERLINK(1)"
BATCH = "0N3M5QZ0W8N4TJX2C6VHRB9ED8"
ORE = {
    "product": "ion_clay_mixed_oxide",
    "lot_no": RISKY,
    "quantity": {"value": "1200.5", "unit": "kg"},
    "origin": {"class": "mined", "country": "CN"},
    "at": "2026-01-02T03:04:00+08:00",
}
ROWS = {
    "arrivals": {"status": "received in part", "from": "x.example", "at": "2026-01-02T03:04:05Z", "lines": []},
    "cases": {"case": "1", "title": RISKY, "state": "asked", "assigned": None, "logs": ["a.example/log"], "entry": 3},
    "drafts": {"draft": BATCH, "owner": "Li", "verb": "correct", "body": {"a": 1}, "state": "waiting"},
    "flows": {"name": "a.example", "organisation": "甲", "side": "in", "way": "mined", "whom": "CN", "ug": "86"},
    "orders": {"order": f"a/log#{BATCH}", "to": "a.example", "ended": False, "answers": [f"b/log#{BATCH}"]},
    "prints": {"unit": BATCH, "at": "2026-01-02T03:04:05Z", "by": "Li", "copies": 1, "reason": "not_printed"},
    "quotas": {"holder": "group:甲", "kind": "separation", "quota_class": "ion", "used_mg": 5, "share_ppm": 12345},
    "requests": {"name": "a.example", "roles": ["mine", "motor"], "sites": [{"site": "pit-1", "region": "江西"}]},
    "tables": {"table": 1, "kind": "customs_declaration", "columns": {"a": 1}, "sha256": "00"},
}
"""One row of lists that a small world leaves empty, as the interface answers them."""


def told(node, language, list_, *rows, **asked):
    return list(readable(Reader(node, language), list_, rows, **asked))


def test_a_file_of_goods_is_in_the_readers_words_and_runs_nothing(client, token_of):
    clerk = {**token_of("clerk"), "idempotency-key": "1"}
    assert client.post("/api/v1/batches", json=ORE, headers=clerk).status_code == 201
    answer = client.get("/api/v1/batches?format=xlsx.zh", headers=clerk)
    assert "货物.xlsx" in unquote(answer.headers["content-disposition"])
    book = load_workbook(io.BytesIO(answer.content))
    header, row = book["货物"].iter_rows()
    cells = {name.value: cell for name, cell in zip(header, row, strict=True)}
    assert (cells["品名"].value, cells["国家"].value) == ("离子型稀土混合氧化物", "中国")
    assert (cells["质量（kg）"].value, cells["质量（kg）"].number_format) == (1200.5, "#,##0.0")
    assert (cells["发生时间"].value, cells["发生时间"].is_date) == (datetime.fromisoformat("2026-01-02T03:04"), True)
    assert (cells["批号"].value, cells["批号"].data_type) == (RISKY, "s")
    assert header[-1].value == "批次（账本编号）", "what nobody reads stands last"
    text = client.get("/api/v1/batches?format=csv.en", headers=clerk).content.decode("utf-8-sig")
    (english,) = csv.DictReader(io.StringIO(text))
    assert (english["Lot number"], english["Mass (kg)"]) == (f"'{RISKY}", "1200.5")
    assert (english["Happened"], english["Country"]) == ("2026-01-02 03:04", "China")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("list_", ROWS)
def test_every_member_has_a_column_of_its_own_in_words(node, language, list_):
    (row,) = told(node, language, list_, ROWS[list_])
    assert not [heading for heading in row if "_" in heading], row
    texts = [value for value in row.values() if isinstance(value, str)]
    assert not [text for text in texts if re.fullmatch("[a-z]+(_[a-z]+)+", text)], row
    unread = {"body", "columns", "sha256", "organisation_en"}
    assert len(row) >= len(ROWS[list_].keys() - unread - {"lines"})


def test_masses_are_exact_whatever_their_size(node):
    (row,) = told(node, "en", "balance", {"element": "Nd", "closing_ug": str(10**24 + 1), "lost_ug": "-1"})
    assert row == {
        "Element": "Nd",
        "Closing (kg)": Decimal(f"{10**15}.000000001"),
        "Lost (kg)": Decimal("-0.000000001"),
    }
    (row,) = told(node, "en", "quotas", {"granted_mg": 1_500_000_000, "share_ppm": 12_345}, unit="t")
    assert row == {"Granted (t)": Decimal("1.5"), "Reached (%)": Decimal("1.2345")}


def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_text():
    kept, too_long = Decimal("123456.789012345"), Decimal("1234567.890123456")
    book = load_workbook(io.BytesIO(b"".join(writing.as_xlsx(("t", [{"a": kept, "b": too_long}])))))
    _, (one, two) = book["t"].iter_rows()
    assert (Decimal(str(one.value)), two.value, two.data_type) == (kept, str(too_long), "s")


def test_each_line_is_a_row_with_what_the_whole_says(node):
    party = {"outside": {"name": RISKY, "country": "DE"}}
    lines = [{"batch": BATCH, "mg": mg, "units": [BATCH, BATCH]} for mg in (1_000_000, 2_000_000)]
    one, two = told(node, "en", "shipments", {"shipment": "S", "to": party, "purpose": "sale", "lines": lines})
    assert (one["Mass (kg)"], two["Mass (kg)"], one["Units"]) == (1, 2, 2)
    assert one["To whom or where"] == two["To whom or where"] == f"{RISKY} (Germany)"
    (empty,) = told(node, "en", "shipments", {"shipment": "S", "to": party, "purpose": "sale", "lines": []})
    assert (empty["Purpose"], empty["Shipment, number in the ledger"]) == ("sale", "S")


def test_what_has_two_languages_is_told_in_the_readers(node):
    row = {"waiting_for": "the first", "waiting_for_zh": "其一", "text": {"en": "odd", "zh": "可疑"}}
    assert told(node, "zh", "shipments", row) == [{"等待": "其一", "内容": "可疑"}]
    assert told(node, "en", "shipments", row) == [{"Waits for": "the first", "Text": "odd"}]


def test_an_empty_list_says_so(node):
    assert told(node, "en", "orders") == [{"Nothing is in this list.": None}]


def test_what_only_later_rows_have_is_not_lost(node):
    rows = [{"mg": 1}] * writing.FIRST_ROWS + [{"mg": 1, "reo_mg": 2_000_000}]
    *_, last = csv.reader(
        io.StringIO(b"".join(writing.as_csv(told(node, "en", "units", *rows), other="Further")).decode("utf-8-sig"))
    )
    assert last == ["0.000001", '{"As oxides (kg)":"2"}']


@pytest.mark.parametrize(
    ("language", "sheets"),
    [
        ("zh", ["报告", "产品", "购销明细", "损失", "指标", "缺少的内容"]),
        ("en", ["Report", "Products", "Purchases and sales", "Losses", "Quota", "What is missing"]),
    ],
)
def test_the_monthly_report_is_a_book_for_people(client, token_of, language, sheets):
    clerk = {**token_of("clerk"), "idempotency-key": "1"}
    assert client.post("/api/v1/batches", json={**ORE, "lot_no": "A-1"}, headers=clerk).status_code == 201
    answer = client.get(f"/api/v1/reports/flows?month=2026-01&format=xlsx.{language}", headers=clerk)
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == sheets
    header, row = book[sheets[1]].iter_rows(values_only=True)
    found = dict(zip(header, row, strict=True))
    produced, closing = ("生产（t）", "期末（t）") if language == "zh" else ("Produced (t)", "Closing (t)")
    assert (found[produced], found[closing]) == (1.2005, 1.2005)
    below = client.get(f"/api/v1/reports/flows?month=2026-01&format=csv.{language}", headers=clerk)
    assert below.content.decode("utf-8-sig").count("\r\n\r\n") == len(sheets) - 1


def test_a_trade_is_told_with_its_papers_and_the_partners_credit_code(node):
    trade = {
        "entry": 4,
        "day": "2026-01-02",
        "column": "exported",
        "product": "nd_oxide",
        "mg": 5,
        "reo_ug": "5",
        "partner": RISKY,
        "uscc": None,
        "country": "DE",
        "origin_class": None,
        "feed_class": None,
        "documents": [
            {"kind": "special_invoice", "no": "1"},
            {"kind": "export_licence", "no": None},
            {"kind": "weigh_ticket", "no": "3"},
        ],
    }
    about = {"name": "mine.example", "organisation": "矿", "uscc": None, "role": "mine", "country": "CN"}
    found = {"organisation": about, "rows": [], "losses": [{"kind": "residue", "mg": 5}], "trades": [trade]}
    gaps = [("reo-unknown", {"product": "nd_oxide"}), ("month-open", {"month": "2026-01"})]
    found["gaps"] = [{"code": code, "facts": facts} for code, facts in gaps]
    found |= {"month": "2026-01", "closed": True, "due": "2026-02-10", "pools_reo_ug": "0", "size": 5, "ruleset": "r"}
    sheets = monthly_report(Reader(node, "en"), found, ())
    (row,) = sheets["Purchases and sales"]
    assert (row["Kind"], row["Partner"], row["Country"]) == ("Exported", RISKY, "Germany")
    assert (row["Invoice"], row["Export licence"], row["Other papers"]) == ("1", "?", "weigh ticket 3")
    assert (row["Mass (t)"], row["Day"]) == (Decimal("0.000000005"), date(2026, 1, 2))
    assert list(sheets["Losses"]) == [{"Kind": "residue", "Mass (t)": Decimal("0.000000005")}]
    unknown, still_open = [row["What is missing"] for row in sheets["What is missing"]]
    assert unknown.startswith("Some of Neodymium oxide has no known composition")
    assert still_open.startswith("2026-01 is not closed yet")
