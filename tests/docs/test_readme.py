"""The README is true: what it tells a stranger to type is typed here, in its order, in one shell, and works."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORTS = ("8471", "8472")
SECONDS = 180
ENTRY_POINT = """#!/bin/sh
PYTHONPATH='{root}' exec '{python}' -m api "$@"
"""
"""What installing the package puts into .venv/bin, for a .venv in which it was not installed."""


def section(title):
    found = re.search(rf"^## {title}\n(.*?)(?=^## )", README, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [str(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder with the .venv that either of the two commands makes in a clone."""
    folder = tmp_path_factory.mktemp("clone")
    if (Path(sys.prefix) / "bin" / "lodetrace").exists():
        (folder / ".venv").symlink_to(sys.prefix)
        return folder
    (folder / ".venv" / "bin").mkdir(parents=True)
    command = folder / ".venv" / "bin" / "lodetrace"
    command.write_text(ENTRY_POINT.format(root=ROOT, python=sys.executable))
    command.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def played(clone):
    """Where "Two nodes by hand" was played, with what it printed."""
    script = "\n".join(text for language, text in BLOCK.findall(section("Two nodes by hand")) if language == "sh")
    for old, new in zip(PORTS, free_ports(len(PORTS)), strict=True):
        assert old in script
        script = script.replace(old, new)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LODETRACE_")}
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, printed
    return clone / "two-nodes", printed


def test_two_nodes_by_hand_end_with_verified_evidence_and_sound_logs(played):
    folder, printed = played
    assert "proven: 1 handovers: sender and receiver state the same goods" in printed
    assert "attested: -" in printed
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
    others = [text for language, text in BLOCK.findall(README) if language != "sh"]
    commands = [line.split("#")[0].strip() for text in others for line in text.splitlines()]
    assert commands == ["./scripts/demo", "./scripts/test"]
    assert all(os.access(ROOT / command, os.X_OK) for command in commands)
    run = [text for language, text in BLOCK.findall(section("Two nodes by hand")) if language == "sh"]
    assert len(run) == len([1 for language, _ in BLOCK.findall(README) if language == "sh"]) > 8


def test_the_pictures_are_there():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures == ["docs/pictures/label.png", "docs/pictures/trace.png"]
    for picture in pictures:
        with Image.open(ROOT / picture) as opened:
            opened.verify()
