"""Cases of an authority: what was done in each, step by step. Rows are only ever added."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "case_steps",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("case_id", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_case_steps"),
    )
    op.create_index("ix_case_steps_case_id", "case_steps", ["case_id"])
    op.create_index("ix_case_steps_kind_no", "case_steps", ["kind", "no"])
    if op.get_bind().dialect.name == "sqlite":
        for verb, word in (("UPDATE", "changed"), ("DELETE", "deleted")):
            op.execute(
                f"CREATE TRIGGER case_steps_{verb.lower()} BEFORE {verb} ON case_steps "
                f"BEGIN SELECT raise(ABORT, 'steps of cases are never {word}'); END"
            )
