"""Every answer of the specification, in its order; and what is a fork, and what only looks like one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Forked, LodetraceError, Malformed
from ledger.forks import check_fork, fork_of_checkpoints
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint, add_signatures, open_checkpoint, sign_checkpoint
from ledger.log.merkle import EMPTY_ROOT, Tree, leaf_hash, proven_old_root
from ledger.log.notes import Ed25519Signer, sign_note
from ledger.log.witnessing import (
    MAX_BODY,
    Held,
    decide,
    format_request,
    format_size,
    open_request,
    parse_size,
    status_of,
)

ORIGIN = "longnan.example/log"
LOG = Ed25519Signer.from_seed(ORIGIN, b"\1" * 32)
STRANGER = Ed25519Signer.from_seed("stranger.example/log", b"\2" * 32)
TREE = Tree([leaf_hash(b"%d" % number) for number in range(40)])
OTHER = Tree([leaf_hash(b"other" if number == 4 else b"%d" % number) for number in range(40)])


def note(size, tree=TREE, signers=(LOG,), origin=ORIGIN):
    return sign_checkpoint(Checkpoint(origin, size, tree.root(size)), signers)


def held(size, tree=TREE):
    raw = note(size, tree)
    return Held(open_checkpoint(raw, LOG.verifier, ORIGIN), raw)


def asked(old, new, tree=TREE):
    return format_request(old, tree.prove_consistency(old, new) if old <= new else [], note(new, tree))


def answer(body, known=None):
    """The specification's status, with the error where there is one."""
    try:
        decide(open_request(body, {ORIGIN: LOG.verifier}.get), known)
    except LodetraceError as error:
        return status_of(error), error
    return 200, None


GOOD = asked(5, 9)
CONVERSATIONS = {
    "the first checkpoint": (asked(0, 9), None, 200),
    "an empty tree": (asked(0, 0), None, 200),
    "growth": (GOOD, held(5), 200),
    "growth of an empty tree": (asked(0, 9), held(0), 200),
    "the same again": (asked(9, 9), held(9), 200),
    "with signatures of others": (
        format_request(0, [], note(9, signers=(STRANGER, LOG))),
        None,
        200,
    ),
    "not of the form": (b"hello\n\n" + note(9), None, 400),
    "no checkpoint": (b"old 0\n\n", None, 400),
    "no empty line": (b"old 0\n" + note(9).replace(b"\n\n", b"\n"), None, 400),
    "a leading zero": (GOOD.replace(b"old 5", b"old 05"), held(5), 400),
    "a plus": (GOOD.replace(b"old 5", b"old +5"), held(5), 400),
    "a size beyond 63 bits": (GOOD.replace(b"old 5", b"old 9223372036854775808"), held(5), 400),
    "carriage returns": (GOOD.replace(b"old 5\n", b"old 5\r\n"), held(5), 400),
    "a short hash": (b"old 5\nAAAA\n\n" + note(9), held(5), 400),
    "sixty-four hashes": (b"old 5\n" + (b64(bytes(32)).encode() + b"\n") * 64 + b"\n" + note(9), held(5), 400),
    "too long": (GOOD + b"\n" * MAX_BODY, held(5), 400),
    "another log": (format_request(0, [], note(9, origin="stranger.example/log", signers=(STRANGER,))), None, 404),
    "another log, extended": (
        format_request(0, [], sign_note(f"stranger.example/log\n1\n{b64(EMPTY_ROOT)}\nmore\n", [STRANGER])),
        None,
        404,
    ),
    "signed by a stranger": (format_request(0, [], note(9, signers=(STRANGER,))), None, 403),
    "a bad signature of the log": (GOOD.replace(b"\n9\n", b"\n8\n"), held(5), 403),
    "forbidden before conflicting": (asked(9, 9).replace(b"\n9\n", b"\n8\n"), held(5), 403),
    "extension lines": (
        format_request(0, [], sign_note(f"{ORIGIN}\n1\n{b64(EMPTY_ROOT)}\nmore\n", [LOG])),
        None,
        400,
    ),
    "a size with a leading zero": (
        format_request(0, [], sign_note(f"{ORIGIN}\n01\n{b64(EMPTY_ROOT)}\n", [LOG])),
        None,
        400,
    ),
    "old above new": (asked(9, 5), held(9), 400),
    "old above new, and not what is held": (asked(9, 5), held(7), 400),
    "old below what is held": (asked(5, 9), held(7), 409),
    "old above what is held": (asked(5, 9), held(3), 409),
    "old where nothing is held": (asked(5, 9), None, 409),
    "a conflict before a bad proof": (format_request(5, [bytes(32)], note(9)), held(7), 409),
    "an empty tree of another root": (
        format_request(0, [], sign_note(f"{ORIGIN}\n0\n{b64(bytes(32))}\n", [LOG])),
        None,
        422,
    ),
    "a proof from nothing": (format_request(0, [bytes(32)], note(9)), None, 422),
    "no proof": (format_request(5, [], note(9)), held(5), 422),
    "a proof of the same": (format_request(9, [bytes(32)], note(9)), held(9), 422),
    "a bad proof": (format_request(5, [bytes(32)] * 4, note(9)), held(5), 422),
    "another root at the same size": (asked(9, 9, OTHER), held(9), 422),
    "another history": (asked(6, 9, OTHER), held(6), 422),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_each_conversation_has_its_status(name):
    body, known, status = CONVERSATIONS[name]
    assert answer(body, known)[0] == status


def test_a_conflict_tells_what_is_held():
    status, error = answer(asked(5, 9), held(7))
    assert (status, error.code, error.value) == (409, "witness-holds-other", 7)
    assert format_size(7) == b"7\n"
    assert parse_size(b"7\n") == 7
    for body in (b"7", b"07\n", b"7\n\n", b"-7\n", b" 7\n", b"", b"9223372036854775808\n", "\u0667\n".encode()):
        with pytest.raises(Malformed):
            parse_size(body)


@pytest.mark.parametrize(("size", "path"), [(9, 0), (6, 4)], ids=["same size", "grown"])
def test_two_histories_are_a_fork_with_both_as_evidence(size, path):
    _, error = answer(asked(size, 9, OTHER), held(size))
    assert isinstance(error, Forked)
    first, second, prefix, *hashes = error.evidence
    assert len(hashes) == path
    found = check_fork(fork_of_checkpoints(LOG.verifier, first, second, prefix, hashes))
    assert (found.log, found.kind, found.place, found.sizes) == (ORIGIN, "checkpoints", size, (size, 9))
    assert (found.first, found.second) == (TREE.root(size), OTHER.root(size))


def test_what_anybody_could_send_is_no_fork():
    """The log's own checkpoint with a wrong proof: no request is signed, so the proof is nobody's word."""
    for body in (format_request(6, [bytes(32)] * 4, note(9)), format_request(6, [], note(9)), asked(8, 9, OTHER)):
        status, error = answer(body, held(int(body.split()[1])))
        assert (status, error.code) == (422, "consistency-unproven")


def test_what_is_signed_is_printed_anew():
    """Lines of others do not come along, nor are they looked at."""
    noisy = add_signatures(note(9), [])
    noisy += "— somebody.example/x AAAAAAAA\n".encode() * 3
    assert open_request(format_request(0, [], noisy), {ORIGIN: LOG.verifier}.get).note == note(9)


@settings(deadline=None)
@given(st.data())
def test_an_old_root_is_proven_exactly_by_the_proof_from_there(data):
    new = data.draw(st.integers(2, 40))
    old = data.draw(st.integers(1, new - 1))
    proof = TREE.prove_consistency(old, new)
    shown = proven_old_root(proof, old, new, TREE.root(new))
    assert shown == (None if old & (old - 1) == 0 else TREE.root(old))
    assert proven_old_root(proof, old, new, EMPTY_ROOT) is None
    assert proven_old_root([*proof, bytes(32)], old, new, TREE.root(new)) is None


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_every_change_of_a_request_is_refused(at, byte):
    if GOOD[at] != byte:
        assert answer(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :], held(5))[0] in (400, 403, 404, 409, 422)
