"""Labels: the text behind a QR code (docs/formats.md, "Label").

The printed token packs the fields and the author's signature into 133 bytes; whoever knows the author's keys rebuilds
the signed note from it and checks it without network. A copy of the code looks the same as the code: what a label
proves is who made it, never that this is the thing it was stuck on.

Does not check: that the entry is in the log (evidence.py does).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from re import compile as pattern

from ledger.entries import id_bytes, id_text
from ledger.errors import Malformed, Unverified
from ledger.log.canonical import b64, b64url, unb64url
from ledger.log.notes import Signer, Verifier

FIRST_LINE = "lodetrace label v1"
TOKEN_BYTES = 133
TOKEN_CHARACTERS = 178
VERSION = 1
_URL = pattern(r"https?://[^/?#\s]+(?:/[^?#\s]*)?/q/([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Label:
    """`leaf` is the leaf hash of the entry at `index` of the log `origin`, which packed the unit; net mass in mg."""

    origin: str
    index: int
    leaf: bytes
    unit: str
    net_mg: int


@dataclass(frozen=True, slots=True)
class Token:
    """What a printed code holds, not verified: all but the origin, which the key tells."""

    key_id: bytes
    unit: str
    index: int
    leaf: bytes
    net_mg: int
    signature: bytes


def label_text(label: Label) -> str:
    """The text that the author key signs."""
    return f"{FIRST_LINE}\n{label.origin}\n{label.index}\n{b64(label.leaf)}\n{label.unit}\n{label.net_mg}\n"


def make_token(label: Label, signer: Signer) -> str:
    """The 178 characters to print behind `https://HOST/q/`."""
    signature = signer.sign(label_text(label).encode())
    token = b"".join(
        (
            bytes([VERSION]),
            signer.verifier.key_id,
            id_bytes(label.unit),
            label.index.to_bytes(8, "big"),
            label.leaf,
            label.net_mg.to_bytes(8, "big"),
            signature,
        )
    )
    assert len(token) == TOKEN_BYTES
    return b64url(token)


def parse_token(text: str) -> Token:
    """A token, or a whole label URL. Malformed tells what is wrong with the code; nothing is verified yet."""
    found = _URL.fullmatch(text)
    token = unb64url(found[1] if found else text, field="label")
    if token[:1] != bytes([VERSION]):
        raise Malformed("label-version-unknown", field="label", value=token[0] if token else None)
    if len(token) != TOKEN_BYTES:
        raise Malformed("malformed", field="label", value=text, why=f"it holds {len(token)} bytes, not {TOKEN_BYTES}")
    return Token(
        key_id=token[1:5],
        unit=id_text(token[5:21]),
        index=int.from_bytes(token[21:29], "big"),
        leaf=token[29:61],
        net_mg=int.from_bytes(token[61:69], "big"),
        signature=token[69:],
    )


def open_token(text: str, authors: Sequence[tuple[str, Verifier]]) -> Label:
    """The label, if one of `authors` (origin, author key) signed it. Key ids may collide: all with it are tried."""
    token = parse_token(text)
    for origin, author in authors:
        if author.key_id == token.key_id:
            label = Label(origin, token.index, token.leaf, token.unit, token.net_mg)
            if author.verify(label_text(label).encode(), token.signature):
                return label
    if any(author.key_id == token.key_id for _, author in authors):
        raise Unverified("label-forged", field="label", value=token.unit)
    raise Unverified("label-maker-unknown", field="label", value=token.key_id.hex())


def check_code(leaf: bytes) -> str:
    """Eight characters to print beside the code, for the eye to compare."""
    return id_text(leaf[:16])[:8]
