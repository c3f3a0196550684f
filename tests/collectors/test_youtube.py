from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors import _youtube_posts
from collectors._google import next_pacific_midnight
from collectors.youtube import YoutubeCollector
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Batch, Capability, Currency, Mention, Problem, Source
from tests.builders import NOW, a_mention
from tests.collectors.feed_server import SETTINGS
from tests.collectors.google_server import refused
from tests.collectors.platform_server import HTML, Fault, Reply, forbid_sleep
from tests.collectors.world_youtube import US, VIDEO, World

RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "youtube-python-youtube"
COLLECTOR = YoutubeCollector(SETTINGS)
TEXT = "Terima kasih, petugas kami ke sana hari ini. Tiket SHT-1."


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_sleep(monkeypatch, "googleapiclient.http", "google.auth._exponential_backoff")


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def read(
    world: World, source: Source | None = None, access: Access | None = None, *, now: datetime = NOW
) -> list[Batch]:
    return list(COLLECTOR.collect(source or world.source, now=now, access=access or world.access))


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def named(batches: list[Batch], native_id: str) -> Mention:
    return next(mention for mention in mentions(batches) if mention.native_id == native_id)


def after(source: Source, batches: list[Batch]) -> Source:
    return replace(source, cursor=json.loads(json.dumps(dict(batches[-1].cursor))))


def spent(batches: list[Batch], currency: Currency) -> float:
    return sum(batch.spent.get(currency, 0.0) for batch in batches)


def failure(world: World, source: Source | None = None, access: Access | None = None) -> CollectError:
    with pytest.raises(CollectError) as caught:
        read(world, source, access)
    return caught.value


def asked(world: World, path: str) -> int:
    return sum(request.path == f"/youtube/v3/{path}" for request in world.server.seen)


# --- what comments and videos become


def test_a_comment_has_its_writer_time_link_and_likes(world: World) -> None:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    native_id = world.add("Sudah <3 malam\n\ngelap & rawan", at=at, author="UCbudi")

    found = named(read(world), native_id)

    assert found.text == "Sudah <3 malam\ngelap & rawan"
    assert found.author is not None
    assert (found.author.handle, found.author.url) == ("@budi", "http://www.youtube.com/channel/UCbudi")
    assert (found.published_at, found.reach) == (at, 3)
    assert found.permalink == f"https://www.youtube.com/watch?v={VIDEO}&lc={native_id}"
    assert (found.parent, found.root, found.own, found.to_us) == (VIDEO, "", False, True)


def test_a_display_name_that_is_no_handle_does_not_stand_for_its_writer(world: World) -> None:
    native_id = world.add("Halo", author="UCbudi")
    snippet = world.items[0]["snippet"]["topLevelComment"]["snippet"]
    snippet["authorDisplayName"] = "Budi Santoso"

    author = named(read(world), native_id).author

    assert author is not None
    assert (author.handle, author.name) == ("UCbudi", "Budi Santoso")


def test_answers_know_their_conversation_and_whom_they_answer(world: World) -> None:
    ours = world.add("Pengumuman dinas", author=US)
    below = world.answer_to(ours, "Kok lama?")
    theirs = world.add("Air mati")
    answered = world.answer_to(theirs, "Sedang kami periksa", author=US)

    found = read(world)

    assert (named(found, ours).own, named(found, ours).to_us) == (True, False)
    assert (named(found, below).parent, named(found, below).root, named(found, below).to_us) == (ours, ours, True)
    assert (named(found, answered).own, named(found, answered).root) == (True, theirs)


def test_a_video_of_a_citizen_is_found_by_search_with_its_whole_text(world: World) -> None:
    native_id = world.add_video("Jalan rusak di Kota", at=NOW - timedelta(hours=5))
    source = replace(world.source, address="search", query="jalan rusak")

    [found] = mentions(read(world, source))

    assert (found.native_id, found.title, found.text) == (
        native_id,
        "Jalan rusak di Kota",
        "Tentang Jalan rusak di Kota",
    )
    assert (found.reach, found.language, found.own) == (120, "id", False)
    assert found.permalink == f"https://www.youtube.com/watch?v={native_id}"


@pytest.mark.parametrize(
    "address",
    [
        "me",
        US,
        f"https://www.youtube.com/channel/{US}",
        f"video/{VIDEO}",
        f"https://www.youtube.com/watch?list=x&v={VIDEO}&t=3",
        f"https://youtu.be/{VIDEO}?si=x",
        f"https://www.youtube.com/shorts/{VIDEO}",
    ],
)
def test_channels_and_videos_are_named_as_people_copy_them(world: World, address: str) -> None:
    assert len(mentions(read(world, replace(world.source, address=address)))) == len(world.expected)
    key = "videoId" if VIDEO in address else "allThreadsRelatedToChannelId"
    assert world.server.seen[0].query[key] in {US, VIDEO}


def test_an_address_that_is_none_says_what_there_is(world: World) -> None:
    error = failure(world, replace(world.source, address="@dinaskota"))

    assert error.problem is Problem.BAD_ADDRESS
    assert "UC" in str(error)


def test_the_query_filters_but_answers_to_us_pass(world: World) -> None:
    ours = world.add("Pengumuman", author=US)
    below = world.answer_to(ours, "Kok lama?")
    wanted = world.add("Banjir di gang mawar")

    found = {one.native_id for one in mentions(read(world, replace(world.source, query="banjir")))}

    assert found == {ours, below, wanted}


# --- incremental, and what changes further down


def test_a_new_answer_to_an_old_comment_comes_with_the_hourly_sweep(world: World) -> None:
    world.items.clear()
    old = world.add("Sudah sebulan", at=NOW - timedelta(days=20))
    for hours in (30, 2):
        for _ in range(8):
            world.add("Baru", at=NOW - timedelta(hours=hours))
    source = after(world.source, read(world))
    added = world.answer_to(old, "Masih begini", at=NOW)

    soon = read(world, source, now=NOW + timedelta(minutes=20))
    assert added not in {one.native_id for one in mentions(soon)}
    swept = read(world, after(source, soon), now=NOW + timedelta(minutes=61))
    assert added in {one.native_id for one in mentions(swept)}


def test_a_sweep_asks_for_answers_only_where_they_changed(world: World) -> None:
    first = read(world)
    calls = asked(world, "comments")
    assert calls >= 2
    source = after(world.source, first)
    again = read(world, source, now=NOW + timedelta(hours=2))
    assert asked(world, "comments") == calls

    thread = next(key for key, below in world.replies.items() if len(below) > 2)
    added = world.answer_to(thread, "Satu lagi", at=NOW)
    third = read(world, after(source, again), now=NOW + timedelta(hours=4))

    assert added in {one.native_id for one in mentions(third)}
    assert asked(world, "comments") == calls + 2, "two pages of one thread"


def test_a_sweep_brings_edits(world: World) -> None:
    native_id = world.add("Lampu padm")
    source = after(world.source, read(world))
    snippet = world.items[0]["snippet"]["topLevelComment"]["snippet"]
    snippet["textOriginal"] = snippet["textDisplay"] = "Lampu padam"

    edited = named(read(world, source, now=NOW + timedelta(hours=2)), native_id)

    assert edited.text == "Lampu padam"


def test_sweeps_of_a_large_channel_are_rarer_so_that_they_cost_a_quarter_at_most(world: World) -> None:
    for number in range(20):
        world.add("Baru", at=NOW - timedelta(hours=40 - number))
    source = after(world.source, read(world))
    large = replace(source, cursor={**source.cursor, "pages": 500})

    assert len(read(world, large, now=NOW + timedelta(hours=2))) < len(
        read(world, source, now=NOW + timedelta(hours=2))
    )


def test_after_a_long_pause_a_sweep_reaches_as_far_as_the_last_one_would_have(world: World) -> None:
    world.items.clear()
    old = world.add("Lama", at=NOW - timedelta(days=29))
    world.add("Baru", at=NOW)
    source = after(world.source, read(world))
    added = world.answer_to(old, "Belum juga", at=NOW + timedelta(days=1))

    found = mentions(read(world, source, now=NOW + timedelta(days=40)))

    assert added in {one.native_id for one in found}


def test_a_page_token_that_went_bad_costs_no_comment(world: World) -> None:
    reading = COLLECTOR.collect(world.source, now=NOW, access=world.access)
    stored = [next(reading)]
    del world.items[3]  # the token names it

    rest = read(world, after(world.source, stored))

    ids = {one.native_id for one in mentions([*stored, *rest])}
    assert ids >= {str(item["id"]) for item in world.items}


def test_a_thread_that_vanished_before_its_answers_were_read_is_passed_with_a_note(world: World) -> None:
    reading = COLLECTOR.collect(world.source, now=NOW, access=world.access)
    stored = []
    for batch in reading:
        stored.append(batch)
        if not batch.cursor.get("backlog"):
            break
    gone = str(stored[-1].cursor["deep"][0][0])
    del world.replies[gone]

    rest = read(world, after(world.source, stored))

    assert any("gone" in note for batch in rest for note in batch.notes)
    assert rest[-1].cursor["deep"] == []


def test_nothing_older_than_the_watched_days_is_read_at_first(world: World) -> None:
    world.items.clear()
    for number in range(12):
        world.add("Kuno", at=NOW - timedelta(days=400 - number))
    fresh = world.add("Baru", at=NOW)

    found = read(world, replace(world.source, options={"watch_days": 7}))

    assert fresh in {one.native_id for one in mentions(found)}
    assert len(found) < 3
    assert failure(world, replace(world.source, options={"watch_days": "x"})).problem is Problem.BAD_SETTINGS


# --- quotas and refusals


def test_each_call_is_charged_to_its_own_quota(world: World) -> None:
    batches = read(world)
    assert spent(batches, Currency.UNITS) == world.server.calls
    assert spent(batches, Currency.SEARCHES) == 0

    world.add_video("Jalan rusak")
    calls = world.server.calls
    batches = read(world, replace(world.source, address="search", query="jalan"))
    assert spent(batches, Currency.SEARCHES) == 1
    assert spent(batches, Currency.UNITS) == world.server.calls - calls - 1


def test_searches_left_are_spread_over_the_day(world: World) -> None:
    source = replace(world.source, address="search", query="jalan")
    few = replace(world.access, left={Currency.SEARCHES: 7.0})

    assert read(world, source, few)[-1].next_check == NOW + timedelta(hours=3)
    assert read(world, source)[-1].next_check == NOW + timedelta(minutes=15)


def test_a_spent_budget_stops_before_the_call(world: World) -> None:
    for source, currency in (
        (world.source, Currency.UNITS),
        (replace(world.source, address="search", query="jalan"), Currency.SEARCHES),
    ):
        error = failure(world, source, replace(world.access, left={currency: 0.0}))
        assert isinstance(error, TransientError)
        assert error.problem is Problem.BUDGET_SPENT
        assert error.not_before == datetime(2026, 11, 25, tzinfo=UTC)
    assert world.server.calls == 0


def test_a_used_up_quota_waits_for_midnight_in_california(world: World) -> None:
    world.refuse_list = refused(403, "quotaExceeded")
    midnight = datetime(2026, 11, 24, 8, tzinfo=UTC)

    error = failure(world)
    assert isinstance(error, TransientError)
    assert (error.not_before, error.whole_account) == (midnight, True)
    searching = failure(world, replace(world.source, address="search", query="jalan"))
    assert isinstance(searching, TransientError)
    assert (searching.not_before, searching.whole_account) == (midnight, False), "searches have a quota of their own"


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), datetime(2026, 7, 1, 7, tzinfo=UTC)),  # summer time
        (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), datetime(2026, 12, 2, 8, tzinfo=UTC)),
    ],
)
def test_the_quota_day_follows_californian_summer_time(now: datetime, midnight: datetime) -> None:
    assert next_pacific_midnight(now) == midnight


@pytest.mark.parametrize(
    ("reply", "problem", "words"),
    [
        (refused(403, "commentsDisabled"), Problem.LACKS_ACCESS, "turned off"),
        (refused(403, "accessNotConfigured"), Problem.LACKS_ACCESS, "enable it"),
        (refused(400, "keyInvalid"), Problem.REFUSED_CREDENTIAL, "new one"),
        (refused(403, "ipRefererBlocked"), Problem.LACKS_ACCESS, "restrictions"),
        (refused(404, "videoNotFound"), Problem.NOT_FOUND, "no such thing"),
        (Reply(status=403, json={"error": "odd"}), Problem.LACKS_ACCESS, "may not"),
        (Reply(status=403, body=HTML), Problem.LACKS_ACCESS, "may not"),
        (Reply(status=302, headers={"Location": "http://masuk.example/"}), Problem.UNREACHABLE, "Redirects"),
        (Reply(json={"kind": "youtube#x", "items": 5}), Problem.NOT_READABLE, "list"),
        (Reply(json=[]), Problem.NOT_READABLE, "data"),
    ],
)
def test_refusals_say_what_to_do(world: World, reply: Reply, problem: Problem, words: str) -> None:
    world.refuse_list = reply
    error = failure(world)

    assert error.problem is problem
    assert words in str(error)


def test_the_key_stands_in_no_address_and_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    read(world)

    assert "AIza-kunci" not in caplog.text
    assert all("AIza-kunci" not in str(request.query) for request in world.server.seen)


# --- looking again, and back


def test_a_look_again_tells_edited_from_withdrawn(world: World) -> None:
    ids = [one.native_id for one in mentions(read(world))]
    video = world.add_video("Jalan rusak")
    answer = next(one for one in ids if "." in one)
    top = next(one for one in ids if "." not in one and not world.replies[one])
    kept = next(item for item in world.items if item["id"] != top)
    world.items = [item for item in world.items if item["id"] != top]
    kept["snippet"]["topLevelComment"]["snippet"]["textOriginal"] = "Disunting"
    calls = world.server.calls

    batch = COLLECTOR.recheck([*ids, video, "vidHilang00"], now=NOW, access=world.access)

    assert set(batch.withdrawn) == {top, "vidHilang00"}
    assert {one.native_id for one in batch.mentions} == {*ids, video} - {top}
    assert next(one for one in batch.mentions if one.native_id == kept["id"]).text == "Disunting"
    assert next(one for one in batch.mentions if one.native_id == answer).root == answer.partition(".")[0]
    assert batch.spent == {Currency.UNITS: world.server.calls - calls}


def test_a_look_again_at_many_asks_in_addresses_that_are_short_enough(world: World) -> None:
    ids = [f"Ugx{number:023d}.{number:022d}" for number in range(100)]

    assert COLLECTOR.recheck(ids, now=NOW, access=world.access).withdrawn == ids
    assert {request.method for request in world.server.seen} == {"GET"}


def test_a_stretch_of_the_past_is_read_with_the_answers_below_it(world: World) -> None:
    world.items.clear()
    days = [world.add(f"Hari {number}", at=NOW - timedelta(days=number)) for number in range(12, 0, -1)]
    below = [world.answer_to(days[5], f"Juga {number}", at=NOW - timedelta(days=6)) for number in range(6)]
    since, until = NOW - timedelta(days=9, hours=1), NOW - timedelta(days=4, hours=1)

    batches = list(COLLECTOR.backfill(world.source, since, until, now=NOW, access=world.access))

    assert {one.native_id for one in mentions(batches)} == {*days[3:8], *below}


def test_a_stretch_of_the_past_goes_on_where_it_was_cut(world: World) -> None:
    since, until = NOW - timedelta(days=9), NOW
    whole = {
        one.native_id
        for one in mentions(list(COLLECTOR.backfill(world.source, since, until, now=NOW, access=world.access)))
    }
    reading = COLLECTOR.backfill(world.source, since, until, now=NOW, access=world.access)
    stored = [next(reading)]
    rest = COLLECTOR.backfill(after(world.source, stored), since, until, now=NOW, access=world.access)

    assert {one.native_id for one in mentions([*stored, *rest])} == whole == world.expected


def test_a_search_looks_back_by_date_and_says_where_youtube_ended_it(world: World) -> None:
    world.page = 50
    for number in range(455):
        world.add_video(f"Banjir {number}", at=NOW - timedelta(minutes=500 - number))
    world.add_video("Lain", at=NOW + timedelta(days=1))
    source = replace(world.source, address="search", query="banjir")

    batches = list(COLLECTOR.backfill(source, NOW - timedelta(days=2), NOW, now=NOW, access=world.access))

    assert len(mentions(batches)) == 455
    [gap] = [gap for batch in batches for gap in batch.gaps]
    assert gap.since == NOW - timedelta(days=2)
    assert gap.until == NOW - timedelta(minutes=500)


# --- answers


def a_comment(world: World) -> Mention:
    thread = world.add("Lampu padam di RT 04")
    return named(read(world), thread)


def answer(world: World, mention: Mention, access: Access | None = None) -> Any:
    return COLLECTOR.reply(mention, TEXT, key="k", now=NOW, access=access or world.access)


def test_an_answer_stands_below_the_comment_that_began_the_conversation(world: World) -> None:
    mention = a_comment(world)
    below = world.answer_to(mention.native_id, "Di sini juga")
    for asked_by in (mention, named(read(world), below)):
        sent = answer(world, asked_by)
        stands = world.replies[mention.native_id][-1]
        assert stands["id"] == sent.native_id
        assert stands["snippet"]["textOriginal"] == TEXT
        assert sent.permalink.endswith(sent.native_id)
        assert named(read(world), sent.native_id).own
    assert sent.session is not None
    assert sent.session["token"] == "ya29.1"


def test_a_video_is_answered_by_a_comment_below_it(world: World) -> None:
    world.add_video("Jalan rusak")
    [video] = mentions(read(world, replace(world.source, address="search", query="jalan")))

    sent = answer(world, video)

    assert world.items[0]["id"] == sent.native_id
    assert world.server.seen[-1].json["snippet"]["videoId"] == video.native_id


def test_a_token_is_used_until_it_runs_out_and_replaced_once_where_it_was_taken_back(world: World) -> None:
    mention = a_comment(world)
    first = answer(world, mention)
    held = replace(world.access, session=first.session)
    assert answer(world, mention, held).session is None
    assert len(world.tokens.given) == 1

    world.tokens.given[:] = ["lain"]
    assert answer(world, mention, held).session["token"] == "ya29.1"
    late = NOW + timedelta(hours=2)
    again = COLLECTOR.reply(mention, TEXT, key="k", now=late, access=held)
    assert again.session is not None


def test_a_refused_sign_in_says_to_sign_in_again(world: World) -> None:
    mention = a_comment(world)
    revoked = replace(world.access, secrets={**world.access.secrets, "refresh_token": "basi"})
    with pytest.raises(PermanentError, match="sign in again") as caught:
        answer(world, mention, revoked)
    assert caught.value.problem is Problem.REFUSED_CREDENTIAL
    assert "basi" not in str(caught.value)


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_a_fault_at_sign_in_surely_posts_nothing(world: World, fault: Fault) -> None:
    mention = a_comment(world)
    world.server.break_at(0, fault)
    quick = YoutubeCollector(replace(SETTINGS, total_timeout_s=1.0)) if fault is Fault.DRIP else COLLECTOR
    with pytest.raises(CollectError) as caught:
        quick.reply(mention, TEXT, key="k", now=NOW, access=world.access)

    assert isinstance(caught.value, TransientError | PermanentError)
    assert not world.replies[mention.native_id]


@pytest.mark.parametrize("fault", [Fault.HTML_503, Fault.HTML_200, Fault.TRUNCATED, Fault.DRIP, Fault.RESET])
def test_an_answer_that_may_stand_there_is_in_doubt(world: World, fault: Fault) -> None:
    mention = a_comment(world)
    world.server.break_at(1, fault)
    quick = YoutubeCollector(replace(SETTINGS, total_timeout_s=1.0)) if fault is Fault.DRIP else COLLECTOR
    with pytest.raises(InDoubtError):
        quick.reply(mention, TEXT, key="k", now=NOW, access=world.access)


def test_an_answer_that_was_taken_though_youtube_failed_is_found_again(world: World) -> None:
    mention = a_comment(world)
    for number in range(8):
        world.answer_to(mention.native_id, f"Di gang {number} juga")
    world.on_write = lambda: Reply(status=500, body=HTML)
    with pytest.raises(InDoubtError):
        answer(world, mention)

    found = COLLECTOR.find_reply(mention, TEXT, since=NOW, now=NOW + timedelta(minutes=1), access=world.access)

    assert found is not None
    assert (
        found.native_id
        == next(one for one in world.replies[mention.native_id] if one["snippet"]["textOriginal"] == TEXT)["id"]
    )


def test_an_answer_that_is_not_listed_yet_is_not_called_missing(world: World) -> None:
    mention = a_comment(world)
    answer(world, mention)
    world.unlisted = True
    with pytest.raises(TransientError) as caught:
        COLLECTOR.find_reply(mention, TEXT, since=NOW, now=NOW + timedelta(minutes=2), access=world.access)
    assert caught.value.not_before == NOW + timedelta(minutes=10)

    world.replies[mention.native_id].clear()
    late = NOW + timedelta(minutes=11)
    assert COLLECTOR.find_reply(mention, TEXT, since=NOW, now=late, access=world.access) is None


def test_the_same_words_of_others_or_of_long_ago_are_not_our_answer(world: World) -> None:
    mention = a_comment(world)
    world.answer_to(mention.native_id, TEXT, at=NOW)
    world.answer_to(mention.native_id, TEXT, at=NOW - timedelta(days=1), author=US)

    late = NOW + timedelta(hours=1)
    assert COLLECTOR.find_reply(mention, TEXT, since=NOW, now=late, access=world.access) is None


def test_our_comment_below_a_video_is_found_again(world: World) -> None:
    world.add_video("Jalan rusak")
    [video] = mentions(read(world, replace(world.source, address="search", query="jalan")))
    sent = answer(world, video)

    found = COLLECTOR.find_reply(video, TEXT, since=NOW, now=NOW, access=world.access)

    assert found is not None
    assert found.native_id == sent.native_id


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (refused(403, "forbidden"), Problem.LACKS_ACCESS),
        (refused(404, "parentCommentNotFound"), Problem.GONE),
        (refused(403, "quotaExceeded"), Problem.RATE_LIMITED),
        (refused(400, "commentTextTooLong"), Problem.BAD_SETTINGS),
    ],
)
def test_a_refused_answer_surely_does_not_stand_there(world: World, reply: Reply, problem: Problem) -> None:
    mention = a_comment(world)
    world.on_write = lambda: reply
    with pytest.raises(CollectError) as caught:
        answer(world, mention)

    assert isinstance(caught.value, TransientError | PermanentError)
    assert caught.value.problem is problem


def test_an_answer_is_not_sent_with_too_few_units_left(world: World) -> None:
    mention = a_comment(world)
    calls = world.server.calls
    with pytest.raises(TransientError) as caught:
        answer(world, mention, replace(world.access, left={Currency.UNITS: 49.0}))

    assert caught.value.problem is Problem.BUDGET_SPENT
    assert world.server.calls == calls


def test_what_can_be_answered_and_how_long(world: World) -> None:
    mention = a_mention(platform="youtube", native_id="Ug1")
    reading = replace(world.access, secrets={"api_key": "AIza-kunci"})

    assert COLLECTOR.capability(mention, world.access) is Capability.API
    assert COLLECTOR.capability(mention, reading) is Capability.MANUAL
    assert COLLECTOR.capability(mention, None) is Capability.MANUAL
    assert COLLECTOR.capability(replace(mention, own=True), world.access) is Capability.NONE
    assert COLLECTOR.measure("x" * 10_000, mention, None).fits
    assert not COLLECTOR.measure("x" * 10_001, mention, None).fits
    assert len(COLLECTOR.measure("lihat https://kota.example", replace(mention, root="Ug0"), None).warnings) == 2
    with pytest.raises(PermanentError, match="only reads"):
        answer(world, mention, reading)


def test_a_credential_is_proved_by_the_channel_that_it_names(world: World) -> None:
    reading = replace(world.access, secrets={"api_key": "AIza-kunci"})
    assert COLLECTOR.prove(world.access, now=NOW) == f"Dinas Kota ({US})"
    assert COLLECTOR.prove(reading, now=NOW) == f"Dinas Kota ({US})"
    assert "reads only" in COLLECTOR.prove(replace(reading, settings={"base_url": world.server.url}), now=NOW)
    other = replace(world.access, settings={**world.access.settings, "channel": "UCorang-lain-ABCDEFGHIJK"})
    with pytest.raises(PermanentError, match="belongs to"):
        COLLECTOR.prove(other, now=NOW)
    with pytest.raises(PermanentError) as caught:
        COLLECTOR.prove(Access(name="kosong"), now=NOW)
    assert caught.value.problem is Problem.NO_CREDENTIAL


# --- recorded answers


@pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded answers in {RECORDED.name}")
def test_recorded_answers_are_read_without_loss() -> None:
    seen = 0
    for file in sorted(RECORDED.rglob("*.json")):
        found = json.loads(file.read_text(encoding="utf-8"))
        items = found.get("items", [found]) if isinstance(found, dict) else []
        for item in items:
            for one in recorded(item):
                seen += 1
                assert one.native_id, file
                assert one.published_at is not None, file
                assert one.author is not None, file
                assert one.body, file
    assert seen > 20


def recorded(item: dict[str, Any]) -> list[Mention]:
    kind = item.get("kind")
    if kind == "youtube#video":
        return [_youtube_posts.video(item, "", NOW)]
    if kind == "youtube#comment":
        return [_youtube_posts.comment(item, "", _youtube_posts.Within(), NOW)]
    if kind != "youtube#commentThread":
        return []
    thread = _youtube_posts.thread(item)
    return [_youtube_posts.comment(one, "", _youtube_posts.Within(), NOW) for one in [thread.top, *thread.replies]]


@pytest.mark.parametrize(
    ("status", "held"), [(None, False), ("published", False), ("heldForReview", True), ("likelySpam", True)]
)
def test_an_answer_that_youtube_holds_for_review_is_said_to_be_held(
    world: World, status: str | None, held: bool
) -> None:
    mention = a_comment(world)
    world.moderation = status
    sent = answer(world, mention)
    found = COLLECTOR.find_reply(mention, TEXT, since=NOW, now=NOW + timedelta(hours=1), access=world.access)

    assert sent.held is held
    assert found is not None
    assert (found.native_id, found.held) == (sent.native_id, held)
