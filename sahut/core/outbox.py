"""How public replies go out: an approved row is claimed once, handed to its platform, and written down.

::

    deliver()    claim: approved → sending · replier.reply · sent | approved, later | failed | unknown
                 claim: unknown → replier.find_reply · sent | approved (surely not there) | a person decides

A row that is ``sending`` when its lease runs out has lost its sender somewhere before, in or after the call: nobody
knows whether the post stands, so it is looked for, and never sent on a guess. No transaction is open during a call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import NamedTuple

from sahut.core import booking, surroundings
from sahut.core.errors import (
    BusyError,
    CollectError,
    InDoubtError,
    LeaseLostError,
    PermanentError,
    RefusedError,
    SahutError,
    TransientError,
)
from sahut.core.model import (
    Access,
    AuditAct,
    AuditDraft,
    Currency,
    Mention,
    MentionRecord,
    Problem,
    Reply,
    ReplyAct,
    ReplyClaim,
    ReplyState,
    SentReply,
    Source,
)
from sahut.core.ports import Clock, Continuer, Replier, Store, Tx

log = logging.getLogger(__name__)

# Far longer than any call may take, so that a request of a lost sender has arrived or never will.
SEND_LEASE = timedelta(minutes=5)
# What a platform took a moment ago it may not show yet.
SETTLE_AFTER = timedelta(minutes=2)
MAX_LOOKS = 6
# One in doubt keeps its price set aside while it is looked for.
RESERVED_FOR = timedelta(hours=2)
# A text that surely did not arrive so often is refused in a way that nobody has understood.
MAX_SENDS = 4
_LONGEST_WAIT = timedelta(hours=6)
_CLOCKS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What it takes to answer in public.

    ``replier_for`` gives who answers on a platform, None where nobody can. ``access_for`` opens the account of a
    source, by its id: None where it has none. Both may raise SahutError.
    """

    replier_for: Callable[[str], Replier | None] = lambda _platform: None
    access_for: Callable[[int], Access | None] = lambda _source_id: None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What became of one reply."""

    reply_id: int
    state: ReplyState
    reason: str = ""


class _Way(NamedTuple):
    replier: Replier
    access: Access
    record: MentionRecord
    asked: Mention


class _End(NamedTuple):
    """How a claim ended, where it did not end on the platform."""

    state: ReplyState
    act: ReplyAct
    due_at: datetime | None
    reason: str
    problem: Problem | None = None
    hold_until: datetime | None = None


def deliver(*, store: Store, means: Means, clock: Clock, lease: timedelta = SEND_LEASE) -> DeliveryReport | None:
    """Turn to the reply that is due first; None when none is. ``lease`` is longer than any call to a platform."""
    now = clock()
    with store.begin() as tx:
        claim = tx.replies.claim(now=now, until=now + lease)
    if claim is None:
        booking.book_owed(store, now)
        return None
    end = (
        _send(store, means, claim, clock, lease)
        if claim.reply.state is ReplyState.SENDING
        else _look(store, means, claim, clock)
    )
    return _write_down(store, claim, end, clock())


def _send(store: Store, means: Means, claim: ReplyClaim, clock: Clock, lease: timedelta) -> SentReply | _End:
    reply = claim.reply
    try:
        way = _way(store, means, reply, clock())
        cost = _set_aside(store, way, reply, clock())
    except TransientError as error:
        return _later(reply, error, clock())
    except BusyError as error:
        # Nothing of it happened, and nothing is wrong with the reply.
        return _later(reply, TransientError(str(error), problem=Problem.TOO_SLOW), clock())
    except SahutError as error:
        return _failed(error)
    except Exception as error:
        log.exception("reply %d: unexpected error before it was sent", reply.id)
        return _failed(error)
    # A second time after the count, whose transaction may have waited.
    if _held_up(claim, lease, clock()) or not _counted(store, claim, cost, clock()) or _held_up(claim, lease, clock()):
        return _later(reply, TransientError("it was held up before it was sent", problem=Problem.TOO_SLOW), clock())
    return _hand_over(way, replace(reply, attempts=reply.attempts + 1), clock)


def _held_up(claim: ReplyClaim, lease: timedelta, now: datetime) -> bool:
    """So long that another worker may find nothing on the platform and send it before this call ends."""
    return now > claim.until - lease / 2


def _counted(store: Store, claim: ReplyClaim, cost_usd: float, now: datetime) -> bool:
    """Only what is handed over counts, not what was put off before. False where the claim is in other hands."""
    try:
        with store.begin() as tx:
            tx.replies.hand_over(claim, now, cost_usd=cost_usd)
    except LeaseLostError:
        return False
    return True


def _hand_over(way: _Way, reply: Reply, clock: Clock) -> SentReply | _End:
    try:
        sent = way.replier.reply(way.asked, reply.said, key=reply.key, now=clock(), access=way.access)
    except TransientError as error:
        return _later(reply, error, clock())
    except PermanentError as error:
        return _failed(error)
    except InDoubtError as error:
        return _in_doubt(str(error), clock(), error.problem)
    except Exception as error:
        # A defect may strike before the call or after it.
        log.exception("reply %d: unexpected error while it was sent", reply.id)
        said = way.access.blanked(f"unexpected {type(error).__name__}: {error}")
        return _in_doubt(said, clock(), Problem.UNEXPECTED)
    if not sent.native_id:
        return _in_doubt("the platform took it without giving it an id", clock(), None)
    return sent


def _way(store: Store, means: Means, reply: Reply, now: datetime) -> _Way:
    with store.read() as tx:
        record = tx.mentions.whole(reply.mention_id)
        _check_account(tx, tx.sources.get(reply.source_id), now)
        above = tx.replies.above(reply)
    replier = means.replier_for(reply.platform)
    if replier is None:
        raise PermanentError(f"nobody answers on {reply.platform}", problem=Problem.LACKS_ACCESS)
    access = means.access_for(reply.source_id)
    if access is None:
        raise PermanentError(
            f"source '{record.source_name}' has no credential to answer with", problem=Problem.NO_CREDENTIAL
        )
    return _Way(replier, access, record, _asked(replier, record, reply, above))


def _asked(replier: Replier, record: MentionRecord, reply: Reply, above: Reply | None) -> Mention:
    """What a reply answers: a further part, the one before it. Raises PermanentError where that cannot be said."""
    if reply.head_id is None:
        return record.mention
    if above is None or not above.native_id or not isinstance(replier, Continuer):
        raise PermanentError(f"what part {reply.number} goes on from is not known", problem=Problem.NOT_FOUND)
    sent = SentReply(native_id=above.native_id, permalink=above.permalink, sent_at=above.sent_at)
    return replier.beneath(record.mention, sent)


def _check_account(tx: Tx, source: Source, now: datetime) -> None:
    """Raises TransientError while the account's platform wants no call of it."""
    credential = None if source.credential_id is None else tx.credentials.get(source.credential_id)
    if credential is not None and credential.not_before is not None and credential.not_before > now:
        raise TransientError(
            f"credential '{credential.name}' has to wait for {source.platform}",
            problem=credential.problem or Problem.RATE_LIMITED,
            not_before=credential.not_before,
        )


def _set_aside(store: Store, way: _Way, reply: Reply, now: datetime) -> float:
    """What sending costs in US dollars. It is set aside, and one reply of the account's, until that is written down.

    Raises TransientError where the account has too little left for today, PermanentError for a post that is gone.
    """
    if way.record.withdrawn_at is not None:
        raise PermanentError(f"mention {way.record.id} is no longer on its platform", problem=Problem.GONE)
    rules = way.replier.measure(reply.said, way.asked, way.access)
    for currency, wanted in ((Currency.REPLIES, 1.0), (Currency.USD, rules.cost_usd)):
        if wanted and not _reserved(store, reply, currency, wanted, now):
            tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=now.tzinfo)
            raise TransientError(
                f"credential '{way.access.name}' has nothing left for replies today ({currency})",
                problem=Problem.BUDGET_SPENT,
                not_before=tomorrow,
            )
    return rules.cost_usd


def _reserved(store: Store, reply: Reply, currency: Currency, wanted: float, now: datetime) -> bool:
    with store.begin() as tx:
        credential_id = tx.sources.get(reply.source_id).credential_id
        if credential_id is None:
            return True
        held = tx.credentials.reserve(
            credential_id, booking.token(reply), currency, wanted, least=wanted, now=now, until=now + RESERVED_FOR
        )
        return held is not None


def _look(store: Store, means: Means, claim: ReplyClaim, clock: Clock) -> SentReply | _End:
    reply = claim.reply
    since = (reply.sending_since or reply.written_at) - _CLOCKS
    try:
        way = _way(store, means, reply, clock())
        found = way.replier.find_reply(way.asked, reply.said, since=since, now=clock(), access=way.access)
    except TransientError as error:
        if reply.looks < MAX_LOOKS:
            due = max(error.not_before or clock(), clock() + _wait(SETTLE_AFTER, reply.looks))
            return _End(ReplyState.UNKNOWN, ReplyAct.UNCLEAR, due, str(error), error.problem)
        return _unclear(error)
    except SahutError as error:
        return _unclear(error)
    except Exception as error:
        log.exception("reply %d: unexpected error while it was looked for", reply.id)
        return _unclear(error)
    if found is not None:
        return found
    if way.record.withdrawn_at is not None:
        # Below a post that is gone, not to find an answer proves nothing.
        return _unclear(PermanentError("what it answers is gone: look on the platform", problem=Problem.GONE))
    if reply.attempts >= MAX_SENDS:
        reason = f"was handed over {reply.attempts} times and never stood there"
        return _End(ReplyState.FAILED, ReplyAct.FAILED, None, reason, Problem.UNEXPECTED)
    return _End(ReplyState.APPROVED, ReplyAct.NOT_THERE, clock(), "it is not on the platform: it goes out again")


def _write_down(store: Store, claim: ReplyClaim, end: SentReply | _End, now: datetime) -> DeliveryReport:
    reply = claim.reply
    if isinstance(end, SentReply):
        try:
            with store.begin() as tx:
                tx.replies.sent(claim, end, now)
                _note(tx, reply, ReplyAct.SENT, ReplyState.SENT, now)
                booking.book(tx, reply.id, now)
                _keep_session(tx, reply, end, now)
                surroundings.look_after(tx, [reply.mention_id], now)
            return DeliveryReport(reply_id=reply.id, state=ReplyState.SENT)
        except RefusedError as error:
            end = _unclear(error)
    try:
        with store.begin() as tx:
            tx.replies.settle(
                claim, end.state, end.act, now=now, due_at=end.due_at, reason=end.reason, problem=end.problem
            )
            _note(tx, reply, end.act, end.state, now)
            credential_id = tx.sources.get(reply.source_id).credential_id
            if credential_id is not None:
                if end.state is not ReplyState.UNKNOWN:
                    tx.credentials.settle(credential_id, booking.token(reply), now, {})
                if end.hold_until is not None:
                    tx.credentials.hold(credential_id, not_before=end.hold_until, problem=end.problem)
    except LeaseLostError:
        log.warning("reply %d: somebody else settled it meanwhile", reply.id)
    return DeliveryReport(reply_id=reply.id, state=end.state, reason=end.reason)


def _note(tx: Tx, reply: Reply, act: ReplyAct, state: ReplyState, now: datetime) -> None:
    said = {"act": act, "state": state, "mention": reply.mention_id}
    tx.audit.add(AuditDraft(act=AuditAct.REPLY, at=now, name="sahut", kind="reply", key=str(reply.id), detail=said))


def _keep_session(tx: Tx, reply: Reply, sent: SentReply, now: datetime) -> None:
    credential_id = tx.sources.get(reply.source_id).credential_id
    if credential_id is not None and sent.session is not None:
        tx.credentials.used(credential_id, now, session=sent.session)


def _later(reply: Reply, error: TransientError, now: datetime) -> _End:
    due = max(error.not_before or now, now + _wait(timedelta(minutes=1), reply.attempts))
    return _End(
        ReplyState.APPROVED, ReplyAct.POSTPONED, due, str(error), error.problem, due if error.whole_account else None
    )


def _wait(first: timedelta, times: int) -> timedelta:
    """Doubles with each time, up to six hours."""
    return min(first * (1 << min(max(times - 1, 0), 16)), _LONGEST_WAIT)


def _failed(error: Exception) -> _End:
    problem = error.problem if isinstance(error, CollectError) else Problem.UNEXPECTED
    return _End(ReplyState.FAILED, ReplyAct.FAILED, None, str(error), problem)


def _in_doubt(reason: str, now: datetime, problem: Problem | None) -> _End:
    return _End(ReplyState.UNKNOWN, ReplyAct.IN_DOUBT, now + SETTLE_AFTER, reason, problem)


def _unclear(error: Exception) -> _End:
    """Nobody but a person can tell."""
    problem = error.problem if isinstance(error, CollectError) else Problem.UNEXPECTED
    return _End(ReplyState.UNKNOWN, ReplyAct.UNCLEAR, None, str(error), problem)
