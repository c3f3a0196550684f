"""Who has a mention open."""

from __future__ import annotations

from datetime import datetime

from sahut.core.model import Viewing
from triage_api.fields import Answer


class ViewingAnswer(Answer):
    """Somebody has a mention open; ``until`` moves on as long as they do."""

    mention_id: int
    user_id: int
    name: str
    since: datetime
    until: datetime


class ViewingList(Answer):
    """Who has what open."""

    items: list[ViewingAnswer]

    @classmethod
    def of(cls, found: list[Viewing]) -> ViewingList:
        """Of these."""
        return cls(items=[ViewingAnswer.model_validate(one) for one in found])
