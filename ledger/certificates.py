"""Quality certificates: the text behind the code on one (docs/formats.md, "Certificate").

A certificate says what it says in one canonical JSON. The printed code holds that JSON's hash, the entry that made the
goods and the author's signature over both, in 141 bytes; whoever knows the author's keys checks paper, code and log
against each other without network.

Does not check: that what a certificate says is so (verdict.py has the words for that), nor, without the evidence, that
the entry is in the log.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from re import compile as pattern
from typing import Any

from ledger.entries import id_text
from ledger.errors import Malformed, Unverified
from ledger.evidence import Result
from ledger.log.canonical import b64, b64url, dump, parse_json, unb64url
from ledger.log.notes import Signer, Verifier

FIRST_LINE = "lodetrace certificate v1"
TOKEN_BYTES = 141
VERSION = 1
_URL = pattern(r"https?://[^/?#\s]+(?:/[^?#\s]*)?/c/([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Certificate:
    """`leaf` is the leaf hash of the entry at `index` of the log `origin`, which made the goods; `digest` the SHA-256
    of what the certificate says.
    """

    origin: str
    index: int
    leaf: bytes
    digest: bytes


def digest_of(contents: Mapping[str, Any]) -> bytes:
    """What a certificate says, hashed as it is kept: canonical JSON."""
    return sha256(dump(contents)).digest()


def certificate_text(certificate: Certificate) -> str:
    """The text that the author key signs."""
    one = certificate
    return f"{FIRST_LINE}\n{one.origin}\n{one.index}\n{b64(one.leaf)}\n{b64(one.digest)}\n"


def make_code(certificate: Certificate, signer: Signer) -> str:
    """The 188 characters to print behind `https://HOST/c/`."""
    signature = signer.sign(certificate_text(certificate).encode())
    token = b"".join(
        (
            bytes([VERSION]),
            signer.verifier.key_id,
            certificate.index.to_bytes(8, "big"),
            certificate.leaf,
            certificate.digest,
            signature,
        )
    )
    assert len(token) == TOKEN_BYTES
    return b64url(token)


def open_code(text: str, authors: Callable[[int], Sequence[tuple[str, Verifier]]]) -> Certificate:
    """The certificate behind a code or its whole URL, if one of `authors` (origin, author key) signed it. Asked with
    the index of an entry, they are those who may speak of it.
    """
    found = _URL.fullmatch(text)
    token = unb64url(found[1] if found else text, field="certificate")
    if token[:1] != bytes([VERSION]) or len(token) != TOKEN_BYTES:
        raise Malformed("malformed", field="certificate", value=text, why="it is no code of a certificate")
    index = int.from_bytes(token[5:13], "big")
    known = [(origin, author) for origin, author in authors(index) if author.key_id == token[1:5]]
    for origin, author in known:
        certificate = Certificate(origin, index, token[13:45], token[45:77])
        if author.verify(certificate_text(certificate).encode(), token[77:]):
            return certificate
    if known:
        raise Unverified("certificate-forged", field="certificate", value=token[1:5].hex())
    raise Unverified("certificate-maker-unknown", field="certificate", value=token[1:5].hex())


def check_contents(contents: bytes, certificate: Certificate) -> Mapping[str, Any]:
    """What a certificate says, if it is what was signed."""
    if sha256(contents).digest() != certificate.digest:
        raise Unverified("certificate-altered", field="certificate", value=certificate.digest.hex()[:16])
    told = parse_json(contents, field="certificate")
    assert isinstance(told, dict), "an author signs no other"
    return told


def verify_certificate(code: str, contents: bytes, result: Result) -> tuple[Certificate, Mapping[str, Any]]:
    """The certificate and what it says, checked by the evidence of its goods: their maker's key signed it, for an entry
    that this evidence proves under a trust policy.
    """

    def authors(index: int) -> list[tuple[str, Verifier]]:
        return [(origin, key) for origin, log in result.logs.items() for key in log.keys.since("author", index)]

    certificate = open_code(code, authors)
    checked = result.entries.get((certificate.origin, certificate.index))
    if checked is None or checked.entry.leaf != certificate.leaf or not result.vouched:
        raise Unverified("certificate-other-evidence", field="certificate", value=certificate.index)
    return certificate, check_contents(contents, certificate)


def check_code(digest: bytes) -> str:
    """Eight characters to print beside the code, for the eye to compare."""
    return id_text(digest[:16])[:8]
