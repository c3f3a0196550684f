"""What readers say below an article: read with it, a few feeds at a time, and never at its cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from collectors import registry
from collectors._comments import PER_READING
from collectors.feeds import FeedCollector
from sahut.core.errors import PermanentError
from sahut.core.model import Batch, Mention, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, Answer, FeedServer, a_source, item, rss

SPACES = 'xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'


def feed(*items: str) -> bytes:
    return rss(*items).replace(b"<rss ", f"<rss {SPACES} ".encode(), 1)


def article(server: FeedServer, number: int, *, count: int | None = None) -> str:
    said = "" if count is None else f"<slash:comments>{count}</slash:comments>"
    return item(number, extra=f"<wfw:commentRss>{server.url}/{number}/feed/</wfw:commentRss>{said}")


def comment(number: int, text: str = "") -> str:
    body = text or f"Di gang saya juga mati, sudah {number} malam"
    return (
        f"<title>Komentar pada Lampu padam oleh Warga {number}</title><link>https://warta.example/1#c{number}</link>"
        f"<guid>https://warta.example/1#c{number}</guid><description>{body}</description>"
    )


def commented(server: FeedServer, **over: object) -> Source:
    return a_source(server.url + "/rss", options={"comments": "yes"}, **over)


def read(source: Source, now: datetime = NOW) -> tuple[list[Batch], Source]:
    batches = list(FeedCollector(SETTINGS).collect(source, now=now))
    return batches, replace(source, cursor=batches[-1].cursor)


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def asked(server: FeedServer) -> list[str]:
    paths = [seen.path for seen in server.seen]
    server.seen.clear()
    return paths


def test_comments_come_below_their_article_without_its_title(server: FeedServer) -> None:
    server.feed("/rss", feed(article(server, 1), item(2)))
    server.feed("/1/feed/", rss(comment(1), comment(2)))
    batches, _ = read(commented(server))
    first, _, one, two = mentions(batches)

    assert (one.parent, one.root) == (first.native_id, first.native_id)
    assert one.body == "Di gang saya juga mati, sudah 1 malam"
    assert one.native_id != two.native_id
    assert not first.parent


def test_atom_names_its_comments_by_a_link(server: FeedServer) -> None:
    entry = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
        <title>W</title><entry><id>tag:w,2026:1</id><title>Lampu padam</title><link href="/1"/>
        <link rel="replies" type="text/html" href="/1#komentar"/>
        <link rel="replies" type="application/atom+xml" href="/1/feed/" thr:count="2"/></entry></feed>"""
    server.feed("/rss", entry.encode())
    server.feed("/1/feed/", rss(comment(1)))

    assert [m.parent for m in mentions(read(commented(server))[0])] == ["", "tag:w,2026:1"]


def test_nobody_asked_for_comments_so_none_are_read(server: FeedServer) -> None:
    server.feed("/rss", feed(article(server, 1)))
    batches = list(FeedCollector(SETTINGS).collect(a_source(server.url + "/rss"), now=NOW))

    assert asked(server) == ["/rss"]
    assert "comments" not in batches[-1].cursor


def test_an_article_that_says_it_has_no_comment_is_not_asked_until_it_has(server: FeedServer) -> None:
    server.on("/rss", Answer(body=feed(article(server, 1, count=0))), Answer(body=feed(article(server, 1, count=1))))
    server.feed("/1/feed/", rss(comment(1)))
    _, source = read(commented(server))

    assert asked(server) == ["/rss"]
    assert len(mentions(read(source, NOW + timedelta(minutes=10))[0])) == 2


def test_few_are_read_at_a_time_and_the_longest_waiting_first(server: FeedServer) -> None:
    server.feed("/rss", feed(*(article(server, number) for number in range(7))))
    for number in range(7):
        server.feed(f"/{number}/feed/", rss(comment(number)))
    _, source = read(commented(server))
    first = asked(server)[1:]
    _, source = read(source, NOW + timedelta(minutes=10))
    second = asked(server)[1:]

    assert len(first) == len(second) == PER_READING
    assert set(first) | set(second) == {f"/{number}/feed/" for number in range(7)}


def test_validators_are_each_feeds_own_and_an_unchanged_article_feed_keeps_its_comments(server: FeedServer) -> None:
    server.on("/rss", Answer(body=feed(article(server, 1)), headers={"ETag": '"a"'}), Answer(status=304))
    server.on("/1/feed/", Answer(body=rss(comment(1)), headers={"ETag": '"c"'}), Answer(status=304))
    _, source = read(commented(server))
    server.seen.clear()
    batches, source = read(source, NOW + timedelta(minutes=10))

    assert [seen.headers.get("if-none-match") for seen in server.seen] == ['"a"', '"c"']
    assert mentions(batches) == []
    assert source.cursor["comments"][0]["etag"] == '"c"'


def test_turning_comments_on_reads_the_feed_anew(server: FeedServer) -> None:
    server.on("/rss", Answer(body=feed(article(server, 1)), headers={"ETag": '"a"'}))
    server.feed("/1/feed/", rss(comment(1)))
    _, source = read(a_source(server.url + "/rss"))
    server.seen.clear()
    batches, _ = read(replace(source, options={"comments": "yes"}))

    assert "if-none-match" not in server.seen[0].headers
    assert len(mentions(batches)) == 2


def test_a_feed_of_comments_that_fails_is_a_note_and_waits_longer_each_time(server: FeedServer) -> None:
    server.feed("/rss", feed(article(server, 1), article(server, 2)))
    server.on("/1/feed/", Answer(status=500))
    server.feed("/2/feed/", rss(comment(2)))
    batches, source = read(commented(server))

    assert len(mentions(batches)) == 3
    assert any("comments could not be read" in note for batch in batches for note in batch.notes)
    asked(server)
    read(source, NOW + timedelta(minutes=10))
    assert "/1/feed/" not in asked(server)
    read(source, NOW + timedelta(minutes=30))
    assert "/1/feed/" in asked(server)


def test_a_limit_holds_back_all_that_stands_on_its_server(server: FeedServer) -> None:
    server.feed("/rss", feed(article(server, 1), article(server, 2)))
    server.on("/1/feed/", Answer(status=429, headers={"Retry-After": "7200"}))
    server.on("/2/feed/", Answer(status=429, headers={"Retry-After": "7200"}))
    _, source = read(commented(server))

    assert len(asked(server)) == 2
    read(source, NOW + timedelta(hours=1))
    assert asked(server) == ["/rss"]
    read(source, NOW + timedelta(hours=3))
    assert len(asked(server)) == 2


@pytest.mark.parametrize("body", [b"<html><body>Masuk dulu</body></html>", b"", b"<rss"])
def test_what_is_no_feed_harms_nothing(server: FeedServer, body: bytes) -> None:
    server.feed("/rss", feed(article(server, 1)))
    server.feed("/1/feed/", body)

    assert len(mentions(read(commented(server))[0])) == 1


def test_an_article_is_watched_for_thirty_days(server: FeedServer) -> None:
    server.on("/rss", Answer(body=feed(article(server, 1))), Answer(body=feed(item(2))))
    server.feed("/1/feed/", rss(comment(1)))
    _, source = read(commented(server))
    _, later = read(source, NOW + timedelta(days=29))
    _, last = read(later, NOW + timedelta(days=31))

    assert len(later.cursor["comments"]) == 1
    assert last.cursor["comments"] == []


def test_a_comment_that_cannot_be_read_comes_to_its_place_when_it_can(server: FeedServer) -> None:
    server.feed("/rss", feed(article(server, 1)))
    server.feed("/1/feed/", b'{"version": "https://jsonfeed.org/version/1.1", "items": ["rusak"]}')
    batches, source = read(commented(server))
    letter = batches[-1].dead[0]
    collector = registry.load("feed", settings=SETTINGS)

    with pytest.raises(ValueError, match="not an object"):
        collector.revive(source, letter.raw, now=NOW)
    mended = collector.revive(source, {**letter.raw, "entry": {"id": "7", "content_text": "Mati lagi"}}, now=NOW)
    assert mended.parent == mentions(batches)[0].native_id


def test_an_option_that_is_neither_yes_nor_no_is_said_so(server: FeedServer) -> None:
    with pytest.raises(PermanentError) as caught:
        read(a_source(server.url + "/rss", options={"comments": "maybe"}))

    assert caught.value.problem is Problem.BAD_SETTINGS
