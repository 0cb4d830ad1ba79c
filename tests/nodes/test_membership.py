"""What a node knows of members, and hands on: the story's registry, kept as other logs' entries are."""

import pytest

from ledger.evidence import Evidence, parse_evidence, verify
from ledger.evidence import format_evidence as printed
from ledger.log.trust import Policy
from ledger.verdict import judge
from nodes.following import Following
from nodes.homes import create_home
from nodes.membership import Membership
from nodes.node import Node
from nodes.peers import Peers
from nodes.store import followed, upstream
from nodes.store.engine import Store
from nodes.store.upstream import Upstream
from tests.formats.federation import STANDING
from tests.formats.story import motor_evidence, registry_policy, tell

STORY = tell()
REGISTRY = STORY.registry
SIZE = len(REGISTRY.written)


@pytest.fixture
def store(tmp_path):
    found = Store.create(tmp_path / "node.db", "motor.example/log")
    yield found
    found.close()


def kept(store, indices):
    rows = []
    for index in indices:
        one, proven = REGISTRY.written[index], REGISTRY.proven(index, SIZE, 0)
        opens = one.opening("public")
        rows.append(Upstream(REGISTRY.origin, index, one.leaf, one.type, one.entry.raw, SIZE, proven.path, opens))
    with store.write() as conn:
        upstream.save(conn, rows, 0)
        head = REGISTRY.checkpoint(SIZE, ["authority.example", "motor.example"])
        upstream.save_checkpoints(conn, {(REGISTRY.origin, SIZE): head})
    found = Membership(store, "motor.example/log", [REGISTRY.origin])
    found.catch_up()
    return found


def beside(store, membership):
    with store.read() as conn:
        return membership.beside(conn, motor_evidence(STORY))


def test_a_registrys_word_counts_up_to_its_newest_standing(store):
    membership = kept(store, range(SIZE))
    book = membership.books[REGISTRY.origin]
    assert book.index == STANDING
    assert book.trouble is None
    assert {"magnet.example", "motor.example"} <= membership.members.keys()
    assert membership.catch_up() is False


def test_evidence_with_its_word_holds_for_whoever_relies_on_the_registry(store):
    told = beside(store, kept(store, range(SIZE)))
    assert [(one.line.name, one.line.last_index, one.index) for one in told.standing] == [
        ("magnet.example", 8, STANDING),
        ("motor.example", 2, STANDING),
    ]
    assert sorted(one.index for one in told.entries if one.log == REGISTRY.origin) == [0, 1, 2, 4, 7, 8, STANDING]
    result = verify(parse_evidence(printed(told)), Policy.parse(registry_policy()))
    assert result.missing == ()
    assert sorted(result.members) == ["magnet.example", "motor.example"]


def test_what_it_said_at_several_sizes_is_one_history_to_whoever_follows_it(store):
    """Else a reader is told that this is not shown."""
    membership, policy = kept(store, range(SIZE)), Policy.parse(registry_policy())
    early = STANDING - 1
    note = REGISTRY.checkpoint(early, ["authority.example", "motor.example"])
    path = b"".join(REGISTRY.tree().prove_inclusion(2, early))
    with store.write() as conn:
        upstream.save_checkpoints(conn, {(REGISTRY.origin, early): note})
        conn.execute('UPDATE upstream SET at_size = ?, path = ? WHERE "index" = 2', (early, path))

    def notices():
        result = verify(parse_evidence(printed(beside(store, membership))), policy)
        about = [facts["log"] for code, facts in judge(result).notices if code == "consistency-not-shown"]
        return REGISTRY.origin in about

    assert notices()
    with store.write() as conn:
        one = followed.begin(conn, REGISTRY.origin, "2026-11-27T00:00:00.000Z")
        followed.save(conn, followed.grow(conn, one, [bytes(32) for _ in REGISTRY.written]))
    assert notices(), "a tree that is another one proves nothing"
    with store.write() as conn:
        conn.execute("DELETE FROM followed_tiles")
        followed.save(conn, followed.grow(conn, one, [entry.leaf for entry in REGISTRY.written]))
    assert not notices()


def test_what_is_there_already_is_not_said_twice(store):
    membership = kept(store, range(SIZE))
    once = beside(store, membership)
    with store.read() as conn:
        assert membership.beside(conn, once) == once


def test_a_registry_that_leaves_an_entry_out_gets_no_further(store):
    membership = kept(store, [index for index in range(SIZE) if index != 3])
    book = membership.books[REGISTRY.origin]
    assert book.index < STANDING
    assert book.trouble is not None
    assert beside(store, membership).standing == ()


def test_members_logs_are_dealt_with_where_the_registry_says_they_are(store):
    membership = kept(store, range(SIZE))
    policy = Policy.parse(registry_policy())
    assert "motor.example/log" not in policy.logs
    key, url = membership.extended(policy).logs["motor.example/log"]
    assert key == membership.members["motor.example"].log.keys.log_at(SIZE)
    assert url == membership.members["motor.example"].reach.get("url")


def test_a_registry_that_says_nothing_at_all_ends_nothing(tmp_path):
    """Whoever follows it goes on to ask: the answer is taken for no news."""
    home = tmp_path / "metal"
    create_home(home, {}, name="metal.example", organisation="M", role="metal", policy=registry_policy())
    node = Node.open(home, {})
    try:
        following = Following(node, Peers(node.identity, lambda: node.policy))
        empty = printed(Evidence({"log": REGISTRY.origin}, (), (), {}, "2026-11-22T00:15:30.123Z"))
        assert following._take(REGISTRY.origin, empty) == -1
    finally:
        node.store.close()
