"""The tables. Words of the domain are text with the enum's values; times are UTC; persons go through `Personal`."""

from __future__ import annotations

from sqlalchemy import BigInteger as Big
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.types import Json, Personal, PersonalWords, RowId, Utc, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

credential = Table(
    "credential",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Words, nullable=False),
    Column("name", Words, nullable=False, unique=True),
    Column("account", Words, nullable=False),
    Column("settings", Json, nullable=False),
    Column("budgets", Json, nullable=False),
    # Sealed: see storage/sealing.py.
    Column("sealed", Text, nullable=False),
    Column("session", Text),
    # Who renews it, and until when; since when it is refused.
    Column("session_token", String),
    Column("session_until", Utc),
    Column("session_refused_at", Utc),
    Column("not_before", Utc),
    Column("problem", String),
    Column("created_at", Utc, nullable=False),
    Column("rotated_at", Utc, nullable=False),
    Column("used_at", Utc),
    Column("version", Integer, nullable=False),
)

spending = Table(
    "spending",
    metadata,
    Column("credential_id", ForeignKey("credential.id"), primary_key=True),
    Column("day", String, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("amount", Float, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Words, nullable=False),
    Column("name", Words, nullable=False, unique=True),
    Column("address", Words, nullable=False),
    Column("query", Words, nullable=False),
    Column("interval_s", Float, nullable=False),
    Column("expected_every_s", Float),
    Column("options", Json, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("cursor", Json, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("not_before", Utc),
    Column("lease_token", String),
    Column("lease_until", Utc),
    Column("last_success_at", Utc),
    Column("last_error_at", Utc),
    Column("last_error", Words, nullable=False),
    Column("problem", String),
    Column("failures", Integer, nullable=False),
    Column("seen", Big, nullable=False),
    Column("kept", Big, nullable=False),
    Column("last_new_at", Utc),
    Column("rhythm_s", Float),
    Column("notes", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    Column("credential_id", ForeignKey("credential.id"), index=True),
    Index("ix_source_due", "due_at", sqlite_where=text("state = 'active'"), postgresql_where=text("state = 'active'")),
)

mention = Table(
    "mention",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Words, nullable=False),
    Column("native_id", Words, nullable=False),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("author", Personal),
    Column("permalink", Personal),
    # What these two are found by: storage/lookups.py.
    Column("author_key", String),
    Column("link_key", String),
    Column("forgotten_at", Utc),
    Column("raw", Personal),
    Column("language", Words, nullable=False),
    Column("parent", Words, nullable=False),
    Column("repost_of", Words, nullable=False),
    Column("reach", Big, nullable=False),
    Column("published_at", Utc),
    Column("collected_at", Utc, nullable=False),
    # When people see it dated: published, or else first seen.
    Column("shown_at", Utc, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("text_key", String, nullable=False),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("edited", Integer, nullable=False),
    Column("first_id", RowId),
    Column("folded", Boolean, nullable=False),
    Column("similar", Integer, nullable=False),
    Column("kind", String),
    Column("sentiment", String),
    Column("topic", String),
    Column("urgent", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("model", String, nullable=False),
    Column("ticket_id", ForeignKey("ticket.id")),
    # Which stretches of the body decided, [[start, end, weight], …]; NULL until that has been looked into.
    Column("why", Json),
    # The place that the text names, whole, and the code of the area that holds it, to filter by; the language it is in
    # (`language` is what the platform says).
    Column("place", Json),
    Column("place_area", String),
    Column("text_language", String),
    Column("attempts", Integer, nullable=False),
    Column("lease_token", String),
    Column("lease_until", Utc),
    Column("updated_at", Utc, nullable=False),
    Column("root", Words, nullable=False, server_default=text("''")),
    Column("own", Boolean, nullable=False, server_default=text("false")),
    Column("to_us", Boolean, nullable=False, server_default=text("false")),
    # When its platform no longer showed it; from then on it is blank here.
    Column("withdrawn_at", Utc),
    # When its platform is asked again whether it still shows it; NULL for never.
    Column("recheck_at", Utc),
    # The reply of ours that it answers.
    Column("answers", RowId),
    # Who sees to it, and which unit; accounts are deactivated, never deleted.
    Column("assignee_id", RowId),
    Column("unit", Words, nullable=False, server_default=text("''")),
    # When it comes back to the queue; NULL unless its state is snoozed.
    Column("snoozed_until", Utc),
    # What people corrected of kind, sentiment and topic, by name; no model writes over it.
    Column("corrected", Json),
    # Its place in the queue, of its priority, its group and its age: see rules.pressing.
    Column("pressing", Integer, nullable=False, server_default=text("0")),
    # What it is searched by: see storage/masking.py.
    Column("masked", Words),
    Column("masked_by", SmallInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("platform", "native_id"),
)


def partial(name: str, *columns: object, where: str) -> Index:
    """An index of the rows that ``where``, SQL, holds for."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))  # type: ignore[arg-type]


# The queue, in its order; small, since it holds only what waits for people. The state leads, although it is the same
# in every row: SQLite prefers any index with an equality to one that merely has the order.
partial(
    "ix_mention_queue",
    mention.c.state,
    mention.c.pressing.desc(),
    mention.c.id,
    where="state = 'flagged' AND NOT folded",
)
partial(
    "ix_mention_queue_topic",
    mention.c.state,
    mention.c.topic,
    mention.c.pressing.desc(),
    mention.c.id,
    where="state = 'flagged' AND NOT folded",
)
partial("ix_mention_waiting", mention.c.id, where="state = 'collected'")
partial(
    "ix_mention_unexplained",
    mention.c.state,
    mention.c.model,
    mention.c.folded,
    mention.c.pressing.desc(),
    mention.c.id,
    where="state = 'flagged' AND why IS NULL",
)
Index("ix_mention_state", mention.c.state, mention.c.id)
Index("ix_mention_state_topic", mention.c.state, mention.c.topic, mention.c.id)
Index("ix_mention_source", mention.c.source_id, mention.c.id)
Index("ix_mention_shown", mention.c.shown_at)
partial("ix_mention_kind", mention.c.kind, mention.c.id, where="kind IS NOT NULL")
partial("ix_mention_topic", mention.c.topic, mention.c.id, where="topic IS NOT NULL")
partial("ix_mention_sentiment", mention.c.sentiment, mention.c.id, where="sentiment IS NOT NULL")
# The pattern operators make PostgreSQL walk it for a prefix, whatever the database's collation.
Index(
    "ix_mention_place",
    mention.c.place_area,
    mention.c.id,
    postgresql_ops={"place_area": "varchar_pattern_ops"},
    sqlite_where=text("place_area IS NOT NULL"),
    postgresql_where=text("place_area IS NOT NULL"),
)
partial("ix_mention_language", mention.c.text_language, mention.c.id, where="text_language IS NOT NULL")
partial("ix_mention_text_key", mention.c.text_key, where="text_key <> ''")
partial("ix_mention_first", mention.c.first_id, where="first_id IS NOT NULL")
partial("ix_mention_ticket", mention.c.ticket_id, where="ticket_id IS NOT NULL")
partial("ix_mention_lease", mention.c.lease_token, where="lease_token IS NOT NULL")

partial("ix_mention_author_key", mention.c.author_key, where="author_key IS NOT NULL")
partial("ix_mention_link_key", mention.c.link_key, where="link_key IS NOT NULL")
partial("ix_mention_recheck", mention.c.recheck_at, where="recheck_at IS NOT NULL")
partial("ix_mention_root", mention.c.platform, mention.c.root, where="root <> ''")
partial("ix_mention_parent", mention.c.platform, mention.c.parent, where="parent <> ''")
partial("ix_mention_answers", mention.c.answers, where="answers IS NOT NULL")
partial("ix_mention_assignee", mention.c.assignee_id, mention.c.state, where="assignee_id IS NOT NULL")
partial("ix_mention_snoozed", mention.c.snoozed_until, where="snoozed_until IS NOT NULL")

# What happened to a source on a day of UTC, for its picture of the last week.
source_day = Table(
    "source_day",
    metadata,
    Column("source_id", ForeignKey("source.id"), primary_key=True),
    Column("day", String, primary_key=True),
    Column("readings", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("new", Integer, nullable=False),
)

gap = Table(
    "gap",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False, index=True),
    Column("since", Utc),
    Column("until", Utc),
    Column("reason", Words, nullable=False),
    Column("noticed_at", Utc, nullable=False),
)

mention_version = Table(
    "mention_version",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("mention_id", ForeignKey("mention.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("at_version", Integer, nullable=False),
)

assessment = Table(
    "assessment",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("mention_id", ForeignKey("mention.id"), nullable=False, index=True),
    Column("kinds", Json, nullable=False),
    Column("sentiments", Json, nullable=False),
    Column("topics", Json, nullable=False),
    Column("urgent", Float, nullable=False),
    Column("model", String, nullable=False),
    Column("why", Json),
    Column("at", Utc, nullable=False),
)

# A source of the demonstration may go while a walk over it is remembered: its id is no foreign key.
walk = Table(
    "walk",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("model", String, nullable=False),
    Column("judged_by", String, nullable=False),
    Column("source_id", RowId),
    Column("since", Utc),
    Column("state", String, nullable=False),
    Column("position", Big, nullable=False),
    Column("last_id", Big, nullable=False),
    Column("total", Big, nullable=False),
    Column("judged", Big, nullable=False),
    Column("flagged", Big, nullable=False),
    Column("filed", Big, nullable=False),
    Column("failed", Big, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("finished_at", Utc),
)

tie = Table(
    "tie",
    metadata,
    Column("mention_id", ForeignKey("mention.id"), primary_key=True),
    Column("first_id", ForeignKey("mention.id"), primary_key=True, index=True),
    Column("reason", String, nullable=False),
    Column("similarity", Float, nullable=False),
    Column("at", Utc, nullable=False),
    Column("untied_at", Utc),
)

signature = Table(
    "signature",
    metadata,
    Column("band", SmallInteger, primary_key=True, autoincrement=False),
    Column("hash", Big, primary_key=True, autoincrement=False),
    Column("mention_id", ForeignKey("mention.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("stage", String, nullable=False),
    Column("reason", Words, nullable=False),
    Column("source_id", ForeignKey("source.id"), index=True),
    Column("mention_id", ForeignKey("mention.id"), index=True),
    Column("native_id", Words, nullable=False),
    Column("raw", Personal, nullable=False),
    Column("digest", String, nullable=False, unique=True),
    Column("attempts", Integer, nullable=False),
    Column("at", Utc, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("source_id", ForeignKey("source.id"), primary_key=True),
    Column("key", Words, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("body", PersonalWords, nullable=False),
    Column("at", Utc, nullable=False, index=True),
)

told = Table(
    "told",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False, index=True),
    Column("word", Personal, nullable=False),
    Column("at", Utc, nullable=False),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("role", String, primary_key=True),
    Column("process", String, primary_key=True),
    Column("at", Utc, nullable=False),
)
