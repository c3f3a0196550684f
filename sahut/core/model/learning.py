"""What a new model asks of an archive, and what staff's decisions teach a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum

from sahut.core.model.words import DecisionKind, DismissReason, Kind, Sentiment, Topic

# The agency's clock, by which a day or a month begins. WIB has no summer time.
WIB = timezone(timedelta(hours=7), "WIB")
# Equal bins of the complaint probability, from 0 to 1.
BINS = 10


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
    gives the mention now. ``corrected`` is what people said of kind, sentiment and topic of this very wording.
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
    corrected: Label = field(default_factory=lambda: Label())  # noqa: PLW0108 - defined below


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a decision says of a text; None where it does not say. ``complaint`` only where ``kind`` is None."""

    kind: Kind | None = None
    complaint: bool | None = None
    sentiment: Sentiment | None = None
    topic: Topic | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMonth:
    """What came of one source's mentions of one month, by when they were published or first seen.

    ``judged`` have an assessment, by ``models``, whose complaint probabilities fall into ``histogram``. ``flagged``
    came before people, whatever they did then. Copies counted on another aside, ``decided`` of those have a decision
    that stands: ``confirmed`` are in a ticket, ``not_complaints`` were dismissed as no complaint or spam.
    ``found_by_search`` are in a ticket although they had been filed.
    """

    source: str
    judged: int = 0
    histogram: Sequence[int] = (0,) * BINS
    models: Mapping[str, int] = field(default_factory=dict)
    flagged: int = 0
    decided: int = 0
    confirmed: int = 0
    not_complaints: int = 0
    found_by_search: int = 0

    @classmethod
    def total(cls, sources: Sequence[SourceMonth]) -> SourceMonth:
        """All sources together."""
        models: Counter[str] = Counter()
        for one in sources:
            models.update(one.models)
        counted = ("judged", "flagged", "decided", "confirmed", "not_complaints", "found_by_search")
        return cls(
            source="",
            histogram=[sum(one.histogram[at] for one in sources) for at in range(BINS)],
            models=models,
            **{name: sum(getattr(one, name) for one in sources) for name in counted},
        )
