"""Deposited logs are followed for as long as they follow, in whatever order they come, and no further."""

import pytest

from ledger.errors import Unverified
from ledger.log.canonical import b64
from ledger.log.merkle import prove_inclusion
from ledger.matter.event_types import EVENT_TYPES
from nodes import deposits
from nodes.auditing import audit, from_deposits
from nodes.deposits import Progress, follow_deposits
from nodes.intake import derive_upstream
from nodes.rebuild import rebuild
from nodes.store import log, upstream
from nodes.store.rebuild import snapshot
from nodes.store.upstream import Upstream
from tests.chain import PLANT, RIVAL
from tests.formats.scribe import recorded
from tests.nodes.test_oversight import AUTHORITY, cast
from tests.rogue import AT, NOW, Rogue
from tests.world import World


@pytest.fixture
def authority(tmp_path):
    with cast(World(tmp_path, AUTHORITY)) as world:
        yield world[AUTHORITY]


def kept(conn):
    return list(snapshot(conn))


def entries_of(chain, name):
    with chain.node(name) as node, node.store.read() as conn:
        stored, (size, note) = log.page(conn, limit=1000), log.latest_checkpoint(conn)
        read = log.hashes(conn)
        told = [
            Upstream(
                *(node.origin, one.index, one.leaf, one.type, one.note, size),
                tuple(prove_inclusion(one.index, size, read)),
                tuple(one.disclosures.split("\n")),
            )
            for one in stored
        ]
    return told, {(f"{name}/log", size): note}


def rogues(*slots):
    """The rogue's log, and its entries as they are kept when they were deposited."""
    rogue = Rogue("rogue.example").begin()
    for type_, told in (("registered", None), *slots):
        rogue.registered() if told is None else rogue.write(type_, NOW, told(rogue))
    size = len(rogue.written)
    told = [
        Upstream(one.entry.origin, at, one.leaf, one.type, one.entry.raw, size, (), one.disclosures)
        for at, one in enumerate(rogue.written)
    ]
    return rogue, told


def store(node, entries, checkpoints=()):
    with node.store.write() as conn:
        for saved, entry in zip(upstream.save(conn, entries, log.head(conn).size), entries, strict=True):
            if entry.type in EVENT_TYPES:
                derive_upstream(conn, node.origin, saved.entry_no, entry.event, AUTHORITY)
        upstream.save_checkpoints(conn, dict(checkpoints))
        follow_deposits(conn, {entry.log for entry in entries}, node.rulesets)


def followed(node):
    with node.store.read() as conn:
        return deposits.progress(conn)


@pytest.mark.parametrize("name", [PLANT, RIVAL])
def test_a_log_is_followed_as_far_as_it_is_here_in_whatever_parts(chain, authority, name):
    entries, checkpoints = entries_of(chain, name)
    node, origin = authority.node, f"{name}/log"
    store(node, entries[:3], checkpoints)
    assert followed(node)[origin].size == 3
    store(node, [*entries[4:8], *entries[9:]])
    assert followed(node)[origin].size == 3
    store(node, [entries[3]])
    assert followed(node)[origin].size == 8
    store(node, [entries[8]])
    assert followed(node)[origin] == Progress(len(entries), 0, None)
    assert audit(from_deposits(node.store, origin)).size == len(entries)
    with node.store.read() as conn:
        parts = kept(conn)
    with node.store.write() as conn:
        for kind in ("deposit", f"makeup {origin}"):
            conn.execute("DELETE FROM states WHERE kind = ?", (kind,))
        conn.execute("DELETE FROM flows WHERE entry_no < 0")
        follow_deposits(conn, [origin], node.rulesets)
    with node.store.read() as conn:
        assert kept(conn) == parts


def test_its_first_entry_alone_is_no_deposit(chain, authority):
    entries, _ = entries_of(chain, PLANT)
    store(authority.node, entries[:1])
    assert followed(authority.node) == {}


def test_what_is_not_open_as_a_whole_waits(chain, authority):
    entries, checkpoints = entries_of(chain, PLANT)
    closed = entries[2]
    part = Upstream(
        *(closed.log, closed.index, closed.leaf, closed.type, closed.note, closed.at_size, closed.path),
        closed.disclosures[:1],
    )
    store(authority.node, [*entries[:2], part, *entries[3:]], checkpoints)
    assert followed(authority.node)[f"{PLANT}/log"] == Progress(2, 0, None)
    store(authority.node, [closed])
    assert followed(authority.node)[f"{PLANT}/log"] == Progress(len(entries), 0, None)


def reversal(rogue, index):
    leaf = b64(rogue.written[1].leaf)
    return {
        "reversal": {"at": AT, "index": index, "leaf": leaf},
        "reason": {"text": "x"},
        "recorded": recorded("r"),
    }


def removal(rogue):
    line = {"mg": 2 * 10**9, "basis": "net", "site": "main"}
    return {
        "removal": {"at": AT, "kind": "disposed"},
        "lines.chain": [{"batch": rogue.written[1].ids["batch"]}],
        "lines.authority": [line],
        "recorded": recorded("r"),
    }


def test_custody_is_not_checked_on_the_way_and_the_answer_says_so(authority):
    """Twice as much is removed as there was: whoever reads the answer must not take it for checked."""
    rogue, entries = rogues(("removed", removal))
    store(authority.node, entries)
    (shown,) = authority.get("/api/v1/deposits")["logs"]
    assert shown == {
        "log": rogue.origin,
        "size": len(entries),
        "unchecked": 0,
        "custody": "not_checked",
        "broken": None,
    }
    with pytest.raises(Unverified) as error:
        audit(from_deposits(authority.node.store, rogue.origin))
    assert error.value.value == 2
    assert "2000 kg" in error.value.text()


def test_an_entry_that_does_not_follow_ends_it_and_is_said(authority):
    rogue, entries = rogues(("reversed", lambda rogue: reversal(rogue, 99)), ("registered", None))
    node, origin = authority.node, rogue.origin
    store(node, entries)
    found = followed(node)[origin]
    assert (found.size, "99" in found.broken[0], "99" in found.broken[1]) == (2, True, True)
    source = from_deposits(node.store, origin)
    with pytest.raises(Unverified) as error:
        audit(source)
    assert error.value.value == found.size
    shown = authority.get("/api/v1/deposits")["logs"]
    assert [(one["log"], one["size"], one["broken"]["en"]) for one in shown] == [(origin, 2, found.broken[0])]
    assert authority.get("/api/v1/deposits/findings")["total"] >= 0
    authority.stop()
    again = type(node).open(authority.home, {})
    rebuild(again)
    assert followed(again) == {origin: found}
    again.store.close()
    authority.start()
