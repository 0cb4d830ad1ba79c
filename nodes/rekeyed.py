"""The entries by which this node replaced its own keys: whoever checks its log needs them, and anyone may read them."""

from ledger.keys import replaces_own_keys
from nodes.store import log
from nodes.store.engine import Connection
from nodes.store.records import Entry


def own_rekeyed(conn: Connection) -> list[Entry]:
    """In their order. Those in which a registry tells of others' keys are none."""
    found: list[Entry] = []
    after = -1
    while page := log.page(conn, after=after, event_type="rekeyed"):
        found += [one for one in page if replaces_own_keys(one.event)]
        after = page[-1].index
    return found
