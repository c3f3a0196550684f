"""Decisions: appended, never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, exists, select

from sahut.core.errors import NotFoundError
from sahut.core.model import (
    Decided,
    Decision,
    DecisionDraft,
    DecisionKind,
    DismissReason,
    Kind,
    MentionState,
    Topic,
    joined,
)
from storage.tables import decision, mention, mention_version, source, ticket

_ABOUT_TEXTS = (DecisionKind.DISMISSED, DecisionKind.MERGED, DecisionKind.CONVERTED)


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

    def standing(self, *, after: int, limit: int) -> list[Decided]:
        """Dismissals, merges and conversions above id ``after`` that nobody undid, oldest first.

        Each with the wording that was decided on, whatever the platform showed later. The demonstration is left out.
        """
        undo = decision.alias("undo")
        undone = exists().where(undo.c.mention_id == decision.c.mention_id, undo.c.undoes == decision.c.id)
        query = (
            select(
                decision,
                mention.c.title,
                mention.c.text,
                mention.c.platform,
                mention.c.kind.label("assessed"),
                source.c.name.label("source_name"),
                ticket.c.topic,
            )
            .join(mention, mention.c.id == decision.c.mention_id)
            .join(source, source.c.id == mention.c.source_id)
            .outerjoin(ticket, ticket.c.id == decision.c.ticket_id)
            .where(decision.c.id > after, decision.c.kind.in_(_ABOUT_TEXTS), ~undone, ~source.c.demo)
            .order_by(decision.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(query).all()
        earlier = self._earlier_wordings({row.mention_id for row in rows})
        return [_decided(row, earlier.get(row.mention_id, [])) for row in rows]

    def _earlier_wordings(self, mention_ids: set[int]) -> dict[int, list[Row[Any]]]:
        query = select(mention_version).where(mention_version.c.mention_id.in_(mention_ids))
        found: dict[int, list[Row[Any]]] = {}
        for row in self._connection.execute(query.order_by(mention_version.c.number)):
            found.setdefault(row.mention_id, []).append(row)
        return found

    def _list(self, query: Select[Any]) -> list[Decision]:
        return [_value(row) for row in self._connection.execute(query)]


def _decided(row: Row[Any], earlier: list[Row[Any]]) -> Decided:
    # A wording carries the version at which the next one replaced it.
    wording = next((one for one in earlier if one.at_version >= row.at_version), row)
    return Decided(
        decision_id=row.id,
        mention_id=row.mention_id,
        text=joined(wording.title, wording.text),
        source_name=row.source_name,
        platform=row.platform,
        kind=DecisionKind(row.kind),
        reason=None if row.reason is None else DismissReason(row.reason),
        topic=None if row.topic is None else Topic(row.topic),
        assessed=None if row.assessed is None else Kind(row.assessed),
        at=row.at,
    )


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
