"""The tables of files on their way in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, UniqueConstraint

from storage.tables import metadata
from storage.types import Json, Personal, RowId, Utc, Words

file_import = Table(
    "file_import",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("file", Words, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("source", Words, nullable=False),
    Column("query", Words, nullable=False),
    Column("options", Json, nullable=False),
    Column("state", String, nullable=False, index=True),
    # The first rows as they would look: posts of people.
    Column("found", Personal),
    Column("done", Integer, nullable=False),
    Column("rows", Integer),
    Column("error", Words, nullable=False),
    Column("problem", String, nullable=False),
    Column("source_id", ForeignKey("source.id")),
    Column("by_name", Words, nullable=False),
    Column("lease_token", String),
    Column("lease_until", Utc),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
)

file_import_part = Table(
    "file_import_part",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("import_id", ForeignKey("file_import.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    # Base64: an export may hold what nobody may read in a copy of the database.
    Column("data", Personal, nullable=False),
    UniqueConstraint("import_id", "number"),
)
