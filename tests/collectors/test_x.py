"""X: posts as mentions, and that none is lost. The contract and fault suites test the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from collectors.registry import load
from sahut.core.errors import TransientError
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_x import (
    NEIGHBOUR,
    US,
    XServer,
    a_place,
    always,
    entry,
    found,
    gaps,
    only,
    read,
    spent,
)


@pytest.fixture
def x() -> Iterator[XServer]:
    server = XServer()
    yield server
    server.http.close()


# --- a post as a mention -----------------------------------------------------------------------------------------


def test_a_post_becomes_a_mention_with_author_time_place_and_reach(x: XServer) -> None:
    post_id = x.post("Jalan rusak & gelap <RT 3>", at=NOW - timedelta(hours=2))
    mention = only(x)

    assert mention.text == "Jalan rusak & gelap <RT 3>"
    assert mention.native_id == post_id
    assert mention.published_at == NOW - timedelta(hours=2)
    assert mention.author is not None
    assert (mention.author.handle, mention.author.name, mention.author.followers) == ("warga_satu", "Warga", 12)
    assert mention.permalink == f"https://x.com/warga_satu/status/{post_id}"
    assert (mention.language, mention.reach, mention.root, mention.parent) == ("id", 40, "", "")
    assert not mention.own
    assert not mention.to_us


def test_a_long_post_is_read_whole_and_links_are_shown_as_they_lead(x: XServer) -> None:
    links = {
        "urls": [
            {"url": "https://t.co/a", "expanded_url": "https://kota.example/p?a=1&b=2"},
            {"url": "https://t.co/b", "expanded_url": "https://x.com/warga/status/1/photo/1", "media_key": "3_1"},
        ]
    }
    note = {"text": "Jalan rusak sejak lama https://t.co/a https://t.co/b", "entities": links}
    x.post("Jalan rusak… https://t.co/a", note_tweet=note)

    assert only(x).text == "Jalan rusak sejak lama https://kota.example/p?a=1&b=2"


def test_a_repost_counts_on_its_original_and_bears_its_whole_text(x: XServer) -> None:
    original = x.post("Banjir setinggi lutut di seluruh kelurahan, pompa mati, tolong", at=NOW - timedelta(days=9))
    referred = [{"type": "retweeted", "id": original}]
    repost = x.post("RT @warga_satu: Banjir setinggi lutut di…", by=NEIGHBOUR, referenced_tweets=referred)
    mention = found(read(x)[0])[repost]

    assert mention.repost_of == original
    assert mention.text == "RT @warga_satu: Banjir setinggi lutut di seluruh kelurahan, pompa mati, tolong"


def test_a_quote_of_ours_is_to_us_and_one_of_another_is_not(x: XServer) -> None:
    ours = x.post("Pengumuman pemadaman", by=US)
    theirs = x.post("Listrik padam lagi")
    to_us = x.post("Kapan selesai?", referenced_tweets=[{"type": "quoted", "id": ours}])
    to_them = x.post("Sama di sini", by=NEIGHBOUR, referenced_tweets=[{"type": "quoted", "id": theirs}])
    mentions = found(read(x)[0])

    assert mentions[to_us].to_us
    assert not mentions[to_them].to_us
    assert mentions[to_us].repost_of == ""
    assert mentions[ours].own


def test_a_conversation_keeps_its_parent_root_own_posts_and_answers_to_us(x: XServer) -> None:
    root = x.post("Air mati sejak pagi")
    ours = x.answering(root, "Kami periksa, kak", by=US)
    answer = x.answering(ours, "Masih mati, min")
    x.post("Hal lain")
    mentions = found(read(x, a_place(f"conversation:https://x.com/warga_satu/status/{root}", query=""))[0])

    assert set(mentions) == {root, ours, answer}
    assert (mentions[answer].parent, mentions[answer].root) == (ours, root)
    assert mentions[answer].to_us
    assert mentions[ours].own
    assert not mentions[ours].to_us


def test_own_posts_are_known_by_any_handle_of_the_credential_even_without_keys(x: XServer) -> None:
    x.users[NEIGHBOUR]["username"] = "Dinas_Lain"
    own = x.post("Info layanan", by=NEIGHBOUR)

    assert found(read(x, access=entry(x, keys=False))[0])[own].own


def test_an_edit_keeps_the_first_id_and_brings_the_later_text(x: XServer) -> None:
    first = x.post("Jalan rusak di Melati", at=NOW - timedelta(hours=1))
    batches, source, _ = read(x)
    later = x.edit(first, "Jalan rusak di Mawar", at=NOW + timedelta(minutes=2))
    again = found(read(x, source, now=NOW + timedelta(minutes=10))[0])

    assert found(batches)[first].text == "Jalan rusak di Melati"
    assert again[first].text == "Jalan rusak di Mawar"
    assert later not in again


def test_an_older_version_on_a_later_page_does_not_undo_an_edit(x: XServer) -> None:
    first = x.post("Jalan rusak di Melati", at=NOW - timedelta(hours=3))
    for number in range(3):
        x.post(f"Lubang {number}", at=NOW - timedelta(hours=2, minutes=number))
    x.edit(first, "Jalan rusak di Mawar", at=NOW - timedelta(hours=1))
    x.page = 2

    assert found(read(x)[0])[first].text == "Jalan rusak di Mawar"


def test_a_malformed_post_is_kept_and_can_be_read_again_once_we_understand_it(x: XServer) -> None:
    good = x.post("Jalan rusak")
    bad = x.post("Lampu mati", by=US)
    text = x.posts[bad].pop("text")
    x.posts["7"] = {**x.posts[good], "id": "7", "public_metrics": "banyak", "entities": [], "geo": 3, "lang": None}
    batches, source, _ = read(x)
    dead = [one for batch in batches for one in batch.dead]

    assert set(found(batches)) == {good, *(["7"] if "7" in found(batches) else [])}
    assert [one.native_id for one in dead] == [bad]
    raw = json.loads(json.dumps(dict(dead[0].raw)))
    with pytest.raises(ValueError, match="text"):
        load("x", settings=SETTINGS).revive(source, raw, now=NOW)
    raw["post"]["text"] = text
    revived = load("x", settings=SETTINGS).revive(source, raw, now=NOW)
    assert (revived.native_id, revived.text, revived.own) == (bad, "Lampu mati", True)


# --- nothing lost ------------------------------------------------------------------------------------------------


def test_a_cut_backlog_is_read_after_the_newest_and_loses_nothing(x: XServer) -> None:
    posted = {x.post(f"Lubang {n}", at=NOW - timedelta(hours=3, minutes=n)) for n in range(10)}
    x.page = 2
    x.http.break_at(2, Fault.TOO_MANY)
    first, source, error = read(x)
    posted |= {x.post(f"Baru {n}", at=NOW + timedelta(minutes=n)) for n in range(1, 8)}
    x.http.break_at(2, Fault.HTML_503)
    second, source, again = read(x, source, now=NOW + timedelta(minutes=15))
    third, source, none = read(x, source, now=NOW + timedelta(minutes=30))

    assert error is not None
    assert again is not None
    assert none is None
    assert set(found([*first, *second, *third])) == posted
    assert source.cursor["rest"] == []


def test_a_page_token_that_x_knows_no_more_is_replaced_by_ids(x: XServer) -> None:
    posted = {x.post(f"Lubang {n}", at=NOW - timedelta(hours=3, minutes=n)) for n in range(6)}
    x.page = 2
    x.http.break_at(1, Fault.RESET)
    first, source, _ = read(x)
    x.refused_tokens = {"t2"}
    x.page = 100
    second, _, error = read(x, source)

    assert error is None
    assert set(found([*first, *second])) == posted


def test_posts_that_x_indexes_late_are_met_in_the_overlap(x: XServer) -> None:
    x.post("Lubang", at=NOW - timedelta(seconds=5))
    _, source, _ = read(x)
    late = x.post("Terlambat diindeks", at=NOW - timedelta(seconds=20))

    assert late in found(read(x, source, now=NOW + timedelta(minutes=10))[0])


def test_a_source_that_slept_for_longer_than_x_remembers_goes_on_and_shows_the_hole(x: XServer) -> None:
    x.post("Lubang", at=NOW - timedelta(hours=1))
    _, source, _ = read(x)
    later = NOW + timedelta(days=10)
    lost, kept = x.post("Hilang", at=NOW + timedelta(days=1)), x.post("Ada", at=NOW + timedelta(days=8))
    batches, source, error = read(x, source, now=later)

    assert error is None
    assert kept in found(batches)
    assert lost not in found(batches)
    (gap,) = gaps(batches)
    assert gap.since is not None
    assert gap.until is not None
    assert abs(gap.since - NOW) <= timedelta(minutes=2)
    assert abs(gap.until - (later - timedelta(days=7))) <= timedelta(minutes=2)
    assert gaps(read(x, source, now=later)[0]) == []


def test_a_quiet_source_whose_last_id_grew_too_old_has_no_hole(x: XServer) -> None:
    x.post("Lubang", at=NOW - timedelta(hours=1))
    _, source, _ = read(x)
    for day in range(1, 11):
        batches, source, error = read(x, source, now=NOW + timedelta(days=day))
        assert error is None
        assert gaps(batches) == []
    new = x.post("Baru", at=NOW + timedelta(days=10, minutes=1))

    assert new in found(read(x, source, now=NOW + timedelta(days=10, minutes=5))[0])


def test_a_backlog_that_x_forgot_is_shown_as_a_hole(x: XServer) -> None:
    for number in range(6):
        x.post(f"Lubang {number}", at=NOW - timedelta(hours=3, minutes=number))
    x.page = 2
    x.http.break_at(1, Fault.TOO_MANY)
    _, source, _ = read(x)
    batches, source, error = read(x, source, now=NOW + timedelta(days=9))

    assert error is None
    assert len(gaps(batches)) >= 1
    assert source.cursor["rest"] == []


def test_an_answer_that_repeats_itself_neither_loops_nor_doubles(x: XServer) -> None:
    one = x.post("Lubang")
    shown = {"data": [x.posts[one]] * 2, "meta": {"next_token": "sama"}}
    always(x, Reply(json=shown))
    batches, _, error = read(x)

    assert isinstance(error, TransientError)
    assert all(len(batch.mentions) == 1 for batch in batches)


def test_mentions_read_with_our_keys_cost_the_owners_price(x: XServer) -> None:
    named = x.post("@DinasKota jalan rusak")
    x.post("jalan rusak saja")
    batches, _, _ = read(x, a_place("mentions", query=""))

    assert set(found(batches)) == {named}
    assert spent(batches) == pytest.approx(0.001 + 0.010)
    assert x.http.seen[0].headers["authorization"].startswith("OAuth ")
    assert len(x.http.seen) == 1


def test_mentions_of_another_account_are_found_by_its_name_once(x: XServer) -> None:
    named = x.post("@tetangga lihat ini")
    source = a_place("mentions:@tetangga", query="")
    batches, source, _ = read(x, source, access=entry(x, keys=False))
    more, _, _ = read(x, source, access=entry(x, keys=False))

    assert set(found(batches)) == {named}
    assert spent(batches) == pytest.approx(0.010 + 0.005 + 0.010)
    assert [seen.path for seen in x.http.seen].count("/2/users/by/username/tetangga") == 1
    assert found(more) == {}


@pytest.mark.parametrize("call", [0, 1])
@pytest.mark.parametrize("fault", [Fault.TOO_MANY_WITH_RESET, Fault.HTML_200, Fault.RESET])
def test_a_fault_while_mentions_are_read_loses_nothing(x: XServer, fault: Fault, call: int) -> None:
    named = {x.post(f"@tetangga {n}") for n in range(4)}
    x.page = 2
    x.http.break_at(call, fault)
    first, source, error = read(x, a_place("mentions:tetangga", query=""))
    second, _, none = read(x, source, now=NOW + timedelta(minutes=20))

    assert isinstance(error, TransientError)
    assert none is None
    assert set(found([*first, *second])) == named


def test_mentions_are_filtered_by_our_own_query(x: XServer) -> None:
    kept = x.post("@DinasKota banjir lagi")
    x.post("@DinasKota selamat pagi")

    assert set(found(read(x, a_place("mentions", query="banjir"))[0])) == {kept}
