"""What this node witnessed for others, and which of its own checkpoints its trust policy accepts.

Before there were witnesses every checkpoint was shown as soon as it was signed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "witnessed",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("origin", name="pk_witnessed"),
    )
    # A new table and not a new column: what the file says of a table is then the same however old the file is.
    op.rename_table("checkpoints", "checkpoints_before")
    op.create_table(
        "checkpoints",
        sa.Column("size", BIG, autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoints"),
    )
    op.execute(
        "INSERT INTO checkpoints (size, note, at, satisfied) SELECT size, note, at, true FROM checkpoints_before"
    )
    op.drop_table("checkpoints_before")
    accepted = sa.text("satisfied")
    op.create_index("ix_checkpoints_size", "checkpoints", ["size"], sqlite_where=accepted, postgresql_where=accepted)
