"""How often the code of each label was scanned, and today's readers as salted hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "scans",
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", TEXT, nullable=False),
        sa.Column("last_at", TEXT, nullable=False),
        sa.Column("times", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("readers", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_scans"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scan_readers",
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("reader", sa.LargeBinary(), nullable=False),
        sa.Column("day", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("label", "reader", name="pk_scan_readers"),
        sqlite_with_rowid=False,
    )
