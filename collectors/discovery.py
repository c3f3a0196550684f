"""From a site's address to its feeds.

A page's own <link rel="alternate"> comes first. Only where a page names none are a few usual places tried, on the same
host, and not where robots.txt keeps readers out (RFC 9309): guessing addresses is what a crawler does. At most seven
requests in all.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urljoin

from protego import Protego

from collectors._documents import links_to_feeds
from collectors._http import HttpClient
from collectors._settings import CollectorSettings
from collectors.feeds import parse
from sahut.core.errors import CollectError

USUAL_PLACES = ("/feed", "/rss", "/rss.xml", "/atom.xml", "/feed.json")


def discover(url: str, *, settings: CollectorSettings, now: datetime) -> list[str]:
    """Addresses of the feeds that ``url`` leads to, likeliest first; ``[url]`` when it is one itself, [] for none.

    Raises TransientError or PermanentError when ``url`` itself cannot be fetched.
    """
    client = HttpClient(settings)
    answer = client.get(url, now=now)
    if _is_feed(answer.body, answer.url, answer.content_type, now):
        return [url]
    named = links_to_feeds(answer.body, answer.url)
    if named:
        return named
    rules = _robots(client, answer.url, now)
    for place in USUAL_PLACES:
        guess = urljoin(answer.url, place)
        if not rules.can_fetch(guess, settings.agent):
            continue
        try:
            found = client.get(guess, now=now)
        except CollectError:
            continue
        if _is_feed(found.body, found.url, found.content_type, now):
            return [guess]
    return []


def _robots(client: HttpClient, url: str, now: datetime) -> Protego:
    """The site's rules; none where it has none (RFC 9309, 2.3.1.3)."""
    try:
        return Protego.parse(client.get(urljoin(url, "/robots.txt"), now=now).body.decode("utf-8", "replace"))
    except CollectError:
        return Protego.parse("")


def _is_feed(body: bytes, url: str, content_type: str | None, now: datetime) -> bool:
    try:
        parse(body, url=url, content_type=content_type, fetched_at=now)
    except CollectError:
        return False
    return True
