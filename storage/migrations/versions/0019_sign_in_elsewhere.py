"""Sign in elsewhere: sign-ins by a browser on a platform's own site, begun here and not ended.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "sign_in",
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["credential_id"], ["credential.id"], name="fk_sign_in_credential_id_credential"),
        sa.PrimaryKeyConstraint("state_hash", name="pk_sign_in"),
    )


def downgrade() -> None:
    op.drop_table("sign_in")
