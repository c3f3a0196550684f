"""Instagram: comments with answers inside, media that tag us, and the three ways to answer."""

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
from sahut.core.errors import PermanentError
from sahut.core.model import Batch, Capability, Mention, Problem, Source
from tests.builders import NOW, a_mention
from tests.collectors.feed_server import SETTINGS
from tests.collectors.graph_server import stamp
from tests.collectors.world_instagram import ACCOUNT, NAME, Instagram

RECORDED = Path(__file__).parents[2].parent / "shared/recorded/facebook-instagram-python-facebook/testdata"
HOUR = timedelta(hours=1)


@pytest.fixture
def account() -> Iterator[Instagram]:
    made = Instagram(page_size=50)
    yield made
    made.close()


def collector() -> Any:
    return registry.load("instagram", settings=SETTINGS)


def read(
    account: Instagram, source: Source | None = None, *, later: timedelta = timedelta(0)
) -> tuple[dict[str, Mention], Source, list[Batch]]:
    source = source or account.source
    batches = list(collector().collect(source, now=NOW + later, access=account.access))
    found = {mention.native_id: mention for batch in batches for mention in batch.mentions}
    return found, replace(source, cursor=batches[-1].cursor), batches


def test_a_conversation_is_linked_and_knows_us(account: Instagram) -> None:
    media = account.media("Jadwal air", at=stamp(NOW - 9 * HOUR))
    asked = account.comment(media, "Air mati", at=stamp(NOW - 8 * HOUR))
    ours = account.answer(media, asked, "Kami cek", at=stamp(NOW - 7 * HOUR), by=NAME)
    other = account.answer(media, asked, "Sama", at=stamp(NOW - 6 * HOUR))
    found, _, _ = read(account)

    assert (found[media].own, found[media].root) == (True, "")
    assert (found[asked].root, found[asked].parent, found[asked].to_us) == (media, media, True)
    assert (found[ours].own, found[ours].parent, found[ours].root) == (True, asked, media)
    assert (found[other].parent, found[other].to_us) == (asked, False)
    assert found[asked].permalink == f"{found[media].permalink}c/{asked}/"
    assert found[asked].author is not None
    assert found[asked].author.handle == "warga_satu"


def test_answers_beyond_those_that_come_along_are_asked_for(account: Instagram) -> None:
    account.page_size = 3
    media = account.media("Jadwal", at=stamp(NOW - HOUR))
    asked = account.comment(media, "Air mati", at=stamp(NOW - HOUR))
    said = {account.answer(media, asked, f"Sama {n}", at=stamp(NOW)) for n in range(9)}
    found, _, _ = read(account)

    assert set(found) == {media, asked} | said
    assert all(found[one].parent == asked for one in said)


def test_an_answer_to_an_older_comment_is_seen_when_the_count_moves(account: Instagram) -> None:
    media = account.media("Jadwal", at=stamp(NOW - 100 * HOUR))
    asked = account.comment(media, "Air mati", at=stamp(NOW - 99 * HOUR))
    account.comment(media, "Bagus", at=stamp(NOW - HOUR))
    _, source, _ = read(account)
    late = account.answer(media, asked, "Masih mati", at=stamp(NOW))
    found, _, _ = read(account, source, later=timedelta(minutes=10))

    assert late in found


def test_a_quiet_account_costs_two_calls(account: Instagram) -> None:
    for n in range(10):
        media = account.media(f"Kabar {n}", at=stamp(NOW - n * HOUR - 72 * HOUR))
        account.comment(media, "Bagus", at=stamp(NOW - HOUR))
    _, source, _ = read(account)
    before = account.server.calls
    read(account, source, later=timedelta(minutes=10))

    assert account.server.calls - before == 2


def test_another_account_than_the_credentials_is_refused_in_words(account: Instagram) -> None:
    with pytest.raises(PermanentError) as caught:
        read(account, replace(account.source, address="@pemda.lain"))
    assert caught.value.problem is Problem.BAD_SETTINGS
    with pytest.raises(PermanentError) as caught:
        list(collector().collect(account.source, now=NOW, access=replace(account.access, settings={})))
    assert caught.value.problem is Problem.BAD_SETTINGS


def test_a_post_that_names_us_is_answered_there_and_one_that_only_tags_us_by_hand(account: Instagram) -> None:
    account.media(f"Tolong @{NAME}, lampu padam", at=stamp(NOW), by="warga", edge="tags")
    account.media(f"Lampu padam @{NAME}.lain", at=stamp(NOW - HOUR), by="warga", edge="tags")
    found, _, batches = read(account)
    access = replace(account.access, session=batches[0].session or {})
    names, tags = found.values()

    assert collector().capability(names, access) is Capability.API
    assert collector().capability(tags, access) is Capability.MANUAL
    sent = collector().reply(names, "Kami cek", key="k", now=NOW, access=access)
    assert account.posted[-1][0] == f"{ACCOUNT}/mentions"
    assert account.posted[-1][1]["media_id"] == names.native_id
    again = collector().find_reply(names, "Kami cek", since=NOW - HOUR, now=NOW, access=access)
    assert again.native_id == sent.native_id


def test_a_comment_elsewhere_that_names_us_is_answered_by_both_ids(account: Instagram) -> None:
    mention = a_mention("@dinas tolong", platform="instagram", native_id="17900000000000111", root="17900000000000110")
    collector().reply(mention, "Kami cek", key="k", now=NOW, access=account.access)
    path, form = account.posted[-1]

    assert path == f"{ACCOUNT}/mentions"
    assert (form["media_id"], form["comment_id"]) == (mention.root, mention.native_id)
    with pytest.raises(PermanentError):
        collector().find_reply(mention, "Kami cek", since=NOW - HOUR, now=NOW, access=account.access)


def test_an_answer_to_an_answer_goes_under_the_first_comment(account: Instagram) -> None:
    media = account.media("Jadwal", at=stamp(NOW - HOUR))
    asked = account.comment(media, "Air mati", at=stamp(NOW - HOUR))
    other = account.answer(media, asked, "Sama", at=stamp(NOW))
    found, _, _ = read(account)
    collector().reply(found[other], "Kami cek", key="k", now=NOW, access=account.access)

    assert account.posted[-1][0] == f"{asked}/replies"


def test_what_is_gone_is_told_from_what_is_not_shown_by_its_id(account: Instagram) -> None:
    media = account.media("Jadwal", at=stamp(NOW - HOUR))
    stays = account.comment(media, "Air mati", at=stamp(NOW - HOUR))
    gone = account.comment(media, "Hapus", at=stamp(NOW - HOUR))
    del account.objects[gone]
    tags = account.media("Lampu padam", at=stamp(NOW), by="warga", edge="tags")
    batch = collector().recheck([media, stays, gone, tags], now=NOW, access=account.access)

    assert batch.withdrawn == [gone]
    assert batch.mentions == []
    assert batch.seen == 2


def test_links_in_comments_are_warned_of() -> None:
    rules = collector().measure("Lacak di https://sahut.example/1", a_mention(), None)

    assert rules.warnings


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded answers beside this checkout")
def test_recorded_media_and_comments_are_read_without_loss() -> None:
    shape = collector().shape({"id": "1", "name": ""}, NOW)
    read_so_far = 0

    def walk(value: Any) -> None:
        nonlocal read_so_far
        if isinstance(value, dict):
            if "id" in value and "timestamp" in value:
                kind = "comment" if "text" in value else "media"
                mention = shape.read(kind, value, Within(root="1", parent="1") if kind == "comment" else Within())
                assert mention.native_id == value["id"]
                assert mention.text == str(value.get("text", value.get("caption", ""))).strip()
                assert mention.published_at is not None
                read_so_far += 1
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for file in sorted((RECORDED / "instagram/apidata").rglob("*.json")):
        walk(json.loads(file.read_text(encoding="utf-8")))
    assert read_so_far >= 10


def test_a_mention_in_a_comment_of_others_is_fetched_by_the_ids_that_meta_told(account: Instagram) -> None:
    account.objects[ACCOUNT]["mentioned_comment"] = {
        "id": "17900000000000112",
        "text": f"@{NAME} tolong",
        "timestamp": stamp(NOW - HOUR),
        "media": {"id": "17900000000000110"},
    }
    words = [
        {"account": ACCOUNT, "media_id": "17900000000000110", "comment_id": "17900000000000112"},
        {"account": "178414", "media_id": "17900000000000110"},
        {"account": ACCOUNT, "media_id": "17900000000000113"},
        {"account": ACCOUNT, "media_id": "../me"},
    ]
    batch = collector().hear(account.source, words, now=NOW, access=account.access)

    assert [(m.native_id, m.root, m.parent, m.author) for m in batch.mentions] == [
        ("17900000000000112", "17900000000000110", "", None)
    ]
    assert len(batch.notes) == 2
    assert not any(".." in str(request.query) for request in account.server.seen)
