"""Work the queue: its order, assignments, snoozing, corrections.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# Where a mention stands, as sahut.core.rules.pressing said it when this was written: by points (its priority, and how
# many say the same), half an hour for each, less the minutes from 2026 until people began to wait.
_GROUP = "CASE " + " ".join(f"WHEN mention.similar < {2**n} THEN {30 * n}" for n in range(10)) + " ELSE 300 END"
_WAITED = {
    "sqlite": """CAST(strftime('%s', min(max(shown_at, datetime(collected_at, '-7 days')), collected_at)) AS INTEGER)
        / 60 - 29453760""",
    "postgresql": """floor(extract(epoch FROM least(greatest(shown_at, collected_at - interval '7 days'), collected_at)
        - timestamptz '2026-01-01 00:00+00') / 60)::integer""",
}
_QUEUES = (
    ("ix_mention_queue", ["state"], ["id"], "state = 'flagged' AND NOT folded"),
    ("ix_mention_queue_topic", ["state", "topic"], ["id"], "state = 'flagged' AND NOT folded"),
    ("ix_mention_unexplained", ["state", "model", "folded"], ["id"], "state = 'flagged' AND why IS NULL"),
)


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _order_the_queue()
    _add_acts()


def _order_the_queue() -> None:
    op.add_column("mention", sa.Column("pressing", sa.Integer(), server_default=sa.text("0"), nullable=False))
    waited = _WAITED[op.get_bind().dialect.name]
    op.execute(f"UPDATE mention SET pressing = 30 * (priority + {_GROUP}) - ({waited}) WHERE model <> ''")  # noqa: S608
    _index_queues_by("pressing")


def _index_queues_by(column: str) -> None:
    for name, before, after, where in _QUEUES:
        op.drop_index(name, "mention")
        op.create_index(
            name,
            "mention",
            [*before, sa.literal_column(f"{column} DESC"), *after],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def _add_acts() -> None:
    op.add_column("mention", sa.Column("assignee_id", _id(), nullable=True))
    op.add_column("mention", sa.Column("unit", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("mention", _at("snoozed_until", nullable=True))
    op.add_column("mention", sa.Column("corrected", sa.Text(), nullable=True))
    for name, columns in (
        ("ix_mention_assignee", ["assignee_id", "state"]),
        ("ix_mention_snoozed", ["snoozed_until"]),
    ):
        where = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, "mention", columns, sqlite_where=where, postgresql_where=where)
    op.add_column("decision", sa.Column("detail", sa.Text(), nullable=True))
    op.create_index("ix_decision_actor", "decision", ["actor_id", "id"])


def downgrade() -> None:
    # What was put off waits again: the older version knows no such state.
    op.execute("UPDATE mention SET state = 'flagged' WHERE state = 'snoozed'")
    op.drop_index("ix_decision_actor", "decision")
    new = "('snoozed', 'assigned', 'corrected', 'checked')"
    op.execute(f"DELETE FROM decision WHERE undoes IN (SELECT id FROM decision WHERE kind IN {new})")  # noqa: S608
    op.execute(f"DELETE FROM decision WHERE kind IN {new}")  # noqa: S608 - words of our own
    op.drop_column("decision", "detail")
    for name in ("ix_mention_assignee", "ix_mention_snoozed"):
        op.drop_index(name, "mention")
    for name in ("corrected", "snoozed_until", "unit", "assignee_id"):
        op.drop_column("mention", name)
    _index_queues_by("priority")
    op.drop_column("mention", "pressing")
