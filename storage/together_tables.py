"""The tables of working together: who has a mention open, which filters people keep."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, UniqueConstraint

from storage.tables import metadata
from storage.types import Json, RowId, Utc, Words

# Its rows live for minutes: a mention that goes meanwhile need not wait for them, so its id is no foreign key.
viewing = Table(
    "viewing",
    metadata,
    Column("mention_id", RowId, primary_key=True, autoincrement=False),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("key", String, nullable=False),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False, index=True),
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("name", Words, nullable=False),
    Column("asked", Json, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("account_id", "name"),
)

start_view = Table(
    "start_view",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("view_id", ForeignKey("saved_view.id", ondelete="CASCADE"), nullable=False, index=True),
)
