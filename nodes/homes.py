"""A new home: settings, keys, database and entry 0, all of it or nothing.

It is filled beside its place and renamed into it as the last step, so a home that is there can be served.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.last_resort import parse_recovery
from nodes import config, identity
from nodes.clock import Clock, system_clock
from nodes.config import Settings
from nodes.identity import Identity
from nodes.node import found
from nodes.posix import new_folder
from nodes.store.engine import Store


def create_home(
    home: Path,
    environ: Mapping[str, str],
    *,
    clock: Clock = system_clock,
    recovery: Mapping[str, Any] | None = None,
    **settings: Any,
) -> tuple[Settings, Identity]:
    """Makes a node at `home`, which must not exist or be empty. `settings` are those of config.write_initial;
    `recovery` is what entry 0 says of recovery keys (ledger/last_resort.py).
    """
    with new_folder(home) as draft:
        written = config.write_initial(draft, **settings)
        if recovery is not None:
            parse_recovery(recovery, written.name)
        keys = identity.create(draft, written.name, config.passphrase(environ), mldsa=written.mldsa)
        store = Store.create(written.database, keys.origin)
        try:
            found(written, keys, store, clock, recovery=recovery)
        finally:
            store.close()
    return config.load(home, {}), keys


@contextmanager
def open_store(home: Path) -> Iterator[Store]:
    """The database of a home, beside a node that may be serving it: for verbs that add to no log."""
    store = Store.open(config.load(home, {}).database)
    try:
        yield store
    finally:
        store.close()
