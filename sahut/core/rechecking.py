"""Looking again at what was collected: whether its platform still shows it, and how it reads now.

A mention keeps its turn until it was looked at. What a limit or a fault left out is asked for again: after an hour or
when the platform said that it may be asked, a day later where only a person can help. The turn is put off before the
platform is asked, so that a worker that is lost meanwhile costs none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sahut.core import rules
from sahut.core.collecting import access_for, check_may_call, defect, hold, save_mentions, settle
from sahut.core.errors import CollectError, TransientError
from sahut.core.model import Access, Batch, Problem, Source, SourceState
from sahut.core.ports import Clock, Collector, Rechecker, Store, Tx

log = logging.getLogger(__name__)

BATCH = 100
# A limit passes, most faults too; what only a person can mend is asked for less often, and never given up.
SOON, LATER = timedelta(hours=1), timedelta(days=1)
Due = list[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckReport:
    """How one look at what was collected went. ``left`` of those whose turn it was were not got to."""

    source_id: int
    looked: int
    edited: int
    withdrawn: int
    left: int = 0
    error: CollectError | None = None


def recheck(*, store: Store, collector_for: Callable[[str], Collector], clock: Clock) -> RecheckReport | None:
    """Look again at mentions of one source, up to a hundred; None where it is no mention's turn."""
    now = clock()
    with store.begin() as tx:
        found = tx.mentions.to_recheck(now, BATCH)
        if found is None:
            return None
        source_id, due = found
        source = tx.sources.get(source_id)
        _put_off(tx, due, now + SOON)
    left, edited = due, 0
    batch = Batch()
    error: CollectError | None = None
    access: Access | None = None
    try:
        collector = collector_for(source.platform)
        if isinstance(collector, Rechecker) and source.state is not SourceState.REMOVED:
            check_may_call(store, source, now)
            access = access_for(store, collector, source, clock)
            batch = collector.recheck([native_id for _, native_id in due], now=now, access=access)
            error = batch.stopped if isinstance(batch.stopped, CollectError) else None
        edited, left = _write(store, source, due, batch, clock())
    except CollectError as failure:
        error = failure
    except Exception as failure:
        log.exception("source %d (%s): unexpected error on looking again", source.id, source.name)
        error = defect(failure, access)
    if error is not None:
        log.warning("source %d (%s): could not look again: %s", source.id, source.name, error)
        with store.begin() as tx:
            hold(tx, source, error, now + source.interval)
            # The others of the source would meet the same.
            _put_off(tx, left, _again(error, now))
            tx.mentions.put_off_rechecks(source.id, _again(error, now), now)
    return RecheckReport(
        source_id=source.id,
        looked=len(due) - len(left),
        edited=edited,
        withdrawn=len(batch.withdrawn),
        left=len(left),
        error=error,
    )


def _write(store: Store, source: Source, due: Due, batch: Batch, now: datetime) -> tuple[int, Due]:
    """Store what became of them; how many were edited, and which were not looked at."""
    unseen = set(batch.left)
    with store.begin() as tx:
        _plan(tx, [one for one in due if one[1] not in unseen], now)
        # What is only another's context stays that: it was asked for, no source has brought it.
        _, edited = save_mentions(tx, source.id, batch, now, context=True)
        settle(tx, source, batch, now)
    return edited, [one for one in due if one[1] in unseen]


def _again(error: CollectError, now: datetime) -> datetime:
    if isinstance(error, TransientError) and error.problem is not Problem.UNEXPECTED:
        return max(error.not_before or now, now + SOON)
    return now + LATER


def _plan(tx: Tx, looked: Due, now: datetime) -> None:
    """Write when the next look is due: what is withdrawn has none."""
    by_time: dict[datetime | None, list[int]] = {}
    for mention_id, _ in looked:
        first_seen = tx.mentions.get(mention_id).mention.collected_at
        by_time.setdefault(rules.next_recheck(first_seen, now), []).append(mention_id)
    for when, ids in by_time.items():
        tx.mentions.recheck_at(ids, when)


def _put_off(tx: Tx, due: Due, when: datetime) -> None:
    tx.mentions.recheck_at([mention_id for mention_id, _ in due], when)
