"""What every queue promises: the thread pool of one machine and the task engine on PostgreSQL pass the same suite."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import psycopg
import pytest

from sahut.core.ports import Queue
from sahut.queues.engine import EngineQueue, conninfo, prepare
from sahut.queues.inline import InlineQueue

PATIENCE = 60.0
Jobs = dict[str, Callable[..., None]]
MakeQueue = Callable[[Jobs], Queue]


@pytest.fixture(params=["inline", pytest.param("engine", marks=pytest.mark.postgres)])
def make_queue(request: pytest.FixtureRequest) -> Iterator[MakeQueue]:
    made: list[Queue] = []
    if request.param == "engine":
        prepare(request.getfixturevalue("postgres_url"))

    def make(jobs: Jobs) -> Queue:
        queue: Queue
        if request.param == "inline":
            queue = InlineQueue(jobs, threads=3)
        else:
            queue = EngineQueue(request.getfixturevalue("postgres_url"), jobs, threads=3, lost_after=2)
        made.append(queue)
        return queue

    yield make
    for queue in made:
        queue.close()


@contextmanager
def at_work(queue: Queue) -> Iterator[tuple[threading.Thread, Event]]:
    stop = Event()
    thread = threading.Thread(target=queue.work, args=(stop,))
    thread.start()
    try:
        yield thread, stop
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the queue did not stop"


def eventually(holds: Callable[[], bool], *, patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def test_a_ring_runs_its_job_with_its_arguments(make_queue: MakeQueue) -> None:
    seen: list[object] = []
    queue = make_queue({"collect": lambda source_id, word: seen.append((source_id, word))})
    with at_work(queue):
        queue.ring("collect", key="7", args={"source_id": 7, "word": "air"})
        eventually(lambda: seen == [(7, "air")])


def test_rings_wait_for_a_worker_and_one_key_rings_once(make_queue: MakeQueue) -> None:
    seen: list[int] = []
    done = Event()
    queue = make_queue({"collect": lambda source_id: seen.append(source_id), "end": done.set})  # noqa: PLW0108 - append takes no keyword
    for source_id in (1, 2, 1, 1, 2):
        queue.ring("collect", key=f"source:{source_id}", args={"source_id": source_id})
    with at_work(queue):
        eventually(lambda: sorted(seen) == [1, 2])
        queue.ring("end")
        assert done.wait(PATIENCE)
    assert sorted(seen) == [1, 2]


def test_a_ring_while_its_job_runs_is_kept(make_queue: MakeQueue) -> None:
    running, go_on = Event(), Event()
    runs: list[int] = []

    def job() -> None:
        runs.append(1)
        running.set()
        assert go_on.wait(PATIENCE)

    queue = make_queue({"assess": job})
    with at_work(queue):
        queue.ring("assess")
        assert running.wait(PATIENCE)
        queue.ring("assess")
        go_on.set()
        eventually(lambda: len(runs) == 2)


def test_several_jobs_run_at_once(make_queue: MakeQueue) -> None:
    together = threading.Barrier(3, timeout=PATIENCE)
    met: list[int] = []

    def job(number: int) -> None:
        together.wait()
        met.append(number)

    queue = make_queue({"collect": job})
    with at_work(queue):
        for number in range(3):
            queue.ring("collect", key=str(number), args={"number": number})
        eventually(lambda: sorted(met) == [0, 1, 2])


def test_a_job_that_raises_is_logged_and_the_worker_lives_on(
    make_queue: MakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    done = Event()

    def bad() -> None:
        raise ValueError("the feed bit me")

    queue = make_queue({"bad": bad, "good": done.set})
    with caplog.at_level(logging.ERROR, logger="sahut.queues"), at_work(queue):
        for _ in range(5):
            queue.ring("bad")
        queue.ring("unheard-of")
        eventually(lambda: "the feed bit me" in caplog.text)
        queue.ring("good")
        assert done.wait(PATIENCE)


def test_stop_finishes_the_jobs_under_way_and_starts_no_other(make_queue: MakeQueue) -> None:
    running, go_on = Event(), Event()
    finished: list[str] = []

    def slow() -> None:
        running.set()
        assert go_on.wait(PATIENCE)
        finished.append("slow")

    queue = make_queue({"slow": slow, "other": lambda: finished.append("other")})
    with at_work(queue) as (thread, stop):
        queue.ring("slow")
        assert running.wait(PATIENCE)
        stop.set()
        thread.join(0.5)
        assert thread.is_alive(), "work() returned while a job was under way"
        go_on.set()
        thread.join(PATIENCE)
        queue.ring("other")
    assert finished == ["slow"]


def test_a_queue_that_has_stopped_can_work_again(make_queue: MakeQueue) -> None:
    done = [Event(), Event()]
    queue = make_queue({"job": lambda number: done[number].set()})
    for number in range(2):
        with at_work(queue):
            queue.ring("job", key=str(number), args={"number": number})
            assert done[number].wait(PATIENCE)


# --- the engine alone: work of other processes -----------------------------------------------------------------------

WORKER = """
import sys, time
from pathlib import Path
from threading import Event
from sahut.queues.engine import EngineQueue
url, mark = sys.argv[1], Path(sys.argv[2])
def hang():
    mark.write_text("running")
    time.sleep(3600)
EngineQueue(url, {"assess": hang}, threads=1, lost_after=2).work(Event())
"""


def start_hanging_worker(url: str, mark: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORKER, url, str(mark)], env={**os.environ, "PYTHONPATH": "."})


@pytest.mark.postgres
@pytest.mark.processes
@pytest.mark.parametrize("rung_again", [False, True])
def test_work_of_a_killed_worker_is_taken_up_again(postgres_url: str, tmp_path: Path, rung_again: bool) -> None:
    prepare(postgres_url)
    taken_up = Event()
    queue = EngineQueue(postgres_url, {"assess": taken_up.set}, threads=1, lost_after=2)
    mark = tmp_path / "mark"
    worker = start_hanging_worker(postgres_url, mark)
    try:
        queue.ring("assess")
        eventually(mark.exists)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    if rung_again:  # the lost job cannot go back into the queue beside this ring: it must not block it either
        queue.ring("assess")
    with at_work(queue):
        assert taken_up.wait(PATIENCE)
        eventually(lambda: jobs_left(postgres_url) == 0)
    queue.close()


@pytest.mark.postgres
def test_finished_and_failed_jobs_leave_no_rows(postgres_url: str) -> None:
    prepare(postgres_url)
    runs: list[int] = []

    def job(number: int) -> None:
        runs.append(number)
        if number % 2:
            raise ValueError(number)

    queue = EngineQueue(postgres_url, {"job": job}, threads=2, lost_after=5)
    for number in range(6):
        queue.ring("job", key=str(number), args={"number": number})
    with at_work(queue):
        eventually(lambda: len(runs) == 6 and jobs_left(postgres_url) == 0)
    queue.close()


@pytest.mark.postgres
def test_two_workers_share_the_work_and_no_ring_runs_twice(postgres_url: str) -> None:
    prepare(postgres_url)
    runs: list[int] = []
    jobs: Jobs = {"job": lambda number: runs.append(number)}  # noqa: PLW0108 - append takes no keyword
    queues = [EngineQueue(postgres_url, jobs, threads=2, lost_after=30) for _ in range(2)]
    for number in range(40):
        queues[0].ring("job", key=str(number), args={"number": number})
    with at_work(queues[0]), at_work(queues[1]):
        eventually(lambda: jobs_left(postgres_url) == 0)
    assert sorted(runs) == list(range(40))
    for queue in queues:
        queue.close()


@pytest.mark.postgres
def test_tables_are_made_once_when_many_processes_start_together(postgres_url: str) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            prepare(postgres_url)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert jobs_left(postgres_url) == 0


@pytest.mark.postgres
def test_tables_of_another_version_are_replaced_and_a_current_one_is_kept(postgres_url: str) -> None:
    prepare(postgres_url)
    queue = EngineQueue(postgres_url, {}, threads=1)
    queue.ring("assess")
    prepare(postgres_url)
    assert jobs_left(postgres_url) == 1
    with psycopg.connect(conninfo(postgres_url)) as connection:
        connection.execute("COMMENT ON SCHEMA sahut_queue IS 'an older version'")
    prepare(postgres_url)
    assert jobs_left(postgres_url) == 0
    queue.ring("assess")
    assert jobs_left(postgres_url) == 1
    queue.close()


def test_a_ring_without_a_database_is_lost_with_a_word_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = EngineQueue("postgresql+psycopg://nobody@127.0.0.1:1/none", {}, threads=1)
    monkeypatch.setattr("sahut.queues.engine._CONNECT_PATIENCE", 0.5)
    with caplog.at_level(logging.WARNING, logger="sahut.queues"):
        queue.ring("assess")
    assert "ring assess  was lost" in caplog.text
    queue.close()


def jobs_left(url: str) -> int:
    with psycopg.connect(conninfo(url)) as connection:
        row = connection.execute("SELECT count(*) FROM sahut_queue.procrastinate_jobs").fetchone()
    assert row is not None
    return int(row[0])
