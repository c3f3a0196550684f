"""The table of sign-ins by a browser that were begun on a platform, and not ended."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from storage.tables import metadata
from storage.types import Utc

# ``who`` began it, and alone may end it; ``sealed`` holds the verifier and where the answer comes to.
sign_in = Table(
    "sign_in",
    metadata,
    Column("state_hash", String, primary_key=True),
    Column("credential_id", ForeignKey("credential.id"), nullable=False),
    Column("who", String, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("expires_at", Utc, nullable=False),
)
