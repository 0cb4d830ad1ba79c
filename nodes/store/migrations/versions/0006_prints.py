"""Which labels were printed; certificates that were issued. Rows are only ever added."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "prints",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("form", TEXT, nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("remark", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("no", name="pk_prints"),
    )
    op.create_index("ix_prints_unit", "prints", ["unit"])
    op.create_table(
        "certificates",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("token", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_certificates"),
        sa.UniqueConstraint("digest", name="uq_certificates_digest"),
    )
    op.create_index("ix_certificates_batch", "certificates", ["batch"])
    if op.get_bind().dialect.name == "sqlite":
        for table, what in (("prints", "printings"), ("certificates", "certificates")):
            for verb, word in (("UPDATE", "changed"), ("DELETE", "deleted")):
                op.execute(
                    f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT raise(ABORT, '{what} are never {word}'); END"
                )
