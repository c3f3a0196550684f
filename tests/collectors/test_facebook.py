"""Facebook Pages: what comments and posts become, and how little is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors import registry
from collectors._graph_walk import Within
from sahut.core.errors import CollectError, PermanentError
from sahut.core.model import Batch, Mention, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.graph_server import refused, stamp
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_facebook import PAGE, Facebook

RECORDED = Path(__file__).parents[2].parent / "shared/recorded/facebook-instagram-python-facebook/testdata"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def page() -> Iterator[Facebook]:
    made = Facebook(page_size=100)
    yield made
    made.close()


def collector() -> Any:
    return registry.load("facebook", settings=SETTINGS)


def read(
    page: Facebook, source: Source | None = None, *, later: timedelta = timedelta(0)
) -> tuple[list[Batch], Source]:
    source = source or page.source
    batches = list(collector().collect(source, now=NOW + later, access=page.access))
    return batches, replace(source, cursor=batches[-1].cursor)


def by_id(batches: list[Batch]) -> dict[str, Mention]:
    return {mention.native_id: mention for batch in batches for mention in batch.mentions}


def test_a_conversation_is_linked_and_knows_us(page: Facebook) -> None:
    post = page.post("Jadwal air", at=stamp(NOW - DAY))
    asked = page.comment(post, "Air mati", at=stamp(NOW - 9 * HOUR))
    ours = page.comment(post, "Kami cek", at=stamp(NOW - 8 * HOUR), author={"id": PAGE}, parent=asked)
    again = page.comment(post, "Masih mati", at=stamp(NOW - 7 * HOUR), parent=ours)
    other = page.comment(post, "Di sini juga", at=stamp(NOW - 6 * HOUR), parent=asked)
    found = by_id(read(page)[0])

    assert (found[post].own, found[post].root, found[post].parent) == (True, "", "")
    assert (found[asked].root, found[asked].parent, found[asked].to_us) == (post, post, True)
    assert (found[ours].own, found[ours].parent, found[ours].to_us) == (True, asked, False)
    assert (found[again].root, found[again].parent, found[again].to_us) == (post, ours, True)
    assert (found[other].parent, found[other].to_us) == (asked, False)
    assert found[asked].published_at == NOW - 9 * HOUR
    assert found[asked].permalink.startswith("https://www.facebook.com/")


def test_a_writer_whom_facebook_hides_is_nobody(page: Facebook) -> None:
    hidden = page.post("Jalan rusak", at=stamp(NOW - HOUR), author={}, edge="tagged")
    found = by_id(read(page)[0])[hidden]

    assert found.author is None
    assert not found.own
    assert not found.to_us


def test_a_picture_without_words_speaks_by_its_title(page: Facebook) -> None:
    post = page.post("", at=stamp(NOW - HOUR))
    del page.objects[post]["message"]
    page.objects[post]["attachments"] = {"data": [{"title": "Jadwal padam", "description": "Senin"}]}

    assert by_id(read(page)[0])[post].text == "Jadwal padam\nSenin"


def test_a_quiet_page_costs_two_calls(page: Facebook) -> None:
    for n in range(20):
        page.comment(page.post(f"Kabar {n}", at=stamp(NOW - n * HOUR - DAY)), "Terima kasih", at=stamp(NOW - HOUR))
    _, source = read(page)
    before = page.server.calls
    read(page, source, later=10 * timedelta(minutes=1))

    assert page.server.calls - before == 2


def test_a_new_comment_on_an_old_post_is_seen_and_only_that_post_is_read(page: Facebook) -> None:
    old = page.post("Kabar lama", at=stamp(NOW - DAY))
    page.comment(old, "Baik", at=stamp(NOW - DAY))
    for n in range(3):
        page.comment(page.post(f"Kabar {n}", at=stamp(NOW - 20 * DAY)), "Baik", at=stamp(NOW - 20 * DAY))
    aged = page.feed[-1]["id"]
    _, source = read(page)
    late = page.comment(aged, "Lampu padam lagi", at=page.later())
    before = page.server.calls
    batches, _ = read(page, source, later=timedelta(minutes=10))

    assert late in by_id(batches)
    assert page.server.calls - before == 3


def test_posts_older_than_the_watch_are_not_listed_to_the_end(page: Facebook) -> None:
    page.page_size = 2
    for n in range(10):
        page.post(f"Kabar {n}", at=stamp(NOW - n * 10 * DAY))
    source = replace(page.source, options={"watch_days": "5", "read": "comments"})
    batches, _ = read(page, source)

    assert len(by_id(batches)) == 4


def test_a_gap_is_told_when_nobody_read_for_longer_than_posts_are_watched(page: Facebook) -> None:
    page.post("Kabar", at=stamp(NOW - DAY))
    _, source = read(page)
    batches, _ = read(page, source, later=40 * DAY)
    gaps = [gap for batch in batches for gap in batch.gaps]

    assert [(gap.since, gap.until) for gap in gaps] == [(NOW, NOW + 10 * DAY)]
    assert gaps[0].reason


def test_a_post_that_goes_while_it_is_read_stops_nothing(page: Facebook) -> None:
    gone = page.post("Dihapus", at=stamp(NOW - HOUR))
    page.comment(gone, "Halo", at=stamp(NOW - HOUR))
    stays = page.post("Tetap", at=stamp(NOW - 2 * HOUR))
    kept = page.comment(stays, "Air mati", at=stamp(NOW - HOUR))
    del page.lists[f"{gone}/comments"]
    batches, _ = read(page)

    assert kept in by_id(batches)
    assert any("left out" in note for batch in batches for note in batch.notes)


def test_a_place_in_a_list_that_meta_has_forgotten_is_found_again_from_the_top(page: Facebook) -> None:
    page.page_size = 2
    post = page.post("Kabar", at=stamp(NOW - DAY))
    said = {page.comment(post, f"Air mati {n}", at=stamp(NOW - n * HOUR), first=False) for n in range(6)}
    reading = collector().collect(page.source, now=NOW, access=page.access)
    stored = [next(reading) for _ in range(2)]
    last = page.lists[f"{post}/comments"][1]["id"]
    page.lists[f"{post}/comments"] = [one for one in page.lists[f"{post}/comments"] if one["id"] != last]
    batches, _ = read(page, replace(page.source, cursor=stored[-1].cursor))

    assert set(by_id([*stored, *batches])) == said | {post}
    assert any("from its top" in note for batch in batches for note in batch.notes)


def test_a_page_that_comes_twice_ends(page: Facebook) -> None:
    post = page.post("Kabar", at=stamp(NOW - DAY))
    page.comment(post, "Air mati", at=stamp(NOW))
    circle = {"cursors": {"after": "QQ=="}, "next": "https://graph.facebook.com/x?after=QQ=="}
    real = page.server._handler

    def going_round(request: Any) -> Reply:
        answer = real(request)
        if request.path.endswith("/comments"):
            return Reply(json={"data": page.lists[f"{post}/comments"], "paging": circle})
        return answer

    page.server._handler = going_round

    assert len(by_id(read(page)[0])) == 2


@pytest.mark.parametrize(
    "over",
    [
        {"address": "https://facebook.com/dinas"},
        {"options": {"read": "stories"}},
        {"options": {"read": ""}},
        {"options": {"watch_days": "0"}},
        {"options": {"watch_days": "lama"}},
        {"query": '"belum ditutup'},
    ],
)
def test_settings_that_mean_nothing_are_refused_in_words(page: Facebook, over: dict[str, Any]) -> None:
    with pytest.raises(PermanentError) as caught:
        read(page, replace(page.source, **over))

    assert caught.value.problem is Problem.BAD_SETTINGS


def test_without_a_credential_nothing_is_asked(page: Facebook) -> None:
    with pytest.raises(PermanentError) as caught:
        list(collector().collect(page.source, now=NOW))

    assert caught.value.problem is Problem.NO_CREDENTIAL


def test_a_query_keeps_what_matches_and_what_is_our_own(page: Facebook) -> None:
    post = page.post("Jadwal", at=stamp(NOW - DAY))
    wet = page.comment(post, "Air mati", at=stamp(NOW - HOUR))
    page.comment(post, "Bagus", at=stamp(NOW - HOUR))
    batches, _ = read(page, replace(page.source, query="air"))

    assert set(by_id(batches)) == {post, wet}
    assert sum(batch.seen for batch in batches) == 3


def test_a_stretch_of_the_past_is_read_without_touching_the_cursor_of_today(page: Facebook) -> None:
    before = page.post("Lama", at=stamp(NOW - 100 * DAY))
    late = page.comment(before, "Air mati", at=stamp(NOW - 80 * DAY))
    page.comment(before, "Sudah nyala", at=stamp(NOW - 60 * DAY))
    found = list(collector().backfill(page.source, NOW - 90 * DAY, NOW - 70 * DAY, now=NOW, access=page.access))

    assert set(by_id(found)) == {late}
    assert "threads" not in found[-1].cursor


def test_a_stretch_of_the_past_that_was_cut_off_goes_on(page: Facebook) -> None:
    page.page_size = 2
    post = page.post("Lama", at=stamp(NOW - 100 * DAY))
    said = {page.comment(post, f"Air {n}", at=stamp(NOW - 80 * DAY - n * HOUR), first=False) for n in range(5)}

    def backfill(source: Source) -> Iterator[Batch]:
        return iter(collector().backfill(source, NOW - 90 * DAY, NOW - 70 * DAY, now=NOW, access=page.access))

    reading = backfill(page.source)
    stored = [next(reading) for _ in range(2)]
    rest = list(backfill(replace(page.source, cursor=stored[-1].cursor)))

    assert set(by_id([*stored, *rest])) == said


def test_a_stretch_of_the_past_begins_at_its_own_beginning_whatever_is_under_way(page: Facebook) -> None:
    page.page_size = 2
    post = page.post("Lama", at=stamp(NOW - 25 * DAY))
    said = {page.comment(post, f"Air {n}", at=stamp(NOW - 20 * DAY - n * HOUR), first=False) for n in range(5)}
    reading = collector().collect(page.source, now=NOW, access=page.access)
    under_way = replace(page.source, cursor=[next(reading) for _ in range(3)][-1].cursor)
    found = list(collector().backfill(under_way, NOW - 22 * DAY, NOW - 15 * DAY, now=NOW, access=page.access))

    assert set(by_id(found)) == said


class TestLookingAgain:
    """`recheck`."""

    def test_an_edit_and_a_deletion_are_seen_in_one_look(self, page: Facebook) -> None:
        post = page.post("Jadwal", at=stamp(NOW - DAY))
        ids = [page.comment(post, f"Air mati {n}", at=stamp(NOW - HOUR)) for n in range(4)]
        page.objects[ids[0]]["message"] = "Air sudah nyala"
        del page.objects[ids[2]]
        batch = collector().recheck([post, *ids], now=NOW, access=page.access)

        assert batch.withdrawn == [ids[2]]
        assert {m.native_id: m.text for m in batch.mentions}[ids[0]] == "Air sudah nyala"
        assert len(batch.mentions) == 4

    def test_posts_that_stand_among_those_that_tag_us_are_not_gone(self, page: Facebook) -> None:
        post = page.post("Jadwal", at=stamp(NOW - DAY))
        tagged = page.post("Jalan rusak", at=stamp(NOW), author={}, edge="tagged")
        del page.objects[tagged]  # Facebook shows it in the list, and not when asked for by its id

        assert collector().recheck([post, tagged], now=NOW, access=page.access).withdrawn == []

    def test_a_lost_permission_blanks_nothing(self, page: Facebook) -> None:
        post = page.post("Jadwal", at=stamp(NOW - DAY))
        said = page.comment(post, "Air mati", at=stamp(NOW - HOUR))
        page.objects = {"me": page.objects["me"]}
        page.lists = {}
        with pytest.raises(CollectError):
            collector().recheck([post, said], now=NOW, access=page.access)

    def test_one_that_may_not_be_asked_for_is_left_alone(self, page: Facebook) -> None:
        post = page.post("Jadwal", at=stamp(NOW - DAY))
        other = page.post("Jalan rusak", at=stamp(NOW), author={}, edge="tagged")
        real = page.server._handler
        page.server._handler = lambda request: (
            refused(10, status=403) if other in request.path + request.query.get("ids", "") else real(request)
        )
        batch = collector().recheck([post, other], now=NOW, access=page.access)

        assert [m.native_id for m in batch.mentions] == [post]
        assert batch.withdrawn == []

    def test_a_limit_ends_the_look(self, page: Facebook) -> None:
        page.server.break_at(1, Fault.TOO_MANY)
        with pytest.raises(CollectError) as caught:
            collector().recheck(["1_2", "1_3"], now=NOW, access=page.access)

        assert caught.value.problem is Problem.RATE_LIMITED


def test_an_answer_to_an_answer_goes_under_the_first_comment(page: Facebook) -> None:
    post = page.post("Jadwal", at=stamp(NOW - DAY))
    asked = page.comment(post, "Air mati", at=stamp(NOW - 9 * HOUR))
    again = page.comment(post, "Di sini juga", at=stamp(NOW - 6 * HOUR), parent=asked)
    found = by_id(read(page)[0])
    collector().reply(found[again], "Kami cek", key="k", now=NOW, access=page.access)
    collector().reply(found[post], "Info", key="k", now=NOW, access=page.access)

    assert [path for path, _ in page.posted] == [f"{asked}/comments", f"{post}/comments"]


def recorded(folder: str) -> list[Any]:
    """Every object in the recorded answers that is a post or a comment."""
    found: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "created_time" in value and ("message" in value or "permalink_url" in value):
                found.append(value)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for file in sorted((RECORDED / folder).rglob("*.json")):
        walk(json.loads(file.read_text(encoding="utf-8")))
    return found


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded answers beside this checkout")
def test_recorded_posts_and_comments_are_read_without_loss() -> None:
    shape = collector().shape({"id": "1", "name": ""}, NOW)
    items = recorded("facebook/apidata")

    assert len(items) >= 5
    for item in items:
        kind = "comment" if "comment_count" in item else "post"
        mention = shape.read(kind, item, Within())
        assert mention.native_id
        assert mention.published_at is not None
        assert mention.text == item["message"].strip()
        assert kind == "post" or mention.root
