"""What stands around a post, on each platform that gives it: the line above, what is beside, and where it was cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest

from collectors import registry
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Author, Caps, Context, Currency, Cut, Mention, Problem
from sahut.core.ports import ContextReader, Follower
from tests.builders import NOW
from tests.collectors import world_bluesky, world_mastodon, world_reddit, world_x
from tests.collectors.feed_server import SETTINGS, a_source
from tests.collectors.platform_server import Fault

Thing = dict[str, Any]


@dataclass
class Talk:
    """A post with a line of three above it, two beside it and one below, as a platform has them; by name."""

    platform: str
    ids: dict[str, str]
    asked: Mention
    access: Access
    world: Any

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


LINE = ("first", "second", "third")


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


def a_post(platform: str, ids: dict[str, str], **over: Any) -> Mention:
    made = Mention(platform=platform, native_id=ids["asked"], text="Di Jalan Melati", collected_at=NOW)
    return replace(made, parent=ids["third"], **over)


@pytest.fixture(params=[x, bluesky, mastodon, reddit], ids=["x", "bluesky", "mastodon", "reddit"])
def talk(request: pytest.FixtureRequest) -> Iterator[Talk]:
    with closing(request.param()) as made:
        yield made


def test_a_whole_conversation_comes_with_nothing_cut(talk: Talk) -> None:
    found = talk.context()
    assert talk.names(found) == {*LINE, "beside 1", "beside 2", "below"}
    assert found.cut == frozenset()
    assert not found.batch.dead
    parents = {one.native_id: one.parent for one in found.batch.mentions}
    assert parents[talk.ids["third"]] == talk.ids["second"]


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
    assert len(talk.names(found) - {*LINE}) == 1
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
    assert "second" in talk.names(found)
    assert "first" not in talk.names(found)


def test_a_late_post_is_no_reason_to_reach_further_than_asked(talk: Talk) -> None:
    assert talk.context(above=0, beside=0).batch.mentions == []
