"""Cosignatures of type 6, ML-DSA-44: what exactly is signed, whose word counts, and what fails closed."""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger.errors import Malformed, Unverified
from ledger.log import notes
from ledger.log.checkpoints import Checkpoint, add_signatures, cosign, cosignatures, renew_signatures, sign_checkpoint
from ledger.log.notes import Ed25519Signer, MldsaSigner, SignatureLine, Verifier, open_note, parse_note, subtree_message
from ledger.log.trust import Policy

PUBLISHED = json.loads((Path(__file__).parents[2] / "vectors" / "tlog_cosignature.json").read_text(encoding="utf-8"))[
    "mldsa"
]
ORIGIN, TIME = "longnan.example/log", 1_795_305_600
LOG = Ed25519Signer.from_seed(ORIGIN, b"\1" * 32)
CHECKPOINT = Checkpoint(ORIGIN, 7, bytes(range(32)))
RAW = sign_checkpoint(CHECKPOINT, [LOG])


def mldsa(seed=1, name="w.example/witness"):
    return MldsaSigner.from_seed(name, bytes([seed]) * 32)


def ed25519(seed=2, name="w.example/witness"):
    return Ed25519Signer.from_seed(name, bytes([seed]) * 32, 4)


WITNESS = mldsa()


def test_a_published_signature_holds_and_each_change_of_it_does_not():
    key = Verifier.parse(PUBLISHED["vkey"])
    assert (key.algorithm, len(key.public), key.vkey) == (6, 1312, PUBLISHED["vkey"])
    raw = PUBLISHED["note"].encode()
    assert open_note(raw, [key]).verified == (key,)
    blob = parse_note(raw).signatures[0].signature
    text = parse_note(raw).text
    assert key.signed_by(text, blob)
    for at in (0, 7, 8, 1000, len(blob) - 1):
        assert not key.signed_by(text, blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :])
    for other in (text.replace("\n1\n", "\n2\n"), text.replace("mldsa-log", "mldsa-lo"), f"{text}more\n"):
        assert not key.signed_by(other, blob)


def test_a_signature_at_time_0_says_nothing_of_the_largest():
    assert cosignatures(PUBLISHED["note"].encode(), [Verifier.parse(PUBLISHED["vkey"])]) == []


def test_what_is_signed_byte_for_byte():
    message = subtree_message("w.example/witness", TIME, ORIGIN, 0, 7, bytes(range(32)))
    assert message == b"".join(
        [
            b"subtree/v1\n\0",
            b"\x11w.example/witness",
            bytes.fromhex("000000006b023080"),
            b"\x13longnan.example/log",
            bytes(8),
            bytes.fromhex("0000000000000007"),
            bytes(range(32)),
        ]
    )
    assert WITNESS.verifier.cosigned(parse_note(RAW).text, TIME) == message
    line = cosign(RAW, WITNESS, TIME)
    assert (len(line.signature), line.signature[:8]) == (8 + 2420, TIME.to_bytes(8, "big"))
    assert WITNESS.verifier.verify(message, line.signature[8:])


def test_both_kinds_on_one_checkpoint():
    both = [ed25519(), WITNESS]
    raw = add_signatures(RAW, [cosign(RAW, one, TIME) for one in both])
    keys = [one.verifier for one in both]
    assert cosignatures(raw, keys) == [(key, TIME) for key in keys]
    other = mldsa(3, "w.example/witness").verifier
    assert cosignatures(raw, [other]) == []
    bad = SignatureLine(WITNESS.verifier.name, WITNESS.verifier.key_id, cosign(RAW, mldsa(3), TIME).signature)
    with pytest.raises(Unverified, match="was changed"):
        cosignatures(add_signatures(RAW, [bad]), keys)


def test_a_later_cosignature_takes_the_place_of_the_earlier_one():
    first = add_signatures(RAW, [cosign(RAW, ed25519(), TIME), cosign(RAW, WITNESS, TIME)])
    renewed = renew_signatures(first, [cosign(RAW, WITNESS, TIME + 60)])
    assert [line.name for line in parse_note(renewed).signatures] == [ORIGIN, "w.example/witness", "w.example/witness"]
    assert dict(cosignatures(renewed, [WITNESS.verifier, ed25519().verifier])) == {
        WITNESS.verifier: TIME + 60,
        ed25519().verifier: TIME,
    }


def test_key_files():
    seed = bytes(range(32))
    key = MLDSA44PrivateKey.from_seed_bytes(seed)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    read = MldsaSigner.from_pkcs8("w.example/witness", pem)
    assert read.verifier == MldsaSigner.from_seed("w.example/witness", seed).verifier
    assert Verifier.parse(read.verifier.vkey) == read.verifier
    assert "Mldsa" in repr(read)
    with pytest.raises(Malformed, match="not an Ed25519 key"):
        Ed25519Signer.from_pkcs8("w.example/witness", pem)
    with pytest.raises(Malformed, match="cannot be read"):
        MldsaSigner.from_pkcs8("w.example/witness", b"x")


def test_a_key_of_another_length_is_refused():
    for public in (WITNESS.verifier.public[:-1], bytes(32)):
        with pytest.raises(Malformed, match="1312 bytes"):
            Verifier.from_public("w.example/witness", public, 6)


def test_without_support_nobody_is_trusted(monkeypatch):
    """An installation that cannot check type 6 refuses a policy that rests on it, and does not pass its line over."""

    class Without:
        @staticmethod
        def from_public_bytes(_):
            raise UnsupportedAlgorithm("ML-DSA-44")

        from_seed_bytes = from_public_bytes

    text = f"witness a {WITNESS.verifier.vkey}\nquorum none\n"
    assert Policy.parse(text).witnesses
    monkeypatch.setattr(notes, "MLDSA44PublicKey", Without)
    with pytest.raises(Malformed, match="cryptography package"):
        Policy.parse(text)
    monkeypatch.setattr(notes, "MLDSA44PrivateKey", Without)
    with pytest.raises(Malformed) as caught:
        mldsa()
    assert caught.value.code == "key-unsupported"


# -- how they count ---------------------------------------------------------------------------------------------------


def policy(*groups, quorum="q"):
    lines = [f"log {LOG.verifier.vkey}", f"witness ed {ed25519().verifier.vkey}", f"witness pq {WITNESS.verifier.vkey}"]
    lines.append(f"witness other {ed25519(4, 'other.example/witness').verifier.vkey}")
    return Policy.parse("".join(f"{line}\n" for line in (*lines, *groups, f"quorum {quorum}")))


def cosigned(*signers):
    return add_signatures(RAW, [cosign(RAW, one, TIME) for one in signers])


def test_two_keys_of_one_witness_count_once():
    other = ed25519(4, "other.example/witness")
    either = policy("group w any ed pq", "group q 2 w other")
    for raw in (cosigned(ed25519(), other), cosigned(WITNESS, other), cosigned(ed25519(), WITNESS, other)):
        assert either.open_checkpoint(raw).checkpoint == CHECKPOINT
    both = policy("group w all ed pq", "group q 2 w other")
    assert both.open_checkpoint(cosigned(ed25519(), WITNESS, other)).checkpoint == CHECKPOINT
    for raw in (cosigned(ed25519(), WITNESS), cosigned(WITNESS)):
        for one in (either, both):
            with pytest.raises(Unverified, match="Too few witnesses"):
                one.open_checkpoint(raw)
    with pytest.raises(Unverified):
        both.open_checkpoint(cosigned(WITNESS, other))


@pytest.mark.parametrize(
    "groups",
    [
        ("group q 2 ed pq other",),
        ("group q all ed pq other",),
        ("group w any ed other", "group q all w pq"),
    ],
)
def test_a_group_in_which_one_organisation_counts_twice_is_refused(groups):
    with pytest.raises(Malformed, match="would count twice"):
        policy(*groups)


def test_a_witness_alone_may_be_asked_for_both_of_its_keys():
    one = policy("group q all ed pq")
    assert one.open_checkpoint(cosigned(ed25519(), WITNESS)).checkpoint == CHECKPOINT
    with pytest.raises(Unverified):
        one.open_checkpoint(cosigned(WITNESS))
