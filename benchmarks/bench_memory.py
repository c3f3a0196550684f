"""Peak memory of ``sahut run`` after 100,000 mentions were collected, judged by the shipped model, and looked at.

Set-up: a fresh folder, ``sahut run`` (web + worker + scheduler in one process, SQLite, the shipped model), a replay
file of 100,000 invented posts (`_posts.py`) followed by it as any source is. While it works through them the board and
the health answer are asked for once a second. The peak is the kernel's own high-water mark of the process and its
children (VmHWM); it is also kept at 10,000, so that a leak would show as growth. Judging them takes about half an hour
on two cores. Run: ``python benchmarks/bench_memory.py [MENTIONS]``. Linux only.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from _posts import posts
from _result import save

MENTIONS = 100_000
LIMIT_MB = 700
EARLY = 10_000


def free_port() -> int:
    """A port that nobody listens on, with its neighbour free too."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def peak_mb(pid: int) -> float:
    """High-water mark of a process's resident memory and of its children's, megabytes (10⁶ bytes)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    total = 0.0
    for one in [str(pid), *children]:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{one}/status").read_text(encoding="ascii"))
        total += int(found.group(1)) * 1024 / 1e6 if found else 0.0
    return total


def stored_and_judged(database: Path) -> tuple[int, int]:
    """How many mentions are stored, and how many of them no longer wait for the classifier."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60) as connection:
        stored = connection.execute("SELECT count(*) FROM mention").fetchone()[0]
        waiting = connection.execute("SELECT count(*) FROM mention WHERE state = 'collected'").fetchone()[0]
    return stored, stored - waiting


def main() -> None:
    """Measure and keep the result."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else MENTIONS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "posts.jsonl").open("w", encoding="utf-8") as lines:
            for post in posts(wanted):
                lines.write(json.dumps(post) + "\n")
        port = free_port()
        environment = {**os.environ, "SAHUT_VAR_DIR": str(folder / "var"), "SAHUT_PORT": str(port)}
        sahut = [sys.executable, "-m", "sahut"]
        subprocess.run([*sahut, "migrate"], env=environment, cwd=folder, check=True, capture_output=True)
        add = [*sahut, "source", "add", "replay", str(folder / "posts.jsonl"), "--name", "bench", "--every", "1"]
        subprocess.run(add, env=environment, cwd=folder, check=True, capture_output=True)
        process = subprocess.Popen([*sahut, "run"], env=environment, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            result = watch(process, folder / "var" / "sahut.db", f"http://127.0.0.1:{port}", wanted)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    save("memory", {"posts": wanted, **result, "limit_mb": LIMIT_MB}, packages=("sahut", "onnxruntime"))


def watch(process: subprocess.Popen[bytes], database: Path, address: str, wanted: int) -> dict[str, object]:
    """Ask for pages until everything is judged; the peaks."""
    early = 0.0
    began = time.monotonic()
    while True:
        time.sleep(1)
        if process.poll() is not None:
            raise SystemExit(f"sahut run ended with {process.returncode}")
        for path in ("/", "/api/v1/health"):
            try:
                httpx.get(address + path, timeout=30, follow_redirects=True)
            except httpx.TransportError:
                break
        stored, judged = stored_and_judged(database)
        if not early and judged >= EARLY:
            early = peak_mb(process.pid)
        # One in twenty lines is an edit of the one before it.
        if judged == stored and stored >= wanted * 0.9:
            return {
                "mentions": stored,
                "minutes": round((time.monotonic() - began) / 60, 1),
                "peak_mb": round(peak_mb(process.pid)),
                "peak_mb_at_10000": round(early),
            }


if __name__ == "__main__":
    main()
