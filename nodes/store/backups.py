"""A copy of the database, beside the node that writes it."""

from pathlib import Path

from nodes.store.engine import Store


def copy_database(store: Store, to: Path) -> None:
    """One state of the whole database, in a new file `to`."""
    with store.alone() as conn:
        conn.execute("VACUUM INTO ?", (str(to),))
