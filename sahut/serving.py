"""The web server: uvicorn, which waits for a request's head only so long."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

# The head of a request is a few kilobytes: who takes longer holds a connection and asks for nothing.
HEAD_SECONDS = 20.0


class PatientProtocol(H11Protocol):
    """Closes a connection on which no whole head of a request has come for `HEAD_SECONDS`.

    uvicorn's own limit holds between two requests alone, and only until the next one's first byte. How long a body may
    take is the app's to say (triage_api/hardening.py).
    """

    head_seconds = HEAD_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._watch = self.loop.call_later(self.head_seconds, self._look)

    def on_response_complete(self) -> None:
        """Begin to wait for the next one."""
        self._since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        answering = bool(self.cycle) and not self.cycle.response_complete
        waited = 0.0 if answering else self.loop.time() - self._since
        if waited >= self.head_seconds:
            self.transport.close()
        else:
            self._watch = self.loop.call_later(self.head_seconds - waited, self._look)


def server_for(app: Any, *, access_log: bool, last_answers_s: int, protocol: type = PatientProtocol) -> uvicorn.Server:
    """A server of the app; whoever is being answered when it stops gets ``last_answers_s`` seconds more."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            log_config=None,
            access_log=access_log,
            server_header=False,
            timeout_graceful_shutdown=last_answers_s,
        )
    )
