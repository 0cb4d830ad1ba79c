"""`lodetrace correct`, `draft`, `balance`, `findings`, `report` … against a served node, in two persons' hands."""

import csv
from hashlib import sha256

import pytest

from nodes import tokens
from nodes.clock import system_clock
from nodes.homes import open_store


@pytest.fixture
def boss(federation, run):
    """The mine's supervisor, another person than its clerk."""
    one = federation["mine"]
    with open_store(one.home) as store:
        token = tokens.mint(store, "Wang", "supervisor", system_clock)
    environ = {"LODETRACE_URL": one.url, "LODETRACE_TOKEN": token}
    return lambda *arguments, **rest: run(*arguments, environ=environ, **rest)


def entry_of(mine, lot):
    return mine("batch", "show", lot, "--json").fine().json["entry_no"]


def test_words_are_amended(mine, lot):
    entry = entry_of(mine, lot)
    done = mine(
        "correct", "amend", "--entry", entry, "--word", f"batch.lot_no={lot}-X", "--reason", "typed wrong"
    ).fine()
    assert f"entry {entry} amended" in done.out
    assert mine("batch", "show", f"{lot}-X").fine()
    assert mine("correct", "amend", "--entry", entry, "--reason", "x").code == 2
    assert mine("correct", "amend", "--entry", entry, "--word", "x", "--reason", "x").code == 2


def test_a_reversal_waits_and_is_approved_by_another(mine, boss, lot):
    entry = entry_of(mine, lot)
    waiting = mine("correct", "reverse", "--entry", entry, "--reason", "twice", "--json").fine().json
    assert waiting["waits_for"] == "supervisor"
    assert waiting["draft"] in boss("draft", "list").fine().out
    assert boss("draft", "show", waiting["draft"], "--json").fine().json["owner"] == "Li"
    assert "correct" in boss("draft", "show", waiting["draft"]).fine().out
    assert mine("draft", "approve", waiting["draft"]).code == 1
    assert "approved" in boss("draft", "approve", waiting["draft"]).fine().out
    assert mine("batch", "show", lot, "--json").fine().json["mg"] == 0


def test_an_adjustment_and_a_draft_that_is_deleted(mine, boss, lot):
    entry = entry_of(mine, lot)
    adjust = ("correct", "adjust", "--less", f"{entry}:made:{lot}=1 t", "--reason", "tare")
    first, second = (mine(*adjust, "--json").fine().json["draft"] for _ in range(2))
    assert "waits for a supervisor" in mine(*adjust).fine().out
    boss("draft", "approve", first, "--json").fine()
    assert mine("batch", "show", lot, "--json").fine().json["mg"] == 19_000_000_000
    assert mine("draft", "delete", second, "--json").fine().json["ok"]
    assert mine("draft", "delete", second).code == 1
    for wrong in ("41", "41:made", "x:made:A=1 t"):
        assert mine("correct", "adjust", "--less", f"{wrong}=1 t", "--reason", "x").code == 2
    assert mine(*adjust, "--consent", "nonsense").code == 2


def test_books_findings_and_answers(mine, boss, lot, tmp_path):
    found = mine("findings", "--open", "--json").fine().json["findings"]
    about = next(one for one in found if one["rule"] == "document-missing")
    assert about["id"] in mine("findings", "--severity", about["severity"]).fine().out
    assert "answered" in mine("answer", about["id"], "the ticket is here", "--document", "weigh_ticket:BT-1").fine().out
    assert about["id"] not in {one["id"] for one in mine("findings", "--open", "--json").fine().json["findings"]}
    month = about["booked_in"]
    table = mine("balance", month, "--out", tmp_path / "b.csv").fine().out
    assert "opening" in table or "kg" in table
    assert next(csv.reader((tmp_path / "b.csv").read_text("utf-8-sig").splitlines()))[0] == "element"
    assert mine("balance", month, "--json").fine().json["month"] == month
    assert mine("close-month", month).code == 1
    boss("close-month", "2020-01").fine()
    (tmp_path / "r.xlsx").write_bytes(b"report")
    printed = mine("report", month, tmp_path / "r.xlsx", "--receipt", "R-1").fine().out
    assert sha256(b"report").hexdigest() in printed


def test_only_an_authority_grants_and_attests(boss, mine):
    quota = ("--to", "plant.example", "--kind", "mining", "--year", "2026", "--batch", "1", "--feed-class", "ion_mid_y")
    assert boss("quota", "grant", *quota, "--reo", "1 t").code == 1
    assert boss("quota", "grant", *quota).code == 2
    assert boss("attest", "plant.example/log").code == 1
    assert mine("quota", "show", "--json").fine().json == {"accounts": []}
    assert "holder" in mine("quota", "show").fine().out


def test_only_an_authority_orders(boss, mine):
    order = ("order", "freeze", "--to", "plant.example", "--reason", "case 2026-17")
    batch = f"plant.example/log#{'0' * 26}"
    assert "only-the-authority" in boss(*order, "--batch", batch, "--json").out
    assert boss(*order, "--unit", f"{batch}={batch}").code == 1
    assert boss(*order, "--unit", batch).code == 2
    assert boss(*order).code == 2
    assert "order-unknown" in boss("order", "release", batch, "--reason", "x", "--json").out
    assert "only-the-authority" in boss("order", "void", batch, "--reason", "x", "--json").out
    assert mine("shipment", "withdraw", batch, "--reason", "x").code == 1
    assert mine("order", "list", "--json").fine().json == {"orders": []}
    assert "held by" in mine("order", "list").fine().out


def test_an_audit_tells_findings(run, federation, mine, lot):
    home = federation["mine"].home
    found = run("audit", "--home", home, "--findings", "--json").fine().json
    assert found["unchecked"] == 0
    own = {one["id"] for one in mine("findings", "--json").fine().json["findings"]}
    assert own == {one["id"] for one in found["findings"]}
    assert "findings 条疑点" in run("audit", "--home", home, "--findings").fine().out
