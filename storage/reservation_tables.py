"""The table of money set aside: what calls under way may cost."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, String, Table

from storage.tables import metadata
from storage.types import Utc

# Until its call is settled or its time is up, it counts as spent.
reservation = Table(
    "reservation",
    metadata,
    Column("token", String, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("credential_id", ForeignKey("credential.id"), nullable=False),
    Column("amount", Float, nullable=False),
    Column("until", Utc, nullable=False),
    Index("ix_reservation_credential_id", "credential_id", "currency", "until"),
)
