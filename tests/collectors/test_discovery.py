"""From a site's address to its feeds."""

from __future__ import annotations

import pytest

from collectors.discovery import discover
from sahut.core.errors import PermanentError
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, Answer, FeedServer, item, rss

FEED = rss(item(1))
PAGE = b"<html><head><title>Kota</title></head><body>Selamat datang</body></html>"


def found(server: FeedServer, path: str) -> list[str]:
    return discover(server.url + path, settings=SETTINGS, now=NOW)


def test_a_feed_is_its_own_answer_in_one_request(server: FeedServer) -> None:
    url = server.feed("/rss", FEED)
    assert found(server, "/rss") == [url]
    assert len(server.seen) == 1


def test_a_page_names_its_feeds_in_order(server: FeedServer) -> None:
    links = (
        '<link rel="stylesheet" type="text/css" href="/x.css">'
        '<link rel="alternate" type="application/rss+xml" href="warta.xml">'
        '<link rel="Alternate home" type="application/atom+xml" href="https://lain.example/atom">'
        '<link rel="alternate" type="application/rss+xml" href="file:///etc/hostname">'
    )
    server.feed("/kota/", f"<html><head>{links}</head></html>".encode())
    assert found(server, "/kota/") == [server.url + "/kota/warta.xml", "https://lain.example/atom"]
    assert len(server.seen) == 1


def test_a_page_that_names_none_is_tried_at_the_usual_places(server: FeedServer) -> None:
    server.feed("/", PAGE)
    server.feed("/feed", PAGE)
    url = server.feed("/rss.xml", FEED)
    assert found(server, "/") == [url]
    assert len(server.seen) <= 7


def test_guessing_keeps_to_robots_txt(server: FeedServer) -> None:
    server.feed("/", PAGE)
    server.feed("/feed", FEED)
    server.on("/robots.txt", Answer(body=b"User-agent: *\nDisallow: /feed\n"))
    assert found(server, "/") == []
    assert "/feed" not in [seen.path for seen in server.seen]


def test_a_site_without_feeds_ends_after_seven_requests(server: FeedServer) -> None:
    server.feed("/", PAGE)
    assert found(server, "/") == []
    assert len(server.seen) == 7


def test_an_address_that_is_gone_says_so(server: FeedServer) -> None:
    server.on("/", Answer(status=410))
    with pytest.raises(PermanentError):
        found(server, "/")
