"""Lateness, processor share and memory of ``sahut run`` while it follows 1,000 sources, each every five minutes.

Set-up: a local web server in a process of its own serves as many JSON feeds as there are sources, twenty items each; at
each reading one feed in ten has a new item, the others answer 304. The sources are due spread over the five minutes, as
they are after a day. A first round in which everything is new is not counted; then two rounds are watched. Lateness is
how long after a source was due its reading was stored, seen from the database four times a second. The scheduler's tick
is 15 s, which alone makes a median of some 7.5 s. Run: ``python benchmarks/bench_sources.py [SOURCES] [MINUTES]
[EVERY]``, of which EVERY is the interval in minutes. Fewer than a thousand sources, or another interval, are a try
whether all works: its figures are printed and not kept. Linux only.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from _result import save
from bench_memory import free_port, peak_mb

from sahut.core.model import SourceDraft
from storage.store import open_store

SOURCES = 1_000
EVERY_MINUTES = 5.0
_ITEMS = 20
_NEWS_EVERY = 10


class Feeds(BaseHTTPRequestHandler):
    """Feed N at /N, with a new item at every tenth reading."""

    readings: dict[str, int] = {}  # noqa: RUF012 - one server, one process

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer 304 where nothing is new."""
        count = self.readings[self.path] = self.readings.get(self.path, -1) + 1
        newest = (count + int(self.path.strip("/") or 0)) // _NEWS_EVERY
        etag = f'"{newest}"'
        known = self.headers.get("If-None-Match") == etag
        words = "Lampu jalan padam di depan pasar" if newest % 2 else "Warga menikmati taman kota sore ini"
        items = [{"id": f"{n}", "title": f"{words} {self.path} nomor {n}"} for n in range(newest, newest + _ITEMS)]
        body = b"" if known else json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
        self.send_response(304 if known else 200)
        for name, value in (("ETag", etag), ("Content-Type", "application/feed+json"), ("Content-Length", len(body))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def serve(port: int) -> None:
    """The web server's process."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Feeds)
    server.request_queue_size = 128
    server.serve_forever()


def follow(database: Path, port: int, count: int, every: timedelta) -> None:
    """Add the sources, due one after the other over the interval."""
    store = open_store(f"sqlite:///{database}")
    now = datetime.now(UTC)
    with store.begin() as tx:
        for number in range(count):
            draft = SourceDraft(
                platform="feed", name=f"Sumber {number}", address=f"http://127.0.0.1:{port}/{number}", interval=every
            )
            tx.sources.add(draft, now - every + every * number / count)
    store.close()


def due_times(database: sqlite3.Connection) -> dict[int, datetime]:
    """By source, when it is due."""
    rows = database.execute("SELECT id, due_at FROM source").fetchall()
    return {row[0]: datetime.fromisoformat(row[1]).replace(tzinfo=UTC) for row in rows}


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch(database: Path, pid: int, every: timedelta, minutes: float) -> dict[str, Any]:
    """Lateness of each reading and the processor's share over so many minutes, after a first round."""
    late: list[float] = []
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60) as connection:
        time.sleep(every.total_seconds())
        before, began, spent = due_times(connection), time.monotonic(), cpu_seconds(pid)
        while time.monotonic() - began < minutes * 60:
            time.sleep(0.25)
            after, now = due_times(connection), datetime.now(UTC)
            late += [(now - before[one]).total_seconds() for one in after if after[one] != before[one]]
            before = after
        overdue = sum(moment < datetime.now(UTC) - timedelta(minutes=1) for moment in before.values())
        mentions = connection.execute("SELECT count(*) FROM mention").fetchone()[0]
    if not late:
        raise SystemExit("nothing was read at all: watch for longer than the interval, and look at the log")
    share = (cpu_seconds(pid) - spent) / (time.monotonic() - began)
    return {
        "readings": len(late),
        "lateness_s": {f"p{p}": round(float(np.percentile(late, p)), 1) for p in (50, 95, 99)},
        "overdue_by_a_minute_at_the_end": overdue,
        "cpu_share_of_one_core": round(share, 3),
        "peak_mb": round(peak_mb(pid)),
        "mentions": mentions,
    }


def main() -> None:
    """Measure and keep the result."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SOURCES
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    every_minutes = float(sys.argv[3]) if len(sys.argv) > 3 else EVERY_MINUTES
    every = timedelta(minutes=every_minutes)
    port, board = free_port(), free_port()
    feeds = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    feeds.start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            **os.environ,
            "SAHUT_VAR_DIR": str(folder / "var"),
            "SAHUT_PORT": str(board),
            "SAHUT_ALLOW_HOSTS": "127.0.0.1",
        }
        sahut = [sys.executable, "-m", "sahut"]
        subprocess.run([*sahut, "migrate"], env=environment, cwd=folder, check=True, capture_output=True)
        follow(folder / "var/sahut.db", port, count, every)
        run = [*sahut, "run", "--no-demo"]
        process = subprocess.Popen(run, env=environment, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            result = watch(folder / "var/sahut.db", process.pid, every, minutes)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)
            feeds.kill()
    figures = {"sources": count, "every_minutes": every_minutes, "watched_minutes": minutes, **result}
    if count < SOURCES or every_minutes != EVERY_MINUTES:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        save("sources", figures, packages=("sahut",))


if __name__ == "__main__":
    main()
