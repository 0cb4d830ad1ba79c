import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log.canonical import b64, unb64
from ledger.log.checkpoints import (
    MAX_CHECKPOINT,
    MAX_SIZE,
    Checkpoint,
    add_signatures,
    claimed_origin,
    cosign,
    cosignatures,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.log.notes import (
    MAX_TIME,
    Ed25519Signer,
    SignatureLine,
    Verifier,
    cosigned_message,
    parse_note,
    sign_note,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "tlog_cosignature.json").read_text(encoding="utf-8"))
EXAMPLE, REAL = VECTORS["example"], VECTORS["real"]

ORIGIN = "longnan.example/log"
LOG = Ed25519Signer.from_seed(ORIGIN, b"\1" * 32)
WITNESS = Ed25519Signer.from_seed("xinfeng.example/witness", b"\2" * 32, 4)
OTHER = Ed25519Signer.from_seed("hub.example/mill-7/witness", b"\3" * 32, 4)
CHECKPOINT = Checkpoint(ORIGIN, 70_000, bytes(range(32)))
RAW = sign_checkpoint(CHECKPOINT, [LOG])
TIME = 1_795_305_600

ORIGINS = st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,5}){1,2}/[a-z0-9/-]{1,9}", fullmatch=True)


def test_the_example_of_the_specification():
    note = parse_note(EXAMPLE["note"].encode())
    expected = Checkpoint(EXAMPLE["origin"], EXAMPLE["size"], unb64(EXAMPLE["root"]))
    assert parse_checkpoint(note.text) == expected
    assert format_checkpoint(expected) == note.text
    assert claimed_origin(note.raw) == EXAMPLE["origin"]
    line = note.signatures[1]
    assert line.key_id.hex() == EXAMPLE["witness_key_id"]
    assert int.from_bytes(line.signature[:8], "big") == EXAMPLE["time"]
    assert len(line.signature) == 72
    assert cosigned_message(note.text, EXAMPLE["time"]) == EXAMPLE["message"].encode()


def test_a_real_checkpoint_and_its_witnesses():
    raw = REAL["note"].encode()
    log = Verifier.parse(REAL["log"])
    witnesses = [Verifier.parse(vkey) for vkey in REAL["witnesses"]]
    assert open_checkpoint(raw, log, REAL["origin"]) == Checkpoint(REAL["origin"], REAL["size"], unb64(REAL["root"]))
    assert set(cosignatures(raw, witnesses)) == {(witness, REAL["time"]) for witness in witnesses}
    assert len(cosignatures(raw, witnesses)) == 3
    assert cosignatures(raw, witnesses[:1]) == [(witnesses[0], REAL["time"])]
    changed = raw.replace(b"1432088532", b"1432088533")
    with pytest.raises(Unverified):
        open_checkpoint(changed, log, REAL["origin"])
    for witness in witnesses:
        with pytest.raises(Unverified):
            cosignatures(changed, [witness])


@given(ORIGINS, st.integers(0, MAX_SIZE), st.binary(min_size=32, max_size=32))
def test_round_trip(origin, size, root):
    checkpoint = Checkpoint(origin, size, root)
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@settings(deadline=None)
@given(ORIGINS, st.integers(0, MAX_SIZE), st.binary(min_size=32, max_size=32), st.integers(1, MAX_TIME))
def test_signed_and_cosigned(origin, size, root, time):
    checkpoint = Checkpoint(origin, size, root)
    log = Ed25519Signer.from_seed(origin, b"\1" * 32)
    raw = sign_checkpoint(checkpoint, [log])
    cosigned = add_signatures(raw, [cosign(raw, WITNESS, time)])
    for one in (raw, cosigned):
        assert open_checkpoint(one, log.verifier, origin) == checkpoint
    assert cosignatures(raw, [WITNESS.verifier]) == []
    assert cosignatures(cosigned, [WITNESS.verifier]) == [(WITNESS.verifier, time)]
    assert cosigned.startswith(raw)


ROOT = b64(bytes(32))
REFUSED = {
    "empty": "",
    "two lines": f"{ORIGIN}\n1\n",
    "no last line end": f"{ORIGIN}\n1\n{ROOT}",
    "extension line": f"{ORIGIN}\n1\n{ROOT}\nextension\n",
    "empty extension line": f"{ORIGIN}\n1\n{ROOT}\n\n",
    "no origin": f"\n1\n{ROOT}\n",
    "blank in the origin": f"lodetrace entry v1\n1\n{ROOT}\n",
    "no-break space in the origin": f"a\u00a0b\n1\n{ROOT}\n",
    "plus in the origin": f"a+b\n1\n{ROOT}\n",
    "origin of 256 bytes": f"{'é' * 128}\n1\n{ROOT}\n",
    "leading zero": f"{ORIGIN}\n01\n{ROOT}\n",
    "two zeros": f"{ORIGIN}\n00\n{ROOT}\n",
    "plus": f"{ORIGIN}\n+4\n{ROOT}\n",
    "minus": f"{ORIGIN}\n-1\n{ROOT}\n",
    "minus zero": f"{ORIGIN}\n-0\n{ROOT}\n",
    "blank before the size": f"{ORIGIN}\n 4\n{ROOT}\n",
    "blank after the size": f"{ORIGIN}\n4 \n{ROOT}\n",
    "underscore": f"{ORIGIN}\n1_0\n{ROOT}\n",
    "other digits": f"{ORIGIN}\n\u0664\n{ROOT}\n",
    "hexadecimal": f"{ORIGIN}\n0x4\n{ROOT}\n",
    "no size": f"{ORIGIN}\n\n{ROOT}\n",
    "2^63": f"{ORIGIN}\n{2**63}\n{ROOT}\n",
    "10^30": f"{ORIGIN}\n{10**30}\n{ROOT}\n",
    "root unpadded": f"{ORIGIN}\n1\n{ROOT[:-1]}\n",
    "root with spare bits": f"{ORIGIN}\n1\n{ROOT[:-2]}B=\n",
    "root too short": f"{ORIGIN}\n1\n{b64(bytes(31))}\n",
    "root too long": f"{ORIGIN}\n1\n{b64(bytes(33))}\n",
    "root in base64url": f"{ORIGIN}\n1\n" + b64(bytes([255]) * 32).replace("/", "_") + "\n",
    "carriage returns": f"{ORIGIN}\r\n1\r\n{ROOT}\r\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refuses(text):
    with pytest.raises(Malformed):
        parse_checkpoint(text)


def test_limits_are_inclusive():
    for text in (f"{'é' * 127}a\n0\n{ROOT}\n", f"a\n{2**63 - 1}\n{ROOT}\n"):
        assert format_checkpoint(parse_checkpoint(text)) == text


@pytest.mark.parametrize(
    "checkpoint",
    [Checkpoint(ORIGIN, -1, bytes(32)), Checkpoint(ORIGIN, 2**63, bytes(32)), Checkpoint(ORIGIN, 1, bytes(31))],
)
def test_formats_no_other_numbers(checkpoint):
    with pytest.raises(AssertionError):
        format_checkpoint(checkpoint)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "\ud800"])
def test_formats_no_other_origin(origin):
    with pytest.raises(Malformed):
        format_checkpoint(Checkpoint(origin, 1, bytes(32)))


def test_the_right_log_only():
    with pytest.raises(Unverified) as caught:
        open_checkpoint(RAW, LOG.verifier, "xinfeng.example/log")
    assert caught.value.code == "origin-differs"
    with pytest.raises(Unverified) as caught:
        open_checkpoint(RAW, Ed25519Signer.from_seed(ORIGIN, b"\7" * 32).verifier, ORIGIN)
    assert caught.value.code == "signature-missing"
    # the log's key under a witness's type, or a witness's signature, is not the log's
    with pytest.raises(Unverified):
        open_checkpoint(RAW, Ed25519Signer.from_seed(ORIGIN, b"\1" * 32, 4).verifier, ORIGIN)


def test_a_signed_text_of_another_kind_is_no_checkpoint():
    raw = sign_note("lodetrace entry v1\nlongnan.example/log\n41\n", [LOG])
    with pytest.raises(Malformed):
        open_checkpoint(raw, LOG.verifier, ORIGIN)
    with pytest.raises(Malformed):
        cosign(raw, WITNESS, TIME)
    with pytest.raises(Malformed):
        claimed_origin(raw)


def vouched(raw):
    """Signed by the log and cosigned by the witness, as its reader would ask."""
    try:
        checkpoint = open_checkpoint(raw, LOG.verifier, ORIGIN)
        return checkpoint, cosignatures(raw, [WITNESS.verifier])
    except LodetraceError:
        return None, []


def test_every_change_of_a_checkpoint_is_refused():
    raw = add_signatures(RAW, [cosign(RAW, WITNESS, TIME)])
    assert vouched(raw) == (CHECKPOINT, [(WITNESS.verifier, TIME)])
    for at, byte in enumerate(raw):
        changes = [
            raw[:at] + bytes([other]) + raw[at + 1 :] for other in {byte ^ 1, byte ^ 0x20, byte + 1, 10} - {byte}
        ]
        for change in [*changes, raw[:at] + raw[at + 1 :], raw[:at] + b"A" + raw[at:]]:
            checkpoint, cosigned = vouched(change)
            # Where the change makes the witness's line that of an unknown key, the log's signature stands alone.
            assert cosigned == []
            assert checkpoint is None or at > len(RAW)


def test_the_time_is_signed():
    line = cosign(RAW, WITNESS, TIME)
    for time in (0, TIME - 1, TIME + 1, 2**63, 2**64 - 1):
        later = SignatureLine(line.name, line.key_id, time.to_bytes(8, "big") + line.signature[8:])
        with pytest.raises(Unverified) as caught:
            cosignatures(add_signatures(RAW, [later]), [WITNESS.verifier])
        assert caught.value.code == "signature-bad"


def test_a_time_beyond_63_bits_is_refused_though_signed():
    key = WITNESS.verifier
    time = 2**63
    signature = WITNESS.sign(cosigned_message(format_checkpoint(CHECKPOINT), time))
    line = SignatureLine(key.name, key.key_id, time.to_bytes(8, "big") + signature)
    with pytest.raises(Unverified):
        cosignatures(add_signatures(RAW, [line]), [key])


def test_cosignatures_of_several():
    lines = [cosign(RAW, OTHER, TIME), cosign(RAW, WITNESS, TIME + 5), cosign(RAW, WITNESS, TIME + 3)]
    raw = add_signatures(RAW, lines)
    # in the order of the note; a witness that signed twice counts once, with its latest time
    assert cosignatures(raw, [WITNESS.verifier, OTHER.verifier]) == [
        (OTHER.verifier, TIME),
        (WITNESS.verifier, TIME + 5),
    ]
    assert cosignatures(raw, [LOG.verifier]) == []
    bad = SignatureLine(OTHER.verifier.name, OTHER.verifier.key_id, bytes(72))
    with pytest.raises(Unverified):
        cosignatures(add_signatures(raw, [bad]), [OTHER.verifier])
    assert cosignatures(add_signatures(raw, [bad]), [WITNESS.verifier]) == [(WITNESS.verifier, TIME + 5)]


def test_added_lines_are_not_repeated():
    line = cosign(RAW, WITNESS, TIME)
    raw = add_signatures(RAW, [line, line])
    assert raw == RAW + str(line).encode()
    assert add_signatures(raw, [line]) == raw
    assert add_signatures(raw, []) == raw


def test_cosigning_needs_a_cosigning_key_and_a_time():
    for signer, time in ((LOG, TIME), (WITNESS, 0), (WITNESS, -1), (WITNESS, 2**63)):
        with pytest.raises(AssertionError):
            cosign(RAW, signer, time)


def test_a_checkpoint_has_a_limit():
    raw = RAW + RAW.splitlines(keepends=True)[-1] * 99
    assert open_checkpoint(raw, LOG.verifier, ORIGIN) == CHECKPOINT
    long = RAW + SignatureLine("a", b"1234", bytes(MAX_CHECKPOINT)).__str__().encode()
    with pytest.raises(Malformed):
        open_checkpoint(long, LOG.verifier, ORIGIN)
