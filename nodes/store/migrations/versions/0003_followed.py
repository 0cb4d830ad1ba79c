"""Other logs, followed: how far, their trees, what is wrong with them; and forks that an operator has seen."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BLOB = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "followed",
        sa.Column("log_no", BIG, autoincrement=False, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("text_hash", BLOB, nullable=False),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.Column("note", BLOB, nullable=True),
        sa.Column("target", BLOB, nullable=True),
        sa.Column("seen_at", TEXT, nullable=False),
        sa.Column("ahead_size", BIG, nullable=True),
        sa.Column("ahead_since", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_followed_log_no"),
        sa.PrimaryKeyConstraint("log_no", name="pk_followed"),
    )
    op.create_table(
        "followed_tiles",
        sa.Column("log_no", BIG, autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", BIG, autoincrement=False, nullable=False),
        sa.Column("hashes", BLOB, nullable=False),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_followed_tiles_log_no"),
        sa.PrimaryKeyConstraint("log_no", "level", "position", name="pk_followed_tiles"),
    )
    op.create_table(
        "heard",
        sa.Column("log_no", BIG, autoincrement=False, nullable=False),
        sa.Column("size", BIG, autoincrement=False, nullable=False),
        sa.Column("root", BLOB, nullable=False),
        sa.Column("told_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["log_no"], ["logs.no"], name="fk_heard_log_no"),
        sa.PrimaryKeyConstraint("log_no", "size", "root", name="pk_heard"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alarms",
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("origin", "code", name="pk_alarms"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "forks_acknowledged",
        sa.Column("fork_no", BIG, autoincrement=False, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["fork_no"], ["forks.no"], name="fk_forks_acknowledged_fork_no"),
        sa.PrimaryKeyConstraint("fork_no", name="pk_forks_acknowledged"),
    )
