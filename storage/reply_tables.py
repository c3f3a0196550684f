"""The tables of public replies."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, Table, text

from storage.tables import metadata
from storage.types import Json, PersonalWords, RowId, Utc, Words

reply = Table(
    "reply",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("mention_id", ForeignKey("mention.id"), nullable=False, index=True),
    # The mention's platform and source, its own id and that of its conversation: what tells later posts of it.
    Column("platform", Words, nullable=False),
    Column("source_id", ForeignKey("source.id"), nullable=False, index=True),
    Column("parent", Words, nullable=False),
    Column("root", Words, nullable=False),
    Column("key", String, nullable=False, unique=True),
    Column("text", Words, nullable=False),
    # Whether it goes out in parts: what the first says; each further one is a row of its own that names the first.
    Column("split", Boolean, nullable=False),
    Column("part", Words, nullable=False),
    Column("number", Integer, nullable=False),
    Column("head_id", RowId),
    # Its platform shows it to nobody yet.
    Column("held", Boolean, nullable=False),
    Column("template", Words, nullable=False),
    Column("state", String, nullable=False),
    Column("author_id", ForeignKey("account.id"), nullable=False),
    Column("author_name", Words, nullable=False),
    Column("writers", Json, nullable=False),
    Column("approver_name", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("problem", String),
    Column("seen_edits", Integer, nullable=False),
    Column("written_at", Utc, nullable=False),
    Column("due_at", Utc),
    Column("lease_token", String),
    Column("attempts", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    # US dollars that its credential is to be charged once it stands; NULL where nothing is, or it was charged.
    Column("owed_usd", Float),
    Column("sending_since", Utc),
    Column("native_id", Words, nullable=False),
    Column("permalink", PersonalWords, nullable=False),
    Column("sent_at", Utc),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    # Nothing is shown as sent on a guess: its platform gave it an id, or a person its address.
    CheckConstraint("state <> 'sent' OR native_id <> '' OR permalink <> ''", name="ck_reply_sent"),
)

_OPEN = text("state NOT IN ('sent', 'withdrawn') AND head_id IS NULL")
_PART = text("state <> 'withdrawn' AND head_id IS NOT NULL")
_DUE = text("due_at IS NOT NULL")
_OWED = text("state = 'sent' AND owed_usd IS NOT NULL")
_NAMED = text("native_id <> ''")
Index("uq_reply_open", reply.c.mention_id, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("uq_reply_part", reply.c.head_id, reply.c.number, unique=True, sqlite_where=_PART, postgresql_where=_PART)
Index("ix_reply_due", reply.c.due_at, sqlite_where=_DUE, postgresql_where=_DUE)
Index("ix_reply_owed", reply.c.id, sqlite_where=_OWED, postgresql_where=_OWED)
Index(
    "uq_reply_native",
    reply.c.platform,
    reply.c.native_id,
    unique=True,
    sqlite_where=_NAMED,
    postgresql_where=_NAMED,
)
Index("ix_reply_state", reply.c.state, reply.c.id)
Index("ix_reply_parent", reply.c.platform, reply.c.parent)
Index("ix_reply_root", reply.c.platform, reply.c.root)
Index("ix_reply_updated", reply.c.platform, reply.c.updated_at)

reply_event = Table(
    "reply_event",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("reply_id", ForeignKey("reply.id"), nullable=False, index=True),
    Column("act", String, nullable=False),
    Column("note", Words, nullable=False),
    Column("actor_name", Words, nullable=False),
    Column("at", Utc, nullable=False),
    Column("at_version", Integer, nullable=False),
)
