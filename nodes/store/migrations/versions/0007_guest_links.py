"""Links by which somebody outside confirms a shipment."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "guest_links",
        sa.Column("shipment", TEXT, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", TEXT, nullable=False),
        sa.Column("ends_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("shipment", name="pk_guest_links"),
        sa.UniqueConstraint("hash", name="uq_guest_links_hash"),
        sqlite_with_rowid=False,
    )
