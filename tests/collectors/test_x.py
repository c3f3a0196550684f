"""X: what is special about it. The contract and fault suites test the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.registry import load
from collectors.x import XCollector
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Batch, Currency, Gap, Mention, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, a_source
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_x import NEIGHBOUR, PROBLEM, US, XServer, a_access

MONTH_END = datetime(2026, 12, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def x() -> Iterator[XServer]:
    server = XServer()
    yield server
    server.http.close()


@pytest.fixture
def collector() -> XCollector:
    found = load("x", settings=replace(SETTINGS, total_timeout_s=5.0))
    assert isinstance(found, XCollector)
    return found


def a_place(address: str = "search", query: str = "jalan rusak", **over: Any) -> Source:
    return a_source(address, platform="x", query=query, **over)


def entry(x: XServer, **over: Any) -> Access:
    return a_access(base_url=x.http.url, **over)


def read(
    x: XServer, source: Source | None = None, *, now: datetime = NOW, access: Access | None = None
) -> tuple[list[Batch], Source, CollectError | None]:
    """What a reading stores, the source afterwards, and the error that ended it."""
    source, access = source or a_place(), access or entry(x)
    batches: list[Batch] = []
    x.now = now
    try:
        for batch in load("x", settings=SETTINGS).collect(source, now=now, access=access):
            batches.append(batch)
            source = replace(source, cursor=json.loads(json.dumps(dict(batch.cursor))))
    except CollectError as error:
        return batches, source, error
    return batches, source, None


def found(batches: list[Batch]) -> dict[str, Mention]:
    return {mention.native_id: mention for batch in batches for mention in batch.mentions}


def only(x: XServer, source: Source | None = None) -> Mention:
    mentions = found(read(x, source)[0])
    assert len(mentions) == 1
    return next(iter(mentions.values()))


def gaps(batches: list[Batch]) -> list[Gap]:
    return [gap for batch in batches for gap in batch.gaps]


def spent(batches: list[Batch]) -> float:
    return sum(batch.spent.get(Currency.USD, 0.0) for batch in batches)


def always(x: XServer, reply: Reply) -> None:
    """X answers everything like this."""
    x.http._handler = lambda request: reply


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


# --- limits, money, refusals -------------------------------------------------------------------------------------


def test_what_a_reading_cost_is_told_post_by_post(x: XServer) -> None:
    parent = x.post("Lubang", at=NOW - timedelta(days=3))
    x.answering(parent, "Di sini juga", by=NEIGHBOUR)
    batches, _, _ = read(x)

    assert spent(batches) == pytest.approx(0.005 + 0.010 + 0.005)


def test_reading_stops_before_a_call_that_may_pass_the_budget_and_goes_on_the_next_day(x: XServer) -> None:
    posted = {x.post(f"Lubang {n}", at=NOW - timedelta(hours=1, minutes=n)) for n in range(60)}
    first, source, error = read(x, access=entry(x, left=0.30))
    calls = len(x.http.seen)
    second, _, none = read(x, source, now=MIDNIGHT, access=entry(x, left=5.0))

    assert isinstance(error, TransientError)
    assert error.problem is Problem.BUDGET_SPENT
    assert (error.not_before, error.whole_account) == (MIDNIGHT, True)
    assert 0 < spent(first) <= 0.30
    assert none is None
    assert set(found([*first, *second])) == posted
    assert calls < 5


def test_without_money_not_one_call_is_made(x: XServer, collector: XCollector) -> None:
    access = entry(x, left=0.004)
    for source in (a_place(), a_place("mentions", query=""), a_place("mentions:tetangga", query="")):
        _, _, error = read(x, source, access=access)
        assert error is not None
        assert error.problem is Problem.BUDGET_SPENT
    with pytest.raises(TransientError) as caught:
        collector.recheck(["1"], now=NOW, access=access)
    assert caught.value.problem is Problem.BUDGET_SPENT
    assert not x.http.seen


def test_a_monthly_cap_is_no_ordinary_limit_and_ends_with_the_month(x: XServer) -> None:
    body = {"title": "UsageCapExceeded", "period": "Monthly", "type": PROBLEM + "usage-capped", "detail": "cap"}
    always(x, Reply(status=429, json=body, headers={"x-rate-limit-reset": "1"}))
    _, _, error = read(x)

    assert isinstance(error, TransientError)
    assert (error.not_before, error.whole_account) == (MONTH_END, True)
    assert error.problem is Problem.BUDGET_SPENT
    assert "month" in str(error)


def test_a_full_window_is_not_tried_again_before_it_is_over(x: XServer) -> None:
    for number in range(4):
        x.post(f"Lubang {number}")
    x.page, x.remaining = 2, 0
    batches, _, error = read(x)

    assert isinstance(error, TransientError)
    assert error.problem is Problem.RATE_LIMITED
    assert error.not_before == NOW + timedelta(minutes=9)
    assert batches[0].next_check == NOW + timedelta(minutes=9)
    assert len(x.http.seen) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errors": [{"code": 453, "message": "a subset of X API V2 endpoints"}]}, "access level"),
        ({"type": PROBLEM + "client-forbidden", "reason": "client-not-enrolled", "detail": "no project"}, "project"),
        ({"type": PROBLEM + "unsupported-authentication", "detail": "Application-Only is forbidden"}, "own keys"),
        ({"detail": "Your client app is not configured with the appropriate oauth1 app permissions"}, "Read and write"),
        ({"detail": "Your account is suspended"}, "suspended"),
        ([], "developer console"),
    ],
)
def test_a_403_says_what_to_do(x: XServer, body: Any, words: str) -> None:
    always(x, Reply(status=403, json=body))
    _, _, error = read(x)

    assert isinstance(error, PermanentError)
    assert error.problem is Problem.LACKS_ACCESS
    assert words in str(error)


@pytest.mark.parametrize("status", [401, 402, 429, 500, 503])
@pytest.mark.parametrize("body", [b"[]", b'{"errors": 3}', b"", b"<html>"])
def test_a_refusal_in_any_shape_keeps_its_meaning(x: XServer, status: int, body: bytes) -> None:
    always(x, Reply(status=status, body=body or b" ", headers={"x-rate-limit-reset": "besok"}))
    _, _, error = read(x)

    meant = {401: Problem.REFUSED_CREDENTIAL, 402: Problem.NO_CREDITS, 429: Problem.RATE_LIMITED}
    assert error is not None
    assert error.problem is meant.get(status, Problem.SERVER_ERROR)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'"x"', b'{"data": 3}', b'{"data": [1], "meta": 4, "includes": []}'])
def test_an_answer_in_any_shape_is_survived(x: XServer, body: bytes) -> None:
    always(x, Reply(body=body))
    batches, _, error = read(x)

    assert error is None or error.problem is Problem.NOT_READABLE
    assert not found(batches)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (a_place(query=""), Problem.BAD_SETTINGS),
        (a_place("beranda"), Problem.BAD_ADDRESS),
        (a_place("conversation:abc"), Problem.BAD_ADDRESS),
        (a_place("mentions:bukan nama"), Problem.BAD_SETTINGS),
        (a_place("mentions", query="(banjir"), Problem.BAD_SETTINGS),
        (a_place(options={"first_days": "lama"}), Problem.BAD_SETTINGS),
    ],
)
def test_settings_that_are_none_of_xs_are_said_before_a_call(x: XServer, source: Source, problem: Problem) -> None:
    _, _, error = read(x, source)

    assert isinstance(error, PermanentError)
    assert error.problem is problem
    assert not x.http.seen


def test_a_query_that_x_refuses_stops_the_source_with_its_words(x: XServer) -> None:
    always(
        x, Reply(status=400, json={"errors": [{"parameters": {"query": ["("]}, "message": "no viable alternative"}]})
    )
    _, _, error = read(x)

    assert isinstance(error, PermanentError)
    assert error.problem is Problem.BAD_SETTINGS
    assert "no viable alternative" in str(error)


def test_without_a_credential_it_says_so(collector: XCollector) -> None:
    with pytest.raises(PermanentError) as caught:
        list(collector.collect(a_place(), now=NOW))
    assert caught.value.problem is Problem.NO_CREDENTIAL


def test_an_account_that_is_not_there_is_said_by_name(x: XServer) -> None:
    _, _, error = read(x, a_place("mentions:tiada", query=""))

    assert isinstance(error, PermanentError)
    assert error.problem is Problem.NOT_FOUND
    assert "tiada" in str(error)


def test_a_credential_is_proved_with_its_keys_or_by_its_name(x: XServer, collector: XCollector) -> None:
    assert collector.prove(entry(x), now=NOW) == "@DinasKota"
    assert collector.prove(entry(x, keys=False), now=NOW) == "@DinasKota"


# --- back-fill and re-check --------------------------------------------------------------------------------------


def test_a_stretch_of_the_past_is_read_without_touching_what_lies_around(x: XServer, collector: XCollector) -> None:
    x.page = 2
    at = [NOW - timedelta(days=3) + timedelta(hours=n) for n in range(8)]
    ids = [x.post(f"Lubang {n}", at=moment) for n, moment in enumerate(at)]
    x.http.break_at(1, Fault.TOO_MANY)
    source, since, until = a_place(), at[2], at[6]
    kept: list[Batch] = []
    for _ in range(2):
        try:
            for batch in collector.backfill(source, since, until, now=NOW, access=entry(x)):
                kept.append(batch)
                source = replace(source, cursor=json.loads(json.dumps(dict(batch.cursor))))
        except TransientError:
            continue

    assert set(found(kept)) == set(ids[2:6])
    assert list(collector.backfill(source, since, until, now=NOW, access=entry(x))) == []


def test_of_a_past_that_x_forgot_the_hole_is_told(x: XServer, collector: XCollector) -> None:
    kept = x.post("Lubang", at=NOW - timedelta(days=6))
    since, until = NOW - timedelta(days=20), NOW - timedelta(days=5)
    batches = list(collector.backfill(a_place(), since, until, now=NOW, access=entry(x)))
    all_lost = list(collector.backfill(a_place(), since, NOW - timedelta(days=8), now=NOW, access=entry(x)))

    assert set(found(batches)) == {kept}
    assert [gap.since for gap in gaps(batches)] == [since]
    assert [(gap.since, gap.until) for gap in gaps(all_lost)] == [(since, NOW - timedelta(days=8))]


def test_deleted_and_withheld_posts_are_withdrawn_and_edited_ones_read_anew(x: XServer, collector: XCollector) -> None:
    same = x.post("Masih ada")
    deleted = x.post("Dihapus")
    edited = x.post("Jalan rusak di Melati")
    withheld = x.post("Ditahan", withheld={"copyright": False, "country_codes": ["ID"]})
    x.edit(edited, "Jalan rusak di Mawar", at=NOW)
    x.hidden.add(deleted)
    batch = collector.recheck([same, deleted, edited, withheld, "bukan-id"], now=NOW, access=entry(x))

    assert {m.native_id: m.text for m in batch.mentions} == {same: "Masih ada", edited: "Jalan rusak di Mawar"}
    assert set(batch.withdrawn) == {deleted, withheld}
    assert batch.spent[Currency.USD] > 0


def test_a_recheck_beyond_the_budget_looks_at_the_first_few(x: XServer, collector: XCollector) -> None:
    ids = [x.post(f"Lubang {n}") for n in range(10)]
    batch = collector.recheck(ids, now=NOW, access=entry(x, left=0.08))

    assert [m.native_id for m in batch.mentions] == ids[:3]
    assert not batch.withdrawn
