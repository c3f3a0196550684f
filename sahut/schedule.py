"""The metronome: APScheduler in its own role, ringing the queue.

What is due stands in rows, so there is one `tick` and no job store. Two schedulers are harmless: rings with one key
coalesce and claims are conditional. No leader is elected, since a leader's lock would be one more thing to lose.
"""

from __future__ import annotations

import logging
import os
import socket
from threading import Event

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from sahut.core import pipeline
from sahut.core.ports import Clock, Queue, Store

log = logging.getLogger(__name__)

BEAT_SECONDS = 20


def process_name() -> str:
    """This process, as `doctor` shows it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def run(
    stop: Event,
    *,
    store: Store,
    queue: Queue,
    clock: Clock,
    roles: tuple[str, ...],
    tick_seconds: float,
    tidy_minutes: float,
) -> None:
    """Tick, tidy and say that this process lives, until ``stop`` is set; then finish what runs and return.

    ``roles`` names what this process does, for the heartbeat; only one with the role ``scheduler`` ticks.
    """
    # A late beat is still wanted: without this APScheduler drops runs that start a second late.
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(2)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    now = clock()

    def beat() -> None:
        with store.begin() as tx:
            for role in roles:
                tx.operations.beat(role, process_name(), clock())

    def tick() -> None:
        pipeline.tick(store=store, queue=queue, clock=clock)

    scheduler.add_job(beat, "interval", seconds=BEAT_SECONDS, next_run_time=now)
    if "scheduler" in roles:
        scheduler.add_job(tick, "interval", seconds=tick_seconds, next_run_time=now)
        scheduler.add_job(lambda: queue.ring("tidy"), "interval", minutes=tidy_minutes)
        # Two in the morning by Jakarta's clock, when nobody works and little is posted.
        scheduler.add_job(lambda: queue.ring("retain"), "cron", hour=19)
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)
