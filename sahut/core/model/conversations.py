"""What stands around a mention: fetched once for what people look at, and where its writer may yet answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sahut.core.model.collected import Batch


class Cut(StrEnum):
    """Where a conversation goes on beyond what was fetched: before its first post here, or beside and below."""

    ABOVE = "above"
    BESIDE = "beside"


class ConversationTask(StrEnum):
    """What is due for a mention's conversation."""

    FETCH = "fetch"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much of a conversation is fetched: ``above`` posts up the line, ``beside`` others (siblings, answers)."""

    above: int = 5
    beside: int = 20

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return self.above > 0 or self.beside > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPolicy:
    """How an agency wants conversations. ``platforms`` have caps of their own.

    For ``follow_for`` after a public reply or a ticket the writer's answer is looked for where no other source brings
    it, and for ``follow_posts`` posts at most in each conversation.
    """

    caps: Caps = field(default_factory=Caps)
    # Each post of X costs; a parent says most.
    platforms: Mapping[str, Caps] = field(default_factory=lambda: {"x": Caps(above=2, beside=0)})
    follow_for: timedelta = timedelta(days=7)
    follow_posts: int = 50

    def caps_for(self, platform: str) -> Caps:
        """The platform's own caps, or else the general ones."""
        return self.platforms.get(platform, self.caps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a collector found around a mention, and where it stopped. The batch's cursor says nothing."""

    batch: Batch
    cut: frozenset[Cut] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """How far a mention's conversation is known.

    ``fetched_at`` is when it was fetched, None where it was not; ``reason`` says in words why it could not be, or why
    it is followed no more. ``followed_since`` is when we answered or made a ticket, ``follow_at`` when its platform is
    asked next, None for not any more; ``brought`` counts what that brought, ``cursor`` belongs to the collector.
    """

    mention_id: int
    due_at: datetime | None
    fetched_at: datetime | None
    cut: frozenset[Cut]
    reason: str
    attempts: int
    followed_since: datetime | None
    follow_at: datetime | None
    brought: int
    cursor: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationClaim:
    """The right of one worker to do one task for one mention's conversation; writes name the ``token``."""

    task: ConversationTask
    conversation: Conversation
    token: str
