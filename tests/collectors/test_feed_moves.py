"""Feeds that move, and feeds that say how often they want to be read; against a real server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from collectors._freshness import pace
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, Answer, FeedServer, a_source, item, read, rss

FEED = rss(item(1), item(2))
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
SY = '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">{}</sy:updatePeriod>'


def moved(server: FeedServer, target: str) -> Source:
    """A source whose move to ``target`` is adopted; its own address answers with a feed again."""
    home = server.on("/old", *[Answer(status=301, headers={"Location": target})] * 3, Answer(body=FEED))
    server.on("/new", Answer(body=FEED, headers={"ETag": '"new"'}))
    source = a_source(home)
    for _ in range(3):
        _, source = read(source)
    assert source.cursor["url"] == server.url + "/new"
    return source


@pytest.mark.parametrize(
    "dead",
    [
        Answer(status=404),
        Answer(status=410),
        Answer(body=b"<html><body>domain for sale</body></html>"),
    ],
    ids=["not found", "gone", "somebody else's page"],
)
def test_a_move_whose_target_died_falls_back_to_the_feeds_own_address(server: FeedServer, dead: Answer) -> None:
    source = moved(server, "/new")
    server.on("/new", dead)
    batches, source = read(source)
    before = len(server.seen)
    read(source)

    assert len(batches[0].mentions) == 2
    assert "url" not in source.cursor
    assert "read at its own address again" in batches[0].notes[0]
    assert [seen.path for seen in server.seen[before:]] == ["/old"]
    assert "if-none-match" not in server.seen[before - 1].headers


def test_a_move_whose_host_cannot_be_found_any_more_falls_back_too(server: FeedServer) -> None:
    source = moved(server, "/new")
    lost = replace(source, cursor={**source.cursor, "url": "http://pindah.invalid/rss"})
    batches, source = read(lost)

    assert len(batches[0].mentions) == 2
    assert "url" not in source.cursor


def test_a_slow_or_broken_target_keeps_the_move(server: FeedServer) -> None:
    source = moved(server, "/new")
    server.on("/new", Answer(status=503))
    before = len(server.seen)
    with pytest.raises(TransientError):
        read(source)

    assert [seen.path for seen in server.seen[before:]] == ["/new"]


def test_a_feed_that_is_gone_at_both_addresses_stops_and_one_that_may_come_back_goes_on(server: FeedServer) -> None:
    source = moved(server, "/new")
    server.on("/new", Answer(status=410))
    server.on("/old", Answer(status=301, headers={"Location": "/new"}))
    with pytest.raises(PermanentError) as stopped:
        read(source)
    server.on("/old", Answer(status=503))
    with pytest.raises(TransientError) as waiting:
        read(source)

    assert (stopped.value.problem, waiting.value.problem) == (Problem.GONE, Problem.SERVER_ERROR)


def test_a_redirect_to_something_gone_stops_no_source(server: FeedServer) -> None:
    server.on("/new", Answer(status=410))
    with pytest.raises(CollectError) as caught:
        read(a_source(server.on("/old", Answer(status=301, headers={"Location": "/new"}))))

    assert isinstance(caught.value, TransientError)
    assert caught.value.problem is Problem.GONE


@pytest.mark.parametrize(
    ("head", "wait"),
    [
        ("<ttl>90</ttl>", 90 * MINUTES),
        ("<ttl> 45 </ttl>", 45 * MINUTES),
        ("<ttl>999999999</ttl>", 24 * HOURS),
        (SY.format("hourly"), 1 * HOURS),
        (SY.format("Daily") + SY.format(4).replace("Period", "Frequency"), 6 * HOURS),
        (SY.format("yearly"), 24 * HOURS),
        ("<ttl>30</ttl>" + SY.format("hourly"), 1 * HOURS),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>often</ttl>", None),
        (SY.format("sometimes"), None),
        ("", None),
    ],
)
def test_a_feeds_own_pace_is_kept(server: FeedServer, head: str, wait: timedelta | None) -> None:
    body = rss(item(1), head=f"<title>Warta</title>{head}")
    batches, _ = read(a_source(server.feed("/rss", body)))

    assert batches[0].next_check == (None if wait is None else NOW + wait)


def test_a_pace_is_remembered_while_nothing_changes_and_forgotten_when_the_feed_drops_it(server: FeedServer) -> None:
    paced = rss(item(1), head="<title>Warta</title><ttl>90</ttl>")
    url = server.on("/rss", Answer(body=paced, headers={"ETag": '"a"'}), Answer(status=304), Answer(body=FEED))
    _, source = read(a_source(url))
    unchanged, source = read(source)
    changed, source = read(source)

    assert (unchanged[0].next_check, changed[0].next_check) == (NOW + 90 * MINUTES, None)
    assert "pace" not in source.cursor


def test_the_later_of_header_and_feed_holds_and_the_operator_is_told(server: FeedServer) -> None:
    paced = rss(item(1), head="<title>Warta</title><ttl>20</ttl>")
    often = replace(a_source(server.feed("/rss", paced, Cache_Control="max-age=1800")), interval=5 * MINUTES)
    batches, _ = read(often, settings=SETTINGS)
    seldom, _ = read(replace(often, interval=60 * MINUTES))

    assert batches[0].next_check == NOW + 30 * MINUTES
    assert batches[0].notes == ["the feed asks to be read every 20 minutes at most, and it is"]
    assert seldom[0].notes == []


def test_a_frequency_of_nothing_counts_as_once() -> None:
    assert pace(period="hourly", frequency="0") == 1 * HOURS
    assert pace(period="hourly", frequency="two") == 1 * HOURS
    assert pace(frequency="2") is None
