"""Evidence packs of cases: the same case is the same file, and everybody can check it without a node."""

import io
import json
import subprocess
import sys
import zipfile

import pytest

from ledger.__main__ import main
from ledger.log.canonical import format_json
from nodes import cases, deposits, evidence, packs
from nodes.node import Caller
from tests.nodes.test_oversight import AUTHORITY, ONE, TWO
from tests.overseen import overseen, worked_out
from tests.world import kg

WHO = Caller("Chen")


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """(world, the case, its pack in a folder): of all findings, with goods that went from one to the other."""
    with overseen(tmp_path_factory.mktemp("packs")) as world:
        shipment = world[ONE].ship(TWO, {"batch": "I-1", "quantity": kg("40")})
        world[TWO].await_arrival(shipment)
        world[TWO].receive(shipment, {"line": 0, "weighed": kg("35"), "reason": "a bag burst"})
        world[ONE].await_status(shipment, "received")
        world[ONE].acknowledge(shipment, reason="the bag is paid for")
        world.settle()
        node = world[AUTHORITY].node
        ids = [one.finding.id for one in worked_out(world[AUTHORITY]).findings]
        case = json.loads(cases.opened(node, WHO, "k", {"title": "All 全部", "findings": ids}).body)["case"]
        cases.step(node, WHO, "n", case, {"kind": "noted", "text": "seen"})
        data = made(node, case)
        folder = tmp_path_factory.mktemp("unpacked")
        zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
        yield world, case, folder


def made(node, case, who="Chen"):
    job = packs.pack(node, case, who)
    assert job.ended.wait(60)
    assert job.error is None, job.error
    assert job.done == job.total
    return job.path.read_bytes()


def test_everything_that_the_readme_names_is_in_it(packed):
    world, case, folder = packed
    readme = (folder / "README.md").read_text("utf-8")
    assert case in readme
    assert "\u2068All 全部\u2069" in readme  # a title that turns writing around turns nothing else
    found = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
    told = cases.find(world[AUTHORITY].node, case)
    assert found == {
        *("README.md", "case.json", "trust.txt", "audit.json"),
        *(f"findings/{one.finding.id}.txt" for one in told.findings),
        *(
            f"{name}/{who}{end}"
            for who in (ONE, TWO)
            for name, end in (("evidence", ".evidence.json"), ("checkpoints", ".txt"))
        ),
    }
    assert json.loads((folder / "audit.json").read_text("utf-8"))[f"{ONE}/log"]["ok"]
    assert [one["kind"] for one in json.loads((folder / "case.json").read_text("utf-8"))["steps"]] == [
        "opened",
        "noted",
    ]


@pytest.mark.parametrize("who", [ONE, TWO])
def test_the_evidence_is_verified_offline(packed, who, capsys):
    _, _, folder = packed
    given = ["verify", str(folder / "evidence" / f"{who}.evidence.json"), "--trust", str(folder / "trust.txt")]
    assert main([*given, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"]


def test_it_is_verified_by_the_command_too(packed):
    _, _, folder = packed
    file = folder / "evidence" / f"{TWO}.evidence.json"
    command = [sys.executable, "-m", "api", "verify", str(file), "--trust", str(folder / "trust.txt")]
    assert subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == 0


def test_every_entry_of_a_finding_is_proven_and_open(packed):
    world, case, folder = packed
    for kept in cases.find(world[AUTHORITY].node, case).findings:
        text = (folder / "findings" / f"{kept.finding.id}.txt").read_text("utf-8")
        assert kept.finding.text("zh", world[AUTHORITY].node.reference) in text
        for log, index in kept.finding.entries:
            assert f"{log} {index}" in text
            whole = json.loads((folder / "evidence" / f"{log.removesuffix('/log')}.evidence.json").read_text("utf-8"))
            assert (log, index) in {(one["log"], one["index"]) for one in whole["entries"]}


def test_any_entry_can_be_shown_with_all_that_it_rests_on(packed):
    node = packed[0][AUTHORITY].node
    with node.store.read() as conn:
        progress = deposits.progress(conn)
    for origin, at in progress.items():
        for index in range(at.size):
            with node.store.read() as conn:
                made = evidence.of_deposited(conn, node.origin, origin, [index], "2026-11-23T00:00:00Z")
            assert node.verify(made).missing == (), (origin, index)


def test_one_byte_changed_is_found(packed, tmp_path):
    _, _, folder = packed
    whole = json.loads((folder / "evidence" / f"{ONE}.evidence.json").read_text("utf-8"))
    opens = next(one["opens"] for one in whole["disclosures"] if isinstance(one["opens"][0], str))
    opens[0] = opens[0][:-6] + ("A" if opens[0][-6] != "A" else "B") + opens[0][-5:]
    forged = tmp_path / "forged.json"
    forged.write_bytes(format_json(whole, field="evidence"))
    assert main(["verify", str(forged), "--trust", str(folder / "trust.txt")]) == 1


def test_the_same_case_is_the_same_file(packed):
    world, case, _ = packed
    node = world[AUTHORITY].node
    assert made(node, case, "Chen") == made(node, case, "Wang")
    assert packs.pack(node, case, "Chen").id == packs.pack(node, case, "Chen").id
