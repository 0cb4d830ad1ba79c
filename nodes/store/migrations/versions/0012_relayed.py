"""What waits here for nodes that nobody can reach, sealed; and how each of them introduced itself last."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "relayed",
        sa.Column("no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("recipient", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("no", name="pk_relayed"),
        sa.UniqueConstraint("recipient", "sender", "key", name="uq_relayed_recipient_sender_key"),
    )
    op.create_table(
        "relayed_introductions",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_relayed_introductions"),
        sqlite_with_rowid=False,
    )
