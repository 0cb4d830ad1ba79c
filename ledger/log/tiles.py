"""Tiles, after https://c2sp.org/tlog-tiles: where a log's hashes and entries are served, and what is in them.

A tile of level l holds up to 256 neighbouring hashes of tree level 8 * l; a bundle holds the entries under a tile of
level 0. Full ones never change. A partial one belongs to the sizes at which it has just that width.

Promises: paths have one spelling, and only that is parsed; a bundle is taken apart without leftovers.
Does not check: that hashes and entries are the log's. Whoever fetches tiles rebuilds the root of a verified checkpoint.
"""

import re
from collections.abc import Sequence

from ledger.errors import Malformed
from ledger.log.merkle import root_of

WIDTH = 256
MAX_ENTRY = 65_535
MAX_INDEX = 10**18 - 1

_is_path = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
).fullmatch


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """`tile/0/x001/x234/067`, or `tile/0/x001/x234/067.p/8` for one of width 8. Relative to the log's prefix."""
    assert 0 <= level < 64, "tile levels are 0 to 63"
    return f"tile/{level}/{_number(index, width)}"


def parse_tile_path(path: str) -> tuple[int, int, int]:
    """Undo `tile_path`: level, index, width."""
    kind, index, width = _parse(path)
    if kind == "entries":
        raise Malformed("malformed", field="path", value=path, why="it is of a bundle of entries, not of a tile")
    return int(kind), index, width


def bundle_path(index: int, width: int = WIDTH) -> str:
    """`tile/entries/000`: the entries from index * 256 on."""
    return f"tile/entries/{_number(index, width)}"


def parse_bundle_path(path: str) -> tuple[int, int]:
    """Undo `bundle_path`: index, width."""
    kind, index, width = _parse(path)
    if kind != "entries":
        raise Malformed("malformed", field="path", value=path, why="it is of a tile, not of a bundle of entries")
    return index, width


def width_at(size: int, level: int, index: int) -> int:
    """How many hashes (or entries, on level 0) this tile has in a tree of `size`: 256 full, 0 if it is not there."""
    return max(0, min(WIDTH, (size >> 8 * level) - index * WIDTH))


def tile_nodes(level: int, index: int, width: int = WIDTH) -> list[tuple[int, int]]:
    """The complete nodes (as in merkle.py) whose hashes, one after the other, are this tile's bytes."""
    return [(8 * level, index * WIDTH + offset) for offset in range(width)]


def tile_of(level: int, index: int) -> tuple[int, int, int, int]:
    """Where a complete node stands: level and index of its tile, and which hashes in it (first, count) are below it."""
    height = level % 8
    first = index << height
    return level // 8, first // WIDTH, first % WIDTH, 1 << height


def node_in(tile: bytes, first: int, count: int) -> bytes:
    """The hash of the node over `count` hashes of a tile from `first` on, as `tile_of` says. Malformed if they are not
    all there.
    """
    hashes = [tile[at : at + 32] for at in range(32 * first, 32 * (first + count), 32)]
    if len(hashes[-1]) != 32:
        raise Malformed("malformed", field="tile", value=len(tile), why="it does not hold the hashes it should")
    return root_of(hashes)


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """Each entry behind its length in two bytes."""
    assert 0 < len(entries) <= WIDTH, "a bundle holds 1 to 256 entries"
    return b"".join([part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry)])


def parse_bundle(data: bytes) -> list[bytes]:
    """Undo `format_bundle`. The caller compares the number with the width it asked for."""
    entries = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data):
            raise Malformed("malformed", field="bundle", why="it ends inside an entry")
        entries.append(data[start:at])
    if not 0 < len(entries) <= WIDTH:
        raise Malformed("malformed", field="bundle", value=len(entries), why="a bundle holds 1 to 256 entries")
    return entries


def _number(index: int, width: int) -> str:
    assert 0 <= index <= MAX_INDEX, "no log is that long"
    assert 0 < width <= WIDTH, "empty tiles are not served"
    digits = str(index)
    digits = "0" * (-len(digits) % 3) + digits
    *high, low = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    partial = "" if width == WIDTH else f".p/{width}"
    return "".join(f"x{group}/" for group in high) + low + partial


def _parse(path: str) -> tuple[str, int, int]:
    match = _is_path(path)
    if match is not None:
        index, width = int(match[2].replace("x", "").replace("/", "")), int(match[3] or WIDTH)
        # The pattern lets pass what no formatter writes: leading groups of zeros, widths of 256 and more.
        if 0 < width <= WIDTH and path == f"tile/{match[1]}/{_number(index, width)}":
            return match[1], index, width
    raise Malformed("malformed", field="path", value=path, why="it is not the path of a tile")
