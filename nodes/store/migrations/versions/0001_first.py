"""The first schema. tables.py says what each table is for.

Rows of the log itself are refused by the database when they change, vanish, leave a gap or are written twice, whoever
asks, by any program: SQLite's REPLACE deletes without asking a trigger, so a second writing is refused before it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BLOB = sa.LargeBinary()
TEXT = sa.Text()

EMPTY_HASH = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
TRIGGERS = {
    "sqlite": (
        """CREATE TRIGGER entries_append BEFORE INSERT ON entries
        WHEN NEW."index" <> (SELECT coalesce(max("index"), -1) + 1 FROM entries)
        BEGIN SELECT raise(ABORT, 'entries are appended, each once and without a gap'); END""",
        """CREATE TRIGGER entries_update BEFORE UPDATE ON entries
        BEGIN SELECT raise(ABORT, 'entries are never changed'); END""",
        """CREATE TRIGGER entries_delete BEFORE DELETE ON entries
        BEGIN SELECT raise(ABORT, 'entries are never deleted'); END""",
        """CREATE TRIGGER hashes_append BEFORE INSERT ON hashes
        WHEN EXISTS (SELECT 1 FROM hashes WHERE level = NEW.level AND position = NEW.position)
        BEGIN SELECT raise(ABORT, 'hashes are written once'); END""",
        """CREATE TRIGGER hashes_update BEFORE UPDATE ON hashes
        BEGIN SELECT raise(ABORT, 'hashes are never changed'); END""",
        """CREATE TRIGGER hashes_delete BEFORE DELETE ON hashes
        BEGIN SELECT raise(ABORT, 'hashes are never deleted'); END""",
    ),
}


def only(condition: str) -> dict[str, Any]:
    """A partial index, in the words of both dialects."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "arrivals",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=True),
        sa.Column("offered_by", BIG, nullable=True),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.Column("state", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("no", name="pk_arrivals"),
        sa.UniqueConstraint("id", name="uq_arrivals_id"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", BIG, autoincrement=False, nullable=False),
        sa.Column("note", BLOB, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoints"),
    )
    op.create_table(
        "deliveries",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("to_name", TEXT, nullable=False),
        sa.Column("entry_no", BIG, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", TEXT, nullable=False),
        sa.Column("answer", BLOB, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("no", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_next_at_no", "deliveries", ["next_at", "no"], **only("state = 'waiting'"))
    op.create_index("ix_deliveries_subject", "deliveries", ["subject"])
    op.create_table(
        "entries",
        sa.Column("index", BIG, autoincrement=False, nullable=False),
        sa.Column("leaf", BLOB, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.Column("note", BLOB, nullable=False),
        sa.PrimaryKeyConstraint("index", name="pk_entries"),
    )
    op.create_index("ix_entries_type_index", "entries", ["type", "index"])
    op.create_table(
        "forks",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("index", BIG, nullable=False),
        sa.Column("leaf_a", BLOB, nullable=False),
        sa.Column("leaf_b", BLOB, nullable=False),
        sa.Column("evidence", BLOB, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_forks"),
        sa.UniqueConstraint("origin", "index", "leaf_a", "leaf_b", name="uq_forks_origin_index_leaf_a_leaf_b"),
    )
    op.create_table(
        "hashes",
        sa.Column("level", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("position", BIG, autoincrement=False, nullable=False),
        sa.Column("hash", BLOB, nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name="pk_hashes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "head",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("text_hash", BLOB, nullable=False),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.CheckConstraint("no = 1", name=op.f("ck_head_one_row")),
        sa.PrimaryKeyConstraint("no", name="pk_head"),
    )
    op.create_table(
        "idempotency",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("key_hash", BLOB, nullable=False),
        sa.Column("body_hash", BLOB, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", BLOB, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_idempotency"),
        sa.UniqueConstraint("key_hash", name="uq_idempotency_key_hash"),
    )
    op.create_table(
        "logs",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_logs"),
        sa.UniqueConstraint("origin", name="uq_logs_origin"),
    )
    op.create_table(
        "parked",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("leaf_needed", BLOB, nullable=False),
        sa.Column("body_hash", BLOB, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("body", BLOB, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_parked"),
        sa.UniqueConstraint("leaf_needed", "body_hash", name="uq_parked_leaf_needed_body_hash"),
    )
    op.create_index("ix_parked_sender", "parked", ["sender"])
    op.create_table(
        "shipments",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("id", BLOB, nullable=False),
        sa.Column("to_name", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("made_by", BIG, nullable=True),
        sa.Column("external_ref", TEXT, nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_shipments"),
        sa.UniqueConstraint("id", name="uq_shipments_id"),
    )
    op.create_index("ix_shipments_external_ref", "shipments", ["external_ref"], **only("external_ref IS NOT NULL"))
    op.create_table(
        "flows",
        sa.Column("entry_no", BIG, autoincrement=False, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_no", name="pk_flows"),
    )
    op.create_table(
        "rulesets",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("body", BLOB, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rulesets"),
    )
    op.create_table(
        "drafts",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("verb", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_drafts"),
        sa.UniqueConstraint("id", name="uq_drafts_id"),
    )
    op.create_index("ix_drafts_owner_no", "drafts", ["owner", "no"])
    op.create_table(
        "states",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_states"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tokens",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("hash", BLOB, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("revoked_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("no", name="pk_tokens"),
        sa.UniqueConstraint("hash", name="uq_tokens_hash"),
    )
    op.create_table(
        "answers",
        sa.Column("shipment_no", BIG, autoincrement=False, nullable=False),
        sa.Column("entry_no", BIG, autoincrement=False, nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["shipment_no"], ["shipments.no"], name="fk_answers_shipment_no"),
        sa.PrimaryKeyConstraint("shipment_no", "entry_no", name="pk_answers"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "batches",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("log_no", BIG, nullable=False),
        sa.Column("id", BLOB, nullable=False),
        sa.Column("made_by", BIG, nullable=True),
        sa.Column("product", TEXT, nullable=True),
        sa.Column("lot_no", TEXT, nullable=True),
        sa.Column("at", TEXT, nullable=True),
        sa.Column("country", TEXT, nullable=True),
        sa.Column("external_ref", TEXT, nullable=True),
        sa.Column("made_mg", BIG, nullable=True),
        sa.Column("basis", TEXT, nullable=True),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("packed_mg", BIG, nullable=False),
        sa.Column("packed_count", BIG, nullable=True),
        sa.Column("locks", TEXT, nullable=True),
        sa.Column("recalled", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_batches_log_no"),
        sa.PrimaryKeyConstraint("no", name="pk_batches"),
        sa.UniqueConstraint("log_no", "id", name="uq_batches_log_no_id"),
    )
    op.create_index("ix_batches_external_ref", "batches", ["external_ref"], **only("external_ref IS NOT NULL"))
    op.create_index("ix_batches_lot_no", "batches", ["lot_no"], **only("lot_no IS NOT NULL"))
    op.create_index("ix_batches_product_no", "batches", ["product", "no"])
    op.create_table(
        "disclosures",
        sa.Column("index", BIG, autoincrement=False, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["index"], ["entries.index"], name="fk_disclosures_index"),
        sa.PrimaryKeyConstraint("index", name="pk_disclosures"),
    )
    op.create_table(
        "upstream",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("log_no", BIG, nullable=False),
        sa.Column("index", BIG, nullable=False),
        sa.Column("leaf", BLOB, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("note", BLOB, nullable=False),
        sa.Column("at_size", BIG, nullable=False),
        sa.Column("path", BLOB, nullable=False),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_upstream_log_no"),
        sa.PrimaryKeyConstraint("no", name="pk_upstream"),
        sa.UniqueConstraint("leaf", name="uq_upstream_leaf"),
        sa.UniqueConstraint("log_no", "index", name="uq_upstream_log_no_index"),
    )
    op.create_table(
        "upstream_checkpoints",
        sa.Column("log_no", BIG, autoincrement=False, nullable=False),
        sa.Column("size", BIG, autoincrement=False, nullable=False),
        sa.Column("note", BLOB, nullable=False),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_upstream_checkpoints_log_no"),
        sa.PrimaryKeyConstraint("log_no", "size", name="pk_upstream_checkpoints"),
    )
    op.create_table(
        "edges",
        sa.Column("child_no", BIG, autoincrement=False, nullable=False),
        sa.Column("parent_no", BIG, autoincrement=False, nullable=False),
        sa.Column("entry_no", BIG, autoincrement=False, nullable=False),
        sa.Column("mg", BIG, nullable=True),
        sa.ForeignKeyConstraint(["child_no"], ["batches.no"], name="fk_edges_child_no"),
        sa.ForeignKeyConstraint(["parent_no"], ["batches.no"], name="fk_edges_parent_no"),
        sa.PrimaryKeyConstraint("child_no", "parent_no", "entry_no", name="pk_edges"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_edges_parent_no_child_no", "edges", ["parent_no", "child_no"])
    op.create_table(
        "going",
        sa.Column("batch_no", BIG, autoincrement=False, nullable=False),
        sa.Column("shipment_no", BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["batch_no"], ["batches.no"], name="fk_going_batch_no"),
        sa.ForeignKeyConstraint(["shipment_no"], ["shipments.no"], name="fk_going_shipment_no"),
        sa.PrimaryKeyConstraint("batch_no", "shipment_no", name="pk_going"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "labels",
        sa.Column("log_no", BIG, autoincrement=False, nullable=False),
        sa.Column("id", BLOB, nullable=False),
        sa.Column("entry_no", BIG, nullable=False),
        sa.Column("item", BIG, nullable=False),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_labels_log_no"),
        sa.PrimaryKeyConstraint("log_no", "id", name="pk_labels"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holdings",
        sa.Column("batch_no", BIG, autoincrement=False, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("mg", BIG, nullable=False),
        sa.Column("count", BIG, nullable=True),
        sa.ForeignKeyConstraint(["batch_no"], ["batches.no"], name="fk_holdings_batch_no"),
        sa.PrimaryKeyConstraint("batch_no", "site", "owner", name="pk_holdings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "openings",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("upstream_no", BIG, nullable=False),
        sa.Column("head_size", BIG, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["upstream_no"], ["upstream.no"], name="fk_openings_upstream_no"),
        sa.PrimaryKeyConstraint("no", name="pk_openings"),
    )
    op.create_index("ix_openings_upstream_no", "openings", ["upstream_no"])
    op.create_table(
        "receipts",
        sa.Column("batch_no", BIG, autoincrement=False, nullable=False),
        sa.Column("log_no", BIG, autoincrement=False, nullable=False),
        sa.Column("received_by", BIG, autoincrement=False, nullable=False),
        sa.Column("sender_no", BIG, nullable=False),
        sa.Column("shipped_index", BIG, nullable=False),
        sa.ForeignKeyConstraint(["batch_no"], ["batches.no"], name="fk_receipts_batch_no"),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_receipts_log_no"),
        sa.ForeignKeyConstraint(["sender_no"], ["logs.no"], name="fk_receipts_sender_no"),
        sa.PrimaryKeyConstraint("batch_no", "log_no", "received_by", name="pk_receipts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "units",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("log_no", BIG, nullable=False),
        sa.Column("id", BLOB, nullable=False),
        sa.Column("batch_no", BIG, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("net_mg", BIG, nullable=False),
        sa.Column("count", BIG, nullable=True),
        sa.Column("seal", TEXT, nullable=True),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("inside", TEXT, nullable=True),
        sa.Column("contains", TEXT, nullable=True),
        sa.Column("shipment", TEXT, nullable=True),
        sa.Column("locks", TEXT, nullable=True),
        sa.Column("packed_by", BIG, nullable=True),
        sa.Column("item", BIG, nullable=True),
        sa.ForeignKeyConstraint(["batch_no"], ["batches.no"], name="fk_units_batch_no"),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_units_log_no"),
        sa.PrimaryKeyConstraint("no", name="pk_units"),
        sa.UniqueConstraint("log_no", "id", name="uq_units_log_no_id"),
    )
    op.create_index("ix_units_batch_no", "units", ["batch_no"])
    op.create_index("ix_units_serial", "units", ["serial"])

    op.bulk_insert(
        sa.table("head", *(sa.column(name) for name in ("no", "size", "text_hash", "recorded_at"))),
        [{"no": 1, "size": 0, "text_hash": EMPTY_HASH, "recorded_at": ""}],
    )
    for trigger in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(trigger)
