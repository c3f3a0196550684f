"""How places are read: page by page, each stored with its cursor before the next is asked for.

No transaction is open while a collector works. A limit, a refusal or a defect is one source's trouble, or its
credential's, and nobody else's.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sahut.core import conversations, purses, rules
from sahut.core.errors import CollectError, LeaseLostError, PermanentError, RefusedError, TransientError
from sahut.core.model import (
    Access,
    Batch,
    Known,
    MentionState,
    Problem,
    Reading,
    Source,
    SourceClaim,
)
from sahut.core.ports import Backfiller, Clock, Collector, Listener, Rechecker, Store, Tx

log = logging.getLogger(__name__)

COLLECT_LEASE = timedelta(minutes=5)
HEAR_BATCH = 50
_OF_CREDENTIALS = {Problem.REFUSED_CREDENTIAL, Problem.NO_CREDITS}


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectReport:
    """How one reading went. ``error`` is None after a success; ``new`` and ``edited`` are stored either way."""

    source_id: int
    seen: int
    new: int
    edited: int
    dead: int
    error: CollectError | None = None


def collect(
    source_id: int,
    *,
    store: Store,
    collector_for: Callable[[str], Collector],
    clock: Clock,
    lease: timedelta = COLLECT_LEASE,
) -> CollectReport | None:
    """Read one source once; None when it is not active or another worker holds it.

    ``lease`` is how long a page may take before another worker may read the source.
    """
    now = clock()
    with store.begin() as tx:
        claim = tx.sources.claim(source_id, now=now, until=now + lease)
    if claim is None:
        return None

    def pages(collector: Collector, access: Access | None) -> Iterator[Batch]:
        place = claim.source.cursor
        for batch in collector.collect(claim.source, now=now, access=access):
            place = batch.cursor
            yield batch
        if isinstance(collector, Listener):
            yield from _heard(store, replace(claim.source, cursor=place), collector, access, now)

    tally = _read(store, claim, collector_for, clock, lease, pages)
    if tally is None:
        return None
    end = clock()
    reading = _reading(claim, end, tally)
    try:
        with store.begin() as tx:
            tx.sources.release(claim, reading)
            _blame_credential(tx, claim.source, tally.error, reading, end)
    except LeaseLostError:
        log.warning("source %d (%s): the lease ran out before the end", source_id, claim.source.name)
    return tally.report(source_id)


def _heard(store: Store, source: Source, collector: Listener, access: Access | None, now: datetime) -> Iterator[Batch]:
    """Follow up what the platform said by itself since the last reading. A word is forgotten once that is stored."""
    with store.read() as tx:
        words = tx.deliveries.told(source.id, HEAR_BATCH)
    if words:
        batch = collector.hear(source, [one.word for one in words], now=now, access=access)
        yield replace(batch, cursor=source.cursor)
        with store.begin() as tx:
            tx.deliveries.heard([one.id for one in words])


def backfill(
    source_id: int,
    since: datetime,
    until: datetime,
    *,
    store: Store,
    collector_for: Callable[[str], Collector],
    clock: Clock,
    lease: timedelta = COLLECT_LEASE,
    done: Callable[[int], object] = lambda _: None,
) -> CollectReport | None:
    """Read what a source's platform has of a stretch of the past; None while another worker reads the source.

    Its place, its next turn and its health stay as they are. What was stored before counts as known, so that a
    stretch that was cut off is simply read again. ``done`` is told of each page's items. Raises RefusedError for a
    platform that cannot.
    """
    now = clock()
    with store.begin() as tx:
        claim = tx.sources.claim(source_id, now=now, until=now + lease)
    if claim is None:
        return None
    place = claim.source.cursor

    def pages(collector: Collector, access: Access | None) -> Iterator[Batch]:
        if not isinstance(collector, Backfiller):
            raise RefusedError(f"{collector.platform} cannot be read by date", rule="no_backfill")
        for batch in collector.backfill(claim.source, since, until, now=now, access=access):
            yield replace(batch, cursor=place)
            done(batch.seen)

    tally: _Tally | None = None
    try:
        tally = _read(store, claim, collector_for, clock, lease, pages)
    finally:
        with suppress(LeaseLostError), store.begin() as tx:
            source = claim.source
            tx.sources.advance(claim, place, until=clock())
            if tally is not None and tally.error is not None and source.credential_id is not None:
                hold(tx, source, tally.error, clock())
    return None if tally is None else tally.report(source_id)


@dataclass(slots=True)
class _Tally:
    """What came of the pages read so far, and the error that ended them."""

    seen: int = 0
    new: int = 0
    edited: int = 0
    dead: int = 0
    notes: list[str] = field(default_factory=list)
    next_check: datetime | None = None
    error: CollectError | None = None

    def report(self, source_id: int) -> CollectReport:
        return CollectReport(
            source_id=source_id, seen=self.seen, new=self.new, edited=self.edited, dead=self.dead, error=self.error
        )


def _read(
    store: Store,
    claim: SourceClaim,
    collector_for: Callable[[str], Collector],
    clock: Clock,
    lease: timedelta,
    pages: Callable[[Collector, Access | None], Iterator[Batch]],
) -> _Tally | None:
    """Store page after page under the claim; None when the lease ran out meanwhile."""
    source = claim.source
    tally = _Tally()
    access: Access | None = None
    try:
        collector = collector_for(source.platform)
        now = clock()
        access = access_for(store, collector, source, clock)
        recheck_at = rules.next_recheck(now, now) if isinstance(collector, Rechecker) else None
        for batch in pages(collector, access):
            kept, changed = _save_page(store, claim, batch, clock(), lease, recheck_at)
            tally.seen += batch.seen
            tally.new += kept
            tally.edited += changed
            tally.dead += len(batch.dead)
            tally.notes = [*tally.notes, *batch.notes][: rules.MOST_NOTES]
            tally.next_check = batch.next_check
    except CollectError as failure:
        tally.error = failure
    except LeaseLostError:
        log.warning("source %d (%s): the lease ran out while reading", source.id, source.name)
        return None
    except RefusedError:
        raise
    except Exception as failure:
        # A defect in one adapter is that source's trouble: it backs off and shows, the others go on.
        log.exception("source %d (%s): unexpected error", source.id, source.name)
        tally.error = defect(failure, access)
    return tally


def defect(failure: Exception, access: Access | None) -> TransientError:
    """What a collector should not have raised, without our secrets."""
    said = f"unexpected {type(failure).__name__}: {failure}"
    return TransientError(said if access is None else access.blanked(said), problem=Problem.UNEXPECTED)


def access_for(store: Store, collector: Collector, source: Source, clock: Clock) -> Access | None:
    """What lets us into the source's platform, opened, with its purse; None where anybody may read.

    Raises PermanentError(Problem.NO_CREDENTIAL) where it is needed and there is none.
    """
    if collector.guide is None:
        return None
    if source.credential_id is None:
        raise PermanentError(
            f"source '{source.name}': {source.platform} wants a credential, and it has none; "
            f"add one with `sahut credential add {source.platform} NAME` and name it with `sahut source change`",
            problem=Problem.NO_CREDENTIAL,
        )
    return purses.opened(store, source.credential_id, clock)


def _blame_credential(tx: Tx, source: Source, error: CollectError | None, reading: Reading, end: datetime) -> None:
    """Let all sources of a credential wait for its limit; say that it was refused, or that it works again."""
    if source.credential_id is None:
        return
    if error is None:
        tx.credentials.well(source.credential_id, end)
    else:
        hold(tx, source, error, reading.due_at)


def hold(tx: Tx, source: Source, error: CollectError, otherwise: datetime) -> None:
    """Write on the credential what concerns all its sources; a limit without a time lasts until ``otherwise``."""
    if source.credential_id is None:
        return
    if isinstance(error, TransientError) and error.whole_account:
        until = error.not_before or otherwise
        tx.credentials.hold(source.credential_id, not_before=until, problem=error.problem)
    elif isinstance(error, PermanentError) and error.problem in _OF_CREDENTIALS:
        tx.credentials.hold(source.credential_id, not_before=None, problem=error.problem)


def _save_page(
    store: Store, claim: SourceClaim, batch: Batch, now: datetime, lease: timedelta, recheck_at: datetime | None = None
) -> tuple[int, int]:
    source = claim.source
    with store.begin() as tx:
        counts = save_mentions(tx, source.id, batch, now, recheck_at=recheck_at)
        tx.sources.advance(claim, batch.cursor, until=now + lease)
        settle(tx, source, batch, now)
    return counts


def settle(tx: Tx, source: Source, batch: Batch, now: datetime) -> None:
    """Write down what a page brought beside its mentions."""
    if batch.gaps:
        tx.sources.add_gaps(source.id, batch.gaps, now)
    if batch.withdrawn:
        tx.mentions.withdraw(source.platform, batch.withdrawn, now)
    if source.credential_id is not None:
        tx.credentials.used(source.credential_id, now, spent=batch.spent, session=batch.session)


def check_may_call(store: Store, source: Source, now: datetime) -> None:
    """Raises TransientError while the platform wants no call of the source or of its account."""
    with store.read() as tx:
        credential = None if source.credential_id is None else tx.credentials.get(source.credential_id)
    for held in (source.not_before, None if credential is None else credential.not_before):
        if held is not None and held > now:
            raise TransientError(
                f"source '{source.name}' has to wait for {source.platform}",
                problem=Problem.RATE_LIMITED,
                not_before=held,
            )


def save_mentions(
    tx: Tx,
    source_id: int,
    batch: Batch,
    now: datetime,
    *,
    recheck_at: datetime | None = None,
    context: bool = False,
) -> tuple[int, int]:
    """Store what is new or edited of a page, and its dead items. Returns (new, edited).

    A page may hold one mention twice: the last wording counts. ``context``: it came for the conversation of another
    mention, so it is no work, except where it answers us; should a source bring it by itself later, it is new.
    """
    once = {mention.key: mention for mention in batch.mentions}
    placed, answers = conversations.place(tx, list(once.values()), now)
    mentions = {mention.key: mention for mention in placed}
    known = tx.mentions.known(list(mentions))
    changes = {key: rules.decide(mention, known.get(key)) for key, mention in mentions.items()}
    if edited := [key for key, change in changes.items() if change is not None and change.known is not None]:
        # A person may decide on one of them at this moment, and whether an edit is judged again depends on that.
        tx.mentions.lock([known[key].id for key in edited])
        known |= tx.mentions.known(edited)
        changes |= {key: rules.decide(mentions[key], known.get(key)) for key in edited}
    found = [change for change in changes.values() if change is not None]
    told = [
        replace(change, answers=answers.get(change.mention.key), context=context and change.mention.key not in answers)
        for change in found
    ]
    new, edited_count = tx.mentions.save(source_id, told, now, recheck_at=recheck_at)
    conversations.make_own(tx, [known[key] for key, mention in mentions.items() if mention.own and key in known], now)
    if not context:
        new += _make_work(
            tx, [known[key] for key, mention in mentions.items() if not mention.own and key in known], now
        )
    if batch.dead:
        tx.dead_letters.add(source_id, batch.dead, now)
    return new, edited_count


def _make_work(tx: Tx, known: Sequence[Known], now: datetime) -> int:
    """Send what was fetched only as the context of another into the work; how many."""
    found = [one.id for one in known if one.state is MentionState.CONTEXT]
    if found:
        tx.mentions.lock(found)
        tx.mentions.set_state(found, MentionState.COLLECTED, ticket_id=None, now=now)
    return len(found)


def _reading(claim: SourceClaim, now: datetime, tally: _Tally) -> Reading:
    jitter = random.random()  # noqa: S311 - spreads load, guards nothing
    source, seen, new = claim.source, tally.seen, tally.new
    if tally.error is not None:
        return rules.after_failure(source, now, tally.error, seen=seen, new=new, jitter=jitter)
    return rules.after_success(
        source, now, seen=seen, new=new, next_check=tally.next_check, notes=tally.notes, jitter=jitter
    )
