"""Answer further.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    _change_replies()


def downgrade() -> None:
    _change_replies_back()


def _change_replies() -> None:
    with op.batch_alter_table("reply") as batch:
        batch.add_column(sa.Column("owed_usd", sa.Float(), nullable=True))
    owed = sa.text("state = 'sent' AND owed_usd IS NOT NULL")
    op.create_index("ix_reply_owed", "reply", ["id"], sqlite_where=owed, postgresql_where=owed)


def _change_replies_back() -> None:
    op.drop_index("ix_reply_owed", "reply")
    with op.batch_alter_table("reply") as batch:
        batch.drop_column("owed_usd")
