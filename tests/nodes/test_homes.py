from datetime import UTC, datetime

import pytest

from ledger.errors import Conflict, Malformed
from ledger.log.checkpoints import open_checkpoint
from nodes.homes import create_home, open_store
from nodes.node import Node
from nodes.store import log

MINE = {"name": "mine.example", "organisation": "信丰矿业", "role": "mine", "country": "CN"}


def test_a_new_home_can_be_opened_at_once(tmp_path):
    settings, keys = create_home(tmp_path / "a" / "home", {}, **MINE)
    assert settings.home == (tmp_path / "a" / "home").resolve()
    node = Node.open(tmp_path / "a" / "home", {})
    try:
        checkpoint = open_checkpoint(node.checkpoint(), keys.log.verifier, "mine.example/log")
        assert checkpoint.size == 1
        assert node.opened().scalar("keys")["list"] == keys.published()
        assert node.opened().scalar("log")["organisation"] == "信丰矿业"
    finally:
        node.stop()


def test_entry_0_carries_the_clock_that_was_given(tmp_path):
    moment = datetime(2026, 11, 22, 0, 15, 30, 123_000, tzinfo=UTC)
    create_home(tmp_path / "home", {}, clock=lambda: moment, **MINE)
    with open_store(tmp_path / "home") as store, store.read() as conn:
        assert log.entry(conn, 0).recorded_at == "2026-11-22T00:15:30.123Z"


def test_keys_lie_under_the_passphrase_of_the_environment(tmp_path):
    environ = {"LODETRACE_PASSPHRASE": "磁迹"}
    create_home(tmp_path / "home", environ, **MINE)
    Node.open(tmp_path / "home", environ).stop()
    with pytest.raises(Malformed) as caught:
        Node.open(tmp_path / "home", {})
    assert caught.value.code == "key-file-wrong"


def test_what_fails_leaves_nothing(tmp_path):
    with pytest.raises(Malformed):
        create_home(tmp_path / "home", {}, **{**MINE, "role": "miner"})
    with pytest.raises(Malformed):
        create_home(tmp_path / "home", {}, policy="log x\nquorum none\n", **MINE)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_home_is_refused(tmp_path):
    create_home(tmp_path / "home", {}, **MINE)
    with pytest.raises(Conflict):
        create_home(tmp_path / "home", {}, **MINE)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
