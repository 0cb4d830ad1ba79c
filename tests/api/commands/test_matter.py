"""`lodetrace pool …`, `assay …`, `count`, `hold`, `recall …` and their neighbours against a served node."""

import csv
import json

import pytest

from nodes import tokens
from nodes.clock import system_clock
from nodes.homes import open_store
from tests.world import until

ASSAY = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}
ORE = ("--origin", "mined", "--country", "CN", "--site", "pit-1")


def supervisor(one, run):
    with open_store(one.home) as store:
        token = tokens.mint(store, "Wang", "supervisor", system_clock)
    environ = {"LODETRACE_URL": one.url, "LODETRACE_TOKEN": token}
    return lambda *arguments, **rest: run(*arguments, environ=environ, **rest)


@pytest.fixture
def boss(federation, run):
    """The mine's supervisor."""
    return supervisor(federation["mine"], run)


@pytest.fixture
def oxide(mine, request, tmp_path):
    """1,000 kg of PrNd oxide with an assay, named by its lot."""
    name = f"OX-{abs(hash(request.node.nodeid)) % 10**12}"
    file = tmp_path / "assay.json"
    file.write_text(json.dumps(ASSAY))
    given = ("--product", "prnd_oxide", "--lot", name, "--net", "1000 kg", "--assay", file)
    mine("batch", "register", *given, *ORE, "--confirm", "so it is").fine()
    return name


def test_a_pool_is_charged_drawn_shown_and_closed(mine, oxide):
    pool = oxide.lower()
    charged = mine("pool", "charge", pool, "--input", f"{oxide}=600 kg", "--step", "blend@pit-1", "--period", "P 1")
    assert "(new)" in charged.fine().out
    drawn = mine("pool", "draw", pool, "--output", f"prnd_oxide:{oxide}-D=150 kg", "--json").fine().json
    assert drawn["outputs"][0]["lot_no"] == f"{oxide}-D"
    shown = mine("pool", "show", pool).fine().out
    assert "600 kg" in shown
    assert "Nd" in shown
    assert pool in mine("pool", "show").fine().out
    closed = mine("pool", "close", pool, "--oxide", "Nd=300 kg 2%", "--metal", "Pr=90 kg 2 %", "--reason", "counted")
    assert "closed, next" in closed.fine().out
    now = mine("pool", "show", pool, "--json").fine().json["now"]
    assert [row["element"] for row in now] == ["Pr", "Nd"]
    assert "empty" in mine("pool", "close", pool, "--ends").fine().out
    assert mine("pool", "close", pool, "--metal", "Nd 300 kg").code == 2
    assert mine("pool", "charge", pool).code == 2


def test_a_sample_its_result_and_what_was_agreed(mine, oxide, tmp_path):
    sampled = mine("assay", "sample", oxide, "--sample", f"{oxide}/S=200 g", "--seal", "S-1").fine()
    assert f"{oxide}/S" in sampled.out
    for name, total in (("own", "99.40"), ("other", "99.20")):
        (tmp_path / f"{name}.json").write_text(json.dumps({**ASSAY, "total_reo_pct": total}))
    own, other = tmp_path / "own.json", tmp_path / "other.json"
    mine("assay", "record", oxide, "--file", own, "--lab", "Lab", "--sample", f"{oxide}/S").fine()
    agreed = mine("assay", "agree", oxide, "--own", own, "--other", other, "--limit", "0.5").fine().out
    assert "total_reo 99.3 (mean)" in agreed
    shown = mine("contents", oxide).fine().out
    assert "agreed" in shown
    assert "reo" in shown
    assert mine("contents", oxide, "--json").fine().json["rank"] == "agreed"


def test_the_scale_and_the_stock_take(mine, oxide):
    mine("unit", "pack", oxide, "--serial", f"{oxide}-1..{oxide}-2", "--net", "50 kg").fine()
    assert "-1 kg" in mine("reweigh", "--line", f"{oxide}=899 kg").fine().out
    assert "-0.5 kg" in mine("reweigh", "--unit", f"{oxide}-1=49.5 kg").fine().out
    counted = mine("count", "--line", f"{oxide}=899 kg", "--there", f"{oxide}-1", "--missing", f"{oxide}-2")
    assert counted.code == 1  # why?
    counted = mine(
        *("count", "--line", f"{oxide}=899 kg", "--there", f"{oxide}-1", "--missing", f"{oxide}-2"),
        *("--reason", "stolen", "--json"),
    ).fine()
    assert [line["difference_mg"] for line in counted.json["lines"]] == [0, 0, -50_000_000]
    assert mine("unit", "show", f"{oxide}-2", "--json").fine().json["state"] == "missing"


def test_holds_and_pledges_and_titles_need_a_supervisor(mine, boss, oxide):
    hold = ("hold", "--line", f"{oxide}=100 kg", "--kind", "quality", "--reason", "wet")
    assert mine(*hold).code == 1
    lock = boss(*hold, "--json").fine().json["lock"]
    assert lock in mine("locks").fine().out
    assert mine("batch", "remove", "--line", f"{oxide}=950 kg", "--kind", "disposed").code == 1
    assert "ended" in boss("release", lock, "--reason", "dried").fine().out
    assert lock not in mine("locks").fine().out
    assert lock in mine("locks", "--ended").fine().out
    pledge = ("pledge", "--line", f"{oxide}=100 kg", "--to", "Bank", "--receipt", "WR-1", "--json")
    pledged = boss(*pledge).fine().json["lock"]
    assert "ended" in boss("unpledge", pledged).fine().out
    assert "✓" in boss("title", "--line", f"{oxide}=100 kg", "--to", "plant.example").fine().out


def test_what_was_sold_elsewhere_is_listed_by_its_owner(mine, plant, oxide, federation, run):
    goods = ("ship", "--to", "plant.example", "--purpose", "consignment", "--line", f"{oxide}=100 kg", "--json")
    sent = mine(*goods).fine().json["shipment"]
    mine("shipment", "show", sent, "--wait", "delivered").fine()
    plant("receive", f"mine.example/log#{sent}").fine()
    batch = mine("batch", "show", oxide, "--json").fine().json["batch"]
    line = {"batch": f"mine.example/log#{batch}", "quantity": {"value": "40", "unit": "kg"}, "owner": "mine.example"}
    body = json.dumps({"to": "plant.example", "lines": [line]}).encode()
    supervisor(federation["plant"], run)("title", "--body", "-", stdin=body).fine()
    until(lambda: batch in mine("titles").fine().out, "the owner hears of it")
    (row,) = [one for one in mine("titles").fine().out.splitlines() if batch in one]
    assert "plant.example/log" in row
    assert row.endswith("40 kg")
    (told,) = [one for one in mine("titles", "--json").fine().json["titles"] if one["lines"][0]["batch"] == batch]
    assert told["to"] == "plant.example"


def test_a_recall_as_table_csv_and_page(mine, boss, oxide, tmp_path):
    mine("unit", "pack", oxide, "--serial", f"{oxide}-1", "--net", "50 kg").fine()
    lock = boss("recall", "start", oxide, "--kind", "safety", "--text", "Do not use.", "--json").fine().json["lock"]
    done = mine("recall", "show", lock, "--csv", tmp_path / "r.csv", "--html", tmp_path / "r.html", "--lang", "en")
    assert oxide in done.fine().out
    assert "1000 kg" in done.out
    with (tmp_path / "r.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["kg"] for row in rows} == {"950", "50"}
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "Recall list" in page
    assert "Do not use." in page
    assert mine("recall", "show", "0" * 26).code == 1
