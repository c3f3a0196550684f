"""The demonstration is what it says: counts, ties, dates, and a source that the real parts can read."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from collectors import registry
from sahut import demo
from sahut.core import collecting, rules
from sahut.core.model import Kind, MentionFilter, MentionOrder, SourceState, Topic
from sahut.demo import feed
from tests.builders import a_source_draft

NOW = datetime(2027, 3, 9, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def posts() -> list[dict]:
    return [json.loads(line) for line in demo.POSTS_PATH.read_text(encoding="utf-8").splitlines()]


def test_posts_hold_every_kind_in_the_documented_numbers(posts):
    counts = Counter(Kind(post["demo_kind"]) for post in posts)

    assert counts == {
        Kind.COMPLAINT: 131,
        Kind.ASPIRATION: 28,
        Kind.INQUIRY: 38,
        Kind.PRAISE: 25,
        Kind.NEWS: 94,
        Kind.OTHER: 208,
    }
    assert 0.20 <= counts[Kind.COMPLAINT] / len(posts) <= 0.25


def test_complaints_touch_every_topic_and_some_are_urgent(posts):
    complaints = [post for post in posts if post["demo_kind"] == "complaint"]

    assert {Topic(post["demo_topic"]) for post in complaints} == set(Topic)
    assert sum(post.get("demo_urgent", False) for post in complaints) == 14
    assert not [post for post in posts if post.get("demo_urgent") and post["demo_kind"] != "complaint"]


def test_ids_are_unique_and_dates_run_through_seven_waking_days(posts):
    moments = [datetime.fromisoformat(post["at"]) for post in posts]

    assert len({post["id"] for post in posts}) == len(posts)
    assert moments == sorted(moments)
    assert len({moment.date() for moment in moments}) == 7
    assert {moment.hour for moment in moments} <= set(range(5, 23))


def test_reposts_name_an_earlier_post_and_say_its_words(posts):
    by_id = {post["id"]: post for post in posts}
    reposts = [post for post in posts if "repost_of" in post]

    assert len(reposts) >= 12
    for post in reposts:
        first = by_id[post["repost_of"]]
        assert first["at"] < post["at"]
        assert post["text"].startswith(f"RT @{first['author']['handle']}: {first['text']}")


def test_a_dozen_groups_say_nearly_the_same(posts):
    groups: list[list[dict]] = []
    for post in posts:
        home = next((g for g in groups if rules.similarity(g[0]["text"], post["text"]) >= 0.7), None)
        if home is None:
            groups.append([post])
        else:
            home.append(post)
    sizes = [len(group) for group in groups if len(group) > 1]

    assert len(sizes) >= 12
    assert max(sizes) <= 6


def test_numbers_links_and_identities_are_recognisably_invented(posts):
    texts = " ".join(post["text"] for post in posts)
    links = re.findall(r"https?://([^/\s]+)", texts) + [post["url"].split("/")[2] for post in posts]

    assert all(host.endswith((".example", "example.com")) for host in links)
    assert not re.search(r"\b\d{16}\b", texts)
    assert set(re.findall(r"\b08\d\d-[\d-]+", texts)) == {"0812-0000-0000", "0800-0000-000"}


def test_load_twice_changes_nothing_and_clear_leaves_the_operators_source(store, clock):
    with store.begin() as tx:
        first = demo.load(tx, clock(), feed_url="http://127.0.0.1:9/koran-tirtamas.xml")
        second = demo.load(tx, clock(), feed_url="http://127.0.0.1:9/koran-tirtamas.xml")
        assert second == first
        assert all(source.demo for source in first)
        own = tx.sources.add(a_source_draft(), clock())
    with store.begin() as tx:
        tx.operations.clear_demo()
        assert tx.sources.all() == [own]
        assert not tx.operations.demo_exists()


def test_a_feed_that_moved_to_another_port_is_followed_there(sqlite_store, clock):
    with sqlite_store.begin() as tx:
        demo.load(tx, clock(), feed_url="http://127.0.0.1:9/a.xml")
        _, moved = demo.load(tx, clock(), feed_url="http://127.0.0.1:10/a.xml")

    assert moved.address == "http://127.0.0.1:10/a.xml"


def test_the_replay_collector_stores_every_post_in_the_past_at_its_own_hour(sqlite_store, clock):
    with sqlite_store.begin() as tx:
        (source,) = demo.load(tx, clock())

    report = collecting.collect(
        source.id,
        store=sqlite_store,
        collector_for=lambda platform: registry.load(platform, settings=registry.CollectorSettings()),
        clock=clock,
    )

    assert report is not None
    assert (report.error, report.new, report.dead) == (None, 524, 0)
    with sqlite_store.read() as tx:
        assert tx.sources.get(source.id).state is SourceState.ACTIVE
        found = tx.mentions.page(MentionFilter(), order=MentionOrder.NEWEST, limit=600).items
    written = [record.mention.published_at for record in found]
    # The invented city sleeps from eleven to five.
    assert {at.astimezone(timezone(timedelta(hours=7))).hour for at in written} == set(range(5, 23))
    assert timedelta(0) <= source.created_at - max(written) < timedelta(days=1)


def test_feed_dates_end_within_the_last_day_and_half_are_written_in_indonesian():
    body = feed.rss(feed.items(), NOW).decode()
    dates = re.findall(r"<pubDate>(.*?)</pubDate>", body)

    assert dates[0] == "Senin, 8 Maret 2027 16:55 WIB"
    assert dates[1] == "Mon, 08 Mar 2027 14:10:00 +0700"
    assert sum(date.endswith("WIB") for date in dates) == len(dates) / 2 == 13


def test_the_feed_server_answers_validators_and_nothing_else():
    with demo.DemoFeed(NOW) as server:
        first = httpx.get(server.url)
        again = httpx.get(server.url, headers={"If-None-Match": first.headers["ETag"]})
        other = httpx.get(f"http://{server.allowed}/etc/passwd")

    assert first.headers["Content-Type"].startswith("application/rss+xml")
    assert "Simpang Lima Pancuran" in first.text
    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 404)
