"""Know who vouches: identities at a provider, browsers sent there, and what opened a session.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("id", _id(), nullable=False),
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _at("linked_at"),
        _at("used_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_identity_account_id_account"),
        sa.PrimaryKeyConstraint("id", name="pk_identity"),
        sa.UniqueConstraint("issuer", "subject", name="uq_identity_issuer_subject"),
        sa.UniqueConstraint("account_id", "issuer", name="uq_identity_account_id_issuer"),
    )
    op.create_table(
        "departure",
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.String(), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        _at("expires_at"),
        sa.PrimaryKeyConstraint("state_hash", name="pk_departure"),
    )
    op.create_index("ix_departure_expires_at", "departure", ["expires_at"], unique=False)
    for table in ("session", "sign_in_challenge"):
        op.add_column(table, sa.Column("proof", sa.String(), nullable=False, server_default=sa.text("'password'")))
    op.add_column("sign_in_challenge", sa.Column("told", sa.Text(), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    for table in ("sign_in_challenge", "session"):
        # Whoever came by the provider's word alone signs in anew: what is left knows of passwords only.
        op.execute(f"DELETE FROM {table} WHERE proof <> 'password'")  # noqa: S608 - two names of ours
        op.drop_column(table, "proof")
    op.drop_column("sign_in_challenge", "told")
    op.drop_index("ix_departure_expires_at", "departure")
    op.drop_table("departure")
    op.drop_table("identity")
