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
    op.add_column("checkpoints", sa.Column("satisfied", sa.Boolean(), nullable=False, server_default=sa.true()))
    accepted = sa.text("satisfied")
    op.create_index("ix_checkpoints_size", "checkpoints", ["size"], sqlite_where=accepted, postgresql_where=accepted)
