"""The tables of people at the queue: who reads what, and which filed mentions were drawn to be checked."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from storage.tables import metadata
from storage.types import RowId, Utc

viewing = Table(
    "viewing",
    metadata,
    Column("mention_id", ForeignKey("mention.id"), primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False, index=True),
)

sample = Table(
    "sample",
    metadata,
    Column("id", RowId, primary_key=True),
    # Drawn once for ever: who has been checked needs no second look.
    Column("mention_id", ForeignKey("mention.id"), nullable=False, unique=True),
    # By the agency's clock, as 2026-11-24.
    Column("day", String, nullable=False, index=True),
    Column("draw", String, nullable=False),
    # What the person said of it who checked it: NULL while nobody has.
    Column("decision_id", ForeignKey("decision.id"), index=True),
    Column("at", Utc, nullable=False),
)
