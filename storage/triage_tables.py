"""The table of people at the queue: who reads what."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from storage.tables import metadata
from storage.types import Utc

viewing = Table(
    "viewing",
    metadata,
    Column("mention_id", ForeignKey("mention.id"), primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False, index=True),
)
