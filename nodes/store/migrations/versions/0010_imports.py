"""Spreadsheets that were brought to be imported."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("asked", TEXT, nullable=False),
        sa.Column("headings", sa.LargeBinary(), nullable=False),
        sa.Column("job", TEXT, nullable=False),
        sa.Column("report", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_imports"),
        sa.UniqueConstraint("id", name="uq_imports_id"),
    )
    op.create_index("ix_imports_owner_no", "imports", ["owner", "no"])
    op.create_index("ix_imports_hash", "imports", ["hash"])
    op.create_index("ix_imports_headings", "imports", ["headings"])
