"""Decisions: appended, never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from sahut.core.errors import NotFoundError
from sahut.core.model import Decision, DecisionDraft, DecisionKind, DismissReason, MentionState
from storage.tables import decision, mention


class SqlDecisions:
    """The decisions of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, draft: DecisionDraft) -> Decision:
        """Append one."""
        version = select(mention.c.version).where(mention.c.id == draft.mention_id).scalar_subquery()
        added: int = self._connection.execute(
            decision.insert()
            .values(
                mention_id=draft.mention_id,
                kind=draft.kind,
                reason=draft.reason,
                note=draft.note,
                before=draft.before,
                ticket_id=draft.ticket_id,
                undoes=draft.undoes,
                act=draft.group,
                actor_id=draft.actor.user_id,
                actor_name=draft.actor.name,
                at=draft.at,
                at_version=version,
            )
            .returning(decision.c.id)
        ).scalar_one()
        return self.get(added)

    def get(self, decision_id: int) -> Decision:
        """Raises NotFoundError."""
        row = self._connection.execute(select(decision).where(decision.c.id == decision_id)).one_or_none()
        if row is None:
            raise NotFoundError("decision", decision_id)
        return _value(row)

    def of_mention(self, mention_id: int) -> list[Decision]:
        """Oldest first."""
        return self._list(select(decision).where(decision.c.mention_id == mention_id).order_by(decision.c.id))

    def of_group(self, group: str) -> list[Decision]:
        """All decisions of one act."""
        return self._list(select(decision).where(decision.c.act == group).order_by(decision.c.id))

    def recent(self, limit: int) -> list[Decision]:
        """The latest, newest first."""
        return self._list(select(decision).order_by(decision.c.id.desc()).limit(limit))

    def _list(self, query: Select[Any]) -> list[Decision]:
        return [_value(row) for row in self._connection.execute(query)]


def _value(row: Row[Any]) -> Decision:
    return Decision(
        id=row.id,
        mention_id=row.mention_id,
        kind=DecisionKind(row.kind),
        reason=None if row.reason is None else DismissReason(row.reason),
        note=row.note,
        before=MentionState(row.before),
        ticket_id=row.ticket_id,
        undoes=row.undoes,
        group=row.act,
        actor_name=row.actor_name,
        at=row.at,
    )
