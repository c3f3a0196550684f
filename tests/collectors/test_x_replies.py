"""Answers on X: who may be answered how, what it counts and costs, and that nothing is ever sent twice."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collectors._x_length import links, weighted
from collectors.registry import load
from collectors.x import XCollector
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Capability, Mention, Problem, SentReply
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, a_source
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_x import NEIGHBOUR, US, XServer, a_access, entry

TEXT = "Halo kak, laporan sudah kami terima: tiket 2026-0042."


@pytest.fixture
def x() -> Iterator[XServer]:
    server = XServer()
    yield server
    server.http.close()


@pytest.fixture
def collector() -> XCollector:
    found = load("x", settings=replace(SETTINGS, total_timeout_s=5.0, read_timeout_s=5.0))
    assert isinstance(found, XCollector)
    return found


def collected(x: XServer, collector: XCollector, post_id: str) -> Mention:
    """A post as it was stored."""
    source = a_source("search", platform="x", query="apa saja")
    batches = collector.collect(source, now=NOW, access=entry(x))
    return next(m for batch in batches for m in batch.mentions if m.native_id == post_id)


@pytest.fixture
def naming_us(x: XServer, collector: XCollector) -> Mention:
    return collected(x, collector, x.post("@DinasKota jalan rusak di Melati"))


def created(x: XServer) -> int:
    return [seen.method for seen in x.http.seen].count("POST")


def send(x: XServer, collector: XCollector, mention: Mention, text: str = TEXT, **over: Any) -> SentReply:
    return collector.reply(mention, text, key="balasan-1", now=NOW, access=entry(x, **over))


# --- who may be answered -----------------------------------------------------------------------------------------


def test_only_who_named_or_quoted_us_can_be_answered_by_api(x: XServer, collector: XCollector) -> None:
    ours = x.post("Pengumuman", by=US)
    quoting = x.post("Kapan?", referenced_tweets=[{"type": "quoted", "id": ours}])
    naming = x.post("@dinaskota jalan rusak")
    other = x.post("Jalan rusak")
    closed = x.post("Jalan rusak", reply_settings="mentionedUsers")
    access = entry(x)
    able = {key: collector.capability(collected(x, collector, key), access) for key in x.posts}

    assert able[quoting] is able[naming] is Capability.API
    assert able[other] is Capability.MANUAL
    assert able[closed] is able[ours] is Capability.NONE


def test_an_exempt_app_may_answer_anyone_and_one_without_keys_nobody(x: XServer, collector: XCollector) -> None:
    other = collected(x, collector, x.post("Jalan rusak"))
    naming = collected(x, collector, x.post("@DinasKota jalan rusak"))

    assert collector.capability(other, entry(x, answers_anyone="yes")) is Capability.API
    assert collector.capability(naming, entry(x, keys=False)) is Capability.MANUAL
    assert collector.capability(naming, None) is Capability.MANUAL


# --- what it counts and costs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Halo", 4),
        ("日本", 4),
        ("👨‍👩‍👧‍👦", 2),
        ("🇮🇩👍🏽", 4),
        ("lihat https://kota.go.id/laporan/yang/panjang/sekali/2026/11/24/0042", 6 + 23),
        ("lihat kota.go.id.", 6 + 23 + 1),
        ("e\u0301", 1),
        ("“Baik” – kami cek…", 19),
        ("surel info@kota.go.id", 21),
        ("", 0),
    ],
)  # fmt: skip
def test_length_is_counted_as_x_counts(text: str, length: int) -> None:
    assert weighted(text) == length


def test_a_bare_domain_is_a_link_and_a_sentence_without_a_space_is_none() -> None:
    assert links("cek bit.ly/abc atau lapor.app") == ["bit.ly/abc", "lapor.app"]
    assert links("Sudah diperbaiki.Terima kasih, kak") == []


def test_a_link_makes_a_reply_dear_and_is_warned_of(x: XServer, collector: XCollector, naming_us: Mention) -> None:
    plain = collector.measure(TEXT, naming_us, entry(x))
    linked = collector.measure(f"{TEXT} https://kota.go.id/t/42", naming_us, entry(x))

    assert (plain.cost_usd, plain.warnings, plain.fits) == (0.010, (), True)
    assert linked.cost_usd == 0.20
    assert "0.20 USD" in linked.warnings[0]
    assert linked.limit == 280
    assert not collector.measure("a" * 281, naming_us, entry(x)).fits
    assert not x.http.seen[1:], "measuring asks nobody"


def test_an_answer_by_hand_costs_nothing_and_one_to_anybody_the_usual_price(x: XServer, collector: XCollector) -> None:
    other = collected(x, collector, x.post("Jalan rusak"))

    assert collector.measure(f"{TEXT} https://kota.go.id", other, entry(x)).cost_usd == 0
    assert collector.measure(TEXT, other, entry(x, answers_anyone="ya")).cost_usd == 0.015


# --- sending -----------------------------------------------------------------------------------------------------


def test_a_reply_stands_under_its_post_as_ours(x: XServer, collector: XCollector, naming_us: Mention) -> None:
    sent = send(x, collector, naming_us)
    ours = collected(x, collector, sent.native_id)

    assert x.posts[sent.native_id]["text"] == TEXT
    assert sent.permalink == f"https://x.com/dinaskota/status/{sent.native_id}"
    assert (ours.parent, ours.own) == (naming_us.native_id, True)
    assert x.http.seen[-2].headers["authorization"].startswith("OAuth ")


def test_an_edited_post_is_answered_at_its_last_version(x: XServer, collector: XCollector) -> None:
    first = x.post("@DinasKota jalan rusak", at=NOW - timedelta(hours=2))
    later = x.edit(first, "@DinasKota jalan rusak berat", at=NOW - timedelta(hours=1))
    mention = collected(x, collector, first)
    sent = send(x, collector, mention)

    assert x.posts[sent.native_id]["referenced_tweets"] == [{"type": "replied_to", "id": later}]
    assert collector.find_reply(mention, TEXT, since=NOW, now=NOW, access=entry(x)) is not None


def test_who_cannot_be_answered_by_api_is_never_tried(x: XServer, collector: XCollector) -> None:
    other = collected(x, collector, x.post("Jalan rusak"))
    with pytest.raises(PermanentError, match="by API") as caught:
        send(x, collector, other)

    assert caught.value.problem is Problem.LACKS_ACCESS
    assert created(x) == 0


def test_a_reply_beyond_the_budget_is_not_sent(x: XServer, collector: XCollector, naming_us: Mention) -> None:
    with pytest.raises(TransientError) as caught:
        send(x, collector, naming_us, TEXT + " https://kota.go.id", left=0.19)

    assert caught.value.problem is Problem.BUDGET_SPENT
    assert created(x) == 0


@pytest.mark.parametrize(
    ("fault", "kind", "problem"),
    [
        (Fault.UNAUTHORIZED, PermanentError, Problem.REFUSED_CREDENTIAL),
        (Fault.NO_CREDITS, PermanentError, Problem.NO_CREDITS),
        (Fault.FORBIDDEN, PermanentError, Problem.LACKS_ACCESS),
        (Fault.NOT_FOUND, PermanentError, Problem.NOT_FOUND),
        (Fault.TOO_MANY, TransientError, Problem.RATE_LIMITED),
        (Fault.TOO_MANY_WITH_RESET, TransientError, Problem.RATE_LIMITED),
        (Fault.HTML_503, InDoubtError, None),
        (Fault.HTML_200, InDoubtError, None),
        (Fault.TRUNCATED, InDoubtError, None),
        (Fault.RESET, InDoubtError, None),
    ],
)
def test_only_a_clear_refusal_is_one_and_everything_else_is_in_doubt(
    x: XServer,
    collector: XCollector,
    naming_us: Mention,
    fault: Fault,
    kind: type[CollectError],
    problem: Problem | None,
) -> None:
    x.http.break_at(0, fault)
    with pytest.raises(kind) as caught:
        send(x, collector, naming_us)

    assert problem in {None, caught.value.problem}
    assert created(x) == 1, "it is never tried twice"
    stands = collector.find_reply(naming_us, TEXT, since=NOW, now=NOW, access=entry(x))
    assert (stands is not None) is (fault is Fault.TRUNCATED)


def test_a_lasting_503_says_that_the_plan_may_not_allow_posting(
    x: XServer, collector: XCollector, naming_us: Mention
) -> None:
    x.http.break_at(0, Fault.HTML_503)
    with pytest.raises(InDoubtError, match="plan does not allow posting"):
        send(x, collector, naming_us)


def test_where_no_connection_was_made_nothing_can_stand(x: XServer, collector: XCollector, naming_us: Mention) -> None:
    with pytest.raises(TransientError) as caught:
        collector.reply(naming_us, TEXT, key="k", now=NOW, access=a_access(base_url="http://127.0.0.1:9"))

    assert caught.value.problem is Problem.UNREACHABLE


def test_an_answer_without_an_id_is_in_doubt(x: XServer, collector: XCollector, naming_us: Mention) -> None:
    x.http._handler = lambda request: Reply(status=201, json={"data": {"text": TEXT}})
    with pytest.raises(InDoubtError):
        send(x, collector, naming_us)


def test_a_duplicate_is_our_own_reply_where_that_stands(x: XServer, collector: XCollector, naming_us: Mention) -> None:
    first = send(x, collector, naming_us)
    second = send(x, collector, naming_us)

    assert second.native_id == first.native_id


def test_a_duplicate_of_another_asks_for_other_words(x: XServer, collector: XCollector, naming_us: Mention) -> None:
    send(x, collector, naming_us)
    another = collected(x, collector, x.post("@DinasKota lampu mati"))
    with pytest.raises(PermanentError, match="other words"):
        send(x, collector, another)


# --- looking up --------------------------------------------------------------------------------------------------


def test_a_reply_is_found_though_x_shortened_its_link(x: XServer, collector: XCollector, naming_us: Mention) -> None:
    text = f"{TEXT} Info: kota.go.id/t/42 & lainnya"
    link = {"urls": [{"url": "https://t.co/q", "expanded_url": "http://kota.go.id/t/42"}]}
    shown = "@warga_satu " + html.escape(text.replace("kota.go.id/t/42", "https://t.co/q"))
    x.answering(naming_us.native_id, "Balasan lain", by=US)
    sent = x.answering(naming_us.native_id, "", by=US, entities=link)
    x.posts[sent]["text"] = shown
    looked = collector.find_reply(naming_us, text, since=NOW - timedelta(hours=2), now=NOW, access=entry(x))

    assert looked is not None
    assert looked.native_id == sent
    assert looked.sent_at is not None


def test_what_others_said_or_stands_elsewhere_is_not_our_reply(
    x: XServer, collector: XCollector, naming_us: Mention
) -> None:
    another = x.post("@DinasKota lampu mati")
    x.answering(naming_us.native_id, TEXT, by=NEIGHBOUR)
    x.answering(another, TEXT, by=US)
    x.answering(naming_us.native_id, TEXT + " Terima kasih.", by=US)

    assert collector.find_reply(naming_us, TEXT, since=NOW - timedelta(hours=2), now=NOW, access=entry(x)) is None


def test_the_look_up_goes_through_all_pages_and_fails_where_it_cannot(
    x: XServer, collector: XCollector, naming_us: Mention
) -> None:
    sent = x.answering(naming_us.native_id, TEXT, by=US)
    for number in range(4):
        x.post(f"Pengumuman {number}", by=US)
    x.page = 2
    since = NOW - timedelta(hours=2)
    looked = collector.find_reply(naming_us, TEXT, since=since, now=NOW, access=entry(x))
    x.http.break_at(1, Fault.HTML_503)
    with pytest.raises(TransientError):
        collector.find_reply(naming_us, TEXT, since=since, now=NOW, access=entry(x))

    assert looked is not None
    assert looked.native_id == sent


# --- in parts ----------------------------------------------------------------------------------------------------


def test_a_further_part_stands_below_our_own_and_is_found_there_at_the_usual_price(
    x: XServer, collector: XCollector, naming_us: Mention
) -> None:
    first = send(x, collector, naming_us, "Satu (1/2)")
    below = collector.beneath(naming_us, first)
    second = send(x, collector, below, "Dua (2/2)")

    assert x.posts[second.native_id]["referenced_tweets"] == [{"type": "replied_to", "id": first.native_id}]
    since = NOW - timedelta(minutes=1)
    found = collector.find_reply(below, "Dua (2/2)", since=since, now=NOW, access=entry(x))
    assert found is not None
    assert found.native_id == second.native_id
    assert collector.find_reply(naming_us, "Dua (2/2)", since=since, now=NOW, access=entry(x)) is None
    prices = [collector.measure("Dua (2/2)", one, entry(x)).cost_usd for one in (naming_us, below)]
    assert prices == [0.010, 0.015]
