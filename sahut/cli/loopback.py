"""A listener on this machine for one browser that comes back from a platform's site."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

from sahut.core.errors import RefusedError

PATIENCE = 300.0
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})
_SAID = "<!doctype html><html lang=id><meta charset=utf-8><title>Sahut</title><p>Selesai. Kembali ke terminal."


class Listener:
    """Takes the first request to its path; what else comes (an icon) is answered with 404."""

    def __init__(self, host: str, port: int, path: str) -> None:
        found: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                mine = urlsplit(self.path).path == path
                body = _SAID.encode() if mine else b""
                self.send_response(200 if mine else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                if mine:
                    found.append(self.path)

            def log_message(self, *_: object) -> None:
                """Nothing: its path holds the code."""

        try:
            self._server = HTTPServer((host, port), Handler)
        except OSError as error:
            raise RefusedError(
                f"nothing can listen at {host}:{port} ({error}); use --paste", rule="sign_in_listen"
            ) from error
        self._found = found

    @classmethod
    def at(cls, redirect: str) -> Listener | None:
        """One for an address of this machine, None for any other. Raises RefusedError where its port is taken."""
        try:
            parts = urlsplit(redirect)
            port = parts.port
        except ValueError:
            return None
        if parts.scheme != "http" or parts.hostname not in _HERE or port is None:
            return None
        return cls("127.0.0.1", port, parts.path)

    def answer(self, patience: float = PATIENCE) -> str:
        """The path and query that the browser came with; "" where none came in time."""
        ends = time.monotonic() + patience
        while not self._found and (left := ends - time.monotonic()) > 0:
            self._server.timeout = min(left, 1.0)
            self._server.handle_request()
        return self._found[0] if self._found else ""

    def close(self) -> None:
        """Let go of the port."""
        self._server.server_close()
