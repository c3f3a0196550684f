"""Public answers, as far as platforms are concerned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Capability(StrEnum):
    """How a mention can be answered: by the platform's API, by a person on the platform itself, or not at all."""

    API = "api"
    MANUAL = "manual"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRules:
    """What a platform counts and allows. ``used`` of ``limit`` are in its own units (weighted characters, graphemes).

    ``cost_usd`` is what sending it costs, 0 where it is free; ``warnings`` say in words what to know before.
    """

    used: int
    limit: int
    cost_usd: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the platform would take it."""
        return 0 < self.used <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReply:
    """A reply that stands on its platform: there is none without a native id."""

    native_id: str
    permalink: str = ""
    sent_at: datetime | None = None
