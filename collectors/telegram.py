"""Telegram: what people write to the agency's bot, in groups that it is in, and in channels that it serves.

The address is ``bot``: a bot has one queue of updates, so it has one source. Telegram keeps an update until the next
call names a higher offset, a day at most, so a page is stored before it is confirmed. The cursor::

    offset    the number after the last update that is stored
    asked_at  when all was read last (ISO 8601): Telegram throws away what waits for more than a day
    got_at    when the last update came: after a quiet week its numbers begin anew, lower perhaps

Bots are not told of deletions and cannot look back: there is no recheck and no backfill.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from telegram.constants import MessageLimit

from collectors import _telegram_messages
from collectors._options import filter_of
from collectors._query import Matches
from collectors._settings import CollectorSettings
from collectors._telegram_line import Line
from collectors._text import storable_deep
from sahut.core.errors import InDoubtError, PermanentError, TransientError
from sahut.core.model import (
    Access,
    Batch,
    Capability,
    DeadItem,
    Gap,
    Guide,
    Mention,
    Need,
    Problem,
    ReplyRules,
    SentReply,
    Source,
)
from sahut.core.model.forms import PlaceSort, SourceForm

ADDRESS = "bot"
PAGE = 100
_KEPT = timedelta(hours=24)
_NUMBERS_LAST = timedelta(days=6)  # Telegram says a week


class TelegramCollector:
    """Reads a bot's updates by polling, and answers messages."""

    platform = "telegram"
    guide = Guide(
        steps=(
            "In Telegram, write /newbot to @BotFather, and choose a name and a user name for the agency's bot.",
            "Write /setprivacy to @BotFather, choose the bot, then 'Disable': else it sees only commands in groups.",
            "Add the bot to each group that it shall read; if it was there before the last step, take it out first.",
            "For a channel, add the bot as an administrator without rights.",
            "Copy the token that @BotFather gave. No other program may read with it.",
        ),
        needs=(Need(key="token", words="the bot's token, as 12345:letters, from @BotFather"),),
    )

    form = SourceForm(
        places=(
            PlaceSort(key="bot", words="what is written to our bot, and in its groups and channels", address="bot"),
        ),
    )

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Pages of up to 100 updates, oldest first, until none waits."""
        matches = _matches(source)
        line = Line(self._settings, access, now=now)
        cursor = dict(source.cursor)
        if _since(cursor, "got_at", now) > _NUMBERS_LAST:
            cursor.pop("offset", None)
        gaps = _gaps(cursor, now)
        while True:
            updates = _asked(line, cursor)
            cursor |= _read(updates, now)
            page, dead = _page(updates, line.bot_id, now)
            yield Batch(
                mentions=[mention for mention in page.values() if matches(mention.body)],
                dead=dead,
                seen=len(updates),
                cursor=dict(cursor) if updates else {**cursor, "asked_at": now.isoformat()},
                gaps=gaps,
            )
            gaps = []
            if not updates:
                return

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:  # noqa: ARG002 - a bot has one source
        """Read a dead update again. Raises ValueError with the reason."""
        message = _telegram_messages.of(raw.get("update"))
        found = (
            []
            if message is None
            else list(_telegram_messages.mentions(message, bot_id=int(raw.get("bot", 0)), now=now))
        )
        if not found:
            raise ValueError("the update holds no words")
        return found[-1]

    def prove(self, access: Access, *, now: datetime) -> str:
        """The bot's user name."""
        me = Line(self._settings, access, now=now).call("GetMe")
        return f"@{me.get('username')}" if isinstance(me, dict) else ""

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """By hand below a channel's post: a bot can only post beside it."""
        channel = mention.raw.get("chat_type") == "channel"
        return Capability.MANUAL if channel or access is None else Capability.API

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:  # noqa: ARG002 - the same everywhere
        """UTF-16 units, of 4,096: never fewer than what Telegram counts."""
        return ReplyRules(used=len(text.strip().encode("utf-16-le")) // 2, limit=int(MessageLimit.MAX_TEXT_LENGTH))

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:  # noqa: ARG002 - Telegram knows no such keys
        """Answer ``mention`` in its chat."""
        try:
            chat, number = _telegram_messages.split(mention.native_id)
        except ValueError as error:
            raise PermanentError(str(error), problem=Problem.NOT_FOUND) from error
        line = Line(self._settings, access, now=now)
        try:
            sent = line.call(
                "SendMessage",
                chat_id=chat,
                text=text,
                reply_parameters=json.dumps({"message_id": number, "allow_sending_without_reply": False}),
            )
            return _sent(sent)
        except TransientError as error:
            if line.in_doubt:
                raise _doubt(mention, str(error), error.problem) from error
            # A chat's limit on messages; the others, and reading, go on.
            raise TransientError(str(error), problem=error.problem, not_before=error.not_before) from error
        except ValueError as error:
            raise _doubt(mention, str(error), Problem.NOT_READABLE) from error

    def find_reply(
        self,
        mention: Mention,
        text: str,  # noqa: ARG002 - as below
        *,
        since: datetime,  # noqa: ARG002 - as below
        now: datetime,  # noqa: ARG002 - as below
        access: Access,  # noqa: ARG002 - there is nobody to ask
    ) -> SentReply | None:
        """Telegram has no call by which a bot could see what it said: always raises PermanentError."""
        raise PermanentError(
            f"Telegram does not let a bot look up what it said: open the chat of {mention.native_id}, and see if the "
            "answer stands there",
            problem=Problem.LACKS_ACCESS,
        )


def _doubt(mention: Mention, words: str, problem: Problem) -> InDoubtError:
    return InDoubtError(
        f"Telegram did not say whether the answer to {mention.native_id} was sent ({words})", problem=problem
    )


def _matches(source: Source) -> Matches:
    if source.address.strip().lower() != ADDRESS:
        raise PermanentError(
            f"source '{source.name}': the address is '{ADDRESS}'; the credential says which",
            problem=Problem.BAD_ADDRESS,
        )
    return filter_of(source)


def _since(cursor: Mapping[str, Any], key: str, now: datetime) -> timedelta:
    """Nothing where it never happened."""
    return now - datetime.fromisoformat(cursor[key]) if key in cursor else timedelta(0)


def _gaps(cursor: Mapping[str, Any], now: datetime) -> list[Gap]:
    if _since(cursor, "asked_at", now) <= _KEPT:
        return []
    reason = "Telegram keeps messages for a bot for 24 hours, and nobody asked for longer"
    return [Gap(since=datetime.fromisoformat(cursor["asked_at"]), until=now - _KEPT, reason=reason)]


def _asked(line: Line, cursor: Mapping[str, Any]) -> list[Any]:
    offset = {"offset": cursor["offset"]} if "offset" in cursor else {}
    kinds = json.dumps(_telegram_messages.KINDS)
    updates = line.call("GetUpdates", timeout=0, limit=PAGE, allowed_updates=kinds, **offset)
    if not isinstance(updates, list):
        raise TransientError("Telegram: the updates are no list", problem=Problem.NOT_READABLE)
    return updates


def _read(updates: list[Any], now: datetime) -> dict[str, Any]:
    """What the cursor learns. Raises TransientError where no update has a number: the same would come for ever."""
    if not updates:
        return {}
    found = [update.get("update_id") for update in updates if isinstance(update, dict)]
    numbers = [number for number in found if isinstance(number, int)]
    if not numbers:
        raise TransientError("Telegram: the updates have no numbers", problem=Problem.NOT_READABLE)
    return {"offset": max(numbers) + 1, "got_at": now.isoformat()}


def _page(updates: list[Any], bot_id: int, now: datetime) -> tuple[dict[str, Mention], list[DeadItem]]:
    """Mentions by native id (of a message and its edit on one page the later), and what cannot be read."""
    page: dict[str, Mention] = {}
    dead: list[DeadItem] = []
    for update in updates:
        try:
            page |= {one.native_id: one for one in _mentions(update, bot_id, now)}
        except ValueError as error:
            dead.append(DeadItem(reason=str(error), raw={"update": storable_deep(update), "bot": bot_id}))
    return page, dead


def _mentions(update: Any, bot_id: int, now: datetime) -> list[Mention]:
    message = _telegram_messages.of(update)
    return [] if message is None else list(_telegram_messages.mentions(message, bot_id=bot_id, now=now))


def _sent(message: Any) -> SentReply:
    """Raises ValueError where Telegram did not name what it sent."""
    if not isinstance(message, dict):
        raise ValueError("it named no message")  # noqa: TRY004 - as for all that cannot be read
    return SentReply(
        native_id=_telegram_messages.identity(message),
        permalink=_telegram_messages.permalink(message),
        sent_at=_telegram_messages.moment(message.get("date")),
    )
