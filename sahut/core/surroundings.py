"""What stands around a mention: fetched once where it waits for people, and looked after where we spoke.

::

    converse()   claim · fetch: collector.context · what came is stored as context or our own, and opens no case
                 claim · follow: collector.collect of collector.following · what came is collected as from any source

Each row is claimed by one conditional UPDATE and comes again by itself when its worker is lost. A limit or a spent
budget puts the row off; what its platform cannot give is said on the row. No transaction is open during a call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sahut.core import rules
from sahut.core.collecting import access_for, check_may_call, hold, save_mentions, settle
from sahut.core.errors import CollectError, LeaseLostError, SahutError, TransientError
from sahut.core.model import (
    Access,
    Batch,
    Caps,
    Context,
    Conversation,
    ConversationClaim,
    ConversationPolicy,
    ConversationTask,
    Mention,
    MentionRecord,
    Source,
    SourceState,
)
from sahut.core.ports import Clock, Collector, ContextReader, Follower, Rechecker, Store, Tx

log = logging.getLogger(__name__)

# A context takes a few calls, each with a total deadline of its own.
LEASE = timedelta(minutes=15)
MAX_ATTEMPTS = 6
# Nobody answers within the minute, and what we said must be there first.
FOLLOW_AFTER = timedelta(minutes=20)
_OFTENEST, _RAREST = timedelta(hours=1), timedelta(hours=12)
_AGAIN = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(hours=12)
_FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverseReport:
    """How one task went: how many posts were stored that nobody knew, and what kept it from going well."""

    mention_id: int
    task: ConversationTask
    new: int = 0
    reason: str = ""


def converse(
    *,
    store: Store,
    collector_for: Callable[[str], Collector],
    policy: ConversationPolicy,
    clock: Clock,
    lease: timedelta = LEASE,
) -> ConverseReport | None:
    """Turn to the conversation that is due first; None when none is."""
    now = clock()
    with store.begin() as tx:
        claim = tx.conversations.claim(now=now, until=now + lease)
        if claim is None:
            return None
        record = tx.mentions.whole(claim.conversation.mention_id)
        source = tx.sources.get(record.source_id)
    work = _Work(store, claim, record, source, policy, clock)
    access: Access | None = None
    try:
        collector = collector_for(source.platform)
        if not work.wanted(collector):
            return work.forget()
        check_may_call(store, source, now)
        access = access_for(store, collector, source, clock)
        new = work.fetch(collector, access) if claim.task is ConversationTask.FETCH else work.follow(collector, access)
    except LeaseLostError:
        log.warning("conversation of mention %d: the lease ran out", record.id)
        return ConverseReport(mention_id=record.id, task=claim.task, reason="the lease ran out")
    except SahutError as error:
        return work.failed(error, str(error))
    except Exception as error:
        log.exception("conversation of mention %d: unexpected error", record.id)
        said = f"unexpected {type(error).__name__}: {error}"
        return work.failed(error, said if access is None else access.blanked(said))
    return ConverseReport(mention_id=record.id, task=claim.task, new=new)


def look_after(tx: Tx, mention_ids: Sequence[int], now: datetime) -> None:
    """We spoke below these, or they are in a ticket: their writers' answers are looked for from now on."""
    tx.conversations.follow(mention_ids, now, first=now + FOLLOW_AFTER)


def next_look(followed_since: datetime, now: datetime, follow_for: timedelta) -> datetime | None:
    """When to look for an answer again: rarer as time goes by; None once ``follow_for`` is over."""
    if now >= followed_since + follow_for:
        return None
    return now + min(max((now - followed_since) / 8, _OFTENEST), _RAREST)


@dataclass(frozen=True, slots=True)
class _Work:
    store: Store
    claim: ConversationClaim
    record: MentionRecord
    source: Source
    policy: ConversationPolicy
    clock: Clock

    @property
    def _conversation(self) -> Conversation:
        return self.claim.conversation

    def wanted(self, collector: Collector) -> bool:
        """Whether there is anything to do: the platform gives it, the agency wants it, the post still stands."""
        if self.source.state is SourceState.REMOVED or self.record.withdrawn_at is not None:
            return False
        if self.claim.task is ConversationTask.FETCH:
            return isinstance(collector, ContextReader) and self._caps.any
        return isinstance(collector, Follower) and self.policy.follow_for > timedelta(0)

    def forget(self) -> ConverseReport:
        with self.store.begin() as tx:
            tx.conversations.forget(self.claim)
        return ConverseReport(mention_id=self.record.id, task=self.claim.task)

    def fetch(self, collector: Collector, access: Access | None) -> int:
        """Store what stands around the mention, each post once; how many were new."""
        assert isinstance(collector, ContextReader)  # noqa: S101 - `wanted` has seen to it
        found = collector.context(self.record.mention, self._caps, now=self.clock(), access=access)
        now = self.clock()
        recheck_at = rules.next_recheck(now, now) if isinstance(collector, Rechecker) else None
        with self.store.begin() as tx:
            batch = _but(found, self.record.mention)
            new, _ = save_mentions(tx, self.source.id, batch, now, recheck_at=recheck_at, context=True)
            settle(tx, self.source, batch, now)
            tx.conversations.fetched(self.claim, found.cut, now)
        return new

    def follow(self, collector: Collector, access: Access | None) -> int:
        """Collect what was answered since the last look, within what the policy lets it bring."""
        assert isinstance(collector, Follower)  # noqa: S101 - as above
        left = self.policy.follow_posts - self._conversation.brought
        since = self._conversation.followed_since or self.clock()
        place = collector.following(
            self.source, self.record.mention, since=since, most=max(left, _FEWEST), access=access
        )
        if place is None:
            self.forget()
            return 0
        place = replace(place, cursor=self._conversation.cursor)
        cursor, seen, new = place.cursor, 0, 0
        if left > 0:
            for batch in collector.collect(place, now=self.clock(), access=access):
                now = self.clock()
                recheck_at = rules.next_recheck(now, now) if isinstance(collector, Rechecker) else None
                cursor, seen = batch.cursor, seen + batch.seen
                with self.store.begin() as tx:
                    counts = save_mentions(tx, self.source.id, batch, now, recheck_at=recheck_at)
                    settle(tx, self.source, replace(batch, gaps=()), now)
                new += counts[0]
                if seen >= left:
                    break
        full = seen >= left
        again = None if full else next_look(since, self.clock(), self.policy.follow_for)
        reason = f"it brought {self._conversation.brought + seen} posts: it is followed no more" if full else ""
        with self.store.begin() as tx:
            tx.conversations.followed(self.claim, cursor=cursor, brought=seen, again=again, reason=reason)
        return new

    @property
    def _caps(self) -> Caps:
        return self.policy.caps_for(self.source.platform)

    def failed(self, error: Exception, said: str) -> ConverseReport:
        """Put it off, as long as another time may bring it."""
        now = self.clock()
        again = self._again(error, now)
        try:
            with self.store.begin() as tx:
                if isinstance(error, CollectError):
                    hold(tx, self.source, error, now + self.source.interval)
                if again is None and self.claim.task is ConversationTask.FETCH:
                    tx.conversations.fetched(self.claim, frozenset(), now, reason=said)
                else:
                    tx.conversations.later(self.claim, again, reason=said)
        except LeaseLostError:
            log.warning("conversation of mention %d: somebody else has it by now", self.record.id)
        return ConverseReport(mention_id=self.record.id, task=self.claim.task, reason=said)

    def _again(self, error: Exception, now: datetime) -> datetime | None:
        limit = error.not_before if isinstance(error, TransientError) else None
        if self.claim.task is ConversationTask.FOLLOW:
            next_time = next_look(self._conversation.followed_since or now, now, self.policy.follow_for)
            return next_time if next_time is None or limit is None else max(limit, next_time)
        if not isinstance(error, TransientError) or self._conversation.attempts >= MAX_ATTEMPTS:
            return None
        return max(limit or now, now + min(_AGAIN * (1 << self._conversation.attempts - 1), _LONGEST_WAIT))


def _but(found: Context, asked: Mention) -> Batch:
    """What came, without the mention itself and without what has no words: that is no loss here."""
    return replace(
        found.batch, mentions=[one for one in found.batch.mentions if one.key != asked.key], dead=[], gaps=()
    )
