"""A conversation on the board and by the API: read as a thread, with what was cut said."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sahut.core import collecting, surroundings
from sahut.core.model import Access, Batch, Caps, Context, ConversationPolicy, Cut, Mention, Role
from sahut.core.ports import Store
from tests.builders import a_mention
from tests.fakes import FakeCollector
from tests.triage_api.conftest import World
from triage_api.web.replies import threaded


class Talker(FakeCollector):
    def __init__(self, *around: Mention) -> None:
        super().__init__()
        self._around = around

    def context(self, mention: Mention, caps: Caps, *, now: Any, access: Access | None = None) -> Context:
        return Context(batch=Batch(mentions=list(self._around)), cut=frozenset(Cut))


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    return World(sqlite_store, clock)


@pytest.fixture
def asked(world: World) -> int:
    """A flagged mention with a post above it, one beside it and one of ours below."""
    (mention_id,) = world.flagged(1, parent="above", root="above")
    with world.store.begin() as tx:
        mention = tx.mentions.get(mention_id).mention
        tx.conversations.want([mention_id], world.clock())
    around = (
        a_mention("Warga di atas", platform="feed", native_id="above"),
        a_mention("Kata tetangga", platform="feed", native_id="beside", parent="above", root="above"),
        a_mention("Kami periksa", platform="feed", native_id="ours", parent=mention.native_id, own=True),
    )
    report = surroundings.converse(
        store=world.store, collector_for=lambda _: Talker(*around), policy=ConversationPolicy(), clock=world.clock
    )
    assert report is not None
    assert report.new == 3, report
    return mention_id


def test_the_page_says_what_of_a_conversation_was_cut(world: World, asked: int) -> None:
    client, _ = world.signed_in("sari")
    page = client.get(f"/mentions/{asked}", headers={"accept": "text/html"}).text
    assert "bagian awalnya tidak diambil" in page
    assert "hanya sebagian yang diambil" in page
    assert "Kami periksa" in page
    assert re.search(r'class="deep-2"[^>]*>.*?Kami periksa', page, re.DOTALL)


def test_the_page_says_when_answers_are_looked_for_again(world: World, asked: int) -> None:
    with world.store.begin() as tx:
        surroundings.look_after(tx, [asked], world.clock())
    client, _ = world.signed_in("sari")
    page = client.get(f"/mentions/{asked}", headers={"accept": "text/html"}).text
    assert "Jawaban di percakapan ini dicari lagi pada" in page


def test_the_api_gives_the_conversation_and_where_it_was_cut(world: World, asked: int) -> None:
    found = world.program(Role.AUDITOR).get(f"/api/v1/mentions/{asked}/conversation").json()
    assert found["cut"] == ["above", "beside"]
    assert found["fetched_at"] is not None
    assert (found["reason"], found["follow_at"]) == ("", None)
    said = {one["native_id"]: (one["state"], one["parent"]) for one in found["items"]}
    assert said["ours"][0] == "own"
    assert world.program(Role.AUDITOR).get("/api/v1/mentions/999/conversation").status_code == 404


def test_a_conversation_is_read_from_the_top_each_post_before_its_answers(world: World) -> None:
    parents = [("a", ""), ("b", "a"), ("c", "a"), ("d", "b"), ("e", "d"), ("f", "e"), ("g", "f")]
    mentions = [a_mention(f"kata {name}", native_id=name, parent=parent) for name, parent in parents]
    (other,) = world.flagged(1)
    with world.store.begin() as tx:
        source = tx.mentions.get(other).source_id
        collecting.save_mentions(tx, source, Batch(mentions=mentions), world.clock(), context=True)
        known = tx.mentions.known([one.key for one in mentions])
        found = [tx.mentions.get(known[one.key].id) for one in mentions]
    placed = [(one.mention.native_id, depth) for one, depth in threaded(found)]
    assert placed == [("a", 0), ("b", 1), ("d", 2), ("e", 3), ("f", 4), ("g", 4), ("c", 1)]


def test_a_ring_of_posts_is_shown_once_each(world: World) -> None:
    mentions = [a_mention("satu", native_id="x", parent="y"), a_mention("dua", native_id="y", parent="x")]
    (other,) = world.flagged(1)
    with world.store.begin() as tx:
        source = tx.mentions.get(other).source_id
        collecting.save_mentions(tx, source, Batch(mentions=mentions), world.clock(), context=True)
        known = tx.mentions.known([one.key for one in mentions])
        found = [tx.mentions.get(known[one.key].id) for one in mentions]
    assert sorted(one.mention.native_id for one, _ in threaded(found)) == ["x", "y"]
