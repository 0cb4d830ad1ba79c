import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Unverified
from ledger.log.merkle import (
    EMPTY_ROOT,
    Tree,
    check_consistency,
    check_inclusion,
    leaf_hash,
    new_nodes,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root_at,
    root_of,
    sha256,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "rfc6962.json").read_text(encoding="utf-8"))
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots"]]
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in VECTORS["entries"]]
MANY = [leaf_hash(bytes([number])) for number in range(70)]


# The definitions of RFC 6962 section 2.1, word for word; nothing here is shared with the code under test.
def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(d):
    if not d:
        return hashlib.sha256(b"").digest()
    if len(d) == 1:
        return d[0]
    k = split(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m, d, whole):
    if m == len(d):
        return [] if whole else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], whole), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]  # noqa: FBT003 - the RFC's own b


class Store:
    """Rows as a node keeps them; refuses to be asked twice, or for what is not a complete node."""

    def __init__(self):
        self.rows = {}
        self.size = 0
        self.asked = 0

    def read(self, nodes):
        self.asked += 1
        assert nodes, "nothing is read for nothing"
        assert len(set(nodes)) == len(nodes)
        return [self.rows[node] for node in nodes]

    def append(self, leaves):
        made = new_nodes(self.size, leaves, self.read)
        for level, index, value in made:
            assert (level, index) not in self.rows
            self.rows[level, index] = value
        self.size += len(leaves)
        return made


def bits(value, bit):
    return bytes([value[0] ^ (1 << bit)]) + value[1:]


def accepts(check, arguments):
    try:
        check(*arguments)
    except Unverified:
        return False
    return True


def test_known_hashes():
    assert bytes.fromhex(VECTORS["empty_root"]) == EMPTY_ROOT == root_of([]) == Tree([]).root() == sha256(b"")
    assert leaf_hash(b"").hex() == VECTORS["empty_leaf"]
    assert leaf_hash(bytes.fromhex(VECTORS["leaf"]["entry"])).hex() == VECTORS["leaf"]["hash"]
    node = VECTORS["node"]
    assert node_hash(bytes.fromhex(node["left"]), bytes.fromhex(node["right"])).hex() == node["hash"]


def test_known_roots():
    for size, root in enumerate(ROOTS, 1):
        assert root_of(LEAVES[:size]) == Tree(LEAVES).root(size) == root


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda vector: f"{vector['index']} in {vector['size']}")
def test_known_inclusion_proofs_and_their_corruptions(vector):
    index, size = vector["index"], vector["size"]
    proof = [bytes.fromhex(one) for one in vector["proof"]]
    leaf, root = LEAVES[index], ROOTS[size - 1]
    assert Tree(LEAVES).prove_inclusion(index, size) == proof
    check_inclusion(proof, index, size, leaf, root)
    wrong = {
        "index - 1": (proof, index - 1, size, leaf, root),
        "index + 1": (proof, index + 1, size, leaf, root),
        "index ^ 2": (proof, index ^ 2, size, leaf, root),
        "size * 2": (proof, index, size * 2, leaf, root),
        "size // 2": (proof, index, size // 2, leaf, root),
        "wrong leaf": (proof, index, size, b"WrongLeaf", root),
        "empty root": (proof, index, size, leaf, EMPTY_ROOT),
        "random root": (proof, index, size, leaf, sha256(b"?")),
        "trailing garbage": ([*proof, b""], index, size, leaf, root),
        "trailing root": ([*proof, root], index, size, leaf, root),
        "preceding garbage": ([b"", *proof], index, size, leaf, root),
        "preceding root": ([root, *proof], index, size, leaf, root),
    }
    for at in range(len(proof)):
        wrong[f"modified {at}"] = ([*proof[:at], bits(proof[at], 3), *proof[at + 1 :]], index, size, leaf, root)
        wrong[f"shortened {at}"] = ([*proof[:at], proof[at][:-1], *proof[at + 1 :]], index, size, leaf, root)
    if proof:
        wrong["removed"] = (proof[:-1], index, size, leaf, root)
        wrong["inserted"] = ([proof[0], sha256(b"?"), *proof[1:]], index, size, leaf, root)
    assert {name: accepts(check_inclusion, arguments) for name, arguments in wrong.items()} == dict.fromkeys(
        wrong, False
    )


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda vector: f"{vector['old']} to {vector['new']}")
def test_known_consistency_proofs_and_their_corruptions(vector):
    old, new = vector["old"], vector["new"]
    proof = [bytes.fromhex(one) for one in vector["proof"]]
    old_root, new_root = ROOTS[old - 1], ROOTS[new - 1]
    assert Tree(LEAVES).prove_consistency(old, new) == proof
    check_consistency(proof, old, new, old_root, new_root)
    wrong = {
        "old - 1": (proof, old - 1, new, old_root, new_root),
        "old + 1": (proof, old + 1, new, old_root, new_root),
        "old ^ 2": (proof, old ^ 2, new, old_root, new_root),
        "new * 2": (proof, old, new * 2, old_root, new_root),
        "new // 2": (proof, old, new // 2, old_root, new_root),
        "wrong old root": (proof, old, new, b"WrongRoot", new_root),
        "wrong new root": (proof, old, new, old_root, b"WrongRoot"),
        "trailing garbage": ([*proof, b""], old, new, old_root, new_root),
        "trailing root": ([*proof, new_root], old, new, old_root, new_root),
        "preceding garbage": ([b"", *proof], old, new, old_root, new_root),
        "preceding old root": ([old_root, *proof], old, new, old_root, new_root),
        "preceding new root": ([new_root, *proof], old, new, old_root, new_root),
    }
    if proof:
        wrong["empty"] = ([], old, new, old_root, new_root)
        wrong["swapped roots"] = (proof, old, new, new_root, old_root)
        wrong["doubled first"] = ([proof[0], *proof], old, new, old_root, new_root)
        wrong["truncated"] = (proof[:-1], old, new, old_root, new_root)
    for at in range(len(proof)):
        wrong[f"modified {at}"] = ([*proof[:at], bits(proof[at], 4), *proof[at + 1 :]], old, new, old_root, new_root)
    assert {name: accepts(check_consistency, arguments) for name, arguments in wrong.items()} == dict.fromkeys(
        wrong, False
    )


def test_edges_of_the_verifiers():
    some = sha256(b"?")
    for index, size in ((0, 0), (1, 0), (2, 1), (-1, 1)):
        with pytest.raises(Unverified):
            check_inclusion([], index, size, some, EMPTY_ROOT)
    check_consistency([], 1, 1, some, some)
    for arguments in (
        ([], 0, 0, EMPTY_ROOT, EMPTY_ROOT),  # an empty tree says nothing of what follows it
        ([], 0, 1, EMPTY_ROOT, some),
        ([], -1, 1, some, some),
        ([], 2, 1, some, some),  # back in time
        ([], 1, 1, some, sha256(b"!")),
        ([some], 1, 1, some, some),
        ([], 1, 2, some, some),
        ([], 3, 5, some, some),
    ):
        with pytest.raises(Unverified):
            check_consistency(*arguments)


def test_hashes_cannot_be_cut_elsewhere():
    left, right = MANY[:2]
    root = node_hash(left, right)
    check_inclusion([right], 0, 2, left, root)
    with pytest.raises(Unverified):
        check_inclusion([right[1:]], 0, 2, left + right[:1], root)
    with pytest.raises(Unverified):
        check_consistency([right[1:]], 1, 2, left + right[:1], root)


def test_all_small_trees_against_the_definition():
    store = Store()
    for size in range(len(MANY) + 1):
        root = mth(MANY[:size])
        assert root_of(MANY[:size]) == root
        store.asked = 0
        assert root_at(size, store.read) == root
        assert store.asked <= 1
        for index in range(size):
            store.asked = 0
            proof = prove_inclusion(index, size, store.read)
            assert store.asked <= 1
            assert proof == path(index, MANY[:size])
            check_inclusion(proof, index, size, MANY[index], root)
            for other in {index - 1, index + 1, index ^ 2, size}:
                with pytest.raises(Unverified):
                    check_inclusion(proof, other, size, MANY[index], root)
        if size < len(MANY):
            store.append([MANY[size]])


def test_all_small_consistency_proofs_against_the_definition():
    store = Store()
    store.append(MANY[:40])
    roots = [mth(MANY[:size]) for size in range(41)]
    for new in range(41):
        assert prove_consistency(0, new, store.read) == []
        for old in range(1, new + 1):
            store.asked = 0
            proof = prove_consistency(old, new, store.read)
            assert store.asked <= 1
            assert proof == subproof(old, MANY[:new], True)  # noqa: FBT003 - the RFC's own b
            check_consistency(proof, old, new, roots[old], roots[new])
            for other in {old - 1, old + 1} - {new + 1}:
                with pytest.raises(Unverified):
                    check_consistency(proof, other, new, roots[old], roots[new])
                with pytest.raises(Unverified):
                    check_consistency(proof, other, new, roots[other], roots[new])
            fork = roots[old - 1]
            with pytest.raises(Unverified):
                check_consistency(proof, old, new, fork, roots[new])


def test_a_rewritten_log_has_no_consistency_proof():
    # neither side's proofs connect the old root to a tree in which an early leaf was changed
    forged = [*MANY[:3], leaf_hash(b"changed"), *MANY[4:20]]
    for proof in (Tree(MANY[:20]).prove_consistency(9), Tree(forged).prove_consistency(9)):
        with pytest.raises(Unverified) as caught:
            check_consistency(proof, 9, 20, Tree(MANY).root(9), Tree(forged).root())
        assert caught.value.code == "consistency-unproven"


def test_appending_in_any_pieces_makes_the_same_nodes():
    whole = {(level, index): value for level, index, value in new_nodes(0, MANY, Store().read)}
    for first in range(40):
        for second in range(first, 40):
            store = Store()
            store.append(MANY[:first])
            store.asked = 0
            made = store.append(MANY[first:second])
            assert store.asked <= 1
            assert made == sorted(made, key=lambda node: node[:2])
            store.append(MANY[second:])
            assert store.rows == whole
    for (level, index), value in whole.items():
        assert value == mth(MANY[index << level : (index + 1) << level])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 300), max_size=6), st.data())
def test_larger_trees(pieces, data):
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(sum(pieces))]
    store = Store()
    for piece in pieces:
        store.append(leaves[store.size : store.size + piece])
    assert root_at(store.size, store.read) == mth(leaves)
    if leaves:
        index = data.draw(st.integers(0, len(leaves) - 1))
        size = data.draw(st.integers(index + 1, len(leaves)))
        proof = prove_inclusion(index, size, store.read)
        assert proof == path(index, leaves[:size])
        check_inclusion(proof, index, size, leaves[index], mth(leaves[:size]))
        proof = prove_consistency(size, len(leaves), store.read)
        assert proof == subproof(size, leaves, True)  # noqa: FBT003 - the RFC's own b
        check_consistency(proof, size, len(leaves), mth(leaves[:size]), mth(leaves))


def test_mistakes_of_the_caller():
    tree = Tree(MANY[:5])
    for call in (
        lambda: tree.root(6),
        lambda: tree.prove_inclusion(5),
        lambda: tree.prove_inclusion(-1),
        lambda: tree.prove_inclusion(0, 6),
        lambda: tree.prove_consistency(4, 3),
        lambda: tree.prove_consistency(1, 6),
        lambda: new_nodes(0, [b"an entry, not its hash"], Store().read),
        lambda: prove_inclusion(0, 2, lambda nodes: []),
    ):
        with pytest.raises(AssertionError):
            call()
