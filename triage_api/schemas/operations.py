"""Dead letters, the policy, and signs of life."""

from __future__ import annotations

from datetime import datetime

from sahut.core.model import (
    DeadLetter,
    Kind,
    Policy,
    Topic,
)
from triage_api.fields import Answer


class DeadLetterAnswer(Answer):
    """Something set aside, with its reason."""

    id: int
    stage: str
    reason: str
    source_id: int | None
    mention_id: int | None
    native_id: str
    attempts: int
    at: datetime

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterAnswer:
        """Without the raw payload."""
        return cls.model_validate(letter)


class DeadLetterPage(Answer):
    """One page; ``next`` goes into ``after``, null on the last."""

    items: list[DeadLetterAnswer]
    next: int | None


class RetryAnswer(Answer):
    """How many mentions a retried letter brought."""

    brought: int


class UnitAnswer(Answer):
    """An office that acts on topics."""

    code: str
    name: str
    topics: list[Topic]


class PolicyAnswer(Answer):
    """What an agency decided as data, as far as programs need it."""

    flagged_kinds: list[Kind]
    threshold: float
    urgent_threshold: float
    topics: list[Topic]
    units: list[UnitAnswer]

    @classmethod
    def of(cls, policy: Policy) -> PolicyAnswer:
        """In a stable order."""
        units = [UnitAnswer(code=u.code, name=u.name, topics=sorted(u.topics)) for u in policy.units]
        return cls(
            flagged_kinds=sorted(policy.flagged_kinds),
            threshold=policy.threshold,
            urgent_threshold=policy.urgent_threshold,
            topics=list(Topic),
            units=units,
        )


class AliveAnswer(Answer):
    """The service answers; ``demo`` tells that invented data is in it."""

    status: str
    demo: bool = False
