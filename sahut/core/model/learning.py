"""What a new model asks of an archive, and what staff's decisions teach a model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum

from sahut.core.model.words import DecisionKind, DismissReason, Kind, Sentiment, Topic

# The agency's clock, by which a day or a month begins. WIB has no summer time.
WIB = timezone(timedelta(hours=7), "WIB")


class WalkState(StrEnum):
    """Whether a walk through the archive goes on. ``stopped``: by a person, or another model became the current one."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkDraft:
    """Which mentions ``model`` shall judge anew: those that another one judged.

    ``judged_by`` narrows to one earlier model ("" for any), ``source_id`` to one source, ``since`` (aware) to mentions
    published, or else first seen, from then on.
    """

    model: str
    judged_by: str = ""
    source_id: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One walk through the archive, in order of id from ``position`` to ``last_id``.

    Every mention up to ``position`` is done. ``total`` was counted at the start; ``judged`` have an assessment by the
    new model since, ``failed`` could not be judged; of the judged, ``flagged`` came into the queue and ``filed`` left
    it. ``finished_at`` is None while it runs.
    """

    id: int
    draft: WalkDraft
    state: WalkState
    position: int
    last_id: int
    total: int
    judged: int
    flagged: int
    filed: int
    failed: int
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision that stands, with the wording that was decided on.

    ``topic`` is the ticket's, which a person chose; None without a ticket. ``assessed`` is the kind that the model
    gives the mention now.
    """

    decision_id: int
    mention_id: int
    text: str
    source_name: str
    platform: str
    kind: DecisionKind
    reason: DismissReason | None
    topic: Topic | None
    assessed: Kind | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a decision says of a text; None where it does not say. ``complaint`` only where ``kind`` is None."""

    kind: Kind | None = None
    complaint: bool | None = None
    sentiment: Sentiment | None = None
    topic: Topic | None = None
