"""What a new model asks of an archive, and what staff's decisions teach a model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum

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
