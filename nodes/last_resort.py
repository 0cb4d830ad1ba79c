"""Keys of last resort: new keys for a log whose keys are lost or stolen, put in force by the holders of recovery keys.

    prepare   at the stopped home: new keys beside it, and the statement that the holders sign
    sign      what each of them does, apart and offline, with the statement and a key file
    finish    at the home again: their signatures together, then the `rekeyed` that carries them, under the new keys

Between `prepare` and `finish` the log must not grow: the statement names the index of the entry that it is for. A
crash is finished or undone like that of any rotation (nodes/rotation.py).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree

from ledger.errors import LodetraceError, Malformed, Unavailable
from ledger.last_resort import FIRST_LINE, combined, statement
from ledger.log.notes import sign_note
from ledger.log.trust import organisation
from nodes import config, identity
from nodes.clock import Clock, system_clock
from nodes.identity import COMING
from nodes.rekeyed import own_keys
from nodes.rotation import Rotated, record, settle
from nodes.store import log
from nodes.store.engine import Store

PREPARED = "keys.recovering"


def prepare(home: Path, environ: Mapping[str, str]) -> str:
    """The statement. Called again, it prepares other keys, and what was signed for the first ones is worth nothing."""
    settings, passphrase = config.load(home, environ), config.passphrase(environ)
    if (home / PREPARED).exists():
        rmtree(home / PREPARED)
    store = Store.open(settings.database)
    try:
        with store.read() as conn:
            origin, size = own_keys(conn).origin, log.head(conn).size
    finally:
        store.close()
    own = None if origin == f"{settings.name}/log" else origin
    identity.fill(home / PREPARED, passphrase, mldsa=settings.mldsa, origin=own)
    new = identity.load(home, settings.name, passphrase, mldsa=settings.mldsa, folder=PREPARED)
    return statement(origin, size, new.published())


def sign(text: str, key: Path, passphrase: bytes | None = None) -> bytes:
    """A note of one holder. Malformed for a text that is no such statement."""
    lines = text.split("\n")
    if len(lines) != 5 or lines[0] != FIRST_LINE:
        raise Malformed("malformed", field="statement", why=f"it does not begin with {FIRST_LINE}")
    return sign_note(text, [identity.recovery_signer(key, organisation(lines[1]), passphrase)])


def finish(home: Path, environ: Mapping[str, str], notes: Sequence[bytes], clock: Clock = system_clock) -> Rotated:
    """Unverified with the name of what is wrong with the signatures; then nothing has changed, and more may sign."""
    if not (home / PREPARED).exists():
        raise Unavailable("recovery-not-prepared", field=str(home))
    settings, passphrase = config.load(home, environ), config.passphrase(environ)
    (home / PREPARED).rename(home / COMING)
    try:
        new = identity.load(home, settings.name, passphrase, mldsa=settings.mldsa, folder=COMING)
        index = record(settings, None, new, clock, combined(notes))
    except LodetraceError:  # refused: nothing was sealed
        (home / COMING).rename(home / PREPARED)
        raise
    settle(home, environ)
    return Rotated(index, identity.load(home, settings.name, passphrase, mldsa=settings.mldsa))
