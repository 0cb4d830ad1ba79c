"""Every illness that the doctor names, brought about in a real home, with its name, its weight and both languages."""

import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from ledger.log.checkpoints import Checkpoint, sign_checkpoint
from nodes import identity
from nodes.clock import system_clock
from nodes.doctor import FAILED, OK, WARNING, examine
from nodes.homes import create_home
from nodes.store import deliveries, forks, log, states, webhooks
from nodes.store.deliveries import Outgoing
from nodes.store.engine import Store
from tests.served import Organisation, free_port, serving

CHINESE = re.compile("[\u4e00-\u9fff]").search


@pytest.fixture
def home(tmp_path):
    """A node at rest that trusts one partner, who is not there."""
    partner = create_home(tmp_path / "p", {}, name="p.example", organisation="P", role="metal", port=free_port())
    line = f"log {partner[1].log.verifier.vkey} {partner[0].url}\n"
    sites = [{"code": "pit", "country": "CN"}]
    policy = f"{line}quorum none\n"
    create_home(tmp_path / "m", {}, name="m.example", organisation="M", role="mine", sites=sites, policy=policy)
    return tmp_path / "m"


def look(home, clock=system_clock):
    found = list(examine(home, {}, clock))
    assert all(one.en and not CHINESE(one.en) and one.zh for one in found)
    assert all(CHINESE(one.zh) for one in found if one.state != OK)
    return {one.check: one for one in found}


def test_a_healthy_node_whose_partner_is_away(home):
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.name != "lock"}
    found = look(home)
    assert [name for name, one in found.items() if one.state != OK] == ["p.example"]
    assert found["p.example"].state == WARNING
    assert list(found) == [
        *(
            "disk",
            "settings",
            "running",
            "policy",
            "keys",
            "database",
            "log",
            "highwater",
            "witnesses",
            "clock",
            "deliveries",
            "webhooks",
            "forks",
        ),
        "p.example",
    ]
    after = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.name != "lock"}
    assert after == before


def in_database(change):
    def ill(home):
        store = Store.open(home / "node.db")
        with store.write() as conn:
            change(conn)
        store.close()

    return ill


def write(name, text):
    return lambda home: (home / name).write_text(text)


def unguarded(conn, statement, *values):
    for (trigger,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        conn.execute(f"DROP TRIGGER {trigger}")
    conn.execute(statement, values)


def other_keys(home):
    """Keys of another node under this one's name."""
    (home / "keys").rename(home / "old-keys")
    identity.create(home, "m.example")


def cut_off(home):
    """The database of last week: the checkpoint that partners have seen covers more."""
    keys = identity.load(home, "m.example")
    note = sign_checkpoint(Checkpoint(keys.origin, 2, b"\x01" * 32), [keys.log])
    in_database(lambda conn: log.save_checkpoint(conn, 2, note, "2026-01-01T00:00:00.000Z"))(home)


def torn_page(home):
    data = bytearray((home / "node.db").read_bytes())
    data[2 * 4096 : 3 * 4096] = b"\x07" * 4096
    (home / "node.db").write_bytes(data)


def outgoing(settle):
    def change(conn):
        deliveries.add(conn, [Outgoing("handover", "p.example", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", 0)])
        settle(conn, 1)

    return in_database(change)


ILL = {
    "a wrong setting": (write("config.toml", "name = 'm.example'\n"), "settings", FAILED, "organisation"),
    "no settings": (lambda home: (home / "config.toml").unlink(), "settings", FAILED, "config.toml"),
    "a policy that is none": (write("policy.txt", "log x\nquorum none\n"), "policy", FAILED, "Line 1"),
    "a policy without partners": (write("policy.txt", "quorum none\n"), "policy", WARNING, "lodetrace introduce"),
    "a key that others may read": (lambda home: (home / "keys" / "log.pem").chmod(0o644), "keys", FAILED, "chmod"),
    "a key that is lost": (lambda home: (home / "keys" / "peer.pem").unlink(), "keys", FAILED, "peer.pem"),
    "keys of another log": (other_keys, "database", FAILED, "not the one that this log has in force"),
    "no database": (lambda home: (home / "node.db").unlink(), "database", FAILED, "Restore it from a backup"),
    "a page torn": (torn_page, "database", FAILED, "damaged"),
    "a log cut off": (cut_off, "log", FAILED, "the end was cut off"),
    "an entry changed": (
        in_database(partial(unguarded, statement="UPDATE entries SET note = CAST(replace(note, 'v1', 'v2') AS BLOB)")),
        "database",
        FAILED,
        "v2",
    ),
    "a leaf changed": (
        in_database(lambda conn: unguarded(conn, "UPDATE entries SET leaf = ?", b"\x01" * 32)),
        "log",
        FAILED,
        "do not give the root",
    ),
    "a head moved": (
        in_database(lambda conn: unguarded(conn, "UPDATE head SET text_hash = ?", b"\x01" * 32)),
        "log",
        FAILED,
        "Read the head again",
    ),
    "a delivery refused": (
        outgoing(lambda conn, no: deliveries.refused(conn, no, "no room")),
        "deliveries",
        FAILED,
        "no room",
    ),
    "a delivery waiting": (
        outgoing(lambda conn, no: deliveries.later(conn, no, "2026-01-01T00:00:00.000Z", "away")),
        "deliveries",
        WARNING,
        "away",
    ),
    "a fork seen": (
        in_database(lambda conn: forks.save(conn, forks.Fork("p.example/log", 3, b"a" * 32, b"b" * 32, b"x", "2026"))),
        "forks",
        FAILED,
        "two different entries 3 of p.example/log",
    ),
}


def test_a_fork_that_was_acknowledged_is_told_and_no_illness(home):
    ILL["a fork seen"][0](home)
    in_database(lambda conn: forks.acknowledge(conn, 1, "Li", "2026-01-01T00:00:00.000Z"))(home)
    found = look(home)["forks"]
    assert (found.state, "p.example/log 3 (Li)" in found.en, "p.example/log 3 (Li)" in found.zh) == (OK, True, True)


def test_an_authority_is_told_whether_what_is_deposited_can_be_worked_out(tmp_path):
    home = tmp_path / "a"
    create_home(home, {}, name="a.example", organisation="A", role="authority", country="CN", sites=[])
    assert look(home)["deposits"].state == OK
    gone = json.dumps({"size": 1, "unchecked": 0, "broken": None})
    in_database(lambda conn: states.save(conn, "deposit", {"p.example/log": gone}))(home)
    found = look(home)["deposits"]
    assert (found.state, "KeyError" in found.en, "KeyError" in found.zh) == (FAILED, True, True)


@pytest.mark.parametrize(("ill", "check", "state", "words"), ILL.values(), ids=ILL)
def test_an_illness_is_named(home, ill, check, state, words):
    ill(home)
    found = look(home)
    assert found[check].state == state, found
    assert words in found[check].en


def test_a_policy_that_asks_for_witnesses_since_the_node_ran(home, tmp_path):
    """What was shown under the policy before is not shown any more once the node starts."""
    assert look(home)["witnesses"].state == OK
    witness = identity.load(tmp_path / "p", "p.example").witness.verifier.vkey
    policy = (home / "policy.txt").read_text().replace("quorum none\n", f"witness p {witness}\nquorum p\n")
    (home / "policy.txt").write_text(policy)
    found = look(home)["witnesses"]
    assert (found.state, "witnesses have confirmed" in found.en) == (WARNING, True)


def test_a_clock_behind_the_last_entry(home):
    assert look(home, lambda: datetime.now(UTC) - timedelta(days=2))["clock"].state == FAILED


def test_a_partner_with_another_key_than_we_trust(home, tmp_path):
    """Somebody answers at the partner's address, and is not the partner."""
    impostor, _ = create_home(tmp_path / "i", {}, name="p.example", organisation="I", role="metal", port=free_port())
    policy = (home / "policy.txt").read_text()
    (home / "policy.txt").write_text(re.sub(r"http://\S+", impostor.url, policy))
    one = Organisation("p.example", tmp_path / "i", impostor.port)
    with serving(one), closing(Store.open(home / "node.db")):
        found = look(home)
    assert found["p.example"].state == FAILED


def test_calls_of_webhooks_that_nobody_took(home):
    with closing(Store.open(home / "node.db")) as store, store.write() as conn:
        no = webhooks.add(
            conn, "https://bell.example/", ["arrivals"], b"secret", "2026-11-23T00:00:00Z", internal=False
        )
        webhooks.tell(conn, webhooks.everything(conn)[0], [], "2026-11-23T00:00:00Z")
        webhook = webhooks.everything(conn)[0]
        webhooks.tell(conn, webhook, [("arrival", "x", b"{}")], "2026-11-23T00:00:00Z")
        webhooks.tried(conn, webhooks.newest(conn, no, 1)[0].no, webhooks.GIVEN_UP, error="503")
    told = look(home)["webhooks"]
    assert told.state == WARNING
    assert told.en.startswith("1 calls of webhooks were given up")
