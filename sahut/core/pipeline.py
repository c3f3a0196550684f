"""What machines do.

::

    tick()               due sources and waiting mentions ring the queue
    assess()             claim · classifier.predict · rules.flag · save · rules.tie
    reassess()           the same for what another model judged, in order of id; decisions stand
    explain()            claim · explainer.explain · save; while nothing waits to be assessed
    tidy()               give up on what keeps failing; forget what has expired

The row is the work, the queue a doorbell: each of these may stop, restart or run twice at any point. No transaction is
open while a collector or a classifier works.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sahut.core import rules
from sahut.core.errors import ClassifierError
from sahut.core.model import (
    Annotation,
    Assessment,
    MentionClaim,
    MentionRecord,
    MentionState,
    Policy,
    Verdict,
    Walk,
    WhySpan,
)
from sahut.core.ports import Annotator, Classifier, Clock, Explainer, Queue, Store, Tx

log = logging.getLogger(__name__)

ASSESS_LEASE = timedelta(minutes=5)
ASSESS_BATCH = 256
# What comes in to be assessed waits for one bite at most: under a second.
EXPLAIN_BITE = 4
# A text that has cost its worker the lease this often is set aside instead of tried for ever.
MAX_ATTEMPTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessReport:
    """How one batch went."""

    claimed: int
    flagged: int
    filed: int
    tied: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassessReport:
    """How one batch of a walk went: how many came into the queue, and how many left it."""

    walk: Walk
    judged: int
    flagged: int
    filed: int
    failed: int


def tick(*, store: Store, queue: Queue, clock: Clock, limit: int = 2_000) -> int:
    """Ring for everything that is due; the number of rings. Harmless to run twice or in two places.

    At most ``limit`` sources at once, the most overdue: the next tick rings for the others.
    """
    now = clock()
    with store.read() as tx:
        due = tx.sources.due(now, limit)
        waiting = tx.mentions.waiting(now)
        walking = bool(tx.walks.running())
        rechecking = tx.mentions.to_recheck(now, 1) is not None
        answering = tx.replies.waiting(now)
        conversing = tx.conversations.waiting(now)
        waking = tx.mentions.sleeping(now)
        importing = tx.imports.waiting(now)
        unexplained = not waiting and tx.explanations.waiting(now, max_attempts=MAX_ATTEMPTS)
    for source_id in due:
        queue.ring("collect", key=f"source:{source_id}", args={"source_id": source_id})
    # What people wait for comes first: an answer, then what may become one.
    wanted = {
        "deliver": answering,
        "wake": waking,
        "import": importing,
        "assess": bool(waiting),
        "reassess": walking,
        "converse": conversing,
        "recheck": rechecking,
        "explain": unexplained,
    }
    for job, wants in wanted.items():
        if wants:
            queue.ring(job)
    return len(due) + sum(wanted.values())


def assess(
    *,
    store: Store,
    classifier: Classifier,
    policy: Policy,
    clock: Clock,
    annotator: Annotator | None = None,
    lease: timedelta = ASSESS_LEASE,
) -> AssessReport | None:
    """Judge one batch of collected mentions; None when none waits. ``lease`` bounds how long a batch may take.

    Without an ``annotator`` no place and no language are written.
    """
    now = clock()
    with store.begin() as tx:
        claim = tx.mentions.claim(now=now, until=now + lease, limit=ASSESS_BATCH, max_attempts=MAX_ATTEMPTS)
    if claim is None:
        return None
    verdicts, failed = _judge(store, claim, classifier, policy, annotator)
    end = clock()
    with store.begin() as tx:
        for record, reason in failed:
            tx.assessments.hold(claim, record.id, reason, end)
        written = tx.assessments.save(claim, list(verdicts.values()), end)
        tied = _tie_up(tx, claim, [verdicts[i] for i in written], policy, end)
        wanted = [i for i in written if verdicts[i].state is MentionState.FLAGGED]
        tx.conversations.want(wanted, end)
    flagged = len(wanted)
    return AssessReport(
        claimed=len(claim.mentions), flagged=flagged, filed=len(written) - flagged, tied=tied, held=len(failed)
    )


def reassess(
    *,
    store: Store,
    classifier: Classifier,
    policy: Policy,
    clock: Clock,
    annotator: Annotator | None = None,
    lease: timedelta = ASSESS_LEASE,
) -> ReassessReport | None:
    """Judge one batch of the archive anew; None when no walk for this model has a mention to hand out.

    What a person decided meanwhile, or a platform edited, loses its lease and comes again, or not at all. Two walkers
    share the work. A text that cannot be judged keeps its old assessment.
    """
    now = clock()
    with store.begin() as tx:
        found = _next_of_walks(tx, classifier.model, now, now + lease)
    if found is None:
        return None
    walk, claim = found
    verdicts, failed = _judge(store, claim, classifier, policy, annotator)
    before = {record.id: record.state for record in claim.mentions}
    end = clock()
    with store.begin() as tx:
        tx.walks.skip(claim, [record.id for record, _ in failed], max_attempts=MAX_ATTEMPTS)
        written = tx.assessments.renew(claim, list(verdicts.values()), end)
        into = [i for i in written if (before[i], verdicts[i].state) == (MentionState.FILED, MentionState.FLAGGED)]
        out = [i for i in written if (before[i], verdicts[i].state) == (MentionState.FLAGGED, MentionState.FILED)]
        _tie_up(tx, claim, [verdicts[i] for i in into], policy, end)
        # A repost whose original was decided follows it back out of the queue.
        stayed = sum(tx.mentions.get(i).state is MentionState.FLAGGED for i in into)
        counts = {"judged": len(written), "flagged": stayed, "filed": len(out), "failed": len(failed)}
        walk = tx.walks.advance(walk.id, end, max_attempts=MAX_ATTEMPTS, **counts)
    return ReassessReport(walk=walk, **counts)


def _next_of_walks(tx: Tx, model: str, now: datetime, until: datetime) -> tuple[Walk, MentionClaim] | None:
    """The next mentions of the oldest walk that has some; a walk that has none left is ended on the way."""
    for walk in tx.walks.running():
        if walk.draft.model != model:
            continue
        claim = tx.walks.claim(walk, now=now, until=until, limit=ASSESS_BATCH, max_attempts=MAX_ATTEMPTS)
        if claim is not None:
            return walk, claim
        tx.walks.advance(walk.id, now, max_attempts=MAX_ATTEMPTS)
    return None


def explain(*, store: Store, explainer: Explainer, clock: Clock, lease: timedelta = ASSESS_LEASE) -> int | None:
    """Say of a few flagged mentions which words decided; how many, None when there is none or something newer waits.

    A text that cannot be explained comes again, up to as many times as one that costs its worker the lease.
    """
    now = clock()
    with store.begin() as tx:
        if tx.mentions.waiting(now):
            return None
        claim = tx.explanations.claim(
            explainer.model, now=now, until=now + lease, limit=EXPLAIN_BITE, max_attempts=MAX_ATTEMPTS
        )
    if claim is None:
        return None
    found: dict[int, list[WhySpan]] = {}
    for record in claim.mentions:
        try:
            found[record.id] = explainer.explain(record.mention.body)
        except Exception:
            log.exception("mention %d could not be explained", record.id)
    with store.begin() as tx:
        return len(tx.explanations.save(claim, found))


def _judge(
    store: Store, claim: MentionClaim, classifier: Classifier, policy: Policy, annotator: Annotator | None
) -> tuple[dict[int, Verdict], list[tuple[MentionRecord, str]]]:
    """Verdicts by mention, and what could not be judged and why. Gives the claim back when nothing can be."""
    try:
        # A classifier computes outside the interpreter's lock, so places and languages are read in its shade.
        with ThreadPoolExecutor(1, thread_name_prefix="annotate") as beside:
            reading = beside.submit(_annotations, annotator, claim.mentions, policy)
            assessed, failed = _predict(classifier, claim.mentions)
            annotations = reading.result()
    except ClassifierError:
        # No text is to blame, so none comes a step nearer to being set aside.
        with store.begin() as tx:
            tx.mentions.give_back(claim)
        raise
    verdicts = {record.id: rules.flag(record, assessment, policy) for record, assessment in assessed}
    return {at: replace(verdict, annotation=annotations[at]) for at, verdict in verdicts.items()}, failed


def _predict(
    classifier: Classifier, records: Sequence[MentionRecord]
) -> tuple[list[tuple[MentionRecord, Assessment]], list[tuple[MentionRecord, str]]]:
    """Judge together; where that fails, one by one, so that a single bad text costs only itself.

    Raises ClassifierError where it can judge none: then it is the model that is bad.
    """
    try:
        assessments = classifier.predict([record.mention.body for record in records])
        return list(zip(records, assessments, strict=True)), []
    except Exception as error:
        log.warning("a batch of %d mentions failed; judging them one by one: %r", len(records), error)
    done: list[tuple[MentionRecord, Assessment]] = []
    failed: list[tuple[MentionRecord, Exception]] = []
    for record in records:
        try:
            done.append((record, classifier.predict([record.mention.body])[0]))
        except Exception as error:
            failed.append((record, error))
    if not done and isinstance(failed[0][1], ClassifierError):
        raise failed[0][1]
    for record, failure in failed:
        log.error("mention %d could not be assessed", record.id, exc_info=failure)
    return done, [(record, f"{type(failure).__name__}: {failure}") for record, failure in failed]


def _annotations(
    annotator: Annotator | None, records: Sequence[MentionRecord], policy: Policy
) -> dict[int, Annotation]:
    if annotator is None:
        return {record.id: Annotation() for record in records}
    return {record.id: _annotation(annotator, record, policy) for record in records}


def _annotation(annotator: Annotator, record: MentionRecord, policy: Policy) -> Annotation:
    try:
        return annotator.annotate(record.mention.body, area=policy.area_of(record.source_name))
    except ClassifierError:
        # Of the list of areas or the policy, and so of every text.
        raise
    except Exception:
        # A complaint without its place is still one.
        log.exception("mention %d: neither place nor language could be read", record.id)
        return Annotation()


def _tie_up(tx: Tx, claim: MentionClaim, verdicts: Sequence[Verdict], policy: Policy, now: datetime) -> int:
    """Tie what is flagged to the earlier mention that it repeats. Oldest first, so that a batch ties within itself."""
    by_id = {record.id: record for record in claim.mentions}
    tied = 0
    for verdict in sorted(verdicts, key=lambda v: v.mention_id):
        if verdict.state is not MentionState.FLAGGED:
            continue
        record = replace(by_id[verdict.mention_id], state=verdict.state)
        written = record.mention.published_at or record.mention.collected_at
        candidates = tx.mentions.candidates(record, since=written - policy.tie_window)
        found = rules.tie(record, candidates, policy)
        if found is not None:
            tx.mentions.tie(found, now)
            tied += 1
    return tied


def wake(*, store: Store, clock: Clock) -> int:
    """Bring back to the queue what people had put off until now; how many."""
    with store.begin() as tx:
        return tx.mentions.wake(clock())


def tidy(*, store: Store, clock: Clock) -> dict[str, int]:
    """Set aside what no worker survives, and forget what has expired."""
    now = clock()
    with store.begin() as tx:
        done = tx.operations.tidy(now)
        done["held"] = tx.mentions.give_up(now=now, max_attempts=MAX_ATTEMPTS)
    return done
