"""`lodetrace regime`, at a node and offline, and `lodetrace flows`."""

import csv
import json

import pytest
from openpyxl import load_workbook

from nodes.clock import system_clock


@pytest.fixture
def file(mine, lot, tmp_path):
    path = tmp_path / "lot.evidence.json"
    mine("evidence", lot, "--out", path).fine()
    return path


def test_a_report_at_the_node(mine, lot):
    done = mine("regime", "china-mark", lot)
    assert done.code == 1
    first, second, *rest = done.out.splitlines()
    assert first.startswith("✗ Packaging mark and quality certificate of China")
    assert second.startswith("  incomplete")
    assert "  · claimed: Producer of the raw ore: MINE.EXAMPLE." in rest
    assert any(line.startswith("  ! No laboratory's result") for line in rest)
    told = mine("regime", "china-mark", lot, "--json").json
    assert told["result"] == "incomplete"
    assert "包装标志" in mine("regime", "china-mark", lot, "--lang", "zh").out


def test_a_rule_that_does_not_speak_of_oxides_ends_with_0(mine, lot):
    assert mine("regime", "dfars-7052", lot, "--json").fine().json["result"] == "not_covered"


def test_offline_with_a_file_and_a_policy(run, federation, file):
    trust = federation["mine"].home.parent / "trust.txt"
    trusted = run("regime", "oecd", "--evidence", file, "--trust", trust, "--json")
    told = json.loads(trusted.out)
    assert (trusted.code, told["result"]) == (1, "incomplete")
    assert "not-vouched" not in [gap["code"] for gap in told["gaps"]]
    assert "proven" in [line["standing"] for line in told["lines"]]
    alone = run("regime", "oecd", "--evidence", file, "--json").json
    assert "not-vouched" in [gap["code"] for gap in alone["gaps"]]
    assert "proven" not in [line["standing"] for line in alone["lines"]]


def test_what_is_asked_wrongly(run, mine, lot, file, tmp_path):
    assert mine("regime", "oecd").code == 2
    assert run("regime", "oecd", lot).code == 2
    assert mine("regime", "oecd", lot, "--evidence", file).code == 2
    for name in ("crma-30", "china-flows"):
        done = run("regime", name, "--evidence", file, "--json")
        assert (done.code, json.loads(done.out)["code"]) == (1, "regime-unknown")
        assert mine("regime", name, lot).code == 1
    assert run("regime", "oecd", "--evidence", tmp_path / "none", "--json").json["code"] == "file-unreadable"
    file.write_bytes(file.read_bytes().replace(b"sd", b"ds", 1))
    assert run("regime", "oecd", "--evidence", file).code == 1


def test_the_flows_of_a_month(mine, lot, tmp_path):
    month = system_clock().strftime("%Y-%m")
    mine("flows", month, "--out", tmp_path / "flows.xlsx").fine()
    book = load_workbook(tmp_path / "flows.xlsx")
    assert (book.sheetnames, book["products"]["A1"].value) == (["products", "trades"], "product")
    done = mine("flows", month, "--out", tmp_path / "flows.csv").fine()
    assert "ion_clay_mixed_oxide" in done.out
    assert "not closed yet" in done.err + done.out
    with (tmp_path / "flows.csv").open(encoding="utf-8-sig") as opened:
        row = next(csv.DictReader(opened))
    told = mine("flows", month, "--json").fine().json
    assert row["produced_mg"] == str(told["rows"][0]["produced"]["mg"])
