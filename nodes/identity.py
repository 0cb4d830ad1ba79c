"""A node's five keys (docs/formats.md, "Keys"): made once, kept as files, used through signers.

    HOME/keys/{log,author,witness,peer,seal}.pem    PKCS#8, owner-only, under a passphrase if one is set
    HOME/keys/next/….pem                            the keys that will follow them; may be kept elsewhere
    HOME/keys/next/commitments                      hashes of their public halves, which entry 0 publishes

Promises: no two uses share a key; a key file that others may read is refused; an Identity prints without secrets.
Does not check that these are the keys which the log's entry 0 published: the node does when it opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.errors import Malformed
from ledger.log.canonical import b64, unb64
from ledger.log.notes import COSIGNATURE, ED25519, Ed25519Signer, Signer
from nodes.posix import PRIVATE_FOLDER, read_private, write_private

USES = {"log": "ed25519", "author": "ed25519", "witness": "ed25519", "peer": "ed25519", "seal": "x25519"}
"""What a key is for, and its algorithm, in the order in which they are published."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The keys of the node `name`. The signers could as well stand before an HSM."""

    name: str
    log: Signer
    author: Signer
    witness: Signer  # of type 4: cosignatures
    peer: Signer  # signs requests to other nodes, nothing else
    seal: X25519PrivateKey = field(repr=False)
    next_commits: Mapping[str, bytes] = field(repr=False)  # use -> SHA-256 of the next public key

    @property
    def origin(self) -> str:
        return self.log.verifier.name

    def published(self) -> list[dict[str, str]]:
        """The list of keys for the log's entry 0."""
        publics = {use: getattr(self, use).verifier.public for use in USES if use != "seal"}
        publics["seal"] = self.seal.public_key().public_bytes_raw()
        return [
            {"use": use, "alg": alg, "key": b64(publics[use]), "next_commit": b64(self.next_commits[use])}
            for use, alg in USES.items()
        ]


def create(home: Path, name: str, passphrase: bytes | None = None) -> Identity:
    """New keys in HOME/keys, which must not exist, and the ones that will follow them."""
    folder = home / "keys"
    folder.mkdir(PRIVATE_FOLDER)
    (folder / "next").mkdir(PRIVATE_FOLDER)
    commitments = []
    for use in USES:
        _write(folder / f"{use}.pem", _generate(use), passphrase)
        following = _generate(use)
        _write(folder / "next" / f"{use}.pem", following, passphrase)
        commitments.append(f"{use} {b64(sha256(following.public_key().public_bytes_raw()).digest())}\n")
    write_private(folder / "next" / "commitments", "".join(commitments).encode())
    return load(home, name, passphrase)


def load(home: Path, name: str, passphrase: bytes | None = None) -> Identity:
    """The keys in HOME/keys. Unavailable for a file that is missing or open to others, Malformed for a wrong one."""
    folder = home / "keys"

    def signer(use: str, algorithm: int = ED25519) -> Ed25519Signer:
        file = folder / f"{use}.pem"
        try:
            return Ed25519Signer.from_pkcs8(f"{name}/{use}", read_private(file), passphrase, algorithm)
        except Malformed as error:
            raise Malformed("key-file-wrong", field=str(file), why=error.facts["why"]) from error

    return Identity(
        name=name,
        log=signer("log"),
        author=signer("author"),
        witness=signer("witness", COSIGNATURE),
        peer=signer("peer"),
        seal=_load_seal(folder / "seal.pem", passphrase),
        next_commits=_load_commitments(folder / "next" / "commitments"),
    )


def _generate(use: str) -> Ed25519PrivateKey | X25519PrivateKey:
    return X25519PrivateKey.generate() if USES[use] == "x25519" else Ed25519PrivateKey.generate()


def _write(file: Path, key: Ed25519PrivateKey | X25519PrivateKey, passphrase: bytes | None) -> None:
    wrap: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    write_private(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, wrap))


def _load_seal(file: Path, passphrase: bytes | None) -> X25519PrivateKey:
    try:
        key = load_pem_private_key(read_private(file), passphrase)
    except (ValueError, TypeError) as error:  # TypeError: a passphrase given and none needed, or the reverse
        raise Malformed("key-file-wrong", field=str(file), why=str(error)) from None
    if not isinstance(key, X25519PrivateKey):
        raise Malformed("key-file-wrong", field=str(file), why="it is not an X25519 key")
    return key


def _load_commitments(file: Path) -> dict[str, bytes]:
    lines = read_private(file).decode("ascii", "replace").splitlines()
    found = {use: unb64(digest, field=str(file), size=32) for use, _, digest in (line.partition(" ") for line in lines)}
    if list(found) != list(USES):
        raise Malformed("malformed", field=str(file), why=f"it must name {', '.join(USES)}, each on its line")
    return found
