from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collectors.telegram import TelegramCollector
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Batch, Capability, Mention, Problem, Source
from tests.builders import NOW, a_mention
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_telegram import BOT, GROUP, TOKEN, US, World, _no

CHANNEL = {"id": -1009, "type": "channel", "title": "Kabar Kota", "username": "kabarkota"}
COLLECTOR = TelegramCollector(SETTINGS)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


@pytest.fixture
def quiet(world: World) -> World:
    """A world in which nothing was written yet."""
    world.queue = []
    return world


def read(world: World, source: Source | None = None, *, later: timedelta = timedelta(0)) -> list[Batch]:
    return list(COLLECTOR.collect(source or world.source, now=NOW + later, access=world.access))


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def failure(world: World, source: Source | None = None, access: Access | None = None) -> CollectError:
    with pytest.raises(CollectError) as caught:
        list(COLLECTOR.collect(source or world.source, now=NOW, access=access or world.access))
    return caught.value


def test_a_message_has_its_writer_time_and_link(quiet: World) -> None:
    person = {"id": 5, "is_bot": False, "first_name": "Siti", "last_name": "Aminah", "username": "sitiaminah"}
    quiet.update("message", quiet.message("Air mati\n\nsejak pagi ", at=NOW, **{"from": person}))

    [found] = mentions(read(quiet))

    assert found.text == "Air mati\nsejak pagi"
    assert found.author is not None
    assert (found.author.handle, found.author.name, found.author.url) == (
        "sitiaminah",
        "Siti Aminah",
        "https://t.me/sitiaminah",
    )
    assert found.published_at == NOW
    assert found.native_id.startswith("-1001234/")
    assert found.permalink == f"https://t.me/c/1234/{found.native_id.partition('/')[2]}"
    assert found.raw["chat"] == "Warga RW 05"


def test_captions_polls_and_places_are_words_and_bare_pictures_and_newcomers_are_none(quiet: World) -> None:
    for said in (
        {"photo": [], "caption": "Jalan berlubang"},
        {"poll": {"question": "Lampu mana yang padam?"}},
        {"venue": {"title": "Pasar Minggu", "address": "Jalan Raya"}},
        {"photo": []},
        {"new_chat_members": [US]},
    ):
        quiet.update("message", quiet.message("") | {"text": None} | said)

    batches = read(quiet)

    assert [mention.text for mention in mentions(batches)] == [
        "Jalan berlubang",
        "Lampu mana yang padam?",
        "Pasar Minggu\nJalan Raya",
    ]
    assert sum(batch.seen for batch in batches) == 5
    assert not [dead for batch in batches for dead in batch.dead]


def test_an_answer_to_our_bot_brings_what_we_said_as_our_own(quiet: World) -> None:
    ours = quiet.message("Sudah kami teruskan", **{"from": US})
    quiet.update("message", quiet.message("Belum juga", reply_to_message=ours, message_thread_id=ours["message_id"]))

    said, answered = mentions(read(quiet))

    assert (said.own, said.to_us, answered.own, answered.to_us) == (True, False, False, True)
    assert answered.parent == answered.root == said.native_id


def test_an_answer_to_somebody_else_names_its_parent_and_the_threads_first(quiet: World) -> None:
    other = quiet.message("Lampu padam")
    quiet.update("message", quiet.message("Di sini juga", reply_to_message=other, message_thread_id=999))

    [found] = mentions(read(quiet))

    assert (found.parent, found.root) == (f"-1001234/{other['message_id']}", "-1001234/999")
    assert not found.to_us


def test_a_message_in_a_topic_answers_nobody(quiet: World) -> None:
    opened = quiet.message("") | {"text": None, "forum_topic_created": {"name": "Lampu"}}
    quiet.update("message", quiet.message("Padam", is_topic_message=True, message_thread_id=3, reply_to_message=opened))

    [found] = mentions(read(quiet))

    assert (found.parent, found.root) == ("", "")


def test_a_channels_post_is_the_channels_and_its_copy_in_the_group_counts_on_it(quiet: World) -> None:
    post = quiet.message("Pengumuman", chat=CHANNEL, sender_chat=CHANNEL, **{"from": None})
    origin = {"type": "channel", "chat": CHANNEL, "message_id": post["message_id"], "date": 1}
    copy = quiet.message("Pengumuman", sender_chat=CHANNEL, forward_origin=origin, is_automatic_forward=True)
    quiet.update("channel_post", post)
    quiet.update("message", copy)

    original, repost = mentions(read(quiet))

    assert original.author is not None
    assert original.author.handle == "kabarkota"
    assert original.permalink == f"https://t.me/kabarkota/{post['message_id']}"
    assert repost.repost_of == original.native_id
    assert COLLECTOR.capability(original, quiet.access) is Capability.MANUAL


def test_an_edit_is_the_same_message_with_new_words_once_a_page(quiet: World) -> None:
    first = quiet.message("Lampu padam")
    quiet.update("message", first)
    quiet.update("edited_message", {**first, "text": "Lampu padam di RT 4", "edit_date": first["date"] + 5})
    quiet.update("edited_channel_post", quiet.message("Ralat", chat=CHANNEL))

    found, channel = mentions(read(quiet))

    assert found.text == "Lampu padam di RT 4"
    assert found.raw["edited"]
    assert channel.text == "Ralat"


def test_private_messages_have_no_link_and_other_updates_are_passed_over(quiet: World) -> None:
    chat = {"id": 55, "type": "private", "first_name": "Budi"}
    quiet.update("my_chat_member", {"chat": GROUP})
    quiet.update("message", quiet.message("Halo", chat=chat))

    [found] = mentions(read(quiet))

    assert found.permalink == ""
    assert found.native_id.startswith("55/")


def test_a_page_is_confirmed_only_by_the_call_after_it(world: World) -> None:
    reading = COLLECTOR.collect(world.source, now=NOW, access=world.access)
    first = next(reading)

    assert len(world.queue) == 10
    del reading
    read(world)
    assert len(world.queue) == 0
    assert first.cursor["offset"] == 505


@pytest.mark.parametrize(
    "update",
    [
        "rusak",
        {"update_id": 600, "message": None},
        {"update_id": 600, "message": {"message_id": 5, "chat": None, "text": "x"}},
        {"update_id": 600, "message": {"message_id": 5, "chat": GROUP, "text": 3}},
    ],
)
def test_a_malformed_update_is_dead_and_the_others_are_kept(quiet: World, update: Any) -> None:
    quiet.add("Lampu padam")
    quiet.queue.append(update)
    quiet._answer = lambda request: Reply(json={"ok": True, "result": quiet.queue})  # type: ignore[method-assign]
    quiet.server._handler = quiet._answer

    first = next(COLLECTOR.collect(quiet.source, now=NOW, access=quiet.access))

    assert len(first.mentions) == 1
    assert len(first.dead) == 1
    with pytest.raises(ValueError, match=r"."):
        COLLECTOR.revive(quiet.source, first.dead[0].raw, now=NOW)


def test_updates_without_numbers_are_an_error_rather_than_a_circle(quiet: World) -> None:
    quiet.queue = ["rusak", {"message": {}}]
    quiet.server._handler = lambda _: Reply(json={"ok": True, "result": quiet.queue})

    assert failure(quiet).problem is Problem.NOT_READABLE


def test_a_mended_dead_update_is_read_again(quiet: World) -> None:
    raw = {"update": {"update_id": 1, "message": quiet.message("Padam", **{"from": US})}, "bot": BOT}

    assert COLLECTOR.revive(quiet.source, raw, now=NOW).own


def test_a_day_without_asking_leaves_a_gap_and_less_leaves_none(world: World) -> None:
    cursor = read(world)[-1].cursor
    source = replace(world.source, cursor=cursor)
    soon = read(world, source, later=timedelta(hours=23))
    late = read(world, source, later=timedelta(hours=30))

    assert not [gap for batch in soon for gap in batch.gaps]
    [gap] = [gap for batch in late for gap in batch.gaps]
    assert (gap.since, gap.until) == (NOW, NOW + timedelta(hours=6))


def test_after_a_quiet_week_numbers_may_begin_lower(world: World) -> None:
    source = replace(world.source, cursor=read(world)[-1].cursor)
    world.queue = [{"update_id": 7, "message": world.message("Setelah sepi")}]

    assert not mentions(read(world, source, later=timedelta(days=1)))
    world.queue = [{"update_id": 7, "message": world.message("Setelah sepi")}]
    assert [m.text for m in mentions(read(world, source, later=timedelta(days=8)))] == ["Setelah sepi"]


def test_the_query_filters_and_seen_counts_before_it(world: World) -> None:
    batches = read(world, replace(world.source, query='"nomor 3"'))

    assert len(mentions(batches)) == 1
    assert sum(batch.seen for batch in batches) == 10


@pytest.mark.parametrize(
    ("over", "problem"),
    [({"address": "@grup"}, Problem.BAD_ADDRESS), ({"query": "("}, Problem.BAD_SETTINGS)],
)
def test_an_address_or_query_that_cannot_be_is_said_before_any_call(
    world: World, over: dict[str, str], problem: Problem
) -> None:
    assert failure(world, replace(world.source, **over)).problem is problem  # type: ignore[arg-type]
    assert world.server.calls == 0


@pytest.mark.parametrize("token", ["", "bukan token", "12:../../x"])
def test_what_is_no_token_is_never_sent(world: World, token: str) -> None:
    error = failure(world, access=replace(world.access, secrets={"token": token}))

    assert error.problem is Problem.REFUSED_CREDENTIAL
    assert world.server.calls == 0


def test_without_a_credential_it_says_so(world: World) -> None:
    with pytest.raises(PermanentError) as caught:
        list(COLLECTOR.collect(world.source, now=NOW))
    assert caught.value.problem is Problem.NO_CREDENTIAL


def test_a_webhook_in_the_way_is_told_from_another_reader(world: World) -> None:
    world.conflict = (
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    webhook = failure(world)
    world.conflict = "terminated by other getUpdates request; make sure that only one bot instance is running"
    other = failure(world)

    assert isinstance(webhook, PermanentError)
    assert "deleteWebhook" in str(webhook)
    assert isinstance(other, TransientError)
    assert "another program" in str(other)


def test_a_limit_names_its_time(world: World) -> None:
    world.server.break_at(0, Fault.TOO_MANY_WITH_RESET)
    error = failure(world)

    assert isinstance(error, TransientError)
    assert error.not_before == NOW + timedelta(seconds=300)
    assert error.whole_account


def test_the_token_is_in_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    read(world)

    assert "HTTP Request" in caplog.text
    assert TOKEN not in caplog.text
    assert "rahasia" not in caplog.text


def test_the_bot_is_proved_by_its_name(world: World) -> None:
    assert COLLECTOR.prove(world.access, now=NOW) == "@dinas_kota_bot"


# Answers


def a_complaint(world: World) -> Mention:
    return mentions(read(world))[0]


def answer(world: World, mention: Mention) -> Any:
    return COLLECTOR.reply(mention, "Terima kasih, kami teruskan.", key="k1", now=NOW, access=world.access)


def test_an_answer_stands_below_the_message_and_has_an_id(world: World) -> None:
    mention = a_complaint(world)
    sent = answer(world, mention)

    assert world.sent[0]["reply_to_message"]["message_id"] == int(mention.native_id.partition("/")[2])
    assert sent.native_id == f"-1001234/{world.sent[0]['message_id']}"
    assert sent.sent_at == NOW


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HTML_503, Fault.HTML_200, Fault.TRUNCATED])
def test_an_answer_whose_fate_nobody_knows_is_in_doubt_and_sent_once(world: World, fault: Fault) -> None:
    mention, calls = a_complaint(world), world.server.calls
    world.server.break_at(0, fault)
    with pytest.raises(InDoubtError):
        answer(world, mention)

    assert world.server.calls == calls + 1


@pytest.mark.parametrize("result", [True, {"message_id": 5}])
def test_an_answer_without_an_id_is_in_doubt(world: World, result: Any) -> None:
    mention = a_complaint(world)
    world.on_send = lambda: Reply(json={"ok": True, "result": result})
    with pytest.raises(InDoubtError):
        answer(world, mention)


def test_a_server_that_is_not_there_is_no_doubt(world: World) -> None:
    mention = a_complaint(world)
    world.close()
    with pytest.raises(TransientError) as caught:
        answer(world, mention)
    assert caught.value.problem is Problem.UNREACHABLE


def test_a_chat_that_takes_no_more_for_now_holds_up_no_other(world: World) -> None:
    mention = a_complaint(world)
    world.server.break_at(0, Fault.TOO_MANY_WITH_RESET)
    with pytest.raises(TransientError) as caught:
        answer(world, mention)

    assert caught.value.not_before == NOW + timedelta(seconds=300)
    assert not caught.value.whole_account


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "Forbidden: bot was kicked from the supergroup chat"),
        (400, "Bad Request: message to be replied not found"),
    ],
)
def test_an_answer_that_telegram_does_not_take_says_why(world: World, status: int, said: str) -> None:
    mention = a_complaint(world)
    world.on_send = lambda: _no(status, said)
    with pytest.raises(PermanentError, match=said.partition(": ")[2]):
        answer(world, mention)


def test_a_mention_of_elsewhere_is_not_answered(world: World) -> None:
    with pytest.raises(PermanentError):
        answer(world, a_mention())


def test_nobody_can_look_an_answer_up_so_a_person_is_asked(world: World) -> None:
    with pytest.raises(PermanentError, match="see if"):
        COLLECTOR.find_reply(a_mention(), "x", since=NOW, now=NOW, access=world.access)


def test_length_is_counted_so_that_it_never_falls_short() -> None:
    assert COLLECTOR.measure("Terima kasih 🙏 ", a_mention(), None).used == 15
    assert COLLECTOR.measure("x" * 4_096, a_mention(), None).fits
    assert not COLLECTOR.measure("x" * 4_097, a_mention(), None).fits
    assert COLLECTOR.capability(a_mention(), None) is Capability.MANUAL


def test_it_works_below_a_running_event_loop(world: World) -> None:
    """As in a process that also drives a browser."""

    async def ids() -> set[str]:
        return {mention.native_id for batch in read(world) for mention in batch.mentions}

    # Not in this thread, where a browser's loop may be running.
    with ThreadPoolExecutor(1) as aside:
        assert aside.submit(lambda: asyncio.run(ids())).result() == world.expected
