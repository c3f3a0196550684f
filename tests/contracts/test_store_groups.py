"""Acts on a group of copies, in either store: few statements, whole or not at all, and whole again when taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import event

from sahut.core import actions, steering
from sahut.core.errors import SahutError, StaleWriteError
from sahut.core.model import (
    Actor,
    AuditFilter,
    Decision,
    DecisionKind,
    DismissReason,
    MentionRecord,
    MentionState,
    TicketDraft,
    Topic,
)
from sahut.core.ports import Tx
from storage import parts
from storage.store import SqlStore
from tests.builders import a_mention, an_actor
from tests.conftest import Clock
from tests.counting import statements
from tests.fakes import FakeCollector
from tests.steps import LAMP, assess, collect, everything, flagged, follow, queue, states

Act = Callable[[Tx, MentionRecord, Actor, Clock], Sequence[Decision]]
DRAFT = TicketDraft(title="Lampu jalan padam", topic=Topic.STREET_LIGHTING)


def dismiss(tx: Tx, first: MentionRecord, actor: Actor, clock: Clock) -> Sequence[Decision]:
    picks = [(first.id, first.version)]
    return actions.dismiss(tx, picks, reason=DismissReason.SPAM, note="", actor=actor, now=clock())


def snooze(tx: Tx, first: MentionRecord, actor: Actor, clock: Clock) -> Sequence[Decision]:
    until = clock() + timedelta(days=1)
    return steering.snooze(tx, [(first.id, first.version)], until=until, actor=actor, now=clock())


def assign(tx: Tx, first: MentionRecord, actor: Actor, clock: Clock) -> Sequence[Decision]:
    picks = [(first.id, first.version)]
    return steering.assign(tx, picks, assignee_id=actor.user_id, unit="pu", actor=actor, now=clock())


def convert(tx: Tx, first: MentionRecord, actor: Actor, clock: Clock) -> Sequence[Decision]:
    return actions.convert(tx, [(first.id, first.version)], DRAFT, actor=actor, now=clock())[1]


BRIDGE = "Jembatan kampung kami rusak berat sejak banjir kemarin, bahaya sekali untuk anak sekolah"
ACTS = [dismiss, snooze, assign, convert]


def group(store: SqlStore, clock: Clock, copies: int, text: str = LAMP) -> MentionRecord:
    """The first of a group in the queue with so many copies folded behind it."""
    source_id = follow(store, clock)
    collect(store, clock, source_id, FakeCollector().page(*(a_mention(text) for _ in range(copies + 1))))
    while any(state is MentionState.COLLECTED for state in states(store)):
        assess(store, clock)
    (first,) = queue(store)
    assert first.similar == copies
    return first


@pytest.mark.parametrize("act", ACTS)
def test_an_act_on_many_copies_and_its_undo_take_no_more_statements_than_on_few(
    store: SqlStore, clock: Clock, act: Act
) -> None:
    actor, sent = an_actor(store), []
    for copies, text in ((3, LAMP), (60, BRIDGE)):
        first = group(store, clock, copies, text)
        with statements(store) as acted, store.begin() as tx:
            made = act(tx, first, actor, clock)
        with statements(store) as undone, store.begin() as tx:
            actions.undo(tx, made[0].id, actor=actor, now=clock())
        assert len(made) == copies + 1
        sent.append((len(acted), len(undone)))
        with store.begin() as tx:
            tx.mentions.set_state([one.mention_id for one in made], MentionState.FILED, ticket_id=None, now=clock())
    assert sent[0] == sent[1]


@pytest.mark.parametrize("act", ACTS)
def test_a_group_of_several_parts_is_acted_on_whole_and_comes_back_whole(
    store: SqlStore, clock: Clock, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST", 3)
    actor, first = an_actor(store), group(store, clock, 10)
    before = [(one.id, one.state, one.folded, one.assignee_id, one.unit) for one in everything(store)]
    with store.begin() as tx:
        made = act(tx, first, actor, clock)
    with store.read() as tx:
        assert tx.decisions.of_group(made[0].group) == made
        assert tx.decisions.sizes([made[0].group]) == {made[0].group: 11}
    assert len({(one.state, one.assignee_id) for one in everything(store)}) == 1
    with store.begin() as tx:
        undone = actions.undo(tx, made[0].id, actor=actor, now=clock())
    assert [one.undoes for one in undone] == [one.id for one in made]
    assert [(one.id, one.state, one.folded, one.assignee_id, one.unit) for one in everything(store)] == before
    assert [one.id for one in queue(store)] == [first.id]


def test_the_audit_log_tells_of_the_copies_in_the_entry_of_their_first(store: SqlStore, clock: Clock) -> None:
    actor, first = an_actor(store), group(store, clock, 4)
    with store.begin() as tx:
        made = dismiss(tx, first, actor, clock)
    with store.begin() as tx:
        actions.undo(tx, made[2].id, actor=actor, now=clock())
    with store.read() as tx:
        undone, dismissed = tx.audit.page(AuditFilter(kind="mention"), limit=10).items
    copies = [one.mention_id for one in made if one.mention_id != first.id]
    assert (dismissed.key, dismissed.detail["copies"]) == (str(first.id), copies)
    assert (undone.key, undone.detail["copies"]) == (str(first.id), copies)
    assert dismissed.detail["decision"] == undone.detail["undoes"] == made[0].id


def test_one_of_an_act_that_stands_for_itself_has_an_entry_of_its_own(store: SqlStore, clock: Clock) -> None:
    actor, records = an_actor(store), flagged(store, clock, LAMP, "Jembatan kampung kami rusak berat, bahaya sekali")
    with store.begin() as tx:
        picks = [(one.id, None) for one in records]
        actions.dismiss(tx, picks, reason=DismissReason.SPAM, note="", actor=actor, now=clock())
    with store.read() as tx:
        entries = tx.audit.page(AuditFilter(kind="mention"), limit=10).items
    assert sorted(one.key for one in entries) == sorted(str(one.id) for one in records)
    assert all("copies" not in one.detail for one in entries)


@pytest.mark.parametrize("act", ACTS)
def test_an_act_that_stops_midway_has_not_happened_and_happens_whole_the_next_time(
    store: SqlStore, clock: Clock, act: Act
) -> None:
    actor, first = an_actor(store), group(store, clock, 10)
    before = everything(store)
    with statements(store) as sent, store.begin() as tx:
        made = act(tx, first, actor, clock)
    with store.begin() as tx:
        actions.undo(tx, made[0].id, actor=actor, now=clock())
    (first,), between = queue(store), everything(store)
    assert [one.state for one in before] == [one.state for one in between]
    for last in range(1, len(sent), 4):
        with pytest.raises(StoppedError):
            stop_after(store, last, lambda: act_once(store, act, first, actor, clock))
        assert everything(store) == between
    with store.begin() as tx:
        assert len(act(tx, first, actor, clock)) == 11


class StoppedError(Exception):
    """The process is gone."""


def act_once(store: SqlStore, act: Act, first: MentionRecord, actor: Actor, clock: Clock) -> None:
    with store.begin() as tx:
        act(tx, first, actor, clock)


def stop_after(store: SqlStore, count: int, act: Callable[[], None]) -> None:
    left = [count]

    def listen(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StoppedError

    event.listen(store._engine, "after_cursor_execute", listen)
    try:
        act()
    finally:
        event.remove(store._engine, "after_cursor_execute", listen)


@pytest.mark.parametrize("act", ACTS)
def test_of_two_who_act_on_a_group_at_once_one_is_told_what_the_other_did(
    store: SqlStore, clock: Clock, act: Act
) -> None:
    actors, first = [an_actor(store, "sari"), an_actor(store, "budi")], group(store, clock, 20)
    start, done, refused = threading.Barrier(2), [], []

    def work(actor: Actor) -> None:
        start.wait()
        try:
            with store.begin() as tx:
                done.append(act(tx, first, actor, clock))
        except SahutError as error:
            refused.append(error)

    threads = [threading.Thread(target=work, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (made,), (error,) = done, refused
    assert isinstance(error, StaleWriteError)
    assert error.changes[0]["who"] == made[0].actor_name
    with store.read() as tx:
        histories = [tx.decisions.of_mention(one.mention_id) for one in made]
    assert [len(history) for history in histories] == [1] * 21


def test_an_undo_leaves_the_copy_that_something_else_has_moved_on_and_takes_back_the_rest(
    store: SqlStore, clock: Clock
) -> None:
    actor, first = an_actor(store), group(store, clock, 5)
    with store.begin() as tx:
        made = dismiss(tx, first, actor, clock)
    assert {one.kind for one in made} == {DecisionKind.DISMISSED}
    with store.begin() as tx:
        tx.mentions.set_state([made[3].mention_id], MentionState.FILED, ticket_id=None, now=clock())
    with store.begin() as tx:
        undone = actions.undo(tx, made[0].id, actor=actor, now=clock())
    assert [one.mention_id for one in undone] == [one.mention_id for one in made if one is not made[3]]
