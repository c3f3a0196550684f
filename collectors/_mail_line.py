"""IMAP with a total deadline: imap_tools on sockets of ours, which open to vetted addresses only.

Nothing here changes a mailbox: folders are opened read-only, and mails are looked at without marking them as seen.
"""

from __future__ import annotations

import imaplib
import io
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from urllib.parse import urlsplit

import httpcore
from imap_tools import BaseMailBox
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
    UnexpectedCommandStatusError,
)

from collectors._network import BlockedAddressError, Deadline, GuardedBackend, blocked_address
from collectors._settings import CollectorSettings
from collectors._text import storable
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Problem

# Of a mail: texts come before attachments, and a page of mails has to fit into memory.
MOST_BYTES = 256 * 1024
_PORTS = {"imaps": 993, "imap": 143}
_LATER = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\]|too many|try again|temporar", re.IGNORECASE)
_TOO_MANY = re.compile(r"\[LIMIT\]|too many", re.IGNORECASE)
_UNSAFE = re.compile(r"\[PRIVACYREQUIRED\]", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_DATE = re.compile(rb'INTERNALDATE ("[^"]+")')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST_LINE = 1_000_000
_LONGEST_SAID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail as it came: its first `MOST_BYTES`. ``arrived`` is when the server got it, None where it doesn't say."""

    uid: int
    body: bytes
    size: int
    arrived: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """An opened folder. UIDs hold as long as ``validity`` stays; the next mail gets ``following``, 0 where unsaid."""

    validity: int
    following: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    host: str
    port: int
    tls: bool
    starttls: bool


class Line:
    """A connection to a mailbox, as a context. Every command of it ends within ``settings.total_timeout_s``."""

    def __init__(self, settings: CollectorSettings, access: Access | None) -> None:
        if access is None or not access.secrets.get("password") or not access.settings.get("username"):
            raise PermanentError("a mailbox needs a username and a password", problem=Problem.NO_CREDENTIAL)
        self._settings = settings
        self._access = access
        self._server = _server(access, settings)
        self._told = f"mailbox {access.settings['username']} at {self._server.host}"
        self._clock = _Clock(settings.total_timeout_s)
        self._box: _Box | None = None

    def __enter__(self) -> Self:
        try:
            with self._guarded("sign-in"):
                self._box = _Box(_Wire(self._server, self._settings, self._clock))
                if self._server.starttls:
                    self._box.client.secure()
                self._box.login_utf8_or_plain(self._access.settings["username"], self._access.secrets["password"])
        except BaseException:
            self._hang_up()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._box is not None:
            # The work is done: whether the server still says good-bye is of no interest.
            with suppress(Exception):
                self._clock.begin()
                self._box.client.logout()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._box is not None:
            self._box.client.shutdown()

    def open(self, folder: str) -> Folder:
        """Open a folder read-only. Raises PermanentError(NOT_FOUND) where there is none."""
        with self._guarded(f"folder '{folder}'") as box:
            box.folder.set(folder, readonly=True)
            validity, following = (_number(box.client.response(word)[1]) for word in ("UIDVALIDITY", "UIDNEXT"))
        if not validity:
            raise TransientError(f"{self._told}: the folder has no UIDVALIDITY", problem=Problem.NOT_READABLE)
        return Folder(validity=validity, following=following)

    def after(self, uid: int) -> list[int]:
        """UIDs above ``uid``, in order."""
        return [found for found in self._search(f"UID {uid + 1}:*") if found > uid]

    def since(self, begin: date, end: date | None = None) -> list[int]:
        """UIDs of mails that arrived on ``begin`` or later, to before ``end``, in order."""
        until = "" if end is None else f" BEFORE {_imap_date(end)}"
        return self._search(f"SINCE {_imap_date(begin)}{until}")

    def fetch(self, uids: Sequence[int]) -> list[Fetched]:
        """Mails in order of UID. One that the server cannot give has an empty body, a deleted one is left out."""
        try:
            return self._fetch(uids)
        except _RefusedError:
            if len(uids) == 1:
                return [Fetched(uid=uids[0], body=b"", size=0, arrived=None)]
        return [one for uid in uids for one in self.fetch([uid])]

    def _fetch(self, uids: Sequence[int]) -> list[Fetched]:
        wanted = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{MOST_BYTES}>)"
        with self._guarded("mails") as box:
            kind, data = box.client.uid("FETCH", ",".join(map(str, uids)), wanted)
            if kind != "OK":
                raise _RefusedError(_said(data))
            found = {one.uid: one for one in _mails(data)}
        return [found[uid] for uid in sorted(set(uids) & found.keys())]

    def _search(self, criteria: str) -> list[int]:
        with self._guarded("search") as box:
            return sorted({int(one) for one in box.uids(criteria, charset=None)})

    @contextmanager
    def _guarded(self, what: str) -> Iterator[_Box]:
        """One call, as seen from outside: with its own deadline, and with errors of ours."""
        self._clock.begin()
        told = f"{self._told}: {what}"
        try:
            yield self._box  # type: ignore[misc]  # sign-in makes it
        except (MailboxLoginError, MailboxFolderSelectError) as error:
            raise _refusal(told, error) from error
        except (
            BlockedAddressError,
            OSError,
            httpcore.TimeoutException,
            httpcore.NetworkError,
            _TooLargeError,
        ) as error:
            raise _unreached(told, error) from error
        except imaplib.IMAP4.abort as error:
            raise _broken_off(told, error) from error
        except UnexpectedCommandStatusError as error:
            raise TransientError(
                f"{told}: the server said no ({_said(error.command_result[1])})", problem=Problem.SERVER_ERROR
            ) from error
        except (imaplib.IMAP4.error, ImapToolsError, UnicodeError, ValueError) as error:
            raise TransientError(
                f"{told} was answered with something else than IMAP ({storable(str(error))[:_LONGEST_SAID]})",
                problem=Problem.NOT_READABLE,
            ) from error


class _RefusedError(Exception):
    """The server said no to a command."""


class _TooLargeError(Exception):
    """The server sends more than was asked for."""


class _Clock(Deadline):
    """A deadline that begins anew with each command."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        super().__init__(seconds)

    def begin(self) -> None:
        self._end = time.monotonic() + self._seconds


class _Raw(io.RawIOBase):
    """What a stream brings, as a file."""

    def __init__(self, stream: httpcore.NetworkStream, limit_s: float) -> None:
        self._stream = stream
        self._limit_s = limit_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer), self._limit_s)
        buffer[: len(piece)] = piece
        return len(piece)


class _Wire(imaplib.IMAP4):
    """imaplib on one of our streams."""

    def __init__(self, server: _Server, settings: CollectorSettings, clock: _Clock) -> None:
        self._server = server
        self._settings = settings
        self._backend = GuardedBackend(allow_hosts=settings.allow_hosts, deadline=clock)
        self._stream: httpcore.NetworkStream | None = None
        self._reader: Any = None
        self._come = 0
        super().__init__(server.host, server.port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:  # noqa: ARG002 - the settings have it
        self.host, self.port = host, port
        self._attach(self._backend.connect_tcp(host, port, self._settings.connect_timeout_s))
        if self._server.tls:
            self._encrypt()

    def secure(self) -> None:
        """STARTTLS. What was told before it counts no more."""
        kind, said = self._simple_command("STARTTLS")
        if kind != "OK":
            raise imaplib.IMAP4.error(f"STARTTLS was refused: {_said(said)}")
        self._encrypt()
        self._get_capabilities()

    def read(self, size: int) -> bytes:
        self._count(size)
        found: bytes = self._reader.read(size)
        return found

    def readline(self) -> bytes:
        line: bytes = self._reader.readline(_LONGEST_LINE + 1)
        self._count(len(line))
        if len(line) > _LONGEST_LINE:
            raise _TooLargeError
        return line

    def send(self, data: Any) -> None:
        self._come = 0
        if self._stream is not None:
            self._stream.write(bytes(data), self._settings.read_timeout_s)

    def shutdown(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def _encrypt(self) -> None:
        assert self._stream is not None  # noqa: S101 - opened before
        context = ssl.create_default_context()
        self._attach(self._stream.start_tls(context, self._server.host, self._settings.connect_timeout_s))

    def _attach(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._reader = io.BufferedReader(_Raw(stream, self._settings.read_timeout_s))

    def _count(self, size: int) -> None:
        """A search of a million mails is long; nothing else is."""
        self._come += size
        if self._come > self._settings.max_bytes:
            raise _TooLargeError


class _Box(BaseMailBox):  # type: ignore[misc]  # imap_tools is not read by mypy
    """imap_tools on our wire."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        super().__init__()

    def _get_mailbox_client(self) -> _Wire:
        return self._wire

    def login_utf8_or_plain(self, username: str, password: str) -> None:
        """LOGIN takes ASCII alone."""
        if (username + password).isascii():
            self.login(username, password, initial_folder=None)
            return
        try:
            self.login_utf8(username, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise MailboxLoginError(("NO", [str(error).encode()]), "OK") from error


def _server(access: Access, settings: CollectorSettings) -> _Server:
    """Where to connect to: the base address where there is one, else host, port and security."""
    said = access.settings
    security = said.get("security", "").strip().lower() or "tls"
    base = access.base_url or f"{'imaps' if security == 'tls' else 'imap'}://{said.get('host', '')}"
    found = urlsplit(base)
    try:
        port = found.port or int(said.get("port") or _PORTS.get(found.scheme, 0))
    except ValueError:
        port = 0
    if found.scheme not in _PORTS or not found.hostname or not port or security not in {"tls", "starttls", "none"}:
        raise PermanentError(
            "a mailbox needs a host, a port that is a number, and as its security tls, starttls or none",
            problem=Problem.BAD_SETTINGS,
        )
    tls = found.scheme == "imaps"
    starttls = not tls and security == "starttls"
    if not tls and not starttls and found.hostname not in settings.allow_hosts:
        raise PermanentError(
            f"{found.hostname} would get the password in the clear: use tls or starttls", problem=Problem.BAD_SETTINGS
        )
    return _Server(host=found.hostname, port=port, tls=tls, starttls=starttls)


def _mails(data: Sequence[Any]) -> Iterator[Fetched]:
    """A literal is a pair of what stands before it and itself; what stands after it follows as bytes."""
    for place, part in enumerate(data):
        if not isinstance(part, tuple):
            continue
        following = data[place + 1] if place + 1 < len(data) else b""
        told = part[0] + (following if isinstance(following, bytes) else b"")
        uid, size, at = _UID.search(told), _SIZE.search(told), _DATE.search(told)
        if uid is None:
            continue
        yield Fetched(
            uid=int(uid[1]),
            body=part[1],
            size=int(size[1]) if size else len(part[1]),
            arrived=_arrived(at[1]) if at else None,
        )


def _arrived(stamp: bytes) -> datetime | None:
    text = stamp.decode("ascii", "replace").strip('" ')
    try:
        day, month, rest = text.split("-", 2)
        return datetime.strptime(f"{day} {_MONTHS.index(month.title()) + 1} {rest}", "%d %m %Y %H:%M:%S %z")
    except ValueError:
        return None


def _imap_date(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def _number(data: Any) -> int:
    found = data[-1] if isinstance(data, list) and data else None
    return int(found) if isinstance(found, bytes) and found.isdigit() else 0


def _said(data: Any) -> str:
    found = data[0] if isinstance(data, list | tuple) and data else data
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    return storable(text)[:_LONGEST_SAID]


def _refusal(told: str, error: Any) -> CollectError:
    said = _said(error.command_result[1])
    if _LATER.search(said):
        problem = Problem.RATE_LIMITED if _TOO_MANY.search(said) else Problem.SERVER_ERROR
        return TransientError(f"{told}: the server says to try later ({said})", problem=problem)
    if isinstance(error, MailboxFolderSelectError):
        return PermanentError(f"{told}: there is none, or it may not be read ({said})", problem=Problem.NOT_FOUND)
    if _UNSAFE.search(said):
        return PermanentError(f"{told}: the server wants an encrypted line ({said})", problem=Problem.BAD_SETTINGS)
    return PermanentError(
        f"{told} was refused ({said}): check username and password; some providers want a password for apps",
        problem=Problem.REFUSED_CREDENTIAL,
    )


def _unreached(told: str, error: Exception) -> CollectError:
    if isinstance(error, BlockedAddressError):
        return blocked_address(told, error)
    if isinstance(error, _TooLargeError):
        return TransientError(f"{told}: the server sends too much", problem=Problem.TOO_LARGE)
    if isinstance(error, httpcore.TimeoutException | TimeoutError):
        return TransientError(f"{told} took too long to answer", problem=Problem.TOO_SLOW)
    said = storable(str(error))[:_LONGEST_SAID]
    return TransientError(f"{told} could not be reached: {said}", problem=Problem.UNREACHABLE)


def _broken_off(told: str, error: Exception) -> TransientError:
    """The server ended the conversation, with a word (BYE) or without one."""
    said = storable(str(error))[:_LONGEST_SAID]
    if _TOO_MANY.search(said):
        return TransientError(f"{told}: there are too many connections ({said})", problem=Problem.RATE_LIMITED)
    return TransientError(f"{told} was broken off ({said})", problem=Problem.UNREACHABLE)
