"""What a witness decides, after https://c2sp.org/tlog-witness: may this checkpoint be cosigned?

    open_request(body, keys)     400, 404, 403: what was asked, of a log that is known, in that log's own words
    decide(asked, held)          400, 409, 422: whether it only adds to the largest that was cosigned before

Each refusal is an error; `status_of` is the specification's status for it. The checks stand in the specification's
order. Promises: an accepted checkpoint was signed by its log, and is shown to begin with the one that was held.
Two signed checkpoints that no one log can have are Forked, with both of them as evidence; a proof that merely does
not hold is not, for anybody can send one.
Does not check: the time, nor that what is held is the newest: nodes/witness.py asks and stores in one transaction.
Narrower than the specification: extension lines are refused, since nobody looks at them; so is more than 128 KiB.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ledger.errors import Conflict, Forked, LodetraceError, Malformed, Refusal, Unknown, Unverified
from ledger.log.canonical import b64, unb64
from ledger.log.checkpoints import MAX_CHECKPOINT, MAX_ORIGIN, MAX_SIZE, Checkpoint, only_signatures_of, open_checkpoint
from ledger.log.merkle import EMPTY_ROOT, check_consistency, proven_old_root
from ledger.log.notes import Verifier, parse_note

MAX_BODY = 1 << 17
MAX_PROOF = 63
SIZE_TYPE = "text/x.tlog.size"
_STATUS = {Malformed: 400, Unknown: 404, Conflict: 409, Forked: 422, Refusal: 422, Unverified: 422}
_FORBIDDEN = frozenset({"signature-missing", "signature-bad"})

_is_number = re.compile(r"0|[1-9][0-9]{0,18}").fullmatch
_is_size_answer = re.compile(rb"(0|[1-9][0-9]{0,18})\n").fullmatch


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a known log. `note` is the checkpoint with the lines of that log's key alone."""

    old: int
    proof: tuple[bytes, ...] = field(repr=False)
    checkpoint: Checkpoint
    note: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """The largest checkpoint of a log that was cosigned here; of a log that never asked, there is none."""

    checkpoint: Checkpoint
    note: bytes = field(repr=False)


def format_request(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body of `add-checkpoint`: the size that the witness holds, the proof from there, the checkpoint note."""
    assert 0 <= old <= MAX_SIZE, "sizes fit 63 bits"
    assert len(proof) <= MAX_PROOF, "no tree is that high"
    return "".join([f"old {old}\n", *(f"{b64(node)}\n" for node in proof), "\n"]).encode() + note


def open_request(body: bytes, key_of: Callable[[str], Verifier | None]) -> Asked:
    """Undo `format_request`. `key_of` gives the key of a log that is witnessed here, by its origin."""
    if len(body) > MAX_BODY:
        raise Malformed("malformed", field="add-checkpoint", why=f"it is longer than {MAX_BODY} bytes")
    head, blank, note = body.partition(b"\n\n")
    if not blank:
        raise Malformed("malformed", field="add-checkpoint", why="it has no empty line before a checkpoint")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("malformed", field="add-checkpoint", why="it is not ASCII above the checkpoint") from None
    old = first.removeprefix("old ")
    if old == first or not _is_number(old) or int(old) > MAX_SIZE:
        raise Malformed("malformed", field="add-checkpoint", value=first, why="its first line is not old <size>")
    if len(lines) > MAX_PROOF:
        raise Malformed("malformed", field="add-checkpoint", why=f"it has more than {MAX_PROOF} hashes")
    proof = tuple([unb64(line, field="add-checkpoint", size=32) for line in lines])
    # The origin as claimed, for the key; only what that key has signed is read any further.
    origin = parse_note(note, limit=MAX_CHECKPOINT).text.partition("\n")[0]
    log = key_of(origin)
    if log is None:
        raise Unknown("log-not-witnessed", field="checkpoint", value=origin)
    checkpoint = open_checkpoint(note, log, origin)
    return Asked(int(old), proof, checkpoint, only_signatures_of(note, log))


def claimed_log(body: bytes) -> str:
    """The log that a request CLAIMS to be of, unverified; "" where it names none. To count requests by."""
    line = body.partition(b"\n\n")[2][: MAX_ORIGIN + 1].partition(b"\n")[0]
    return line.decode(errors="replace")


def decide(asked: Asked, held: Held | None) -> None:
    """Returns if the checkpoint may be cosigned, once it has taken the place of `held`."""
    new = asked.checkpoint
    if asked.old > new.size:
        raise Malformed("malformed", field="add-checkpoint", value=asked.old, why=f"old is more than {new.size}")
    size = 0 if held is None else held.checkpoint.size
    if asked.old != size:
        raise Conflict("witness-holds-other", field="add-checkpoint", value=size, old=asked.old, log=new.origin)
    if new.size == 0 and new.root != EMPTY_ROOT:
        raise Unverified("consistency-unproven", field="checkpoint", value=size, size=new.size)
    if held is None or size == 0:
        if asked.proof:
            raise Unverified("consistency-unproven", field="proof", value=size, size=new.size)
        return
    if new.size == size and new.root != held.checkpoint.root:
        raise _forked(asked, held, new.root, ())
    try:
        check_consistency(asked.proof, size, new.size, held.checkpoint.root, new.root)
    except Unverified:
        prefix = proven_old_root(asked.proof, size, new.size, new.root)
        if prefix is not None and prefix != held.checkpoint.root:
            raise _forked(asked, held, prefix, asked.proof) from None
        raise


def status_of(error: LodetraceError) -> int:
    """The specification's status for what `open_request` and `decide` raise."""
    return 403 if error.code in _FORBIDDEN else _STATUS[type(error)]


def format_size(size: int) -> bytes:
    """The body of a 409, of type `SIZE_TYPE`: what the witness holds."""
    return b"%d\n" % size


def parse_size(body: bytes) -> int:
    """Undo `format_size`."""
    match = _is_size_answer(body)
    if match is None or int(match[1]) > MAX_SIZE:
        raise Malformed("malformed", field="tree size", why="it is not one number and a line end")
    return int(match[1])


def _forked(asked: Asked, held: Held, prefix: bytes, path: Sequence[bytes]) -> Forked:
    """Two checkpoints under one key: the new one's tree has, at the size of the one held, another root, `prefix`, which
    `path` proves. All of that is the evidence, in this order.
    """
    evidence = held.note, asked.note, prefix, *path
    return Forked(
        "fork", evidence=evidence, field="checkpoint", value=held.checkpoint.size, log=asked.checkpoint.origin
    )
