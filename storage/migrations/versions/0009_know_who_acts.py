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
    op.create_table(
        "second_factor",
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_second_factor_account_id_account"),
        sa.PrimaryKeyConstraint("account_id", name="pk_second_factor"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_recovery_code_account_id_account"),
        sa.PrimaryKeyConstraint("account_id", "code_hash", name="pk_recovery_code"),
    )
    op.create_table(
        "sign_in_challenge",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_sign_in_challenge_account_id_account"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sign_in_challenge"),
    )


def downgrade() -> None:
    op.drop_table("sign_in_challenge")
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
    op.drop_table("invitation")
    with op.batch_alter_table("session") as batch:
        batch.drop_column("device")
        batch.drop_column("address")
    with op.batch_alter_table("account") as batch:
        batch.drop_column("units")
