"""The queue of many machines: procrastinate on the same PostgreSQL that keeps the rows.

Its tables live in a database schema of their own. Rings are doorbells, not data, so a new version of the engine simply
gets a fresh schema: whatever rang before rings again at the next tick.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import procrastinate
import psycopg
import psycopg_pool
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager

log = logging.getLogger(__name__)

_SCHEMA = "sahut_queue"
# Any number will do, as long as nobody else in this database locks the same one.
_SETUP_LOCK = 7_283_019_551
_STOP_POLL = 0.2
_CONNECT_PATIENCE = 10.0
_RETRY_WAIT = 5.0


def conninfo(url: str) -> str:
    """What libpq reads: a SQLAlchemy URL without the driver's name."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def prepare(url: str) -> None:
    """Create the engine's tables, or those of its new version. Safe to call from several processes at once."""
    schema = SchemaManager.get_schema()
    stamp = hashlib.sha256(schema.encode()).hexdigest()[:16]
    with psycopg.connect(conninfo(url)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_SETUP_LOCK])
        found = connection.execute(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [_SCHEMA]
        ).fetchone()
        if found == (stamp,):
            return
        connection.execute(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE; CREATE SCHEMA {_SCHEMA}")
        connection.execute(f"SET LOCAL search_path TO {_SCHEMA}")
        connection.execute(schema)
        connection.execute(f"COMMENT ON SCHEMA {_SCHEMA} IS '{stamp}'")


class EngineQueue:
    """A ring is a row of the engine's; it survives any process.

    ``jobs`` maps a job's name to its function. ``lost_after`` is how many seconds without a heartbeat make a worker
    count as lost: the jobs that it held start again elsewhere.
    """

    def __init__(
        self, url: str, jobs: Mapping[str, Callable[..., None]], *, threads: int, lost_after: float = 60.0
    ) -> None:
        self._jobs = jobs
        self._threads = threads
        self._lost_after = lost_after
        self._connection: dict[str, Any] = {
            "conninfo": conninfo(url),
            "kwargs": {"options": f"-c search_path={_SCHEMA}"},
        }
        self._opening = threading.Lock()
        self._doorbell: tuple[procrastinate.App, psycopg_pool.ConnectionPool] | None = None

    def ring(self, job: str, *, key: str = "", args: Mapping[str, int | str] | None = None) -> None:
        """Ask for ``job`` to run soon; dropped when the same ring already waits.

        A database that cannot be reached costs one tick, so it is logged and not raised.
        """
        try:
            self._open().configure_task(job, queueing_lock=f"{job} {key}").defer(**(args or {}))
        except AlreadyEnqueued:
            pass
        except ConnectorException as error:
            log.warning("ring %s %s was lost, the next tick rings again: %s", job, key, error.__cause__ or error)

    def work(self, stop: Event) -> None:
        """Run jobs until ``stop`` is set, then finish those under way and return.

        When the database goes away the worker starts anew as often as it takes.
        """
        while not stop.is_set():
            try:
                asyncio.run(self._work(stop))
            except Exception:
                log.exception("the worker lost its database; trying again in %d s", _RETRY_WAIT)
                stop.wait(_RETRY_WAIT)

    def close(self) -> None:
        """Let go of the connections."""
        with self._opening:
            if self._doorbell is not None:
                self._doorbell[1].close()
                self._doorbell = None

    def _open(self) -> procrastinate.App:
        with self._opening:
            if self._doorbell is None:
                # Our own pool: the engine's would make the first ring wait 30 s for a database that is away.
                pool = psycopg_pool.ConnectionPool(
                    **self._connection,
                    min_size=1,
                    max_size=4,
                    timeout=_CONNECT_PATIENCE,
                    open=False,
                    check=psycopg_pool.ConnectionPool.check_connection,
                    name="sahut-ring",
                )
                pool.open(wait=False)
                app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
                app.open(pool)
                self._doorbell = (app, pool)
            return self._doorbell[0]

    async def _work(self, stop: Event) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._threads, thread_name_prefix="sahut-worker"))
        connector = procrastinate.PsycopgConnector(**self._connection, min_size=1, max_size=4, name="sahut-work")
        app = procrastinate.App(connector=connector)
        for name, job in self._jobs.items():
            app.task(name=name)(_logging(name, job))
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    concurrency=self._threads,
                    # Finished rings are of no use to anybody and would pile up.
                    delete_jobs="always",
                    install_signal_handlers=False,
                    update_heartbeat_interval=self._lost_after / 4,
                    stalled_worker_timeout=self._lost_after,
                )
            )
            rescue = asyncio.create_task(self._rescue(app))
            while not stop.is_set() and not worker.done():  # noqa: ASYNC110 - a thread's event has no awaitable form
                await asyncio.sleep(_STOP_POLL)
            rescue.cancel()
            worker.cancel()  # which the engine takes as: fetch no more, finish what runs
            with contextlib.suppress(asyncio.CancelledError):
                await worker
            with contextlib.suppress(asyncio.CancelledError):
                await rescue

    async def _rescue(self, app: procrastinate.App) -> None:
        """Start the jobs of lost workers again: the engine leaves them in `doing` for ever."""
        manager = app.job_manager
        while True:
            try:
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self._lost_after):
                    log.warning("job %s %s of a lost worker starts again", job.task_name, job.task_kwargs)
                    await self._restart(app, job)
                await manager.prune_stalled_workers(self._lost_after)
            except ConnectorException as error:
                # Another worker rescued it first, or the database is away: the next round sees.
                log.info("rescue of lost jobs: %s", error.__cause__ or error)
            await asyncio.sleep(self._lost_after / 2)

    @staticmethod
    async def _restart(app: procrastinate.App, job: Any) -> None:
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            # The same ring came again meanwhile and waits: one is enough.
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)


def _logging(name: str, job: Callable[..., None]) -> Callable[..., None]:
    """The job, with its exceptions in our log: to the engine it always succeeds, since the row is the work."""

    def run(**args: int | str) -> None:
        try:
            job(**args)
        except Exception:
            log.exception("job %s %s failed", name, args)

    return run
