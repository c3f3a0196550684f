"""The tables of accounts and of how people come in: sessions, keys, invitations, second factors, identities."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint, text

from storage.tables import metadata
from storage.types import Json, PersonalWords, RowId, Utc, Words

account = Table(
    "account",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("username", Words, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("role", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    Column("units", Json, nullable=False, server_default=text("'[]'")),
    Column("generation", Integer, nullable=False, server_default=text("0")),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("csrf", String, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("address", Words, nullable=False, server_default=text("''")),
    Column("device", Words, nullable=False, server_default=text("''")),
    Column("generation", Integer, nullable=False, server_default=text("0")),
    Column("proof", String, nullable=False, server_default=text("'password'")),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("name", Words, nullable=False),
    Column("token_hash", String, nullable=False, unique=True),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("used_at", Utc),
    Column("revoked", Boolean, nullable=False),
    Column("scopes", Json, nullable=False, server_default=text("'[]'")),
)

failed_login = Table(
    "failed_login",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("username", Words, nullable=False, index=True),
    Column("address_hash", String, nullable=False, index=True),
    Column("at", Utc, nullable=False, index=True),
)

stored_answer = Table(
    "stored_answer",
    metadata,
    Column("key", Words, primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", PersonalWords, nullable=False),
    Column("at", Utc, nullable=False, index=True),
)

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
    Column("proof", String, nullable=False, server_default=text("'password'")),
    Column("told", Words, nullable=False, server_default=text("''")),
)

identity = Table(
    "identity",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("linked_at", Utc, nullable=False),
    Column("used_at", Utc, nullable=False),
    UniqueConstraint("issuer", "subject"),
    UniqueConstraint("account_id", "issuer"),
)

departure = Table(
    "departure",
    metadata,
    Column("state_hash", String, primary_key=True),
    Column("browser_hash", String, nullable=False),
    Column("back", Words, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)
