"""Answer further.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _renew_sessions_in_turn()
    _change_replies()
    _take_files()


def downgrade() -> None:
    _change_replies_back()
    _take_no_files()
    _renew_sessions_as_it_comes()


def _renew_sessions_in_turn() -> None:
    with op.batch_alter_table("credential") as batch:
        batch.add_column(sa.Column("session_token", sa.String(), nullable=True))
        batch.add_column(_at("session_until", nullable=True))
        batch.add_column(_at("session_refused_at", nullable=True))


def _renew_sessions_as_it_comes() -> None:
    with op.batch_alter_table("credential") as batch:
        for name in ("session_token", "session_until", "session_refused_at"):
            batch.drop_column(name)


def _take_files() -> None:
    op.create_table(
        "file_import",
        sa.Column("id", _id(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("found", sa.Text(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("source_id", _id(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("lease_token", sa.String(), nullable=True),
        _at("lease_until", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _at("created_at"),
        _at("updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_file_import_source_id_source"),
        sa.PrimaryKeyConstraint("id", name="pk_file_import"),
    )
    op.create_index("ix_file_import_state", "file_import", ["state"], unique=False)
    op.create_table(
        "file_import_part",
        sa.Column("id", _id(), nullable=False),
        sa.Column("import_id", _id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["file_import.id"],
            name="fk_file_import_part_import_id_file_import",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_file_import_part"),
        sa.UniqueConstraint("import_id", "number", name="uq_file_import_part_import_id_number"),
    )


def _take_no_files() -> None:
    op.drop_table("file_import_part")
    op.drop_index("ix_file_import_state", "file_import")
    op.drop_table("file_import")


def _change_replies() -> None:
    with op.batch_alter_table("reply") as batch:
        batch.add_column(sa.Column("owed_usd", sa.Float(), nullable=True))
        batch.add_column(sa.Column("split", sa.Boolean(), nullable=False, server_default=sa.text("false")))
        batch.add_column(sa.Column("part", sa.Text(), nullable=False, server_default=sa.text("''")))
        batch.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default=sa.text("1")))
        batch.add_column(sa.Column("head_id", _id(), nullable=True))
        batch.add_column(sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    _index_open_replies("state NOT IN ('sent', 'withdrawn') AND head_id IS NULL")
    part = sa.text("state <> 'withdrawn' AND head_id IS NOT NULL")
    op.create_index(
        "uq_reply_part", "reply", ["head_id", "number"], unique=True, sqlite_where=part, postgresql_where=part
    )
    owed = sa.text("state = 'sent' AND owed_usd IS NOT NULL")
    op.create_index("ix_reply_owed", "reply", ["id"], sqlite_where=owed, postgresql_where=owed)


def _change_replies_back() -> None:
    op.drop_index("ix_reply_owed", "reply")
    op.drop_index("uq_reply_part", "reply")
    # What went out stays where it is told of; what did not cannot any more.
    op.execute("UPDATE reply SET state = 'withdrawn', due_at = NULL WHERE head_id IS NOT NULL AND state <> 'sent'")
    _index_open_replies("state NOT IN ('sent', 'withdrawn')")
    for name in ("owed_usd", "split", "part", "number", "head_id", "held"):
        op.drop_column("reply", name)


def _index_open_replies(which: str) -> None:
    some = sa.text(which)
    op.drop_index("uq_reply_open", "reply")
    op.create_index("uq_reply_open", "reply", ["mention_id"], unique=True, sqlite_where=some, postgresql_where=some)
