"""Decisions: appended, never changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, func, or_, select

from sahut.core.errors import NotFoundError
from sahut.core.model import (
    AuditAct,
    AuditDraft,
    Decided,
    Decision,
    DecisionDraft,
    DecisionKind,
    DismissReason,
    Kind,
    Label,
    MentionState,
    Sentiment,
    Topic,
    joined,
)
from storage.audit import SqlAudit
from storage.case_tables import decision, ticket
from storage.parts import in_parts
from storage.tables import mention, mention_version, source
from storage.types import storable

_STATES = (DecisionKind.DISMISSED, DecisionKind.MERGED, DecisionKind.CONVERTED)
_WORDS = (DecisionKind.CORRECTED, DecisionKind.CHECKED)


class SqlDecisions:
    """The decisions of one transaction. Each goes into the audit log here, so that no caller can leave it out."""

    def __init__(self, connection: Connection, audit: SqlAudit) -> None:
        self._connection = connection
        self._audit = audit

    def add(self, draft: DecisionDraft) -> Decision:
        """Append one."""
        return self.add_all([draft])[0]

    def add_all(self, drafts: Sequence[DecisionDraft], behind: Mapping[int, int] | None = None) -> list[Decision]:
        """Append several, each on another mention, at the version that it has now; in the same order.

        The audit log tells of a copy in the entry of the mention that it stands ``behind`` (an id by the copy's).
        """
        versions: dict[int, int] = {}
        for some in in_parts(sorted(draft.mention_id for draft in drafts)):
            query = select(mention.c.id, mention.c.version).where(mention.c.id.in_(some))
            versions |= {row.id: row.version for row in self._connection.execute(query)}
        self._connection.execute(decision.insert(), [_row(draft, versions) for draft in drafts])
        # Asked for afterwards: SQLite would give the new numbers in the rows' order only one row at a time.
        query = select(decision.c.act, decision.c.mention_id, decision.c.id).order_by(decision.c.id)
        rows = self._connection.execute(query.where(decision.c.act.in_({draft.group for draft in drafts})))
        ids = {(row.act, row.mention_id): row.id for row in rows}
        made = [_made(draft, ids[draft.group, draft.mention_id]) for draft in drafts]
        for entry in _noted(drafts, [one.id for one in made], behind or {}):
            self._audit.add(entry)
        return made

    def get(self, decision_id: int) -> Decision:
        """Raises NotFoundError."""
        row = self._connection.execute(select(decision).where(decision.c.id == decision_id)).one_or_none()
        if row is None:
            raise NotFoundError("decision", decision_id)
        return _value(row)

    def of_mention(self, mention_id: int) -> list[Decision]:
        """Oldest first."""
        return self._list(select(decision).where(decision.c.mention_id == mention_id).order_by(decision.c.id))

    def beside(self, act: Sequence[Decision]) -> dict[int, list[Decision]]:
        """What was decided on an act's mentions since its first decision, by mention, oldest first, without the act."""
        found: dict[int, list[Decision]] = {}
        for some in in_parts(act):
            query = select(decision).where(
                decision.c.mention_id.in_([one.mention_id for one in some]),
                decision.c.id > act[0].id,
                decision.c.act != act[0].group,
            )
            for one in self._list(query.order_by(decision.c.id)):
                found.setdefault(one.mention_id, []).append(one)
        return found

    def of_group(self, group: str, limit: int | None = None) -> list[Decision]:
        """The decisions of one act, or its first ``limit``, oldest first."""
        return self._list(select(decision).where(decision.c.act == group).order_by(decision.c.id).limit(limit))

    def sizes(self, groups: Collection[str]) -> dict[str, int]:
        """On how many mentions each of these acts was."""
        query = select(decision.c.act, func.count()).where(decision.c.act.in_(groups)).group_by(decision.c.act)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def recent(self, limit: int) -> list[Decision]:
        """The latest, newest first."""
        return self._list(select(decision).order_by(decision.c.id.desc()).limit(limit))

    def acts_of(self, actor_id: int, limit: int) -> list[Decision]:
        """The latest acts of a person, newest first, each by its first decision."""
        query = (
            select(func.min(decision.c.id).label("first"))
            .where(decision.c.actor_id == actor_id)
            .group_by(decision.c.act)
            .order_by(func.min(decision.c.id).desc())
            .limit(limit)
        )
        ids = list(self._connection.execute(query).scalars())
        found = {one.id: one for one in self._list(select(decision).where(decision.c.id.in_(ids)))}
        return [found[one] for one in ids]

    def standing(self, *, after: int, limit: int) -> list[Decided]:
        """What says something of a text, above id ``after``, that nobody undid, oldest first.

        Each with the wording that was decided on, whatever the platform showed later, and with what people corrected
        of that wording; a correction has a row of its own only where no other decision carries it. The demonstration
        is left out.
        """
        other = decision.alias("other")
        carried = exists().where(
            other.c.mention_id == decision.c.mention_id,
            ~_undone(other.c),
            or_(other.c.kind.in_(_STATES), and_(other.c.kind.in_(_WORDS), other.c.id > decision.c.id)),
        )
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
            .where(decision.c.id > after, ~_undone(decision.c), ~source.c.demo)
            .where(or_(decision.c.kind.in_(_STATES), and_(decision.c.kind.in_(_WORDS), ~carried)))
            .order_by(decision.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(query).all()
        mentions = {row.mention_id for row in rows}
        earlier, corrections = self._earlier_wordings(mentions), self._corrections(mentions)
        return [_decided(row, earlier.get(row.mention_id, []), corrections.get(row.mention_id, [])) for row in rows]

    def _corrections(self, mention_ids: set[int]) -> dict[int, list[Row[Any]]]:
        query = select(decision).where(
            decision.c.mention_id.in_(mention_ids),
            decision.c.kind == DecisionKind.CORRECTED,
            ~_undone(decision.c),
        )
        found: dict[int, list[Row[Any]]] = {}
        for row in self._connection.execute(query.order_by(decision.c.id)):
            found.setdefault(row.mention_id, []).append(row)
        return found

    def _earlier_wordings(self, mention_ids: set[int]) -> dict[int, list[Row[Any]]]:
        query = select(mention_version).where(mention_version.c.mention_id.in_(mention_ids))
        found: dict[int, list[Row[Any]]] = {}
        for row in self._connection.execute(query.order_by(mention_version.c.number)):
            found.setdefault(row.mention_id, []).append(row)
        return found

    def _list(self, query: Select[Any]) -> list[Decision]:
        return [_value(row) for row in self._connection.execute(query)]


def _undone(of: Any) -> Any:
    undo = decision.alias("undo")
    return exists().where(undo.c.mention_id == of.mention_id, undo.c.undoes == of.id).correlate_except(undo)


def _row(draft: DecisionDraft, versions: Mapping[int, int]) -> dict[str, Any]:
    return {
        "mention_id": draft.mention_id,
        "kind": draft.kind,
        "reason": draft.reason,
        "note": draft.note,
        "before": draft.before,
        "ticket_id": draft.ticket_id,
        "undoes": draft.undoes,
        "act": draft.group,
        "actor_id": draft.actor.user_id,
        "actor_name": draft.actor.name,
        "at": draft.at,
        "at_version": versions.get(draft.mention_id),
        "detail": dict(draft.detail) or None,
    }


def _made(draft: DecisionDraft, decision_id: int) -> Decision:
    """What was written, as `_value` would read it."""
    return Decision(
        id=decision_id,
        mention_id=draft.mention_id,
        kind=draft.kind,
        reason=draft.reason,
        note=storable(draft.note),
        before=draft.before,
        ticket_id=draft.ticket_id,
        undoes=draft.undoes,
        group=draft.group,
        actor_name=storable(draft.actor.name),
        at=draft.at.astimezone(UTC),
        actor_id=draft.actor.user_id,
        detail=draft.detail,
    )


def _noted(
    drafts: Sequence[DecisionDraft], decision_ids: Sequence[int], behind: Mapping[int, int]
) -> Iterator[AuditDraft]:
    """An entry for each mention that speaks for itself, with the ids of those that it speaks for.

    Thousands of copies would be thousands of entries of one act; each entry makes the next writer wait for its hash.
    """
    here = {draft.mention_id for draft in drafts}
    copies: dict[int, list[int]] = {}
    for one in sorted(here):
        if behind.get(one) in here:
            copies.setdefault(behind[one], []).append(one)
    spoken_for = {one for some in copies.values() for one in some}
    for draft, decision_id in zip(drafts, decision_ids, strict=True):
        if draft.mention_id in spoken_for:
            continue
        # The note stays behind: it is free text, and the decision has it.
        said = {
            "decision": decision_id,
            "what": draft.kind,
            "reason": draft.reason,
            "ticket": draft.ticket_id,
            "undoes": draft.undoes,
            "copies": copies.get(draft.mention_id),
        }
        yield AuditDraft(
            act=AuditAct.DECISION,
            at=draft.at,
            actor=draft.actor,
            kind="mention",
            key=str(draft.mention_id),
            detail={name: value for name, value in said.items() if value is not None},
        )


def _decided(row: Row[Any], earlier: list[Row[Any]], corrections: list[Row[Any]]) -> Decided:
    seen = _wording(row, earlier)
    wording = row if seen is None else seen
    same = [one for one in corrections if _wording(one, earlier) is seen]
    said = (same[-1].detail or {}).get("to", {}) if same else {}
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
        corrected=Label(
            kind=Kind(said["kind"]) if "kind" in said else None,
            sentiment=Sentiment(said["sentiment"]) if "sentiment" in said else None,
            topic=Topic(said["topic"]) if "topic" in said else None,
        ),
    )


def _wording(row: Row[Any], earlier: list[Row[Any]]) -> Row[Any] | None:
    """The earlier wording that a decision saw; None for the present one."""
    # A wording carries the version at which the next one replaced it.
    return next((one for one in earlier if one.at_version >= row.at_version), None)


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
        actor_id=row.actor_id,
        detail=row.detail or {},
    )
