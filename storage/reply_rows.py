"""Rows of replies, as values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, text

from sahut.core.model import Problem, Reply, ReplyAct, ReplyDraft, ReplyEvent, ReplyFilter, ReplyState
from storage.reply_tables import reply

_WAITS_FOR_MACHINES = (ReplyState.APPROVED, ReplyState.SENDING, ReplyState.UNKNOWN)


def written(draft: ReplyDraft, now: datetime) -> dict[str, Any]:
    """The columns that a text and its writer set."""
    return {
        "text": draft.text,
        "split": draft.split,
        "part": "",
        "template": draft.template,
        "state": ReplyState.DRAFT,
        "author_id": draft.author_id,
        "author_name": draft.author_name,
        "approver_name": "",
        "reason": "",
        "problem": None,
        "seen_edits": draft.seen_edits,
        "written_at": now,
        "due_at": None,
    }


def due(now: datetime) -> ColumnElement[bool]:
    """What a machine should turn to now."""
    return and_(reply.c.due_at.is_not(None), reply.c.due_at <= now, reply.c.state.in_(_WAITS_FOR_MACHINES))


def owed() -> ColumnElement[bool]:
    """What stands and was not charged yet."""
    # As the index says it.
    return and_(text("reply.state = 'sent'"), reply.c.owed_usd.is_not(None))


def conditions(where: ReplyFilter) -> list[ColumnElement[bool]]:
    """What a filter asks of rows."""
    found: list[ColumnElement[bool]] = []
    if where.states:
        found.append(reply.c.state.in_(where.states))
    if where.mention_id is not None:
        found.append(reply.c.mention_id == where.mention_id)
    return found


def value(row: Row[Any]) -> Reply:
    """A row as a reply."""
    return Reply(
        id=row.id,
        mention_id=row.mention_id,
        platform=row.platform,
        source_id=row.source_id,
        key=row.key,
        text=row.text,
        template=row.template,
        state=ReplyState(row.state),
        author_name=row.author_name,
        writers=frozenset(row.writers),
        approver_name=row.approver_name,
        reason=row.reason,
        problem=None if row.problem is None else Problem(row.problem),
        seen_edits=row.seen_edits,
        written_at=row.written_at,
        due_at=row.due_at,
        attempts=row.attempts,
        looks=row.looks,
        sending_since=row.sending_since,
        native_id=row.native_id,
        permalink=row.permalink,
        sent_at=row.sent_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        parent=row.parent,
        split=row.split,
        part=row.part,
        number=row.number,
        head_id=row.head_id,
        held=row.held,
    )


def event(row: Row[Any]) -> ReplyEvent:
    """A row as a line of a history."""
    return ReplyEvent(
        id=row.id,
        reply_id=row.reply_id,
        act=ReplyAct(row.act),
        note=row.note,
        actor_name=row.actor_name,
        at=row.at,
    )
