import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Malformed
from ledger.log.merkle import leaf_hash, new_nodes, root_of
from ledger.log.tiles import (
    MAX_ENTRY,
    MAX_INDEX,
    bundle_path,
    format_bundle,
    parse_bundle,
    parse_bundle_path,
    parse_tile_path,
    tile_nodes,
    tile_path,
    width_at,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "tlog_tiles.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS["tiles"], ids=lambda vector: vector["path"])
def test_published_tile_paths(vector):
    place = vector["level"], vector["index"], vector["width"]
    assert tile_path(*place) == vector["path"]
    assert parse_tile_path(vector["path"]) == place
    with pytest.raises(Malformed):
        parse_bundle_path(vector["path"])


@pytest.mark.parametrize("vector", VECTORS["bundles"], ids=lambda vector: vector["path"])
def test_published_bundle_paths(vector):
    place = vector["index"], vector["width"]
    assert bundle_path(*place) == vector["path"]
    assert parse_bundle_path(vector["path"]) == place
    with pytest.raises(Malformed):
        parse_tile_path(vector["path"])


OURS = [
    "",
    "tile/0/000/",
    "/tile/0/000",
    "tile/00/000",
    "tile/01/000",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/x000/000",
    "tile/0/x000/x001/000",
    "tile/0/X001/000",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/+1",
    "tile/0/000.p/300",
    "tile/0/000.P/1",
    "tile/0/000\n",
    "tile/0/000?x",
    "tile/0/\u0661\u0661\u0661",
    "tile/0/x001/x000/x000/x000/x000/x000/000",
    "tile/entries/0/000",
    "checkpoint",
]


@pytest.mark.parametrize("path", VECTORS["refused"] + OURS)
def test_refuses(path):
    for parse in (parse_tile_path, parse_bundle_path):
        with pytest.raises(Malformed):
            parse(path)


@given(st.integers(0, 63), st.integers(0, MAX_INDEX), st.integers(1, 256))
def test_path_round_trip(level, index, width):
    assert parse_tile_path(tile_path(level, index, width)) == (level, index, width)
    assert parse_bundle_path(bundle_path(index, width)) == (index, width)


@given(st.text(alphabet="tile/nrsx0123456789.p-", max_size=30))
def test_what_parses_prints_the_same(rest):
    for path in (rest, f"tile/{rest}", f"tile/0/{rest}", f"tile/0/x001/{rest}"):
        try:
            place = parse_tile_path(path)
        except Malformed:
            continue
        assert tile_path(*place) == path


@pytest.mark.parametrize("vector", VECTORS["widths"], ids=lambda vector: f"{vector['size']} level {vector['level']}")
def test_the_tiles_of_a_size(vector):
    size, level, full = vector["size"], vector["level"], vector["full"]
    for index in {0, full // 2, full - 1} - {full, -1}:
        assert width_at(size, level, index) == 256
    assert width_at(size, level, full) == vector["partial"]
    assert width_at(size, level, full + 1) == 0


def test_tiles_rebuild_the_tree():
    # 70,000 leaves: levels 0, 1 and 2; every node a tile names exists, and each level hashes into the next
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
    nodes = {(level, index): value for level, index, value in new_nodes(0, leaves, lambda wanted: [])}

    def read(level, index):
        return [nodes[node] for node in tile_nodes(level, index, width_at(70_000, level, index))]

    assert read(0, 273) == leaves[273 * 256 :]
    assert len(read(1, 1)) == 17
    assert [root_of(read(0, index)) for index in range(256)] == read(1, 0)
    assert root_of(read(1, 0)) == read(2, 0)[0]
    assert width_at(70_000, 3, 0) == 0


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=256))
def test_bundle_round_trip(entries):
    assert parse_bundle(format_bundle(entries)) == entries


@given(st.binary(max_size=40))
def test_what_parses_as_a_bundle_prints_the_same(data):
    try:
        entries = parse_bundle(data)
    except Malformed:
        return
    assert format_bundle(entries) == data


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1", b"\0\2a", b"\0\1a\0", b"\0\1a\0\2b", b"\0\0" * 257])
def test_bundles_refused(data):
    with pytest.raises(Malformed):
        parse_bundle(data)


def test_bundle_limits():
    longest = b"x" * MAX_ENTRY
    assert parse_bundle(format_bundle([longest, b""])) == [longest, b""]
    assert format_bundle([b"ab", b"c"]) == b"\0\2ab\0\1c"
    for entries in ([], [b""] * 257):
        with pytest.raises(AssertionError):
            format_bundle(entries)
    for call in (lambda: tile_path(64, 0), lambda: tile_path(0, -1), lambda: tile_path(0, 0, 0)):
        with pytest.raises(AssertionError):
            call()
