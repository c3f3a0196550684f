"""What the core asks of the world: platforms, models, a queue, a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import Any, Protocol

from sahut.core.model import (
    Annotation,
    Assessment,
    Batch,
    Mention,
    Probe,
    Source,
    SourceDraft,
    WhySpan,
)

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC datetime."""

Look = Callable[[SourceDraft], Probe]
"""Reads the first page of a place and stores nothing. Raises NotFoundError for a platform that nobody brings."""


class Collector(Protocol):
    """Reads one platform. Keeps nothing between calls: everything to remember goes into the batch's cursor."""

    platform: str

    def collect(self, source: Source, *, now: datetime) -> Iterator[Batch]:
        """Pages from ``source.cursor`` on. Each batch is stored, with its cursor, before the next is asked for.

        Raises TransientError or PermanentError; batches already yielded stay stored.
        """
        ...

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read again one item that was a dead letter. Raises ValueError with the reason when it still can't be read."""
        ...


class Classifier(Protocol):
    """Says what texts are. Pure: the same text gives the same assessment, alone or among others (within 1e-3)."""

    name: str
    model: str

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        """One assessment per text, in order. Raises ClassifierError when the model cannot be used."""
        ...


class Explainer(Protocol):
    """Says which stretches of a text carried the decision of the classifier called ``model``. Pure, as that is."""

    model: str

    def explain(self, text: str) -> list[WhySpan]:
        """In order, none overlapping another. Raises ClassifierError when the model cannot be used."""
        ...


class Annotator(Protocol):
    """Reads beside the classifier what a text says: the place it names, its language. Pure, as a classifier is."""

    def annotate(self, text: str, *, area: str = "") -> Annotation:
        """For any text. ``area`` is the code of the area that the text's source speaks of, empty when unknown."""
        ...


class Queue(Protocol):
    """A doorbell: rings may be lost or doubled without harm, since the row is the work."""

    def ring(self, job: str, *, key: str = "", args: Mapping[str, int | str] | None = None) -> None:
        """Ask for ``job`` to run soon. A second ring with the same ``(job, key)`` before the first runs is dropped."""
        ...

    def work(self, stop: Event) -> None:
        """Run jobs in this process until ``stop`` is set, then finish those under way and return."""
        ...

    def close(self) -> None:
        """Let go of threads and connections."""
        ...
