"""People who sign in on the pages, and who is signed in."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("password", TEXT, nullable=True),
        sa.Column("subject", TEXT, nullable=True),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("tasks", TEXT, nullable=False),
        sa.Column("sites", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("left_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("no", name="pk_people"),
        sa.UniqueConstraint("name", name="uq_people_name"),
        sa.UniqueConstraint("subject", name="uq_people_subject"),
    )
    op.create_table(
        "sessions",
        sa.Column("no", BIG, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_no", BIG, nullable=True),
        sa.Column("token_no", BIG, nullable=True),
        sa.Column("csrf", TEXT, nullable=False),
        sa.Column("ends_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["person_no"], ["people.no"], name="fk_sessions_person_no"),
        sa.ForeignKeyConstraint(["token_no"], ["tokens.no"], name="fk_sessions_token_no"),
        sa.PrimaryKeyConstraint("no", name="pk_sessions"),
        sa.UniqueConstraint("hash", name="uq_sessions_hash"),
    )
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
