"""Which tables can be derived again, clearing them, and their canonical bytes to compare before and after.

What is derived comes from entries and disclosures, and from upstream entries in the order of their openings; replaying
both through the functions that first wrote the tables gives the same rows with the same numbers. Who replays is
nodes/rebuild.py; this file only knows the tables.

Promises: `snapshot` is equal exactly if every row of every derivable table is.
"""

import json
from collections.abc import Iterator

from ledger.entries import NOTHING_BEFORE
from nodes.store.engine import Connection

DERIVABLE = (
    "answers",
    "arrivals",
    "batches",
    "edges",
    "flows",
    "going",
    "hashes",
    "head",
    "holdings",
    "labels",
    "receipts",
    "shipments",
    "states",
    "units",
)
"""Gone and made again by a rebuild."""
NOT_DERIVABLE = (
    "alarms",
    "alarms_acknowledged",
    "calls",
    "case_steps",
    "certificates",
    "checkpoints",
    "deliveries",
    "disclosures",
    "drafts",
    "entries",
    "followed",
    "followed_tiles",
    "forks",
    "forks_acknowledged",
    "guest_links",
    "heard",
    "idempotency",
    "imports",
    "logs",
    "openings",
    "outside_rows",
    "outside_sets",
    "parked",
    "people",
    "prints",
    "relayed",
    "relayed_introductions",
    "rulesets",
    "scan_readers",
    "scans",
    "sessions",
    "tokens",
    "upstream",
    "upstream_checkpoints",
    "webhooks",
    "witnessed",
)
"""What a backup must hold: the log with its disclosures, what others gave us, and what we promised or were told."""

# Rows go before the rows they refer to.
_CLEARED = (
    "answers",
    "labels",
    "going",
    "receipts",
    "edges",
    "units",
    "holdings",
    "batches",
    "shipments",
    "arrivals",
    "states",
    "flows",
    "hashes",
)
_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'hashes' ORDER BY name"
_EMPTY_HEAD = "UPDATE head SET size = 0, text_hash = ?, recorded_at = ''"


def clear_derivable(conn: Connection) -> None:
    """Empties every derivable table; the head goes back to an empty log. All in the caller's transaction.

    The guard on tree hashes is taken away for that and put back, which no other reader of the database ever sees.
    """
    guards = conn.execute(_TRIGGERS).fetchall()
    for name, _ in guards:
        conn.execute(f"DROP TRIGGER {name}")
    for table in _CLEARED:
        conn.execute(f"DELETE FROM {table}")  # noqa: S608
    for _, text in guards:
        conn.execute(text)
    conn.execute(_EMPTY_HEAD, (NOTHING_BEFORE,))


def snapshot(conn: Connection) -> Iterator[bytes]:
    """One line for each row of each derivable table, tables by name, rows by key."""
    for table in DERIVABLE:
        columns = conn.execute(f"PRAGMA table_info({table})").fetchall()
        names = ", ".join(f'"{name}"' for _, name, *_ in columns)
        key = ", ".join(
            f'"{name}"' for place, name in sorted((key, name) for _, name, _, _, _, key in columns) if place
        )
        for row in conn.execute(f"SELECT {names} FROM {table} ORDER BY {key}"):  # noqa: S608
            values = [value.hex() if isinstance(value, bytes) else value for value in row]
            yield json.dumps([table, *values], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
