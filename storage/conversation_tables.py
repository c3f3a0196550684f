"""The table of conversations: one row for a mention whose conversation is fetched or followed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, text

from storage.tables import metadata
from storage.types import Json, Utc, Words

conversation = Table(
    "conversation",
    metadata,
    Column("mention_id", ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("due_at", Utc),
    Column("fetched_at", Utc),
    Column("cut", Json, nullable=False),
    Column("reason", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("followed_since", Utc),
    Column("follow_at", Utc),
    Column("brought", Integer, nullable=False),
    Column("cursor", Json, nullable=False),
    Column("lease_token", String),
)

_DUE = text("due_at IS NOT NULL")
_FOLLOWED = text("follow_at IS NOT NULL")
Index("ix_conversation_due", conversation.c.due_at, sqlite_where=_DUE, postgresql_where=_DUE)
Index("ix_conversation_follow", conversation.c.follow_at, sqlite_where=_FOLLOWED, postgresql_where=_FOLLOWED)
