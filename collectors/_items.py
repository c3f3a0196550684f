"""One feed item, whatever the format: from feedparser's entry or from JSON Feed's object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import struct_time
from typing import Any
from urllib.parse import urljoin

from collectors import _dates
from collectors._html import clean, tidy
from collectors._text import storable, storable_deep
from sahut.core.model import Author

_LONGEST_ID = 2_000
_LONGEST_TEXT = 200_000
_LONGEST_TITLE = 2_000
_FEED_TYPES = {"application/atom+xml", "application/rss+xml", "application/rdf+xml", "application/xml", "text/xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item in our words. ``date`` is the raw date, ``published_at`` what it names; ``raw`` reads it again.

    ``comments`` is the feed of the comments below it, "" where there is none or the item says that it has no comment.
    """

    guid: str
    link: str
    title: str
    text: str
    date: str
    published_at: datetime | None
    author: Author | None
    language: str
    raw: Mapping[str, Any]
    comments: str = ""


def plain_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Feedparser's entry as plain JSON values."""
    plain: dict[str, Any] = {}
    for key, value in entry.items():
        if isinstance(value, struct_time):
            plain[key] = list(value[:6])
        else:
            plain[key] = storable_deep(value)
    return plain


def from_entry(entry: Mapping[str, Any], *, base: str, language: str) -> Item:
    """Raises ValueError for an entry with nothing in it."""
    if not entry:
        raise ValueError("the item is empty")
    date, parsed = _date(entry)
    detail = entry.get("title_detail") or {}
    title = _text(entry.get("title"), html=detail.get("type") != "text/plain")
    return Item(
        guid=_word(entry.get("id"))[:_LONGEST_ID],
        link=_link(entry, base),
        title=" ".join(title.split())[:_LONGEST_TITLE],
        text=_body(entry)[:_LONGEST_TEXT],
        date=date,
        published_at=_dates.read(date, parsed),
        author=_author(entry, base),
        language=(_word(entry.get("language")) or _content_language(entry) or language)[:35],
        raw=entry,
        comments=_comments(entry, base),
    )


def from_json(post: Any, *, base: str, language: str) -> Item:
    """Raises ValueError for what is no JSON Feed item (https://www.jsonfeed.org/version/1.1/)."""
    if not isinstance(post, dict):
        raise ValueError("the item is not an object")  # noqa: TRY004 - one type for all that makes an item unreadable
    if not post:
        raise ValueError("the item is empty")
    authors = post.get("authors") or [post.get("author")]
    first = authors[0] if isinstance(authors, list) and authors and isinstance(authors[0], dict) else {}
    name, url = _word(first.get("name")), _word(first.get("url"))
    html, text = post.get("content_html"), post.get("content_text")
    body = clean(html) if isinstance(html, str) and html else tidy(text) if isinstance(text, str) else ""
    date = _word(post.get("date_published")) or _word(post.get("date_modified"))
    raw = storable_deep(post)
    link = _word(post.get("url")) or _word(post.get("external_url"))
    return Item(
        guid=_word(post.get("id"))[:_LONGEST_ID],
        link=_joined(base, link),
        title=" ".join(tidy(_word(post.get("title"))).split())[:_LONGEST_TITLE],
        text=(body or _text(post.get("summary"), html=False))[:_LONGEST_TEXT],
        date=date,
        published_at=_dates.read(date),
        author=Author(handle=name or url, name=name, url=_joined(base, url)) if name or url else None,
        language=(_word(post.get("language")) or language)[:35],
        raw=raw,
    )


def _word(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return storable(str(value)).strip()


def _text(value: Any, *, html: bool) -> str:
    if not isinstance(value, str):
        return ""
    return clean(value) if html else tidy(value)


def _date(entry: Mapping[str, Any]) -> tuple[str, struct_time | None]:
    for key in ("published", "created", "updated", "expired"):
        raw = entry.get(key)
        if key != "expired" and isinstance(raw, str) and raw.strip():
            parsed = entry.get(f"{key}_parsed")
            if isinstance(parsed, list):
                parsed = struct_time((*parsed, 0, 1, 0))
            return storable(raw).strip()[:100], parsed if isinstance(parsed, struct_time) else None
    return "", None


def _body(entry: Mapping[str, Any]) -> str:
    """The longest of the contents and the summary, as text."""
    found = [entry.get("summary")]
    contents = entry.get("content")
    for content in contents if isinstance(contents, list) else []:
        kind = str(content.get("type") or "text/html")
        if kind.startswith("text/") or kind.endswith(("xml", "html")):
            found.append(content.get("value"))
    return max((_text(markup, html=True) for markup in found), key=len)


def _content_language(entry: Mapping[str, Any]) -> str:
    for detail in [*(entry.get("content") or []), entry.get("title_detail"), entry.get("summary_detail")]:
        if isinstance(detail, Mapping) and detail.get("language"):
            return _word(detail["language"])
    return ""


def _link(entry: Mapping[str, Any], base: str) -> str:
    link, guid = _word(entry.get("link")), _word(entry.get("id"))
    if link == guid and not link.startswith(("http://", "https://", "/")):
        # feedparser takes any guid for a link unless the feed says isPermaLink="false".
        link = ""
    if not link:
        links = [found for found in entry.get("links") or [] if isinstance(found, Mapping)]
        link = next((_word(found.get("href")) for found in links if found.get("rel") in {None, "alternate"}), "")
    return _joined(base, link)


def _comments(entry: Mapping[str, Any], base: str) -> str:
    """wfw:commentRss of RSS, or the link "replies" of Atom (RFC 4685), with slash:comments or thr:count."""
    address, count = _word(entry.get("wfw_commentrss")), _word(entry.get("slash_comments"))
    for link in entry.get("links") or []:
        if address or not isinstance(link, Mapping) or link.get("rel") != "replies":
            continue
        if _word(link.get("type")).partition(";")[0].strip().lower() in _FEED_TYPES:
            address, count = _word(link.get("href")), _word(link.get("count")) or count
    found = _joined(base, address)
    return found if count != "0" and found.startswith(("http://", "https://")) else ""


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)[:_LONGEST_ID] if link else ""
    except ValueError:
        return link[:_LONGEST_ID]


def _author(entry: Mapping[str, Any], base: str) -> Author | None:
    detail = entry.get("author_detail") or {}
    name = _word(detail.get("name")) or _word(entry.get("author"))
    handle = _word(detail.get("email")) or name
    if not handle:
        return None
    return Author(handle=handle[:300], name=name[:300], url=_joined(base, _word(detail.get("href"))))
