"""A real HTTP server on 127.0.0.1 with scripted answers, and sources that read it."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from collectors.registry import CollectorSettings, load
from sahut.core.model import Batch, Health, Source, SourceState
from tests.builders import NOW

SETTINGS = CollectorSettings(allow_hosts=("127.0.0.1",), contact="https://sahut.example", total_timeout_s=20.0)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``pause`` seconds pass before each of ``pieces``; a plain ``body`` is sent at once."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] = ()
    pause: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Seen:
    path: str
    headers: Mapping[str, str]


class FeedServer:
    """``answers[path]`` are given in turn, the last one for ever; any other path is 404."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.seen: list[Seen] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def on(self, path: str, *answers: Answer) -> str:
        """Script a path; its full URL."""
        self.answers[path] = list(answers)
        return self.url + path

    def feed(self, path: str, body: bytes, **headers: str) -> str:
        """Serve a feed for ever."""
        return self.on(path, Answer(body=body, headers={k.replace("_", "-"): v for k, v in headers.items()}))

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def do_GET(self) -> None:
                owner.seen.append(
                    Seen(path=self.path, headers={key.lower(): value for key, value in self.headers.items()})
                )
                script = owner.answers.get(self.path, [Answer(status=404)])
                answer = script.pop(0) if len(script) > 1 else script[0]
                try:
                    self.reply(answer)
                except OSError:  # the reader hung up, as it should on a bomb or a drip
                    self.close_connection = True

            def reply(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for key, value in answer.headers.items():
                    self.send_header(key, value)
                if not answer.pieces:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.body)
                for piece in answer.pieces:
                    time.sleep(answer.pause)
                    self.wfile.write(piece)
                    self.wfile.flush()

        return Handler


def a_source(address: str, *, platform: str = "feed", **over: Any) -> Source:
    """A source that was just added."""
    source = Source(
        id=1,
        platform=platform,
        name="Warta Kota Contoh",
        address=address,
        query="",
        interval=timedelta(minutes=10),
        expected_every=None,
        options={},
        demo=False,
        state=SourceState.ACTIVE,
        cursor={},
        due_at=NOW,
        not_before=None,
        health=Health(),
        created_at=NOW,
        version=1,
    )
    return replace(source, **over)


def read(source: Source, *, settings: CollectorSettings = SETTINGS) -> tuple[list[Batch], Source]:
    """Read a source once, with a fresh collector; the batches, and the source as it is stored afterwards."""
    batches = list(load(source.platform, settings=settings).collect(source, now=NOW))
    return batches, replace(source, cursor=batches[-1].cursor) if batches else source


def rss(*items: str, head: str = "<title>Warta Kota Contoh</title>") -> bytes:
    """An RSS 2.0 feed of raw ``<item>`` contents."""
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{body}</channel></rss>'.encode()


def item(number: int, *, title: str = "", date: str = "", guid: str | None = None, extra: str = "") -> str:
    """The contents of one invented item."""
    name = title or f"Lampu jalan nomor {number} padam"
    when = f"<pubDate>{date}</pubDate>" if date else ""
    known = f"<guid>https://warta.example/{number}</guid>" if guid is None else f"<guid>{guid}</guid>" if guid else ""
    return f"<title>{name}</title><link>https://warta.example/{number}</link>{known}{when}{extra}"


def packed(body: bytes) -> bytes:
    """``body`` as gzip."""
    return gzip.compress(body, mtime=0)
