"""Spreadsheets that somebody brought to be imported, each with how it is read and what was found in it.

Not derivable, and nothing rests on it: what was recorded of one is in the log. Does not read them: nodes/imports.py
does.
"""

from dataclasses import dataclass

from nodes.store.engine import Connection
from nodes.store.sql import next_no

_ADD = (
    "INSERT INTO imports (no, id, owner, name, hash, content, asked, headings, job, report, at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', ?)"
)
_IMPORT = "SELECT no, id, owner, name, hash, asked, job, report, at FROM imports"
_ASK = "UPDATE imports SET asked = ?, headings = ?, job = '', report = '' WHERE id = ?"
_CLEAR = "UPDATE imports SET job = '', report = '' WHERE id = ?"
_BEGUN = "UPDATE imports SET job = ? WHERE id = ? AND report = ''"
_REPORT = "UPDATE imports SET job = '', report = ? WHERE id = ?"
_ALIKE = f"{_IMPORT} WHERE headings = ? AND report <> '' ORDER BY no DESC LIMIT 1"
_EMPTY = "UPDATE imports SET content = ? WHERE owner = ? AND no < ? AND content <> ?"


@dataclass(frozen=True, slots=True)
class StoredImport:
    """`asked` and `report` are JSON text, `report` empty until it was looked through by `job`."""

    no: int
    id: str
    owner: str
    name: str
    hash: bytes
    asked: str
    job: str
    report: str
    at: str


def add(conn: Connection, id_: str, owner: str, name: str, hash_: bytes, content: bytes, asked: str, at: str) -> None:
    conn.execute(_ADD, (next_no(conn, "imports"), id_, owner, name, hash_, content, asked, b"", at))


def one(conn: Connection, id_: str) -> StoredImport | None:
    return _only(conn.execute(f"{_IMPORT} WHERE id = ?", (id_,)).fetchone())


def content(conn: Connection, id_: str) -> bytes:
    """Empty where it is no longer kept."""
    row = conn.execute("SELECT content FROM imports WHERE id = ?", (id_,)).fetchone()
    return b"" if row is None else bytes(row[0])


def ask(conn: Connection, id_: str, asked: str, headings: bytes) -> None:
    conn.execute(_ASK, (asked, headings, id_))


def clear(conn: Connection, id_: str) -> None:
    """What came of it before is no longer true."""
    conn.execute(_CLEAR, (id_,))


def begun(conn: Connection, id_: str, job: str) -> None:
    """Unless the job has ended already."""
    conn.execute(_BEGUN, (job, id_))


def reported(conn: Connection, id_: str, report: str) -> None:
    conn.execute(_REPORT, (report, id_))


def drop(conn: Connection, id_: str) -> None:
    conn.execute("DELETE FROM imports WHERE id = ?", (id_,))


def alike(conn: Connection, headings: bytes) -> StoredImport | None:
    """The last one with these headings that was looked through."""
    return _only(conn.execute(_ALIKE, (headings,)).fetchone())


def same(conn: Connection, hash_: bytes) -> list[StoredImport]:
    """The same file, whoever brought it, newest first."""
    return [StoredImport(*row) for row in conn.execute(f"{_IMPORT} WHERE hash = ? ORDER BY no DESC", (hash_,))]


def of(conn: Connection, owner: str, limit: int) -> list[StoredImport]:
    return [
        StoredImport(*row)
        for row in conn.execute(f"{_IMPORT} WHERE owner = ? ORDER BY no DESC LIMIT ?", (owner, limit))
    ]


def keep_last(conn: Connection, owner: str, count: int) -> None:
    """Forgets what all but the last `count` of an owner hold; that they were there stays known."""
    kept = of(conn, owner, count)
    if len(kept) == count:
        conn.execute(_EMPTY, (b"", owner, kept[-1].no, b""))


def _only(row: tuple[object, ...] | None) -> StoredImport | None:
    return None if row is None else StoredImport(*row)  # type: ignore[arg-type]
