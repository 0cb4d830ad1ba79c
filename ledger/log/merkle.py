"""Merkle tree hashes and proofs, after https://www.rfc-editor.org/rfc/rfc6962#section-2.1 with SHA-256.

A tree of n leaves splits at the largest power of two below n; everything here follows from that one rule. What is
stored are the hashes of *complete* subtrees, named by (level, index): level 0 are leaf hashes, (l, i) covers the
leaves i * 2^l up to (i + 1) * 2^l. They never change once made, so they can be rows, files or tiles.

Promises: each function that needs stored hashes asks for all of them in one call of `read`. The verifier brings
index, sizes and roots; a proof is nothing but hashes, and each one must be used.
Does not check: that a root or a size is the log's (checkpoints.py), nor what `read` brings (a wrong stored hash
gives a wrong root, which the caller compares before signing). Asking for what a tree does not have, such as the
proof of a leaf beyond its size, is the caller's mistake and an AssertionError.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256 as _sha256
from typing import TypeAlias

from ledger.errors import Unverified

Read: TypeAlias = Callable[[Sequence[tuple[int, int]]], list[bytes]]

EMPTY_ROOT = _sha256(b"").digest()


def sha256(data: bytes) -> bytes:
    return _sha256(data).digest()


def leaf_hash(entry: bytes) -> bytes:
    """Of an entry's exact bytes."""
    return _sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\1" + left + right).digest()


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes held in memory."""
    return Tree(leaf_hashes).root()


def new_nodes(size: int, leaves: Sequence[bytes], read: Read) -> list[tuple[int, int, bytes]]:
    """Every complete node that appending the leaf hashes `leaves` to a tree of `size` leaves makes.

    As (level, index, hash), level 0 included, ordered by level and then index. `read` is asked at most once,
    for at most log2(size) nodes that were complete before.
    """
    end = size + len(leaves)
    # On each level at most one node of the old tree becomes a left child now: its last one, if it has no sibling yet.
    waiting = [
        (level, (size >> level) - 1)
        for level in range(size.bit_length())
        if size >> level & 1 and end >> level + 1 > size >> level + 1
    ]
    lefts = dict(zip(waiting, read(waiting), strict=True)) if waiting else {}
    made: list[tuple[int, int, bytes]] = []
    hashes = list(leaves)
    level, first = 0, size
    while hashes:
        assert all(len(one) == 32 for one in hashes), "leaves are leaf hashes, not entries"
        made.extend((level, index, one) for index, one in enumerate(hashes, first))
        if first & 1:
            hashes.insert(0, lefts[level, first - 1])
        # A last node without a sibling waits for a later call.
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        hashes = [_sha256(b"\1" + left + right).digest() for left, right in pairs]
        level, first = level + 1, first >> 1
    return made


def root_at(size: int, read: Read) -> bytes:
    """The root of the first `size` leaves."""
    if size == 0:
        return EMPTY_ROOT
    return _fold(read(_complete(0, size)))


def prove_inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """The siblings of leaf `index` on its way up to the root at `size`, lowest first (RFC 6962 PATH)."""
    assert 0 <= index < size, "no such leaf in a tree of this size"
    start, end = 0, size
    ranges = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return _read_ranges(ranges[::-1], read)


def check_inclusion(proof: Sequence[bytes], index: int, size: int, leaf: bytes, root: bytes) -> None:
    """Unverified unless `proof` leads from the leaf hash `leaf` at `index` to `root` at `size`."""
    if not 0 <= index < size:
        raise Unverified("inclusion-unproven", field="proof", value=index, size=size)
    # Up to the level where leaf and last leaf meet, either side is possible; above, the path follows the right
    # edge, where only left siblings exist: one for each bit of the index.
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count() or not _are_hashes(proof):
        raise Unverified("inclusion-unproven", field="proof", value=index, size=size)
    node = leaf
    for level, sibling in enumerate(proof):
        left = level >= inner or index >> level & 1
        node = node_hash(sibling, node) if left else node_hash(node, sibling)
    if node != root:
        raise Unverified("inclusion-unproven", field="proof", value=index, size=size)


def prove_consistency(old: int, new: int, read: Read) -> list[bytes]:
    """What it takes to make both roots, lowest first (RFC 6962 PROOF); empty for `old` 0 and for equal sizes."""
    assert 0 <= old <= new, "a log does not shrink"
    start, end = 0, new
    ranges = []
    while old not in (start, end):
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))  # the last part of the old tree; if it starts at 0, it is the old root itself
    return _read_ranges(ranges[::-1], read) if old else []


def check_consistency(proof: Sequence[bytes], old: int, new: int, old_root: bytes, new_root: bytes) -> None:
    """Unverified unless `proof` shows that the tree of `new` leaves begins with the tree of `old` leaves.

    `old` 0 is refused: an empty tree says nothing about what follows, so there is nothing to show.
    """
    failure = Unverified("consistency-unproven", field="proof", value=old, size=new)
    if not 0 < old <= new or not _are_hashes(proof):
        raise failure
    if old == new:
        if proof or old_root != new_root:
            raise failure
        return
    if _both_roots(proof, old, new, old_root) != (old_root, new_root):
        raise failure


def proven_old_root(proof: Sequence[bytes], old: int, new: int, new_root: bytes) -> bytes | None:
    """The root at size `old` of the tree with `new_root`, as far as `proof` shows one; None where it shows nothing.

    At a power of two the old root is not among the hashes of a proof, so nothing is shown there.
    """
    if not 0 < old < new or old & (old - 1) == 0 or not _are_hashes(proof):
        return None
    roots = _both_roots(proof, old, new, b"")
    return roots[0] if roots is not None and roots[1] == new_root else None


def _both_roots(proof: Sequence[bytes], old: int, new: int, old_root: bytes) -> tuple[bytes, bytes] | None:
    """The roots at sizes `old` and `new` that `proof` leads to, for 0 < old < new; None if it has another length."""
    # Start at the largest complete subtree that ends the old tree: `level` is its height.
    level = (old & -old).bit_length() - 1
    last = (old - 1) >> level
    inner = (last ^ ((new - 1) >> level)).bit_length()
    path = list(proof)
    if old != 1 << level:
        seed, path = (path[0], path[1:]) if path else (b"", path)
    else:
        seed = old_root  # a complete tree; its root is not repeated in the proof
    if not seed or len(path) != inner + (last >> inner).bit_count():
        return None
    old_node = new_node = seed
    for step, sibling in enumerate(path):
        if step >= inner or last >> step & 1:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
        else:
            new_node = node_hash(new_node, sibling)
    return old_node, new_node


class Tree:
    """A whole tree in memory, made once from leaf hashes: for the lists inside entries, and for tests."""

    __slots__ = ("_nodes", "size")

    def __init__(self, leaf_hashes: Iterable[bytes]) -> None:
        leaves = list(leaf_hashes)
        self.size = len(leaves)
        self._nodes = {(level, index): one for level, index, one in new_nodes(0, leaves, self._read)}

    def root(self, size: int | None = None) -> bytes:
        return root_at(self.size if size is None else self._at_most(size), self._read)

    def prove_inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        return prove_inclusion(index, self.size if size is None else self._at_most(size), self._read)

    def prove_consistency(self, old: int, new: int | None = None) -> list[bytes]:
        return prove_consistency(old, self.size if new is None else self._at_most(new), self._read)

    def _read(self, nodes: Sequence[tuple[int, int]]) -> list[bytes]:
        return [self._nodes[node] for node in nodes]

    def _at_most(self, size: int) -> int:
        assert 0 <= size <= self.size, "the tree is not that large"
        return size


def _split(count: int) -> int:
    """The largest power of two below `count`, for `count` > 1."""
    return 1 << (count - 1).bit_length() - 1


def _complete(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees that make up leaves `start` to `end`, left to right, for a range the split rule makes."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees of falling size: the right-hand parts are joined first."""
    node = hashes[-1]
    for left in hashes[-2::-1]:
        node = node_hash(left, node)
    return node


def _read_ranges(ranges: Sequence[tuple[int, int]], read: Read) -> list[bytes]:
    parts = [_complete(start, end) for start, end in ranges]
    wanted = [node for part in parts for node in part]
    found = read(wanted) if wanted else []
    assert len(found) == len(wanted), "read brings one hash for each node asked for"
    hashes = iter(found)
    return [_fold([next(hashes) for _ in part]) for part in parts]


def _are_hashes(proof: Sequence[bytes]) -> bool:
    return all(len(one) == 32 for one in proof)
