"""Conversations in either store: fetched once for what waits in the queue, followed where we spoke, never a case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sahut.core import actions, collecting, pipeline, surroundings
from sahut.core.errors import LeaseLostError, PermanentError, RefusedError, TransientError
from sahut.core.model import (
    Access,
    Author,
    Batch,
    Caps,
    Context,
    ConversationPolicy,
    ConversationTask,
    Cut,
    Mention,
    MentionState,
    Problem,
    Role,
    Source,
    TicketDraft,
    Topic,
)
from sahut.core.ports import Store
from sahut.core.surroundings import ConverseReport
from tests.builders import a_mention, an_actor
from tests.conftest import Clock
from tests.fakes import FakeCollector, FakeQueue
from tests.steps import LAMP, assess, collect, everything, flagged, follow, queue


class Talker(FakeCollector):
    """A platform whose conversations hold ``around``, and where ``answers`` come to what we said."""

    def __init__(self) -> None:
        super().__init__()
        self.around: list[Mention] = []
        self.cut: frozenset[Cut] = frozenset()
        self.asked: list[Caps] = []
        self.places: list[Source] = []
        self.answers: list[Mention] = []
        self.fails: Exception | None = None

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        self.asked.append(caps)
        if self.fails is not None:
            raise self.fails
        return Context(batch=Batch(mentions=[*self.around, mention], seen=len(self.around)), cut=self.cut)

    def following(
        self, source: Source, mention: Mention, *, since: datetime, most: int, access: Access | None = None
    ) -> Source | None:
        return replace(source, address=f"conversation:{mention.native_id}", options={"page": most})

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        if not source.address.startswith("conversation:"):
            yield from super().collect(source, now=now, access=access)
            return
        if self.fails is not None:
            raise self.fails
        self.places.append(source)
        at = int(source.cursor.get("at", 0))
        fresh = self.answers[at:]
        yield Batch(mentions=fresh, seen=len(fresh), cursor={"at": len(self.answers)})


def talk(store: Store, clock: Clock, collector: FakeCollector, **over: Any) -> ConverseReport | None:
    return surroundings.converse(
        store=store, collector_for=lambda _: collector, policy=ConversationPolicy(**over), clock=clock
    )


@pytest.fixture
def talker() -> Talker:
    return Talker()


def test_the_conversation_of_a_flagged_mention_is_fetched_once_and_opens_no_case(
    store: Store, clock: Clock, talker: Talker
) -> None:
    [asked] = flagged(store, clock, LAMP)
    talker.around = [
        a_mention(LAMP + " juga di gang kami", native_id="above"),
        a_mention("Sudah kami terima", native_id="ours", own=True),
    ]
    talker.cut = frozenset({Cut.ABOVE})

    done = talk(store, clock, talker)
    again = talk(store, clock, talker)

    assert done == ConverseReport(mention_id=asked.id, task=ConversationTask.FETCH, new=2)
    assert again is None
    assert talker.asked == [Caps(above=5, beside=20)]
    states = {one.mention.native_id: one.state for one in everything(store)}
    assert (states["above"], states["ours"]) == (MentionState.CONTEXT, MentionState.OWN)
    assert assess(store, clock) is None
    assert [one.id for one in queue(store)] == [asked.id]
    with store.read() as tx:
        known = tx.conversations.of(asked.id)
        assert not tx.conversations.waiting(clock.forward(days=30))
    assert known is not None
    assert known.cut == {Cut.ABOVE}
    assert known.fetched_at is not None


def test_what_is_only_context_cannot_be_made_a_ticket(store: Store, clock: Clock, talker: Talker) -> None:
    flagged(store, clock, LAMP)
    talker.around = [a_mention(native_id="above")]
    talk(store, clock, talker)
    context = next(one for one in everything(store) if one.mention.native_id == "above")
    sari = an_actor(store, role=Role.TRIAGE)
    draft = TicketDraft(title="t", description="d", topic=Topic.ROADS, unit="dinas-pu")

    with pytest.raises(RefusedError, match="context"), store.begin() as tx:
        actions.convert(tx, [(context.id, context.version)], draft, actor=sari, now=clock())


def test_context_that_a_source_brings_by_itself_becomes_work(store: Store, clock: Clock, talker: Talker) -> None:
    flagged(store, clock, LAMP)
    other = a_mention("Air ledeng mati tiga hari, tolong diperbaiki", native_id="other")
    talker.around = [other]
    talk(store, clock, talker)

    report = collect(store, clock, follow(store, clock), FakeCollector().page(other))

    assert report is not None
    assert report.new == 1
    [again] = [one for one in everything(store) if one.mention.native_id == "other"]
    assert again.state is MentionState.COLLECTED


def test_a_look_at_context_whether_it_still_stands_makes_it_no_work(store: Store, clock: Clock, talker: Talker) -> None:
    [asked] = flagged(store, clock, LAMP)
    other = a_mention("Air ledeng mati tiga hari", native_id="other")
    with store.begin() as tx:
        collecting.save_mentions(tx, asked.source_id, Batch(mentions=[other]), clock(), context=True)
        edited = replace(other, text="Air ledeng mati empat hari, tolong diperbaiki")
        collecting.save_mentions(tx, asked.source_id, Batch(mentions=[edited]), clock(), context=True)
    [one] = [one for one in everything(store) if one.mention.native_id == "other"]
    assert (one.state, one.edited) == (MentionState.CONTEXT, 1)


def test_a_platform_without_conversations_is_asked_for_none(store: Store, clock: Clock) -> None:
    [asked] = flagged(store, clock, LAMP)
    assert talk(store, clock, FakeCollector()) is not None
    assert talk(store, clock, FakeCollector()) is None
    with store.read() as tx:
        assert tx.conversations.of(asked.id) is None


def test_caps_of_zero_fetch_nothing(store: Store, clock: Clock, talker: Talker) -> None:
    flagged(store, clock, LAMP)
    talk(store, clock, talker, caps=Caps(above=0, beside=0))
    assert talker.asked == []


def test_a_spent_budget_puts_the_fetching_off_until_there_is_another(
    store: Store, clock: Clock, talker: Talker
) -> None:
    [asked] = flagged(store, clock, LAMP)
    tomorrow = clock() + timedelta(days=1)
    talker.fails = TransientError("nothing left", problem=Problem.BUDGET_SPENT, not_before=tomorrow)
    first = talk(store, clock, talker)
    assert first is not None
    assert first.reason == "nothing left"
    assert talk(store, clock, talker) is None

    talker.fails = None
    clock.forward(days=1, minutes=1)
    talk(store, clock, talker)
    with store.read() as tx:
        known = tx.conversations.of(asked.id)
    assert known is not None
    assert (known.reason, known.due_at) == ("", None)
    assert known.fetched_at is not None


def test_what_the_platform_refuses_for_good_is_said_and_not_asked_again(
    store: Store, clock: Clock, talker: Talker
) -> None:
    [asked] = flagged(store, clock, LAMP)
    talker.fails = PermanentError("that account is closed", problem=Problem.FORBIDDEN)
    talk(store, clock, talker)
    clock.forward(days=40)
    assert talk(store, clock, talker) is None
    with store.read() as tx:
        known = tx.conversations.of(asked.id)
    assert known is not None
    assert known.reason == "that account is closed"


def test_a_defect_in_a_platform_is_given_up_after_some_tries(store: Store, clock: Clock, talker: Talker) -> None:
    flagged(store, clock, LAMP)
    talker.fails = TransientError("no answer", problem=Problem.UNREACHABLE)
    for _ in range(surroundings.MAX_ATTEMPTS):
        assert talk(store, clock, talker) is not None
        clock.forward(days=1)
    assert talk(store, clock, talker) is None


def test_a_conversation_whose_worker_was_lost_comes_again_and_the_lost_one_writes_nothing(
    store: Store, clock: Clock
) -> None:
    flagged(store, clock, LAMP)
    with store.begin() as tx:
        lost = tx.conversations.claim(now=clock(), until=clock() + surroundings.LEASE)
        assert tx.conversations.claim(now=clock(), until=clock() + surroundings.LEASE) is None
    clock.forward(hours=1)
    with store.begin() as tx:
        second = tx.conversations.claim(now=clock(), until=clock() + surroundings.LEASE)
    assert lost is not None
    assert second is not None
    with pytest.raises(LeaseLostError), store.begin() as tx:
        tx.conversations.fetched(lost, frozenset(), clock())


def test_the_answer_to_a_ticket_comes_back_into_the_queue_of_work(store: Store, clock: Clock, talker: Talker) -> None:
    [asked] = flagged(store, clock, LAMP)
    talk(store, clock, talker)
    sari = an_actor(store, role=Role.TRIAGE)
    draft = TicketDraft(title="t", description="d", topic=Topic.ROADS, unit="dinas-pu")
    with store.begin() as tx:
        actions.convert(tx, [(asked.id, asked.version)], draft, actor=sari, now=clock())
    assert talk(store, clock, talker) is None

    clock.forward(minutes=30)
    talk(store, clock, talker)
    talker.answers = [a_mention("Masih gelap pak", parent=asked.mention.native_id, author=Author(handle="warga"))]
    assert talk(store, clock, talker) is None
    clock.forward(hours=2)
    found = talk(store, clock, talker)

    assert found is not None
    assert (found.task, found.new) == (ConversationTask.FOLLOW, 1)
    assert [one.cursor for one in talker.places] == [{}, {"at": 0}]
    newest = everything(store)[-1]
    assert (newest.mention.text, newest.state) == ("Masih gelap pak", MentionState.COLLECTED)


def test_a_mention_merged_into_a_ticket_is_followed_like_the_one_that_opened_it(
    store: Store, clock: Clock, talker: Talker
) -> None:
    first, second = flagged(store, clock, LAMP, "Jalan di RW 7 rusak parah, tolong diperbaiki")
    sari = an_actor(store, role=Role.TRIAGE)
    draft = TicketDraft(title="t", description="d", topic=Topic.ROADS, unit="dinas-pu")
    with store.begin() as tx:
        ticket, _ = actions.convert(tx, [(first.id, first.version)], draft, actor=sari, now=clock())
    while talk(store, clock, talker) is not None:
        pass
    clock.forward(hours=1)
    with store.begin() as tx:
        actions.merge(tx, [(second.id, second.version)], ticket.id, actor=sari, now=clock())
        opened, merged = tx.conversations.of(first.id), tx.conversations.of(second.id)
    assert opened is not None
    assert merged is not None
    assert merged.followed_since == clock()
    assert merged.follow_at == clock() + surroundings.FOLLOW_AFTER
    assert opened.followed_since == clock() - timedelta(hours=1)

    clock.forward(minutes=30)
    talker.answers = [a_mention("Masih mampet", parent=second.mention.native_id, author=Author(handle="tetangga"))]
    looked = [talk(store, clock, talker), talk(store, clock, talker)]
    assert {one.mention_id for one in looked if one is not None} == {first.id, second.id}
    assert "Masih mampet" in {record.mention.text for record in everything(store)}


def test_following_ends_by_time_and_by_count(store: Store, clock: Clock, talker: Talker) -> None:
    [asked] = flagged(store, clock, LAMP)
    talk(store, clock, talker)
    with store.begin() as tx:
        surroundings.look_after(tx, [asked.id], clock())
    talker.answers = [a_mention() for _ in range(12)]
    clock.forward(minutes=30)
    talk(store, clock, talker, follow_posts=10)
    with store.read() as tx:
        known = tx.conversations.of(asked.id)
    assert known is not None
    assert (known.follow_at, known.brought) == (None, 12)
    assert "followed no more" in known.reason

    with store.begin() as tx:
        surroundings.look_after(tx, [asked.id], clock())
    looks = 0
    while (report := talk(store, clock, talker)) is not None or looks < 1:
        looks += report is not None
        clock.forward(hours=12)
        assert looks < 40
    assert 10 <= looks <= 16
    with store.read() as tx:
        assert not tx.conversations.waiting(clock.forward(days=60))


def test_a_tick_rings_for_conversations(store: Store, clock: Clock) -> None:
    flagged(store, clock, LAMP)
    rings = FakeQueue()
    pipeline.tick(store=store, queue=rings, clock=clock)
    assert ("converse", "") in rings.rings
