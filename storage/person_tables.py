"""The tables of forgetting: the key that persons are found by, the graves of the erased, chores left over."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from storage.tables import metadata
from storage.types import Utc

# One row: random, sealed like a credential, so that a change of the installation's key leaves every hash as it is.
lookup_key = Table(
    "lookup_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", Text, nullable=False),
)

# What must not be collected again, by keyed hash: whoever has the table alone cannot ask whether somebody is in it.
tombstone = Table(
    "tombstone",
    metadata,
    Column("hash", String, primary_key=True),
    Column("at", Utc, nullable=False),
)

# What has to be done once more after whoever began it was killed.
chore = Table("chore", metadata, Column("name", String, primary_key=True))
