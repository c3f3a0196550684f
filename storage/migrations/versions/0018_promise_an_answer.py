"""Promise an answer: tickets have a deadline. Those that were made before have none, for nothing was promised then.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("ticket", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    dated = sa.text("due_at IS NOT NULL")
    op.create_index("ix_ticket_due", "ticket", ["due_at", "id"], sqlite_where=dated, postgresql_where=dated)


def downgrade() -> None:
    op.drop_index("ix_ticket_due", "ticket")
    with op.batch_alter_table("ticket") as batch:
        batch.drop_column("due_at")
