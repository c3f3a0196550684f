"""What helps to find mentions: areas by name, and counts."""

from __future__ import annotations

from sahut.core.model import Facets
from triage_api.fields import Answer
from triage_api.schemas.mentions import AreaAnswer


class AreaList(Answer):
    """Areas that a name may mean, the likeliest first."""

    items: list[AreaAnswer]


class FacetsAnswer(Answer):
    """How many mentions match, counted up to a thousand and one, and how many of them bear each word.

    ``by`` is null where more than a thousand match. By topic, kind, sentiment, platform, source (its id),
    unit (of those given to one) and free_topic (the topics of those given to none).
    """

    total: int
    by: dict[str, dict[str, int]] | None

    @classmethod
    def of(cls, found: Facets) -> FacetsAnswer:
        """Of one count."""
        return cls(
            total=found.total, by=None if found.by is None else {name: dict(one) for name, one in found.by.items()}
        )
