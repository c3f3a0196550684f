"""One polite client: bounded in bytes and time, careful where it connects, honest about who it is.

Redirects are followed by hand, ten at most; every hop opens its connection through `GuardedBackend`, so each host is
checked. Credentials in a URL are sent as basic authentication to that origin alone. The environment's proxies are not
used, since a proxy would resolve names out of sight.
"""

from __future__ import annotations

import ssl
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import httpcore
import httpx

from collectors._freshness import fresh_until, retry_after
from collectors._inflate import Inflater, TooLargeError
from collectors._network import BlockedAddressError, Deadline, GuardedBackend, blocked_address, blocked_by
from collectors._settings import CollectorSettings
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Problem

MAX_HOPS = 10
_LAST_PORT = 65_535
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}
_TROUBLE = (
    BlockedAddressError,
    TooLargeError,
    zlib.error,
    httpx.HTTPError,
    httpx.InvalidURL,
    httpcore.ReadTimeout,
    UnicodeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said: status 2xx or 304. Header names are in lower case, ``body`` is unpacked.

    ``url`` is where the document was found; ``moved_to`` where permanent redirects alone led to, "" for nowhere.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved_to: str
    next_check: datetime | None

    @property
    def content_type(self) -> str | None:
        """The Content-Type header."""
        return self.headers.get("content-type")


@cache
def _tls() -> ssl.SSLContext:
    """One for the process: reading a hundred and more root certificates takes longer than many a fetch."""
    return ssl.create_default_context()


class _Slots:
    """How many requests run at once against one host in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}
        self._freed = threading.Condition(self._lock)

    @contextmanager
    def slot(self, host: str, limit: int, deadline: Deadline) -> Iterator[None]:
        with self._freed:
            while self._taken.get(host, 0) >= limit:
                self._freed.wait(deadline.left())
            self._taken[host] = self._taken.get(host, 0) + 1
        try:
            yield
        finally:
            with self._freed:
                self._taken[host] -= 1
                if not self._taken[host]:
                    del self._taken[host]
                self._freed.notify_all()


_SLOTS = _Slots()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What an interface for programs said, whatever the status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """GET for documents, `exchange` for interfaces; politely. Keeps nothing between calls but the TLS settings."""

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings
        self._tls = _tls()

    def get(
        self, url: str, *, now: datetime, headers: Mapping[str, str] | None = None, read_before: bool = False
    ) -> Answer:
        """Fetch ``url``. ``read_before``: it has answered well in the past, so a 403 is taken for throttling first.

        Raises TransientError or PermanentError, each with its Problem; never more than the limits in bytes or time.
        """
        deadline = Deadline(self._settings.total_timeout_s)
        transport = _Transport(self._tls, self._settings, deadline)
        sent = {"User-Agent": self._settings.agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip", **(headers or {})}
        # Validators go back as the bytes that came, which need not be ASCII.
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
        limits = httpx.Timeout(self._settings.read_timeout_s, connect=self._settings.connect_timeout_s)
        try:
            with httpx.Client(transport=transport, trust_env=False, timeout=limits, headers=encoded) as client:
                return self._follow(client, client.build_request("GET", url), deadline, now, read_before)
        except CollectError:
            raise
        except _TROUBLE as error:
            raise self._explain(_plain(url), error) from error

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        doubtful: bool = False,
    ) -> Response:
        """One call of an interface; redirects are not followed, since each would carry our key along.

        ``content`` is the body as it is, in place of a ``form``.

        Raises TransientError or PermanentError where no answer came; with ``doubtful`` InDoubtError instead, unless the
        request surely did not reach the server. No error names what was sent.
        """
        deadline = Deadline(self._settings.total_timeout_s)
        transport = _Transport(self._tls, self._settings, deadline)
        sent = {"User-Agent": self._settings.agent, "Accept-Encoding": "gzip", **headers}
        limits = httpx.Timeout(self._settings.read_timeout_s, connect=self._settings.connect_timeout_s)
        underway = False
        try:
            with httpx.Client(transport=transport, trust_env=False, timeout=limits) as client:
                request = client.build_request(method, url, params=params, data=form, content=content, headers=sent)
                _check_address(request.url)
                with _SLOTS.slot(request.url.host, self._settings.per_host, deadline):
                    underway = True
                    response = client.send(request, stream=True)
                    try:
                        body = self._body(response)
                    finally:
                        response.close()
        except CollectError:
            raise
        except _TROUBLE as error:
            failure = self._explain(_plain(url), error)
            if doubtful and underway and not _never_arrived(error):
                raise InDoubtError(f"{failure}; it may have been done all the same", problem=failure.problem) from error
            raise failure from error
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}
        return Response(status=response.status_code, headers=names, body=body)

    def _follow(
        self, client: httpx.Client, request: httpx.Request, deadline: Deadline, now: datetime, read_before: bool
    ) -> Answer:
        moved_to, permanent = "", True
        visited: list[str] = []
        while True:
            _check_address(request.url)
            if str(request.url) in visited or len(visited) > MAX_HOPS:
                chain = " → ".join(_plain(hop) for hop in [*visited[-3:], str(request.url)])
                kind = "leads in a circle" if str(request.url) in visited else f"is redirected over {MAX_HOPS} times"
                raise TransientError(f"{_plain(visited[0])} {kind}: {chain}", problem=Problem.REDIRECT_LOOP)
            visited.append(str(request.url))
            with _SLOTS.slot(request.url.host, self._settings.per_host, deadline):
                response = client.send(request, stream=True)
                try:
                    following = response.next_request if response.status_code in _REDIRECTS else None
                    if following is None:
                        _check_status(response, now, read_before, redirected=len(visited) > 1)
                        return Answer(
                            url=str(request.url),
                            status=response.status_code,
                            headers={
                                name.decode("latin-1").lower(): value.decode("latin-1")
                                for name, value in response.headers.raw
                            },
                            body=b"" if response.status_code == httpx.codes.NOT_MODIFIED else self._body(response),
                            moved_to=moved_to,
                            next_check=fresh_until(response.headers, now),
                        )
                finally:
                    response.close()
            permanent = permanent and response.status_code in _PERMANENT
            if permanent:
                moved_to = str(following.url)
            request = following

    def _body(self, response: httpx.Response) -> bytes:
        limit = self._settings.max_bytes
        if int(response.headers.get("content-length", "0") or 0) > limit:
            raise TooLargeError
        packing = response.headers.get("content-encoding", "identity").strip().lower()
        if packing not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise TransientError(
                f"{_plain(str(response.url))} is packed as '{packing}', which was not asked for",
                problem=Problem.NOT_READABLE,
            )
        inflater = None if packing in {"", "identity"} else Inflater(limit)
        body = bytearray()
        wire = 0
        for piece in response.iter_raw():
            wire += len(piece)
            body += piece if inflater is None else inflater.feed(piece)
            if wire > limit or len(body) > limit:
                raise TooLargeError
        return bytes(body)

    def _explain(self, url: str, error: Exception) -> CollectError:
        """The project's own error for a failed fetch."""
        if blocked := blocked_by(error):
            return blocked_address(url, blocked)
        if isinstance(error, TooLargeError):
            size = self._settings.max_bytes / 1_048_576
            return TransientError(f"{url} is larger than {size:g} MiB", problem=Problem.TOO_LARGE)
        if isinstance(error, httpx.TimeoutException | httpcore.TimeoutException):
            return TransientError(f"{url} answered too slowly", problem=Problem.TOO_SLOW)
        if isinstance(error, zlib.error):
            return TransientError(f"{url} sent damaged gzip data", problem=Problem.NOT_READABLE)
        if isinstance(error, httpx.TransportError):
            return TransientError(f"{url} could not be reached: {error}", problem=Problem.UNREACHABLE)
        return PermanentError(f"{url} is no usable address: {error}", problem=Problem.BAD_ADDRESS)


def _never_arrived(error: Exception) -> bool:
    """Whether there was no connection to send a request over."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BlockedAddressError | httpcore.ConnectError | httpcore.ConnectTimeout):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _plain(url: str) -> str:
    """A URL as it may be shown: without its password."""
    try:
        found = httpx.URL(url)
        return str(found.copy_with(userinfo=b"")) if found.userinfo else url
    except (httpx.InvalidURL, ValueError):
        return url.rpartition("@")[2]


def _check_address(url: httpx.URL) -> None:
    known = url.scheme in {"http", "https"} and url.host and not set(url.host) & set("% \t")
    if not known or not 0 < (url.port or 80) <= _LAST_PORT:
        raise PermanentError(f"{_plain(str(url))} is no http or https address", problem=Problem.BAD_ADDRESS)


def _check_status(response: httpx.Response, now: datetime, read_before: bool, *, redirected: bool) -> None:
    """Raise for what is neither 2xx nor 304. Time-outs and 5xx say nothing about credentials, so they stop nothing.

    A 410 stops a source only where it stands at the very address asked for: redirects are often mistakes.
    """
    status, url = response.status_code, _plain(str(response.url))
    if response.is_success or status == httpx.codes.NOT_MODIFIED:
        return
    said = f"{url} answered {status} {response.reason_phrase}".rstrip()
    if status == httpx.codes.GONE:
        kind = TransientError if redirected else PermanentError
        raise kind(f"{said}: it was taken down for good", problem=Problem.GONE)
    if status in {401, 407}:
        raise PermanentError(f"{said}: it needs a login", problem=Problem.NEEDS_LOGIN)
    if status == httpx.codes.FORBIDDEN and not read_before:
        raise PermanentError(f"{said}: this reader is not let in", problem=Problem.FORBIDDEN)
    problem = {403: Problem.RATE_LIMITED, 404: Problem.NOT_FOUND, 408: Problem.TOO_SLOW, 429: Problem.RATE_LIMITED}.get(
        status, Problem.SERVER_ERROR
    )
    raise TransientError(said, problem=problem, not_before=retry_after(response.headers, now))


class _Transport(httpx.BaseTransport):
    """httpx over a connection pool with our own sockets, which httpx's transport has no argument for."""

    def __init__(self, tls: ssl.SSLContext, settings: CollectorSettings, deadline: Deadline) -> None:
        backend = GuardedBackend(allow_hosts=settings.allow_hosts, deadline=deadline)
        self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=backend, max_keepalive_connections=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        wanted = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx(request):
            answer = self._pool.handle_request(wanted)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Stream(answer, request), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx(self._request):
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except httpcore.ProtocolError as error:
        raise httpx.RemoteProtocolError(str(error), request=request) from error
    except httpcore.NetworkError as error:
        raise httpx.NetworkError(str(error), request=request) from error
    except httpcore.UnsupportedProtocol as error:
        raise httpx.UnsupportedProtocol(str(error), request=request) from error
