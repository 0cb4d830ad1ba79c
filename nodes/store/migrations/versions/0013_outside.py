"""Tables of others, brought in by hand at an authority, to be held against deposited logs."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "outside_sets",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("file", TEXT, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("columns", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_outside_sets"),
        sa.UniqueConstraint("sha256", name="uq_outside_sets_sha256"),
    )
    op.create_table(
        "outside_rows",
        sa.Column("set_no", BIG, autoincrement=False, nullable=False),
        sa.Column("row", BIG, autoincrement=False, nullable=False),
        sa.Column("cells", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["set_no"], ["outside_sets.no"], name="fk_outside_rows_set_no"),
        sa.PrimaryKeyConstraint("set_no", "row", name="pk_outside_rows"),
        sqlite_with_rowid=False,
    )
