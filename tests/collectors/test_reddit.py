from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors import _reddit_posts
from collectors.reddit import RedditCollector
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Batch, Capability, Mention, Problem, Source
from tests.builders import NOW, a_mention
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault, Reply, forbid_sleep
from tests.collectors.world_reddit import US, World

RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "reddit-praw"


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_sleep(monkeypatch, "prawcore.sessions")
    with pytest.raises(AssertionError, match="slept"):
        time.sleep(1)  # one module for all: PRAW's sleeps are refused too


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


COLLECTOR = RedditCollector(SETTINGS)


def read(world: World, source: Source | None = None, access: Access | None = None) -> list[Batch]:
    return list(COLLECTOR.collect(source or world.source, now=NOW, access=access or world.access))


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def named(batches: list[Batch], native_id: str) -> Mention:
    return next(mention for mention in mentions(batches) if mention.native_id == native_id)


def the_id(thing: dict[str, Any]) -> str:
    return str(thing["data"]["name"])


def failure(world: World, source: Source | None = None) -> CollectError:
    with pytest.raises(CollectError) as caught:
        read(world, source)
    return caught.value


def test_a_post_has_its_writer_time_link_and_text_without_markup(world: World) -> None:
    html = '<div class="md"><p>Sudah <strong>tiga</strong> malam</p><p>gelap &amp; rawan</p></div>'
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    world.posts = [world.post("Lampu padam", selftext="**tiga**", selftext_html=html, author="budi", at=at)]

    [found] = mentions(read(world))

    assert (found.title, found.text) == ("Lampu padam", "Sudah tiga malam\ngelap & rawan")
    assert found.author is not None
    assert (found.author.handle, found.author.url) == ("budi", "https://www.reddit.com/user/budi")
    assert found.published_at == at
    assert found.permalink == f"https://www.reddit.com/r/bandung/comments/{found.native_id[3:]}/judul/"
    assert (found.parent, found.root, found.own, found.to_us) == ("", "", False, False)


def test_a_comment_names_what_it_answers_and_where_the_conversation_began(world: World) -> None:
    first = world.comment("Di RT 04 juga", parent="t3_p1", link="t3_p1")
    second = world.comment("Sama", parent=the_id(first), link="t3_p1")
    world.comments = [second, first]

    batches = read(world, replace(world.source, address="r/bandung/comments"))

    assert (named(batches, the_id(first)).parent, named(batches, the_id(first)).root) == ("t3_p1", "t3_p1")
    assert (named(batches, the_id(second)).parent, named(batches, the_id(second)).root) == (the_id(first), "t3_p1")


def test_a_crosspost_counts_on_the_original(world: World) -> None:
    world.posts = [world.post("Lampu padam", crosspost_parent="t3_asal")]

    assert mentions(read(world))[0].repost_of == "t3_asal"


def test_an_inbox_brings_mentions_and_answers_to_us_but_no_private_messages(world: World) -> None:
    context = "/r/bandung/comments/p7/judul/c1/?context=3"
    bare = {"link_id": None, "permalink": None, "context": context}
    called = world.comment("u/dinas_kota tolong", parent="t3_p7", link="", type="username_mention", **bare)
    answer = world.comment("Belum juga", parent="t1_kami", link="", type="comment_reply", **bare)
    private = {"kind": "t4", "data": {"name": "t4_a", "body": "rahasia", "author": "budi", "created_utc": 1.0}}
    world.inbox = [called, private, answer]

    batches = read(world, replace(world.source, address="inbox"))

    assert [m.native_id for m in mentions(batches)] == [the_id(called), the_id(answer)]
    assert [m.to_us for m in mentions(batches)] == [False, True]
    assert {m.root for m in mentions(batches)} == {"t3_p7"}
    assert mentions(batches)[0].permalink == "https://www.reddit.com/r/bandung/comments/p7/judul/c1/"
    assert not [dead for batch in batches for dead in batch.dead]


def test_what_our_account_wrote_is_marked_and_so_are_answers_to_its_posts(world: World) -> None:
    ours = world.comment("Sudah kami teruskan", parent="t3_p1", link="t3_p1", author=US.lower())
    answer = world.comment("Terima kasih", parent="t3_p2", link="t3_p2", link_author=US)
    world.comments = [ours, answer]

    batches = read(world, replace(world.source, address="r/bandung/comments"))

    assert named(batches, the_id(ours)).own
    assert not named(batches, the_id(ours)).to_us
    assert named(batches, the_id(answer)).to_us


def test_an_edited_post_comes_again_with_its_new_wording(world: World) -> None:
    before = read(world)
    newest = world.posts[0]["data"]
    newest |= {"selftext": "Sudah menyala", "edited": NOW.timestamp()}
    after = read(world, replace(world.source, cursor=before[-1].cursor))

    assert named(after, newest["name"]).content_hash != named(before, newest["name"]).content_hash


@pytest.mark.parametrize(
    "how",
    [
        {"selftext": "[removed]", "removed_by_category": "moderator"},
        {"selftext": "[deleted]", "author": "[deleted]"},
        {"selftext": "[ Removed by Reddit ]"},
        {"removed_by_category": "deleted", "author": "[deleted]"},
    ],
)
def test_what_was_taken_away_is_withdrawn_in_a_listing_and_at_a_recheck(world: World, how: dict[str, Any]) -> None:
    world.posts[2]["data"] |= how
    gone, stays = (str(world.posts[place]["data"]["name"]) for place in (2, 3))

    batches = read(world)
    again = COLLECTOR.recheck([gone, stays, "t3_takada"], now=NOW, access=world.access)

    assert [name for batch in batches for name in batch.withdrawn] == [gone]
    assert gone not in {mention.native_id for mention in mentions(batches)}
    assert (list(again.withdrawn), [m.native_id for m in again.mentions]) == ([gone], [stays])


def test_a_post_whose_writer_left_reddit_keeps_its_words(world: World) -> None:
    world.posts = [world.post("Lampu padam", selftext="Gelap", author="[deleted]")]

    [found] = mentions(read(world))

    assert found.text == "Gelap"
    assert found.author is None


def test_a_search_asks_reddit_and_filters_nothing_here(world: World) -> None:
    read(world, replace(world.source, address="https://www.reddit.com/r/bandung/search/", query="nomor OR lampu"))

    asked = world.server.seen[-1].query
    assert (asked["q"], asked["sort"], asked["restrict_sr"]) == ("nomor OR lampu", "new", "1")


def test_elsewhere_the_query_filters_and_seen_counts_before_it(world: World) -> None:
    batches = read(world, replace(world.source, query='"nomor 3"'))

    assert [mention.title for mention in mentions(batches)] == ["Lampu jalan nomor 3 padam"]
    assert sum(batch.seen for batch in batches) == 10


@pytest.mark.parametrize(
    ("address", "query", "problem"),
    [
        ("bandung", "", Problem.BAD_ADDRESS),
        ("r/../../api", "", Problem.BAD_ADDRESS),
        ("r/bandung/search", "", Problem.BAD_SETTINGS),
        ("search", "x" * 513, Problem.BAD_SETTINGS),
        ("r/bandung", "(", Problem.BAD_SETTINGS),
    ],
)
def test_an_address_or_query_that_cannot_be_is_said_before_any_call(
    world: World, address: str, query: str, problem: Problem
) -> None:
    assert failure(world, replace(world.source, address=address, query=query)).problem is problem
    assert world.server.calls == 0


def test_a_changed_query_reads_everything_again(world: World) -> None:
    cursor = read(world)[-1].cursor

    assert len(mentions(read(world, replace(world.source, cursor=cursor, query="lampu")))) == 10


def test_reading_alone_needs_no_account_but_the_inbox_does(world: World) -> None:
    reader = replace(world.access, secrets={"client_secret": "rahasia-aplikasi"}, settings=dict(world.access.settings))

    assert len(mentions(read(world, access=reader))) == 10
    assert world.server.seen[0].form["grant_type"] == "client_credentials"
    assert COLLECTOR.prove(reader, now=NOW) == "app appid (reads only)"
    with pytest.raises(PermanentError) as caught:
        read(world, replace(world.source, address="mentions"), reader)
    assert caught.value.problem is Problem.LACKS_ACCESS


def test_without_a_credential_it_says_so(world: World) -> None:
    with pytest.raises(PermanentError) as caught:
        list(COLLECTOR.collect(world.source, now=NOW))
    assert caught.value.problem is Problem.NO_CREDENTIAL


def test_a_wrong_password_or_refresh_token_is_a_refused_credential(world: World) -> None:
    for secrets in ({"password": "salah"}, {"refresh_token": "basi"}):
        access = replace(world.access, secrets={"client_secret": "rahasia-aplikasi", **secrets})
        with pytest.raises(PermanentError) as caught:
            COLLECTOR.prove(access, now=NOW)
        assert caught.value.problem is Problem.REFUSED_CREDENTIAL


def test_a_refresh_token_lets_us_in(world: World) -> None:
    access = replace(world.access, secrets={"client_secret": "rahasia-aplikasi", "refresh_token": "segar"})

    assert COLLECTOR.prove(access, now=NOW) == US


def test_a_credential_of_another_account_is_not_proved(world: World) -> None:
    with pytest.raises(PermanentError) as caught:
        COLLECTOR.prove(replace(world.access, settings={**world.access.settings, "username": "lain"}), now=NOW)
    assert caught.value.problem is Problem.BAD_SETTINGS


def test_a_kept_token_saves_signing_in_until_it_is_refused(world: World) -> None:
    session = read(world)[-1].session
    assert session is not None
    calls = world.server.calls
    kept = replace(world.access, session=session)

    assert read(world, access=kept)[-1].session is None
    assert not [r for r in world.server.seen[calls:] if r.path.endswith("access_token")]
    world.tokens.clear()
    again = read(world, access=kept)[-1].session
    assert again
    assert again != session


def test_a_kept_token_at_its_end_is_renewed(world: World) -> None:
    kept = replace(world.access, session={"token": "basi", "until": (NOW - timedelta(minutes=1)).isoformat()})

    assert read(world, access=kept)[-1].session is not None


def test_used_up_calls_end_the_reading_with_reddits_own_time_and_what_came_is_kept(world: World) -> None:
    world.limits = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "1000", "x-ratelimit-reset": "540"}
    batches: list[Batch] = []
    with pytest.raises(TransientError) as caught:
        batches.extend(COLLECTOR.collect(world.source, now=NOW, access=world.access))
    reading = COLLECTOR.collect(world.source, now=NOW, access=world.access)
    first = next(reading)

    assert len(first.mentions) == 4
    assert first.next_check == NOW + timedelta(seconds=540)
    assert caught.value.not_before == NOW + timedelta(seconds=540)
    assert caught.value.whole_account
    world.limits = {"x-ratelimit-remaining": "5.0", "x-ratelimit-used": "990", "x-ratelimit-reset": "540"}
    rest = read(world, replace(world.source, cursor=first.cursor))
    assert {m.native_id for m in [*first.mentions, *mentions(rest)]} == world.expected


def test_a_page_for_people_with_403_means_that_our_address_is_shut_out_for_now(world: World) -> None:
    world._routed = lambda *_: Reply(status=403, body=b"<html>whoa there</html>")  # type: ignore[method-assign]

    error = failure(world)

    assert isinstance(error, TransientError)
    assert error.problem is Problem.RATE_LIMITED


@pytest.mark.parametrize(
    ("answer", "problem", "words"),
    [
        (Reply(status=403, json={"reason": "private", "error": 403}), Problem.LACKS_ACCESS, "private"),
        (Reply(status=404, json={"reason": "banned", "error": 404}), Problem.NOT_FOUND, "banned"),
        (Reply(status=302, headers={"Location": "/subreddits/search?q=x"}), Problem.NOT_FOUND, "no such place"),
        (Reply(status=451, json={}), Problem.FORBIDDEN, "barred"),
        (Reply(json=["not", "a", "listing"]), Problem.NOT_READABLE, "list"),
    ],
)
def test_reddits_refusals_are_said_in_words(world: World, answer: Reply, problem: Problem, words: str) -> None:
    world._routed = lambda *_: answer  # type: ignore[method-assign]

    error = failure(world)

    assert error.problem is problem
    assert words in str(error)


def a_long_list(cap: int) -> World:
    world = World(page=100, cap=cap)
    world.posts = []
    world.add("Yang terakhir diketahui", at=NOW - timedelta(days=2))
    return world


def test_a_list_that_ends_before_what_was_known_leaves_a_gap() -> None:
    world = a_long_list(cap=1_000)
    cursor = read(world)[-1].cursor
    for minute in range(1_200):
        world.add(f"Air mati {minute}", at=NOW - timedelta(minutes=1_201 - minute))
    batches = read(world, replace(world.source, cursor=cursor))
    world.close()

    [gap] = [gap for batch in batches for gap in batch.gaps]
    assert (gap.since, gap.until) == (NOW - timedelta(days=2), NOW - timedelta(minutes=1_001))
    assert "ended after 1000" in gap.reason
    assert len(mentions(batches)) == 1_000


def test_no_gap_where_the_last_known_post_was_reached_or_deleted() -> None:
    world = a_long_list(cap=1_000)
    cursor = read(world)[-1].cursor
    for minute in range(150):
        world.add(f"Air mati {minute}", at=NOW - timedelta(minutes=151 - minute))
    reached = read(world, replace(world.source, cursor=cursor))
    world.posts = world.posts[:90]
    deleted = read(world, replace(world.source, cursor=cursor))
    world.close()

    assert not [gap for batch in [*reached, *deleted] for gap in batch.gaps]


def test_a_post_that_a_moderator_let_through_late_is_found(world: World) -> None:
    cursor = read(world)[-1].cursor
    late = world.post("Baru disetujui", at=NOW - timedelta(days=3) + timedelta(minutes=25))
    world.posts.insert(2, late)

    assert the_id(late) in {m.native_id for m in mentions(read(world, replace(world.source, cursor=cursor)))}


def test_a_cut_reading_goes_on_though_the_post_it_stopped_at_is_gone(world: World) -> None:
    reading = COLLECTOR.collect(world.source, now=NOW, access=world.access)
    first = next(reading)
    del world.posts[3]
    rest = read(world, replace(world.source, cursor=first.cursor))

    assert {m.native_id for m in [*first.mentions, *mentions(rest)]} == world.expected
    assert not [gap for batch in rest for gap in batch.gaps]


def test_doubled_and_reordered_pages_bring_each_post_once(world: World) -> None:
    pages = [world.posts[4:8], world.posts[:4], world.posts[2:6], world.posts[8:]]
    following = iter([*({"data": {"after": f"t3_h{n}", "children": page}} for n, page in enumerate(pages[:-1])), None])

    def routed(*_: Any) -> Reply:
        return Reply(json=next(following) or {"data": {"after": None, "children": pages[-1]}})

    world._routed = routed  # type: ignore[method-assign]

    found = [mention.native_id for mention in mentions(read(world))]

    assert sorted(found) == sorted(world.expected)


def test_a_list_that_turns_in_a_circle_ends(world: World) -> None:
    page = world.posts[:2]
    answer = {"data": {"after": the_id(page[-1]), "children": page}}
    world._routed = lambda *_: Reply(json=answer)  # type: ignore[method-assign]

    assert len(mentions(read(world))) == 2


@pytest.mark.parametrize("child", ["rusak", None, {"kind": "t5", "data": {}}, {"kind": "t3", "data": {"name": "x"}}])
def test_a_malformed_thing_is_dead_and_its_page_is_kept(world: World, child: Any) -> None:
    world.posts = [*world.posts[:2], child]
    world.page = 100
    [batch] = read(world)[:1]

    assert len(batch.mentions) == 2
    assert len(batch.dead) == 1
    with pytest.raises(ValueError, match=r"."):
        COLLECTOR.revive(world.source, batch.dead[0].raw, now=NOW)


def test_a_mended_dead_item_is_read_again(world: World) -> None:
    raw = {"child": world.comment("Sudah", parent="t3_p1", link="t3_p1", author=US), "account": US}

    assert COLLECTOR.revive(world.source, raw, now=NOW).own


# Answers


def a_complaint(world: World, **over: Any) -> Mention:
    return replace(_reddit_posts.mention(world.posts[0], account=US, now=NOW), **over)


def answer(world: World, mention: Mention, text: str = "Terima kasih, kami teruskan.") -> Any:
    return COLLECTOR.reply(mention, text, key="k1", now=NOW, access=world.access)


def look(world: World, mention: Mention, text: str = "Terima kasih, kami teruskan.") -> Any:
    return COLLECTOR.find_reply(mention, text, since=NOW, now=NOW, access=world.access)


def test_an_answer_stands_below_the_post_and_has_an_id_and_a_link(world: World) -> None:
    mention = a_complaint(world)
    sent = answer(world, mention)

    assert world.sent[0]["data"]["parent_id"] == mention.native_id
    assert sent.native_id == the_id(world.sent[0])
    assert sent.permalink.startswith("https://www.reddit.com/r/bandung/comments/")
    assert sent.sent_at == NOW
    assert look(world, mention) == sent


def test_an_answer_to_a_comment_is_found_below_it(world: World) -> None:
    world.comments = [world.comment("Belum", parent="t3_p1", link="t3_p1")]
    mention = _reddit_posts.mention(world.comments[0], account=US, now=NOW)

    assert look(world, mention) is None
    assert look(world, mention, "Terima kasih, kami teruskan.") is None
    sent = answer(world, mention)
    assert look(world, mention) == sent
    assert look(world, mention, "Kata lain") is None


def test_an_answer_that_a_long_conversation_hides_is_found_in_what_we_wrote(world: World) -> None:
    mention = a_complaint(world)
    sent = answer(world, mention)
    world.hide_from_thread = True

    assert look(world, mention) == sent


def test_an_answer_that_a_moderator_removed_was_sent_all_the_same(world: World) -> None:
    mention = a_complaint(world)
    sent = answer(world, mention)
    world.sent[0]["data"]["body"] = "[removed]"

    assert look(world, mention) == sent


def test_the_same_words_from_earlier_are_not_taken_for_this_answer(world: World) -> None:
    mention = a_complaint(world)
    answer(world, mention)
    world.sent[0]["data"]["created_utc"] -= 3600

    assert look(world, mention) is None


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HTML_503, Fault.HTML_200, Fault.TRUNCATED])
def test_an_answer_whose_fate_nobody_knows_is_in_doubt_and_sent_once(world: World, fault: Fault) -> None:
    world.server.break_at(1, fault)
    with pytest.raises(InDoubtError):
        answer(world, a_complaint(world))

    assert len([r for r in world.server.seen if r.path.startswith("/api/comment")]) == 1


def test_an_answer_that_stands_there_though_reddit_failed_is_found(world: World) -> None:
    mention = a_complaint(world)
    world.on_comment = lambda: Reply(status=504, json={"message": "Gateway Timeout"})
    with pytest.raises(InDoubtError):
        answer(world, mention)

    assert look(world, mention).native_id == the_id(world.sent[0])


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.TOO_MANY, Fault.UNAUTHORIZED])
def test_a_refused_answer_is_no_doubt(world: World, fault: Fault) -> None:
    world.server.break_at(1, fault)
    with pytest.raises((PermanentError, TransientError)):
        answer(world, a_complaint(world))


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HTML_503, Fault.TRUNCATED])
def test_a_failed_sign_in_is_no_doubt(world: World, fault: Fault) -> None:
    world.server.break_at(0, fault)
    with pytest.raises(TransientError):
        answer(world, a_complaint(world))


def test_a_server_that_is_not_there_is_no_doubt(world: World) -> None:
    session = read(world)[-1].session
    assert session is not None
    world.close()
    with pytest.raises(TransientError) as caught:
        COLLECTOR.reply(a_complaint(world), "Ya", key="k", now=NOW, access=replace(world.access, session=session))
    assert caught.value.problem is Problem.UNREACHABLE


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ({"errors": [["RATELIMIT", "try again in 9 minutes.", "ratelimit"]]}, timedelta(minutes=10)),
        ({"errors": [["RATELIMIT", "Take a break for 2 seconds", "ratelimit"]]}, timedelta(seconds=3)),
        ({"errors": [["RATELIMIT", "Take a break for 90 milliseconds", "r"]]}, timedelta(minutes=10)),
        ({"errors": [["RATELIMIT", "slow down", "ratelimit"]], "ratelimit": 512.5}, timedelta(seconds=512.5)),
    ],
)
def test_answering_too_often_waits_as_long_as_reddit_says(world: World, said: dict[str, Any], wait: timedelta) -> None:
    world.refuse_comment = said
    with pytest.raises(TransientError) as caught:
        answer(world, a_complaint(world))

    assert caught.value.not_before == NOW + wait
    assert not caught.value.whole_account
    assert len([r for r in world.server.seen if r.path.startswith("/api/comment")]) == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"errors": [["THREAD_LOCKED", "Comments are locked.", "parent"]]}, "locked"),
        ({"errors": [["NEW_CODE", "that user doesn't want it", None]]}, "doesn't want"),
        ({"errors": ["ODD"]}, "ODD"),
        ({"errors": [[]]}, "did not take"),
    ],
)
def test_an_answer_that_reddit_does_not_take_says_why(world: World, said: dict[str, Any], words: str) -> None:
    world.refuse_comment = said
    with pytest.raises(PermanentError, match=words):
        answer(world, a_complaint(world))


def test_an_answer_without_an_id_is_in_doubt(world: World) -> None:
    world.refuse_comment = {"errors": [], "data": {"things": []}}
    with pytest.raises(InDoubtError):
        answer(world, a_complaint(world))


def test_locked_and_archived_conversations_take_no_answer_and_readers_answer_by_hand(world: World) -> None:
    reader = replace(world.access, secrets={"client_secret": "x"})

    assert COLLECTOR.capability(a_complaint(world), world.access) is Capability.API
    assert COLLECTOR.capability(a_complaint(world), reader) is Capability.MANUAL
    assert COLLECTOR.capability(a_complaint(world), None) is Capability.MANUAL
    assert COLLECTOR.capability(a_complaint(world, raw={"locked": True}), world.access) is Capability.NONE
    with pytest.raises(PermanentError):
        COLLECTOR.reply(a_complaint(world), "Ya", key="k", now=NOW, access=reader)


def test_length_is_counted_in_characters_and_markdown_is_warned_of() -> None:
    measured = COLLECTOR.measure("Terima kasih 🙏", a_mention(), None)

    assert (measured.used, measured.limit, measured.warnings) == (14, 10_000, ())
    assert "Markdown" in COLLECTOR.measure("#12 sudah", a_mention(), None).warnings[0]
    assert "empty line" in COLLECTOR.measure("satu\ndua", a_mention(), None).warnings[0]
    assert not COLLECTOR.measure("x" * 10_001, a_mention(), None).fits
    assert not COLLECTOR.measure("  ", a_mention(), None).fits


# Recorded answers


def things(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from things(item)
    elif isinstance(value, dict):
        if value.get("kind") in {"t1", "t3"} and isinstance(value.get("data"), dict):
            yield value
        for item in value.values():
            yield from things(item)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers of Reddit beside the repository")
def test_recorded_answers_are_read_without_loss() -> None:
    seen = 0
    for file in sorted(RECORDED.rglob("*.json")):
        for exchange in json.loads(file.read_text(encoding="utf-8"))["interactions"]:
            try:
                body = json.loads(exchange["response"]["body"].get("string", ""))
            except ValueError:
                continue
            for thing in things(body):
                if "created_utc" not in thing["data"] or _reddit_posts.is_gone(thing):
                    continue
                seen += 1
                found = _reddit_posts.mention(thing, account="", now=NOW)
                data = thing["data"]
                assert found.native_id == data["name"], file.name
                assert found.published_at == datetime.fromtimestamp(data["created_utc"], UTC)
                assert found.author is None or found.author.handle == data["author"]
                assert found.parent == data.get("parent_id", "")
                assert found.root or thing["kind"] == "t3", file.name
                assert found.permalink.startswith("https://www.reddit.com/r/")
                assert "<" not in found.text or "<" in (data.get("body") or data.get("selftext"))
    assert seen > 100
