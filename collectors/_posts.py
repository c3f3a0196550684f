"""One post in Sahut's own JSON, as files of lines and deliveries hold it; see `collectors.replay` for its members."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sahut.core.model import Author, Mention

_FARTHEST = timedelta(days=1)


def moment(value: object) -> datetime | None:
    """An ISO date in UTC, None for none. Raises ValueError for what is no ISO date."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no ISO date")  # noqa: TRY004 - one type for all that makes a post unreadable
    found = datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class PostReader:
    """Post in, mention out. ``platform`` is whose it is where the post does not say, or may not (``fixed``).

    ``scope`` goes before every id. ``shift`` moves dates by so many seconds. Dates that cannot be read are left out
    and put down in ``bad_dates``.
    """

    def __init__(
        self, now: datetime, *, platform: str, fixed: bool = False, scope: str = "", shift: float | None = None
    ) -> None:
        self._now = now
        self._platform = platform
        self._fixed = fixed
        self._latest = now + _FARTHEST
        self._shift = timedelta(seconds=shift) if shift else None
        self._scope = scope
        self.bad_dates: list[str] = []

    def mention(self, post: Mapping[str, Any]) -> Mention:
        """Raises ValueError with the reason."""
        text, title = _words(post, "text").strip(), _words(post, "title").strip()
        if not text and not title:
            raise ValueError("neither text nor title")
        native_id = _identifier(post.get("id"))
        if not native_id:
            native_id = "sha256:" + hashlib.sha256(f"{title}\x00{text}".encode()).hexdigest()[:32]
        return Mention(
            platform=self._platform if self._fixed else _words(post, "platform") or self._platform,
            native_id=self._scope + native_id,
            text=text,
            title=title,
            collected_at=self._now,
            published_at=self._published(post.get("at")),
            author=_author(post.get("author")),
            permalink=_words(post, "url"),
            language=_words(post, "language"),
            parent=self._scoped(post.get("parent")),
            repost_of=self._scoped(post.get("repost_of")),
            reach=_count(post.get("reach")) or 0,
        )

    def _scoped(self, value: object) -> str:
        other = _identifier(value)
        return self._scope + other if other else ""

    def _published(self, value: object) -> datetime | None:
        try:
            found = moment(value)
            if found is not None and self._shift is not None:
                found += self._shift
        except (ValueError, OverflowError):
            self.bad_dates.append(str(value)[:60])
            return None
        return None if found is None or found > self._latest else found


def _words(post: Mapping[str, Any], key: str) -> str:
    value = post.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is not text")  # noqa: TRY004 - as above
    return value


def _identifier(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{value!r} is no id")  # noqa: TRY004 - as above
    return str(value).strip()


def _count(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise ValueError(f"{value!r} is no count")
    return int(value)


def _author(value: object) -> Author | None:
    if value is None:
        return None
    if isinstance(value, str):
        return Author(handle=value)
    if not isinstance(value, dict):
        raise ValueError("'author' is neither an object nor a name")  # noqa: TRY004 - as above
    return Author(
        handle=_words(value, "handle"),
        name=_words(value, "name"),
        url=_words(value, "url"),
        followers=_count(value.get("followers")),
    )
