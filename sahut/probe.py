"""Looking at a place before it is followed: what would be collected, with nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sahut.core.errors import CollectError, TransientError
from sahut.core.model import Batch, Health, Mention, Problem, Source, SourceDraft, SourceState
from sahut.core.ports import Collector


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The first page of a place. ``error`` is None when it could be read; ``notes`` are plain words about it.

    ``address`` is what to follow where that is not the address looked at: a web page's feed. "" for the same.
    """

    title: str = ""
    seen: int = 0
    dead: int = 0
    mentions: Sequence[Mention] = ()
    notes: Sequence[str] = ()
    error: CollectError | None = None
    address: str = ""


def look(draft: SourceDraft, collector: Collector, now: datetime) -> Probe:
    """Read the first page of a place as if it were followed from now on. Never raises for what it finds there."""
    try:
        batch = next(collector.collect(_unstored(draft, now), now=now), Batch())
    except CollectError as error:
        return Probe(error=error)
    except Exception as failure:
        words = f"unexpected {type(failure).__name__}: {failure}"
        return Probe(error=TransientError(words, problem=Problem.UNEXPECTED))
    notes = list(batch.notes)
    if not batch.seen:
        notes.append("it has no items at present")
    elif not batch.mentions and draft.query:
        notes.append(f"0 of its {batch.seen} items match the query {draft.query!r}")
    return Probe(title=batch.title, seen=batch.seen, dead=len(batch.dead), mentions=batch.mentions, notes=notes)


def _unstored(draft: SourceDraft, now: datetime) -> Source:
    return Source(
        id=0,
        platform=draft.platform,
        name=draft.name,
        address=draft.address,
        query=draft.query,
        interval=draft.interval,
        expected_every=draft.expected_every,
        options=draft.options,
        demo=draft.demo,
        state=SourceState.ACTIVE,
        cursor={},
        due_at=now,
        not_before=None,
        health=Health(),
        created_at=now,
        version=1,
    )
