"""The table of the audit log. Triggers of both databases refuse to change or delete what stands in it."""

from __future__ import annotations

from sqlalchemy import BigInteger as Big
from sqlalchemy import Column, Index, String, Table

from storage.tables import metadata
from storage.types import Json, RowId, Utc, Words

# It names accounts and tokens by number and word, and refers to none: no other row's fate touches it.
audit_entry = Table(
    "audit_entry",
    metadata,
    # Counted without a gap by whoever writes: a number that is missing was taken out.
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("actor_id", Big),
    Column("actor_name", Words, nullable=False),
    Column("actor_role", String, nullable=False),
    Column("token_id", Big),
    Column("act", String, nullable=False),
    Column("object_kind", String, nullable=False),
    Column("object_key", Words, nullable=False),
    Column("detail", Json, nullable=False),
    Column("address", Words, nullable=False),
    # Unique, so that the chain can have no second branch whatever a writer does.
    Column("previous", String, nullable=False, unique=True),
    Column("hash", String, nullable=False),
    Index("ix_audit_entry_at", "at"),
    Index("ix_audit_entry_act", "act", "id"),
    Index("ix_audit_entry_actor", "actor_id", "id"),
    Index("ix_audit_entry_object", "object_kind", "object_key", "id"),
)
