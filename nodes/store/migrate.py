"""Brings a database to the schema that this version speaks, by Alembic, in one transaction.

A database that is up to date costs one SELECT: neither Alembic nor SQLAlchemy is even imported then, so a node starts
fast and stays small. To add a revision, change tables.py, write the next file in migrations/versions and put its
number in `REVISION`; a test says when the three do not agree.
"""

from pathlib import Path
from sqlite3 import Connection
from threading import Lock

from ledger.errors import Unavailable

REVISION = "0014"
MIGRATIONS = Path(__file__).parent / "migrations"

_ALEMBIC = Lock()  # Alembic keeps its current context in module globals, so two stores must not migrate at once


def migrate(conn: Connection, path: Path) -> None:
    """`conn` is in no transaction. Unavailable if the database was made by a later version than this one."""
    found = revision(conn)
    if found == REVISION:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import StaticPool

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    if found is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(found)
        except CommandError as error:
            raise Unavailable("database-newer", field=str(path), value=found) from error
    engine = create_engine("sqlite://", creator=lambda: conn, poolclass=StaticPool)
    # Python's own transaction control is off on this connection. Whoever migrates at the same time waits here, and
    # then finds nothing left to do: Alembic reads the revision again inside the transaction.
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
    with _ALEMBIC, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision(conn: Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    if conn.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'").fetchone() is None:
        return None
    row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])
