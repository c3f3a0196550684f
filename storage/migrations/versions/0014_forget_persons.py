"""Forget persons: who reported a ticket, keys to find persons by, graves, and what was let go when its time was over.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_FLAGS = ("anonymous", "confidential")
_KEYS = ("author_key", "link_key")


def upgrade() -> None:
    _add_flags()
    _add_keys()
    _add_ends()


def downgrade() -> None:
    _drop_ends()
    _drop_keys()
    _drop_flags()


def _add_flags() -> None:
    for name in _FLAGS:
        op.add_column("ticket", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))


def _drop_flags() -> None:
    with op.batch_alter_table("ticket") as batch:
        for name in _FLAGS:
            batch.drop_column(name)


def _add_keys() -> None:
    for name in _KEYS:
        op.add_column("mention", sa.Column(name, sa.String()))
        known = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_mention_{name}", "mention", [name], sqlite_where=known, postgresql_where=known)
    op.create_table(
        "lookup_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lookup_key"),
    )
    op.create_table(
        "tombstone",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_tombstone"),
    )
    op.create_table(
        "chore",
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_chore"),
    )


def _drop_keys() -> None:
    op.drop_table("chore")
    op.drop_table("tombstone")
    op.drop_table("lookup_key")
    for name in _KEYS:
        op.drop_index(f"ix_mention_{name}", "mention")
        op.drop_column("mention", name)


def _add_ends() -> None:
    for table in ("mention", "ticket"):
        op.add_column(table, sa.Column("forgotten_at", sa.DateTime(timezone=True)))


def _drop_ends() -> None:
    op.drop_column("mention", "forgotten_at")
    with op.batch_alter_table("ticket") as batch:
        batch.drop_column("forgotten_at")
