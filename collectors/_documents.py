"""Bytes of a document to entries: unpacking, charset, format. All that can be wrong with a whole feed ends here."""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin
from xml.parsers import expat

import feedparser
from selectolax.lexbor import LexborHTMLParser

from collectors._freshness import pace
from collectors._inflate import TooLargeError, inflate
from sahut.core.errors import TransientError
from sahut.core.model import Problem

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_CHARSET = re.compile(r";?\s*charset\s*=\s*[\"']?([^;\"'\s]+)[\"']?", re.IGNORECASE)
_CHALLENGE = re.compile(rb"captcha|cf-chl|just a moment|are you (?:a )?(?:human|robot)|verify you are", re.IGNORECASE)
_PAGE = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,4000}?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_FEED_ROOT = re.compile(rb"<(?:rss|feed|channel|rdf:rdf|item|entry)\b", re.IGNORECASE)
_START = 8_000
# feedparser's lenient reader takes quadratic time: 20,000 items in 1 MB of bad XML took over 15 s, and so did 80,000
# tags that never close. Up to these sizes it stays within a few seconds.
_SMALL = 32 * 1024
_LENIENT = 384 * 1024
_MOST_OPEN = 10_000
_OPENS = re.compile(rb"<(?!br\b|img\b|hr\b|p\b|li\b)[A-Za-z]")
_FEED_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A feed taken apart: ``entries`` are feedparser's entries, or JSON Feed's objects when ``is_json``.

    ``pace`` is how long it wants to be left alone between two readings, None when it does not say.
    """

    title: str
    language: str
    entries: list[Any]
    is_json: bool
    pace: timedelta | None = None
    notes: list[str] = field(default_factory=list)


def take_apart(body: bytes, *, url: str, content_type: str | None, max_bytes: int) -> Document:
    """Raises TransientError: TOO_LARGE, NOT_READABLE, or NOT_A_FEED for a page, a captcha, an empty or other body."""
    if body[:2] == b"\x1f\x8b":
        try:
            body = inflate(body, max_bytes)
        except TooLargeError:
            body = b"\x00" * (max_bytes + 1)
        except zlib.error as error:
            raise TransientError(f"{url} sent damaged gzip data", problem=Problem.NOT_READABLE) from error
    if len(body) > max_bytes:
        raise TransientError(f"{url} is larger than {max_bytes / 1_048_576:g} MiB", problem=Problem.TOO_LARGE)
    if not body.strip():
        raise TransientError(f"{url} sent an empty document in place of a feed", problem=Problem.NOT_A_FEED)
    if body.removeprefix(_BOMS[0]).lstrip()[:1] == b"{":
        return _json_feed(body, url)
    return _xml_feed(body, url, content_type)


def _json_feed(body: bytes, url: str) -> Document:
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise TransientError(f"{url} sent damaged JSON: {error}", problem=Problem.NOT_A_FEED) from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version", "jsonfeed.org")):
        raise TransientError(f"{url} sent JSON that is no JSON Feed", problem=Problem.NOT_A_FEED)
    return Document(
        title=str(feed.get("title") or ""), language=str(feed.get("language") or ""), entries=items, is_json=True
    )


def _xml_feed(body: bytes, url: str, content_type: str | None) -> Document:
    if body.startswith(_BOMS[1:]):
        # feedparser takes UTF-16 without a declaration for UTF-8 full of NULs.
        body = body.decode("utf-16", "replace").encode("utf-8-sig", "replace")
    if _PAGE.match(body[:_START]) and not _FEED_ROOT.search(body):
        # feedparser takes quadratic time on tag soup; a page needs no reading to be known as one.
        raise TransientError(_no_feed(body, url), problem=Problem.NOT_A_FEED)
    sent, notes = _reconciled(body, content_type)
    if len(body) > _SMALL and not _well_formed(body):
        body = _bounded(body, url, notes)
    # No content-location: it would resolve bare guids against the address, which may move. Links are resolved later.
    headers = {"content-type": sent} if sent else {}
    try:
        # Bytes in a stream, never text: feedparser opens a string as a file or a URL.
        found = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:
        # It is handed every kind of damage, and its own faults are many kinds of exception.
        raise TransientError(
            f"{url} could not be read as a feed: {type(error).__name__}: {error}", problem=Problem.NOT_READABLE
        ) from error
    feed: Mapping[str, Any] = found.get("feed") or {}
    entries = list(found.get("entries") or [])
    if not entries and not found.get("version"):
        raise TransientError(_no_feed(body, url), problem=Problem.NOT_A_FEED)
    cause = found.get("bozo_exception")
    if found.get("bozo") and isinstance(cause, feedparser.CharacterEncodingOverride):
        notes.append("the charset of the header and that of the document disagree")
    elif found.get("bozo") and not isinstance(cause, feedparser.NonXMLContentType):
        notes.append(f"the feed is not well-formed: {' '.join(str(cause).split())[:150]}")
    return Document(
        title=_plain(feed.get("title")),
        language=_plain(feed.get("language")),
        entries=entries,
        is_json=False,
        pace=pace(
            ttl=_plain(feed.get("ttl")),
            period=_plain(feed.get("sy_updateperiod")),
            frequency=_plain(feed.get("sy_updatefrequency")),
        ),
        notes=notes,
    )


def _well_formed(body: bytes) -> bool:
    try:
        expat.ParserCreate().Parse(body, True)
    except expat.ExpatError as error:
        # feedparser converts to UTF-8 first, so a charset that expat does not know is no damage.
        return error.code == expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]
    except (ValueError, LookupError):
        return True
    return True


def _bounded(body: bytes, url: str, notes: list[str]) -> bytes:
    """As much of a malformed document as the lenient reader takes in bounded time; the newest items stand first.

    Raises TransientError(NOT_READABLE) for one that opens tags without end.
    """
    if len(body) > _LENIENT:
        notes.append(f"the feed is not well-formed and long: only its first {_LENIENT // 1024} KiB were read")
        body = body[:_LENIENT]
    unclosed = len(_OPENS.findall(body)) - body.count(b"</") - body.count(b"/>")
    if unclosed > _MOST_OPEN:
        raise TransientError(f"{url} is damaged: {unclosed} tags never end", problem=Problem.NOT_READABLE)
    return body


def _plain(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _reconciled(body: bytes, content_type: str | None) -> tuple[str | None, list[str]]:
    """The header without a charset that the document itself contradicts: servers guess, documents know."""
    given = _CHARSET.search(content_type or "")
    if content_type is None or given is None:
        return content_type, []
    declared = _DECLARED.match(body[:400].removeprefix(_BOMS[0]))
    if body.startswith(_BOMS[0]):
        own = "utf-8"
    elif body.startswith(_BOMS[1:]):
        own = "utf-16"
    elif declared is not None:
        own = declared[1].decode("ascii").lower()
    elif _is_utf8(body):
        own = "utf-8"
    else:
        return content_type, []
    if own.replace("_", "-") == given[1].lower().replace("_", "-"):
        return content_type, []
    kind = content_type[: given.start()]
    # text/xml without a charset would mean us-ascii (RFC 3023): say what is.
    return f"{kind}; charset={own}" if own != "utf-16" else "application/xml", [
        f"the header says {given[1]}, the document is {own}: the document is believed"
    ]


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not body.isascii()


def _no_feed(body: bytes, url: str) -> str:
    start = body[:200_000]
    if not re.search(rb"<(?:!doctype\s+html|html|head|body)\b", start[:5_000], re.IGNORECASE):
        return f"{url} is no feed"
    if _CHALLENGE.search(start):
        return f"{url} sent a page that asks for a human (captcha) in place of the feed"
    feeds = links_to_feeds(start, url)
    if feeds:
        return f"{url} is a web page, not a feed; its feeds are: {', '.join(feeds)}"
    return f"{url} sent a web page in place of a feed"


def links_to_feeds(page: bytes, url: str) -> list[str]:
    """The feeds that a page names in <link rel="alternate">, at most 10, as absolute http(s) addresses in order."""
    root = LexborHTMLParser(page.decode("utf-8", "replace"))
    base_tag = root.css_first("base[href]")
    found: list[str] = []
    try:
        base = urljoin(url, (base_tag.attributes.get("href") or "") if base_tag is not None else "")
        for link in root.css("link[href][type]"):
            kind = (link.attributes.get("type") or "").split(";")[0].strip().lower()
            if "alternate" in (link.attributes.get("rel") or "").lower().split() and kind in _FEED_TYPES:
                found.append(urljoin(base, (link.attributes.get("href") or "").strip()))
    except ValueError:
        return found[:10]
    return [feed for feed in dict.fromkeys(found) if feed.startswith(("http://", "https://"))][:10]
