"""Backups of a home: a folder with all that a node needs, written beside the running node; and a home made of one.

    backup    HOME → a new folder: settings, policy, own reference data, requests, keys, database; never the high-water
              file
    restore   such a folder → a new home, with new witness keys

The high-water file is left out because it tells a restored home that it is old. What it cannot know, `restore` leaves
to the start, which asks whoever remembers (nodes/rollback.py).
"""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ledger.errors import Unavailable
from ledger.log.notes import Verifier
from nodes import config, requests
from nodes.config import FILE
from nodes.homes import open_store
from nodes.identity import renew_witness
from nodes.posix import PRIVATE_FILE, PRIVATE_FOLDER, new_folder, sync_file, sync_folder
from nodes.store import witnessed
from nodes.store.backups import copy_database
from nodes.store.engine import Store

DATABASE = "node.db"
KEYS = "keys"


def backup(home: Path, to: Path) -> None:
    """Conflict if there is anything at `to`."""
    settings = config.load(home, {})
    home = settings.home
    with new_folder(to) as draft:
        with open_store(home) as store:
            copy_database(store, draft / DATABASE)
        # What lies elsewhere is named by its own place, and stays there.
        files = [home / FILE, settings.policy, *([settings.reference] if settings.reference else [])]
        for file in files:
            if file.is_relative_to(home):
                _copy(file, draft / file.relative_to(home))
        for file in requests.files(home):
            with suppress(FileNotFoundError):  # admitted meanwhile: nothing waits any more
                _copy(file, draft / file.relative_to(home))
        _copy_keys(home / KEYS, draft / KEYS)
        (draft / DATABASE).chmod(PRIVATE_FILE)
        sync_file(draft / DATABASE)


def restore(backup: Path, home: Path, environ: Mapping[str, str]) -> tuple[Verifier, ...]:
    """A home at `home`, which must not exist or be empty; its new witness keys. Unavailable if it is not whole."""
    missing = next((name for name in (FILE, KEYS, DATABASE) if not (backup / name).exists()), None)
    if missing is not None:
        raise Unavailable("backup-incomplete", field=str(backup), value=missing)
    with new_folder(home) as draft:
        for file in sorted(backup.rglob("*")):
            inside = file.relative_to(backup)
            if file.is_file() and inside.parts[0] != KEYS and inside.name not in ("lock", config.HIGHWATER):
                _copy(file, draft / inside)
        _copy_keys(backup / KEYS, draft / KEYS)
        settings = config.load(draft, {})
        store = Store.open(settings.database)
        try:
            with store.write() as conn:
                witnessed.forget(conn)
        finally:
            store.close()
        return renew_witness(draft, settings.name, config.passphrase(environ), mldsa=settings.mldsa)


def _copy_keys(keys: Path, to: Path) -> None:
    to.mkdir(PRIVATE_FOLDER)
    for file in sorted(keys.rglob("*")):
        if file.is_file():
            (to / file.relative_to(keys)).parent.mkdir(PRIVATE_FOLDER, exist_ok=True)
            _copy(file, to / file.relative_to(keys))


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    shutil.copyfile(file, to)
    to.chmod(PRIVATE_FILE)
    sync_file(to)
    sync_folder(to.parent)
