"""One log, followed: what a rogue serves as its log is taken only as far as every entry and hash of it holds."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.errors import LodetraceError
from ledger.forks import check_fork, parse_fork
from ledger.keys import Keys
from ledger.log.canonical import b64, dump
from ledger.log.checkpoints import Checkpoint, sign_checkpoint
from ledger.log.merkle import Tree, leaf_hash, root_at
from ledger.log.tiles import format_bundle, parse_bundle_path, parse_tile_path
from ledger.log.trust import Policy
from ledger.registry import Log, Member, Revocation
from nodes import gossip, tailing
from nodes.homes import create_home
from nodes.node import Node
from nodes.peers import Peers
from nodes.store import followed, forks, upstream, witnessed
from nodes.store.upstream import Upstream
from nodes.tailing import Tail, Turn
from tests.formats.forking import NOW, across_keys, history, turned
from tests.formats.scribe import Scribe, signer
from tests.formats.story import tell

ROGUE = "rogue.example"
RECLAIM = tell().reclaim
"""Whose entry 2 replaces its author key."""


class Served(httpx.AsyncBaseTransport):
    """A log as its operator likes to show it: `raws` are its entries, `size` is how many its checkpoint covers; it
    introduces itself as of its first `told`, with the entries `rekeyed` that replaced its keys. `shown`: a size that
    its witnesses have seen, if that is another.
    """

    def __init__(self, scribe: Scribe) -> None:
        self.scribe, self.raws, self.asked = scribe, [one.entry.raw for one in scribe.written], list[str]()
        self.size = len(self.raws)
        self.root: bytes | None = None
        self.shown: int | None = None
        self.told, self.rekeyed = 1, tuple[int, ...]()

    @property
    def tree(self) -> Tree:
        return Tree([leaf_hash(raw) for raw in self.raws[: self.size]])

    def note(self) -> bytes:
        root = self.tree.root() if self.root is None else self.root
        return sign_checkpoint(Checkpoint(self.scribe.origin, self.size, root), [self.scribe.key("log")])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        return httpx.Response(200, stream=httpx.ByteStream(self.answer(path)))

    def answer(self, path: str) -> bytes:
        if path == "/log/checkpoint" and self.shown is not None:
            return self.scribe.checkpoint(self.shown, [])
        if path in ("/log/checkpoint", "/log/checkpoint-unwitnessed"):
            return self.note()
        if path == "/.well-known/lodetrace.json":
            rows = [self.row(index) for index in (0, *self.rekeyed)]
            return dump({**rows[0], "rekeyed": rows[1:], "checkpoint": self.scribe.checkpoint(self.told, []).decode()})
        if path.startswith("/log/tile/entries/"):
            index, width = parse_bundle_path(path.removeprefix("/log/"))
            entries = self.raws[index * 256 : index * 256 + width]
            return format_bundle(entries) if entries else b""
        level, index, width = parse_tile_path(path.removeprefix("/log/"))
        tree = self.tree
        if index * 256 + width > tree.size >> 8 * level:
            return b""
        return b"".join(tree._read([(8 * level, index * 256 + at) for at in range(width)]))

    def row(self, index: int) -> dict[str, Any]:
        one, path = self.scribe.written[index], self.scribe.tree().prove_inclusion(index, self.told)
        opened = list(one.opening("public"))
        return {"entry": one.entry.raw.decode(), "disclosures": opened, "path": [b64(node) for node in path]}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    logs = "".join(f"log {signer(f'{name}/log').verifier.vkey} http://{name}\n" for name in (ROGUE, RECLAIM.name))
    home = tmp_path / "plant"
    create_home(home, {}, name="plant.example", organisation="Plant", role="separation")
    (home / "policy.txt").write_text(f"{logs}quorum none\n")
    opened = Node.open(home, {})
    yield opened
    opened.store.close()


def look(node: Node, *served: Served) -> list[Turn | str]:
    """A turn at each of what the log shows, one after another; the code of what is wrong, where something is."""

    async def turns() -> list[Turn | str]:
        found: list[Turn | str] = []
        for one in served:
            peers = Peers(node.identity, lambda: node.policy, transport=one)
            try:
                found.append(await Tail(node, peers, f"{ROGUE}/log").look())
            except LodetraceError as error:
                found.append(error.code)
            await peers.aclose()
        return found

    return asyncio.run(turns())


def reached(node: Node) -> int:
    with node.store.read() as conn:
        one = followed.load(conn, f"{ROGUE}/log")
        if one is None:
            return 0
        if one.size:
            assert len(root_at(one.size, followed.nodes(conn, one.log_no))) == 32
        return one.size


def lots(count: int, letter: str = "A") -> tuple[str, ...]:
    return tuple(f"{letter}-{number}" for number in range(count))


def test_a_log_is_followed_over_many_sizes(node):
    """Whatever the size was before: a bundle begun, full, or none yet; the tree is always that of the checkpoint."""
    whole = Served(history(ROGUE, *lots(600)))
    for size in (1, 2, 3, 255, 256, 257, 511, 512, 513, 601):
        whole.size, before = size, reached(node)
        assert look(node, whole) == [Turn(size - before)]
        with node.store.read() as conn:
            one = followed.load(conn, f"{ROGUE}/log")
            assert one is not None
            read = followed.nodes(conn, one.log_no)
            for smaller in {1, 2, 255, 256, 257, 512, size} & set(range(size + 1)):
                assert root_at(smaller, read) == whole.tree.root(smaller)
    assert look(node, whole) == [Turn()]


def test_a_turn_is_bounded_and_the_next_one_goes_on(node, monkeypatch):
    monkeypatch.setattr(tailing, "TURN_ENTRIES", 256)
    monkeypatch.setattr(tailing, "AT_ONCE", 1)
    whole = Served(history(ROGUE, *lots(700)))
    assert look(node, whole, whole, whole) == [Turn(256, more=True), Turn(256, more=True), Turn(189)]
    assert reached(node) == 701


def test_a_turn_is_bounded_in_bytes(node, monkeypatch):
    monkeypatch.setattr(tailing, "TURN_BYTES", 1)
    monkeypatch.setattr(tailing, "AT_ONCE", 2)
    whole = Served(history(ROGUE, *lots(700)))
    assert look(node, whole, whole) == [Turn(512, more=True), Turn(189)]


def test_entries_are_handed_on_in_the_transaction_that_keeps_them(node):
    whole, taken = Served(history(ROGUE, "A-1", "A-2")), list[tuple[int, str]]()

    async def turn() -> None:
        peers = Peers(node.identity, lambda: node.policy, transport=whole)
        tail = Tail(node, peers, f"{ROGUE}/log", lambda _, new: taken.extend((one.index, one.type) for one in new))
        await tail.look()
        await peers.aclose()

    asyncio.run(turn())
    assert taken == [(0, "log_opened"), (1, "registered"), (2, "registered")]


@pytest.mark.parametrize(("told", "rekeyed", "found"), [(5, (2,), Turn(3)), (5, (), "authors-differ")])
def test_keys_that_were_replaced_are_asked_for(node, told, rekeyed, found):
    """Bundles hold only what an entry commits to. What the log does not tell of its keys, it does not get past."""
    served = Served(RECLAIM)

    async def turns() -> list[Turn | str]:
        peers = Peers(node.identity, lambda: node.policy, transport=served)
        tail = Tail(node, peers, RECLAIM.origin)
        served.size = served.told = 2
        turns: list[Turn | str] = [await tail.look()]
        served.size, served.told, served.rekeyed = 5, told, rekeyed
        try:
            turns.append(await tail.look())
        except LodetraceError as error:
            turns.append(error.code)
        await peers.aclose()
        return turns

    assert asyncio.run(turns()) == [Turn(2), found]
    assert served.asked.count("/.well-known/lodetrace.json") == 2


def member_of(scribe: Scribe, use: str, since: int) -> Member:
    """As a registry tells of it that has revoked its first key for a use from an index on."""
    first = scribe.written[0]
    keys = Keys(scribe.origin, ((0, tuple(first.slots["keys"]["list"])),))
    revoked = Revocation(use, keys.of(use, 0)[0].public, (0, since), bytes(32), 7)
    log = Log(scribe.origin, first.leaf, keys)
    return Member(scribe.name, {}, (), {}, (log,), 7, bytes(32), revocations=(revoked,))


@pytest.mark.parametrize(
    ("since", "first", "believed"), [(9, None, [0, 1, 2, 3, 4]), (3, None, [0, 1, 2, 3, 4]), (1, 1, [0, 3, 4])]
)
def test_what_a_revoked_key_has_signed_is_followed_and_not_believed(node, since, first, believed):
    """The tree goes on, or whoever lost a key could show two histories unseen. From entry 3 on another key signs."""
    served, taken = Served(RECLAIM), list[int]()
    served.size = served.told = 5
    served.rekeyed = (2,)

    async def turn() -> Tail:
        peers = Peers(node.identity, lambda: node.policy, transport=served)
        tail = Tail(node, peers, RECLAIM.origin, lambda _, new: taken.extend(one.index for one in new))
        assert await tail.look() == Turn(5)
        await peers.aclose()
        return tail

    node.membership.members = {RECLAIM.name: member_of(RECLAIM, "author", since)}
    tail = asyncio.run(turn())
    assert taken == believed
    with node.store.read() as conn:
        found = tail.revoked(conn)
        assert (None if found is None else found.value) == first
        node.membership.members = {}
        assert tail.revoked(conn) is None
        node.membership.members = {RECLAIM.name: member_of(RECLAIM, "author", 0)}
        late = tail.revoked(conn)
    assert (late.code, late.value) == ("key-revoked", 0), "the registry's word may come after the entry"


def test_a_checkpoint_of_a_revoked_key_is_none(node):
    served = Served(history(ROGUE, *lots(4)))
    node.membership.members = {ROGUE: member_of(served.scribe, "log", 3)}
    assert look(node, served) == ["key-revoked"]
    assert reached(node) == 0
    served.size = 3
    assert look(node, served) == [Turn(3)]


def _swapped(served: Served) -> None:
    served.raws[2], served.raws[3] = served.raws[3], served.raws[2]


def _left_out(served: Served) -> None:
    del served.raws[2]
    served.size -= 1


def _by_a_stranger(served: Served) -> None:
    other = history(ROGUE)
    other.signs = {1: [signer("stranger.example/author")]}
    served.raws = [one.entry.raw for one in _grown(other).written]


def _earlier(served: Served) -> None:
    other = history(ROGUE)
    other.texts = {2: lambda text: text.replace("T01:00:00.000Z", "T00:59:59.999Z")}
    served.raws = [one.entry.raw for one in _grown(other).written]


def _unchained(served: Served) -> None:
    other = history(ROGUE)
    other.texts = {2: lambda text: text.replace(text.split("\n")[3], b64(bytes(32)))}
    served.raws = [one.entry.raw for one in _grown(other).written]


def _grown(scribe: Scribe) -> Scribe:
    for one in history(ROGUE, *lots(4)).written[1:]:
        scribe.write(one.type, one.entry.recorded_at, dict(one.slots))
    return scribe


LIES = {
    "two entries in each other's place": (_swapped, "entry-elsewhere"),
    "an entry left out": (_left_out, "entry-elsewhere"),
    "an entry that a stranger signed": (_by_a_stranger, "authors-differ"),
    "a time that goes back": (_earlier, "time-went-back"),
    "a text that is not chained": (_unchained, "chain-broken"),
    "another root than the entries have": (lambda served: setattr(served, "root", bytes(32)), "root-differs"),
    "a size that nobody can show": (
        lambda served: (setattr(served, "root", bytes(32)), setattr(served, "size", 10**6)),
        "malformed",
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_what_does_not_hold_is_not_kept(node, name):
    lie, code = LIES[name]
    served = Served(history(ROGUE, *lots(4)))
    lie(served)
    assert look(node, served) == [code]
    assert reached(node) == 0
    with node.store.read() as conn:
        assert forks.everything(conn) == []


def test_a_log_that_begins_otherwise_is_proven_to_have_forked_by_its_own_tiles(node):
    one, other = Served(history(ROGUE, *lots(3))), Served(history(ROGUE, *lots(300, "B")))
    assert look(node, one, other) == [Turn(4), Turn(forked=True)]
    assert reached(node) == 4
    with node.store.read() as conn:
        (found,) = forks.everything(conn)
    assert (found.origin, found.index) == (f"{ROGUE}/log", 4)


def test_a_fork_across_a_replaced_key_is_proven_with_what_the_log_told_of_its_keys(node):
    """To a reader whose policy names the newer key and who knows nothing else."""
    fork, new = across_keys(1)
    other, _ = turned("mine.example", "A-1", "A-2")
    opens = ("log_opened", "rekeyed")
    told = [
        Upstream(
            other.origin, index, one.leaf, one.type, one.entry.raw, 4,
            tuple(other.tree().prove_inclusion(index, 4)), one.opening("public"),
        )
        for index, one in enumerate(other.written) if one.type in opens
    ]  # fmt: skip
    with node.store.write() as conn:
        upstream.save(conn, told, 0)
        upstream.save_checkpoints(conn, {(other.origin, 4): fork.checkpoints[1]})
        grown = followed.grow(conn, followed.begin(conn, other.origin, NOW), [one.leaf for one in other.written])
        whole = replace(grown, note=fork.checkpoints[1])
        file = gossip.contradiction(conn, whole, new, fork.checkpoints[0])
    assert parse_fork(file) == fork
    assert check_fork(parse_fork(file), Policy.parse(f"log {new.vkey}\nquorum none\n")).trusted


def test_what_was_cosigned_of_another_history_is_held_against_the_log(node):
    """This node is that log's witness too, and was shown something else as such."""
    one, other = Served(history(ROGUE, *lots(3))), history(ROGUE, *lots(3, "B"))
    with node.store.write() as conn:
        witnessed.save(conn, one.scribe.origin, 3, other.checkpoint(3, ["plant.example"]), "2026-11-22T00:00:00.000Z")
    assert look(node, one) == [Turn(4)]
    with node.store.read() as conn:
        (found,) = forks.everything(conn)
    assert (found.origin, found.index) == (one.scribe.origin, 3)


def test_another_root_of_the_same_or_a_smaller_size_is_a_fork(node):
    one, same, smaller = (
        Served(history(ROGUE, *lots(count, letter))) for count, letter in ((3, "A"), (3, "B"), (1, "C"))
    )
    assert look(node, one, same, smaller) == [Turn(4), Turn(forked=True), Turn(forked=True)]


def test_an_older_checkpoint_is_no_fork(node):
    whole = Served(history(ROGUE, *lots(3)))
    assert look(node, whole) == [Turn(4)]
    whole.size = 2
    assert look(node, whole) == ["log-shrank"]
    assert reached(node) == 4


def test_a_log_that_waits_for_its_witnesses_has_not_shrunk(node):
    """A node that asks more of its witnesses shows less for a while, and its own newest checkpoint beside that."""
    whole = Served(history(ROGUE, *lots(3)))
    assert look(node, whole) == [Turn(4)]
    whole.shown = 2
    assert look(node, whole) == [Turn()]
    assert reached(node) == 4


def test_only_what_the_policy_names_is_asked(node):
    whole = Served(history(ROGUE, "A-1"))

    async def stranger() -> None:
        peers = Peers(node.identity, lambda: node.policy, transport=whole)
        await Tail(node, peers, "stranger.example/log").look()

    with pytest.raises(LodetraceError):
        asyncio.run(stranger())
    assert whole.asked == []
