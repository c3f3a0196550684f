"""The metronome: it rings for what is due, says that it lives, and outlives a bad beat."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event

import pytest

from sahut import schedule
from sahut.core.ports import Store
from tests.builders import a_source_draft
from tests.fakes import FakeQueue

PATIENCE = 60.0


class Bell(FakeQueue):
    """Counts its rings, and may be broken for a while."""

    def __init__(self, *, broken_for: int = 0) -> None:
        super().__init__()
        self.heard: list[tuple[str, str, dict[str, int | str]]] = []
        self._broken_for = broken_for

    def ring(self, job: str, *, key: str = "", args: Mapping[str, int | str] | None = None) -> None:
        if self._broken_for:
            self._broken_for -= 1
            raise OSError("the bell is broken")
        self.heard.append((job, key, dict(args or {})))


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def ticking(store: Store, queue: Bell, roles: tuple[str, ...]) -> Iterator[None]:
    stop = Event()
    thread = threading.Thread(
        target=schedule.run,
        args=(stop,),
        kwargs={
            "store": store,
            "queue": queue,
            "clock": now,
            "roles": roles,
            "tick_seconds": 0.2,
            "tidy_minutes": 60,
        },
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def roles_alive(store: Store) -> set[str]:
    with store.read() as tx:
        return {role for role, _, _ in tx.operations.beats()}


def test_a_due_source_rings_again_at_every_tick_until_it_is_read(sqlite_store: Store) -> None:
    queue = Bell()
    with sqlite_store.begin() as tx:
        source = tx.sources.add(a_source_draft(), now())
    with ticking(sqlite_store, queue, ("scheduler",)):
        eventually(lambda: queue.heard.count(("collect", f"source:{source.id}", {"source_id": source.id})) >= 3)
    assert roles_alive(sqlite_store) == {"scheduler"}


def test_a_process_that_is_no_scheduler_only_says_that_it_lives(sqlite_store: Store) -> None:
    queue = Bell()
    with sqlite_store.begin() as tx:
        tx.sources.add(a_source_draft(), now())
    with ticking(sqlite_store, queue, ("web", "worker")):
        eventually(lambda: roles_alive(sqlite_store) == {"web", "worker"})
    assert queue.heard == []


def test_a_tick_that_fails_is_logged_and_the_next_one_comes(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite_store.begin() as tx:
        tx.sources.add(a_source_draft(), now())
    queue = Bell(broken_for=2)
    with caplog.at_level(logging.ERROR, logger="apscheduler"), ticking(sqlite_store, queue, ("scheduler",)):
        eventually(lambda: len(queue.heard) >= 1)
    assert "the bell is broken" in caplog.text
