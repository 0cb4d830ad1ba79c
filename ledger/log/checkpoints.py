"""Checkpoints, after https://c2sp.org/tlog-checkpoint, and cosignatures, after https://c2sp.org/tlog-cosignature.

A checkpoint is a signed note of three lines: the log's origin, its size, its root. Its cosignatures are further
signature lines on the same note, each with the time at which a witness vouched for it.

Promises: `parse_checkpoint` accepts exactly what `format_checkpoint` prints, which excludes extension lines: nobody
monitors them. `open_checkpoint` and `cosignatures` return verified values only.
Does not check: consistency with what was signed before (merkle.check_consistency, by the log before it signs and by
the witness before it cosigns), nor how many witnesses are enough (trust.py), nor whether a time is plausible.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.errors import Malformed, Unverified
from ledger.log.canonical import b64, unb64
from ledger.log.notes import (
    COSIGNATURES,
    MAX_TIME,
    MLDSA_COSIGNATURE,
    SignatureLine,
    Signer,
    Verifier,
    format_note,
    open_note,
    parse_note,
    sign_note,
)

MAX_SIZE = 2**63 - 1
MAX_CHECKPOINT = 1 << 17
MAX_ORIGIN = 255

_not_in_origin = re.compile(r"[\s+\x00-\x1f\ud800-\udfff]").search
_is_number = re.compile(r"0|[1-9][0-9]{0,18}").fullmatch


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's claim, or promise once signed: its first `size` entries have the tree hash `root`."""

    origin: str
    size: int
    root: bytes  # 32 bytes


def format_checkpoint(checkpoint: Checkpoint) -> str:
    assert 0 <= checkpoint.size <= MAX_SIZE, "sizes fit 63 bits"
    assert len(checkpoint.root) == 32, "a root is a SHA-256 hash"
    _check_origin(checkpoint.origin)
    return f"{checkpoint.origin}\n{checkpoint.size}\n{b64(checkpoint.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Undo `format_checkpoint`, WITHOUT verifying: `text` is that of a note somebody opened, or a mere claim."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("malformed", field="checkpoint", why="it is not three lines: origin, size, root")
    origin, size, root = lines[:3]
    _check_origin(origin)
    if not _is_number(size) or int(size) > MAX_SIZE:
        raise Malformed("malformed", field="checkpoint", value=size, why="its size is not a decimal number below 2^63")
    return Checkpoint(origin, int(size), unb64(root, field="checkpoint", size=32))


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[Signer]) -> bytes:
    """The log's own signatures. The caller has compared with what it signed before: this cannot be taken back."""
    return sign_note(format_checkpoint(checkpoint), signers)


def open_checkpoint(raw: bytes, log: Verifier, origin: str) -> Checkpoint:
    """The checkpoint of the log `origin`, if `log` signed it. Cosignatures are left to `cosignatures`."""
    checkpoint = parse_checkpoint(open_note(parse_note(raw, limit=MAX_CHECKPOINT), [log]).text)
    if checkpoint.origin != origin:
        raise Unverified("origin-differs", field="checkpoint", value=checkpoint.origin, expected=origin)
    return checkpoint


def cosign(raw: bytes, signer: Signer, time: int) -> SignatureLine:
    """The witness's line for the checkpoint note `raw`, at `time` in POSIX seconds.

    What is signed is re-printed from what was parsed, so that nobody can have the two read differently. The caller
    has opened `raw`, and checked and stored that it is consistent with the largest it ever cosigned for this log.
    """
    key = signer.verifier
    assert key.algorithm in COSIGNATURES, "a key of type 1 signs no time"
    assert 0 < time <= MAX_TIME, "POSIX seconds"
    message = key.cosigned(format_checkpoint(parse_checkpoint(parse_note(raw, limit=MAX_CHECKPOINT).text)), time)
    assert message is not None, "every checkpoint of ours has a message for every kind of key"
    return SignatureLine(key.name, key.key_id, time.to_bytes(8, "big") + signer.sign(message))


def cosignatures(raw: bytes, verifiers: Sequence[Verifier]) -> list[tuple[Verifier, int]]:
    """Which of the witnesses `verifiers` cosigned the checkpoint note `raw`, and when. May be none.

    One line of theirs that does not hold spoils the note, as notes.open_note says. A witness that signed several
    times counts with its latest time; one of type 6 that signed at time 0 has not said that this is the largest.
    """
    note = parse_note(raw, limit=MAX_CHECKPOINT)
    parse_checkpoint(note.text)
    keys = {(key.name, key.key_id) for key in verifiers if key.algorithm in COSIGNATURES}
    if not any(line.place in keys for line in note.signatures):
        return []
    opened = open_note(note, [key for key in verifiers if key.algorithm in COSIGNATURES])
    times = [
        max(int.from_bytes(line.signature[:8], "big") for line in note.signatures if _is_of(line, key))
        for key in opened.verified
    ]
    found = zip(opened.verified, times, strict=True)
    return [(key, time) for key, time in found if time or key.algorithm != MLDSA_COSIGNATURE]


def add_signatures(raw: bytes, lines: Iterable[SignatureLine]) -> bytes:
    """The note `raw` with further lines below its own, bytes before them unchanged; lines it has are not repeated."""
    note = parse_note(raw, limit=MAX_CHECKPOINT)
    fresh = [line for line in dict.fromkeys(lines) if line not in note.signatures]
    return raw + "".join(map(str, fresh)).encode()


def renew_signatures(raw: bytes, lines: Sequence[SignatureLine]) -> bytes:
    """The note `raw` with `lines` in place of what the same keys signed before: a cosignature of a later time."""
    note = parse_note(raw, limit=MAX_CHECKPOINT)
    renewed = {line.place for line in lines}
    return format_note(note.text, [*(line for line in note.signatures if line.place not in renewed), *lines])


def only_signatures_of(raw: bytes, *logs: Verifier) -> bytes:
    """The note `raw` with the lines of the keys `logs` alone, of which there must be some: what a witness is asked."""
    note = parse_note(raw, limit=MAX_CHECKPOINT)
    return format_note(note.text, [line for line in note.signatures if any(_is_of(line, log) for log in logs)])


def claimed(raw: bytes) -> Checkpoint:
    """What a checkpoint note CLAIMS, unverified: to choose the key it must then be opened with."""
    return parse_checkpoint(parse_note(raw, limit=MAX_CHECKPOINT).text)


def claimed_origin(raw: bytes) -> str:
    """The origin a checkpoint note CLAIMS, unverified."""
    return claimed(raw).origin


def _is_of(line: SignatureLine, key: Verifier) -> bool:
    return line.place == (key.name, key.key_id)


def _check_origin(origin: str) -> None:
    # The specification leaves origins open; a blank in one is refused here because our own notes (entries, labels)
    # have blanks in their first line, which is what keeps them from passing as checkpoints.
    if not origin or _not_in_origin(origin) or len(origin.encode()) > MAX_ORIGIN:
        why = f"an origin has 1 to {MAX_ORIGIN} bytes, no blank and no plus"
        raise Malformed("malformed", field="checkpoint", value=origin, why=why)
