"""Assessments: what models said, the latest also on the mention itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, or_, select, update

from sahut.core.model import Assessment, Kind, MentionClaim, MentionState, Sentiment, Topic, Verdict
from storage.dead_letters import letter_for_mention
from storage.mention_rows import place_value, why_spans
from storage.mention_ties import standing
from storage.mentions import SqlMentions
from storage.tables import assessment, dead_letter, mention
from storage.types import Utc

# Four digits are more than any classifier knows, and half the bytes.
_DIGITS = 4
# The columns of a mention that say what was read of its text.
_SAID = ("kind", "sentiment", "topic", "urgent", "score", "model", "place", "place_area", "text_language")


class SqlAssessments:
    """The assessments of one transaction."""

    def __init__(self, connection: Connection, mentions: SqlMentions) -> None:
        self._connection = connection
        self._mentions = mentions

    def save(self, claim: MentionClaim, verdicts: Sequence[Verdict], now: datetime) -> list[int]:
        """Write verdicts on what is still held under the claim; the ids written."""
        held = self._held(claim)
        kept = [verdict for verdict in verdicts if verdict.mention_id in held]
        if not kept:
            return []
        self._connection.execute(assessment.insert(), [_row(verdict, now) for verdict in kept])
        write = (
            update(mention)
            .where(mention.c.id == bindparam("this"))
            .values(
                {name: bindparam(f"new_{name}") for name in ("state", "priority", "pressing", *_SAID)}
                | {
                    "lease_token": None,
                    "lease_until": None,
                    "attempts": 0,
                    "why": None,
                    "version": mention.c.version + 1,
                    "updated_at": bindparam("now"),
                }
            )
        )
        self._connection.execute(write, [_update(verdict, held[verdict.mention_id], now) for verdict in kept])
        ids = [verdict.mention_id for verdict in kept]
        self._mentions.refold(ids)
        return ids

    def renew(self, claim: MentionClaim, verdicts: Sequence[Verdict], now: datetime) -> list[int]:
        """Write verdicts on what was judged before and is still held under the claim; the ids written.

        What a person has decided on keeps its state, ticket and priority: only what the model says of it changes. A
        version rises only with the state, so that nobody's click is refused for a new score alone.
        """
        # Before the rows of the claim, those that a new state refolds: everybody locks in this order.
        self._mentions.lock([verdict.mention_id for verdict in verdicts])
        held = self._held(claim)
        kept = [verdict for verdict in verdicts if verdict.mention_id in held]
        if not kept:
            return []
        self._connection.execute(assessment.insert(), [_row(verdict, now) for verdict in kept])
        undecided = or_(mention.c.state == MentionState.FLAGGED, mention.c.state == MentionState.FILED)
        moves = and_(undecided, mention.c.state != bindparam("new_state"))
        said: dict[str, object] = {name: bindparam(f"new_{name}") for name in _SAID}
        write = (
            update(mention)
            .where(mention.c.id == bindparam("this"))
            .values(
                said
                | {
                    "state": case((undecided, bindparam("new_state")), else_=mention.c.state),
                    "priority": case((undecided, bindparam("new_priority")), else_=mention.c.priority),
                    "pressing": case((undecided, bindparam("new_pressing")), else_=mention.c.pressing),
                    "version": case((moves, mention.c.version + 1), else_=mention.c.version),
                    "updated_at": case((moves, bindparam("now", type_=Utc)), else_=mention.c.updated_at),
                    "lease_token": None,
                    "lease_until": None,
                    "attempts": 0,
                    "why": None,
                }
            )
        )
        self._connection.execute(write, [_update(verdict, held[verdict.mention_id], now) for verdict in kept])
        ids = [verdict.mention_id for verdict in kept]
        self._mentions.refold(ids)
        return ids

    def hold(self, claim: MentionClaim, mention_id: int, reason: str, now: datetime) -> None:
        """Set a mention aside with a dead letter, if it is still held under the claim."""
        if mention_id not in self._held(claim):
            return
        native_id = next(record.mention.native_id for record in claim.mentions if record.id == mention_id)
        self._connection.execute(dead_letter.insert().values(letter_for_mention(mention_id, native_id, reason, now)))
        self._mentions.set_held([mention_id], now)

    def history(self, mention_id: int) -> list[tuple[datetime, Assessment]]:
        """Everything that models said of a mention, oldest first."""
        query = select(assessment).where(assessment.c.mention_id == mention_id).order_by(assessment.c.id)
        return [
            (
                row.at,
                Assessment(
                    kinds={Kind(kind): value for kind, value in row.kinds.items()},
                    sentiments={Sentiment(tone): value for tone, value in row.sentiments.items()},
                    topics={Topic(topic): value for topic, value in row.topics.items()},
                    urgent=row.urgent,
                    model=row.model,
                    why=why_spans(row.why),
                ),
            )
            for row in self._connection.execute(query)
        ]

    def _held(self, claim: MentionClaim) -> dict[int, Row[*tuple[Any, ...]]]:
        """What is still held under the claim, by id: what its place is made of, and what people corrected."""
        columns = (
            mention.c.id, mention.c.priority, mention.c.similar, mention.c.shown_at, mention.c.collected_at,
            mention.c.corrected,
        )  # fmt: skip
        query = select(*columns).where(mention.c.lease_token == claim.token)
        return {row.id: row for row in self._connection.execute(query.order_by(mention.c.id).with_for_update())}


def _row(verdict: Verdict, now: datetime) -> dict[str, object]:
    said = verdict.assessment
    return {
        "mention_id": verdict.mention_id,
        "kinds": {kind: round(value, _DIGITS) for kind, value in said.kinds.items()},
        "sentiments": {tone: round(value, _DIGITS) for tone, value in said.sentiments.items()},
        "topics": {topic: round(value, _DIGITS) for topic, value in said.topics.items()},
        "urgent": round(said.urgent, _DIGITS),
        "model": said.model,
        "at": now,
    }


def _update(verdict: Verdict, held: Row[Any], now: datetime) -> dict[str, object]:
    said, place = verdict.assessment, verdict.annotation.place
    corrected: Mapping[str, str] = held.corrected or {}
    return {
        "this": verdict.mention_id,
        "now": now,
        "new_state": verdict.state,
        "new_kind": corrected.get("kind", said.kind),
        "new_sentiment": corrected.get("sentiment", said.sentiment),
        "new_topic": corrected.get("topic", said.topic),
        "new_urgent": said.urgent,
        "new_score": said.complaint,
        "new_priority": verdict.priority,
        "new_pressing": standing(held, priority=verdict.priority),
        "new_model": said.model,
        "new_place": None if place is None else place_value(place),
        "new_place_area": None if place is None else place.area or None,
        "new_text_language": verdict.annotation.language,
    }
