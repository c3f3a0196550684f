"""Say where: the place that a mention's text names, and the language that it is in.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("mention", sa.Column("place", sa.Text(), nullable=True))
    op.add_column("mention", sa.Column("place_area", sa.String(), nullable=True))
    op.add_column("mention", sa.Column("text_language", sa.String(), nullable=True))
    op.create_index(
        "ix_mention_place",
        "mention",
        ["place_area", "id"],
        unique=False,
        postgresql_ops={"place_area": "varchar_pattern_ops"},
        sqlite_where=sa.text("place_area IS NOT NULL"),
        postgresql_where=sa.text("place_area IS NOT NULL"),
    )
    op.create_index(
        "ix_mention_language",
        "mention",
        ["text_language", "id"],
        unique=False,
        sqlite_where=sa.text("text_language IS NOT NULL"),
        postgresql_where=sa.text("text_language IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_mention_language", "mention")
    op.drop_index("ix_mention_place", "mention")
    for name in ("text_language", "place_area", "place"):
        op.drop_column("mention", name)
