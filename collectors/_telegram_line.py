"""The line to Telegram's Bot API: one call at a time, with a total deadline, its refusals in our words.

python-telegram-bot folds Telegram's answers into few classes (401 and 404 are one, 402 and a broken connection another)
and may ask a second question to tell them apart. So answers are looked at as they come in, before it draws conclusions.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from collectors._network import VettedTransport, blocked_address, blocked_by
from collectors._refusals import refusal
from collectors._settings import CollectorSettings
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Problem

API = "https://api.telegram.org"
_TOKEN = re.compile(r"(\d{1,20}):[A-Za-z0-9_-]{1,100}")
_SHOWN_TOKEN = re.compile(r"/bot\d+:[^/\s]+")
_OK, _SERVER, _TIMED_OUT = 200, 500, 408
_CONFLICT = 409
_LONGEST_WAIT = 366 * 86_400.0


def _without_token(record: logging.LogRecord) -> bool:
    """Telegram wants its token in the address, and httpx writes every address down."""
    record.msg, record.args = _SHOWN_TOKEN.sub("/bot…", record.getMessage()), ()
    return True


logging.getLogger("httpx").addFilter(_without_token)


class Line:
    """Calls of one piece of work. ``bot_id`` is the number of our bot.

    ``in_doubt``: the last call may have done its work without our knowing.
    """

    def __init__(self, settings: CollectorSettings, access: Access | None, *, now: datetime) -> None:
        if access is None:
            raise PermanentError("Telegram needs a bot's token", problem=Problem.NO_CREDENTIAL)
        self._token = access.secrets.get("token", "").strip()
        named = _TOKEN.fullmatch(self._token)
        if named is None:
            raise PermanentError(
                "Telegram: what the credential holds is no bot token (12345:letters)",
                problem=Problem.REFUSED_CREDENTIAL,
            )
        self.bot_id = int(named[1])
        self.in_doubt = False
        self._settings = settings
        self._base = access.base_url or API
        self._now = now

    def call(self, method: str, **parameters: Any) -> Any:
        """The "result" that Telegram gives, as it is. Raises TransientError or PermanentError; never sends twice.

        ``method`` begins with a capital: Telegram does not mind, and the library warns of names that it has itself.
        """
        what = f"Telegram: {method}"
        self.in_doubt = True
        try:
            # In a thread of its own: whoever calls us may have an event loop running already.
            with ThreadPoolExecutor(1, thread_name_prefix="telegram") as aside:
                result = aside.submit(asyncio.run, self._call(what, method, parameters)).result()
        except TimeoutError as error:
            raise TransientError(f"{what} took too long to answer", problem=Problem.TOO_SLOW) from error
        except TelegramError as error:
            failure = self._failure(what, error)
            if blocked := blocked_by(error):
                self.in_doubt = False
                raise blocked_address(what, blocked) from error
        else:
            self.in_doubt = False
            return result
        raise failure

    async def _call(self, what: str, method: str, parameters: dict[str, Any]) -> Any:
        async def look(response: httpx.Response) -> None:
            await self._look(what, response)

        limits = self._settings
        wait = min(limits.read_timeout_s, limits.total_timeout_s)
        request = HTTPXRequest(
            connection_pool_size=1,
            connect_timeout=limits.connect_timeout_s,
            read_timeout=wait,
            write_timeout=wait,
            httpx_kwargs={
                "transport": VettedTransport(self._settings.allow_hosts),
                "trust_env": False,
                "headers": {"Accept-Encoding": "identity"},
                "event_hooks": {"response": [look]},
            },
        )
        async with asyncio.timeout(limits.total_timeout_s), request:
            bot = Bot(self._token, base_url=f"{self._base}/bot", request=request, get_updates_request=request)
            # Raw answers: one update that the library cannot read would cost it the whole page.
            return await bot.do_api_request(method, api_kwargs=parameters)

    async def _look(self, what: str, response: httpx.Response) -> None:
        """Raises our error for every answer but a good one."""
        if int(response.headers.get("content-length") or 0) > self._settings.max_bytes:
            raise TransientError(f"{what} answered too much to hold", problem=Problem.TOO_LARGE)
        body = await response.aread()
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        status = response.status_code
        if status == _OK and isinstance(answer, dict) and "result" in answer:
            return
        self.in_doubt = status in {_OK, _TIMED_OUT} or status >= _SERVER
        if status == _OK:
            raise TransientError(f"{what} answered with something else than data", problem=Problem.NOT_READABLE)
        raise self._refused(what, status, answer if isinstance(answer, dict) else {})

    def _refused(self, what: str, status: int, answer: dict[str, Any]) -> CollectError:
        said = str(answer.get("description") or "")[:300]
        hints = answer.get("parameters")
        wait = hints.get("retry_after") if isinstance(hints, dict) else None
        not_before = None
        if isinstance(wait, int | float) and 0 < wait < _LONGEST_WAIT:
            not_before = self._now + timedelta(seconds=wait)
        if status == _CONFLICT and "webhook" in said:
            return PermanentError(
                f"{what}: the bot's messages go to a webhook; take it away (deleteWebhook), or make a bot of its own",
                problem=Problem.BAD_SETTINGS,
            )
        if status == _CONFLICT:
            return TransientError(
                f"{what}: another program reads the same bot and takes its messages away; stop it, or make a bot of "
                "its own",
                problem=Problem.BAD_SETTINGS,
                not_before=not_before,
            )
        return refusal(what, status, now=self._now, not_before=not_before, said=said)

    def _failure(self, what: str, error: TelegramError) -> CollectError:
        cause = error.__cause__
        if isinstance(cause, CollectError):
            return cause
        if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            self.in_doubt = False
        slow = isinstance(cause, httpx.TimeoutException)
        words = "took too long to answer" if slow else f"could not be reached: {type(cause or error).__name__}"
        return TransientError(f"{what} {words}", problem=Problem.TOO_SLOW if slow else Problem.UNREACHABLE)
