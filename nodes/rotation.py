"""Rotation: the keys that were made in advance become the current ones, and the log says so before anything else does.

    rotate   with nobody else at the home: keys prepared beside the current ones, `rekeyed` sealed, folders exchanged
    settle   what a crash left between those steps is finished or undone, by what the log says

    1  HOME/keys.coming appears, whole                     a crash before 2: the log does not know them, they are undone
    2  the log's `rekeyed`, under the old and the new key  a crash after 2: the log has them in force, it is finished
    3  HOME/keys → HOME/keys.before, HOME/keys.coming → HOME/keys, and what was before is deleted

Promises: never two sets of keys in force, and none that the log does not publish. A replaced log key stays, as
HOME/keys/before/log.pem, and signs checkpoints along for readers who know no other yet; every other replaced key is
gone. Does not take the lock on the home: whoever calls holds it (nodes/posix.py).
"""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.errors import Malformed
from ledger.keys import LAST
from nodes import config
from nodes import identity as keys
from nodes.clock import Clock, system_clock
from nodes.config import Settings
from nodes.desk import GroupDesk
from nodes.identity import COMING, KEYS, USES, Identity
from nodes.node import Node
from nodes.posix import sync_folder
from nodes.rekeyed import own_keys
from nodes.sequencer import Command
from nodes.store.engine import Store
from nodes.verbs.draft import Draft, Sealed, at_of, recorded_of

BEFORE = "keys.before"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Rotated:
    """The entry that says it, and the keys from then on."""

    index: int
    identity: Identity


def rotate(home: Path, environ: Mapping[str, str], uses: Collection[str], clock: Clock = system_clock) -> Rotated:
    """Replaces the keys of `uses`; Malformed for no use of ours, Unavailable where a next key is kept elsewhere."""
    wanted = set(USES) if ALL in uses else set(uses)
    if unknown := sorted(wanted - USES.keys()):
        raise Malformed("field-wrong", field="use", value=unknown[0], kind=", ".join((*USES, ALL)))
    settle(home, environ)
    settings, passphrase = config.load(home, environ), config.passphrase(environ)
    old = keys.load(home, settings.name, passphrase, mldsa=settings.mldsa)
    prepared = keys.prepare(home, settings.name, wanted, passphrase, mldsa=settings.mldsa)
    try:
        index = record(settings, old, prepared, clock)
    finally:  # what was sealed is finished, what was refused is undone
        settle(home, environ)
    return Rotated(index, keys.load(home, settings.name, passphrase, mldsa=settings.mldsa))


def record(settings: Settings, old: Identity | None, new: Identity, clock: Clock, recovery: bytes | None = None) -> int:
    """Seals the entry that puts the `new` keys in force, and publishes it. Answers its index. Where the `old` ones are
    lost, `recovery` is the statement of recovery keys.
    """
    sealed_at: list[int] = []
    published = new.published()
    before = (old.author,) if old is not None and old.author.verifier != new.author.verifier else ()
    signers = (*before, new.author)
    told_keys = {"list": published, **({} if recovery is None else {"recovery": recovery.decode()})}
    node = Node(settings, new, Store.open(settings.database), clock)

    def draft(desk: GroupDesk) -> Draft:
        with node.store.read() as conn:
            keys = own_keys(conn)  # refuses a key that was not committed to
        if recovery is None:
            keys.rekeyed(desk.index, published)
        else:
            keys.recovering(desk.index, tuple(published), recovery)
        slots = {
            "about": {"at": at_of(desk, {}), "name": settings.name},
            "keys": told_keys,
            "cited": None,
            "recorded": recorded_of(desk, {}),
        }
        return Draft("rekeyed", slots, told, signers=signers)

    def told(sealed: Sealed) -> dict[str, Any]:
        sealed_at.append(sealed.index)
        return {}

    try:
        node.start()
        node.sequencer.submit(Command(draft, settings.name)).result()
    finally:
        node.stop()
    return sealed_at[0]


def settle(home: Path, environ: Mapping[str, str]) -> None:
    """Finishes or undoes a rotation that a crash cut short; mostly there is none. Each step may be cut short again."""
    current, coming, before = home / KEYS, home / COMING, home / BEFORE
    for draft in home.glob(f".{COMING}.*"):
        shutil.rmtree(draft)
    if before.exists() and current.exists():
        shutil.rmtree(before)
    if not coming.exists():
        return
    if _in_force(home, environ):
        if current.exists():
            current.rename(before)
        coming.rename(current)
    else:
        coming.rename(before)
    sync_folder(home)
    if before.exists():  # keys that were lost are not there to be deleted
        shutil.rmtree(before)


def _in_force(home: Path, environ: Mapping[str, str]) -> bool:
    """Does the log say that HOME/keys.coming are the keys now?"""
    settings = config.load(home, environ)
    coming = keys.load(home, settings.name, config.passphrase(environ), mldsa=settings.mldsa, folder=COMING)
    store = Store.open(settings.database)
    try:
        with store.read() as conn:
            return [dict(key) for key in own_keys(conn).at(LAST)] == coming.published()
    finally:
        store.close()
