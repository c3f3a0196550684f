"""Replies that go out in parts: each part a row of its own, which waits until the one before stands."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sahut.core.model import ReplyAct, ReplyState
from storage.reply_tables import reply, reply_event

# What no machine or person has in hand.
_WAITING = (ReplyState.APPROVED, ReplyState.BY_HAND, ReplyState.FAILED)
_ITS_OWN = frozenset(
    {"id", "key", "text", "part", "split", "number", "head_id", "parent", "state", "due_at", "lease_token", "version"}
)


class SqlParts:
    """The parts of the replies of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, head: Row[Any], texts: Sequence[str], unsent: Mapping[str, Any], now: datetime) -> None:
        """The further ones of ``head``, whose first it says itself."""
        open_ones = select(reply.c.id).where(reply.c.head_id == head.id, reply.c.state != ReplyState.WITHDRAWN)
        if self._connection.execute(open_ones.limit(1)).first() is not None:
            return
        self._connection.execute(update(reply).where(reply.c.id == head.id).values(part=texts[0]))
        same = {column.name: getattr(head, column.name) for column in reply.c if column.name not in _ITS_OWN}
        for number, said in enumerate(texts[1:], start=2):
            made = self._connection.execute(
                insert(reply)
                .values(
                    {
                        **same,
                        **unsent,
                        "key": secrets.token_hex(16),
                        "text": said,
                        "part": "",
                        "split": False,
                        "number": number,
                        "head_id": head.id,
                        "parent": "",
                        "state": ReplyState.APPROVED,
                        "due_at": None,
                        "reason": "",
                        "problem": None,
                        "native_id": "",
                        "permalink": "",
                        "sent_at": None,
                        "held": False,
                        "created_at": now,
                        "updated_at": now,
                        "version": 1,
                    }
                )
                .returning(reply.c.id)
            ).scalar_one()
            self._note(made, ReplyAct.APPROVED, head.approver_name, now)

    def next(self, row: Row[Any], now: datetime, *, native_id: str, by_machine: bool) -> None:
        """Give the part after ``row``, which stands now, its turn."""
        after = self._connection.execute(
            select(reply)
            .where(
                reply.c.head_id == (row.head_id or row.id),
                reply.c.number == row.number + 1,
                reply.c.state == ReplyState.APPROVED,
                reply.c.due_at.is_(None),
            )
            .with_for_update()
        ).one_or_none()
        if after is None:
            return
        goes_on = by_machine and bool(native_id)
        self._connection.execute(
            update(reply)
            .where(reply.c.id == after.id)
            .values(
                parent=native_id,
                state=ReplyState.APPROVED if goes_on else ReplyState.BY_HAND,
                due_at=now if goes_on else None,
                updated_at=now,
                version=reply.c.version + 1,
            )
        )

    def drop(self, row: Row[Any], actor_name: str, now: datetime) -> None:
        """What was to come after ``row`` does not go out."""
        after = self._connection.execute(
            select(reply.c.id)
            .where(
                reply.c.head_id == (row.head_id or row.id),
                reply.c.number > row.number,
                reply.c.state.in_(_WAITING),
            )
            .order_by(reply.c.id)
            .with_for_update()
        ).scalars()
        for reply_id in list(after):
            self._connection.execute(
                update(reply)
                .where(reply.c.id == reply_id)
                .values(state=ReplyState.WITHDRAWN, due_at=None, updated_at=now, version=reply.c.version + 1)
            )
            self._note(reply_id, ReplyAct.WITHDRAWN, actor_name, now)

    def open(self, mention_id: int) -> bool:
        """Whether a further part of an answer to a mention is not over."""
        query = select(reply.c.id).where(
            reply.c.mention_id == mention_id,
            reply.c.head_id.is_not(None),
            reply.c.state.not_in((ReplyState.SENT, ReplyState.WITHDRAWN)),
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def above(self, head_id: int, number: int) -> Row[Any] | None:
        """The part before the so-manieth."""
        where = reply.c.id == head_id
        if number > 2:  # noqa: PLR2004 - the first is the head itself
            where = (reply.c.head_id == head_id) & (reply.c.number == number - 1)
        query = select(reply).where(where, reply.c.state != ReplyState.WITHDRAWN)
        return self._connection.execute(query).one_or_none()

    def _note(self, reply_id: int, act: ReplyAct, actor_name: str, now: datetime) -> None:
        version = select(reply.c.version).where(reply.c.id == reply_id).scalar_subquery()
        self._connection.execute(
            reply_event.insert().values(
                reply_id=reply_id, act=act, note="", actor_name=actor_name, at=now, at_version=version
            )
        )
