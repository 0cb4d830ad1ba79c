"""`lodetrace introduce`, `rebuild` and `doctor`, beside a served node and on a home at rest."""

import shutil

import pytest

from ledger.log.trust import Policy
from nodes.store.engine import Store
from nodes.store.rebuild import snapshot


@pytest.fixture
def at_rest(mine, federation, lot, tmp_path):
    """A copy of the mine's home as it is now, stopped, with its database as it would be after a clean stop."""
    mine("unit", "pack", lot, "--serial", f"{lot}-1..{lot}-3", "--net", "10 kg").fine()
    home = federation["mine"].home
    copy = shutil.copytree(home, tmp_path / "copy", ignore=shutil.ignore_patterns("node.db*", "lock", "journal"))
    store = Store.open(home / "node.db")
    with store.read() as conn:
        conn.execute("PRAGMA query_only = OFF")
        conn.execute("COMMIT")
        conn.execute("VACUUM INTO ?", (str(copy / "node.db"),))
        conn.execute("PRAGMA query_only = ON")
    store.close()
    (copy / "node.db").chmod(0o600)
    return copy


def test_introduce_prints_the_line_for_a_policy(run, federation):
    one = federation["mine"]
    line = run("introduce", "--home", one.home).fine().out
    policy = Policy.parse(line + "quorum none\n")
    assert policy.logs["mine.example/log"][1] == one.url
    assert line in (one.home / "policy.txt").read_text()


def test_rebuild_makes_the_same_tables(run, at_rest):
    def tables():
        store = Store.open(at_rest / "node.db")
        try:
            with store.read() as conn:
                return list(snapshot(conn))
        finally:
            store.close()

    before = tables()
    done = run("rebuild", "--home", at_rest, "--json").fine().json
    assert (done["ok"], done["entries"] > 2) == (True, True)
    assert tables() == before
    assert len(before) > 5
    assert "entries replayed" in run("rebuild", "--home", at_rest).fine().out


def test_rebuild_is_refused_while_the_node_runs(run, federation):
    done = run("rebuild", "--home", federation["mine"].home)
    assert (done.code, "running already" in done.err) == (1, True)
    assert "已在运行" in done.err


def test_doctor_beside_a_running_node(run, federation):
    done = run("doctor", "--home", federation["mine"].home).fine()
    assert "✓ running: process " in done.out
    assert "✓ plant.example: answers" in done.out
    assert "应答，密钥相符" in done.out


def test_doctor_as_json_and_ill(run, at_rest):
    (at_rest / "keys" / "author.pem").chmod(0o644)
    done = run("doctor", "--home", at_rest, "--json")
    told = {one["check"]: one for one in done.json["checks"]}
    assert (done.code, done.json["ok"]) == (1, False)
    assert told["keys"]["state"] == "failed"
    assert "chmod 600" in told["keys"]["en"]
    assert told["settings"]["state"] == "ok"


def test_doctor_where_nothing_is(run, tmp_path):
    done = run("doctor", "--home", tmp_path / "nowhere")
    assert done.code == 1
    assert "✗ settings" in done.out
