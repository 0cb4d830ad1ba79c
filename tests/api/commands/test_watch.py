"""`lodetrace logs` and `forks` against a served node."""

import pytest

from ledger.forks import format_fork
from nodes import tokens
from nodes.clock import system_clock
from nodes.homes import open_store
from nodes.store import followed, forks
from nodes.store.followed import Alarm
from nodes.store.forks import Fork
from tests.formats.forking import proven

NOW = "2026-11-22T00:15:30.123Z"
ORIGIN = "mine.example/log"


@pytest.fixture
def found(federation):
    """A node that follows a log, with which something is wrong, and that has forked."""
    one = federation["mine"]
    file = format_fork(proven()["two entries at one place"])
    with open_store(one.home) as store, store.write() as conn:
        followed.begin(conn, "other.example/log", NOW)
        followed.raise_alarm(conn, Alarm("other.example/log", "log-behind", "It is behind.", "落后。", "{}", NOW))
        forks.save(conn, Fork(ORIGIN, 1, bytes(32), bytes([1] * 32), file, NOW))
    yield file
    with open_store(one.home) as store, store.write() as conn:
        for table in ("forks_acknowledged", "forks", "alarms", "alarms_acknowledged", "followed"):
            conn.execute(f"DELETE FROM {table}")


def test_what_is_followed_and_what_is_wrong_with_it(mine, found):
    told = mine("logs").fine().out
    assert "other.example/log" in told
    assert "It is behind." in told
    assert mine("logs", "--json").fine().json["logs"][0]["alarms"][0]["code"] == "log-behind"


def administrator(federation):
    one = federation["mine"]
    with open_store(one.home) as store:
        token = tokens.mint(store, "Wang", "admin", system_clock)
    return {"LODETRACE_URL": one.url, "LODETRACE_TOKEN": token}


def test_an_alarm_is_acknowledged(federation, run, mine, found):
    seen = ("--acknowledge", "other.example/log", "--code", "log-behind", "--reason", "their disk is full")
    assert mine("logs", *seen).code == 1
    assert mine("logs", *seen[:4]).code == 2
    told = run("logs", *seen, environ=administrator(federation)).fine().out
    assert "Wang: their disk is full" in told


def test_a_fork_is_shown_saved_and_acknowledged(federation, run, mine, found, tmp_path):
    assert ORIGIN in mine("forks").fine().out
    file = tmp_path / "mine.fork.json"
    assert mine("forks", "--save", "1", "--out", file).fine()
    assert file.read_bytes() == found
    assert mine("forks", "--save", "1").code == 2
    assert mine("forks", "--save", "9", "--out", file).code == 1
    assert mine("forks", "--acknowledge", "1").code == 1
    environ = administrator(federation)
    told = run("forks", "--acknowledge", "1", "--json", environ=environ).fine().json
    assert told["forks"][0]["acknowledged_by"] == "Wang"
    assert run("verify", file).code == 1
