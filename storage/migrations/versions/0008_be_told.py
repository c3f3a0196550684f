"""Be told: what other systems deliver, answered once, and what platforms say has happened.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("source_id", _id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_delivery_source_id_source"),
        sa.PrimaryKeyConstraint("source_id", "key", name="pk_delivery"),
    )
    op.create_index("ix_delivery_at", "delivery", ["at"], unique=False)
    op.create_table(
        "told",
        sa.Column("id", _id(), nullable=False),
        sa.Column("source_id", _id(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_told_source_id_source"),
        sa.PrimaryKeyConstraint("id", name="pk_told"),
    )
    op.create_index("ix_told_source_id", "told", ["source_id"], unique=False)


def downgrade() -> None:
    op.drop_table("told")
    op.drop_table("delivery")
