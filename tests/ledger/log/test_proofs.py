import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint, add_signatures, cosign, sign_checkpoint
from ledger.log.merkle import Tree, leaf_hash, sha256
from ledger.log.notes import Ed25519Signer
from ledger.log.proofs import MAX_HASHES, MAX_INDEX, Proof, check_proof, format_proof, parse_proof
from ledger.log.trust import Policy

FOLDER = Path(__file__).parents[2] / "vectors"
VECTORS = json.loads((FOLDER / "tlog_proof.json").read_text(encoding="utf-8"))
REAL = json.loads((FOLDER / "tlog_cosignature.json").read_text(encoding="utf-8"))["real"]

ORIGIN = "longnan.example/log"
LOG = Ed25519Signer.from_seed(ORIGIN, b"\1" * 32)
WITNESS = Ed25519Signer.from_seed("xinfeng.example/witness", b"\2" * 32, 4)
LEAVES = [leaf_hash(bytes([number])) for number in range(21)]
TREE = Tree(LEAVES)
POLICY = Policy.parse(f"log {LOG.verifier.vkey}\nwitness x {WITNESS.verifier.vkey}\nquorum x\n")


def checkpoint(size):
    raw = sign_checkpoint(Checkpoint(ORIGIN, size, TREE.root(size)), [LOG])
    return add_signatures(raw, [cosign(raw, WITNESS, 1_795_305_600)])


def prove(index, size, extra=b""):
    return Proof(index, tuple(TREE.prove_inclusion(index, size)), checkpoint(size), extra)


def test_the_example_of_the_specification():
    example = VECTORS["example"]
    raw = example["head"].encode() + REAL["note"].encode()
    proof = parse_proof(raw)
    assert proof.index == example["index"]
    assert [b64(one) for one in proof.hashes] == example["hashes"]
    assert b64(proof.extra) == "YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ"
    assert proof.checkpoint == REAL["note"].encode()
    assert format_proof(proof) == raw


@pytest.mark.parametrize("vector", VECTORS["formatted"], ids=lambda vector: str(vector["index"]))
def test_published_formatting(vector):
    hashes = tuple(sha256(text.encode()) for text in vector["hashes_of"])
    extra = vector["extra"].encode()
    lines = ["c2sp.org/tlog-proof@v1", *([f"extra {b64(extra)}"] if extra else []), f"index {vector['index']}"]
    expected = "\n".join([*lines, *map(b64, hashes), "", vector["checkpoint"]])
    assert format_proof(Proof(vector["index"], hashes, vector["checkpoint"].encode(), extra)) == expected.encode()


@pytest.mark.parametrize("text", VECTORS["refused"].values(), ids=VECTORS["refused"])
def test_published_bad_proofs_are_refused(text):
    with pytest.raises(Malformed):
        parse_proof(text.encode())
    # and not only for want of a real checkpoint
    with pytest.raises(Malformed):
        parse_proof(text.replace("checkpoint\n", checkpoint(3).decode()).encode())


HASH = b64(bytes(32))
HEADS = {
    "blank before the index": "index  1",
    "leading zero": "index 01",
    "plus": "index +1",
    "minus zero": "index -0",
    "too large": f"index {2**63}",
    "no number": "index ",
    "nothing": "",
    "index in capitals": "Index 1",
    "index twice": "index 1\nindex 1",
    "extra behind the index": f"index 1\nextra {HASH}",
    "extra twice": f"extra {HASH}\nextra {HASH}\nindex 1",
    "extra empty": "extra \nindex 1",
    "extra without blank": "extra\nindex 1",
    "extra unpadded": "extra QQ\nindex 1",
    "unpadded hash": f"index 1\n{HASH[:-1]}",
    "hash with spare bits": f"index 1\n{HASH[:-2]}B=",
    "hash too short": f"index 1\n{b64(bytes(31))}",
    "blank behind a hash": f"index 1\n{HASH} ",
    "not ASCII": "index \u0661",
    "carriage return": "index 1\r",
    "64 hashes": "index 1" + f"\n{HASH}" * 64,
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_refuses(head):
    good = f"c2sp.org/tlog-proof@v1\nindex 1\n{HASH}\n\n".encode() + checkpoint(3)
    assert format_proof(parse_proof(good)) == good
    with pytest.raises(Malformed):
        parse_proof(f"c2sp.org/tlog-proof@v1\n{head}\n\n".encode() + checkpoint(3))


@pytest.mark.parametrize("tail", [b"", b"\n", b"checkpoint\n", b"lodetrace entry v1\n\n\xe2\x80\x94 a QUFBQUE=\n"])
def test_refuses_what_is_no_checkpoint(tail):
    with pytest.raises(Malformed):
        parse_proof(b"c2sp.org/tlog-proof@v1\nindex 1\n\n" + tail)
    with pytest.raises(Malformed):
        parse_proof(b"c2sp.org/tlog-proof@v2\nindex 1\n\n" + checkpoint(3))


@settings(deadline=None)
@given(
    st.integers(0, MAX_INDEX),
    st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_HASHES),
    st.integers(1, len(LEAVES)),
    st.binary(max_size=40),
)
def test_round_trip(index, hashes, size, extra):
    proof = Proof(index, tuple(hashes), checkpoint(size), extra)
    assert parse_proof(format_proof(proof)) == proof


def test_every_small_proof_holds_for_its_own_leaf_only():
    for size in range(1, len(LEAVES) + 1):
        for index in range(size):
            proof = parse_proof(format_proof(prove(index, size)))
            trusted = check_proof(proof, LEAVES[index], POLICY)
            assert trusted.checkpoint == Checkpoint(ORIGIN, size, TREE.root(size))
            assert trusted.cosigned == ((WITNESS.verifier, 1_795_305_600),)
    proof = prove(5, 21)
    for index, leaf in enumerate(LEAVES):
        for other in range(22):
            if (index, other) != (5, 5):
                with pytest.raises(Unverified):
                    check_proof(dataclasses.replace(proof, index=other), leaf, POLICY)
    with pytest.raises(Unverified) as caught:
        check_proof(dataclasses.replace(proof, checkpoint=checkpoint(20)), LEAVES[5], POLICY)
    assert caught.value.code == "inclusion-unproven"


def test_every_change_of_a_proof_is_refused():
    raw = format_proof(prove(5, 13))
    assert check_proof(parse_proof(raw), LEAVES[5], POLICY).checkpoint.size == 13
    for at, byte in enumerate(raw):
        changes = [
            raw[:at] + bytes([other]) + raw[at + 1 :] for other in {byte ^ 1, byte ^ 0x20, byte + 1, 10} - {byte}
        ]
        for change in [*changes, raw[:at] + raw[at + 1 :], raw[:at] + b"A" + raw[at:]]:
            with pytest.raises(LodetraceError):
                check_proof(parse_proof(change), LEAVES[5], POLICY)


def test_extra_is_carried_and_not_believed():
    for extra in (b"", b"anything", bytes(300)):
        proof = parse_proof(format_proof(prove(2, 7, extra)))
        assert proof.extra == extra
        assert check_proof(proof, LEAVES[2], POLICY).checkpoint.size == 7


def test_the_readers_policy_decides():
    proof = prove(2, 7)
    stranger = Ed25519Signer.from_seed("y.example/witness", b"y" * 32, 4).verifier.vkey
    for text in ("quorum none\n", f"log {LOG.verifier.vkey}\nwitness y {stranger}\nquorum y\n"):
        with pytest.raises(Unverified):
            check_proof(proof, LEAVES[2], Policy.parse(text))
    with pytest.raises(Unverified):
        check_proof(proof, LEAVES[2], Policy())


def test_formats_only_what_it_could_parse():
    for proof in (Proof(-1, (), b""), Proof(2**63, (), b""), Proof(0, (bytes(32),) * 64, b"")):
        with pytest.raises(AssertionError):
            format_proof(proof)
