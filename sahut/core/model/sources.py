"""Places to read, and how they are doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

from sahut.core.model.words import Problem, SourceState


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """What an operator says about a source. ``options`` are the platform's own (for a feed: ``identity``).

    ``credential`` is the name of what lets us in, "" where anybody may read.
    """

    platform: str
    name: str
    address: str
    query: str = ""
    interval: timedelta = timedelta(minutes=10)
    expected_every: timedelta | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    demo: bool = False
    credential: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDay:
    """What happened to a source on one day of UTC."""

    day: date
    readings: int
    failures: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What happened to a source so far. ``rhythm`` is the learnt usual gap between two new mentions."""

    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str = ""
    problem: Problem | None = None
    failures: int = 0
    seen: int = 0
    kept: int = 0
    last_new_at: datetime | None = None
    rhythm: timedelta | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured place to read. ``cursor`` belongs to its collector and is opaque to everybody else."""

    id: int
    platform: str
    name: str
    address: str
    query: str
    interval: timedelta
    expected_every: timedelta | None
    options: Mapping[str, Any]
    demo: bool
    state: SourceState
    cursor: Mapping[str, Any]
    due_at: datetime
    not_before: datetime | None
    health: Health
    created_at: datetime
    version: int
    credential: str = ""
    credential_id: int | None = None

    @property
    def draft(self) -> SourceDraft:
        """What an operator said about it, without what came of it."""
        return SourceDraft(**{one.name: getattr(self, one.name) for one in fields(SourceDraft)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceClaim:
    """The right of one worker to read one source until ``until``; writes name the ``token``."""

    source: Source
    token: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one reading of a source ended: what `rules.after_reading` says to write down."""

    state: SourceState
    due_at: datetime
    not_before: datetime | None
    health: Health
