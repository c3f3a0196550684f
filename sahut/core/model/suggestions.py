"""Which ticket a mention may belong to, or which other mention speaks of the same, and why that is thought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sahut.core.model.annotations import Place
from sahut.core.model.cases import Ticket
from sahut.core.model.mentions import MentionRecord


class Nearness(StrEnum):
    """How near two texts' places are: the same spot, village or district; or only the same city or regency."""

    SAME = "same"
    NEAR = "near"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCandidate:
    """An open ticket that may be meant, with the texts and the places of its newest mentions."""

    ticket: Ticket
    bodies: Sequence[str] = ()
    places: Sequence[Place] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What two things have in common. ``likeness`` is that of their words, 0 to 1 (`likeness.Words`)."""

    place: Nearness | None
    topic: bool
    likeness: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSuggestion:
    """A ticket, and why it is suggested."""

    ticket: Ticket
    alike: Alike


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarMention:
    """Another mention of the same trouble, and why it is thought to be that."""

    record: MentionRecord
    alike: Alike
