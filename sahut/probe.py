"""Looking at a place before it is followed: what would be collected, with nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from sahut.core import estimating
from sahut.core.errors import CollectError
from sahut.core.model import (
    Access,
    Batch,
    Budget,
    ConversationPolicy,
    Estimate,
    Health,
    Probe,
    Problem,
    Source,
    SourceDraft,
    SourceState,
)
from sahut.core.ports import Collector, Estimator

# A platform may first say how it let us in, or that one of its lists is empty.
_MOST_PAGES = 3


def look(draft: SourceDraft, collector: Collector, now: datetime, access: Access | None = None) -> Probe:
    """Read the first page of a place as if it were followed from now on. Never raises for what it finds there."""
    try:
        batch = Batch()
        for page in islice(collector.collect(unstored(draft, now), now=now, access=access), _MOST_PAGES):
            batch = page
            if page.seen or page.dead:
                break
    except CollectError as error:
        return Probe(problem=error.problem, reason=str(error))
    except Exception as failure:
        return Probe(problem=Problem.UNEXPECTED, reason=f"unexpected {type(failure).__name__}: {failure}")
    notes = list(batch.notes)
    if not batch.seen:
        notes.append("it has no items at present")
    elif not batch.mentions and draft.query:
        notes.append(f"0 of its {batch.seen} items match the query {draft.query!r}")
    return Probe(title=batch.title, seen=batch.seen, dead=len(batch.dead), mentions=batch.mentions, notes=notes)


def price(
    draft: SourceDraft,
    collector: Collector,
    policy: ConversationPolicy,
    now: datetime,
    access: Access | None = None,
    *,
    share: float | None = None,
    budgets: Sequence[Budget] = (),
) -> Estimate | None:
    """What following a place will cost: one call. None where the platform charges nothing. Never raises, as `look`.

    ``share`` and ``budgets`` are as `estimating.estimate` takes them.
    """
    if not isinstance(collector, Estimator):
        return None
    try:
        forecast = collector.forecast(unstored(draft, now), policy, now=now, access=access)
    except CollectError as error:
        return Estimate(problem=error.problem, reason=str(error))
    except Exception as failure:
        return Estimate(problem=Problem.UNEXPECTED, reason=f"unexpected {type(failure).__name__}: {failure}")
    return estimating.estimate(forecast, interval=draft.interval, share=share, budgets=budgets)


def unstored(draft: SourceDraft, now: datetime) -> Source:
    """A source as it would be when it was just added."""
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
