"""Spend carefully: reservations, tries of replies, walks through conversations.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add_conversations()
    op.create_table(
        "reservation",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("credential_id", _id(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["credential_id"], ["credential.id"], name="fk_reservation_credential_id_credential"),
        sa.PrimaryKeyConstraint("token", "currency", name="pk_reservation"),
    )
    op.create_index("ix_reservation_credential_id", "reservation", ["credential_id", "currency", "until"], unique=False)


def downgrade() -> None:
    op.drop_table("conversation")
    op.drop_table("reservation")


def _add_conversations() -> None:
    op.create_table(
        "conversation",
        sa.Column("mention_id", _id(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("followed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follow_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("brought", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name="fk_conversation_mention_id_mention", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", name="pk_conversation"),
    )
    for name, column in (("due", "due_at"), ("follow", "follow_at")):
        some = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_conversation_{name}", "conversation", [column], sqlite_where=some, postgresql_where=some)
