"""The tables of working together: who has a mention open."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from storage.tables import metadata
from storage.types import RowId, Utc

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
