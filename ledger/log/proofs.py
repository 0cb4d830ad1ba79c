"""Proofs that stand alone, after https://c2sp.org/tlog-proof: an entry's index, its tree path, a checkpoint.

Promises: `parse_proof` accepts exactly what `format_proof` prints; `check_proof` believes nothing but the caller's
policy and the leaf hash the caller computed from the entry itself.
Does not check: what the entry says, who wrote it (entries.py), nor the `extra` bytes, which nobody has signed.
"""

import re
from dataclasses import dataclass

from ledger.errors import Malformed
from ledger.log.canonical import b64, unb64
from ledger.log.checkpoints import parse_checkpoint
from ledger.log.merkle import check_inclusion
from ledger.log.notes import parse_note
from ledger.log.trust import Policy, Trusted

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
MAX_INDEX = 2**63 - 1

_is_number = re.compile(r"0|[1-9][0-9]{0,18}").fullmatch


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof CLAIMS; nothing in it is verified before `check_proof`."""

    index: int
    hashes: tuple[bytes, ...]  # lowest first
    checkpoint: bytes  # the note, verbatim
    extra: bytes = b""


def format_proof(proof: Proof) -> bytes:
    assert 0 <= proof.index <= MAX_INDEX, "indices fit 63 bits"
    assert len(proof.hashes) <= MAX_HASHES, "no tree is that high"
    lines = [HEADER, f"index {proof.index}", *map(b64, proof.hashes), "", ""]
    if proof.extra:
        lines.insert(1, f"extra {b64(proof.extra)}")
    return "\n".join(lines).encode() + proof.checkpoint


def parse_proof(raw: bytes) -> Proof:
    """Undo `format_proof`, WITHOUT verifying. The checkpoint is checked for its form."""
    head, blank, checkpoint = raw.partition(b"\n\n")
    if not blank:
        raise Malformed("malformed", field="proof", why="it has no empty line before a checkpoint")
    try:
        header, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("malformed", field="proof", why="it is not ASCII above the checkpoint") from None
    if header != HEADER:
        raise Malformed("malformed", field="proof", value=header, why=f"its first line is not {HEADER}")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = unb64(lines.pop(0)[6:], field="proof.extra")
        if not extra:
            raise Malformed("malformed", field="proof.extra", why="an empty one is left out")
    word, _, number = (lines.pop(0) if lines else "").partition(" ")
    if word != "index" or not _is_number(number) or int(number) > MAX_INDEX:
        raise Malformed("malformed", field="proof", value=number, why="it has no line with its index")
    if len(lines) > MAX_HASHES:
        raise Malformed("malformed", field="proof", why=f"it has more than {MAX_HASHES} hashes")
    hashes = tuple([unb64(line, field="proof", size=32) for line in lines])
    parse_checkpoint(parse_note(checkpoint).text)
    return Proof(int(number), hashes, checkpoint, extra)


def check_proof(proof: Proof, leaf: bytes, policy: Policy) -> Trusted:
    """The checkpoint under which the leaf hash `leaf` is included at `proof.index`, trusted by `policy`."""
    trusted = policy.open_checkpoint(proof.checkpoint)
    check_inclusion(proof.hashes, proof.index, trusted.checkpoint.size, leaf, trusted.checkpoint.root)
    return trusted
