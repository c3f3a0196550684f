"""Conversations: fetched once for what waits in the queue, followed for a while where we spoke."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from sahut.core.errors import LeaseLostError
from sahut.core.model import Conversation, ConversationClaim, ConversationTask, Cut, MentionState
from storage.conversation_tables import conversation
from storage.engine import insert_into
from storage.tables import mention

_UNREAD: Mapping[str, Any] = {"cut": [], "reason": "", "attempts": 0, "brought": 0, "cursor": {}}


class SqlConversations:
    """The conversations of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def want(self, mention_ids: Sequence[int], now: datetime) -> int:
        """Have those fetched that wait in the queue and have no row yet; how many."""
        if not mention_ids:
            return 0
        waiting = select(mention.c.id).where(
            mention.c.id.in_(mention_ids), mention.c.state == MentionState.FLAGGED, ~mention.c.folded
        )
        rows = [{"mention_id": one, "due_at": now, **_UNREAD} for one in self._connection.execute(waiting).scalars()]
        if not rows:
            return 0
        insert = insert_into(self._connection, conversation).on_conflict_do_nothing()
        return self._connection.execute(insert, rows, execution_options={"preserve_rowcount": True}).rowcount

    def follow(self, mention_ids: Sequence[int], since: datetime, *, first: datetime) -> None:
        """Look for answers to these from ``first`` on."""
        if not mention_ids:
            return
        insert = insert_into(self._connection, conversation)
        anew = {"followed_since": since, "follow_at": first, "brought": 0, "reason": ""}
        rows = [{**_UNREAD, "mention_id": one, **anew} for one in sorted(set(mention_ids))]
        # What was read of it stays read: the place in ``cursor`` leads on.
        self._connection.execute(insert.on_conflict_do_update(index_elements=["mention_id"], set_=anew), rows)

    def of(self, mention_id: int) -> Conversation | None:
        """What is known of a mention's conversation, None where nobody asked for it."""
        query = select(conversation).where(conversation.c.mention_id == mention_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _value(row)

    def waiting(self, now: datetime) -> bool:
        """Whether a machine should turn to one now."""
        return self._connection.execute(select(conversation.c.mention_id).where(_due(now)).limit(1)).first() is not None

    def claim(self, *, now: datetime, until: datetime) -> ConversationClaim | None:
        """The one due first; the lease is its due time, so that a lost worker's comes again."""
        for task, column in (
            # People look at what is new; an answer may come any time.
            (ConversationTask.FETCH, conversation.c.due_at),
            (ConversationTask.FOLLOW, conversation.c.follow_at),
        ):
            first = (
                select(conversation)
                .where(column.is_not(None), column <= now)
                .order_by(column, conversation.c.mention_id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = self._connection.execute(first).one_or_none()
            if row is None:
                continue
            token = secrets.token_hex(8)
            tries = {"attempts": row.attempts + 1} if task is ConversationTask.FETCH else {}
            self._connection.execute(
                update(conversation)
                .where(conversation.c.mention_id == row.mention_id)
                .values({column.name: until, "lease_token": token, **tries})
            )
            found = self.of(row.mention_id)
            return None if found is None else ConversationClaim(task=task, conversation=found, token=token)
        return None

    def fetched(self, claim: ConversationClaim, cut: frozenset[Cut], now: datetime, *, reason: str = "") -> None:
        """Never to be fetched again. Raises LeaseLostError."""
        self._write(claim, {"due_at": None, "fetched_at": now, "cut": sorted(cut), "reason": reason})

    def later(self, claim: ConversationClaim, when: datetime | None, *, reason: str) -> None:
        """Not now: again at ``when``, None for never. Raises LeaseLostError."""
        self._write(claim, {_column(claim): when, "reason": reason})

    def followed(
        self,
        claim: ConversationClaim,
        *,
        cursor: Mapping[str, Any],
        brought: int,
        again: datetime | None,
        reason: str = "",
    ) -> None:
        """Looked for answers. Raises LeaseLostError."""
        more = {"cursor": dict(cursor), "brought": conversation.c.brought + brought}
        self._write(claim, {**more, "follow_at": again, "reason": reason})

    def forget(self, claim: ConversationClaim) -> None:
        """Take the task off the row, and the row away where nothing is left on it."""
        mine = conversation.c.mention_id == claim.conversation.mention_id
        self._write(claim, {_column(claim): None})
        empty = and_(mine, conversation.c.fetched_at.is_(None), conversation.c.followed_since.is_(None))
        self._connection.execute(conversation.delete().where(empty))

    def _write(self, claim: ConversationClaim, values: Mapping[str, Any]) -> None:
        written = self._connection.execute(
            update(conversation)
            .where(
                conversation.c.mention_id == claim.conversation.mention_id,
                conversation.c.lease_token == claim.token,
            )
            .values({**values, "lease_token": None})
        )
        if not written.rowcount:
            raise LeaseLostError(f"the conversation of mention {claim.conversation.mention_id} is in other hands")


def _column(claim: ConversationClaim) -> str:
    return "due_at" if claim.task is ConversationTask.FETCH else "follow_at"


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(conversation.c.due_at.is_not(None), conversation.c.due_at <= now),
        and_(conversation.c.follow_at.is_not(None), conversation.c.follow_at <= now),
    )


def _value(row: Row[Any]) -> Conversation:
    return Conversation(
        mention_id=row.mention_id,
        due_at=row.due_at,
        fetched_at=row.fetched_at,
        cut=frozenset(Cut(one) for one in row.cut),
        reason=row.reason,
        attempts=row.attempts,
        followed_since=row.followed_since,
        follow_at=row.follow_at,
        brought=row.brought,
        cursor=row.cursor,
    )
