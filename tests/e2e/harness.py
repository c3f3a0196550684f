"""The service as its users meet it: processes, a feed on a local server, a terminal. Nothing of it is imported."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

PATIENCE = 120.0
_SCOPES = ("own", "read", "cases", "decide", "handle", "manage", "accounts")
_PASSWORD = re.compile(r"one-time password (\S+)")


def eventually(what: str, holds: Callable[[], Any], *, patience: float = PATIENCE) -> Any:
    """Poll until ``holds`` gives something true, and give it back."""
    end = time.monotonic() + patience
    while True:
        with contextlib.suppress(httpx.TransportError):
            if found := holds():
                return found
        assert time.monotonic() < end, f"it never came true: {what}"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Feed:
    """A news site's RSS on a local server, with items that a test adds. Answers 304 as real ones do."""

    def __init__(self, title: str = "Kabar Kota") -> None:
        self.title = title
        self.items: list[tuple[str, str, str]] = []
        self.requests = 0
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                feed.requests += 1
                body = feed.body()
                tag = f'"{len(feed.items)}"'
                fresh = self.headers.get("If-None-Match") != tag
                self.send_response(200 if fresh else 304)
                self.send_header("ETag", tag)
                if fresh:
                    self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if fresh:
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/rss.xml"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def add(self, title: str, text: str) -> str:
        """A new item; its title, which is unique."""
        self.items.insert(0, (f"item-{len(self.items) + 1}", title, text))
        return title

    def body(self) -> bytes:
        entries = "".join(
            f"<item><guid isPermaLink='false'>{guid}</guid><title>{escape(title)}</title>"
            f"<link>https://kabarkota.example/{guid}</link>"
            f"<description>{escape(f'<p>{text}</p>')}</description>"
            f"<pubDate>{format_datetime(datetime.now(UTC))}</pubDate></item>"
            for guid, title, text in self.items
        )
        return (
            f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{escape(self.title)}</title>"
            f"<link>https://kabarkota.example/</link><description>Berita</description>{entries}</channel></rss>"
        ).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Sahut:
    """One installation: a folder of its own, its settings, and the processes that run in it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = ""
        self.processes: list[subprocess.Popen[str]] = []
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SAHUT_")}
        self.environment = inherited | {
            "SAHUT_VAR_DIR": str(folder / "var"),
            "SAHUT_PORT": str(self.port),
            "SAHUT_MODEL": "keywords",
            "SAHUT_ALLOW_HOSTS": "127.0.0.1",
            "SAHUT_TICK_SECONDS": "0.5",
            "SAHUT_LEASE_MINUTES": "0.1",
            "SAHUT_LOST_WORKER_SECONDS": "3",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "200",
            **settings,
        }

    def start(self, *command: str, port: int | None = None) -> subprocess.Popen[str]:
        """A process of the service; its output is kept in ``output``."""
        environment = self.environment | ({} if port is None else {"SAHUT_PORT": str(port)})
        process = subprocess.Popen(
            [sys.executable, "-m", "sahut", *command],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        return process

    def key(self) -> str:
        """A key of the administrator's, for all that these tests do."""
        scopes = [part for one in _SCOPES for part in ("--scope", one)]
        return self.command("token", "new", "admin", "e2e", *scopes).strip()

    def command(self, *arguments: str, fails_with: int = 0) -> str:
        """A command in the foreground; what it wrote on stdout."""
        done = subprocess.run(
            [sys.executable, "-m", "sahut", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == fails_with, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + (done.stderr if fails_with else "")

    def says(self, text: str) -> None:
        """Wait until a process has said ``text``."""
        eventually(f"the terminal says '{text}'", lambda: text in self.output)

    def password(self) -> str:
        """The first administrator's one-time password, from the terminal."""
        found = eventually("a one-time password is printed", lambda: _PASSWORD.search(self.output))
        return str(found[1])

    def ready(self, port: int | None = None) -> None:
        """Wait until the board answers."""
        url = f"http://127.0.0.1:{port or self.port}/readyz"
        eventually("the service is ready", lambda: httpx.get(url, timeout=5).status_code == 200)

    def api(self, token: str, port: int | None = None) -> httpx.Client:
        """The API with a program's key."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{port or self.port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )

    def kill(self, process: subprocess.Popen[str]) -> None:
        """SIGKILL: no time for anything."""
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)

    def stop(self, process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        process.send_signal(number)
        return process.wait(PATIENCE)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)
            if process.stdout:
                process.stdout.close()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        with contextlib.suppress(ValueError):  # closed under its hands at the end of a test
            for line in process.stdout:
                self.output += line


@contextlib.contextmanager
def feed() -> Iterator[Feed]:
    made = Feed()
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def installation(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Sahut]:
    made = Sahut(folder, **(settings or {}))
    try:
        yield made
    except BaseException:
        sys.stderr.write(f"--- what the service said ---\n{made.output}\n")
        raise
    finally:
        made.close()


def as_json(text: str) -> Any:
    return json.loads(text)
