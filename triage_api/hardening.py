"""Headers that keep a browser from being turned against its user, and a limit on what is read of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOT_MODIFIED = 304
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Puts them on every answer, and keeps answers out of caches unless a route says otherwise."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if tls:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # What has no body can do nothing: a poll's answer stays short.
                for name, value in () if message["status"] == NOT_MODIFIED else self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)


class BodyLimit:
    """Refuses a body of more than ``most`` bytes, by its declared length or else as soon as it has been read so far.

    And one that has not come whole after so many ``seconds``. FastAPI's own limit answers a declared length in plain
    text and outside of every other middleware; nothing else limits how slowly a body may come. ``uploads`` are paths
    that take files, each with bytes and seconds of its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most: int,
        seconds: float,
        refuse: Callable[[Request, str], Response],
        uploads: Mapping[str, tuple[int, float]] | None = None,
    ) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds
        self._refuse = refuse
        self._uploads = uploads or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        most, seconds = self._uploads.get(scope.get("path", ""), (self._most, self._seconds))
        detail = f"a request may have {most} bytes"
        declared = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if declared.isdecimal() and int(declared[:20]) > most:
            await self._refuse(Request(scope), detail)(scope, receive, send)
            return
        read, coming = 0, scope["type"] == "http"
        until = asyncio.get_running_loop().time() + seconds

        async def counted() -> Message:
            nonlocal read, coming
            try:
                # Once it has come whole, what is waited for is that the browser goes away.
                async with asyncio.timeout_at(until if coming else None):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(
                    408, f"a request's body may take {seconds:g} s", headers={"Connection": "close"}
                ) from None
            coming = coming and message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, detail)
            return message

        await self._app(scope, counted, send)
