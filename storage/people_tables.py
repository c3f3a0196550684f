"""The tables of how people come in beside their password."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from storage.tables import metadata
from storage.types import Utc

invitation = Table(
    "invitation",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("token_hash", String, nullable=False, unique=True),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)
