"""Telegram's messages in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from collectors import _dates
from collectors._html import tidy
from collectors._text import storable
from sahut.core.model import Author, Mention

SITE = "https://t.me"
# What an update may hold that is a message; edits come with the same ids and the new words.
KINDS = ("message", "edited_message", "channel_post", "edited_channel_post")
_LONGEST = 10_000
_MAX_ID = 2**63
# Chats that are supergroups or channels have their number behind this, and links without it.
_SUPER = "-100"


def of(update: Any) -> Mapping[str, Any] | None:
    """The message in an update, None for one of another kind. Raises ValueError for what is no update."""
    if not isinstance(update, dict):
        raise ValueError("the update is not an object")  # noqa: TRY004 - one type for all that makes one unreadable
    for kind in KINDS:
        if kind in update:
            return _object(update, kind)
    return None


def mentions(message: Mapping[str, Any], *, bot_id: int, now: datetime) -> Iterator[Mention]:
    """The message, and before it our own one that it answers: a bot is not told what it said itself.

    Nothing for one without words (a picture, a member who joined). Raises ValueError for what cannot be read.
    """
    answered = _answered(message)
    words = _words(message)
    if answered is not None and _sender(answered) == bot_id and _words(answered):
        yield _mention(answered, _words(answered), bot_id, now)
    if words:
        yield _mention(message, words, bot_id, now)


def split(native_id: str) -> tuple[str, int]:
    """The chat and the number in it. Raises ValueError for what is no id of ours."""
    chat, _, number = native_id.rpartition("/")
    if not chat or not number.isdecimal():
        raise ValueError(f"'{native_id}' is no message of Telegram")
    return chat, int(number)


def identity(message: Mapping[str, Any]) -> str:
    """Chat and number: numbers repeat between chats. Raises ValueError."""
    return f"{_number(_object(message, 'chat'), 'id')}/{_number(message, 'message_id')}"


def permalink(message: Mapping[str, Any]) -> str:
    """Where members see it; "" in private chats and small groups, which have no addresses."""
    chat, number = _object(message, "chat"), _number(message, "message_id")
    name, bare = _text(chat, "username"), str(chat["id"])
    if name and chat.get("type") in {"supergroup", "channel"}:
        return f"{SITE}/{name}/{number}"
    return f"{SITE}/c/{bare.removeprefix(_SUPER)}/{number}" if bare.startswith(_SUPER) else ""


def _mention(message: Mapping[str, Any], words: str, bot_id: int, now: datetime) -> Mention:
    chat = _object(message, "chat")
    answered = _answered(message)
    own = _sender(message) == bot_id
    return Mention(
        platform="telegram",
        native_id=identity(message),
        text=words,
        collected_at=now,
        published_at=_dates.usable(moment(message.get("date")), now),
        author=_author(message),
        permalink=permalink(message),
        parent="" if answered is None else identity(answered),
        root=_root(message, answered),
        repost_of=_repost_of(message),
        own=own,
        to_us=not own and answered is not None and _sender(answered) == bot_id,
        raw={
            "chat": _text(chat, "title")[:_LONGEST],
            "chat_type": _text(chat, "type"),
            "edited": "edit_date" in message,
        },
    )


def _words(message: Mapping[str, Any]) -> str:
    """Text, caption, question of a poll, name and address of a place."""
    words = _text(message, "text") or _text(message, "caption")
    for kind, keys in (("poll", ("question",)), ("venue", ("title", "address"))):
        if not words and kind in message:
            words = "\n".join(_text(_object(message, kind), key) for key in keys)
    return tidy(words)[:_LONGEST]


def _answered(message: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The message that it answers. In a forum every message "answers" the service message that opened its topic."""
    if not message.get("reply_to_message"):
        return None
    answered = _object(message, "reply_to_message")
    return None if message.get("is_topic_message") and "forum_topic_created" in answered else answered


def _root(message: Mapping[str, Any], answered: Mapping[str, Any] | None) -> str:
    """The first message of a thread; of a topic there is none, so what it answers counts as the first."""
    thread = message.get("message_thread_id")
    if isinstance(thread, int) and not message.get("is_topic_message"):
        root = f"{_object(message, 'chat')['id']}/{thread}"
        return "" if root == identity(message) else root
    return "" if answered is None else identity(answered)


def _repost_of(message: Mapping[str, Any]) -> str:
    """The channel's post of which it is a forward."""
    origin = message.get("forward_origin")
    if not isinstance(origin, dict) or origin.get("type") != "channel":
        return ""
    return identity(origin)


def _sender(message: Mapping[str, Any]) -> int | None:
    sender = message.get("from")
    number = sender.get("id") if isinstance(sender, dict) else None
    return number if isinstance(number, int) else None


def _author(message: Mapping[str, Any]) -> Author | None:
    """A person; or the channel or group in whose name was written."""
    if message.get("sender_chat"):
        chat = _object(message, "sender_chat")
        name, user = _text(chat, "title"), _text(chat, "username")
    elif message.get("from"):
        chat = _object(message, "from")
        name, user = f"{_text(chat, 'first_name')} {_text(chat, 'last_name')}".strip(), _text(chat, "username")
    else:
        return None
    return Author(handle=user or str(_number(chat, "id")), name=name[:300], url=f"{SITE}/{user}" if user else "")


def moment(value: Any) -> datetime | None:
    """Seconds since 1970 as a time in UTC, None for anything else."""
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else None
    except (ValueError, OverflowError, OSError):
        return None


def _object(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"'{key}' is not an object")  # noqa: TRY004 - as above
    return value


def _text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is not text")  # noqa: TRY004 - as above
    return storable(value)


def _number(holder: Mapping[str, Any], key: str) -> int:
    value = holder.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _MAX_ID:
        raise ValueError(f"'{key}' is no number")
    return value
