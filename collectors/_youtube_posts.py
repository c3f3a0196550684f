"""Comments, threads and videos of YouTube in our words. Pure.

A conversation is a comment with the answers below it, which YouTube keeps in one flat list: its root is the comment,
whose parent is the video. Comment ids and video ids differ in length, so both are native ids as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collectors._dates import usable
from collectors._html import tidy
from collectors._text import storable, storable_deep
from sahut.core.model import Author, Mention

VIDEO_ID = 11  # characters; ids of comments are longer
_WATCH = "https://www.youtube.com/watch?v="
_CHANNEL = "https://www.youtube.com/channel/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Where a comment stands, as far as it doesn't say so itself: at ``video``, below ``parent`` ("" for none).

    ``ours``: that comment is, or the channel is where there is no parent.
    """

    video: str = ""
    parent: str = ""
    ours: bool = False


def comment(item: Any, us: str, within: Within, now: datetime) -> Mention:
    """A comment or an answer. ``us`` is our channel's id. Raises ValueError for what is neither."""
    native_id, snippet = _parts(item, "comment")
    text = snippet.get("textOriginal")
    if not isinstance(text, str):
        text = snippet.get("textDisplay")
    if not isinstance(text, str):
        raise ValueError("a comment without a text")  # noqa: TRY004 - one type for all that makes an item unreadable
    author = _author(snippet)
    own = bool(us) and _channel_id(snippet) == us
    video = _word(snippet.get("videoId")) or within.video
    parent = _word(snippet.get("parentId")) or within.parent
    ours = within.ours if parent else within.ours or _word(snippet.get("channelId")) == us != ""
    return Mention(
        platform="youtube",
        native_id=native_id,
        text=tidy(text),
        collected_at=now,
        published_at=moment(snippet.get("publishedAt"), now),
        author=author,
        permalink=f"{_WATCH}{video}&lc={native_id}" if video else "",
        parent=parent or video,
        root=parent,
        reach=_count(snippet.get("likeCount")),
        own=own,
        to_us=ours and not own,
        raw=storable_deep(item),
    )


def video(item: Any, us: str, now: datetime) -> Mention:
    """A video: its title and what stands below it. Raises ValueError for what is none."""
    native_id, snippet = _parts(item, "video")
    title = snippet.get("title")
    if not isinstance(title, str):
        raise ValueError("a video without a title")  # noqa: TRY004 - as above
    channel, described = _word(snippet.get("channelId")), snippet.get("description")
    statistics = item.get("statistics")
    return Mention(
        platform="youtube",
        native_id=native_id,
        title=" ".join(tidy(title).split()),
        text=tidy(described) if isinstance(described, str) else "",
        collected_at=now,
        published_at=moment(snippet.get("publishedAt"), now),
        author=Author(
            handle=channel or _word(snippet.get("channelTitle")),
            name=_word(snippet.get("channelTitle")),
            url=f"{_CHANNEL}{channel}" if channel else "",
        ),
        permalink=_WATCH + native_id,
        language=_word(snippet.get("defaultAudioLanguage")) or _word(snippet.get("defaultLanguage")),
        reach=_count(statistics.get("viewCount")) if isinstance(statistics, Mapping) else 0,
        own=bool(us) and channel == us,
        raw=storable_deep(item),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A comment with what came along below it; ``mark`` changes when answers come. None of it has been looked at."""

    id: str
    top: Any
    video: str
    channel: str
    replies: list[Any]
    total: int
    mark: str
    at: float

    @property
    def whole(self) -> bool:
        """Whether all its answers came along."""
        return self.total <= len(self.replies)


def thread(item: Any) -> Thread:
    """Raises ValueError for what is no thread."""
    native_id, snippet = _parts(item, "thread")
    top, below = snippet.get("topLevelComment"), item.get("replies")
    replies = below.get("comments") if isinstance(below, Mapping) else None
    kept = replies if isinstance(replies, list) else []
    total = _count(snippet.get("totalReplyCount"))
    newest = max((_stamp(reply) for reply in kept), default="")
    return Thread(
        id=native_id,
        top=top,
        video=_word(snippet.get("videoId")),
        channel=_word(snippet.get("channelId")),
        replies=kept,
        total=total,
        mark=f"{total} {newest}".strip(),
        at=seconds(top),
    )


def seconds(item: Any) -> float:
    """When an item was published, in seconds since 1970; 0 where it doesn't say."""
    try:
        return datetime.fromisoformat(_stamp(item)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def moment(value: Any, now: datetime) -> datetime | None:
    """A time of YouTube's in UTC; None for what is no usable one."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if found is None or found.tzinfo is None else usable(found.astimezone(UTC), now)


def _stamp(item: Any) -> str:
    snippet = item.get("snippet") if isinstance(item, Mapping) else None
    return _word(snippet.get("publishedAt")) if isinstance(snippet, Mapping) else ""


def _parts(item: Any, what: str) -> tuple[str, Mapping[str, Any]]:
    native_id = _word(item.get("id")) if isinstance(item, Mapping) else ""
    snippet = item.get("snippet") if isinstance(item, Mapping) else None
    if not native_id or not isinstance(snippet, Mapping):
        raise ValueError(f"this is no {what}")
    return native_id, snippet


def _channel_id(snippet: Mapping[str, Any]) -> str:
    found = snippet.get("authorChannelId")
    return _word(found.get("value")) if isinstance(found, Mapping) else ""


def _author(snippet: Mapping[str, Any]) -> Author | None:
    """Display names were not unique before they were handles, which begin with @."""
    name, channel = _word(snippet.get("authorDisplayName")), _channel_id(snippet)
    handle = name if name.startswith("@") else channel or name
    return Author(handle=handle, name=name, url=_word(snippet.get("authorChannelUrl"))) if handle else None


def _word(value: Any) -> str:
    return storable(value).strip() if isinstance(value, str) else ""


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value[:18])
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else 0
