"""Statuses of Mastodon in our words.

A status has another id on every server that knows it, so an identity here is ``SERVER/ID``, by the server's own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from collectors import _dates
from collectors._html import clean, tidy
from collectors._mastodon_line import Home
from collectors._text import storable, storable_deep
from sahut.core.model import Author, DeadItem, Mention

_LONGEST_TEXT = 200_000
_LONGEST_TITLE = 2_000
_LONGEST_WORD = 2_000
_MAX_COUNT = 2**53
# What anybody may see; the others are letters, to us or to the writer's followers.
_PUBLIC = frozenset({"public", "unlisted"})
# A notification of an event of ours (a poll's end, a favourite) is no post of anybody's.
_SPOKEN = frozenset({"mention", "quote"})


def identity(local_id: str, home: Home) -> str:
    """What a status of our server is called in Sahut."""
    return f"{home.domain}/{local_id}"


def local_id(native_id: str, home: Home) -> str:
    """The id on our server, "" for another server's."""
    domain, _, local = native_id.rpartition("/")
    return local if domain == home.domain else ""


def id_of(item: Any) -> str:
    """The id of a status or a notification, "" where it has none."""
    value = item.get("id") if isinstance(item, dict) else None
    return value if isinstance(value, str) and value.isascii() and value.isalnum() and len(value) < 64 else ""  # noqa: PLR2004 - a third more than any server's


def moment(value: Any) -> datetime | None:
    """A time of Mastodon's in UTC, None where it is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if found is None else found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def made_at(item: Any) -> datetime | None:
    """When a status or notification was made."""
    return moment(item.get("created_at")) if isinstance(item, dict) else None


def status_of(item: Any) -> Any:
    """The status itself, of a notification the one that it tells of; None where that tells of none of somebody's."""
    if isinstance(item, dict) and "type" in item and "content" not in item:
        return item.get("status") if item["type"] in _SPOKEN else None
    return item


def is_public(status: Any) -> bool:
    """Whether anybody may see it. What does not say so is left to `mention` to refuse."""
    return not isinstance(status, dict) or status.get("visibility", "public") in _PUBLIC


def link_to(status: Any) -> str:
    """Where people see it."""
    return _word(status, "url") or _word(status, "uri")


def mention(status: Any, home: Home, *, now: datetime) -> Mention:
    """Raises ValueError with the reason for what cannot be read."""
    if not isinstance(status, dict):
        raise ValueError("the status is not an object")  # noqa: TRY004 - one type for all that makes it unreadable
    local = id_of(status)
    if not local:
        raise ValueError("the status has no id")
    boosted = status.get("reblog")
    shown = cast("dict[str, Any]", boosted) if isinstance(boosted, dict) else status
    author = _author(status.get("account"), home)
    title = _title(shown)
    text = _text(shown)
    if not text and not title:
        raise ValueError("neither text nor pictures")
    own = _word(status.get("account"), "id") == home.account_id
    return Mention(
        platform="mastodon",
        native_id=identity(local, home),
        text=text,
        title=title,
        collected_at=now,
        published_at=_dates.usable(moment(status.get("created_at")), now),
        author=author,
        permalink=link_to(shown),
        language=_word(shown, "language"),
        parent=_reference(status.get("in_reply_to_id"), home),
        repost_of=_reference(id_of(boosted), home),
        reach=_count(shown, "reblogs_count") + _count(shown, "favourites_count"),
        own=own,
        to_us=not own and _word(status, "in_reply_to_account_id") == home.account_id,
        raw=_raw(status, shown, local, home),
    )


def dead(item: Any, reason: str, home: Home) -> DeadItem:
    """Kept with what it takes to read it again."""
    seen_by = {"account_id": home.account_id, "acct": home.acct, "domain": home.domain}
    local = id_of(status_of(item)) or id_of(item)
    return DeadItem(
        reason=reason,
        native_id=identity(local, home) if local else "",
        raw=storable_deep({"item": item, "home": seen_by}),
    )


def revived(raw: Mapping[str, Any], *, now: datetime) -> Mention:
    """Read a dead item again. Raises ValueError with the reason."""
    seen_by = raw.get("home")
    home = Home.kept({**seen_by, "limit": "1", "link": "1"}) if isinstance(seen_by, dict) else None
    if home is None:
        raise ValueError("it does not say whose server it came from")
    return mention(status_of(raw.get("item")), home, now=now)


def _reference(value: Any, home: Home) -> str:
    return identity(storable(value), home) if isinstance(value, str) and value else ""


def _author(account: Any, home: Home) -> Author | None:
    acct = _word(account, "acct")
    if not acct:
        return None
    return Author(
        handle=acct if "@" in acct else f"{acct}@{home.domain}",
        name=tidy(_word(account, "display_name")),
        url=_word(account, "url"),
        followers=_count(account, "followers_count"),
    )


def _title(status: Mapping[str, Any]) -> str:
    """What the writer put over a text that is folded away."""
    return " ".join(clean(_string(status, "spoiler_text")).split())[:_LONGEST_TITLE]


def _text(status: Mapping[str, Any]) -> str:
    """What a reader sees, with the answers of a poll; of a post without words what its pictures show."""
    text = clean(_string(status, "content"))
    poll = status.get("poll")
    options = poll.get("options") if isinstance(poll, dict) else None
    answers = (
        [tidy(_word(one, "title")) for one in options if isinstance(one, dict)] if isinstance(options, list) else []
    )
    media = status.get("media_attachments")
    pictures = [one for one in media if isinstance(one, dict)] if isinstance(media, list) else []
    if not text:
        text = "\n".join(_word(one, "description") or _word(one, "url") for one in pictures)
    return "\n".join(part for part in [text, *(f"- {answer}" for answer in answers)] if part)[:_LONGEST_TEXT]


def _raw(status: Mapping[str, Any], shown: Mapping[str, Any], local: str, home: Home) -> dict[str, Any]:
    """What the answering side asks for later, and what a person may want to know."""
    quote = shown.get("quote")
    quoted = quote.get("quoted_status") if isinstance(quote, dict) else None
    kept = {
        "id": local,
        "home": home.domain,
        "acct": _word(status.get("account"), "acct"),
        "uri": _word(shown, "uri"),
        "edited_at": _word(shown, "edited_at"),
        "visibility": _word(status, "visibility"),
        "quoted": _reference(id_of(quoted), home),
    }
    return {key: value for key, value in kept.items() if value}


def _string(status: Mapping[str, Any], key: str) -> str:
    value = status.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is not text")  # noqa: TRY004 - one type for all that makes a status unreadable
    return value


def _word(thing: Any, key: str) -> str:
    value = thing.get(key) if isinstance(thing, dict) else None
    return storable(value).strip()[:_LONGEST_WORD] if isinstance(value, str) else ""


def _count(thing: Any, key: str) -> int:
    value = thing.get(key) if isinstance(thing, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_COUNT else 0
