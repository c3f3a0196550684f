"""Say why: which words got a mention flagged, on the mention and on the assessment that it is of.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_UNEXPLAINED = "state = 'flagged' AND why IS NULL"


def upgrade() -> None:
    op.add_column("assessment", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("mention", sa.Column("why", sa.Text(), nullable=True))
    op.create_index(
        "ix_mention_unexplained",
        "mention",
        ["state", "model", "folded", sa.literal_column("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text(_UNEXPLAINED),
        postgresql_where=sa.text(_UNEXPLAINED),
    )


def downgrade() -> None:
    op.drop_index("ix_mention_unexplained", "mention")
    op.drop_column("mention", "why")
    op.drop_column("assessment", "why")
