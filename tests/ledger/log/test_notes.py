import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log.canonical import b64, unb64
from ledger.log.notes import (
    COSIGNATURE,
    Ed25519Signer,
    SignatureLine,
    Verifier,
    format_note,
    key_id,
    open_note,
    parse_note,
    sign_note,
)

FOLDER = Path(__file__).parents[2] / "vectors"
VECTORS = json.loads((FOLDER / "signed_note.json").read_text(encoding="utf-8"))
EDGES = json.loads((FOLDER / "ed25519.json").read_text(encoding="utf-8"))

TEXT = VECTORS["text"]
PETER = Verifier.parse(VECTORS["keys"]["peter"]["vkey"])
ENOCH = Verifier.parse(VECTORS["keys"]["enoch"]["vkey"])
PETER_LINE, ENOCH_LINE = VECTORS["peter_line"], VECTORS["enoch_line"]
NOTE = f"{TEXT}\n{PETER_LINE}".encode()
BOTH = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}".encode()

NAMES = st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,5}){0,2}(/[a-z0-9-]{1,8}){0,2}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n"), max_size=80).map(
    lambda text: text + "\n"
)


def signer(name="longnan.example/author", seed=1, algorithm=1):
    return Ed25519Signer.from_seed(name, bytes([seed]) * 32, algorithm)


def test_the_published_key_signs_the_published_note():
    private = VECTORS["keys"]["peter"]["skey"].split("+", 4)
    seed = unb64(private[4])
    assert seed[0] == 1
    peter = Ed25519Signer.from_seed("PeterNeumann", seed[1:])
    assert peter.verifier == PETER
    assert sign_note(TEXT, [peter]) == NOTE


def test_published_notes_open():
    opened = open_note(BOTH, [PETER, ENOCH])
    assert opened.text == TEXT
    assert opened.verified == (PETER, ENOCH)
    assert "".join(map(str, opened.lines)) == PETER_LINE + ENOCH_LINE
    assert open_note(BOTH, [PETER]).verified == (PETER,)
    assert open_note(BOTH, [ENOCH]).verified == (ENOCH,)


@pytest.mark.parametrize("vector", VECTORS["opened"], ids=lambda vector: vector["source"])
def test_other_published_notes_open(vector):
    key = Verifier.parse(vector["vkey"])
    assert key.public.hex() == vector["public"]
    assert key.vkey == vector["vkey"]
    assert open_note(vector["note"].encode(), [key]).verified == (key,)


@pytest.mark.parametrize("vector", VECTORS["parsed"], ids=lambda vector: vector["source"])
def test_published_notes_parse(vector):
    note = parse_note(vector["note"].encode())
    assert note.text == vector["text"]
    assert [(line.name, line.key_id.hex()) for line in note.signatures] == [(vector["name"], vector["key_id"])]
    assert format_note(note.text, note.signatures) == vector["note"].encode() == note.raw


def test_every_part_of_a_key_is_refused():
    vkey = PETER.vkey
    parts = [vkey[start:end] for start in range(len(vkey)) for end in range(start, len(vkey) + 1)]
    parts.remove(vkey)
    for part in parts:
        with pytest.raises(Malformed):
            Verifier.parse(part)


def test_every_changed_character_of_a_key_is_refused():
    vkey = PETER.vkey
    for at in range(len(vkey)):
        for other in (chr(ord(vkey[at]) + 1), chr(ord(vkey[at]) ^ 1), vkey[at].swapcase(), "+", "\n", " "):
            if other != vkey[at]:
                with pytest.raises(Malformed):
                    Verifier.parse(vkey[:at] + other + vkey[at + 1 :])
    for vkey in (f" {PETER.vkey}", f"{PETER.vkey}\n", f"{PETER.vkey}=", PETER.vkey.replace("c74f20a3", "C74F20A3")):
        with pytest.raises(Malformed):
            Verifier.parse(vkey)


@pytest.mark.parametrize("vkey", VECTORS["keys"]["refused"])
def test_published_bad_keys_are_refused(vkey):
    with pytest.raises(Malformed):
        Verifier.parse(vkey)


def test_a_key_type_that_is_not_known_is_named():
    with pytest.raises(Malformed) as caught:
        Verifier.from_public("w.example", bytes(range(32)), 2)
    assert (caught.value.code, caught.value.value) == ("key-type", 2)


def test_a_verifier_cannot_carry_a_wrong_id():
    with pytest.raises(Malformed):
        Verifier("PeterNeumann", ENOCH.key_id, 1, PETER.public)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "\ud800"])
def test_bad_key_names(name):
    with pytest.raises(Malformed):
        Verifier.from_public(name, PETER.public)


@given(NAMES, st.binary(min_size=32, max_size=32), st.sampled_from([1, 4]))
def test_vkey_round_trip(name, seed, algorithm):
    key = Ed25519Signer.from_seed(name, seed, algorithm).verifier
    assert Verifier.parse(key.vkey) == key
    assert key.key_id == key_id(name, algorithm, key.public)


@settings(deadline=None)
@given(TEXTS, NAMES, st.integers(1, 5))
def test_note_round_trip(text, name, count):
    signers = [signer(name, seed) for seed in range(1, count + 1)]
    raw = sign_note(text, signers)
    note = parse_note(raw)
    assert (note.text, note.raw) == (text, raw)
    assert format_note(note.text, note.signatures) == raw
    opened = open_note(raw, [one.verifier for one in reversed(signers)])
    assert opened.text == text
    assert opened.verified == tuple(one.verifier for one in signers)


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(BOTH)), st.integers(0, len(BOTH)))
def test_what_parses_prints_the_same(junk, start, end):
    raw = BOTH[:start] + junk + BOTH[end:]
    try:
        note = parse_note(raw)
    except Malformed:
        return
    assert format_note(note.text, note.signatures) == raw


def changed(raw):
    """Every text that differs from `raw` in one place: a bit, a byte more, a byte less."""
    for at, byte in enumerate(raw):
        for other in {byte ^ 1, byte ^ 0x20, byte ^ 0x80, (byte + 1) % 256, 0x0A, 0x0D, 0x3D} - {byte}:
            yield raw[:at] + bytes([other]) + raw[at + 1 :]
        yield raw[:at] + raw[at + 1 :]
        for more in (b"\n", b"A", b" ", b"="):
            yield raw[:at] + more + raw[at:]


def test_every_change_of_a_note_is_refused():
    tried = 0
    for raw in changed(NOTE):
        tried += 1
        with pytest.raises(LodetraceError):
            open_note(raw, [PETER])
    assert tried > 2000


REFUSED = {
    "no signatures": TEXT,
    "no signatures below the empty line": TEXT + "\n",
    "last line does not end": f"{TEXT}\n{PETER_LINE[:-1]}",
    "control character": f"\x01{TEXT}\n{PETER_LINE}",
    "tab": f"\t{TEXT}\n{PETER_LINE}",
    "carriage returns": f"{TEXT}\n{PETER_LINE}".replace("\n", "\r\n"),
    "not UTF-8": b"\xff" + NOTE,
    "blank in a name": f"{TEXT}\n" + PETER_LINE.replace("PeterNeumann", "Bad Name"),
    "no-break space in a name": f"{TEXT}\n" + PETER_LINE.replace("PeterNeumann", "Bad\u00a0Name"),
    "plus in a name": f"{TEXT}\n" + PETER_LINE.replace("PeterNeumann", "Bad+Name"),
    "no name": f"{TEXT}\n" + PETER_LINE.replace("PeterNeumann", ""),
    "other lines below": f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
    "empty line below": f"{TEXT}\n{PETER_LINE}\n",
    "hyphen for a dash": f"{TEXT}\n" + PETER_LINE.replace("\u2014", "-"),
    "unpadded": f"{TEXT}\n" + PETER_LINE.replace("=", ""),
    "spare bits": f"{TEXT}\n" + PETER_LINE.replace("nAM=", "nAN="),
    "only a key id": f"{TEXT}\n\u2014 PeterNeumann x08gow==\n",
    "a hundred and one lines": f"{TEXT}\n" + PETER_LINE * 101,
    "empty": "",
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_refuses(raw):
    raw = raw if isinstance(raw, bytes) else raw.encode()
    with pytest.raises(Malformed):
        parse_note(raw)
    with pytest.raises(Malformed):
        open_note(raw, [PETER])


def test_a_hundred_lines_are_read_and_count_once():
    assert open_note(f"{TEXT}\n{PETER_LINE * 100}".encode(), [PETER]).verified == (PETER,)


def test_a_note_has_a_limit():
    assert parse_note(NOTE, limit=len(NOTE)).text == TEXT
    with pytest.raises(Malformed):
        parse_note(NOTE, limit=len(NOTE) - 1)


def test_unknown_lines_are_passed_over():
    # the same name under another id, and the same id under another name, are other keys
    blob = unb64(PETER_LINE.split(" ")[2][:-1])
    other_id = SignatureLine("PeterNeumann", b"\0\0\0\0", blob[4:])
    other_name = SignatureLine("CarmenSandiego", PETER.key_id, b"anything")
    raw = f"{TEXT}\n{other_id}{other_name}{PETER_LINE}".encode()
    assert open_note(raw, [PETER]).verified == (PETER,)
    with pytest.raises(Unverified) as caught:
        open_note(f"{TEXT}\n{other_id}{other_name}".encode(), [PETER])
    assert caught.value.code == "signature-missing"


def test_without_keys_nothing_opens():
    with pytest.raises(Unverified) as caught:
        open_note(BOTH, [])
    assert caught.value.code == "signature-missing"


def test_one_bad_line_of_a_known_key_spoils_the_note():
    bad = SignatureLine(ENOCH.name, ENOCH.key_id, bytes(64))
    short = SignatureLine(ENOCH.name, ENOCH.key_id, b"x")
    for line in (bad, short):
        for raw in (
            f"{TEXT}\n{PETER_LINE}{line}",
            f"{TEXT}\n{line}{PETER_LINE}",
            f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}{line}",
        ):
            assert open_note(raw.encode(), [PETER]).verified == (PETER,)
            with pytest.raises(Unverified) as caught:
                open_note(raw.encode(), [PETER, ENOCH])
            assert caught.value.code == "signature-bad"


def test_two_keys_under_one_name_and_id_are_refused_when_needed():
    # found by trying the seeds 0, 1, 2 ...: key ids are only four bytes long
    one, two = (Ed25519Signer.from_seed("twin.example/log", seed.to_bytes(32, "big")) for seed in (21486, 55956))
    assert one.verifier.key_id == two.verifier.key_id == bytes.fromhex("c04dc479")
    assert one.verifier != two.verifier
    raw = sign_note(TEXT, [one])
    with pytest.raises(Unverified) as caught:
        open_note(raw, [one.verifier, two.verifier])
    assert caught.value.code == "key-ambiguous"
    with pytest.raises(Unverified) as caught:
        open_note(raw, [two.verifier])
    assert caught.value.code == "signature-bad"
    assert open_note(raw, [one.verifier, one.verifier]).verified == (one.verifier,)
    assert open_note(NOTE, [one.verifier, two.verifier, PETER]).verified == (PETER,)


@pytest.mark.parametrize("text", ["", "abc", "a\r\n", "a\tb\n", "\ud800\n"])
def test_signs_no_text_that_would_not_parse(text):
    with pytest.raises(Malformed):
        sign_note(text, [signer()])
    with pytest.raises(Malformed):
        format_note(text, [SignatureLine("a", b"1234", b"x")])


def test_a_note_needs_a_signature():
    with pytest.raises(AssertionError):
        sign_note(TEXT, [])
    with pytest.raises(Malformed):
        format_note(TEXT, [])


def test_a_key_signs_only_in_its_own_manner():
    plain, timed = signer(algorithm=1), signer(algorithm=COSIGNATURE)
    assert plain.verifier.key_id != timed.verifier.key_id
    with pytest.raises(AssertionError):
        sign_note(TEXT, [timed])
    signature = plain.sign(TEXT.encode())
    assert not timed.verifier.signed_by(TEXT, signature)
    assert not timed.verifier.signed_by(TEXT, bytes(8) + signature)
    line = SignatureLine(timed.verifier.name, timed.verifier.key_id, signature)
    with pytest.raises(Unverified):
        open_note(f"{TEXT}\n{line}".encode(), [plain.verifier, timed.verifier])


@pytest.mark.parametrize("vector", EDGES["rfc8032"], ids=["test 1", "test 2"])
def test_rfc8032(vector):
    key = Ed25519Signer.from_seed("rfc8032", bytes.fromhex(vector["seed"]))
    message = bytes.fromhex(vector["message"])
    assert key.verifier.public.hex() == vector["public"]
    assert key.sign(message).hex() == vector["signature"]
    assert key.verifier.verify(message, bytes.fromhex(vector["signature"]))
    assert not key.verifier.verify(message + b"\0", bytes.fromhex(vector["signature"]))
    assert not key.verifier.verify(message, bytes.fromhex(vector["signature"])[:63])


@pytest.mark.parametrize("vector", EDGES["edges"]["vectors"], ids=lambda vector: str(vector["number"]))
def test_ed25519_edge_cases_are_decided_one_way(vector):
    public, signature = bytes.fromhex(vector["key"]), bytes.fromhex(vector["sig"])
    flags = set(vector["flags"])
    if "low_order_A" in flags:
        with pytest.raises(Malformed):
            Verifier.from_public("edge", public)
    else:
        accepted = not flags & {"non_canonical_R", "low_order_residue"}
        assert Verifier.from_public("edge", public).verify(vector["msg"].encode(), signature) is accepted


def test_s_beyond_the_group_order_is_refused():
    key = signer()
    signature = key.sign(b"x")
    order = 2**252 + 27742317777372353535851937790883648493
    again = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert key.verifier.verify(b"x", signature)
    assert not key.verifier.verify(b"x", signature[:32] + again)


def test_private_keys_from_files():
    key = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    open_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    closed_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    name = signer().verifier.name
    assert Ed25519Signer.from_pkcs8(name, open_pem).verifier == signer().verifier
    assert Ed25519Signer.from_pkcs8(name, closed_pem, b"secret").verifier == signer().verifier
    assert Ed25519Signer.from_pkcs8(name, open_pem, algorithm=4).verifier == signer(algorithm=4).verifier
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for pem, passphrase in (
        (closed_pem, None),
        (closed_pem, b"wrong"),
        (open_pem, b"secret"),
        (b"junk", None),
        (other, None),
    ):
        with pytest.raises(Malformed) as caught:
            Ed25519Signer.from_pkcs8(name, pem, passphrase)
        assert caught.value.code == "key-unreadable"


def test_a_private_key_never_prints():
    one = signer()
    for text in (repr(one), str(one), repr(one.verifier)):
        assert b64(b"\1" * 32) not in text
        assert (b"\1" * 32).hex() not in text
    assert one.verifier.vkey in repr(one)
