"""Saved views."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from sahut.core.model import SavedView
from triage_api.fields import Answer, Body, Line, NamedLine, Version
from triage_api.schemas._example import example

Filters = Annotated[
    dict[Annotated[str, Field(max_length=20)], Line],
    Field(
        max_length=20, description="As the queue's address on the board: q, topic, unit, place, days, state, order …"
    ),
]


class SaveViewBody(Body):
    """Filters, and the name to keep them under. What is no filter, or says nothing, is left out."""

    model_config = ConfigDict(
        json_schema_extra=example({"name": "Banjir sepekan", "filters": {"topic": "drainage_flood", "days": "7"}})
    )

    name: NamedLine
    filters: Filters


class RenameViewBody(Body):
    """Another name."""

    model_config = ConfigDict(json_schema_extra=example({"name": "Banjir dan drainase", "version": 1}))

    name: NamedLine
    version: Version | None = None


class ViewAnswer(Answer):
    """Filters under a name. ``waiting``: how many wait for them, of the 5,000 most pressing; null on other tabs."""

    id: int
    name: str
    filters: dict[str, str]
    shared: bool
    owner: str
    mine: bool
    start: bool
    waiting: int | None
    version: int

    @classmethod
    def of(cls, view: SavedView, user_id: int, *, start: bool = False, waiting: int | None = None) -> ViewAnswer:
        """As one person sees it."""
        return cls(
            id=view.id,
            name=view.name,
            filters=dict(view.asked),
            shared=view.shared,
            owner=view.owner_name,
            mine=view.owner_id == user_id,
            start=start,
            waiting=waiting,
            version=view.version,
        )


class ViewList(Answer):
    """One's own, then what others share."""

    items: list[ViewAnswer]
