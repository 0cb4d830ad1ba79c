"""Regimes and flows over HTTP, and the flows as a spreadsheet reads them."""

import csv
import io

from nodes.clock import system_clock
from tests.world import kg

ORE = {
    "product": "ion_clay_mixed_oxide",
    "lot_no": "A-1",
    "quantity": kg("100"),
    "origin": {"class": "mined", "country": "CN"},
    "documents": [{"kind": "weigh_ticket", "no": "=1+1"}],
}
SALE = {"to": {"outside": {"name": "=cmd", "country": "DE"}}, "purpose": "sale"}


def month():
    return system_clock().strftime("%Y-%m")


def recorded(client, token_of):
    clerk = {**token_of("clerk"), "idempotency-key": "1"}
    assert client.post("/api/v1/batches", json=ORE, headers=clerk).status_code == 201
    sold = {**SALE, "lines": [{"batch": "A-1", "quantity": kg("40")}]}
    clerk["idempotency-key"] = "2"
    assert client.post("/api/v1/shipments", json=sold, headers=clerk).status_code == 201
    return token_of("viewer", "Zhao")


def test_flows_as_json_and_as_a_spreadsheet(client, token_of):
    viewer = recorded(client, token_of)
    told = client.get(f"/api/v1/reports/flows?month={month()}", headers=viewer).json()
    (row,) = told["rows"]
    assert (row["produced"]["mg"], row["exported"]["mg"], row["closing"]["mg"]) == (10**8, 4 * 10**7, 6 * 10**7)
    sheet = client.get(f"/api/v1/reports/flows?month={month()}&format=csv", headers=viewer)
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"flows-{month()}.csv" in sheet.headers["content-disposition"]
    products, trades = sheet.content.decode("utf-8-sig").split("\r\n\r\n")
    (first,) = csv.DictReader(io.StringIO(products))
    assert (first["product"], first["produced_mg"], first["closing_mg"]) == (row["product"], "100000000", "60000000")
    (trade,) = csv.DictReader(io.StringIO(trades))
    assert (trade["column"], trade["partner"], trade["country"]) == ("exported", "'=cmd", "DE")


def test_a_month_that_is_none_and_a_reader_without_a_token(client, token_of, problem):
    viewer = token_of("viewer")
    assert client.get("/api/v1/reports/flows?month=2026-13", headers=viewer).status_code == 422
    problem(client.get(f"/api/v1/reports/flows?month={month()}"), 401, "token-missing")
    empty = client.get("/api/v1/reports/flows?month=2020-01", headers=viewer).json()
    assert (empty["rows"], empty["trades"]) == ([], [])


def test_a_regime_of_a_batch(client, token_of, problem):
    viewer = recorded(client, token_of)
    told = client.get("/api/v1/batches/A-1/regimes/china-mark", headers=viewer).json()
    assert (told["result"], told["subject"]["batch"].startswith("mine.example/log#")) == ("incomplete", True)
    unknown = client.get("/api/v1/batches/A-1/regimes/crma-30", headers=viewer)
    assert "dfars-7052" in problem(unknown, 404, "regime-unknown")["detail"]
    problem(client.get("/api/v1/units/D-9/regimes/oecd", headers=viewer), 404, "unit-unknown")
    problem(client.get("/api/v1/batches/A-1/regimes/oecd"), 401, "token-missing")
