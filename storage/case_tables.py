"""The tables of what people do: decisions, and the tickets that come of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, SmallInteger, String, Table, text

from storage.tables import metadata, partial
from storage.types import Json, RowId, Utc, Words

ticket = Table(
    "ticket",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("number", String, nullable=False, unique=True),
    Column("tracking_code", String, nullable=False, unique=True),
    Column("title", Words, nullable=False),
    Column("description", Words, nullable=False),
    Column("topic", String, nullable=False),
    Column("unit", Words, nullable=False),
    Column("place", Words, nullable=False),
    Column("priority", String, nullable=False),
    Column("status", String, nullable=False),
    Column("outcome", String),
    Column("assignee_id", ForeignKey("account.id")),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    # The ticket that it goes on in, in the end.
    Column("merged_into", RowId),
    Column("anonymous", Boolean, nullable=False, server_default=text("false")),
    Column("confidential", Boolean, nullable=False, server_default=text("false")),
    Column("forgotten_at", Utc),
    # What its title and place are searched by: see storage/masking.py.
    Column("masked", Words),
    Column("masked_by", SmallInteger, nullable=False, server_default=text("0")),
    # By when it is to be answered, as it was promised: no later policy moves it. NULL where nothing was.
    Column("due_at", Utc),
    Index("ix_ticket_status", "status", "id"),
)
partial("ix_ticket_anonymous", ticket.c.id, where="anonymous")
partial("ix_ticket_confidential", ticket.c.id, where="confidential")
partial("ix_ticket_due", ticket.c.due_at, ticket.c.id, where="due_at IS NOT NULL")
partial("ix_ticket_merged_into", ticket.c.merged_into, where="merged_into IS NOT NULL")

ticket_counter = Table(
    "ticket_counter",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

ticket_event = Table(
    "ticket_event",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("detail", Json, nullable=False),
    Column("actor_name", Words, nullable=False),
    Column("at", Utc, nullable=False),
    Column("at_version", Integer, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("mention_id", ForeignKey("mention.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("reason", String),
    Column("note", Words, nullable=False),
    Column("before", String, nullable=False),
    Column("ticket_id", ForeignKey("ticket.id"), index=True),
    Column("undoes", ForeignKey("decision.id")),
    Column("act", String, nullable=False, index=True),
    Column("actor_id", ForeignKey("account.id"), nullable=False),
    Column("actor_name", Words, nullable=False),
    Column("at", Utc, nullable=False),
    Column("at_version", Integer, nullable=False),
    # What it changed beside the state, from what to what.
    Column("detail", Json),
    Index("ix_decision_actor", "actor_id", "id"),
)
