"""The benchmark runs, and its figures agree with themselves. Nothing here judges a speed."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the smallest run prints as JSON."""
    folder = tmp_path_factory.mktemp("bench")
    ran = subprocess.run(
        [sys.executable, SCRIPTS / "bench.py", "--smallest", "--json", "--folder", folder],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert list(folder.iterdir()) == [], "the run leaves nothing behind"
    return json.loads(ran.stdout)


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import bench

    return bench


def test_ceilings_are_measured_in_the_same_run(told):
    assert list(told["ceilings"]) == [
        "fdatasync, seconds",
        "Ed25519 sign",
        "SQLite group commit",
        "Ed25519 verify, one core",
        "Ed25519 verify, all cores",
        "empty POST",
    ]
    assert all(value > 0 for value in told["ceilings"].values())
    assert told["machine"]["cores"] == os.cpu_count()


@pytest.mark.parametrize(
    "name",
    [
        "contents, balance and findings in an audit",
        "recording 50 inputs into 20 outputs: added by 4 elements of 8 sources",
        "recording 50 inputs into 20 outputs: added by 12 elements of 50 sources",
        "labels as one PDF",
        "registrations, 32 connections",
        "registrations, 32 connections, p50",
        "registrations in bulk",
        "registrations in bulk with papers",
        "add-checkpoint, each on the disk",
        "verification of 30 upstream entries",
        "scan page, p50",
        "scan page, p99",
        "scan page, again, p50",
        "scan page, again, p99",
        "entries of a partner's log, checked and kept",
        "500 resting logs, of one core",
        "audit of registrations",
        "back trace of a motor",
        "recall of a lot",
        "scan of a motor",
        "page of the board, p99",
        "page of the goods, p99",
        "start-up",
        "peak memory after start-up",
        "peak memory after all this",
    ],
)
def test_everything_promised_is_reported(told, name):
    assert any(one["name"].startswith(name) for one in told["figures"])


def test_each_figure_has_its_ceiling_and_its_share(told):
    for one in told["figures"]:
        assert one["value"] > 0
        assert one["limit"] > 0
        share = one["value"] / one["limit"] if one["unit"] == "/s" else one["limit"] / one["value"]
        assert one["share"] == pytest.approx(share)
        assert bool(one["aim"]) == (one["met"] is not None)


def test_latencies_are_in_order(told):
    values = {one["name"]: one["value"] for one in told["figures"]}
    assert values["scan page, p50"] <= values["scan page, p99"]
    assert values["scan page, again, p50"] <= values["scan page, again, p99"]


def test_the_table_shows_every_figure(told, bench):
    console = Console(width=200, file=StringIO())
    for one in bench.table([bench.Figure(**row) for row in told["figures"]], told["ceilings"]):
        console.print(one)
    text = console.file.getvalue()
    for one in told["figures"]:
        assert one["name"] in text
        assert f"{one['share']:.0%}" in text


@pytest.mark.parametrize(
    ("value", "limit", "most", "share", "met"), [(25.0, 5.0, 50, 0.2, True), (50.0, 5.0, 50, 0.1, False)]
)
def test_a_cost_meets_its_aim_below_it(bench, value, limit, most, share, met):
    one = bench.cost("trace", value, "ms", "the walk", limit, most)
    assert (one.share, one.aim, one.met) == (share, "< 50 ms", met)
    assert bench.cost("trace", value, "ms", "the walk", limit).met is None
