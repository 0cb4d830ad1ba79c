"""The database file of one node: opening it, one writer, many readers, and what its failures mean.

SQLite in WAL mode with synchronous=FULL (https://www.sqlite.org/wal.html): readers see the last commit and never wait;
a commit has reached the disk when it returns. The functions of the modules beside this one take the raw connection
that `write` and `read` give, and hold no state of their own.

Promises: `write` is one BEGIN IMMEDIATE transaction, committed if the block ends and rolled back if it raises; `read`
is one snapshot, whatever is committed meanwhile. What the disk or another process does to us arrives as Unavailable.
Does not check that no other node serves this file (nodes/posix.py), nor the content (audit, rebuild).
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Self, TypeAlias

from ledger.errors import Unavailable
from nodes.store.migrate import migrate

Connection: TypeAlias = sqlite3.Connection
"""What `Store.write` and `Store.read` give, and the functions of the modules beside this one take."""
BUSY_SECONDS = 5.0
"""How long a writer waits for another one, in this process or elsewhere, before it says that the database is locked."""
READERS_KEPT = 8
_WAL_PAGES = 16_384  # 64 MiB between two checkpoints of the WAL: it is the random pages that cost
_WRITER = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}",
    f"PRAGMA journal_size_limit = {2 * _WAL_PAGES * 4096}",
)
_READER = ("PRAGMA query_only = ON", "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -8192")
_FAILURES = {
    "SQLITE_FULL": "disk-full",
    "SQLITE_BUSY": "database-locked",
    "SQLITE_LOCKED": "database-locked",
    "SQLITE_READONLY": "database-readonly",
    "SQLITE_IOERR": "disk-failing",
    "SQLITE_CANTOPEN": "disk-failing",
    "SQLITE_CORRUPT": "database-damaged",
    "SQLITE_NOTADB": "database-damaged",
}
_FIRST = Lock()
"""Of several that open a new database at once one gives it its WAL; SQLite refuses the others without any waiting."""


class Store:
    """One node's database. Usable from any thread; writers queue, each reader has a connection of its own."""

    def __init__(self, path: Path) -> None:
        """Use `open` or `create`."""
        self.path = path
        self._writing = Lock()
        self._writer: Connection | None = None
        self._guard = Lock()  # of the two fields below
        self._idle: list[Connection] = []
        self._closed = False

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing database, brought to our schema.

        A missing one is never made here: an empty log under a key that has signed entries before would be a fork.
        """
        if not path.is_file():
            raise Unavailable("database-missing", field=str(path))
        store = cls(path)
        try:
            with store._writer_at_hand() as conn:
                migrate(conn, path)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def create(cls, path: Path, origin: str) -> Self:
        """A new database for the log `origin`, still empty, readable by its owner only."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError as error:
            raise Unavailable("database-exists", field=str(path)) from error
        store = cls.open(path)
        with store.write() as conn:
            conn.execute("INSERT INTO logs (no, origin) VALUES (0, ?)", (origin,))
        return store

    def close(self) -> None:
        """Waits for the writer; readers still out close when they are given back."""
        with self._writing:
            with self._guard:
                self._closed = True
                idle, self._idle = self._idle, []
            for conn in idle:
                conn.close()
            self._drop_writer()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; other writers wait for its end, so a thread that has one must not ask for a second."""
        with self._writer_at_hand() as conn, self._transaction(conn):
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot, taken by the first statement. While it is held, the WAL cannot shrink: keep it short."""
        with _failures(self.path):
            conn = self._take_reader()
            try:
                conn.execute("BEGIN")
                yield conn
            finally:
                self._give_back(conn)

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A connection in no transaction, for what is none: writing a copy of the whole file."""
        with _failures(self.path):
            conn = self._connect(())
            try:
                yield conn
            finally:
                conn.close()

    @contextmanager
    def _writer_at_hand(self) -> Iterator[Connection]:
        with _failures(self.path):
            if not self._writing.acquire(timeout=BUSY_SECONDS):
                raise Unavailable("database-locked", field=str(self.path))
            try:
                if self._closed:
                    raise Unavailable("store-closed", field=str(self.path))
                if self._writer is None:
                    with _FIRST:
                        self._writer = self._connect(_WRITER, _check_modes)
                yield self._writer
            finally:
                self._writing.release()

    @contextmanager
    def _transaction(self, conn: Connection) -> Iterator[None]:
        conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            conn.execute("COMMIT")
        except BaseException as error:
            if isinstance(error, sqlite3.Error):
                # After a failed write or COMMIT the connection may be in any state: closing it rolls back for certain.
                self._drop_writer()
            elif conn.in_transaction:
                conn.execute("ROLLBACK")
            raise

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _connect(self, pragmas: tuple[str, ...], check: Callable[[Connection, Path], None] | None = None) -> Connection:
        """Transactions are ours (isolation_level None); one thread at a time uses a connection, not always the same."""
        conn = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            for pragma in pragmas:
                conn.execute(pragma)
            if check is not None:
                check(conn, self.path)
        except BaseException:
            conn.close()
            raise
        return conn

    def _take_reader(self) -> Connection:
        with self._guard:
            if self._closed:
                raise Unavailable("store-closed", field=str(self.path))
            if self._idle:
                return self._idle.pop()
        return self._connect(_READER)

    def _give_back(self, conn: Connection) -> None:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        with self._guard:
            if not self._closed and len(self._idle) < READERS_KEPT:
                self._idle.append(conn)
                return
        conn.close()


def _check_modes(conn: Connection, path: Path) -> None:
    """What a promise of durability rests on is read back: SQLite keeps silent when a file system cannot do WAL."""
    (journal,) = conn.execute("PRAGMA journal_mode = WAL").fetchone()
    (synchronous,) = conn.execute("PRAGMA synchronous").fetchone()
    (keys,) = conn.execute("PRAGMA foreign_keys").fetchone()
    if (journal, synchronous, keys) != ("wal", 2, 1):
        raise Unavailable("database-modes", field=str(path), value=f"{journal}, {synchronous}, {keys}")


@contextmanager
def _failures(path: Path) -> Iterator[None]:
    """SQLite's errors of the world as Unavailable; its errors about our own statements pass, they are our mistakes."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        code = next((code for start, code in _FAILURES.items() if name.startswith(start)), None)
        if code is None:
            raise
        raise Unavailable(code, field=str(path), value=str(error)) from error
