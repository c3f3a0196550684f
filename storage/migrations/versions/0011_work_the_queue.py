"""Work the queue: claims, assignments, snoozing, corrections, saved views, samples.

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


def upgrade() -> None:
    _order_the_queue()


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


def downgrade() -> None:
    _index_queues_by("priority")
    op.drop_column("mention", "pressing")
