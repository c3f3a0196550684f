"""What stands around a post, on each platform that gives it: the line above, what is beside, and where it was cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from collectors import registry
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Author, Caps, Context, Currency, Cut, Mention, Problem
from sahut.core.ports import ContextReader, Follower
from tests.builders import NOW
from tests.collectors import (
    world_bluesky,
    world_facebook,
    world_instagram,
    world_mastodon,
    world_reddit,
    world_threads,
    world_x,
    world_youtube,
)
from tests.collectors.feed_server import SETTINGS, a_source
from tests.collectors.graph_server import refused, stamp
from tests.collectors.platform_server import Fault

Thing = dict[str, Any]
RECORDED = Path(__file__).parents[3] / "shared" / "recorded"


@dataclass
class Talk:
    """A post with a line of three above it, two beside it and one below, as a platform has them; by name."""

    platform: str
    ids: dict[str, str]
    asked: Mention
    access: Access
    world: Any
    line: tuple[str, ...] = ("first", "second", "third")

    def context(self, above: int = 5, beside: int = 20, *, access: Access | None = None) -> Context:
        collector = registry.load(self.platform, settings=SETTINGS)
        assert isinstance(collector, ContextReader)
        caps = Caps(above=above, beside=beside)
        return collector.context(self.asked, caps, now=NOW, access=access or self.access)

    def names(self, found: Context) -> set[str]:
        by_id = {native_id: name for name, native_id in self.ids.items()}
        return {by_id[one.native_id] for one in found.batch.mentions}

    def close(self) -> None:
        server = self.world.http if self.platform == "x" else self.world
        server.close()


def x() -> Talk:
    world = world_x.XServer()
    ids = {"first": world.post("Kabar dari kami", by=world_x.US)}
    ids["second"] = world.answering(ids["first"], "Lampu kami mati")
    ids["third"] = world.answering(ids["second"], "Di mana?", by=world_x.US)
    ids["asked"] = world.answering(ids["third"], "Di Jalan Melati")
    for name in ("beside 1", "beside 2"):
        ids[name] = world.answering(ids["third"], f"Sama {name}", by=world_x.NEIGHBOUR)
    ids["below"] = world.answering(ids["asked"], "Betul", by=world_x.NEIGHBOUR)
    asked = a_post("x", ids, root=ids["first"])
    return Talk("x", ids, asked, world_x.a_access(base_url=world.http.url), world)


def bluesky() -> Talk:
    world = world_bluesky.World()
    ids: dict[str, str] = {}

    def say(name: str, parent: str = "", by: str = world_bluesky.CITIZEN) -> None:
        above = {key: {"uri": uri, "cid": world_bluesky.cid(uri)} for key, uri in
                 (("root", ids.get("first", "")), ("parent", parent)) if uri}  # fmt: skip
        over: Thing = {"reply": above} if parent else {}
        view = world.view(f"Kata {name}", by=by, **over)
        world.posts.append(view)
        ids[name] = view["uri"]

    say("first", by=world_bluesky.US)
    say("second", ids["first"])
    say("third", ids["second"], by=world_bluesky.US)
    say("asked", ids["third"])
    say("beside 1", ids["third"])
    say("beside 2", ids["third"])
    say("below", ids["asked"])
    return Talk("bluesky", ids, a_post("bluesky", ids, root=ids["first"]), world.access, world)


def mastodon() -> Talk:
    world = world_mastodon.World()
    ids: dict[str, str] = {}

    def say(name: str, parent: str = "", **over: Any) -> None:
        local = ids[parent].rpartition("/")[2] if parent else None
        ids[name] = world.add(f"Kata {name}", in_reply_to_id=local, **over)

    say("first", by=world_mastodon.US)
    say("second", "first")
    say("third", "second", by=world_mastodon.US)
    say("asked", "third")
    say("beside 1", "third")
    say("beside 2", "third")
    say("below", "asked")
    say("letter", "asked", visibility="direct")
    return Talk("mastodon", ids, a_post("mastodon", ids), world.access, world)


def reddit() -> Talk:
    world = world_reddit.World()
    post = world.post("Kabar dari dinas")
    world.posts.insert(0, post)
    link = post["data"]["name"]
    ids = {"first": link}

    def say(name: str, parent: str) -> None:
        made = world.comment(f"Kata {name}", parent=parent, link=link)
        world.comments.append(made)
        ids[name] = made["data"]["name"]

    say("second", link)
    say("third", ids["second"])
    say("asked", ids["third"])
    say("beside 1", ids["third"])
    say("beside 2", ids["third"])
    say("below", ids["asked"])
    return Talk("reddit", ids, a_post("reddit", ids, root=link), world.access, world)


def youtube() -> Talk:
    """A video of ours, a comment of ours below it, and the flat list of answers."""
    world = world_youtube.World(page=100)
    world.items.clear()
    world.replies.clear()
    top = world.add("Kabar dari kami", author=world_youtube.US)
    ids = {"first": world_youtube.VIDEO, "third": top}
    for name in ("asked", "beside 1", "beside 2"):
        ids[name] = world.answer_to(top, f"Kata {name}")
    link = f"https://www.youtube.com/watch?v={world_youtube.VIDEO}&lc={ids['asked']}"
    asked = a_post("youtube", ids, root=top, permalink=link)
    return Talk("youtube", ids, asked, world.access, world, ("first", "third"))


def threads() -> Talk:
    world = world_threads.Threads(page_size=100)
    ids = {"first": world.post("Kabar dari kami", at=stamp(NOW))}

    def say(name: str, to: str, by: str = "warga_satu") -> None:
        ids[name] = world.answer(ids["first"], f"Kata {name}", at=world.later(), to=ids[to], by=by)

    say("second", "first")
    say("third", "second", by=world_threads.NAME)
    say("asked", "third")
    say("beside 1", "third")
    say("beside 2", "third")
    say("below", "asked")
    return Talk("threads", ids, a_post("threads", ids, root=ids["first"]), world.access, world)


def facebook() -> Talk:
    """A post of ours, a comment of ours below it, and the answers to that."""
    world = world_facebook.Facebook(page_size=100)
    ids = {"first": world.post("Kabar dari kami", at=stamp(NOW))}
    us = {"id": world_facebook.PAGE, "name": world_facebook.PAGE_NAME}
    ids["third"] = world.comment(ids["first"], "Kami catat", at=world.later(), author=us)
    for name in ("asked", "beside 1", "beside 2"):
        ids[name] = world.comment(ids["first"], f"Kata {name}", at=world.later(), parent=ids["third"])
    return Talk("facebook", ids, a_post("facebook", ids, root=ids["first"]), world.access, world, ("first", "third"))


def instagram() -> Talk:
    """A post of ours, a comment of ours below it, and the answers to that."""
    world = world_instagram.Instagram(page_size=100)
    ids = {"first": world.media("Kabar dari kami", at=stamp(NOW))}
    ids["third"] = world.comment(ids["first"], "Kami catat", at=world.later(), by=world_instagram.NAME)
    for name in ("asked", "beside 1", "beside 2"):
        ids[name] = world.answer(ids["first"], ids["third"], f"Kata {name}", at=world.later())
    link = f"https://www.instagram.com/p/C{ids['first']}/c/{ids['asked']}/"
    asked = a_post("instagram", ids, root=ids["first"], permalink=link)
    return Talk("instagram", ids, asked, world.access, world, ("first", "third"))


def a_post(platform: str, ids: dict[str, str], **over: Any) -> Mention:
    made = Mention(platform=platform, native_id=ids["asked"], text="Di Jalan Melati", collected_at=NOW)
    return replace(made, parent=ids["third"], **over)


@pytest.fixture(
    params=[x, bluesky, mastodon, reddit, youtube, threads, facebook, instagram], ids=lambda made: made.__name__
)
def talk(request: pytest.FixtureRequest) -> Iterator[Talk]:
    with closing(request.param()) as made:
        yield made


def test_a_whole_conversation_comes_with_nothing_cut(talk: Talk) -> None:
    found = talk.context()
    assert talk.names(found) == set(talk.ids) - {"asked", "letter"}
    assert found.cut == frozenset()
    assert not found.batch.dead
    parents = {one.native_id: one.parent for one in found.batch.mentions}
    assert parents[talk.ids[talk.line[-1]]] == talk.ids[talk.line[-2]]


def test_what_we_said_there_is_known_as_ours(talk: Talk) -> None:
    if talk.platform == "reddit":
        pytest.skip("nothing there is ours in this world")
    own = {one.native_id for one in talk.context().batch.mentions if one.own}
    assert own == {talk.ids["first"], talk.ids["third"]}


def test_the_line_above_is_cut_at_its_cap_the_nearest_first(talk: Talk) -> None:
    found = talk.context(above=1, beside=0)
    assert talk.names(found) == {"third"}
    assert found.cut == {Cut.ABOVE}


def test_what_stands_beside_is_cut_at_its_cap(talk: Talk) -> None:
    found = talk.context(above=5, beside=1)
    assert len(talk.names(found) - {*talk.line}) == 1
    assert found.cut == {Cut.BESIDE}


@pytest.mark.parametrize("fault", [Fault.TOO_MANY_WITH_RESET, Fault.HTML_503, Fault.TRUNCATED])
def test_a_fault_is_told_as_one_that_passes(talk: Talk, fault: Fault) -> None:
    server = talk.world.http if talk.platform == "x" else talk.world.server
    # X needs no sign-in; what comes of its first call is paid for, and kept whatever comes then.
    server.break_at(0 if talk.platform == "x" else 1, fault)
    with pytest.raises(CollectError) as caught:
        talk.context()
    assert isinstance(caught.value, TransientError)


# --- what is special ---------------------------------------------------------------------------------------------


def test_x_keeps_what_was_paid_for_where_the_budget_ends_amid_it() -> None:
    with closing(x()) as talk:
        poor = replace(talk.access, left={Currency.USD: 0.045})
        found = talk.context(access=poor)
    assert talk.names(found) == {"second", "third"}
    assert found.cut == {Cut.ABOVE, Cut.BESIDE}
    assert 0 < found.batch.spent[Currency.USD] <= 0.045


def test_x_asks_nothing_with_no_budget_left() -> None:
    with closing(x()) as talk:
        with pytest.raises(TransientError) as caught:
            talk.context(access=replace(talk.access, left={Currency.USD: 0.001}))
        assert talk.world.http.calls == 0
    assert caught.value.problem is Problem.BUDGET_SPENT


def test_x_follows_a_conversation_by_its_writer_and_us_alone() -> None:
    with closing(x()) as talk:
        collector = registry.load("x", settings=SETTINGS)
        assert isinstance(collector, Follower)
        asked = replace(talk.asked, author=Author(handle="warga_satu"))
        source = a_source("search", platform="x", query="banjir", credential="akun x")
        place = collector.following(source, asked, since=NOW, most=30, access=talk.access)
        assert place is not None
        batches = list(collector.collect(place, now=NOW, access=talk.access))
        request = talk.world.http.seen[-1]
    assert request.query["query"] == f"conversation_id:{talk.ids['first']} (from:warga_satu OR to:dinaskota)"
    assert request.query["max_results"] == "30"
    found = {mention.native_id for batch in batches for mention in batch.mentions}
    theirs = {talk.ids[name] for name in ("second", "asked", "beside 1", "beside 2")}
    assert found == theirs


def test_x_follows_nothing_that_cannot_stand_in_its_query() -> None:
    collector = registry.load("x", settings=SETTINGS)
    assert isinstance(collector, Follower)
    strange = Mention(platform="x", native_id="1) OR (banjir", text="x", collected_at=NOW)
    source = a_source("search", platform="x", query="banjir")
    assert collector.following(source, strange, since=NOW, most=30, access=world_x.a_access()) is None


def test_bluesky_goes_on_below_where_what_was_answered_is_gone() -> None:
    with closing(bluesky()) as talk:
        talk.world.lost.add(talk.ids["third"])
        found = talk.context()
    assert talk.names(found) == {"below"}
    assert found.cut == {Cut.ABOVE}


def test_mastodon_says_that_a_post_is_gone() -> None:
    with closing(mastodon()) as talk:
        talk.asked = replace(talk.asked, native_id=f"{world_mastodon.DOMAIN}/999")
        with pytest.raises(PermanentError) as caught:
            talk.context()
    assert caught.value.problem is Problem.NOT_FOUND


def test_reddit_brings_what_stands_beside_a_comment_on_the_post_itself() -> None:
    with closing(reddit()) as talk:
        talk.asked = replace(talk.asked, native_id=talk.ids["second"], parent=talk.ids["first"])
        late = talk.world.comment("Kata lain", parent=talk.ids["first"], link=talk.ids["first"])
        talk.world.comments.append(late)
        talk.ids["late"] = late["data"]["name"]
        found = talk.context()
    assert {"first", "third", "late"} <= talk.names(found)


def test_reddit_counts_what_it_hides_as_cut() -> None:
    with closing(reddit()) as talk:
        talk.world.more = 12
        assert Cut.BESIDE in talk.context().cut


def test_the_first_post_of_a_conversation_has_nothing_above(talk: Talk) -> None:
    talk.asked = replace(talk.asked, native_id=talk.ids["first"], parent="", root="")
    found = talk.context()
    assert Cut.ABOVE not in found.cut
    assert talk.line[1] in talk.names(found)
    assert "first" not in talk.names(found)


def test_a_late_post_is_no_reason_to_reach_further_than_asked(talk: Talk) -> None:
    assert talk.context(above=0, beside=0).batch.mentions == []


@pytest.mark.parametrize("made", [x, youtube, threads, facebook, instagram], ids=lambda made: made.__name__)
def test_an_answer_to_what_we_said_is_told_as_one(made: Any) -> None:
    with closing(made()) as talk:
        to_us = {one.native_id for one in talk.context().batch.mentions if one.to_us}
    assert {talk.ids["beside 1"], talk.ids["beside 2"]} <= to_us
    assert not to_us & {talk.ids["first"], talk.ids["third"]}


@pytest.mark.parametrize("fault", [one for one in Fault if one is not Fault.DRIP], ids=lambda one: one.name.lower())
@pytest.mark.parametrize("made", [youtube, threads, facebook, instagram], ids=lambda made: made.__name__)
def test_a_fault_at_any_call_is_told_or_counts_as_cut(made: Any, fault: Fault) -> None:
    passes = fault.value[:3] not in {"401", "402", "403", "404"}
    with closing(made()) as talk:
        whole = talk.names(talk.context())
        for call in range(talk.world.server.calls):
            talk.world.server.break_at(call, fault)
            told = None
            try:
                found = talk.context()
            except CollectError as error:
                told = error
            if told is None:
                assert found.cut, f"call {call}"
                assert talk.names(found) < whole, f"call {call}"
            else:
                assert isinstance(told, TransientError if passes else PermanentError), f"call {call}: {told}"
            talk.world.server.mend()


def test_youtube_reads_on_for_as_many_answers_as_are_wanted_and_no_further() -> None:
    with closing(youtube()) as talk:
        talk.world.page = 10
        for number in range(60):
            talk.ids[f"more {number}"] = talk.world.answer_to(talk.ids["third"], f"Sama {number}")
        few, many = talk.context(beside=12), talk.context(beside=200)
    assert len(few.batch.mentions) == 2 + 12
    assert few.batch.spent[Currency.UNITS] == 4  # the comment, the video and two pages
    assert len(many.batch.mentions) == 2 + 30
    assert many.batch.spent[Currency.UNITS] == 5
    assert few.cut == many.cut == {Cut.BESIDE}


def test_youtube_brings_the_answers_below_a_comment_and_not_other_comments() -> None:
    with closing(youtube()) as talk:
        talk.world.add("Komentar lain")
        talk.asked = replace(talk.asked, native_id=talk.ids["third"], parent=world_youtube.VIDEO, root="")
        found = talk.context()
    assert talk.names(found) == {"first", "asked", "beside 1", "beside 2"}
    assert found.cut == frozenset()


def test_youtube_brings_a_videos_newest_comments() -> None:
    with closing(youtube()) as talk:
        talk.world.items.append({"kind": "youtube#commentThread", "id": "rusak"})
        talk.asked = replace(talk.asked, native_id=world_youtube.VIDEO, parent="", root="")
        found = talk.context()
    assert talk.names(found) == {"third"}
    assert found.cut == frozenset()


def test_youtube_says_that_a_thread_is_gone() -> None:
    with closing(youtube()) as talk:
        talk.world.items.clear()
        talk.world.replies.clear()
        with pytest.raises(PermanentError) as caught:
            talk.context()
    assert caught.value.problem is Problem.GONE


def test_youtube_asks_nothing_with_no_units_left() -> None:
    with closing(youtube()) as talk:
        with pytest.raises(TransientError) as caught:
            talk.context(access=replace(talk.access, left={Currency.UNITS: 0}))
        assert talk.world.server.calls == 0
    assert caught.value.problem is Problem.BUDGET_SPENT


def test_youtube_knows_by_the_link_which_video_comments_are_below_that_do_not_say_it() -> None:
    with closing(youtube()) as talk:
        for one in [talk.world.items[0]["snippet"]["topLevelComment"], *talk.world.replies[talk.ids["third"]]]:
            del one["snippet"]["videoId"]
        found = talk.context()
    assert {talk.ids["first"], talk.ids["third"]} <= {one.native_id for one in found.batch.mentions}
    links = {one.permalink.partition("&")[0] for one in found.batch.mentions}
    assert links == {f"https://www.youtube.com/watch?v={world_youtube.VIDEO}"}
    assert found.cut == frozenset()


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers beside this checkout")
def test_recorded_answers_below_a_comment_come_as_its_conversation() -> None:
    name = "youtube-python-youtube/testdata/apidata/comments/comments_by_parent_paged_1.json"
    recorded = json.loads((RECORDED / name).read_text(encoding="utf-8"))
    thread = recorded["items"][0]["snippet"]["parentId"]
    with closing(youtube()) as talk:
        talk.world.replies[thread] = list(reversed(recorded["items"]))
        talk.asked = replace(talk.asked, native_id=recorded["items"][0]["id"], parent=thread, root=thread)
        found = talk.context()
    expected = {one["id"]: one["snippet"]["textOriginal"] for one in recorded["items"][1:]}
    assert {one.native_id: one.text for one in found.batch.mentions} == expected
    assert {one.root for one in found.batch.mentions} == {thread}
    assert found.cut == {Cut.ABOVE}  # the comment itself was not recorded


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers beside this checkout")
def test_recorded_comments_below_a_post_come_as_its_conversation() -> None:
    name = "facebook-instagram-python-facebook/testdata/facebook/apidata/comments/comments_p2.json"
    recorded = json.loads((RECORDED / name).read_text(encoding="utf-8"))["data"]
    with closing(facebook()) as talk:
        post = "19292868552_10158407654328553"
        talk.world.objects[post] = talk.world.objects[talk.ids["first"]] | {"id": post}
        talk.world.lists[f"{post}/comments"] = recorded
        talk.asked = replace(talk.asked, native_id=post, parent="", root="")
        found = talk.context(beside=200)
    assert [one.text for one in found.batch.mentions if one.parent == post]
    assert {one.text for one in found.batch.mentions} == {one["message"].strip() for one in recorded}
    assert {one.root for one in found.batch.mentions} == {post}


def test_threads_follows_the_line_above_where_the_conversation_is_not_shown() -> None:
    with closing(threads()) as talk:
        del talk.world.lists[f"{talk.ids['first']}/conversation"]
        found = talk.context()
    assert talk.names(found) == {*talk.line}
    assert found.cut == {Cut.BESIDE}


def test_threads_says_where_the_line_above_is_broken() -> None:
    with closing(threads()) as talk:
        del talk.world.objects[talk.ids["first"]]
        found = talk.context()
    assert talk.names(found) == {"second", "third", "beside 1", "beside 2", "below"}
    assert found.cut == {Cut.ABOVE}


def test_threads_puts_answers_to_the_post_before_others() -> None:
    with closing(threads()) as talk:
        assert talk.names(talk.context(above=0, beside=1)) == {"below"}
        assert talk.names(talk.context(above=0, beside=3)) == {"below", "beside 1", "beside 2"}


def test_threads_reads_a_long_conversation_as_far_as_its_pages_go() -> None:
    with closing(threads()) as talk:
        for number in range(30):
            talk.world.answer(talk.ids["first"], f"Sama {number}", at=talk.world.later())
        talk.world.page_size = 7
        found = talk.context(above=0, beside=200)
    # Three pages of seven.
    assert len(found.batch.mentions) == 21
    assert found.cut == {Cut.ABOVE, Cut.BESIDE}


@pytest.mark.parametrize("made", [threads, facebook], ids=lambda made: made.__name__)
def test_a_conversation_that_meta_hides_altogether_is_told_as_gone(made: Any) -> None:
    with closing(made()) as talk:
        talk.world.lists.clear()
        for name in talk.line:
            del talk.world.objects[talk.ids[name]]
        with pytest.raises(PermanentError) as caught:
            talk.context()
    assert caught.value.problem is Problem.NOT_FOUND


@pytest.mark.parametrize("made", [threads, facebook], ids=lambda made: made.__name__)
def test_a_conversation_comes_without_a_refused_part(made: Any) -> None:
    with closing(made()) as talk:
        listed = "conversation" if talk.platform == "threads" else "comments"
        plain = talk.world._page
        talk.world._page = lambda path, request: (
            refused(10, status=403, message="(#10) permission") if path.endswith(listed) else plain(path, request)
        )
        found = talk.context()
    assert talk.names(found) == {*talk.line}
    assert found.cut == {Cut.BESIDE}


def test_facebook_brings_the_answers_below_a_comment_before_those_beside_it() -> None:
    with closing(facebook()) as talk:
        talk.ids["other"] = talk.world.comment(talk.ids["first"], "Jalan rusak", at=talk.world.later())
        talk.asked = replace(talk.asked, native_id=talk.ids["third"], parent=talk.ids["first"])
        near, whole = talk.context(beside=3), talk.context()
    assert talk.names(near) == {"first", "asked", "beside 1", "beside 2"}
    assert near.cut == {Cut.BESIDE}
    assert talk.names(whole) == {"first", "asked", "beside 1", "beside 2", "other"}
    assert whole.cut == frozenset()


def test_facebook_brings_what_stands_below_a_post_that_tags_us() -> None:
    with closing(facebook()) as talk:
        tagged = talk.world.post("@Dinas", at=stamp(NOW), author={"id": "9002", "name": "Warga"}, edge="tagged")
        talk.ids["neighbour"] = talk.world.comment(tagged, "Sama", at=talk.world.later())
        talk.asked = replace(talk.asked, native_id=tagged, parent="", root="")
        found = talk.context()
    assert talk.names(found) == {"neighbour"}
    assert found.cut == frozenset()
    assert {one.root for one in found.batch.mentions} == {tagged}


def test_facebook_says_that_the_comment_above_is_gone() -> None:
    with closing(facebook()) as talk:
        del talk.world.objects[talk.ids["third"]]
        found = talk.context()
    assert talk.names(found) == {"first", "beside 1", "beside 2"}
    assert found.cut == {Cut.ABOVE}


def test_instagram_brings_the_caption_and_other_comments_with_their_addresses() -> None:
    with closing(instagram()) as talk:
        post, ours = talk.ids["first"], talk.ids["third"]
        for number in range(3):
            talk.ids[f"comment {number}"] = talk.world.comment(post, f"Air mati {number}", at=talk.world.later())
        mine = talk.ids["comment 0"]
        talk.ids["below"] = talk.world.answer(post, mine, "Sama", at=talk.world.later())
        talk.asked = replace(talk.asked, native_id=mine, parent=post)
        whole, few = talk.context(), talk.context(beside=2)
    assert talk.names(whole) == {"first", "third", "comment 1", "comment 2", "below"}
    assert whole.cut == frozenset()
    by_id = {one.native_id: one for one in whole.batch.mentions}
    assert by_id[post].text == "Kabar dari kami"
    assert by_id[ours].permalink == f"https://www.instagram.com/p/C{post}/c/{ours}/"
    assert by_id[talk.ids["below"]].parent == mine
    assert (len(few.batch.mentions), few.cut) == (3, {Cut.BESIDE})
    # What answers the comment itself is nearer than what stands beside it.
    assert "below" in talk.names(few)


def test_instagram_shows_media_of_others_by_our_mention_in_them_and_counts_the_rest_as_cut() -> None:
    with closing(instagram()) as talk:
        us = talk.world.objects[world_instagram.ACCOUNT]
        us["mentioned_media"] = {"id": "17990", "caption": "Tolong @dinas.contoh", "username": "warga_tiga"}
        talk.ids["theirs"] = "17990"
        talk.asked = replace(talk.asked, native_id="17991", parent="", root="17990", permalink="")
        found = talk.context()
    assert talk.names(found) == {"theirs"}
    assert found.batch.mentions[0].text == "Tolong @dinas.contoh"
    assert found.cut == {Cut.BESIDE}


def test_instagram_says_that_nothing_is_shown_where_media_and_comments_are_gone() -> None:
    with closing(instagram()) as talk:
        talk.asked = replace(talk.asked, native_id="17991", parent="", root="17990")
        with pytest.raises(PermanentError):
            talk.context()
