"""What batches are made of, pools, locks and corrections; locks on batches and units."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "states",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_states"),
        sqlite_with_rowid=False,
    )
    op.add_column("batches", sa.Column("locks", sa.Text(), nullable=True))
    op.add_column("batches", sa.Column("recalled", sa.Text(), nullable=True))
    op.add_column("units", sa.Column("locks", sa.Text(), nullable=True))
