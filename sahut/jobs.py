"""The jobs that a queue may be asked for, by name. Each is one call of the pipeline with this process's parts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

from sahut import importing, imports
from sahut.core import collecting, outbox, pipeline, rechecking, retaining, surroundings
from sahut.core.errors import ClassifierError
from sahut.core.model import Policy
from sahut.core.model.imports import ImportState
from sahut.core.outbox import Means
from sahut.core.pipeline import ReassessReport
from sahut.core.ports import Annotator, Classifier, Clock, Collector, Explainer, Queue, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one process works with.

    ``classifier`` loads the model when it is first called, so that only a process that judges pays its memory;
    ``explainer`` asks that same one, ``annotator`` reads the place and the language beside it.
    """

    store: Store
    queue: Queue
    policy: Policy
    clock: Clock
    collector_for: Callable[[str], Collector]
    classifier: Callable[[], Classifier]
    explainer: Callable[[], Explainer]
    annotator: Callable[[], Annotator | None] = lambda: None
    means: Means = field(default_factory=Means)
    lease: timedelta = collecting.COLLECT_LEASE
    stop: Event = field(default_factory=Event)
    judging: threading.Lock = field(default_factory=threading.Lock)


def table(parts: Parts) -> dict[str, Callable[..., None]]:
    """Name → function, as a queue wants them."""
    return {
        "collect": lambda source_id: collect(parts, source_id),
        "assess": lambda: assess(parts),
        "reassess": lambda: reassess(parts),
        "explain": lambda: explain(parts),
        "recheck": lambda: recheck(parts),
        "deliver": lambda: deliver(parts),
        "converse": lambda: converse(parts),
        "wake": lambda: wake(parts),
        "import": lambda: bring_in(parts),
        "tidy": lambda: tidy(parts),
        "retain": lambda: retain(parts),
    }


def collect(parts: Parts, source_id: int) -> None:
    """Read one source, and ring for the classifier when it brought something."""
    report = collecting.collect(
        source_id, store=parts.store, collector_for=parts.collector_for, clock=parts.clock, lease=parts.lease
    )
    if report is None:
        return
    log.info("source %d: %d seen, %d new, %d edited", source_id, report.seen, report.new, report.edited)
    if report.new or report.edited:
        parts.queue.ring("assess")


def assess(parts: Parts) -> None:
    """Judge until nothing waits, then ring for the reasons of what was flagged.

    A full batch rings once more, so that an idle worker elsewhere may join in.

    One at a time in a process: a second would only share the same cores, and nothing is lost by leaving at once,
    since the first goes on until it finds no row.
    """
    if not parts.judging.acquire(blocking=False):
        return
    flagged = 0
    try:
        while not parts.stop.is_set():
            report = pipeline.assess(
                store=parts.store,
                # Asked for each batch: another version may have become the current one.
                classifier=parts.classifier(),
                annotator=parts.annotator(),
                policy=parts.policy,
                clock=parts.clock,
                lease=parts.lease,
            )
            if report is None:
                break
            flagged += report.flagged
            log.info("%d mentions assessed: %d flagged, %d filed", report.claimed, report.flagged, report.filed)
            if report.claimed == pipeline.ASSESS_BATCH:
                parts.queue.ring("assess")
    except ClassifierError as error:
        log.error("nothing is assessed until this is put right: %s", error)  # noqa: TRY400 - the sentence is enough
    finally:
        parts.judging.release()
    if flagged:
        parts.queue.ring("explain")
        parts.queue.ring("converse")


def reassess(parts: Parts) -> None:
    """Judge the archive anew, batch by batch, while nothing new waits: people wait for what is new.

    One at a time in a process, as `assess`; the next tick rings again for a walk that was left.
    """
    while not parts.stop.is_set():
        with parts.store.read() as tx:
            waiting = tx.mentions.waiting(parts.clock())
        if waiting:
            assess(parts)
        if not parts.judging.acquire(blocking=False):
            return
        try:
            report = reassess_batch(parts)
        except ClassifierError as error:
            log.error("the archive is not assessed until this is put right: %s", error)  # noqa: TRY400 - as above
            return
        finally:
            parts.judging.release()
        if report is None:
            return
        log.info("%d of %d mentions of the archive assessed anew", report.walk.judged, report.walk.total)


def reassess_batch(parts: Parts) -> ReassessReport | None:
    """Judge one batch of the archive anew, with the model that is current by now."""
    return pipeline.reassess(
        store=parts.store,
        classifier=parts.classifier(),
        annotator=parts.annotator(),
        policy=parts.policy,
        clock=parts.clock,
        lease=parts.lease,
    )


def explain(parts: Parts) -> None:
    """Say why mentions were flagged, bite by bite, as long as nothing waits to be judged.

    It holds what `assess` holds, so the two never share the cores; what is collected meanwhile waits for one bite.
    """
    if not parts.judging.acquire(blocking=False):
        return
    done = 0
    try:
        explainer = parts.explainer()
        while not parts.stop.is_set():
            explained = pipeline.explain(store=parts.store, explainer=explainer, clock=parts.clock, lease=parts.lease)
            if explained is None:
                break
            done += explained
    except ClassifierError as error:
        log.error("nothing is explained until this is put right: %s", error)  # noqa: TRY400 - as above
        return
    finally:
        parts.judging.release()
    if done:
        log.info("%d flagged mentions explained", done)
    with parts.store.read() as tx:
        waiting = tx.mentions.waiting(parts.clock())
    if waiting:
        # Its ring found the classifier taken.
        parts.queue.ring("assess")


def deliver(parts: Parts) -> None:
    """Send approved replies, and find out about those that are in doubt, until none is due."""
    while not parts.stop.is_set():
        report = outbox.deliver(store=parts.store, means=parts.means, clock=parts.clock)
        if report is None:
            return
        log.info("reply %d: %s%s", report.reply_id, report.state, f" ({report.reason})" if report.reason else "")


def converse(parts: Parts) -> None:
    """Fetch what stands around flagged mentions, and look for answers to what we said, until nothing is due."""
    while not parts.stop.is_set():
        report = surroundings.converse(
            store=parts.store,
            collector_for=parts.collector_for,
            policy=parts.policy.conversations,
            clock=parts.clock,
        )
        if report is None:
            return
        log.info(
            "conversation of mention %d: %s, %d new%s",
            report.mention_id, report.task, report.new, f" ({report.reason})" if report.reason else "",
        )  # fmt: skip
        if report.new:
            parts.queue.ring("assess")


def recheck(parts: Parts) -> None:
    """Ask platforms whether they still show what was collected, a hundred mentions of one source at a time."""
    while not parts.stop.is_set():
        report = rechecking.recheck(store=parts.store, collector_for=parts.collector_for, clock=parts.clock)
        if report is None:
            return
        log.info(
            "source %d: %d mentions looked at again, %d edited, %d withdrawn, %d left for later",
            report.source_id, report.looked, report.edited, report.withdrawn, report.left,
        )  # fmt: skip
        if report.edited:
            parts.queue.ring("assess")


def bring_in(parts: Parts) -> None:
    """Look through the files that people brought, and read them in, one after the other."""
    while not parts.stop.is_set():
        claim = importing.work(
            store=parts.store,
            collector=parts.collector_for(imports.PLATFORM),
            clock=parts.clock,
            stop=parts.stop,
        )
        if claim is None:
            return
        log.info("import %d: %s is done", claim.item.id, claim.item.state)
        if claim.item.state is ImportState.IMPORTING:
            parts.queue.ring("assess")


def wake(parts: Parts) -> None:
    """Bring back what was put off until now."""
    woken = pipeline.wake(store=parts.store, clock=parts.clock)
    if woken:
        log.info("%d mentions are back in the queue", woken)


def retain(parts: Parts) -> None:
    """Let go of what its time is over for."""
    gone = retaining.run(parts.store, parts.policy.retention, clock=parts.clock, stop=parts.stop)
    log.info("let go of: %s", ", ".join(f"{name} {count}" for name, count in gone.items() if count) or "nothing")


def tidy(parts: Parts) -> None:
    """Set aside what no worker survives, and forget what has expired."""
    done = pipeline.tidy(store=parts.store, clock=parts.clock)
    log.info("tidied: %s", ", ".join(f"{name} {count}" for name, count in done.items() if count) or "nothing to do")
