"""The queue of one machine: a few threads in the process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from threading import Event

log = logging.getLogger(__name__)

_Ring = tuple[str, str]


class InlineQueue:
    """Rings wait in memory and are lost with the process; the scheduler's next tick rings again for every row.

    ``jobs`` maps a job's name to its function. At most ``threads`` jobs run at once, never two with one (job, key).
    """

    def __init__(self, jobs: Mapping[str, Callable[..., None]], *, threads: int) -> None:
        self._jobs = jobs
        self._threads = threads
        self._changed = threading.Condition()
        self._waiting: dict[_Ring, Mapping[str, int | str]] = {}
        self._running: set[_Ring] = set()

    def ring(self, job: str, *, key: str = "", args: Mapping[str, int | str] | None = None) -> None:
        """Ask for ``job`` to run soon; dropped when the same ring already waits."""
        with self._changed:
            self._waiting.setdefault((job, key), dict(args or {}))
            self._changed.notify()

    def work(self, stop: Event) -> None:
        """Run jobs until ``stop`` is set, then finish those under way and return."""
        threads = [
            threading.Thread(target=self._serve, args=(stop,), name=f"sahut-worker-{number}", daemon=True)
            for number in range(1, self._threads + 1)
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        with self._changed:
            self._changed.notify_all()
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """Forget the rings that still wait."""
        with self._changed:
            self._waiting.clear()

    def _serve(self, stop: Event) -> None:
        while (taken := self._take(stop)) is not None:
            ring, args = taken
            try:
                self._jobs[ring[0]](**args)
            except Exception:
                # The row keeps its lease or its due time: the work comes back by itself, the worker goes on.
                log.exception("job %s %s failed", *ring)
            finally:
                with self._changed:
                    self._running.discard(ring)
                    self._changed.notify()

    def _take(self, stop: Event) -> tuple[_Ring, Mapping[str, int | str]] | None:
        """The ring that has waited longest and is not running; None when it is time to stop."""
        with self._changed:
            while not stop.is_set():
                ring = next((ring for ring in self._waiting if ring not in self._running), None)
                if ring is not None:
                    self._running.add(ring)
                    return ring, self._waiting.pop(ring)
                self._changed.wait()
        return None
