"""Sessions of `requests` for client libraries: with a total deadline, a size limit and a base address."""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpcore
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from collectors._network import BlockedAddressError, blocked_address, blocked_by, vetted
from collectors._settings import CollectorSettings
from sahut.core.errors import PermanentError, TransientError
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


class BlockedHostError(requests.RequestException):
    """The host leads into a network that collectors may not reach; nothing was sent."""


def unanswered(what: str, error: requests.RequestException) -> TransientError | PermanentError:
    """The error for a call that brought no whole answer, ready to be raised. ``what`` names the call."""
    if blocked := blocked_by(error):
        return blocked_address(what, blocked)
    if isinstance(error, requests.Timeout):
        return TransientError(f"{what} took too long to answer", problem=Problem.TOO_SLOW)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return TransientError(f"{what} answered what cannot be unpacked: {error}", problem=Problem.TOO_LARGE)
    return TransientError(f"{what} could not be reached: {type(error).__name__}", problem=Problem.UNREACHABLE)


def never_left(error: requests.RequestException) -> bool:
    """Whether the call surely did not reach the platform: no connection was made at all."""
    if blocked_by(error):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(getattr(cause, "reason", None), NewConnectionError)


class _Vetted:
    """A connection of urllib3 that opens to vetted addresses alone, by address: the name is not looked up again."""

    allow_hosts: tuple[str, ...] = ()

    def _new_conn(self) -> socket.socket:
        said: Any = self  # urllib3's own names, which its types do not promise
        name, limit = said._dns_host, float(said.timeout)  # noqa: SLF001 - the one place where it takes an address
        try:
            addresses = vetted(said.host, said.port, self.allow_hosts, limit)
        except BlockedAddressError as error:
            raise BlockedHostError(str(error)) from error
        except httpcore.ConnectTimeout as error:
            raise ConnectTimeoutError(said, str(error)) from error
        except httpcore.ConnectError as error:
            raise NewConnectionError(said, str(error)) from error
        failure: HTTPError = NewConnectionError(said, f"{said.host} has no address")
        try:
            for address in addresses:
                said._dns_host = address  # noqa: SLF001 - as above
                try:
                    made: socket.socket = super()._new_conn()  # type: ignore[misc]
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
                else:
                    return made
        finally:
            said._dns_host = name  # noqa: SLF001 - the certificate is the name's, not the address's
        raise failure


def _pools(allow_hosts: tuple[str, ...]) -> dict[str, type[HTTPConnectionPool]]:
    """Pools by scheme whose connections are vetted."""
    found: dict[str, type[HTTPConnectionPool]] = {}
    for scheme, pool in (("http", HTTPConnectionPool), ("https", HTTPSConnectionPool)):
        line = type("Vetted", (_Vetted, pool.ConnectionCls), {"allow_hosts": allow_hosts})
        found[scheme] = type("VettedPool", (pool,), {"ConnectionCls": line})
    return found


class _Bounded(HTTPAdapter):
    """Reads the whole body against the clock: a server that drips a byte a second never trips a read time-out."""

    def __init__(self, settings: CollectorSettings, base_url: str) -> None:
        self._settings = settings
        self._base = urlsplit(base_url) if base_url else None
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As `HTTPAdapter.init_poolmanager`, with vetted connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._settings.allow_hosts)

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
