"""Work together: who has a mention open, and which ticket goes on in another.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _add_viewing()
    _add_views()
    _lead_on()


def _add_viewing() -> None:
    op.create_table(
        "viewing",
        sa.Column("mention_id", _id(), autoincrement=False, nullable=False),
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        _at("since"),
        _at("until"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_viewing_account_id_account"),
        sa.PrimaryKeyConstraint("mention_id", "account_id", name="pk_viewing"),
    )
    op.create_index("ix_viewing_until", "viewing", ["until"])


def _lead_on() -> None:
    op.add_column("ticket", sa.Column("merged_into", _id()))
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_ticket_merged_into", "ticket", ["merged_into"], sqlite_where=merged, postgresql_where=merged)


def _lead_no_further() -> None:
    # What an earlier version does not know is closed there, as what it is.
    op.execute("UPDATE ticket SET status = 'closed', outcome = 'duplicate' WHERE status = 'merged'")
    op.drop_index("ix_ticket_merged_into", "ticket")
    with op.batch_alter_table("ticket") as batch:
        batch.drop_column("merged_into")


def _add_views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", _id(), nullable=False),
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        _at("created_at"),
        _at("updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_saved_view_account_id_account"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("account_id", "name", name="uq_saved_view_account_id_name"),
    )
    op.create_table(
        "start_view",
        sa.Column("account_id", _id(), nullable=False),
        sa.Column("view_id", _id(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_start_view_account_id_account"),
        sa.ForeignKeyConstraint(
            ["view_id"], ["saved_view.id"], name="fk_start_view_view_id_saved_view", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_start_view"),
    )
    op.create_index("ix_start_view_view_id", "start_view", ["view_id"])


def downgrade() -> None:
    _lead_no_further()
    op.drop_table("start_view")
    op.drop_table("saved_view")
    op.drop_table("viewing")
