"""Pure decisions: values in, values out; ``now`` and random numbers are passed in, nothing is read or written."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sahut.core.errors import CollectError, PermanentError, RefusedError, TransientError
from sahut.core.model import (
    Assessment,
    Candidate,
    Change,
    Health,
    Known,
    Mention,
    MentionRecord,
    MentionState,
    Outcome,
    Policy,
    Reading,
    Source,
    SourceCondition,
    SourceState,
    Ticket,
    TicketChange,
    TicketStatus,
    Tie,
    TieReason,
    Verdict,
)

# A shorter text ("makasih min", "mati lampu") says the same by chance, not by copying.
_LEAST_KEY_LENGTH = 24
_SHINGLE_WORDS = 3
# From this likeness on an edited text tells the same story as before.
_SAME_STORY = 0.8
_LONGEST_BACKOFF = timedelta(hours=6)
_RECHECK_AGES = tuple(timedelta(days=days) for days in (1, 3, 10, 30, 90))
RECHECKS = len(_RECHECK_AGES)
# A platform may name a time, but not one that silences a source for good.
_LONGEST_WAIT = timedelta(days=7)
_LEAST_SILENCE = timedelta(days=1)
# From when waiting is counted, in minutes: any day serves, this one keeps the numbers short.
_WAITING_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
# A post that was old when it was collected counts as one that waited this long, so that an archive floods no queue.
_MOST_WAITED_BEFORE = timedelta(days=7)
_POINT = timedelta(minutes=30)
_MOST_FOR_GROUP = 300
# Of one reading's notes; a file of a million rows may have one for each.
MOST_NOTES = 5

_REPOST_MARK = re.compile(r"^\s*rt\s+@\w+\s*:?\s*", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)@\w[\w.]*")
_NOT_WORD = re.compile(r"[^\w]+")


# --- texts that say the same -------------------------------------------------------------------------------------


def plain_words(body: str) -> list[str]:
    """The words that remain when case, accents of width, links, handles, marks of repost and punctuation are gone."""
    text = unicodedata.normalize("NFKC", body).casefold()
    text = _REPOST_MARK.sub("", text)
    text = _HANDLE.sub(" ", _URL.sub(" ", text))
    return _NOT_WORD.sub(" ", text).split()


def text_key(body: str) -> str:
    """Equal for texts that differ in nothing a reader would call a difference; "" where a text is too short to tell."""
    plain = " ".join(plain_words(body))
    if len(plain) < _LEAST_KEY_LENGTH:
        return ""
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def shingles(body: str) -> frozenset[str]:
    """The set of runs of three words; of all words where there are fewer."""
    words = plain_words(body)
    if len(words) <= _SHINGLE_WORDS:
        return frozenset([" ".join(words)]) if words else frozenset()
    return frozenset(" ".join(words[i : i + _SHINGLE_WORDS]) for i in range(len(words) - _SHINGLE_WORDS + 1))


def similarity(one: str, other: str) -> float:
    """Jaccard similarity of the two texts' shingles, 0 to 1 (Broder 1997)."""
    a, b = shingles(one), shingles(other)
    if not a or not b:
        return 0.0
    return len(a & b) / len(a | b)


# --- collecting --------------------------------------------------------------------------------------------------


def decide(mention: Mention, known: Known | None) -> Change | None:
    """What to do with a collected mention: new, edited, or None for nothing to do.

    An edit is judged again unless it is our own, or people have made it a ticket, or have dismissed a text that is
    still nearly the same: a news desk that corrects a comma must not bring a dismissed article back.
    """
    key = text_key(mention.body)
    if known is None:
        return Change(mention=mention, text_key=key)
    if known.content_hash == mention.content_hash:
        return None
    decided = known.state in {
        MentionState.CONVERTED, MentionState.MERGED, MentionState.OWN, MentionState.CONTEXT
    }  # fmt: skip
    still_dismissed = known.state is MentionState.DISMISSED and similarity(known.body, mention.body) >= _SAME_STORY
    return Change(mention=mention, text_key=key, known=known, reassess=not (decided or still_dismissed))


def after_success(
    source: Source,
    now: datetime,
    *,
    seen: int,
    new: int,
    next_check: datetime | None,
    notes: Sequence[str],
    jitter: float,
) -> Reading:
    """What a completed reading writes on its source.

    ``jitter`` in [0, 1) spreads sources over a tenth of the interval.
    """
    health = source.health
    rhythm = health.rhythm
    if new and health.last_new_at is not None:
        gap = now - health.last_new_at
        rhythm = gap if rhythm is None else rhythm * 0.8 + gap * 0.2
    wait_until = None if next_check is None else min(next_check, now + _LONGEST_WAIT)
    due = now + source.interval * (1 + 0.1 * jitter)
    return Reading(
        state=source.state,
        due_at=due if wait_until is None else max(due, wait_until),
        not_before=wait_until,
        health=replace(
            health,
            last_success_at=now,
            last_error="",
            problem=None,
            failures=0,
            seen=health.seen + seen,
            kept=health.kept + new,
            last_new_at=now if new else health.last_new_at,
            rhythm=rhythm,
            notes=tuple(notes)[:MOST_NOTES],
        ),
    )


def after_failure(source: Source, now: datetime, error: CollectError, *, seen: int, new: int, jitter: float) -> Reading:
    """What a failed reading writes on its source: back off without end, or stop visibly.

    The wait doubles with each failure from the source's interval up to six hours, plus up to a tenth of itself, and
    is never shorter than what the platform asked for. Pages stored before the failure count in ``seen`` and ``new``.
    """
    failures = source.health.failures + 1
    health = replace(
        source.health,
        last_error=str(error),
        last_error_at=now,
        problem=error.problem,
        failures=failures,
        seen=source.health.seen + seen,
        kept=source.health.kept + new,
        last_new_at=now if new else source.health.last_new_at,
    )
    if isinstance(error, PermanentError):
        return Reading(state=SourceState.STOPPED, due_at=now, not_before=None, health=health)
    wait = min(source.interval * 2 ** min(failures - 1, 16), max(_LONGEST_BACKOFF, source.interval))
    due = now + wait * (1 + 0.1 * jitter)
    named = error.not_before if isinstance(error, TransientError) else None
    not_before = None if named is None else min(named, now + _LONGEST_WAIT)
    return Reading(
        state=source.state,
        due_at=due if not_before is None else max(due, not_before),
        not_before=not_before,
        health=health,
    )


def next_recheck(first_seen: datetime, now: datetime) -> datetime | None:
    """When to ask again whether a platform still shows a mention: 1, 3, 10, 30 and 90 days after it was first seen."""
    return next((first_seen + age for age in _RECHECK_AGES if first_seen + age > now), None)


def condition(source: Source, now: datetime, policy: Policy) -> SourceCondition:
    """One word for how a source is doing. Silence is measured against the expected or else the learnt rhythm."""
    health = source.health
    if source.state in {SourceState.STOPPED, SourceState.REMOVED}:
        return SourceCondition.STOPPED
    if source.state is SourceState.PAUSED:
        return SourceCondition.PAUSED
    if health.failures:
        return SourceCondition.FAILING
    if health.last_success_at is None:
        return SourceCondition.NEW
    limit = silent_after(source, policy)
    if limit is not None and now - (health.last_new_at or source.created_at) > limit:
        return SourceCondition.SILENT
    return SourceCondition.WELL


def silent_after(source: Source, policy: Policy) -> timedelta | None:
    """How long a source may bring nothing new before that is a warning; None while its rhythm is unknown."""
    if source.expected_every is not None:
        return source.expected_every
    if source.health.rhythm is None:
        return None
    return max(source.health.rhythm * policy.silence_factor, _LEAST_SILENCE)


# --- assessing ---------------------------------------------------------------------------------------------------


def threshold_for(source_name: str, assessment: Assessment, policy: Policy) -> float:
    """The cut-off that holds: the source's own, else the topic's, else the general one."""
    by_topic = policy.topic_thresholds.get(assessment.topic, policy.threshold)
    return policy.source_thresholds.get(source_name, by_topic)


def flag(record: MentionRecord, assessment: Assessment, policy: Policy) -> Verdict:
    """Flagged or filed, and how pressing. Who answers a reply of ours is flagged whatever is said: staff asked for it.

    ``priority`` is 0 to 1,999: 1,000 for likely danger, up to 700 for certainty, up to 299 for reach (by powers of
    two, so that a celebrity's pothole does not outrank a live wire).
    """
    wanted = sum(assessment.kinds.get(kind, 0.0) for kind in policy.flagged_kinds)
    if record.answers is not None:
        wanted = 1.0
    state = (
        MentionState.FLAGGED if wanted >= threshold_for(record.source_name, assessment, policy) else MentionState.FILED
    )
    danger = 1000 if assessment.urgent >= policy.urgent_threshold else 0
    reach = min(299, 20 * max(0, record.mention.reach).bit_length())
    return Verdict(
        mention_id=record.id,
        assessment=assessment,
        state=state,
        priority=danger + round(700 * min(1.0, wanted)) + reach,
    )


def pressing(priority: int, similar: int, *, shown_at: datetime, collected_at: datetime) -> int:
    """Where a mention stands in the queue: the highest number comes first.

    Four things count, in points: urgency (1,000) and reach (up to 299), which are in ``priority`` beside certainty (see
    `flag`); how many say the same (30 for the first other one and for each doubling, up to 300); and the time since
    people began to wait, a point for each half-hour. So what is urgent stands before all that came with it and is not,
    whoever shared it; but a quiet case of three weeks ago stands before an urgent one of today.

        pressing = 30 × (priority + group) − minutes from 2026 until the waiting began

    Everybody's waiting grows at one pace, so two mentions never change places by time alone: a newer one is
    written in behind those that have waited longer, and the number stays true without ever being written again. Only
    a doubling of the group or a new judgement changes it.
    """
    since = min(max(shown_at, collected_at - _MOST_WAITED_BEFORE), collected_at)
    group = min(_MOST_FOR_GROUP, 30 * max(0, similar).bit_length())
    waited = (since - _WAITING_SINCE) // timedelta(minutes=1)
    return (priority + group) * (_POINT // timedelta(minutes=1)) - waited


def tie(record: MentionRecord, candidates: Sequence[Candidate], policy: Policy) -> Tie | None:
    """The earlier mention that ``record`` counts on, if any; the survivor is always the earliest of its group.

    A declared repost, or a text marked as one, follows its original's fate: a copy of a dismissed post needs no second
    dismissal. Mere likeness only folds a mention behind one that still waits in the queue, so that a second citizen
    with the same trouble after the first one's ticket is never swallowed. What answers a reply of ours stands alone.
    """
    if record.answers is not None:
        return None
    marked = _REPOST_MARK.match(record.mention.text) is not None
    key = text_key(record.mention.body)
    best: tuple[Candidate, TieReason, float] | None = None
    for candidate in sorted(candidates, key=lambda c: c.id):
        if candidate.id >= record.id:
            continue
        if candidate.declared:
            best = (candidate, TieReason.REPOST, 1.0)
        elif key and candidate.text_key == key:
            best = (candidate, TieReason.REPOST if marked else TieReason.SAME_TEXT, 1.0)
        else:
            likeness = similarity(record.mention.body, candidate.body)
            if likeness >= policy.similar_threshold:
                best = (candidate, TieReason.SIMILAR, likeness)
        if best is not None:
            break
    if best is None:
        return None
    first, reason, likeness = best
    folded = record.state is MentionState.FLAGGED and first.state is MentionState.FLAGGED
    decided = first.state in {MentionState.DISMISSED, MentionState.MERGED, MentionState.CONVERTED}
    follows = reason is TieReason.REPOST and decided and record.state is MentionState.FLAGGED
    return Tie(
        mention_id=record.id,
        first_id=first.first_id or first.id,
        reason=reason,
        similarity=likeness,
        state=MentionState.FILED if follows else record.state,
        folded=folded,
    )


# --- deciding ----------------------------------------------------------------------------------------------------

_NEXT_STATUS: dict[TicketStatus, frozenset[TicketStatus]] = {
    TicketStatus.NEW: frozenset({TicketStatus.FORWARDED, TicketStatus.IN_PROGRESS, TicketStatus.CLOSED}),
    TicketStatus.FORWARDED: frozenset(
        {TicketStatus.NEW, TicketStatus.IN_PROGRESS, TicketStatus.ANSWERED, TicketStatus.CLOSED}
    ),
    TicketStatus.IN_PROGRESS: frozenset({TicketStatus.FORWARDED, TicketStatus.ANSWERED, TicketStatus.CLOSED}),
    TicketStatus.ANSWERED: frozenset({TicketStatus.IN_PROGRESS, TicketStatus.CLOSED}),
    TicketStatus.CLOSED: frozenset({TicketStatus.IN_PROGRESS}),
    TicketStatus.VOID: frozenset(),
    TicketStatus.MERGED: frozenset(),
}


def next_statuses(status: TicketStatus) -> frozenset[TicketStatus]:
    """Where a ticket may go from ``status`` by a person's hand. ``void`` and ``merged`` come of other acts."""
    return _NEXT_STATUS[status]


def check_ticket_change(ticket: Ticket, change: TicketChange) -> None:
    """Raise RefusedError where the course of a ticket does not allow ``change``.

    A ticket closes with an outcome, since "closed" does not say "fixed"; only closing sets one.
    """
    if ticket.status is TicketStatus.VOID:
        raise RefusedError(f"ticket {ticket.number} was undone and cannot be changed", rule="ticket_void")
    if ticket.status is TicketStatus.MERGED:
        where = ticket.merged_into_number or "another"
        raise RefusedError(f"ticket {ticket.number} was merged into {where}; change that", rule="ticket_merged")
    status = change.status or ticket.status
    if status is not ticket.status and status not in next_statuses(ticket.status):
        raise RefusedError(f"ticket {ticket.number} cannot go from {ticket.status} to {status}", rule="ticket_course")
    closes = status is TicketStatus.CLOSED
    if closes and change.outcome is None and ticket.outcome is None:
        outcomes = ", ".join(Outcome)
        raise RefusedError(f"ticket {ticket.number} closes with an outcome: {outcomes}", rule="outcome_missing")
    if not closes and change.outcome is not None:
        raise RefusedError(f"ticket {ticket.number} has an outcome only when it is closed", rule="outcome_early")


def check_decidable(record: MentionRecord, *, allowed: frozenset[MentionState]) -> None:
    """Raise RefusedError where a mention's state does not allow the decision."""
    if record.state not in allowed:
        raise RefusedError(
            f"mention {record.id} is {record.state} and cannot be decided like this", rule="mention_state"
        )


def health_words(health: Health) -> str:
    """The health in one English sentence, for terminals and logs."""
    if health.failures:
        return f"failed {health.failures} times in a row: {health.last_error}"
    if health.last_success_at is None:
        return "not read yet"
    return f"{health.kept} kept of {health.seen} seen"
