"""Sessions of `requests` for client libraries: with a total deadline, a size limit and a base address."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from collectors._settings import CollectorSettings
from sahut.core.errors import TransientError
from sahut.core.model import Problem

_PIECE = 65_536


def session(settings: CollectorSettings, *, base_url: str = "") -> requests.Session:
    """A session whose every call ends within ``settings.total_timeout_s`` and holds at most ``max_bytes``.

    With ``base_url`` every call goes there, whatever host the library wants: scheme and host are exchanged, and its
    path comes before the library's. Redirects are not followed, since no interface for programs needs them and each
    would carry our key along. Calls raise `requests.RequestException`.
    """
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 0
    made.headers["User-Agent"] = settings.agent
    adapter = _Bounded(settings, base_url)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def unanswered(what: str, error: requests.RequestException) -> TransientError:
    """The error for a call that brought no whole answer, ready to be raised. ``what`` names the call."""
    if isinstance(error, requests.Timeout):
        return TransientError(f"{what} took too long to answer", problem=Problem.TOO_SLOW)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return TransientError(f"{what} answered what cannot be unpacked: {error}", problem=Problem.TOO_LARGE)
    return TransientError(f"{what} could not be reached: {type(error).__name__}", problem=Problem.UNREACHABLE)


def never_left(error: requests.RequestException) -> bool:
    """Whether the call surely did not reach the platform: no connection was made at all."""
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(getattr(cause, "reason", None), NewConnectionError)


class _Bounded(HTTPAdapter):
    """Reads the whole body against the clock: a server that drips a byte a second never trips a read time-out."""

    def __init__(self, settings: CollectorSettings, base_url: str) -> None:
        self._settings = settings
        self._base = urlsplit(base_url) if base_url else None
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """As `HTTPAdapter.send`, whatever time-out the library wants."""
        if self._base is not None:
            wanted = urlsplit(str(request.url))
            path = self._base.path.rstrip("/") + wanted.path
            request.url = urlunsplit((self._base.scheme, self._base.netloc, path, wanted.query, ""))
        end = time.monotonic() + self._settings.total_timeout_s
        limits = (self._settings.connect_timeout_s, min(self._settings.read_timeout_s, self._settings.total_timeout_s))
        response = super().send(request, stream=True, timeout=limits)
        try:
            response._content = self._body(response, request, end)  # noqa: SLF001 - what `Response.content` reads
        finally:
            response.close()
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - as above
        return response

    def _body(self, response: requests.Response, request: requests.PreparedRequest, end: float) -> bytes:
        body = bytearray()
        while True:
            try:
                piece = response.raw.read1(_PIECE, decode_content=True)
            except ReadTimeoutError as error:
                raise requests.ReadTimeout(str(error), request=request) from error
            except HTTPError as error:
                raise requests.ConnectionError(str(error), request=request) from error
            if time.monotonic() > end:
                raise requests.ReadTimeout("the answer took too long", request=request)
            if not piece:
                return bytes(body)
            body += piece
            if len(body) > self._settings.max_bytes:
                raise requests.exceptions.ContentDecodingError("the answer is too large", request=request)
