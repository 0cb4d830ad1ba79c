"""Batches on hand are marked as such: who lists them need not pass over all that were used up."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ON_HAND = sa.text("on_hand")


def upgrade() -> None:
    op.add_column("batches", sa.Column("on_hand", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE batches SET on_hand = true WHERE basis IS NOT NULL AND (packed_mg > 0"
        " OR EXISTS (SELECT 1 FROM holdings h WHERE h.batch_no = batches.no))"
    )
    op.create_index("ix_batches_on_hand", "batches", ["no"], sqlite_where=ON_HAND, postgresql_where=ON_HAND)
    op.create_index(
        "ix_batches_on_hand_product", "batches", ["product", "no"], sqlite_where=ON_HAND, postgresql_where=ON_HAND
    )
