"""The language and the clock of who reads: set once per request, asked for whenever a word, number or time is written.

Both are context variables, which Starlette carries into the thread that a route runs in, so that two requests at
the same time never share them. Indonesian is the language of the source text and needs no catalogue.
"""

from __future__ import annotations

import gettext as stdlib
import io
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from sahut.core.model import TimeZone

SOURCE = "id"
# Each by its own name, as its reader would look for it.
NAMES = {SOURCE: "Bahasa Indonesia", "en": "English"}
COOKIE = "sahut_language"
FOLDER = Path(__file__).parent / "locale"

_spoken: ContextVar[str] = ContextVar("language", default=SOURCE)
# A box that each request begins with: who reads is known only in a thread of its own, which sees what the context holds
# but cannot hand it something else.
_clock: ContextVar[list[TimeZone]] = ContextVar("clock")


def path_of(language: str) -> Path:
    """Where a language's catalogue lies."""
    return FOLDER / language / "LC_MESSAGES" / "board.po"


@cache
def catalogue(language: str) -> stdlib.NullTranslations:
    """A language's words. Read as text at the first use (some 20 ms), so that no packed copy of it can be stale."""
    if language == SOURCE:
        return stdlib.NullTranslations()
    packed = io.BytesIO()
    with path_of(language).open("rb") as said:
        write_mo(packed, read_po(said, locale=language))
    packed.seek(0)
    return stdlib.GNUTranslations(packed)


def current() -> str:
    """The reader's language: `id` or `en`."""
    return _spoken.get()


def speak(language: str) -> None:
    """Write in this language from now on, for this request; in Indonesian where there is no such language."""
    _spoken.set(language if language in NAMES else SOURCE)


def time_zone() -> TimeZone:
    """The reader's; the western one until somebody is known."""
    box = _clock.get(None)
    return box[0] if box else TimeZone.WIB


def zone() -> ZoneInfo:
    """The reader's time zone, as dates reckon with it."""
    return time_zone().info


def keep_time(zone: TimeZone) -> None:
    """Write and read times by this clock from now on, for this request; nothing outside a request."""
    box = _clock.get(None)
    if box is not None:
        box[:] = [zone]


def gettext(message: str) -> str:
    """The message in the reader's language."""
    return catalogue(current()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """As `gettext`, by number."""
    return catalogue(current()).ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a table's message for the catalogue. Who shows it translates it: nobody reads while a table is made."""
    return message


def of(connection: HTTPConnection) -> str:
    """The language that a browser has chosen. Never Accept-Language: staff share machines that came set to English."""
    return connection.cookies.get(COOKIE, SOURCE)


class Languages:
    """Sets the language before anything answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            speak(of(HTTPConnection(scope)))
            _clock.set([])
        await self._app(scope, receive, send)
