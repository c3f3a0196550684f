"""Forget persons: who reported a ticket, and what may be said of it.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_FLAGS = ("anonymous", "confidential")


def upgrade() -> None:
    _add_flags()


def downgrade() -> None:
    _drop_flags()


def _add_flags() -> None:
    for name in _FLAGS:
        op.add_column("ticket", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))


def _drop_flags() -> None:
    with op.batch_alter_table("ticket") as batch:
        for name in _FLAGS:
            batch.drop_column(name)
