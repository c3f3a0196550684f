from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from collectors.play import PlayCollector
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Batch, Capability, Mention, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.google_server import refused
from tests.collectors.platform_server import HTML, Fault, Reply, forbid_sleep
from tests.collectors.world_play import APP, World

COLLECTOR = PlayCollector(SETTINGS)
TEXT = "Mohon maaf, perbaikan terbit pekan ini. Tiket SHT-1."


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_sleep(monkeypatch, "googleapiclient.http", "google.auth._exponential_backoff")


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def read(world: World, source: Source | None = None, *, now: datetime = NOW) -> list[Batch]:
    world.now = now
    return list(COLLECTOR.collect(source or world.source, now=now, access=world.access))


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def named(batches: list[Batch], native_id: str) -> Mention:
    return next(mention for mention in mentions(batches) if mention.native_id == native_id)


def after(source: Source, batches: list[Batch]) -> Source:
    return replace(source, cursor=json.loads(json.dumps(dict(batches[-1].cursor))))


def failure(world: World, source: Source) -> CollectError:
    with pytest.raises(CollectError) as caught:
        read(world, source)
    return caught.value


# --- what reviews become


def test_a_review_has_its_stars_writer_time_and_link(world: World) -> None:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    native_id = world.add("Tidak bisa masuk\n\nsejak kemarin", at=at, stars=1)

    found = named(read(world), native_id)

    assert (found.title, found.text) == ("★☆☆☆☆", "Tidak bisa masuk\nsejak kemarin")
    assert found.author is not None
    assert found.author.name.startswith("Warga")
    assert (found.published_at, found.reach, found.language) == (at, 3, "id")
    assert found.permalink.endswith(f"?id={APP}&reviewId={native_id.partition('/')[2]}")
    assert (found.raw["stars"], found.own, found.root) == (1, False, "")


def test_a_title_of_the_writer_follows_the_stars(world: World) -> None:
    native_id = world.add("Kecewa berat\tSudah lima kali gagal", stars=5)

    found = named(read(world), native_id)

    assert (found.title, found.text) == ("★★★★★ Kecewa berat", "Sudah lima kali gagal")


def test_a_changed_rating_is_another_wording_of_the_same_review(world: World) -> None:
    native_id = world.add("Lumayan", stars=4)
    first = read(world)
    world.review(native_id)["comments"][0]["userComment"]["starRating"] = 1

    second = read(world)

    assert named(first, native_id).content_hash != named(second, native_id).content_hash


def test_the_developers_answer_is_a_mention_of_our_own(world: World) -> None:
    native_id = world.add("Macet")
    world.answer(native_id, "Sudah diperbaiki", at=NOW)

    ours = named(read(world), f"{native_id}/answer")

    assert (ours.own, ours.parent, ours.root, ours.text) == (True, native_id, native_id, "Sudah diperbaiki")


def test_the_app_is_named_by_its_page_in_the_store_too(world: World) -> None:
    page = f"https://play.google.com/store/apps/details?hl=id&id={APP}&gl=ID"
    assert len(mentions(read(world, replace(world.source, address=page)))) == 10
    assert failure(world, replace(world.source, address="Mobile JKN")).problem is Problem.BAD_ADDRESS
    assert failure(world, replace(world.source, query="(")).problem is Problem.BAD_SETTINGS


def test_an_app_without_reviews_is_no_mistake(world: World) -> None:
    world.reviews.clear()

    assert mentions(read(world)) == []


def test_the_query_filters_reviews(world: World) -> None:
    native_id = world.add("Saldo hilang")

    assert [one.native_id for one in mentions(read(world, replace(world.source, query="saldo")))] == [native_id]


# --- incremental


def test_a_later_reading_stops_at_what_is_known(world: World) -> None:
    for number in range(20):
        world.add("Baru", at=NOW - timedelta(hours=40 - number))
    source = after(world.source, read(world))
    calls = world.server.calls

    assert len(read(world, source, now=NOW + timedelta(minutes=10))) == 2
    assert world.server.calls == calls + 3, "a token, the page that reaches what is known, and one of nothing but that"


def test_a_review_that_is_changed_comes_again(world: World) -> None:
    native_id = world.add("Macet", at=NOW - timedelta(days=5))
    source = after(world.source, read(world))
    changed = world.review(native_id)
    changed["comments"][0]["userComment"] |= {
        "text": "Sudah bisa",
        "lastModified": {"seconds": str(int(NOW.timestamp()) + 60)},
    }
    world.reviews.remove(changed)
    world.reviews.insert(0, changed)

    assert named(read(world, source, now=NOW + timedelta(minutes=10)), native_id).text == "Sudah bisa"


def test_an_answer_given_by_hand_to_an_older_review_comes_with_a_sweep(world: World) -> None:
    native_id = world.add("Macet", at=NOW - timedelta(days=3))
    for number in range(20):
        world.add("Baru", at=NOW - timedelta(hours=40 - number))
    source = after(world.source, read(world))
    world.answer(native_id, "Sudah", at=NOW)

    swept = read(world, source, now=NOW + timedelta(hours=7))

    assert f"{native_id}/answer" in {one.native_id for one in mentions(swept)}


def test_a_pause_of_more_than_a_week_is_a_hole_told_once(world: World) -> None:
    source = after(world.source, read(world))
    later = NOW + timedelta(days=9)
    world.add("Baru", at=later - timedelta(hours=1))

    batches = read(world, source, now=later)

    [gap] = [gap for batch in batches for gap in batch.gaps]
    assert (gap.since, gap.until) == (NOW, NOW + timedelta(days=2))
    assert not [g for b in read(world, after(source, batches), now=later + timedelta(hours=1)) for g in b.gaps]


def test_what_a_cut_adds_to_a_hole_is_told_by_itself(world: World) -> None:
    source = after(world.source, read(world))
    later = NOW + timedelta(days=9)
    for number in range(6):
        world.add("Baru", at=later - timedelta(hours=1 + number))
    world.now = later
    reading = COLLECTOR.collect(source, now=later, access=world.access)
    stored = [next(reading)]

    rest = read(world, after(source, stored), now=later + timedelta(minutes=5))

    first, second = (gap for batch in [*stored, *rest] for gap in batch.gaps)
    assert (first.until, second.since) == (NOW + timedelta(days=2), NOW + timedelta(days=2))
    assert second.until == NOW + timedelta(days=2, minutes=5)


def test_a_sign_in_serves_the_next_readings(world: World) -> None:
    session = read(world)[0].session
    assert session is not None
    held = replace(world.access, session=session)

    assert all(one.session is None for one in COLLECTOR.collect(world.source, now=NOW, access=held))
    assert len(world.tokens.given) == 1


# --- looking again


def test_a_look_again_tells_changed_from_withdrawn(world: World) -> None:
    kept, gone, answered = (world.add(f"Macet {number}") for number in range(3))
    world.answer(answered, "Sudah", at=NOW)
    world.reviews.remove(world.review(gone))
    ids = [kept, gone, answered, f"{answered}/answer", f"{kept}/answer"]

    batch = COLLECTOR.recheck(ids, now=NOW, access=world.access)

    assert {one.native_id for one in batch.mentions} == {kept, answered, f"{answered}/answer"}
    assert set(batch.withdrawn) == {gone, f"{kept}/answer"}


def test_an_app_that_is_hidden_from_us_withdraws_nothing(world: World) -> None:
    world.gone = True
    with pytest.raises(PermanentError):
        COLLECTOR.recheck([f"{APP}/satu"], now=NOW, access=world.access)


def test_a_look_again_at_what_cannot_be_read_says_neither(world: World) -> None:
    native_id = world.add("Macet")
    del world.review(native_id)["comments"][0]["userComment"]["text"]

    batch = COLLECTOR.recheck([native_id], now=NOW, access=world.access)

    assert (batch.mentions, batch.withdrawn, len(batch.dead)) == ([], [], 1)


# --- answers


def a_review(world: World) -> Mention:
    native_id = world.add("Macet terus")
    return named(read(world), native_id)


def test_an_answer_is_set_and_seen_again_as_ours(world: World) -> None:
    review = a_review(world)
    sent = COLLECTOR.reply(review, TEXT, key="k", now=NOW, access=world.access)
    again = COLLECTOR.reply(review, TEXT, key="k", now=NOW, access=world.access)

    ours = named(read(world), sent.native_id)
    assert (ours.own, ours.text, again.native_id) == (True, TEXT, sent.native_id)
    assert len(world.review(review.native_id)["comments"]) == 2
    assert (sent.permalink, sent.sent_at) == (review.permalink, NOW + timedelta(0))
    assert COLLECTOR.measure("x", named(read(world), review.native_id), None).warnings


@pytest.mark.parametrize("fault", [Fault.HTML_503, Fault.HTML_200, Fault.TRUNCATED, Fault.DRIP, Fault.RESET])
def test_an_answer_that_may_stand_there_is_in_doubt(world: World, fault: Fault) -> None:
    review = a_review(world)
    world.server.break_at(1, fault)
    quick = PlayCollector(replace(SETTINGS, total_timeout_s=1.0)) if fault is Fault.DRIP else COLLECTOR
    with pytest.raises(InDoubtError):
        quick.reply(review, TEXT, key="k", now=NOW, access=world.access)


def test_an_answer_in_doubt_is_found_or_surely_missing(world: World) -> None:
    review = a_review(world)

    def find() -> str | None:
        found = COLLECTOR.find_reply(review, TEXT, since=NOW, now=NOW, access=world.access)
        return None if found is None else found.native_id

    assert find() is None
    world.on_reply = lambda: Reply(status=500, body=HTML)
    with pytest.raises(InDoubtError):
        COLLECTOR.reply(review, TEXT, key="k", now=NOW, access=world.access)
    assert find() == f"{review.native_id}/answer"
    world.answer(review.native_id, TEXT, at=NOW - timedelta(days=1))
    assert find() is None, "an older answer with the same words"
    world.answer(review.native_id, "Lain", at=NOW)
    assert find() is None


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (refused(403, "forbidden"), Problem.LACKS_ACCESS),
        (refused(400, "replyTooLong"), Problem.BAD_SETTINGS),
        (refused(403, "quotaExceeded"), Problem.RATE_LIMITED),
    ],
)
def test_a_refused_answer_surely_does_not_stand_there(world: World, reply: Reply, problem: Problem) -> None:
    review = a_review(world)
    world.on_reply = lambda: reply
    with pytest.raises(CollectError) as caught:
        COLLECTOR.reply(review, TEXT, key="k", now=NOW, access=world.access)

    assert isinstance(caught.value, TransientError | PermanentError)
    assert caught.value.problem is problem


def test_what_can_be_answered_and_how_long(world: World) -> None:
    review = a_review(world)

    assert COLLECTOR.capability(review, world.access) is Capability.API
    assert COLLECTOR.capability(review, None) is Capability.MANUAL
    assert COLLECTOR.capability(replace(review, own=True), world.access) is Capability.NONE
    assert COLLECTOR.measure("x" * 350, review, None).fits
    assert not COLLECTOR.measure("x" * 351, review, None).fits
    assert COLLECTOR.measure("<b>x</b>", review, None).warnings


# --- credentials


def test_a_credential_is_proved_by_signing_in(world: World) -> None:
    assert COLLECTOR.prove(world.access, now=NOW) == "sahut@proyek.iam.gserviceaccount.example"
    assert world.server.calls == 1


@pytest.mark.parametrize("secret", ["", "bukan json", "{}", '{"client_email": "a@b", "private_key": "rusak"}'])
def test_a_file_that_is_no_key_is_refused_before_any_call(world: World, secret: str) -> None:
    access = Access(name="x", secrets={"service_account": secret}, settings={"base_url": world.server.url})
    with pytest.raises(PermanentError) as caught:
        COLLECTOR.prove(access, now=NOW)

    assert caught.value.problem in {Problem.NO_CREDENTIAL, Problem.REFUSED_CREDENTIAL}
    assert world.server.calls == 0
