"""`lodetrace trace` and `lodetrace evidence` against two served nodes; what is written is checked by other commands."""

import json
from xml.etree import ElementTree

import pytest


@pytest.fixture
def made(mine, plant, lot):
    """A lot of the mine that the plant received and made `N-LOT` of, with iron bought outside."""
    sent = mine("ship", "--to", "plant.example", "--line", f"{lot}=20 t", "--json").fine().json
    mine("shipment", "show", sent["shipment"], "--wait", "delivered").fine()
    plant("receive", f"mine.example/log#{sent['shipment']}").fine()
    iron = ("--product", "iron_boron", "--lot", f"FE-{lot}", "--net", "5 t")
    bought = ("--origin", "bought_outside", "--country", "CN", "--document", "invoice:INV-1")
    plant("batch", "register", *iron, *bought).fine()
    inputs = ("--input", f"{lot}=20 t", "--input", f"FE-{lot}=5 t")
    plant("batch", "transform", "--step", "strip_cast", *inputs, "--output", f"ndfeb_alloy:N-{lot}=24 t").fine()
    return f"N-{lot}"


def test_a_trace_goes_back_with_its_gaps(plant, made, lot):
    done = plant("trace", made).fine().out
    lines = done.splitlines()
    assert lines[0].startswith(f"ndfeb_alloy {made}, PLANT.EXAMPLE, transformed")
    assert any(line.startswith(f"  20000 kg ion_clay_mixed_oxide {lot}, MINE.EXAMPLE, registered") for line in lines)
    gaps = [line for line in lines if line.startswith("! ")]
    assert len(gaps) == 1
    assert "outside the federation" in gaps[0]
    assert "在体系之外" in gaps[0]


def test_a_trace_goes_forward_and_ends_where_nothing_is_disclosed(mine, plant, made, lot):
    assert f"ndfeb_alloy {made}" in plant("trace", lot, "--forward").fine().out
    assert "plant.example: not disclosed" in mine("trace", lot, "--forward").fine().out


def test_a_trace_without_gaps_says_so(mine, lot):
    assert "No gaps." in mine("trace", lot).fine().out


def test_pictures_of_a_trace(plant, made, lot, tmp_path):
    done = plant("trace", made, "--svg", tmp_path / "t.svg", "--dot", tmp_path / "t.dot", "--json").fine()
    told = done.json
    words = "".join(ElementTree.parse(tmp_path / "t.svg").getroot().itertext())
    assert lot in words
    assert "outside the federation" in words
    dot = (tmp_path / "t.dot").read_text()
    assert dot.count(" -> ") == len(told["edges"]) + len(told["gaps"])
    assert dot.count("[label=") == len(told["nodes"]) + len(told["edges"]) + len(told["gaps"])
    assert "20000 kg" in dot


def test_evidence_of_a_batch_verifies_and_names_its_trust(plant, run, federation, made, tmp_path):
    done = plant("evidence", made, "--out", tmp_path / "x.json").fine()
    assert "lodetrace verify" in done.out
    trust = federation["plant"].home.parent / "trust.txt"
    verdict = run("verify", tmp_path / "x.json", "--trust", trust, "--json").fine().json
    assert verdict["ok"] is True
    assert run("verify", tmp_path / "x.json").code == 1


def test_evidence_of_a_unit(mine, run, federation, lot, tmp_path):
    mine("unit", "pack", lot, "--serial", f"{lot}-1", "--net", "50 kg").fine()
    told = mine("evidence", f"{lot}-1", "--out", tmp_path / "u.json", "--json").fine().json
    assert json.loads((tmp_path / "u.json").read_bytes())["subject"]["serial"] == f"{lot}-1"
    assert told["bytes"] == (tmp_path / "u.json").stat().st_size
    trust = federation["mine"].home.parent / "trust.txt"
    assert run("verify", tmp_path / "u.json", "--trust", trust).code == 0


@pytest.mark.parametrize("verb", ["trace", "evidence"])
def test_an_unknown_code_is_told(mine, verb, tmp_path):
    options = ["--out", tmp_path / "x.json"] if verb == "evidence" else []
    done = mine(verb, "NOTHING", *options)
    assert (done.code, "NOTHING" in done.err) == (1, True)
    assert not (tmp_path / "x.json").exists()
