"""Know who acts: accounts, second factors, sign-in elsewhere, tokens.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("account", sa.Column("units", sa.Text(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("session", sa.Column("address", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("session", sa.Column("device", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "invitation",
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_invitation_account_id_account"),
        sa.PrimaryKeyConstraint("account_id", name="pk_invitation"),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token_hash"),
    )


def downgrade() -> None:
    op.drop_table("invitation")
    with op.batch_alter_table("session") as batch:
        batch.drop_column("device")
        batch.drop_column("address")
    with op.batch_alter_table("account") as batch:
        batch.drop_column("units")
