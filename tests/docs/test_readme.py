"""The README is true: what it tells a stranger to type is typed here, in its order, in one shell, and works."""

import json
import os
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

from tests.docs import shell
from tests.docs.shell import ROOT, blocks, free_ports, play

README = (ROOT / "README.md").read_text("utf-8")
PORTS = ("8470", "8471", "8472")


def section(title):
    found = re.search(rf"^## {title}\n(.*?)(?=^## )", README, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return shell.clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def played(clone):
    """Where "Join a federation" was played, with what it printed."""
    script = "\n".join(blocks(section("Join a federation"), "sh"))
    for old, new in zip(PORTS, free_ports(len(PORTS)), strict=True):
        assert old in script
        script = script.replace(old, new)
    return clone / "federation", play(clone, script)


def test_joining_a_federation_ends_with_verified_evidence_and_sound_logs(played):
    folder, printed = played
    assert "proven: 1 handovers: sender and receiver state the same goods" in printed
    assert "attested: -" in printed
    assert "mine.example is a member of the registry authority.example/log" in printed
    assert re.findall(r"✓ (\S+): (\d) entries hold", printed) == [("mine.example/log", "5"), ("plant.example/log", "3")]
    assert json.loads((folder / "pn7.evidence.json").read_bytes())["subject"]["batch"].startswith("plant.example/log#")


def test_every_bag_has_a_label_that_can_be_read(played):
    folder, _ = played
    labels = sorted((folder / "labels").iterdir())
    assert [path.name for path in labels] == [f"B-{number:03d}.png" for number in range(1, 21)]
    with Image.open(labels[0]) as picture:
        (code,) = zxingcpp.read_barcodes(picture)
    assert "/q/" in code.text


def test_the_picture_of_the_trace_shows_both_lots(played):
    folder, _ = played
    words = "".join(ElementTree.parse(folder / "trace.svg").getroot().itertext())
    assert "XF-1" in words
    assert "PN-7" in words


def test_the_rejected_bag_stayed_the_mines(played):
    _, printed = played
    row = re.search(r"accepted +rejected.*\n(.*)\n", printed)[1].split()
    assert row[1:5] == ["19000", "kg", "1000", "kg"]


def test_nothing_is_left_running_and_what_was_said_of_a_changed_byte_is_true(played, clone):
    folder, _ = played
    mine = shutil.copytree(folder / "mine", folder / "tampered")
    lie = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for (name,) in db.execute(\"SELECT name FROM sqlite_master WHERE type = 'trigger'\").fetchall():\n"
        "    db.execute(f'DROP TRIGGER {name}')\n"
        "note = db.execute('SELECT note FROM entries WHERE \"index\" = 2').fetchone()[0]\n"
        "at = len(note) // 2\n"
        "db.execute('UPDATE entries SET note = ? WHERE \"index\" = 2',"
        " (note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :],))\n"
    )
    subprocess.run([sys.executable, "-c", lie, str(mine / "node.db")], check=True)
    command = [str(clone / ".venv" / "bin" / "lodetrace"), "audit", "--home", str(mine), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["value"]) == (1, 2)


def test_every_other_block_is_one_of_the_two_commands():
    commands = [line.split("#")[0].strip() for text in blocks(README, "") for line in text.splitlines()]
    assert commands == ["./scripts/demo", "./scripts/test"]
    assert all(os.access(ROOT / command, os.X_OK) for command in commands)
    run = blocks(section("Join a federation"), "sh")
    assert len(run) == len(blocks(README)) - 1 > 8


def test_the_pictures_are_there():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures == ["docs/pictures/label.png", "docs/pictures/trace.png"]
    for picture in pictures:
        with Image.open(ROOT / picture) as opened:
            opened.verify()
