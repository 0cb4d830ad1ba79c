"""The entries by which logs replaced their own keys: whoever checks a log needs them, and anyone may read them."""

from collections.abc import Callable

from ledger.entries import open_entry
from ledger.keys import Keys, replaces_own_keys
from ledger.log.notes import Verifier
from ledger.log.trust import Policy
from nodes.store import log, upstream
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


def own_keys(conn: Connection) -> Keys:
    """The keys of our own log by position, as it says itself."""
    keys = Keys.opened(log.entry(conn, 0).event)
    for entry in own_rekeyed(conn):
        keys = keys.after(entry.index, entry.event)
    return keys


def keys_told(conn: Connection, own: str, origin: str) -> Keys | None:
    """The keys of a log by position, as far as we hold what it says of them; None where we hold not even its opening.

    What is held was verified when it came; the signatures of the entries that replace keys are looked at again here.
    """
    if origin == own:
        return own_keys(conn) if log.head(conn).size else None
    opened = upstream.at(conn, [(origin, 0)]).get((origin, 0))
    if opened is None:
        return None
    keys = Keys.opened(opened.event)
    for one in upstream.of_types(conn, [origin], ["rekeyed"]):
        after = keys.after(one.index, one.event)
        if after is not keys:
            open_entry(one.note, after.signers_at(one.index))
            keys = after
    return keys


def replaced(conn: Connection, own: str, policy: Policy) -> dict[str, Callable[[int], Verifier]]:
    """By origin, the log key at a size, of those logs of a policy that have replaced keys, as far as we hold it."""
    told = {origin: keys_told(conn, own, origin) for origin in policy.logs}
    return {
        origin: keys.log_at
        for origin, keys in told.items()
        # The key that the policy names must be one of the log's own, or the log is another.
        if keys is not None and len(keys.lists) > 1 and policy.logs[origin][0] in keys.since("log", 0)
    }
