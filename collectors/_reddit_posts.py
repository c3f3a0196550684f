"""Reddit's things in our words: submissions (t3) and comments (t1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from collectors import _dates
from collectors._html import clean, tidy
from collectors._text import storable
from sahut.core.model import Author, Mention

WWW = "https://www.reddit.com"
COMMENT, SUBMISSION, MESSAGE = "t1", "t3", "t4"
_LONGEST_TEXT = 200_000
_LONGEST_TITLE = 2_000
# What stands where a text was: its writer, a moderator, Reddit itself, or a law took it away.
_BLANKS = frozenset({"[deleted]", "[removed]", "[ removed by reddit ]", "[unavailable]"})
_NOBODY = "[deleted]"
_MAX_COUNT = 2**53


def data_of(child: Any) -> Mapping[str, Any]:
    """The thing inside its envelope. Raises ValueError for what is no envelope."""
    if not isinstance(child, dict) or not isinstance(child.get("data"), dict):
        raise ValueError("the item is not an object with a kind and data")  # noqa: TRY004 - as below
    return cast("dict[str, Any]", child["data"])


def created(child: Any) -> float | None:
    """Seconds since 1970, None where the item names no time."""
    at = child["data"].get("created_utc") if isinstance(child, dict) and isinstance(child.get("data"), dict) else None
    return float(at) if isinstance(at, int | float) and not isinstance(at, bool) and 0 < at < _MAX_COUNT else None


def fullname(child: Any) -> str:
    """Such as t3_abc. Raises ValueError for an item without one, or of another kind than a post or a comment."""
    data, kind = data_of(child), child.get("kind")
    if kind not in {COMMENT, SUBMISSION}:
        raise ValueError(f"a thing of the kind {kind!r} is no post")
    name = _word(data, "name") or (f"{kind}_{_word(data, 'id')}" if _word(data, "id") else "")
    if not name.startswith(f"{kind}_"):
        raise ValueError("the item has no id")
    return name


def is_message(child: Any) -> bool:
    """Whether it is a private message, which stands among the mentions of an inbox."""
    return isinstance(child, dict) and child.get("kind") == MESSAGE


def is_gone(child: Any) -> bool:
    """Whether its text was deleted or removed. Raises ValueError for what is no post."""
    data = data_of(child)
    if data.get("removed_by_category"):
        return True
    return _text(data, "selftext" if child.get("kind") == SUBMISSION else "body").strip().lower() in _BLANKS


def mention(child: Any, *, account: str, now: datetime) -> Mention:
    """Raises ValueError with the reason for what cannot be read."""
    native_id, data = fullname(child), data_of(child)
    comment = child["kind"] == COMMENT
    path = _word(data, "permalink") or _word(data, "context").partition("?")[0]
    handle = _word(data, "author")
    root = _root(data, path) if comment else ""
    parent = _word(data, "parent_id") if comment else ""
    text = _body(data, "body" if comment else "selftext")
    title = "" if comment else " ".join(tidy(_text(data, "title")).split())[:_LONGEST_TITLE]
    if not text and not title:
        raise ValueError("neither text nor title")
    at = created(child)
    return Mention(
        platform="reddit",
        native_id=native_id,
        text=text,
        title=title,
        collected_at=now,
        published_at=None if at is None else _dates.usable(_moment(at), now),
        author=Author(handle=handle, url=f"{WWW}/user/{handle}") if handle and handle != _NOBODY else None,
        permalink=WWW + path if path.startswith("/") else _built(data, root, native_id),
        parent=parent,
        root=root,
        repost_of="" if comment else _word(data, "crosspost_parent"),
        reach=max(0, _count(data, "score")),
        own=_same(handle, account),
        to_us=comment and not _same(handle, account) and _answers(data, account, top=parent == root),
        raw=_raw(data),
    )


def _moment(at: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _answers(data: Mapping[str, Any], account: str, *, top: bool) -> bool:
    """Reddit says so in an inbox; elsewhere only the answers to a submission of ours can be told."""
    told = data.get("type") in {"comment_reply", "post_reply"} and bool(account)
    return told or (top and _same(_word(data, "link_author"), account))


def _same(name: str, account: str) -> bool:
    return bool(account) and name.lower() == account.lower()


def _root(data: Mapping[str, Any], path: str) -> str:
    """The submission of a comment: an inbox names it in the link only (/r/NAME/comments/ID/…)."""
    parts = path.split("/")
    named = f"{SUBMISSION}_{parts[4]}" if len(parts) > 4 and parts[3] == "comments" else ""  # noqa: PLR2004 - as above
    return _word(data, "link_id") or named


def _built(data: Mapping[str, Any], root: str, native_id: str) -> str:
    """The link of a post that came without one, as answers of the site's older pages do."""
    post = f"{WWW}/r/{_word(data, 'subreddit')}/comments/{(root or native_id)[3:]}/"
    return f"{post}_/{native_id[3:]}/" if root else post


def _raw(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the answering side asks for later, and where the post stood."""
    kept: dict[str, Any] = {"subreddit": _word(data, "subreddit"), "edited": bool(data.get("edited"))}
    kept |= {flag: True for flag in ("locked", "archived") if data.get(flag) is True}
    kept |= {key: _word(data, key) for key in ("link_title", "url") if _word(data, key)}
    return kept


def _body(data: Mapping[str, Any], key: str) -> str:
    """What a reader sees: from the HTML that Reddit makes of the Markdown, where it gives that."""
    markup = _text(data, f"{key}_html")
    return (clean(markup) if markup else tidy(_text(data, key)))[:_LONGEST_TEXT]


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is not text")  # noqa: TRY004 - one type for all that makes an item unreadable
    return value


def _word(data: Mapping[str, Any], key: str) -> str:
    return storable(_text(data, key)).strip()[:_LONGEST_TITLE]


def _count(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < _MAX_COUNT:
        return 0
    return int(value)
