"""Answer in public: replies, their history, and which mentions answer them.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "reply",
        sa.Column("id", _id(), nullable=False),
        sa.Column("mention_id", _id(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("source_id", _id(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("author_id", _id(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("writers", sa.Text(), nullable=False),
        sa.Column("approver_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("seen_edits", sa.Integer(), nullable=False),
        _at("written_at"),
        _at("due_at", nullable=True),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        _at("sending_since", nullable=True),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("permalink", sa.Text(), nullable=False),
        _at("sent_at", nullable=True),
        _at("created_at"),
        _at("updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state <> 'sent' OR native_id <> '' OR permalink <> ''", name="ck_reply_sent"),
        sa.ForeignKeyConstraint(["mention_id"], ["mention.id"], name="fk_reply_mention_id_mention"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_reply_source_id_source"),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name="fk_reply_author_id_account"),
        sa.PrimaryKeyConstraint("id", name="pk_reply"),
        sa.UniqueConstraint("key", name="uq_reply_key"),
    )
    for name, columns, unique, where in _INDEXES:
        condition = None if where is None else sa.text(where)
        op.create_index(name, "reply", columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
    op.create_table(
        "reply_event",
        sa.Column("id", _id(), nullable=False),
        sa.Column("reply_id", _id(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        _at("at"),
        sa.Column("at_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name="fk_reply_event_reply_id_reply"),
        sa.PrimaryKeyConstraint("id", name="pk_reply_event"),
    )
    op.create_index("ix_reply_event_reply_id", "reply_event", ["reply_id"], unique=False)
    op.add_column("mention", sa.Column("answers", _id(), nullable=True))
    answers = sa.text("answers IS NOT NULL")
    op.create_index(
        "ix_mention_answers", "mention", ["answers"], unique=False, sqlite_where=answers, postgresql_where=answers
    )


_INDEXES: tuple[tuple[str, list[str], bool, str | None], ...] = (
    ("ix_reply_mention_id", ["mention_id"], False, None),
    ("ix_reply_source_id", ["source_id"], False, None),
    ("uq_reply_open", ["mention_id"], True, "state NOT IN ('sent', 'withdrawn')"),
    ("ix_reply_due", ["due_at"], False, "due_at IS NOT NULL"),
    ("uq_reply_native", ["platform", "native_id"], True, "native_id <> ''"),
    ("ix_reply_state", ["state", "id"], False, None),
    ("ix_reply_parent", ["platform", "parent"], False, None),
    ("ix_reply_root", ["platform", "root"], False, None),
    ("ix_reply_updated", ["platform", "updated_at"], False, None),
)


def downgrade() -> None:
    op.drop_index("ix_mention_answers", "mention")
    op.drop_column("mention", "answers")
    op.drop_table("reply_event")
    op.drop_table("reply")
