"""Sealing what only one node may read, after https://www.rfc-editor.org/rfc/rfc9180 (HPKE, base mode, one message).

    seal     for whoever holds the private half of an X25519 key: the 32 bytes that a node publishes for the use `seal`,
             or a key that was made for one answer
    unseal   Unverified("sealed-wrong") for what was sealed for another key, for another purpose, or altered

DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305; `purpose` is the `info` of the specification. A sealed text
does not say who sealed it.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ledger.errors import Unverified

KEY_SIZE = 32
ADDED = 48
"""Bytes by which a sealed text is longer."""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


Private = X25519PrivateKey


def fresh() -> Private:
    """A key for one answer."""
    return X25519PrivateKey.generate()


def public_of(key: Private) -> bytes:
    return key.public_key().public_bytes_raw()


def seal(text: bytes, to: bytes, purpose: str) -> bytes:
    try:
        return _SUITE.encrypt(text, X25519PublicKey.from_public_bytes(to), purpose.encode())
    except ValueError as error:
        raise Unverified("sealed-wrong", field="seal", value=len(to)) from error


def unseal(sealed: bytes, key: Private, purpose: str) -> bytes:
    try:
        return _SUITE.decrypt(sealed, key, purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise Unverified("sealed-wrong", field="sealed", value=len(sealed)) from error
