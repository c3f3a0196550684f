"""Find a topic: the queue's filter by topic, and its counts, however large the archive.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_QUEUE = "state = 'flagged' AND NOT folded"


def upgrade() -> None:
    op.create_index(
        "ix_mention_queue_topic",
        "mention",
        ["state", "topic", sa.literal_column("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text(_QUEUE),
        postgresql_where=sa.text(_QUEUE),
    )
    op.create_index("ix_mention_state_topic", "mention", ["state", "topic", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_mention_state_topic", "mention")
    op.drop_index("ix_mention_queue_topic", "mention")
