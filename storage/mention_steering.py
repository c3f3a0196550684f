"""What people set on mentions beside their state: who sees to one, when it comes back, what the model got wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update

from sahut.core.model import Assessment, Kind, MentionState, Sentiment, Topic
from storage.mention_ties import MentionTies
from storage.parts import in_parts
from storage.tables import mention

_MOST_WOKEN = 500


class MentionSteering(MentionTies):
    """The part of the mentions that people put by, hand on and correct."""

    def move(self, from_ticket: int, to_ticket: int, only: Sequence[int] | None, now: datetime) -> list[int]:
        """Put a ticket's mentions (``only`` these, if given) into another ticket; the ids of those that moved."""
        query = select(mention.c.id).where(mention.c.ticket_id == from_ticket).order_by(mention.c.id).with_for_update()
        moved: list[int] = list(self._connection.execute(query).scalars())
        if only is not None:
            wanted = set(only)
            moved = [one for one in moved if one in wanted]
        values = {"ticket_id": to_ticket, "version": mention.c.version + 1, "updated_at": now}
        for some in in_parts(moved):
            self._connection.execute(update(mention).where(mention.c.id.in_(some)).values(values))
        return moved

    def assign(self, mention_ids: Sequence[int], *, assignee_id: int | None, unit: str, now: datetime) -> None:
        """Say who sees to mentions, and which unit; None and "" for nobody."""
        values = {"assignee_id": assignee_id, "unit": unit, "version": mention.c.version + 1, "updated_at": now}
        for some in in_parts(mention_ids):
            self._connection.execute(update(mention).where(mention.c.id.in_(some)).values(values))

    def correct(self, mention_id: int, corrected: Mapping[str, str], said: Assessment | None, now: datetime) -> None:
        """Write what people said of kind, sentiment and topic by name; the rest is what the model ``said``."""
        values = {
            "kind": Kind(corrected["kind"]) if "kind" in corrected else said and said.kind,
            "sentiment": Sentiment(corrected["sentiment"]) if "sentiment" in corrected else said and said.sentiment,
            "topic": Topic(corrected["topic"]) if "topic" in corrected else said and said.topic,
        }
        self._connection.execute(
            update(mention)
            .where(mention.c.id == mention_id)
            .values(**values, corrected=dict(corrected) or None, version=mention.c.version + 1, updated_at=now)
        )

    def sleeping(self, now: datetime) -> bool:
        """Whether something that was put off is due."""
        return self._connection.execute(_due(now).limit(1)).first() is not None

    def wake(self, now: datetime) -> int:
        """Bring back to the queue what was put off until ``now``; how many, some hundreds at most."""
        due = _due(now).order_by(mention.c.snoozed_until).limit(_MOST_WOKEN)
        if self._dialect == "postgresql":
            # Locked in one order with everybody else; whoever decided on one meanwhile has taken it off the list.
            ids = select(mention.c.id).where(mention.c.id.in_(due.order_by(None))).order_by(mention.c.id)
            self._connection.execute(ids.with_for_update())
        found: list[int] = list(self._connection.execute(due).scalars())
        if found:
            self._connection.execute(
                update(mention)
                .where(mention.c.id.in_(found))
                .values(state=MentionState.FLAGGED, snoozed_until=None, version=mention.c.version + 1, updated_at=now)
            )
            self.refold(found)
        return len(found)


def _due(now: datetime) -> Select[Any]:
    # The second condition is the partial index's own.
    return select(mention.c.id).where(
        mention.c.snoozed_until <= now,
        mention.c.snoozed_until.is_not(None),
        mention.c.state == MentionState.SNOOZED,
    )
