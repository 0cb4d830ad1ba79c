import pytest

from api.log import Cache
from ledger.entries import parse_entry
from ledger.log.checkpoints import open_checkpoint
from ledger.log.merkle import leaf_hash, root_of
from ledger.log.tiles import parse_bundle
from nodes.introductions import open_introduction
from nodes.node import Caller

REGISTER = {
    "product": "nd_oxide",
    "quantity": {"value": "1", "unit": "kg", "basis": "net"},
    "origin": {"class": "mined", "country": "CN"},
}
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture
def long(node):
    """The node with a log of 300 entries, one full tile and a part of one."""
    commands = [node.command("register", REGISTER, Caller("Li"), None) for _ in range(299)]
    for command in [node.sequencer.submit(command) for command in commands]:
        command.result()
    node.sequencer.stop()  # publishes the last checkpoint
    return node


def test_the_checkpoint_is_signed_and_covers_what_the_tiles_hold(client, long, token_of):
    answer = client.get("/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=2"
    checkpoint = open_checkpoint(answer.content, long.identity.log.verifier, "mine.example/log")
    assert checkpoint.size == 300

    full, part = client.get("/log/tile/0/000"), client.get("/log/tile/0/001.p/44")
    assert full.headers["cache-control"] == part.headers["cache-control"] == IMMUTABLE
    assert full.headers["content-type"] == "application/octet-stream"
    hashes = full.content + part.content
    leaves = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
    assert root_of(leaves) == checkpoint.root
    assert client.get("/log/tile/1/000.p/1").content == root_of(leaves[:256])

    viewer = token_of("viewer")
    bundles = [client.get(f"/log/tile/entries/{place}", headers=viewer) for place in ("000", "001.p/44")]
    entries = [entry for bundle in bundles for entry in parse_bundle(bundle.content)]
    assert [leaf_hash(entry) for entry in entries] == leaves
    assert [parse_entry(entry).index for entry in entries] == list(range(300))
    assert bundles[0].headers["cache-control"].startswith("private")


def test_a_part_of_a_full_tile_is_still_served(client, long):
    assert client.get("/log/tile/0/000.p/7").content == client.get("/log/tile/0/000").content[: 7 * 32]


def test_full_tiles_come_from_memory_the_second_time(client, long):
    first = client.get("/log/tile/0/000").content
    long.store.close()
    assert client.get("/log/tile/0/000").content == first
    assert client.get("/log/tile/0/001.p/44").status_code == 503


NOT_THERE = {
    "more than there is": "/log/tile/0/001.p/45",
    "a whole tile that is not full": "/log/tile/0/001",
    "a tile beyond the end": "/log/tile/0/002.p/1",
    "a level beyond the top": "/log/tile/2/000.p/1",
    "a far level": "/log/tile/63/000",
}


@pytest.mark.parametrize("path", NOT_THERE.values(), ids=NOT_THERE)
def test_what_is_not_in_the_log_yet_is_not_found(client, long, problem, path):
    problem(client.get(path), 404, "not-in-the-log-yet")


NO_PATHS = {
    "a number of two digits": "/log/tile/0/00",
    "a leading group of zeros": "/log/tile/0/x000/001",
    "a width of 256": "/log/tile/0/000.p/256",
    "a width of 0": "/log/tile/0/000.p/0",
    "a level of 64": "/log/tile/64/000",
    "a level with a sign": "/log/tile/-1/000",
    "no tile": "/log/tile/",
    "a path upwards": "/log/tile/0/../../000",
    "an escaped slash": "/log/tile/0/x001%2F000%2F",
    "a bundle on a level": "/log/tile/entries/0/000",
}


@pytest.mark.parametrize("path", NO_PATHS.values(), ids=NO_PATHS)
def test_what_is_no_path_is_not_found(client, problem, token_of, path):
    problem(client.get(path, headers=token_of("viewer")), 404, "route-unknown")


def test_entries_are_for_viewers(client, problem):
    problem(client.get("/log/tile/entries/000.p/1"), 401, "token-missing")


def test_nested_paths_are_read(client, problem):
    assert problem(client.get("/log/tile/0/x001/x234/067"), 404, "not-in-the-log-yet")["value"] == "tile 0/1234067"


def test_the_node_introduces_itself(client, node):
    answer = client.get("/.well-known/lodetrace.json")
    opened = open_introduction(answer.content, "mine.example", node.policy)
    assert opened.opened.scalar("log")["organisation"] == "信丰矿业"


def test_the_cache_keeps_what_is_final_and_was_used_last():
    made = []

    def make(path, *, final=True):
        def make():
            made.append(path)
            return path.encode() * 10, final

        return make

    cache = Cache(limit=25)
    for path in ("a", "b", "a", "c", "a", "b"):
        assert cache.get(path, make(path)) == path.encode() * 10
    assert made == ["a", "b", "c", "b"]
    assert cache.size == 20
    for _ in range(2):
        cache.get("part", make("part", final=False))
    assert made[-2:] == ["part", "part"]
    assert cache.get("large", make("large")) == b"large" * 10
    assert cache.size <= 25
