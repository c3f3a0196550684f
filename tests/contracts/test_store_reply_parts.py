"""Replies in parts in either store: one below the other, each once, wherever sending was cut off."""

from __future__ import annotations

import pytest

from sahut.core import collecting, outbox, replying
from sahut.core.errors import InDoubtError, PermanentError, RefusedError
from sahut.core.model import (
    Author,
    Batch,
    Capability,
    Policy,
    Problem,
    Refusal,
    Reply,
    ReplyPolicy,
    ReplyState,
    Role,
)
from sahut.core.ports import Store
from tests.builders import a_mention, a_source_draft, an_actor
from tests.conftest import Clock
from tests.fakes import FakeReplier

TEXT = "satu dua tiga empat lima"
PARTS = ("satu dua (1/3)", "tiga empat (2/3)", "lima (3/3)")
ALONE = Policy(replies=ReplyPolicy(approval=False))


class Office:
    """A mention on a platform of short texts, and somebody who answers it at length."""

    def __init__(self, store: Store, clock: Clock, **platform: object) -> None:
        self.store, self.clock = store, clock
        self.platform = FakeReplier(limit=17, **platform)  # type: ignore[arg-type]
        self.actor = an_actor(store, "rina", role=Role.COMMS)
        with store.begin() as tx:
            self.source_id = tx.sources.add(a_source_draft(), clock()).id
        self.collect(a_mention(native_id="p1", root="p1", author=Author(handle="warga")))

    def collect(self, *mentions: object) -> None:
        with self.store.begin() as tx:
            batch = Batch(mentions=list(mentions))  # type: ignore[arg-type]
            collecting.save_mentions(tx, self.source_id, batch, self.clock())

    def judged(self, text: str = TEXT, *, split: bool = True) -> replying.Judged:
        with self.store.read() as tx:
            return replying.judge(self.platform.means(), tx.mentions.get(1), text, split=split)

    def let_out(self) -> Reply:
        with self.store.begin() as tx:
            made = replying.draft(tx, 1, self.judged(), actor=self.actor, now=self.clock())
            return replying.submit(
                tx, made.id, self.judged(), version=1, policy=ALONE, actor=self.actor, now=self.clock()
            )

    def deliver(self) -> None:
        while outbox.deliver(store=self.store, means=self.platform.means(), clock=self.clock) is not None:
            pass

    def replies(self) -> list[Reply]:
        with self.store.read() as tx:
            return tx.replies.of_mention(1)

    def states(self) -> list[str]:
        return [one.state.value for one in self.replies()]

    def by(self) -> dict[str, object]:
        return {"version": None, "actor": self.actor, "now": self.clock()}


@pytest.fixture
def office(store: Store, clock: Clock) -> Office:
    return Office(store, clock)


def test_a_text_that_is_too_long_is_refused_until_somebody_chooses_to_split_it(office: Office) -> None:
    whole, split = office.judged(split=False), office.judged()
    assert whole.parts == split.parts == PARTS
    with office.store.read() as tx:
        record = tx.mentions.get(1)
        checks = [replying.check(tx, record, one, policy=ALONE, now=office.clock()) for one in (whole, split)]
    assert [[one.word for one in check.refusals] for check in checks] == [[Refusal.TOO_LONG], []]


def test_parts_go_out_one_below_the_other_and_the_dialogue_hangs_below_the_last(office: Office) -> None:
    office.let_out()
    assert office.states() == ["approved", "approved", "approved"]
    office.deliver()
    assert office.platform.stands == {"r1": ("p1", PARTS[0]), "r2": ("r1", PARTS[1]), "r3": ("r2", PARTS[2])}
    assert office.states() == ["sent", "sent", "sent"]
    assert [(one.number, one.said, one.parent) for one in office.replies()] == [
        (1, PARTS[0], "p1"), (2, PARTS[1], "r1"), (3, PARTS[2], "r2"),
    ]  # fmt: skip
    office.collect(a_mention(native_id="p2", parent="r3", root="p1", author=Author(handle="warga")))
    with office.store.read() as tx:
        assert tx.mentions.get(2).answers == 3


def test_while_parts_are_under_way_nobody_begins_another_answer(office: Office) -> None:
    office.let_out()
    outbox.deliver(store=office.store, means=office.platform.means(), clock=office.clock)
    assert office.states() == ["sent", "approved", "approved"]
    with office.store.begin() as tx, pytest.raises(RefusedError, check=lambda error: error.rule == "reply_open"):
        replying.draft(tx, 1, office.judged("Baik"), actor=office.actor, now=office.clock())


def test_what_comes_after_a_part_in_doubt_waits_until_that_is_settled(office: Office) -> None:
    office.let_out()
    outbox.deliver(store=office.store, means=office.platform.means(), clock=office.clock)
    office.platform.then_raise(InDoubtError("cut off", problem=Problem.TOO_SLOW), arriving=True)
    office.deliver()
    assert office.states() == ["sent", "unknown", "approved"]
    office.clock.forward(minutes=3)
    office.deliver()
    assert office.states() == ["sent", "sent", "sent"]
    assert office.platform.calls == len(office.platform.stands) == 3


def test_a_collector_that_comes_upon_a_part_lets_the_next_go_on_from_it(office: Office) -> None:
    office.let_out()
    outbox.deliver(store=office.store, means=office.platform.means(), clock=office.clock)
    office.platform.then_raise(InDoubtError("cut off", problem=Problem.TOO_SLOW), arriving=True)
    office.deliver()
    office.collect(a_mention(native_id="r2", text=PARTS[1], parent="r1", root="p1", own=True))
    assert office.states() == ["sent", "sent", "approved"]
    office.deliver()
    assert office.platform.stands["r3"] == ("r2", PARTS[2])


def test_a_part_that_is_refused_can_be_tried_again_and_the_rest_follows(office: Office) -> None:
    office.let_out()
    outbox.deliver(store=office.store, means=office.platform.means(), clock=office.clock)
    office.platform.then_raise(PermanentError("no", problem=Problem.LACKS_ACCESS))
    office.platform.before = lambda: None
    outbox.deliver(store=office.store, means=office.platform.means(), clock=office.clock)
    office.platform.stands.pop("r2", None)
    assert office.states() == ["sent", "failed", "approved"]
    judged = office.judged(PARTS[1], split=False)
    with office.store.begin() as tx:
        replying.retry(tx, 2, judged, policy=ALONE, **office.by())  # type: ignore[arg-type]
    office.deliver()
    assert list(office.platform.stands.values()) == [("p1", PARTS[0]), ("r1", PARTS[1]), ("r2", PARTS[2])]


def test_what_a_person_posted_is_continued_by_a_person(store: Store, clock: Clock) -> None:
    office = Office(store, clock, capability=Capability.MANUAL)
    office.let_out()
    assert office.states() == ["by_hand", "approved", "approved"]
    for number in (1, 2, 3):
        with store.begin() as tx:
            replying.answered(tx, number, f"https://a.example/{number}", **office.by())  # type: ignore[arg-type]
    assert office.states() == ["sent", "sent", "sent"]
    assert office.platform.calls == 0


def test_to_take_back_a_part_takes_back_what_comes_after_it(office: Office) -> None:
    office.let_out()
    with office.store.begin() as tx:
        replying.withdraw(tx, 2, **office.by())  # type: ignore[arg-type]
    office.deliver()
    assert office.states() == ["sent", "withdrawn", "withdrawn"]
    assert len(office.platform.stands) == 1


def test_a_part_that_was_taken_back_does_not_come_back_with_another_try_of_the_first(office: Office) -> None:
    office.let_out()
    with office.store.begin() as tx:
        replying.withdraw(tx, 2, **office.by())  # type: ignore[arg-type]
    office.platform.then_raise(PermanentError("no", problem=Problem.LACKS_ACCESS))
    office.deliver()
    assert office.states() == ["failed", "withdrawn", "withdrawn"]
    with office.store.begin() as tx:
        replying.retry(tx, 1, office.judged(), policy=ALONE, **office.by())  # type: ignore[arg-type]
    office.deliver()

    assert office.states() == ["sent", "withdrawn", "withdrawn"]
    assert len(office.platform.stands) == 1


def test_another_text_for_one_that_failed_is_split_anew(office: Office) -> None:
    office.let_out()
    office.platform.then_raise(PermanentError("no", problem=Problem.LACKS_ACCESS))
    outbox.deliver(store=office.store, means=office.platform.means(), clock=office.clock)
    office.platform.stands.clear()
    with office.store.begin() as tx:
        replying.edit(tx, 1, "enam tujuh delapan", split=True, **office.by())  # type: ignore[arg-type]
    with office.store.begin() as tx:
        judged = office.judged("enam tujuh delapan")
        replying.submit(tx, 1, judged, policy=ALONE, **office.by())  # type: ignore[arg-type]
    office.deliver()
    assert list(office.platform.stands.values()) == [("p1", "enam tujuh (1/2)"), ("r1", "delapan (2/2)")]
    assert sorted(office.states()) == ["sent", "sent", "withdrawn", "withdrawn"]
    assert office.replies()[0].state is ReplyState.SENT
