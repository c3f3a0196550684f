"""A real HTTP server on 127.0.0.1 that stands in for a platform, and breaks on request at any call.

A platform's test module gives it a handler, shaped by the platform's public documentation; everything that can go wrong
between us and a platform is done here, in one place for all of them.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

HTML = b"<html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass(frozen=True, kw_only=True)
class Request:
    """``query`` and ``form`` hold the last of repeated names, ``target`` all; ``json`` is None without one."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the platform answers; ``json`` is used where ``body`` is empty."""

    status: int = 200
    json: Any = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Fault(StrEnum):
    """What can go wrong at a call. The first five are the platform's own words: each world says how it puts them."""

    UNAUTHORIZED = "401"
    NO_CREDITS = "402"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    TOO_MANY_WITH_RESET = "429 with a time"
    TOO_MANY = "429 without a time"
    HTML_503 = "503 in HTML"
    HTML_200 = "200 with a page for people"
    TRUNCATED = "half of an answer"
    DRIP = "a byte now and then"
    RESET = "a reset connection"


class PlatformServer:
    """Answers by ``handler``, records every request, and breaks at the calls named in `break_at`."""

    def __init__(
        self, handler: Callable[[Request], Reply], refuse: Callable[[Fault, Request], Reply] | None = None
    ) -> None:
        self._handler = handler
        self._refuse = refuse or _plain_refusal
        self._faults: dict[int, Fault] = {}
        self._lock = threading.Lock()
        self.seen: list[Request] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._http.daemon_threads = True
        self.port = int(self._http.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def calls(self) -> int:
        """How many requests came so far."""
        return len(self.seen)

    def break_at(self, call: int, fault: Fault) -> None:
        """Break at the ``call``-th request from now, counted from 0; once."""
        with self._lock:
            self._faults[self.calls + call] = fault

    def mend(self) -> None:
        """Forget faults that were not met."""
        with self._lock:
            self._faults.clear()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: PlatformServer

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def _any(self) -> None:
        target = urlsplit(self.path)
        request = Request(
            method=self.command,
            target=self.path,
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={key.lower(): value for key, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length") or 0)),
        )
        with self.owner._lock:
            fault = self.owner._faults.pop(self.owner.calls, None)
            self.owner.seen.append(request)
        try:
            if fault is None:
                self._send(self.owner._handler(request))
            else:
                self._fail(fault, request)
        except OSError:  # the reader hung up, as it should on a drip
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - the base class calls them so

    def _send(self, reply: Reply, *, cut: bool = False) -> None:
        body = reply.body or (b"" if reply.json is None else json.dumps(reply.json).encode())
        headers = {"Content-Type": "application/json", **reply.headers}
        self.send_response(reply.status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.wfile.flush()
        self.close_connection = True

    def _fail(self, fault: Fault, request: Request) -> None:
        if fault is Fault.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif fault is Fault.TRUNCATED:
            self._send(self.owner._handler(request), cut=True)
        elif fault is Fault.DRIP:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "100000")
            self.end_headers()
            for _ in range(600):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.05)
        elif fault in {Fault.HTML_503, Fault.HTML_200}:
            status = 503 if fault is Fault.HTML_503 else 200
            self._send(Reply(status=status, body=HTML, headers={"Content-Type": "text/html"}))
        else:
            self._send(self.owner._refuse(fault, request))


def _plain_refusal(fault: Fault, request: Request) -> Reply:
    status = int(fault.value[:3])
    headers = {"Retry-After": "900"} if fault is Fault.TOO_MANY_WITH_RESET else {}
    return Reply(status=status, json={"error": fault.value}, headers=headers)


def forbid_sleep(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Let a client library that sleeps fail instead."""

    def refuse(seconds: float) -> None:
        raise AssertionError(f"slept for {seconds} s")

    for module in modules:
        monkeypatch.setattr(f"{module}.time.sleep", refuse)
