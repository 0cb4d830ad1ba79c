"""`lodetrace notices`, and what is done with what it shows, between two served nodes."""

import json

import pytest

from nodes import tokens
from nodes.clock import system_clock
from nodes.homes import open_store
from tests.world import until

OWN = {"basis": "ignited", "total_reo_pct": "92.1", "distribution_pct": [["La", "40"], ["Nd", "60"]]}
FOUND = {**OWN, "total_reo_pct": "92.3"}


@pytest.fixture
def boss(federation, run):
    one = federation["mine"]
    with open_store(one.home) as store:
        token = tokens.mint(store, "Wang", "supervisor", system_clock)
    return lambda *arguments: run(*arguments, environ={"LODETRACE_URL": one.url, "LODETRACE_TOKEN": token})


def sent(mine, plant, lot, mass):
    shipment = mine("ship", "--to", "plant.example", "--line", f"{lot}={mass}", "--json").fine().json["shipment"]
    mine("shipment", "show", shipment, "--wait", "delivered").fine()
    plant("receive", f"mine.example/log#{shipment}").fine()
    mine("shipment", "show", shipment, "--wait", "received").fine()


def told(member, type_, lot):
    """The notice of a type about a lot, as soon as it is here."""

    def found():
        rows = member("notices", "--json").fine().json["notices"]
        return next(
            (row for row in rows if row["type"] == type_ and any(one["lot_no"] == lot for one in row["batches"])), None
        )

    return until(found, f"{type_} of {lot}")


def test_a_recall_and_an_amendment_are_heard_of_downstream(mine, plant, boss, lot):
    sent(mine, plant, lot, "5 t")
    boss("recall", "start", lot, "--kind", "safety", "--text", "Send it back.").fine()
    lock = told(plant, "recalled", lot)["lock"]
    assert lot in plant("notices").fine().out
    shown = plant("recall", "show", lock).fine().out
    assert "Send it back." in shown
    assert lot in shown
    boss("release", lock.partition("#")[2], "--reason", "tested").fine()
    told(plant, "released", lot)
    assert "已解除" in plant("notices").fine().out
    entry = mine("batch", "show", lot, "--json").fine().json["entry_no"]
    mine("correct", "amend", "--entry", entry, "--word", f"batch.lot_no={lot}-X", "--reason", "misread").fine()
    assert told(plant, "amended", lot)["corrected"] == [entry]


def test_a_result_is_used_without_typing_it(mine, plant, lot, tmp_path):
    (tmp_path / "found.json").write_text(json.dumps(FOUND))
    (tmp_path / "own.json").write_text(json.dumps(OWN))
    mine("assay", "sample", lot, "--sample", f"{lot}/S=1 kg").fine()
    sent(mine, plant, f"{lot}/S", "1 kg")
    plant("assay", "record", f"{lot}/S", "--file", tmp_path / "found.json", "--to", "mine.example").fine()
    found = told(mine, "assayed", f"{lot}/S")
    place = f"{found['log']}#{found['index']}"
    mine("assay", "record", lot, "--from", place).fine()
    assert mine("contents", lot, "--json").fine().json["rank"] == "provisional"
    own = mine("assay", "record", lot, "--file", tmp_path / "own.json", "--json").fine().json["entry"]
    named = ("--own-from", f"{own['log']}#{own['index']}", "--other-from", place, "--limit", "0.5")
    assert "agreed by mean" in mine("assay", "agree", lot, *named).fine().out
    assert mine("contents", lot, "--json").fine().json["rank"] == "agreed"
    assert mine("assay", "record", lot, "--from", "nonsense").code == 2
