"""A node's five keys (docs/formats.md, "Keys"): made once, kept as files, used through signers. A sixth if it is set.

    HOME/keys/{log,author,witness,peer,seal}.pem    PKCS#8, owner-only, under a passphrase if one is set
    HOME/keys/witness-ml-dsa-44.pem                 a second witness key, where the settings ask for one
    HOME/keys/next/….pem                            the keys that will follow them; may be kept elsewhere
    HOME/keys/next/commitments                      hashes of their public halves, which entry 0 publishes
    HOME/keys/origin                                the log that they write, where it succeeds another
    HOME/keys/before/log.pem                        the log key that was replaced last, while it still signs along
    HOME/keys.coming                                what HOME/keys is to become, until the log has said so

Promises: no two uses share a key; a key file that others may read is refused; an Identity prints without secrets.
Does not check that these are the keys in force by the log itself: the node does when it opens.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
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
from ledger.log.notes import COSIGNATURE, ED25519, Ed25519Signer, MldsaSigner, Signer, Verifier
from nodes.posix import PRIVATE_FOLDER, new_folder, read_private, replace_private, write_private

USES = {"log": "ed25519", "author": "ed25519", "witness": "ed25519", "peer": "ed25519", "seal": "x25519"}
"""What a key is for, and its algorithm, in the order in which they are published."""
MLDSA, MLDSA_USE = "witness-ml-dsa-44", "witness"
KEYS, COMING, ORIGIN = "keys", "keys.coming", "origin"

PrivateKey: TypeAlias = Ed25519PrivateKey | X25519PrivateKey | MLDSA44PrivateKey


@dataclass(frozen=True, slots=True)
class Identity:
    """The keys of the node `name`. The signers could as well stand before an HSM."""

    name: str
    log: Signer
    author: Signer
    witness: Signer  # of type 4: cosignatures
    peer: Signer  # signs requests to other nodes, nothing else
    seal: X25519PrivateKey = field(repr=False)
    next_commits: Mapping[str, bytes] = field(repr=False)  # name of the key file -> SHA-256 of the next public key
    witness_mldsa: Signer | None = None  # of type 6: cosignatures that outlast quantum computers
    log_before: Signer | None = None  # signs checkpoints along, for readers who know no newer log key yet

    @property
    def origin(self) -> str:
        return self.log.verifier.name

    @property
    def log_signers(self) -> tuple[Signer, ...]:
        """The keys under which this node signs its own checkpoints."""
        return (self.log,) if self.log_before is None else (self.log, self.log_before)

    @property
    def cosigners(self) -> tuple[Signer, ...]:
        """The keys under which this node cosigns other logs' checkpoints: each of them, every time."""
        return (self.witness,) if self.witness_mldsa is None else (self.witness, self.witness_mldsa)

    def published(self) -> list[dict[str, str]]:
        """The list of keys for the log's entry 0."""
        publics = {use: getattr(self, use).verifier.public for use in USES if use != "seal"}
        publics["seal"] = self.seal.public_key().public_bytes_raw()
        listed = [
            {"use": use, "alg": alg, "key": b64(publics[use]), "next_commit": b64(self.next_commits[use])}
            for use, alg in USES.items()
        ]
        if self.witness_mldsa is not None:
            key, following = self.witness_mldsa.verifier.public, self.next_commits[MLDSA]
            listed.append({"use": "witness", "alg": "ml-dsa-44", "key": b64(key), "next_commit": b64(following)})
        return listed


def create(
    home: Path, name: str, passphrase: bytes | None = None, *, mldsa: bool = False, origin: str | None = None
) -> Identity:
    """New keys in HOME/keys, which must not exist, and the ones that will follow them. `origin`: of a successor log."""
    fill(home / KEYS, passphrase, mldsa=mldsa, origin=origin)
    return load(home, name, passphrase, mldsa=mldsa)


def fill(folder: Path, passphrase: bytes | None = None, *, mldsa: bool = False, origin: str | None = None) -> None:
    """New keys in a folder that must not exist."""
    folder.mkdir(PRIVATE_FOLDER)
    (folder / "next").mkdir(PRIVATE_FOLDER)
    commitments = []
    for use in _files(mldsa=mldsa):
        _write(folder / f"{use}.pem", _generate(use), passphrase)
        following = _generate(use)
        _write(folder / "next" / f"{use}.pem", following, passphrase)
        commitments.append(_commitment(use, following))
    write_private(folder / "next" / "commitments", "".join(commitments).encode())
    if origin is not None:
        write_private(folder / ORIGIN, f"{origin}\n".encode())


def prepare(
    home: Path, name: str, uses: Collection[str], passphrase: bytes | None = None, *, mldsa: bool = False
) -> Identity:
    """HOME/keys.coming: for `uses` the keys made in advance, and new ones to follow them; the rest as it is."""
    current = home / KEYS
    with new_folder(home / COMING) as folder:
        (folder / "next").mkdir(PRIVATE_FOLDER)
        commitments = []
        for file, digest in _load_commitments(current / "next" / "commitments", mldsa=mldsa).items():
            if (MLDSA_USE if file == MLDSA else file) in uses:
                write_private(folder / f"{file}.pem", read_private(current / "next" / f"{file}.pem"))
                following = _generate(file)
                _write(folder / "next" / f"{file}.pem", following, passphrase)
                commitments.append(_commitment(file, following))
            else:
                for kept in (f"{file}.pem", f"next/{file}.pem"):
                    _copy(current / kept, folder / kept)
                commitments.append(f"{file} {b64(digest)}\n")
        write_private(folder / "next" / "commitments", "".join(commitments).encode())
        _copy(current / ORIGIN, folder / ORIGIN)
        (folder / "before").mkdir(PRIVATE_FOLDER)
        _copy(current / ("log.pem" if "log" in uses else "before/log.pem"), folder / "before" / "log.pem")
    return load(home, name, passphrase, mldsa=mldsa, folder=COMING)


def _commitment(file: str, key: PrivateKey) -> str:
    return f"{file} {b64(sha256(key.public_key().public_bytes_raw()).digest())}\n"


def _copy(file: Path, to: Path) -> None:
    """The next keys may be kept elsewhere, and a log key that was never replaced has none before it."""
    if file.exists():
        write_private(to, read_private(file))


def load(
    home: Path, name: str, passphrase: bytes | None = None, *, mldsa: bool = False, folder: str = KEYS
) -> Identity:
    """The keys in HOME/keys; with `mldsa` the second witness key must be there too.

    Unavailable for a file that is missing or open to others, Malformed for a wrong one.
    """
    place, origin = home / folder, log_of(home, name, folder)

    def signer(use: str, algorithm: int = ED25519, file: str = "") -> Ed25519Signer:
        with _named(place / f"{file or use}.pem") as pem:
            return Ed25519Signer.from_pkcs8(origin if use == "log" else f"{name}/{use}", pem, passphrase, algorithm)

    def second_witness() -> MldsaSigner:
        with _named(place / f"{MLDSA}.pem") as pem:
            return MldsaSigner.from_pkcs8(f"{name}/witness", pem, passphrase)

    return Identity(
        name=name,
        log=signer("log"),
        author=signer("author"),
        witness=signer("witness", COSIGNATURE),
        peer=signer("peer"),
        seal=_load_seal(place / "seal.pem", passphrase),
        next_commits=_load_commitments(place / "next" / "commitments", mldsa=mldsa),
        witness_mldsa=second_witness() if mldsa else None,
        log_before=signer("log", file="before/log") if (place / "before" / "log.pem").exists() else None,
    )


def log_of(home: Path, name: str, folder: str = KEYS) -> str:
    """The origin of the log that a home's keys write."""
    file = home / folder / ORIGIN
    return read_private(file).decode().strip() if file.exists() else f"{name}/log"


def make_recovery_key(file: Path, passphrase: bytes | None = None) -> str:
    """A key of last resort in a new file; its public half as base64, for entry 0 of the log that commits to it."""
    key = Ed25519PrivateKey.generate()
    _write(file, key, passphrase)
    return b64(key.public_key().public_bytes_raw())


def recovery_signer(file: Path, name: str, passphrase: bytes | None = None) -> Signer:
    with _named(file) as pem:
        return Ed25519Signer.from_pkcs8(f"{name}/recovery", pem, passphrase)


def renew_witness(
    home: Path, name: str, passphrase: bytes | None = None, *, mldsa: bool = False
) -> tuple[Verifier, ...]:
    """New witness keys in the place of the old ones, which are gone with what they have cosigned.

    A witness that forgot what it cosigned could vouch for a second history. Whoever counts on it must hear of the new
    keys; those that were announced to follow (keys/next) are not used, for they may have been in use already.
    """
    for file in ("witness", MLDSA) if mldsa else ("witness",):
        replace_private(home / "keys" / f"{file}.pem", _pem(_generate(file), passphrase))
    return tuple(signer.verifier for signer in load(home, name, passphrase, mldsa=mldsa).cosigners)


def _files(*, mldsa: bool) -> tuple[str, ...]:
    return (*USES, MLDSA) if mldsa else tuple(USES)


@contextmanager
def _named(file: Path) -> Iterator[bytes]:
    """The content of a key file; what is wrong with the key in it is said with the file's name."""
    try:
        yield read_private(file)
    except Malformed as error:
        if error.code != "key-unreadable":
            raise
        raise Malformed("key-file-wrong", field=str(file), why=error.facts["why"]) from error


def new_device_key(file: Path, device: str) -> Ed25519Signer:
    """A key for a program that stands in for a device, in a file of its own; no key of the node's."""
    key = Ed25519PrivateKey.generate()
    _write(file, key, None)
    return Ed25519Signer(device, key)


def _generate(file: str) -> PrivateKey:
    if file == MLDSA:
        return MLDSA44PrivateKey.generate()
    return X25519PrivateKey.generate() if USES[file] == "x25519" else Ed25519PrivateKey.generate()


def _write(file: Path, key: PrivateKey, passphrase: bytes | None) -> None:
    write_private(file, _pem(key, passphrase))


def _pem(key: PrivateKey, passphrase: bytes | None) -> bytes:
    wrap: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, wrap)


def _load_seal(file: Path, passphrase: bytes | None) -> X25519PrivateKey:
    try:
        key = load_pem_private_key(read_private(file), passphrase)
    except (ValueError, TypeError) as error:  # TypeError: a passphrase given and none needed, or the reverse
        raise Malformed("key-file-wrong", field=str(file), why=str(error)) from None
    if not isinstance(key, X25519PrivateKey):
        raise Malformed("key-file-wrong", field=str(file), why="it is not an X25519 key")
    return key


def _load_commitments(file: Path, *, mldsa: bool) -> dict[str, bytes]:
    lines = read_private(file).decode("ascii", "replace").splitlines()
    found = {use: unb64(digest, field=str(file), size=32) for use, _, digest in (line.partition(" ") for line in lines)}
    wanted = _files(mldsa=mldsa)
    if tuple(found) not in {wanted, _files(mldsa=True)}:
        raise Malformed("malformed", field=str(file), why=f"it must name {', '.join(wanted)}, each on its line")
    return found
