"""The token behind a QR code: what it holds, who can check it, and every change of it refused."""

import struct
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import id_bytes, id_text
from ledger.errors import Malformed, Unverified
from ledger.labels import (
    TOKEN_BYTES,
    TOKEN_CHARACTERS,
    Label,
    check_code,
    label_text,
    make_token,
    open_token,
    parse_token,
)
from ledger.log.notes import Ed25519Signer, open_note, sign_note

AUTHOR = Ed25519Signer.from_seed("mine.example/author", bytes(range(32)))
AUTHORS = [("mine.example/log", AUTHOR.verifier)]
LABEL = Label("mine.example/log", 41, bytes(range(100, 132)), "01ARZ3NDEKTSV4RRFFQ69G5FAV", 50_000_000)
TOKEN = make_token(LABEL, AUTHOR)

# Two keys of two organisations with the same key id, found by trying: ids have 32 bits.
TWINS = (
    ("mine.example/log", Ed25519Signer.from_seed("mine.example/author", (86_935).to_bytes(32, "big"))),
    ("smelter.example/log", Ed25519Signer.from_seed("smelter.example/author", (14_170).to_bytes(32, "big"))),
)


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(token: str) -> bytes:
    return urlsafe_b64decode(token + "==")


def test_a_label_reads_as_the_formats_page_shows():
    assert label_text(LABEL) == (
        "lodetrace label v1\nmine.example/log\n41\n"
        f"{b64encode(LABEL.leaf).decode()}\n01ARZ3NDEKTSV4RRFFQ69G5FAV\n50000000\n"
    )


def test_a_token_is_laid_out_as_the_formats_page_says():
    data = decoded(TOKEN)
    assert len(TOKEN) == TOKEN_CHARACTERS == 178
    assert len(data) == TOKEN_BYTES == 133
    version, key_id, unit, index, leaf, net_mg, signature = struct.unpack(">B4s16sQ32sQ64s", data)
    assert (version, key_id, unit) == (1, AUTHOR.verifier.key_id, id_bytes(LABEL.unit))
    assert (index, leaf, net_mg) == (41, LABEL.leaf, 50_000_000)
    assert AUTHOR.verifier.verify(label_text(LABEL).encode(), signature)


def test_a_token_rebuilds_the_signed_note():
    assert (
        open_note(sign_note(label_text(LABEL), [AUTHOR]), [AUTHOR.verifier]).lines[0].signature == decoded(TOKEN)[69:]
    )


labels = st.builds(
    Label,
    origin=st.just("mine.example/log"),
    index=st.integers(0, 2**53 - 1),
    leaf=st.binary(min_size=32, max_size=32),
    unit=st.binary(min_size=16, max_size=16).map(id_text),
    net_mg=st.integers(0, 2**53 - 1),
)


@given(labels)
def test_labels_survive_being_printed(label):
    assert open_token(make_token(label, AUTHOR), AUTHORS) == label


@pytest.mark.parametrize(
    "url",
    [
        f"https://id.mine.example/q/{TOKEN}",
        f"http://127.0.0.1:8000/q/{TOKEN}",
        f"https://hub.example/mills/7/q/{TOKEN}",
        TOKEN,
    ],
)
def test_a_scanned_address_is_as_good_as_its_token(url):
    assert open_token(url, AUTHORS) == LABEL
    assert parse_token(url).unit == LABEL.unit


NO_TOKENS = {
    "empty": "",
    "cut off": TOKEN[:-1],
    "cut off by three bytes": TOKEN[:-4],
    "one character more": TOKEN + "A",
    "three bytes more": TOKEN + "AAAA",
    "padded": TOKEN + "==",
    "blanks around it": f" {TOKEN} ",
    "a line end": TOKEN + "\n",
    "in base64": b64encode(b"\x01" + b"\xff" * 132).decode(),
    "spare bits": TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1),
    "a query behind it": f"https://mine.example/q/{TOKEN}?x=1",
    "a fragment behind it": f"https://mine.example/q/{TOKEN}#x",
    "another path": f"https://mine.example/u/{TOKEN}",
    "no host": f"https:///q/{TOKEN}",
    "another scheme": f"ftp://mine.example/q/{TOKEN}",
    "full-width": "\uff21" + TOKEN[1:],
}


@pytest.mark.parametrize("text", NO_TOKENS.values(), ids=NO_TOKENS)
def test_other_texts_are_refused(text):
    with pytest.raises(Malformed):
        parse_token(text)


@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_is_named(version):
    with pytest.raises(Malformed) as wrong:
        open_token(encoded(bytes([version]) + decoded(TOKEN)[1:]), AUTHORS)
    assert (wrong.value.code, wrong.value.value) == ("label-version-unknown", version)


def test_every_changed_bit_of_a_token_is_refused():
    data = decoded(TOKEN)
    codes = set()
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            with pytest.raises((Malformed, Unverified)) as wrong:
                open_token(encoded(bytes(changed)), AUTHORS)
            codes.add((min(position, 5), wrong.value.code))
    assert codes == {
        (0, "label-version-unknown"),
        *((position, "label-maker-unknown") for position in range(1, 5)),
        (5, "label-forged"),
    }


def test_every_changed_character_of_a_token_is_refused():
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for position, character in enumerate(TOKEN):
        for other in {alphabet[alphabet.index(character) ^ (1 << bit)] for bit in range(6)} | {"=", "+", " "}:
            with pytest.raises((Malformed, Unverified)):
                open_token(TOKEN[:position] + other + TOKEN[position + 1 :], AUTHORS)


@pytest.mark.parametrize(
    "other",
    [
        replace(LABEL, origin="else.example/log"),
        replace(LABEL, index=42),
        replace(LABEL, leaf=bytes(32)),
        replace(LABEL, unit="0" * 26),
        replace(LABEL, net_mg=50_000_001),
    ],
    ids=lambda label: str(label)[:60],
)
def test_one_label_s_signature_serves_no_other(other):
    data = decoded(make_token(other, AUTHOR))[:69] + decoded(TOKEN)[69:]
    authors = [(other.origin, AUTHOR.verifier)]
    with pytest.raises(Unverified) as wrong:
        open_token(encoded(data), authors)
    assert wrong.value.code == "label-forged"


def test_a_key_that_nobody_knows_is_named():
    stranger = Ed25519Signer.from_seed("else.example/author", bytes(32))
    with pytest.raises(Unverified) as wrong:
        open_token(make_token(LABEL, stranger), AUTHORS)
    assert (wrong.value.code, wrong.value.value) == ("label-maker-unknown", stranger.verifier.key_id.hex())
    with pytest.raises(Unverified):
        open_token(TOKEN, [])


def test_keys_with_the_same_id_are_all_tried():
    (_, one), (_, other) = TWINS
    assert one.verifier.key_id == other.verifier.key_id
    assert one.verifier.public != other.verifier.public
    for order in (TWINS, TWINS[::-1]):
        authors = [(origin, signer.verifier) for origin, signer in order]
        for origin, signer in TWINS:
            label = replace(LABEL, origin=origin)
            assert open_token(make_token(label, signer), authors) == label
    with pytest.raises(Unverified, match="altered or forged"):
        open_token(make_token(LABEL, one), [(TWINS[1][0], other.verifier)])


def test_a_check_code_is_the_beginning_of_the_leaf_in_the_letters_of_ids():
    assert check_code(bytes.fromhex("01563e3ab5d3d6764c61efb99302bd5b") + bytes(16)) == "01ARZ3ND"
    assert check_code(bytes(32)) == "00000000"
