"""What likely belongs together: tickets for a mention or a ticket, mentions of the same trouble."""

from __future__ import annotations

from sahut.core.model import Alike, Nearness, SimilarMention, TicketSuggestion
from triage_api.fields import Answer
from triage_api.schemas.mentions import MentionAnswer
from triage_api.schemas.tickets import TicketAnswer


class AlikeAnswer(Answer):
    """What two things have in common. ``place`` is `same`, `near` (one city or regency) or null.

    ``likeness`` is that of their words, 0 to 1; ``score`` weighs all three.
    """

    place: Nearness | None
    topic: bool
    likeness: float
    score: float

    @classmethod
    def of(cls, alike: Alike) -> AlikeAnswer:
        """Of one comparison."""
        return cls.model_validate(alike)


class SuggestionAnswer(Answer):
    """An open ticket, and why it is suggested."""

    ticket: TicketAnswer
    alike: AlikeAnswer

    @classmethod
    def of(cls, found: TicketSuggestion) -> SuggestionAnswer:
        """Of one suggestion."""
        return cls(ticket=TicketAnswer.of(found.ticket), alike=AlikeAnswer.of(found.alike))


class SuggestionList(Answer):
    """Tickets, the likeliest first."""

    items: list[SuggestionAnswer]


class SimilarAnswer(Answer):
    """A mention of the same trouble in other words, and why it is thought to be that."""

    mention: MentionAnswer
    alike: AlikeAnswer

    @classmethod
    def of(cls, found: SimilarMention) -> SimilarAnswer:
        """Of one mention."""
        return cls(mention=MentionAnswer.of(found.record), alike=AlikeAnswer.of(found.alike))


class SimilarList(Answer):
    """Mentions, the likeliest first."""

    items: list[SimilarAnswer]
