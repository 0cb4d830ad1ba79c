"""Requests between nodes carry signatures, after https://www.rfc-editor.org/rfc/rfc9421 (digest: RFC 9530).

What is signed: method, path, digest of the body, time, and the key's name NAME/peer; with the key for peers, which
signs nothing else. The host is not covered, for what stands before a node may change it: bodies name their receiver.

Promises: `open_request` answers a sender only for a request that the sender's peer key signed within five minutes.
Does not refuse a request that comes twice: deliveries are idempotent (nodes/handover.py).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256, sha512
from re import compile as pattern
from typing import Any

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)

from ledger.errors import LodetraceError, Unverified
from ledger.log.canonical import b64
from ledger.log.notes import Signer, Verifier
from nodes.identity import Identity

SKEW = timedelta(minutes=5)
"""How far the clocks of two nodes may differ, and how old a request may be."""
_COVERED = ("@method", "@path", "content-digest")
_TAG = "lodetrace-peer"
_KEY_ID = pattern(r';keyid="([a-z0-9./-]{1,120})/peer"')
_DIGEST = pattern("(sha-256|sha-512)=:([A-Za-z0-9+/=]*):")


class _Ed25519(HTTPSignatureAlgorithm):
    """The library's algorithm, on our own signers and verifiers: a key may stand behind a port (HSM)."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: Verifier | None = None, private_key: Signer | None = None) -> None:
        self._verifier, self._signer = public_key, private_key

    def sign(self, message: bytes) -> bytes:
        assert self._signer is not None
        return self._signer.sign(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        assert self._verifier is not None
        if not self._verifier.verify(message, signature):
            raise InvalidSignature("the signature is not of this request")


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, signer: Signer | None = None, key_of: Callable[[str], Verifier] | None = None) -> None:
        self._signer, self._key_of = signer, key_of
        self.sender = ""

    def resolve_private_key(self, key_id: str) -> Signer:  # noqa: ARG002 - there is only one
        assert self._signer is not None
        return self._signer

    def resolve_public_key(self, key_id: str) -> Verifier:
        assert self._key_of is not None
        name, slash, use = key_id.rpartition("/")
        if not slash or use != "peer":
            raise InvalidSignature("keyid is not of the form NAME/peer")
        self.sender = name
        return self._key_of(name)


class _Verifier(HTTPMessageVerifier):
    max_clock_skew = SKEW


class _Fields:
    """Header lines as they came, repeated ones too, in the shape that the library reads."""

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        self._lines = tuple(lines)

    def items(self) -> Iterable[tuple[str, str]]:
        return self._lines

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._lines)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Any


def sign_request(
    method: str, url: str, body: bytes, identity: Identity, *, created: datetime | None = None
) -> dict[str, str]:
    """The headers to send with `body`: Content-Digest, Signature-Input, Signature."""
    headers: dict[str, str] = {}
    signer = HTTPMessageSigner(signature_algorithm=_Ed25519, key_resolver=_Keys(signer=identity.peer))
    signer.sign(
        _Request(method, url, headers),
        key_id=identity.peer.verifier.name,
        created=created,
        tag=_TAG,
        label="peer",
        covered_component_ids=_COVERED,
        body=body,
    )
    return headers


def check_digest(headers: Iterable[tuple[str, str]], body: bytes) -> None:
    """Unverified unless `body` is what the request says it carries: damage on the way is told from lies."""
    stated = [value for name, value in headers if name.lower() == "content-digest"]
    if not stated:
        raise Unverified("request-unsigned", field="Content-Digest")
    digests = {name: b64(hash_(body).digest()) for name, hash_ in (("sha-256", sha256), ("sha-512", sha512))}
    found = [(name, value) for text in stated for name, value in _DIGEST.findall(text)]
    if not found or any(digests[name] != value for name, value in found):
        raise Unverified("request-signature", field="Content-Digest", value="?", why="the body is not what was sent")


def claimed_signer(headers: Iterable[tuple[str, str]]) -> str:
    """The name of the node that a request CLAIMS to be signed by, unverified: to fetch its key. Unverified if none."""
    for name, value in headers:
        if name.lower() == "signature-input" and (match := _KEY_ID.search(value)):
            return match[1]
    raise Unverified("request-unsigned", field="Signature")


def open_request(
    method: str,
    path: str,
    headers: Iterable[tuple[str, str]],
    body: bytes | None,
    key_of: Callable[[str], Verifier],
    kept: timedelta = timedelta(0),
) -> str:
    """The name of the node that signed this request. `key_of` answers a node's peer key, or raises (Unknown, …).

    `path` as it came, with its query. `body` None: it is not read yet, and `check_digest` follows. `kept`: for how long
    it may have waited on the way.
    Unverified for a request that is unsigned, altered, too old, or from the future.
    """
    fields = _Fields(headers)
    if not any(name.lower() == "signature-input" for name in fields):
        raise Unverified("request-unsigned", field="Signature")
    keys = _Keys(key_of=key_of)
    verifier = _Verifier(signature_algorithm=_Ed25519, key_resolver=keys)
    try:
        verifier.verify(
            _Request(method, f"http://node{path}", fields),
            max_age=kept,  # and the skew on top
            expect_tag=_TAG,
            require_components=_COVERED,
            body=body,
        )
    except InvalidSignature as error:
        if isinstance(error.__cause__, LodetraceError):
            raise error.__cause__ from None
        raise Unverified("request-signature", field="Signature", value=keys.sender or "?", why=str(error)) from error
    return keys.sender
