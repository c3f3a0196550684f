"""Let us in: credentials and what they spend; conversations, withdrawn posts, gaps and days of sources.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("id", _id(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("budgets", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credential"),
        sa.UniqueConstraint("name", name="uq_credential_name"),
    )
    op.create_table(
        "spending",
        sa.Column("credential_id", _id(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["credential_id"], ["credential.id"], name="fk_spending_credential_id_credential"),
        sa.PrimaryKeyConstraint("credential_id", "day", "currency", name="pk_spending"),
    )
    reference = sa.ForeignKey("credential.id", name="fk_source_credential_id_credential")
    # In place: SQLite's other way, a table made anew, would have to drop one that mentions refer to.
    op.add_column("source", sa.Column("credential_id", _id(), reference, nullable=True), inline_references=True)
    op.create_index("ix_source_credential_id", "source", ["credential_id"], unique=False)
    op.create_table(
        "source_day",
        sa.Column("source_id", _id(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_source_day_source_id_source"),
        sa.PrimaryKeyConstraint("source_id", "day", name="pk_source_day"),
    )
    op.create_table(
        "gap",
        sa.Column("id", _id(), nullable=False),
        sa.Column("source_id", _id(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_gap_source_id_source"),
        sa.PrimaryKeyConstraint("id", name="pk_gap"),
    )
    op.create_index("ix_gap_source_id", "gap", ["source_id"], unique=False)
    op.add_column("mention", sa.Column("root", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("mention", sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("mention", sa.Column("to_us", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("mention", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mention", sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True))
    for name, columns, where in _INDEXES:
        condition = sa.text(where)
        op.create_index(name, "mention", columns, unique=False, sqlite_where=condition, postgresql_where=condition)


_INDEXES = (
    ("ix_mention_recheck", ["recheck_at"], "recheck_at IS NOT NULL"),
    ("ix_mention_root", ["platform", "root"], "root <> ''"),
    ("ix_mention_parent", ["platform", "parent"], "parent <> ''"),
)


def downgrade() -> None:
    for name, _, _ in _INDEXES:
        op.drop_index(name, "mention")
    for name in ("recheck_at", "withdrawn_at", "to_us", "own", "root"):
        op.drop_column("mention", name)
    op.drop_table("gap")
    op.drop_table("source_day")
    op.drop_index("ix_source_credential_id", "source")
    op.drop_column("source", "credential_id")
    op.drop_table("spending")
    op.drop_table("credential")
