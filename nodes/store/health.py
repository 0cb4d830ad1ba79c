"""Is the database file sound? SQLite's own reading of every page; what the entries in it say, audits check."""

from nodes.store.engine import Connection


def damage(conn: Connection) -> str | None:
    """The first thing that is wrong with the file's structure, in SQLite's words; None if nothing is."""
    (found,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    return None if found == "ok" else str(found)
