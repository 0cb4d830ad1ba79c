import re
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from nodes.store import log, rebuild, stock, witnessed
from nodes.store.engine import Store
from nodes.store.migrate import MIGRATIONS, REVISION
from nodes.store.tables import Row

TABLES = Row.metadata.tables


def test_migrations_build_what_the_description_says(path: Path, store: Store) -> None:
    store.close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Row.metadata) == []
    engine.dispose()


def test_the_newest_revision_is_the_one_we_speak() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_what_the_comparison_does_not_see_is_there_too(name: str, store: Store) -> None:
    """Alembic compares no row layout, no conditions of indexes, no checks."""
    with store.read() as conn:
        (made,) = conn.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone()
        indexes = dict(
            conn.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL AND tbl_name = ?", (name,)
            )
        )
    described = str(CreateTable(TABLES[name]).compile(create_engine("sqlite://")))
    assert _lines(made) == _lines(described)
    assert indexes == {
        index.name: str(CreateIndex(index).compile(create_engine("sqlite://"))).strip()
        for index in TABLES[name].indexes
    }


def _lines(text: str) -> list[str]:
    """Alembic orders constraints its own way, and SQLite puts an added column into the line of the last."""
    return sorted(line.strip().rstrip(",") for line in re.split(r"\n|, (?=[a-z_]+ [A-Z])", text) if line.strip())


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_fits_the_other_database_as_well(name: str) -> None:
    text = str(CreateTable(TABLES[name]).compile(dialect=postgresql.dialect()))
    assert "SERIAL" not in text, "numbers are given by us, in log order"
    for index in TABLES[name].indexes:
        assert str(CreateIndex(index).compile(dialect=postgresql.dialect()))
    mass = {"mg", "net_mg", "packed_mg", "made_mg", "size", "index", "entry_no"} & set(TABLES[name].columns.keys())
    assert all(f"{column} BIGINT" in text.replace('"', "") for column in mass), "milligrams do not fit 32 bits"


def test_checkpoints_of_the_first_schema_are_shown_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    conn = sqlite3.connect(path, isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: conn, poolclass=StaticPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    conn.execute("INSERT INTO checkpoints (size, note, at) VALUES (7, x'01', 'then')")
    conn.close()
    store = Store.open(path)
    with store.read() as read:
        assert log.shown_checkpoint(read) == (7, b"\1")
        assert witnessed.count(read) == 0
    store.close()


def test_batches_of_an_older_schema_are_marked_by_what_is_left_of_them(tmp_path: Path) -> None:
    path = tmp_path / "before.db"
    conn = sqlite3.connect(path, isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: conn, poolclass=StaticPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0013")
    conn.execute("INSERT INTO logs (no, origin) VALUES (0, 'x.example/log') ON CONFLICT DO NOTHING")
    for no, basis, packed in ((1, "net", 0), (2, "net", 5), (3, "net", 0), (4, None, 0)):
        row = (no, bytes([no]) * 16, basis, packed)
        conn.execute("INSERT INTO batches (no, log_no, id, counted, basis, packed_mg) VALUES (?, 0, ?, 0, ?, ?)", row)
    conn.execute("INSERT INTO holdings (batch_no, site, owner, mg) VALUES (3, 'plant-1', '', 7)")
    conn.close()
    store = Store.open(path)
    with store.read() as read:
        assert read.execute("SELECT no FROM batches WHERE on_hand ORDER BY no").fetchall() == [(2,), (3,)]
        assert stock.mismarked(read) is None
    store.close()


def test_every_table_is_derivable_or_is_not(store: Store) -> None:
    assert sorted(rebuild.DERIVABLE + rebuild.NOT_DERIVABLE) == sorted(TABLES)
    with store.read() as conn:
        made = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert made == TABLES.keys() | {"alembic_version"}


def test_foreign_keys_hold(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), store.write() as conn:
        conn.execute("INSERT INTO holdings (batch_no, site, owner, mg) VALUES (7, 'plant-1', '', 1)")
