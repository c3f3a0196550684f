"""An invented newspaper's RSS feed, served on loopback from a thread while the demonstration is on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self
from xml.etree import ElementTree as ET

HOST = "127.0.0.1"
FEED_PATH = "/koran-tirtamas.xml"

_ITEMS = Path(__file__).with_name("feed.jsonl")
_SITE = "https://korantirtamas.example"
_WIB = timezone(timedelta(hours=7))
_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip


def items() -> list[dict[str, Any]]:
    """The feed's items, oldest first: guid, at (ISO, +07:00), dates (rfc or wib), title, text (some HTML)."""
    return [json.loads(line) for line in _ITEMS.read_text(encoding="utf-8").splitlines()]


def rss(entries: Iterable[Mapping[str, Any]], now: datetime) -> bytes:
    """RSS 2.0, newest first. Dates move by whole days, so that the newest lies within the day before ``now``.

    Half of the dates are RFC 822, half are written as Indonesian sites do: "Selasa, 24 November 2026 10:00 WIB".
    """
    dated = sorted(((datetime.fromisoformat(entry["at"]), entry) for entry in entries), key=lambda pair: pair[0])
    shift = timedelta(days=(now - dated[-1][0]).days)
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _say(channel, title="Koran Tirtamas", link=_SITE, description="Kabar rekaan dari kota rekaan", language="id")
    for at, entry in reversed(dated):
        item = ET.SubElement(channel, "item")
        guid = ET.SubElement(item, "guid", isPermaLink="false")
        guid.text = entry["guid"]
        _say(
            item,
            title=entry["title"],
            link=f"{_SITE}/{entry['guid']}",
            description=entry["text"],
            pubDate=_written(at + shift, entry["dates"]),
        )
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _say(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = text


def _written(at: datetime, style: str) -> str:
    local = at.astimezone(_WIB)
    if style == "rfc":
        return format_datetime(local)
    return f"{_DAYS[local.weekday()]}, {local.day} {_MONTHS[local.month - 1]} {local.year} {local:%H:%M} WIB"


class DemoFeed:
    """The server; use it as a context. ``port`` 0 takes a free one.

    Raises OSError when the port is taken. Collectors refuse loopback: allow exactly ``allowed`` by name.
    """

    def __init__(self, now: datetime, *, port: int = 0) -> None:
        body = rss(items(), now)
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != FEED_PATH:
                    self.send_error(HTTPStatus.NOT_FOUND)
                elif self.headers.get("If-None-Match") == tag:
                    self.send_response(HTTPStatus.NOT_MODIFIED)
                    self.send_header("ETag", tag)
                    self.end_headers()
                else:
                    self.send_response(HTTPStatus.OK)
                    self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                    self.send_header("Content-Length", str(len(body)))
                    self.send_header("ETag", tag)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Every reading is already in the source's health."""

        self._server = ThreadingHTTPServer((HOST, port), Handler)
        self._thread = Thread(target=self._server.serve_forever, name="sahut-demo-feed", daemon=True)

    @property
    def allowed(self) -> str:
        """The "host:port", as `SAHUT_ALLOW_HOSTS` names it."""
        return f"{HOST}:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Where the feed is."""
        return f"http://{self.allowed}{FEED_PATH}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
