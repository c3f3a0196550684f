"""Small builders of values with sensible defaults; every post is invented."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sahut.core.model import (
    Actor,
    Assessment,
    Kind,
    Mention,
    MentionState,
    Role,
    Sentiment,
    SourceDraft,
    Tie,
    TieReason,
    Topic,
    User,
)
from sahut.core.ports import Store

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
_numbers = count(1)


def a_mention(text: str = "", **over: Any) -> Mention:
    """A mention with an id of its own."""
    number = next(_numbers)
    said = text or f"Lampu jalan nomor {number} di Jalan Melati {number} padam sudah {number} malam, tolong diperbaiki"
    return replace(Mention(platform="replay", native_id=f"m{number}", text=said, collected_at=NOW), **over)


def a_source_draft(name: str = "", **over: Any) -> SourceDraft:
    """A source with a name and address of its own."""
    number = next(_numbers)
    draft = SourceDraft(
        platform="replay",
        name=name or f"sumber {number}",
        address=f"posts-{number}.jsonl",
        interval=timedelta(minutes=10),
    )
    return replace(draft, **over)


def an_assessment(
    kind: Kind = Kind.COMPLAINT,
    *,
    sure: float = 0.9,
    topic: Topic = Topic.STREET_LIGHTING,
    sentiment: Sentiment = Sentiment.NEGATIVE,
    urgent: float = 0.0,
    model: str = "fake@1",
) -> Assessment:
    """An assessment that is ``sure`` of its kind."""
    return Assessment(
        kinds=_spread(Kind, kind, sure),
        sentiments=_spread(Sentiment, sentiment, sure),
        topics=_spread(Topic, topic, sure),
        urgent=urgent,
        model=model,
    )


def a_tie(mention_id: int, first_id: int) -> Tie:
    """Two flagged mentions that are much alike."""
    return Tie(
        mention_id=mention_id,
        first_id=first_id,
        reason=TieReason.SIMILAR,
        similarity=0.9,
        state=MentionState.FLAGGED,
        folded=True,
    )


def _spread(words: Any, chosen: Any, sure: float) -> Mapping[Any, float]:
    rest = (1.0 - sure) / (len(words) - 1)
    return {word: sure if word is chosen else rest for word in words}


def a_user(store: Store, username: str = "sari", *, role: Role = Role.TRIAGE, name: str = "Sari") -> User:
    """A stored account."""
    with store.begin() as tx:
        return tx.accounts.add_user(
            username=username, name=name, role=role, password_hash="unset", must_change=False, now=NOW
        )


def an_actor(store: Store, username: str = "sari", *, role: Role = Role.TRIAGE) -> Actor:
    """Somebody with an account who may act."""
    user = a_user(store, username, role=role, name=username.title())
    return Actor(user_id=user.id, name=user.name, role=role)
