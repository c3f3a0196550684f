"""Put off, handed on, corrected, and all of it taken back, in either store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sahut.core import actions, pipeline, steering
from sahut.core.errors import NotFoundError, RefusedError, StaleWriteError
from sahut.core.model import (
    DecisionKind,
    DismissReason,
    Kind,
    MentionRecord,
    MentionState,
    Policy,
    Sentiment,
    TicketDraft,
    Topic,
    WalkDraft,
)
from sahut.core.ports import Store
from tests.builders import a_mention, a_user, an_actor
from tests.conftest import Clock
from tests.fakes import FakeClassifier, FakeCollector, FakeQueue
from tests.steps import LAMP, assess, collect, everything, flagged, follow, queue, states

POLICY = Policy()
BRIDGE = "Jembatan kampung kami rusak berat sejak banjir kemarin, bahaya sekali untuk anak sekolah"
WEATHER = "Cuaca hari ini cerah sekali, cocok untuk berjalan-jalan ke taman kota"


def now_of(store: Store, mention_id: int) -> MentionRecord:
    with store.read() as tx:
        return tx.mentions.get(mention_id)


def test_a_snoozed_mention_leaves_with_its_copies_and_comes_back_by_itself_at_its_time(
    store: Store, clock: Clock
) -> None:
    first, _copy, other = flagged(store, clock, LAMP, LAMP.upper(), BRIDGE)
    actor, until = an_actor(store), clock() + timedelta(hours=5)
    with store.begin() as tx:
        made = steering.snooze(tx, [(first.id, first.version)], until=until, actor=actor, now=clock())
    assert len(made) == 2
    assert made[0].detail == {"until": until.isoformat()}
    assert [one.id for one in queue(store)] == [other.id]
    assert now_of(store, first.id).snoozed_until == until

    rings = FakeQueue()
    clock.forward(hours=4, minutes=59)
    pipeline.tick(store=store, queue=rings, clock=clock)
    assert ("wake", "") not in rings.rings
    clock.forward(minutes=1)
    pipeline.tick(store=store, queue=rings, clock=clock)
    assert ("wake", "") in rings.rings
    assert pipeline.wake(store=store, clock=clock) == 2
    assert pipeline.wake(store=store, clock=clock) == 0

    assert sorted(one.id for one in queue(store)) == [first.id, other.id]
    assert now_of(store, first.id).snoozed_until is None
    with pytest.raises(RefusedError) as caught, store.begin() as tx:
        actions.undo(tx, made[0].id, actor=actor, now=clock())
    assert caught.value.rule == "judged_since"


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=-1), timedelta(days=400)])
def test_a_time_that_is_past_or_too_far_puts_nothing_off(store: Store, clock: Clock, late: timedelta) -> None:
    (one,) = flagged(store, clock, LAMP)
    actor = an_actor(store)
    with pytest.raises(RefusedError) as caught, store.begin() as tx:
        steering.snooze(tx, [(one.id, None)], until=clock() + late, actor=actor, now=clock())
    assert caught.value.rule == "snooze_time"
    assert states(store) == [MentionState.FLAGGED]


def test_what_is_put_off_can_still_be_decided_and_an_undo_lets_it_wait_again(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock, LAMP)
    actor = an_actor(store)
    with store.begin() as tx:
        steering.snooze(tx, [(one.id, None)], until=clock() + timedelta(days=1), actor=actor, now=clock())
        (gone,) = actions.dismiss(tx, [(one.id, None)], reason=DismissReason.SPAM, note="", actor=actor, now=clock())
    assert now_of(store, one.id).snoozed_until is None
    with store.begin() as tx:
        actions.undo(tx, gone.id, actor=actor, now=clock())
    assert states(store) == [MentionState.FLAGGED]


def test_an_edit_wakes_what_was_put_off_and_a_deletion_files_it(store: Store, clock: Clock) -> None:
    source_id, actor = follow(store, clock), an_actor(store)
    mentions = [a_mention(LAMP), a_mention(BRIDGE)]
    collect(store, clock, source_id, FakeCollector().page(*mentions))
    assess(store, clock)
    with store.begin() as tx:
        steering.snooze(tx, [(1, None), (2, None)], until=clock() + timedelta(days=1), actor=actor, now=clock())
    edited = a_mention(BRIDGE + " dan belum ada yang datang memperbaikinya", native_id=mentions[0].native_id)
    collect(store, clock, source_id, FakeCollector().page().page(edited))
    assess(store, clock)
    with store.begin() as tx:
        tx.mentions.withdraw("replay", [mentions[1].native_id], clock())
    assert states(store) == [MentionState.FLAGGED, MentionState.FILED]
    clock.forward(days=2)
    assert pipeline.wake(store=store, clock=clock) == 0


def test_a_mention_is_handed_to_a_person_and_a_unit_and_each_step_is_taken_back(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock, LAMP)
    actor, budi = an_actor(store), a_user(store, "budi", name="Budi")
    with store.begin() as tx:
        (mine,) = steering.assign(tx, [(one.id, one.version)], assignee_id=actor.user_id, actor=actor, now=clock())
    with store.begin() as tx:
        (his,) = steering.assign(tx, [(one.id, None)], assignee_id=budi.id, unit="pu", actor=actor, now=clock())
    record = now_of(store, one.id)
    assert (record.assignee_id, record.assignee_name, record.unit) == (budi.id, "Budi", "pu")
    assert his.detail["from"] == {"assignee_id": actor.user_id, "assignee": "Sari", "unit": ""}
    with pytest.raises(RefusedError) as caught, store.begin() as tx:
        actions.undo(tx, mine.id, actor=actor, now=clock())
    assert caught.value.rule == "decided_since"
    for step, holder in ((his, actor.user_id), (mine, None)):
        with store.begin() as tx:
            actions.undo(tx, step.id, actor=actor, now=clock())
        assert (now_of(store, one.id).assignee_id, now_of(store, one.id).unit) == (holder, "")


def test_of_two_who_take_one_mention_the_second_sees_who_was_first(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock, LAMP)
    sari, budi = an_actor(store), an_actor(store, "budi")
    with store.begin() as tx:
        steering.assign(tx, [(one.id, one.version)], assignee_id=sari.user_id, actor=sari, now=clock())
    with pytest.raises(StaleWriteError) as caught, store.begin() as tx:
        steering.assign(tx, [(one.id, one.version)], assignee_id=budi.user_id, actor=budi, now=clock())
    assert [(c["what"], c["who"]) for c in caught.value.changes] == [("assigned", "Sari")]
    assert now_of(store, one.id).assignee_name == "Sari"


def test_nobody_who_left_is_given_work(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock, LAMP)
    actor, budi = an_actor(store), a_user(store, "budi")
    with store.begin() as tx:
        tx.accounts.set_active(budi.id, False)
    with pytest.raises(NotFoundError), store.begin() as tx:
        steering.assign(tx, [(one.id, None)], assignee_id=budi.id, actor=actor, now=clock())


def test_an_assignment_does_not_stand_in_the_way_of_undoing_a_dismissal(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock, LAMP)
    actor = an_actor(store)
    with store.begin() as tx:
        (gone,) = actions.dismiss(tx, [(one.id, None)], reason=DismissReason.SPAM, note="", actor=actor, now=clock())
        steering.correct(tx, [(one.id, None)], topic=Topic.WASTE, policy=POLICY, actor=actor, now=clock())
        assert actions.can_undo(tx, gone)
        actions.undo(tx, gone.id, actor=actor, now=clock())
        assert not actions.can_undo(tx, gone)
    record = now_of(store, one.id)
    assert (record.state, record.topic) == (MentionState.FLAGGED, Topic.WASTE)


def test_a_correction_outlives_the_next_model_and_not_the_next_wording(store: Store, clock: Clock) -> None:
    source_id, actor = follow(store, clock), an_actor(store)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention))
    assess(store, clock)
    (one,) = everything(store)
    with store.begin() as tx:
        steering.correct(
            tx,
            [(one.id, None)],
            kind=Kind.ASPIRATION,
            topic=Topic.STREET_LIGHTING,
            policy=POLICY,
            actor=actor,
            now=clock(),
        )
    newer = FakeClassifier()
    newer.model = "fake-2"
    with store.begin() as tx:
        tx.walks.start(WalkDraft(model="fake-2"), clock())
    while pipeline.reassess(store=store, classifier=newer, policy=POLICY, clock=clock):
        pass
    record = now_of(store, one.id)
    assert (record.model, record.kind, record.topic, record.sentiment) == (
        "fake-2",
        Kind.ASPIRATION,
        Topic.STREET_LIGHTING,
        Sentiment.NEGATIVE,
    )
    collect(store, clock, source_id, FakeCollector().page().page(a_mention(BRIDGE, native_id=mention.native_id)))
    assess(store, clock)
    record = now_of(store, one.id)
    assert (record.kind, record.topic, dict(record.corrected)) == (Kind.COMPLAINT, Topic.ROADS, {})


def test_a_correction_is_taken_back_to_what_the_model_said(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock, LAMP)
    actor = an_actor(store)
    with store.begin() as tx:
        picks = [(one.id, None)]
        (first,) = steering.correct(tx, picks, kind=Kind.INQUIRY, policy=POLICY, actor=actor, now=clock())
        (second,) = steering.correct(tx, picks, topic=Topic.WASTE, policy=POLICY, actor=actor, now=clock())
    assert dict(now_of(store, one.id).corrected) == {"kind": "inquiry", "topic": "waste"}
    with store.begin() as tx:
        actions.undo(tx, second.id, actor=actor, now=clock())
        actions.undo(tx, first.id, actor=actor, now=clock())
    record = now_of(store, one.id)
    assert (record.kind, record.topic, dict(record.corrected)) == (one.kind, one.topic, {})


def test_saying_what_the_model_said_corrects_nothing(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock, LAMP)
    actor = an_actor(store)
    with pytest.raises(RefusedError) as caught, store.begin() as tx:
        steering.correct(tx, [(one.id, None)], kind=one.kind, policy=POLICY, actor=actor, now=clock())
    assert caught.value.rule == "nothing_corrected"


def test_a_filed_mention_that_is_a_complaint_after_all_comes_into_the_queue(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock, WEATHER)
    assert one.state is MentionState.FILED
    actor = an_actor(store)
    with store.begin() as tx:
        (found,) = steering.correct(tx, [(one.id, None)], kind=Kind.COMPLAINT, policy=POLICY, actor=actor, now=clock())
    assert [record.id for record in queue(store)] == [one.id]
    with store.begin() as tx:
        actions.undo(tx, found.id, actor=actor, now=clock())
    assert states(store) == [MentionState.FILED]


def test_a_correction_labels_its_wording_before_what_a_ticket_implies(store: Store, clock: Clock) -> None:
    one, two = flagged(store, clock, LAMP, BRIDGE)
    actor = an_actor(store)
    draft = TicketDraft(title="Lampu", topic=Topic.STREET_LIGHTING)
    with store.begin() as tx:
        for record in (one, two):
            steering.correct(tx, [(record.id, None)], kind=Kind.ASPIRATION, policy=POLICY, actor=actor, now=clock())
        actions.convert(tx, [(one.id, None)], draft, actor=actor, now=clock())
        (again,) = steering.correct(
            tx, [(two.id, None)], sentiment=Sentiment.NEUTRAL, policy=POLICY, actor=actor, now=clock()
        )
    with store.read() as tx:
        found = tx.decisions.standing(after=0, limit=10)
    assert [(d.mention_id, d.kind, d.corrected.kind, d.corrected.sentiment) for d in found] == [
        (one.id, DecisionKind.CONVERTED, Kind.ASPIRATION, None),
        (two.id, DecisionKind.CORRECTED, Kind.ASPIRATION, Sentiment.NEUTRAL),
    ]
    with store.begin() as tx:
        actions.undo(tx, again.id, actor=actor, now=clock())
    with store.read() as tx:
        assert tx.decisions.standing(after=0, limit=10)[1].corrected.sentiment is None


def test_a_persons_acts_are_listed_once_each_newest_first(store: Store, clock: Clock) -> None:
    first, copy, other = flagged(store, clock, LAMP, LAMP.upper(), BRIDGE)
    sari, budi = an_actor(store), an_actor(store, "budi")
    with store.begin() as tx:
        (act, *_) = steering.snooze(tx, [(first.id, None)], until=clock() + timedelta(days=1), actor=sari, now=clock())
        (hers,) = steering.assign(tx, [(other.id, None)], assignee_id=sari.user_id, actor=sari, now=clock())
        steering.assign(tx, [(other.id, None)], assignee_id=budi.user_id, actor=budi, now=clock())
    assert copy.first_id == first.id
    with store.read() as tx:
        assert [one.id for one in tx.decisions.acts_of(sari.user_id, 10)] == [hers.id, act.id]
        assert [one.id for one in tx.decisions.acts_of(sari.user_id, 1)] == [hers.id]
