"""Sockets that open only to vetted addresses and close at a deadline.

The host is resolved, checked and connected to in one place, by address: a name that resolves to something else a
moment later (DNS rebinding) gains nothing, and no redirect can go round it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from sahut.core.errors import PermanentError
from sahut.core.model import Problem

_SHARED_NAT = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598
_METADATA = {ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254")}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052

_USUAL_WAIT = 10.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BlockedAddressError(Exception):
    """The host leads into a network that collectors may not read."""


def blocked_by(error: BaseException | None) -> BlockedAddressError | None:
    """The refusal of an address that an error stands for: libraries wrap what they do not know."""
    while error is not None:
        if isinstance(error, BlockedAddressError):
            return error
        error = error.__cause__ or error.__context__
    return None


def blocked_address(what: str, error: BlockedAddressError) -> PermanentError:
    """Our own error for it, ready to be raised. ``what`` names the call."""
    return PermanentError(
        f"{what} is refused: {error}; an operator may allow the host by name", problem=Problem.BLOCKED_ADDRESS
    )


class Deadline:
    """A moment on the monotonic clock after which every read and write fails."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, limit: float | None = None) -> float:
        """Seconds left, ``limit`` at most. Raises httpcore.ReadTimeout when none is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time allowed is over")
        return left if limit is None else min(left, limit)


def is_public(address: Address) -> bool:
    """False for private, loopback, link-local, shared, multicast, reserved, unspecified and metadata addresses.

    An IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64) counts as itself.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    elif address in _SHARED_NAT:
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address in _METADATA
    )


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections for one fetch."""

    def __init__(self, *, allow_hosts: Iterable[str], deadline: Deadline) -> None:
        self._allowed = frozenset(allow_hosts)
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises BlockedAddressError, httpcore.ConnectError, httpcore.TimeoutException."""
        addresses = vetted(host, port, self._allowed, self._deadline.left(timeout))
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                stream = self._backend.connect_tcp(
                    address, port, self._deadline.left(timeout), local_address, socket_options
                )
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class VettedTransport(httpx.AsyncHTTPTransport):
    """For libraries that bring httpx's asynchronous client: connects to vetted addresses alone."""

    def __init__(self, allow_hosts: Iterable[str]) -> None:
        super().__init__(trust_env=False)
        # httpx hands no backend through to the pool that it makes.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=1,
            network_backend=_VettedBackend(tuple(allow_hosts)),
        )


class _VettedBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, allow_hosts: tuple[str, ...]) -> None:
        self._allowed = allow_hosts
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own name
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises BlockedAddressError, httpcore.ConnectError, httpcore.TimeoutException."""
        limit = _USUAL_WAIT if timeout is None else timeout
        addresses = await asyncio.to_thread(vetted, host, port, self._allowed, limit)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def vetted(host: str, port: int, allow_hosts: Iterable[str], timeout: float) -> list[str]:
    """The addresses of ``host`` that may be connected to, at most 4; all of them, or none.

    Raises BlockedAddressError, httpcore.ConnectError, httpcore.ConnectTimeout.
    """
    addresses = resolve(host, port, timeout)
    name = host.lower().rstrip(".")
    bare = f"[{name}]" if ":" in name else name
    if not {name, bare, f"{bare}:{port}"} & {one.strip().lower() for one in allow_hosts}:
        for address in addresses:
            if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                raise BlockedAddressError(f"{host} leads to {address}, an address inside the network")
    return addresses


def resolve(host: str, port: int, timeout: float) -> list[str]:
    """The addresses of ``host``, at most 4. The look-up has no time-out of its own, so it runs in a thread."""
    answer: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=look_up, daemon=True, name=f"resolve {host}").start()
    try:
        found = answer.get(timeout=timeout)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"{host} could not be looked up in time") from None
    if isinstance(found, Exception):
        raise httpcore.ConnectError(f"{host} could not be found: {found}") from found
    return found[:4]


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at the deadline: a read time-out alone never fires on a slow drip."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
