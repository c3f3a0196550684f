"""The tables of how people come in beside their password: invitations, second factors."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, String, Table, Text

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

second_factor = Table(
    "second_factor",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("created_at", Utc, nullable=False),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("code_hash", String, primary_key=True),
)

sign_in_challenge = Table(
    "sign_in_challenge",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("expires_at", Utc, nullable=False),
)
