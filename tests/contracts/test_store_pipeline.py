"""The whole way of a mention through either store: collected, assessed, decided, undone."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import timedelta

import pytest

from sahut.core import actions, collecting, pipeline
from sahut.core.errors import ClassifierError, LeaseLostError, RefusedError, StaleWriteError, TransientError
from sahut.core.model import (
    Assessment,
    Batch,
    DeadItem,
    DecisionKind,
    DismissReason,
    MentionState,
    Problem,
    SourceState,
    TicketDraft,
    TicketStatus,
    TieReason,
    Topic,
)
from sahut.core.pipeline import AssessReport
from sahut.core.ports import Store
from tests.builders import a_mention, an_actor
from tests.conftest import Clock
from tests.fakes import FakeClassifier, FakeCollector, FakeQueue
from tests.steps import LAMP, assess, collect, everything, flagged, follow, queue, states

DRAFT = TicketDraft(title="Lampu jalan padam", topic=Topic.STREET_LIGHTING)


def test_a_complaint_waits_for_people_and_the_rest_is_filed(store: Store, clock: Clock) -> None:
    report = collect(
        store, clock, follow(store, clock), FakeCollector().page(a_mention(LAMP), a_mention("cuaca cerah"))
    )
    assert report is not None
    assert (report.seen, report.new, report.error) == (2, 2, None)
    assert assess(store, clock) == AssessReport(claimed=2, flagged=1, filed=1, tied=0, held=0)
    assert assess(store, clock) is None
    lamp, weather = everything(store)
    assert (lamp.state, weather.state) == (MentionState.FLAGGED, MentionState.FILED)
    assert [record.id for record in queue(store)] == [lamp.id]


def test_a_tick_rings_for_due_sources_and_waiting_mentions(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    bell = FakeQueue()
    assert pipeline.tick(store=store, queue=bell, clock=clock) == 1
    collect(store, clock, source_id, FakeCollector().page(a_mention()))
    assert pipeline.tick(store=store, queue=bell, clock=clock) == 1
    assert set(bell.rings) == {("collect", f"source:{source_id}"), ("assess", "")}


def test_collecting_the_same_page_again_changes_nothing(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention, mention))
    before = everything(store)
    report = collect(store, clock, source_id, FakeCollector().page(cursor={}).page(mention))
    assert report is not None
    assert (report.new, report.edited) == (0, 0)
    assert everything(store) == before


def test_an_interrupted_reading_keeps_the_pages_before_and_goes_on_after_them(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    limited = TransientError("429", problem=Problem.RATE_LIMITED, not_before=clock() + timedelta(minutes=30))
    collector = FakeCollector().page(a_mention()).then_raise(limited).page(a_mention())
    first = collect(store, clock, source_id, collector)
    assert first is not None
    assert (first.new, first.error) == (1, limited)
    with store.read() as tx:
        source = tx.sources.get(source_id)
        assert source.cursor == {"page": 1}
        assert source.health.failures == 1
        assert source.not_before == clock() + timedelta(minutes=30)
        assert tx.sources.due(clock() + timedelta(minutes=29), 10) == []
    clock.forward(hours=1)
    second = collect(store, clock, source_id, collector)
    assert second is not None
    assert (second.new, second.error) == (1, None)
    assert len(everything(store)) == 2


def test_a_malformed_item_costs_only_itself(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    dead = DeadItem(reason="no text", native_id="x", raw={"id": "x", "author": "\ud83d\x00"})
    collect(store, clock, source_id, FakeCollector().page(a_mention(), dead=[dead]))
    assert len(everything(store)) == 1
    with store.begin() as tx:
        (letter,) = tx.dead_letters.page(limit=10)
        with pytest.raises(ValueError, match="still no text"):
            actions.retry_dead_letter(tx, letter, FakeCollector(), now=clock())
    with store.begin() as tx:
        tx.dead_letters.add(source_id, [DeadItem(reason="no date", raw={"id": "y", "text": LAMP})], clock())
        letter = tx.dead_letters.page(limit=10)[-1]
        assert actions.retry_dead_letter(tx, letter, FakeCollector(), now=clock()) == 1
    with store.read() as tx:
        assert tx.dead_letters.count() == 1


def test_a_text_that_kills_its_workers_takes_no_other_with_it(store: Store, clock: Clock) -> None:
    class Dying(FakeClassifier):
        def predict(self, texts: Sequence[str]) -> list[Assessment]:
            if any("racun" in text for text in texts):
                raise KeyboardInterrupt
            return super().predict(texts)

    texts = ("lampu padam di pasar", "racun sekali", "jembatan rusak berat")
    collect(store, clock, follow(store, clock), FakeCollector().page(*(a_mention(text) for text in texts)))
    for _ in range(2 * pipeline.MAX_ATTEMPTS):
        with contextlib.suppress(KeyboardInterrupt):
            while assess(store, clock, Dying()):
                pass
        clock.forward(minutes=6)
    assert pipeline.tidy(store=store, clock=clock)["held"] == 1
    assert states(store) == [MentionState.FLAGGED, MentionState.HELD, MentionState.FLAGGED]


@pytest.mark.parametrize("error", [ValueError, ClassifierError])
def test_a_poisonous_text_is_held_and_the_rest_of_its_batch_is_judged(
    store: Store, clock: Clock, error: type[Exception]
) -> None:
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention(LAMP), a_mention("racun sekali")))
    report = assess(store, clock, FakeClassifier().choking_on("racun", error))
    assert report is not None
    assert (report.flagged, report.held) == (1, 1)
    assert states(store) == [MentionState.FLAGGED, MentionState.HELD]
    with store.begin() as tx:
        (letter,) = tx.dead_letters.page(limit=10)
        assert "racun" in letter.reason
        assert actions.retry_dead_letter(tx, letter, None, now=clock()) == 1
    assert states(store) == [MentionState.FLAGGED, MentionState.COLLECTED]
    assert assess(store, clock) == AssessReport(claimed=1, flagged=0, filed=1, tied=0, held=0)


def test_a_text_that_no_worker_survives_is_set_aside(store: Store, clock: Clock) -> None:
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention(LAMP)))

    def die() -> None:
        raise KeyboardInterrupt

    classifier = FakeClassifier()
    classifier.before = die
    for _ in range(pipeline.MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            assess(store, clock, classifier)
        assert assess(store, clock) is None, "the lease still runs"
        clock.forward(minutes=6)
    assert assess(store, clock) is None
    assert pipeline.tidy(store=store, clock=clock)["held"] == 1
    assert states(store) == [MentionState.HELD]
    with store.read() as tx:
        assert tx.dead_letters.count() == 1


def test_a_dead_letter_that_was_retried_before_leaves_the_mention_where_it_is_by_now(
    store: Store, clock: Clock
) -> None:
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention("lampu padam, racun")))
    assess(store, clock, FakeClassifier().choking_on("racun"))
    actor = an_actor(store)
    with store.read() as tx:
        (letter,) = tx.dead_letters.page(limit=10)
    with store.begin() as tx:
        assert actions.retry_dead_letter(tx, letter, None, now=clock()) == 1
    assess(store, clock)
    (record,) = everything(store)
    with store.begin() as tx:
        ticket, _ = actions.convert(tx, [(record.id, None)], DRAFT, actor=actor, now=clock())
    with store.begin() as tx:
        assert actions.retry_dead_letter(tx, letter, None, now=clock()) == 0
    (record,) = everything(store)
    assert (record.state, record.ticket_id) == (MentionState.CONVERTED, ticket.id)


def test_a_model_that_cannot_be_used_sets_nothing_aside(store: Store, clock: Clock) -> None:
    texts = (LAMP, "Jembatan rusak berat")
    collect(store, clock, follow(store, clock), FakeCollector().page(*(a_mention(text) for text in texts)))
    for _ in range(pipeline.MAX_ATTEMPTS + 1):
        with pytest.raises(ClassifierError):
            assess(store, clock, FakeClassifier().broken())
        clock.forward(minutes=6)
    assert pipeline.tidy(store=store, clock=clock)["held"] == 0
    report = assess(store, clock)
    assert report is not None
    assert report.flagged == 2


def test_an_edit_during_the_assessment_is_judged_again_and_the_old_verdict_dropped(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention))
    edited = a_mention("Sudah menyala kembali, terima kasih banyak atas tanggapannya", native_id=mention.native_id)
    classifier = FakeClassifier()
    classifier.before = lambda: collect(store, clock, source_id, FakeCollector().page().page(edited)) and None
    assert assess(store, clock, classifier) == AssessReport(claimed=1, flagged=0, filed=0, tied=0, held=0)
    (record,) = everything(store)
    assert (record.state, record.edited, record.mention.text) == (MentionState.COLLECTED, 1, edited.text)
    assert assess(store, clock) == AssessReport(claimed=1, flagged=0, filed=1, tied=0, held=0)
    with store.read() as tx:
        (version,) = tx.mentions.versions(record.id)
        assert (version.number, version.text) == (1, LAMP)
        assert len(tx.assessments.history(record.id)) == 1


def test_a_worker_that_lost_its_lease_writes_nothing(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    with store.begin() as tx:
        slow = tx.sources.claim(source_id, now=clock(), until=clock() + timedelta(minutes=5))
        assert tx.sources.claim(source_id, now=clock(), until=clock() + timedelta(minutes=5)) is None
    assert slow is not None
    clock.forward(minutes=6)
    with store.begin() as tx:
        assert tx.sources.claim(source_id, now=clock(), until=clock() + timedelta(minutes=5)) is not None
    with pytest.raises(LeaseLostError):
        collecting._save_page(
            store, slow, Batch(mentions=[a_mention()], cursor={"page": 9}), clock(), collecting.COLLECT_LEASE
        )
    assert everything(store) == [], "the page went with the cursor"


def test_dismissing_and_undoing_returns_the_mention_to_the_queue(store: Store, clock: Clock) -> None:
    (record,) = flagged(store, clock, LAMP)
    actor = an_actor(store)
    with store.begin() as tx:
        (decision,) = actions.dismiss(
            tx, [(record.id, record.version)], reason=DismissReason.SPAM, note="iklan", actor=actor, now=clock()
        )
    assert states(store) == [MentionState.DISMISSED]
    assert queue(store) == []
    with store.begin() as tx:
        (undone,) = actions.undo(tx, decision.id, actor=actor, now=clock())
        assert (undone.kind, undone.undoes) == (DecisionKind.UNDONE, decision.id)
    assert [r.id for r in queue(store)] == [record.id]
    with store.read() as tx:
        assert [d.kind for d in tx.decisions.of_mention(record.id)] == [DecisionKind.DISMISSED, DecisionKind.UNDONE]


def test_a_stale_decision_is_refused_and_says_who_came_first(store: Store, clock: Clock) -> None:
    (record,) = flagged(store, clock, LAMP)
    sari, budi = an_actor(store, "sari"), an_actor(store, "budi")
    with store.begin() as tx:
        actions.dismiss(tx, [(record.id, record.version)], reason=DismissReason.SPAM, note="", actor=sari, now=clock())
    with pytest.raises(StaleWriteError) as caught, store.begin() as tx:
        actions.convert(tx, [(record.id, record.version)], DRAFT, actor=budi, now=clock())
    assert caught.value.expected == record.version
    (change,) = caught.value.changes
    assert change == {"what": "dismissed", "who": "Sari", "when": clock().isoformat(), "reason": "spam"}


def test_an_edit_between_reading_and_deciding_is_told(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention))
    assess(store, clock)
    (record,) = everything(store)
    edited = a_mention(LAMP + " sudah seminggu", native_id=mention.native_id)
    collect(store, clock, source_id, FakeCollector().page().page(edited))
    with pytest.raises(StaleWriteError) as caught, store.begin() as tx:
        tx.mentions.for_update(record.id, version=record.version)
    assert [change["what"] for change in caught.value.changes] == ["edited"]


def test_converting_merging_and_undoing_keep_the_ticket_count_right(store: Store, clock: Clock) -> None:
    one, two = flagged(
        store, clock, "Jembatan kampung kami rusak berat sejak banjir kemarin", "Air PDAM mati tiga hari"
    )
    actor = an_actor(store)
    with store.begin() as tx:
        ticket, _ = actions.convert(tx, [(one.id, None)], DRAFT, actor=actor, now=clock())
        assert (ticket.number, ticket.mentions, ticket.status) == ("2026-000001", 1, TicketStatus.NEW)
    with store.begin() as tx:
        merged, (decision,) = actions.merge(tx, [(two.id, None)], ticket.id, actor=actor, now=clock())
        assert merged.mentions == 2
    with store.begin() as tx:
        actions.undo(tx, decision.id, actor=actor, now=clock())
        assert tx.tickets.get(ticket.id).mentions == 1
        (first,) = tx.decisions.of_mention(one.id)
        actions.undo(tx, first.id, actor=actor, now=clock())
        assert tx.tickets.get(ticket.id).status is TicketStatus.VOID
        assert [event.kind for event in tx.tickets.events(ticket.id)] == ["created", "merged", "unmerged", "void"]
    assert states(store) == [MentionState.FLAGGED, MentionState.FLAGGED]
    with pytest.raises(RefusedError) as caught, store.begin() as tx:
        actions.merge(tx, [(two.id, None)], ticket.id, actor=actor, now=clock())
    assert caught.value.rule == "ticket_void"


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        (LAMP.upper() + " !!", TieReason.SAME_TEXT),
        ("RT @warga: " + LAMP, TieReason.REPOST),
        (LAMP + " mohon", TieReason.SIMILAR),
    ],
)
def test_a_copy_is_folded_behind_the_first_one(store: Store, clock: Clock, copy: str, reason: TieReason) -> None:
    first, second = flagged(store, clock, LAMP, copy)
    assert (second.first_id, second.folded, second.state) == (first.id, True, MentionState.FLAGGED)
    assert first.similar == 1
    assert [record.id for record in queue(store)] == [first.id]
    with store.begin() as tx:
        assert [copy.id for copy in tx.mentions.folded_behind([first.id])] == [second.id]


def test_a_declared_repost_is_tied_whatever_it_says(store: Store, clock: Clock) -> None:
    mention = a_mention(LAMP)
    repost = a_mention("parah nih lampunya mati", repost_of=mention.native_id)
    collect(store, clock, follow(store, clock), FakeCollector().page(mention, repost))
    assess(store, clock)
    first, second = everything(store)
    assert second.first_id == first.id


def test_a_repost_of_a_dismissed_mention_is_filed(store: Store, clock: Clock) -> None:
    (first,) = flagged(store, clock, LAMP)
    actor = an_actor(store)
    with store.begin() as tx:
        actions.dismiss(tx, [(first.id, None)], reason=DismissReason.SPAM, note="", actor=actor, now=clock())
    _, second = flagged(store, clock, "RT @warga " + LAMP)
    assert (second.state, second.first_id, second.folded) == (MentionState.FILED, first.id, False)


def test_copies_are_decided_with_their_first_one_and_folded_again_by_an_undo(store: Store, clock: Clock) -> None:
    first, second, third = flagged(store, clock, LAMP, LAMP.upper(), "RT @a " + LAMP)
    actor = an_actor(store)
    with store.begin() as tx:
        decisions = actions.dismiss(
            tx, [(first.id, None)], reason=DismissReason.HANDLED, note="", actor=actor, now=clock()
        )
        assert [d.mention_id for d in decisions] == [first.id, second.id, third.id]
    assert [(r.state, r.folded) for r in everything(store)] == [(MentionState.DISMISSED, False)] * 3
    with store.begin() as tx:
        actions.undo(tx, decisions[1].id, actor=actor, now=clock())
    assert [(r.state, r.folded) for r in everything(store)] == [
        (MentionState.FLAGGED, False),
        (MentionState.FLAGGED, True),
        (MentionState.FLAGGED, True),
    ]
    assert everything(store)[0].similar == 2
    assert [record.id for record in queue(store)] == [first.id]


def test_an_untied_mention_stands_for_itself_and_is_not_tied_to_the_same_again(store: Store, clock: Clock) -> None:
    first, second = flagged(store, clock, LAMP, LAMP.upper())
    actor = an_actor(store)
    with store.begin() as tx:
        free = actions.untie(tx, second.id, second.version, actor=actor, now=clock())
        assert (free.first_id, free.folded, free.version > second.version) == (None, False, True)
        assert tx.mentions.get(first.id).similar == 0
        assert tx.mentions.candidates(free, since=clock() - timedelta(days=3)) == []
    assert [record.id for record in queue(store)] == [first.id, second.id]


def test_an_edit_of_a_copy_frees_it(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    copy = a_mention(LAMP.upper())
    collect(store, clock, source_id, FakeCollector().page(a_mention(LAMP), copy))
    assess(store, clock)
    other = a_mention("Selokan di gang kami mampet dan airnya meluap ke jalan, rusak semua", native_id=copy.native_id)
    collect(store, clock, source_id, FakeCollector().page().page(other))
    assess(store, clock)
    first, second = everything(store)
    assert (first.similar, second.first_id, second.folded) == (0, None, False)
    assert len(queue(store)) == 2


def test_an_edit_of_the_first_one_lets_its_copies_out_until_it_is_flagged_again(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention, a_mention(LAMP.upper())))
    assess(store, clock)
    edited = a_mention(LAMP + " sudah lapor", native_id=mention.native_id)
    collect(store, clock, source_id, FakeCollector().page().page(edited))
    assert [record.folded for record in everything(store)] == [False, False]
    assess(store, clock)
    assert [record.folded for record in everything(store)] == [False, True]


def test_a_source_paused_during_a_reading_stays_paused(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)

    class Pausing(FakeCollector):
        def collect(self, source, *, now, access=None):  # type: ignore[no-untyped-def]
            with store.begin() as tx:
                tx.sources.set_state(source.id, SourceState.PAUSED, version=None, now=now)
            yield from super().collect(source, now=now, access=access)

    collect(store, clock, source_id, Pausing().page(a_mention()))
    with store.read() as tx:
        assert tx.sources.get(source_id).state is SourceState.PAUSED
    assert len(everything(store)) == 1
