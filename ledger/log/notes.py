"""Signed notes, after https://c2sp.org/signed-note: text, an empty line, signature lines.

The only module of `ledger` that touches `cryptography`. Three key types: 1 is Ed25519 over the text; 4 and 6 are the
cosignatures of https://c2sp.org/tlog-cosignature, Ed25519 and ML-DSA-44, whose time stands inside the signature line.

Promises: `parse_note` accepts exactly what `format_note` prints; key ids are recomputed, never believed; `open_note`
returns a text only with at least one good signature of a key the caller named, and refuses the whole note when one
of those keys signed badly. Signers are a port: nodes bring key files or an HSM.
Does not check: what the text says (checkpoints, entries and labels do), nor whether a key was the right one for
that place or time (registry, entries).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ledger.errors import Malformed, Unverified
from ledger.log.canonical import b64, unb64

ED25519 = 1
COSIGNATURE = 4
MLDSA_COSIGNATURE = 6
COSIGNATURES = frozenset({COSIGNATURE, MLDSA_COSIGNATURE})
PUBLIC_BYTES = {ED25519: 32, COSIGNATURE: 32, MLDSA_COSIGNATURE: 1312}
MAX_SIGNATURES = 100
MAX_NOTE = 1 << 20
MAX_TIME = 2**63 - 1

# The curve's points of small order, canonical or not, without their sign bit (https://c2sp.org/CCTV/ed25519): under
# such a public key anybody can sign. Other edge cases are left as OpenSSL, Go and RFC 8032's own code decide them.
_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)

# Halves of surrogate pairs cannot come from bytes, but from a caller's string they can; they have no UTF-8.
_CONTROLS = bytes([*range(0x0A), *range(0x0B, 0x20)])
_not_in_text = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]").search
_not_in_name = re.compile(r"[\s+\x00-\x1f\ud800-\udfff]").search
_signature_line = re.compile("\u2014 ([^ \n]+) ([A-Za-z0-9+/]+={0,2})").fullmatch
_checkpoint_text = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n").fullmatch

_PublicKey: TypeAlias = Ed25519PublicKey | MLDSA44PublicKey


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under a name. Equal keys are equal values; a wrong `key_id` cannot be constructed."""

    name: str
    key_id: bytes  # 4 bytes
    algorithm: int  # ED25519, COSIGNATURE or MLDSA_COSIGNATURE
    public: bytes = field(repr=False)  # 32 bytes, of ML-DSA-44 1312
    _key: _PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.algorithm not in PUBLIC_BYTES:
            raise Malformed("key-type", field=self.name, value=self.algorithm)
        wanted = PUBLIC_BYTES[self.algorithm]
        if len(self.public) != wanted:
            why = f"a public key of type {self.algorithm} has {wanted} bytes"
            raise Malformed("malformed", field=self.name, why=why)
        if self.algorithm == MLDSA_COSIGNATURE:
            self._take(_mldsa_public(self.name, self.public))
            return
        if self.public[:31] + bytes([self.public[31] & 0x7F]) in _SMALL_ORDER:
            raise Malformed("malformed", field=self.name, why="under this public key anybody could sign")
        self._take(Ed25519PublicKey.from_public_bytes(self.public))

    def _take(self, key: _PublicKey) -> None:
        if self.key_id != key_id(self.name, self.algorithm, self.public):
            raise Malformed("malformed", field=self.name, value=self.key_id.hex(), why="the key id is not of this key")
        object.__setattr__(self, "_key", key)

    @classmethod
    def from_public(cls, name: str, public: bytes, algorithm: int = ED25519) -> "Verifier":
        return cls(name, key_id(name, algorithm, public), algorithm, public)

    @classmethod
    def parse(cls, vkey: str) -> "Verifier":
        """Undo `vkey`; Malformed for every other text and for key types not known here."""
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise Malformed("malformed", field="key", value=vkey, why="it is not of the form name+id+base64")
        blob = unb64(parts[2], field="key")
        if not blob:
            raise Malformed("malformed", field="key", value=vkey, why="it holds no key")
        verifier = cls.from_public(parts[0], blob[1:], blob[0])
        if verifier.vkey != vkey:
            raise Malformed("malformed", field="key", value=vkey, why="the key id is not of this key")
        return verifier

    @property
    def vkey(self) -> str:
        """`name+hex id+base64(type, key)`: the one-line form for policies and configuration."""
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([self.algorithm]) + self.public)}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Is `signature` this key's over exactly `message`? `signed_by` knows what a line's message is."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def signed_by(self, text: str, blob: bytes) -> bool:
        """Does `blob`, a signature line's bytes after the key id, sign `text` in the manner of this key type?"""
        if self.algorithm == ED25519:
            return self.verify(text.encode(), blob)
        time = int.from_bytes(blob[:8], "big")
        message = self.cosigned(text, time) if time <= MAX_TIME else None
        return message is not None and self.verify(message, blob[8:])

    def cosigned(self, text: str, time: int) -> bytes | None:
        """What a cosigning key signs of the checkpoint `text`; None where its kind has no message for such a text."""
        return cosigned_message(text, time) if self.algorithm == COSIGNATURE else _whole_tree(self.name, text, time)


class Signer(Protocol):
    """Whoever can sign under one key: a key file's content here, an HSM elsewhere."""

    @property
    def verifier(self) -> Verifier: ...

    def sign(self, message: bytes) -> bytes:
        """Over exactly `message`: 64 bytes, of ML-DSA-44 2420."""
        ...


class Ed25519Signer:
    """A private key in memory. Prints as its public name only."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, key: Ed25519PrivateKey, algorithm: int = ED25519) -> None:
        self._key = key
        self.verifier = Verifier.from_public(name, key.public_key().public_bytes_raw(), algorithm)

    @classmethod
    def from_seed(cls, name: str, seed: bytes, algorithm: int = ED25519) -> "Ed25519Signer":
        """`seed` is the 32 bytes of RFC 8032."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed), algorithm)

    @classmethod
    def from_pkcs8(
        cls, name: str, pem: bytes, passphrase: bytes | None = None, algorithm: int = ED25519
    ) -> "Ed25519Signer":
        """`pem` as PKCS#8. Malformed("key-unreadable") for a wrong passphrase, another form or another key type."""
        key = _private_key(name, pem, passphrase)
        if not isinstance(key, Ed25519PrivateKey):
            raise Malformed("key-unreadable", field=name, why="it is not an Ed25519 key")
        return cls(name, key, algorithm)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"Ed25519Signer({self.verifier.vkey})"


class MldsaSigner:
    """A private ML-DSA-44 key in memory, for cosignatures. Signatures are hedged: no two of one message are equal."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, key: MLDSA44PrivateKey) -> None:
        self._key = key
        self.verifier = Verifier.from_public(name, key.public_key().public_bytes_raw(), MLDSA_COSIGNATURE)

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> "MldsaSigner":
        """`seed` is the 32 bytes of FIPS 204. Unsupported where the installed library has no ML-DSA."""
        try:
            return cls(name, MLDSA44PrivateKey.from_seed_bytes(seed))
        except UnsupportedAlgorithm:
            raise Malformed("key-unsupported", field=name) from None

    @classmethod
    def from_pkcs8(cls, name: str, pem: bytes, passphrase: bytes | None = None) -> "MldsaSigner":
        """As Ed25519Signer.from_pkcs8."""
        key = _private_key(name, pem, passphrase)
        if not isinstance(key, MLDSA44PrivateKey):
            raise Malformed("key-unreadable", field=name, why="it is not an ML-DSA-44 key")
        return cls(name, key)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"MldsaSigner({self.verifier.name}+{self.verifier.key_id.hex()})"


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line below a note's text. A claim until `open_note` has checked it."""

    name: str
    key_id: bytes
    signature: bytes  # what follows the key id: 64 bytes for type 1, 8 bytes of time and 64 or 2420 for types 4 and 6

    @property
    def place(self) -> tuple[str, bytes]:
        """Whose it claims to be: name and key id."""
        return self.name, self.key_id

    def __str__(self) -> str:
        return f"\u2014 {self.name} {b64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. Nothing in it is verified."""

    text: str  # with its final line end
    signatures: tuple[SignatureLine, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note with a good signature of each key in `verified`; `lines[i]` is the first line of `verified[i]`."""

    text: str
    verified: tuple[Verifier, ...]
    lines: tuple[SignatureLine, ...]
    raw: bytes


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """Four bytes to find a key by, too few to know it by. Malformed if `name` is none for a key."""
    _check_name(name)
    return sha256(b"%b\n%c%b" % (name.encode(), algorithm, public)).digest()[:4]


def cosigned_message(text: str, time: int) -> bytes:
    """What a key of type 4 signs: the text under a header with the POSIX seconds of signing."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def subtree_message(cosigner: str, time: int, origin: str, start: int, end: int, root: bytes) -> bytes:
    """What a key of type 6 signs: a `cosigned_message` of tlog-cosignature, here of the leaves `start` to `end`."""
    names = [name.encode() for name in (cosigner, origin)]
    assert all(0 < len(name) < 256 for name in names), "names of cosigners and logs have 1 to 255 bytes"
    assert not (start and time), "a time says something of a whole tree only"
    assert len(root) == 32, "a root is a SHA-256 hash"
    whose, log = (bytes([len(name)]) + name for name in names)
    numbers = [number.to_bytes(8, "big") for number in (time, start, end)]
    return b"subtree/v1\n\0" + whose + numbers[0] + log + numbers[1] + numbers[2] + root


def _whole_tree(cosigner: str, text: str, time: int) -> bytes | None:
    """`subtree_message` of a checkpoint's three lines. Extension lines would not be covered, so there is none then."""
    match = _checkpoint_text(text)
    if match is None or len(match[1].encode()) > 255 or len(cosigner.encode()) > 255:
        return None
    return subtree_message(cosigner, time, match[1], 0, int(match[2]), unb64(match[3], field="checkpoint", size=32))


def _mldsa_public(name: str, public: bytes) -> MLDSA44PublicKey:
    """Fails closed: who cannot check a signature must not trust the key that is to make it."""
    try:
        return MLDSA44PublicKey.from_public_bytes(public)
    except UnsupportedAlgorithm:
        raise Malformed("key-unsupported", field=name) from None


def _private_key(name: str, pem: bytes, passphrase: bytes | None) -> object:
    try:
        return load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError) as error:  # TypeError: a passphrase given and none needed, or the reverse
        raise Malformed("key-unreadable", field=name, why=str(error)) from None
    except UnsupportedAlgorithm:
        raise Malformed("key-unsupported", field=name) from None


def parse_note(raw: bytes, *, limit: int = MAX_NOTE) -> Note:
    """Take a note apart WITHOUT verifying anything. `limit` is in bytes."""
    if len(raw) > limit:
        raise Malformed("malformed", field="note", why=f"it is longer than {limit} bytes")
    try:
        note = raw.decode()
    except UnicodeDecodeError:
        raise Malformed("malformed", field="note", why="it is not UTF-8") from None
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        raise Malformed("malformed", field="note", why="it holds control characters")
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail:
        raise Malformed("malformed", field="note", why="it has no signatures below an empty line")
    if tail[-1] != "\n":
        raise Malformed("malformed", field="note", why="its last line does not end")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("malformed", field="note", why=f"it has more than {MAX_SIGNATURES} signatures")
    return Note(head + "\n", tuple([parse_signature_line(line) for line in lines]), raw)


def parse_signature_line(line: str) -> SignatureLine:
    """Undo `str(SignatureLine)`, given without its line end."""
    match = _signature_line(line)
    if match is None:
        raise Malformed("malformed", field="signature line", value=line, why="it is not of the form \u2014 name base64")
    name = match[1]
    if _not_in_name(name):
        raise Malformed("malformed", field="signature line", value=line, why="no blank or plus may be in a key's name")
    blob = unb64(match[2], field="signature line")
    if len(blob) < 5:
        raise Malformed("malformed", field="signature line", value=line, why="it holds no signature")
    return SignatureLine(name, blob[:4], blob[4:])


def format_note(text: str, lines: Sequence[SignatureLine]) -> bytes:
    """Print a note from lines that exist already."""
    _check_text(text)
    if not 0 < len(lines) <= MAX_SIGNATURES:
        raise Malformed("malformed", field="note", why=f"it needs 1 to {MAX_SIGNATURES} signatures")
    for line in lines:
        _check_name(line.name)
        assert len(line.key_id) == 4, "a key id has four bytes"
        assert line.signature, "a signature line holds a signature"
    return f"{text}\n{''.join(map(str, lines))}".encode()


def sign_note(text: str, signers: Iterable[Signer]) -> bytes:
    """Sign `text` under keys of type 1, one line each, in the order given."""
    _check_text(text)
    message = text.encode()
    note = message + b"\n"
    for signer in signers:
        key = signer.verifier
        assert key.algorithm == ED25519, "a cosignature carries a time: checkpoints.cosign makes it"
        note += f"\u2014 {key.name} {b64(key.key_id + signer.sign(message))}\n".encode()
    assert len(note) > len(message) + 1, "a note has at least one signature"
    return note


def open_note(note: bytes | Note, verifiers: Iterable[Verifier]) -> OpenedNote:
    """The text, if at least one of `verifiers` signed it and none of them signed badly.

    Lines of other keys are passed over. Every line of a named key is checked, repeated ones too; each key
    is counted once. Two different `verifiers` under one name and id are refused when a line needs them.
    """
    if not isinstance(note, Note):
        note = parse_note(note)
    known: dict[tuple[str, bytes], Verifier] = {}
    ambiguous = set()
    for verifier in verifiers:
        place = verifier.name, verifier.key_id
        if known.setdefault(place, verifier) != verifier:
            ambiguous.add(place)
    good: dict[Verifier, SignatureLine] = {}
    for line in note.signatures:
        place = line.name, line.key_id
        key = known.get(place)
        if key is None:
            continue
        if place in ambiguous:
            raise Unverified("key-ambiguous", field="signature line", value=line.name)
        if not key.signed_by(note.text, line.signature):
            raise Unverified("signature-bad", field="signature line", value=line.name)
        good.setdefault(key, line)
    if not good:
        raise Unverified("signature-missing", field="note", value=", ".join(line.name for line in note.signatures))
    return OpenedNote(note.text, tuple(good), tuple(good.values()), note.raw)


def _check_text(text: str) -> None:
    if not text or text[-1] != "\n":
        raise Malformed("malformed", field="note", why="its text must end with a line end")
    if _not_in_text(text):
        raise Malformed("malformed", field="note", why="it holds control characters")


def _check_name(name: str) -> None:
    if not name or _not_in_name(name):
        raise Malformed("malformed", field="key name", value=name, why="it must not be empty nor hold blanks or a plus")
