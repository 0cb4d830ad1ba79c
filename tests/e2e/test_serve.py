"""A served node and the machine it runs on: told to stop in the middle of much work, started twice, out of disk."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import Any

import pytest

from ledger.errors import LodetraceError
from ledger.log.canonical import b64
from nodes.homes import create_home
from tests import outside
from tests.processes import Process, free_ports
from tests.world import kg, until

NAME = "mine.example"
ORIGIN = {"class": "mined", "country": "CN"}


def found(home: Path, environ: Mapping[str, str] = MappingProxyType({})) -> Process:
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, environ, name=NAME, organisation="Mine", role="mine", country="CN", sites=sites)
    return Process(home, NAME, free_ports(1)[0])


def ore(lot: str, **more: Any) -> dict[str, Any]:
    return {"product": "ore", "lot_no": lot, "quantity": kg("100"), "origin": ORIGIN, **more}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_bulk_request_under_way_is_answered_whole_before_the_node_ends(tmp_path, number):
    served = found(tmp_path / "home")
    served.start()
    lines = [{"verb": "register", "key": f"k {n}", "body": ore(f"A-{n}")} for n in range(4000)]
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    answers: list[bytes] = []

    def ask() -> None:
        with served.program(patience=0) as program:
            answers.append(program.post("/api/v1/bulk", body, content_type="application/x-ndjson").body)

    asking = Thread(target=ask)
    asking.start()
    until(lambda: served.size() > 1, "it has begun")
    assert answers == []
    served.signal(number)
    asking.join(60)
    assert served.ended() == 0
    rows = [json.loads(line) for line in answers[0].splitlines()]
    assert [row["status"] for row in rows] == [201] * 4000
    with served.store() as store:
        audited = outside.audit(store)
    assert [row["body"]["entry"]["index"] for row in rows] == list(range(1, 4001))
    assert audited.replay.size == 4001


ASKED_TO_STOP_EARLY = """
import gc, os, signal, sys
from pathlib import Path
from api.server import run
home, when, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
stop = lambda *_: os.kill(os.getpid(), number)
if when == "before":
    gc.freeze = stop  # the last that is called before the web server handles signals itself
run(home, os.environ, stop if when == "starting" else print)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("when", ["before", "starting"])
def test_a_signal_that_comes_while_it_starts_ends_it_too(tmp_path, when, number):
    served = found(tmp_path / "home")
    config = served.home / "config.toml"
    config.write_text(f"port = {served.port}\n{config.read_text()}")
    arguments = [sys.executable, "-c", ASKED_TO_STOP_EARLY, str(served.home), when, str(int(number))]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (served.home / "node.db-wal").exists()


def test_of_two_who_serve_one_home_one_wins(tmp_path):
    """Started at the same moment, on two ports: the second one says who has it, and ends with 1."""
    first = found(tmp_path / "home")
    second = Process(first.home, NAME, free_ports(1)[0])
    for one in (first, second):
        one.start(wait=False)
    until(lambda: first.running != second.running, "one of them ends")
    loser, winner = (first, second) if second.running else (second, first)
    assert loser.ended() == 1
    winner.wait_until_ready()
    assert "running already (process" in first.journal()
    assert "Traceback" not in first.journal()
    winner.record("/api/v1/batches", ore("A-1"))
    winner.stop()
    with winner.store() as store:
        assert outside.audit(store).replay.size == 2


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "lodetrace-test", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small file system here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return ballast


def test_a_disk_that_is_full(small_disk):
    """It is said, nothing is lost, the node goes on reading, stops when told to, and goes on when there is room."""
    served = found(small_disk / "home")
    served.start()
    kept = served.record("/api/v1/batches", ore("A-1"), "key 1")
    ballast = _fill(small_disk)
    answers: list[dict[str, Any]] = []
    with served.program() as program:

        def record_until_it_is_full() -> None:
            # What the database had reserved is used up first.
            more = ((ore(f"B-{number}"), f"more {number}") for number in range(500))
            answers.extend(program.post("/api/v1/batches", body, key=key).json() for body, key in more)

        with pytest.raises(LodetraceError) as said:
            record_until_it_is_full()
        assert (said.value.field, said.value.value) == ("disk-full", 507)
        assert program.post("/api/v1/batches", ore("A-1"), key="key 1").json() == kept
        assert len(program.get("/api/v1/batches?limit=500").json()["batches"]) == 1 + len(answers)
        assert program.get("/readyz").status == 200
    served.stop()

    served.start(wait=False)
    until(lambda: served.ready() or not served.running, "it starts, or says why not")
    assert served.running or served.ended() == 1
    assert "Traceback" not in served.journal()
    ballast.unlink()
    if not served.running:
        served.start()
    number = len(answers)
    again = served.record("/api/v1/batches", ore(f"B-{number}"), f"more {number}")
    assert again["entry"]["index"] == 2 + number, "what was refused left nothing behind"
    assert served.record("/api/v1/batches", ore("A-1"), "key 1") == kept
    served.stop()
    with served.store() as store:
        audited = outside.audit(store)
    assert [one["entry"]["leaf"] for one in answers] == [b64(leaf) for leaf in audited.run.leaves[2 : 2 + number]]
