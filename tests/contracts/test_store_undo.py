"""Taking back a decision after the world has moved on, in either store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sahut.core import actions
from sahut.core.errors import RefusedError
from sahut.core.model import (
    DecisionKind,
    DismissReason,
    MentionState,
    TicketDraft,
    TicketStatus,
    Topic,
)
from sahut.core.ports import Store
from tests.builders import a_mention, a_tie, an_actor
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import LAMP, assess, collect, everything, flagged, follow, queue, states

DRAFT = TicketDraft(title="Lampu jalan padam", topic=Topic.STREET_LIGHTING)
BRIDGE = "Jembatan kampung kami rusak berat sejak banjir kemarin, bahaya sekali untuk anak sekolah"
WEATHER = "Cuaca hari ini cerah sekali, cocok untuk berjalan-jalan ke taman kota"


def test_a_dismissed_mention_that_was_edited_and_judged_anew_is_not_pulled_back(store: Store, clock: Clock) -> None:
    source_id, actor = follow(store, clock), an_actor(store)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention))
    assess(store, clock)
    (record,) = everything(store)
    with store.begin() as tx:
        picks = [(record.id, None)]
        (decision,) = actions.dismiss(tx, picks, reason=DismissReason.SPAM, note="", actor=actor, now=clock())
    edited = a_mention(WEATHER, native_id=mention.native_id)
    collect(store, clock, source_id, FakeCollector().page().page(edited))
    for state in (MentionState.COLLECTED, MentionState.FILED):
        assert states(store) == [state]
        with pytest.raises(RefusedError) as caught, store.begin() as tx:
            actions.undo(tx, decision.id, actor=actor, now=clock())
        assert caught.value.rule == "judged_since"
        assess(store, clock)
    assert states(store) == [MentionState.FILED]


def test_an_undo_takes_back_the_rest_of_an_act_when_one_of_it_was_judged_anew(store: Store, clock: Clock) -> None:
    source_id, actor = follow(store, clock), an_actor(store)
    mentions = [a_mention(LAMP), a_mention(LAMP.upper())]
    collect(store, clock, source_id, FakeCollector().page(*mentions))
    assess(store, clock)
    first, _ = everything(store)
    with store.begin() as tx:
        picks = [(first.id, None)]
        acts = actions.dismiss(tx, picks, reason=DismissReason.SPAM, note="", actor=actor, now=clock())
        assert len(acts) == 2
    edited = a_mention(WEATHER, native_id=mentions[1].native_id)
    collect(store, clock, source_id, FakeCollector().page().page(edited))
    assess(store, clock)
    with store.begin() as tx:
        undone = actions.undo(tx, acts[0].id, actor=actor, now=clock())
    assert [one.mention_id for one in undone] == [first.id]
    assert states(store) == [MentionState.FLAGGED, MentionState.FILED]


def test_untying_a_decided_copy_does_not_make_its_decision_final(store: Store, clock: Clock) -> None:
    first, copy = flagged(store, clock, LAMP, LAMP.upper())
    actor = an_actor(store)
    with store.begin() as tx:
        picks = [(first.id, None)]
        acts = actions.dismiss(tx, picks, reason=DismissReason.SPAM, note="", actor=actor, now=clock())
        actions.untie(tx, copy.id, None, actor=actor, now=clock())
    with store.begin() as tx:
        actions.undo(tx, acts[0].id, actor=actor, now=clock())
    assert [record.id for record in queue(store)] == [first.id, copy.id]
    with store.read() as tx:
        kinds = [decision.kind for decision in tx.decisions.of_mention(copy.id)]
    assert kinds == [DecisionKind.DISMISSED, DecisionKind.UNTIED, DecisionKind.UNDONE]


def test_a_ticket_that_its_last_mention_leaves_is_void_in_whatever_order_they_leave(store: Store, clock: Clock) -> None:
    one, two = flagged(store, clock, LAMP, BRIDGE)
    actor = an_actor(store)
    with store.begin() as tx:
        ticket, (converted,) = actions.convert(tx, [(one.id, None)], DRAFT, actor=actor, now=clock())
        _, (merged,) = actions.merge(tx, [(two.id, None)], ticket.id, actor=actor, now=clock())
    with store.begin() as tx:
        actions.undo(tx, converted.id, actor=actor, now=clock())
        assert tx.tickets.get(ticket.id).status is TicketStatus.NEW
        actions.undo(tx, merged.id, actor=actor, now=clock())
        assert tx.tickets.get(ticket.id).status is TicketStatus.VOID


def test_an_untied_copy_stays_untied_though_its_first_one_was_tied_to_an_earlier(store: Store, clock: Clock) -> None:
    source_id, actor = follow(store, clock), an_actor(store)
    mentions = [a_mention(BRIDGE), a_mention(LAMP), a_mention(LAMP.upper())]
    collect(store, clock, source_id, FakeCollector().page(*mentions))
    assess(store, clock)
    edited = a_mention(LAMP, native_id=mentions[0].native_id)
    collect(store, clock, source_id, FakeCollector().page().page(edited))
    assess(store, clock)
    first, second, third = everything(store)
    assert third.first_id == second.id
    with store.begin() as tx:
        tx.mentions.tie(a_tie(second.id, first.id), clock())
        assert tx.mentions.get(third.id).first_id == first.id
    with store.begin() as tx:
        free = actions.untie(tx, third.id, None, actor=actor, now=clock())
        assert tx.mentions.candidates(free, since=clock() - timedelta(days=3)) == []


def test_a_copy_does_not_follow_its_first_one_to_what_it_was_untied_from(store: Store, clock: Clock) -> None:
    first, second, third = flagged(store, clock, LAMP, BRIDGE, LAMP.upper())
    actor = an_actor(store)
    with store.begin() as tx:
        actions.untie(tx, third.id, None, actor=actor, now=clock())
        tx.mentions.tie(a_tie(third.id, second.id), clock())
        tx.mentions.tie(a_tie(second.id, first.id), clock())
    found = [(record.first_id, record.folded, record.similar) for record in everything(store)]
    assert found == [(None, False, 1), (first.id, True, 0), (None, False, 0)]


def test_whether_an_act_on_a_crowd_can_be_undone_is_asked_of_a_few_of_it(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = an_actor(store)
    records = flagged(store, clock, *(f"{LAMP} {number}" for number in range(80)))
    with store.begin() as tx:
        picks = [(record.id, None) for record in records]
        made = actions.dismiss(tx, picks, reason=DismissReason.SPAM, note="", actor=actor, now=clock())
    asked: list[int] = []
    with store.read() as tx:
        beside = tx.decisions.beside
        monkeypatch.setattr(tx.decisions, "beside", lambda act: asked.extend(one.id for one in act) or beside(act))
        assert actions.can_undo(tx, made[0])
    assert len(made) == 80
    assert len(asked) == 50
