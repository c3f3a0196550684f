"""A new model judges the archive anew, in either store: decisions stand, nothing is lost, nothing is done twice."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from sahut.core import actions, pipeline
from sahut.core.errors import ClassifierError, RefusedError
from sahut.core.model import (
    DismissReason,
    MentionState,
    Policy,
    TicketDraft,
    Topic,
    Walk,
    WalkDraft,
    WalkState,
)
from sahut.core.pipeline import ReassessReport
from sahut.core.ports import Store
from tests.builders import a_mention, an_actor
from tests.conftest import Clock
from tests.fakes import FakeClassifier, FakeCollector, FakeQueue
from tests.steps import LAMP, assess, collect, everything, flagged, follow, queue, states

DRAFT = TicketDraft(title="Lampu jalan padam", topic=Topic.STREET_LIGHTING)


class NewModel(FakeClassifier):
    """Knows that "sampah" complains, and no longer that "padam" does."""

    model = "fake-2"

    def __init__(self) -> None:
        super().__init__()
        self.complaint_words = ("rusak", "sampah")


def start(store: Store, clock: Clock, **narrowed: object) -> Walk:
    with store.begin() as tx:
        return tx.walks.start(WalkDraft(model=NewModel.model, **narrowed), clock())  # type: ignore[arg-type]


def step(store: Store, clock: Clock, classifier: FakeClassifier | None = None) -> ReassessReport | None:
    return pipeline.reassess(store=store, classifier=classifier or NewModel(), policy=Policy(), clock=clock)


def walk(store: Store, clock: Clock, classifier: FakeClassifier | None = None) -> Walk:
    """Start one and go to the end of what can be done now."""
    started = start(store, clock)
    while step(store, clock, classifier):
        pass
    with store.read() as tx:
        return tx.walks.get(started.id)


def models(store: Store, mention_id: int) -> list[str]:
    with store.read() as tx:
        return [assessment.model for _, assessment in tx.assessments.history(mention_id)]


def small_batches(patch: pytest.MonkeyPatch, size: int = 2) -> None:
    patch.setattr(pipeline, "ASSESS_BATCH", size)


def test_undecided_mentions_change_places_as_the_new_scores_say(store: Store, clock: Clock) -> None:
    before = flagged(store, clock, LAMP, "sampah menumpuk di pasar lama", "cuaca cerah sekali hari ini")
    assert states(store) == [MentionState.FLAGGED, MentionState.FILED, MentionState.FILED]

    done = walk(store, clock)

    assert states(store) == [MentionState.FILED, MentionState.FLAGGED, MentionState.FILED]
    assert (done.state, done.judged, done.flagged, done.filed, done.failed) == (WalkState.DONE, 3, 1, 1, 0)
    assert done.position == done.last_id == before[-1].id
    lamp, litter, weather = everything(store)
    assert {record.model for record in (lamp, litter, weather)} == {"fake-2"}
    assert [record.id for record in queue(store)] == [litter.id]
    assert models(store, lamp.id) == ["fake-1", "fake-2"], "the old assessment is kept beside the new one"
    assert lamp.version == before[0].version + 1
    assert weather.version == before[2].version, "a new score alone makes nobody's click stale"


def test_what_a_person_decided_keeps_state_and_ticket_and_gets_the_new_assessment(store: Store, clock: Clock) -> None:
    one, two, three = flagged(
        store, clock, LAMP, "Air PDAM mati tiga hari di Gang Dahlia", "Trotoar rusak di Jalan Anggrek"
    )
    actor = an_actor(store)
    with store.begin() as tx:
        ticket, _ = actions.convert(tx, [(one.id, None)], DRAFT, actor=actor, now=clock())
        actions.merge(tx, [(two.id, None)], ticket.id, actor=actor, now=clock())
        actions.dismiss(tx, [(three.id, None)], reason=DismissReason.NOT_OURS, note="", actor=actor, now=clock())
    decided = everything(store)

    done = walk(store, clock)

    after = everything(store)
    assert [record.state for record in after] == ["converted", "merged", "dismissed"]
    assert [record.ticket_id for record in after] == [ticket.id, ticket.id, None]
    assert [record.version for record in after] == [record.version for record in decided]
    assert [models(store, record.id)[-1] for record in after] == ["fake-2"] * 3
    assert (done.judged, done.flagged, done.filed) == (3, 0, 0)


def test_a_decision_taken_while_the_model_judges_stands(store: Store, clock: Clock) -> None:
    (record,) = flagged(store, clock, LAMP)
    actor = an_actor(store)

    def dismiss() -> None:
        with store.begin() as tx:
            actions.dismiss(tx, [(record.id, None)], reason=DismissReason.HANDLED, note="", actor=actor, now=clock())

    classifier = NewModel()
    classifier.before = dismiss
    start(store, clock)
    report = step(store, clock, classifier)
    assert report is not None
    assert (report.judged, report.walk.state) == (0, WalkState.RUNNING)
    classifier.before = lambda: None
    report = step(store, clock, classifier)
    assert report is not None
    assert (report.judged, report.walk.state) == (1, WalkState.DONE)
    assert states(store) == [MentionState.DISMISSED]


def test_an_edit_while_the_model_judges_is_left_to_the_usual_way(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention))
    assess(store, clock)
    edited = a_mention("sampah menumpuk tiga hari di pasar lama", native_id=mention.native_id)
    classifier = NewModel()
    classifier.before = lambda: collect(store, clock, source_id, FakeCollector().page().page(edited))
    start(store, clock)
    report = step(store, clock, classifier)
    assert report is not None
    assert (report.judged, report.walk.state) == (0, WalkState.DONE)
    assert states(store) == [MentionState.COLLECTED]
    assess(store, clock, NewModel())
    assert states(store) == [MentionState.FLAGGED]


def test_a_walk_whose_worker_was_killed_goes_on_where_it_stood(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_batches(monkeypatch)
    records = flagged(store, clock, *(f"lampu padam di Gang Mawar nomor {n}" for n in range(7)))
    started = start(store, clock)
    first = step(store, clock)
    assert first is not None
    assert first.walk.position == records[1].id

    def die() -> None:
        raise KeyboardInterrupt  # as a kill: nothing after it runs

    dying = NewModel()
    dying.before = die
    with pytest.raises(KeyboardInterrupt):
        step(store, clock, dying)
    assert start(store, clock).id == started.id, "the same command joins the walk"
    while step(store, clock):
        pass
    with store.read() as tx:
        held = tx.walks.get(started.id)
    assert (held.judged, held.state) == (5, WalkState.RUNNING), "the dead worker's two are still leased"
    assert held.position == records[1].id
    clock.forward(minutes=6)
    while step(store, clock):
        pass
    with store.read() as tx:
        done = tx.walks.get(started.id)
    assert (done.judged, done.state, done.filed) == (7, WalkState.DONE, 7)
    assert all(models(store, record.id) == ["fake-1", "fake-2"] for record in records), "and none was judged twice"


def test_two_walkers_share_the_work(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    small_batches(monkeypatch)
    records = flagged(store, clock, *(f"lampu padam di Gang Mawar nomor {n}" for n in range(5)))
    inner: list[ReassessReport | None] = []
    outer = NewModel()
    outer.before = lambda: inner.append(step(store, clock))
    started = start(store, clock)
    while step(store, clock, outer):
        pass
    with store.read() as tx:
        done = tx.walks.get(started.id)
    assert (done.state, done.judged) == (WalkState.DONE, 5)
    assert sum(report.judged for report in inner if report) > 0
    assert all(models(store, record.id) == ["fake-1", "fake-2"] for record in records)


def test_walkers_and_people_at_work_at_the_same_time_lose_nothing(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_batches(monkeypatch, 5)
    # Every third one is a copy of the one before, so that a change of one touches rows of others.
    texts = [
        f"lampu jalan padam di Gang Mawar nomor {n - n % 3 // 2} sejak hari Senin, gelap sekali" for n in range(60)
    ]
    records = flagged(store, clock, *texts)
    actor = an_actor(store)
    started = start(store, clock)
    broken: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                broken.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def judge() -> None:
        while step(store, clock):
            pass

    def decide() -> None:
        for record in records[::4]:
            with contextlib.suppress(RefusedError), store.begin() as tx:
                actions.dismiss(
                    tx, [(record.id, None)], reason=DismissReason.HANDLED, note="", actor=actor, now=clock()
                )

    for thread in [guarded(judge), guarded(judge), guarded(decide)]:
        thread.join(60)
    judge()
    assert broken == []
    with store.read() as tx:
        done = tx.walks.get(started.id)
        dismissed = {d.mention_id for d in tx.decisions.recent(1000)}
    assert (done.state, done.judged) == (WalkState.DONE, 60)
    for record in everything(store):
        assert models(store, record.id) == ["fake-1", "fake-2"]
        assert record.state == ("dismissed" if record.id in dismissed else "filed")
        assert not record.folded


def test_a_text_that_cannot_be_judged_keeps_its_assessment_and_the_walk_ends(store: Store, clock: Clock) -> None:
    bad, _ = flagged(store, clock, "lampu padam, racun", "lampu padam di Gang Mawar")
    done = walk(store, clock, NewModel().choking_on("racun"))
    assert (done.state, done.judged, done.failed) == (WalkState.DONE, 1, 1)
    assert states(store) == [MentionState.FLAGGED, MentionState.FILED]
    assert models(store, bad.id) == ["fake-1"]
    again = walk(store, clock)
    assert (again.total, again.judged) == (1, 1), "the next walk tries it once more"


def test_a_text_that_kills_every_worker_is_left_and_costs_no_other_one(store: Store, clock: Clock) -> None:
    good, bad, late = flagged(store, clock, "lampu padam di Gang Mawar", "lampu padam, maut", "lampu padam di Gang Ros")

    class Mortal(NewModel):
        def predict(self, texts):  # type: ignore[no-untyped-def]
            if any("maut" in text for text in texts):
                raise KeyboardInterrupt
            return super().predict(texts)

    started = start(store, clock)

    def go() -> Walk:
        for _ in range(20):
            try:
                while step(store, clock, Mortal()):
                    pass
            except KeyboardInterrupt:
                pass
            clock.forward(minutes=6)
        with store.read() as tx:
            return tx.walks.get(started.id)

    done = go()
    assert (done.state, done.judged, done.failed) == (WalkState.DONE, 2, 1)
    assert [models(store, record.id)[-1] for record in (good, bad, late)] == ["fake-2", "fake-1", "fake-2"]


def test_a_broken_model_costs_no_mention_its_attempts(store: Store, clock: Clock) -> None:
    flagged(store, clock, LAMP, "Air PDAM mati tiga hari di Gang Dahlia")
    started = start(store, clock)
    for _ in range(pipeline.MAX_ATTEMPTS + 1):
        with pytest.raises(ClassifierError):
            step(store, clock, NewModel().broken())
    while step(store, clock):
        pass
    with store.read() as tx:
        assert tx.walks.get(started.id).judged == 2


def test_a_walk_may_be_narrowed_to_a_source_a_time_and_an_earlier_model(store: Store, clock: Clock) -> None:
    first, second = follow(store, clock), follow(store, clock)
    old = a_mention("lampu padam lama", published_at=clock() - timedelta(days=40))
    new = a_mention("lampu padam baru", published_at=clock() - timedelta(days=1))
    collect(store, clock, first, FakeCollector().page(old, new))
    collect(store, clock, second, FakeCollector().page(a_mention("lampu padam di sana")))
    assess(store, clock)

    def total(**narrowed: object) -> int:
        with store.begin() as tx:
            found = tx.walks.start(WalkDraft(model="fake-2", **narrowed), clock())  # type: ignore[arg-type]
            tx.walks.stop(found.id, clock())
        return found.total

    assert total() == 3
    assert total(source_id=first) == 2
    assert total(source_id=first, since=clock() - timedelta(days=7)) == 1
    assert total(judged_by="fake-1") == 3
    assert total(judged_by="fake-0") == 0


def test_a_walk_ends_for_another_model_and_waits_for_the_worker_that_has_its_own(store: Store, clock: Clock) -> None:
    flagged(store, clock, LAMP)
    older = start(store, clock)
    assert step(store, clock, FakeClassifier()) is None, "this worker still has the old model"
    with store.begin() as tx:
        newer = tx.walks.start(WalkDraft(model="fake-3"), clock())
        assert tx.walks.get(older.id).state is WalkState.STOPPED
        assert [walk.id for walk in tx.walks.running()] == [newer.id]
    assert step(store, clock) is None


def test_a_walk_over_nothing_is_done_at_once(store: Store, clock: Clock) -> None:
    done = start(store, clock)
    assert (done.state, done.total, done.finished_at) == (WalkState.DONE, 0, clock())


def test_a_new_complaint_in_the_archive_is_tied_to_its_like(store: Store, clock: Clock) -> None:
    text = "sampah menumpuk setinggi dada di belakang pasar lama sejak hari Senin kemarin"
    flagged(store, clock, text, text.upper())
    walk(store, clock)
    first, second = everything(store)
    assert (second.first_id, second.folded, first.similar) == (first.id, True, 1)
    assert [record.id for record in queue(store)] == [first.id]


def test_a_tick_rings_while_a_walk_is_under_way(store: Store, clock: Clock) -> None:
    flagged(store, clock, LAMP)
    clock.forward(minutes=1)

    def rung() -> bool:
        bell = FakeQueue()
        pipeline.tick(store=store, queue=bell, clock=clock)
        return ("reassess", "") in bell.rings

    assert not rung()
    start(store, clock)
    assert rung()
    step(store, clock)
    assert not rung()


@pytest.mark.parametrize("narrow", [{}, {"source_id": 1}, {"since": True}])
def test_a_batch_is_found_by_walking_an_index_in_order(
    sqlite_store: Store, clock: Clock, narrow: dict[str, object]
) -> None:
    from sqlalchemy import event

    flagged(sqlite_store, clock, LAMP)
    if "since" in narrow:
        narrow = {"since": clock() - timedelta(days=1)}
    start(sqlite_store, clock, **narrow)
    asked: list[tuple[str, object]] = []
    remember: Callable[..., None] = lambda *args: asked.append((args[2], args[3]))  # noqa: E731
    engine = sqlite_store._engine  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", remember)
    step(sqlite_store, clock)
    event.remove(engine, "before_cursor_execute", remember)
    claims = [(said, values) for said, values in asked if "lease_until" in said and "LIMIT" in said]
    assert claims
    with engine.connect() as connection:
        for said, values in claims:
            plan = "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values))
            assert "TEMP B-TREE" not in plan, plan
