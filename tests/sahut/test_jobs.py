"""The jobs: one call of the pipeline each, with the parts of this process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import pytest

from classifiers.why import Occlusion
from sahut import jobs
from sahut.core import collecting, pipeline
from sahut.core.errors import ClassifierError
from sahut.core.model import Assessment, Batch, MentionFilter, MentionOrder, MentionState, Policy, WalkDraft, WhySpan
from sahut.core.ports import Classifier, Store
from tests.builders import a_mention, a_source_draft
from tests.fakes import FakeClassifier, FakeCollector, FakeQueue


def now() -> datetime:
    return datetime.now(UTC)


def parts(store: Store, *, classifier: Classifier | None = None, texts: Sequence[str] = ()) -> jobs.Parts:
    collector = FakeCollector().page(*(a_mention(text) for text in texts))
    judge = classifier or FakeClassifier()
    return jobs.Parts(
        store=store,
        queue=FakeQueue(),
        policy=Policy(),
        clock=now,
        collector_for=lambda _: collector,
        classifier=lambda: judge,
        explainer=lambda: Occlusion(judge),
    )


def follow(made: jobs.Parts) -> int:
    with made.store.begin() as tx:
        return tx.sources.add(a_source_draft(), now()).id


def count(made: jobs.Parts, state: MentionState) -> int:
    with made.store.read() as tx:
        return tx.mentions.count(MentionFilter(states=[state]), cap=10_000)


def unexplained(made: jobs.Parts) -> int:
    with made.store.read() as tx:
        found = tx.mentions.page(MentionFilter(states=[MentionState.FLAGGED]), order=MentionOrder.NEWEST, limit=1000)
    return sum(record.why is None for record in found.items)


def rings(made: jobs.Parts) -> list[str]:
    assert isinstance(made.queue, FakeQueue)
    return [job for job, _ in made.queue.rings]


def test_collecting_something_new_rings_for_the_classifier_and_nothing_new_does_not(sqlite_store: Store) -> None:
    made = parts(sqlite_store, texts=["jalan rusak di depan pasar", "berita hari ini"])
    source_id = follow(made)
    jobs.collect(made, source_id)
    assert rings(made) == ["assess"]
    made.queue.close()
    jobs.collect(made, source_id)
    assert rings(made) == []
    assert count(made, MentionState.COLLECTED) == 2


def test_assessing_goes_on_until_nothing_waits_and_calls_others_for_a_full_batch(sqlite_store: Store) -> None:
    many = pipeline.ASSESS_BATCH + 10
    classifier = FakeClassifier()
    made = parts(sqlite_store, classifier=classifier, texts=[f"jalan rusak nomor {n} sekali" for n in range(many)])
    jobs.collect(made, follow(made))
    made.queue.close()
    jobs.assess(made)
    assert count(made, MentionState.FLAGGED) == many
    assert classifier.batches == [pipeline.ASSESS_BATCH, 10]
    assert rings(made) == ["assess", "explain", "converse"]


def test_another_model_is_taken_with_the_next_batch(sqlite_store: Store) -> None:
    old, new = FakeClassifier(), FakeClassifier()
    turns = iter([old, new, new])
    many = pipeline.ASSESS_BATCH + 10
    made = parts(sqlite_store, texts=[f"jalan rusak nomor {n} sekali" for n in range(many)])
    made = replace(made, classifier=lambda: next(turns))
    jobs.collect(made, follow(made))
    jobs.assess(made)
    assert (old.batches, new.batches) == ([pipeline.ASSESS_BATCH], [10])


def test_assessing_stops_between_batches_when_the_process_stops(sqlite_store: Store) -> None:
    class StopsItself(FakeClassifier):
        def predict(self, texts: Sequence[str]) -> list[Assessment]:
            made.stop.set()
            return super().predict(texts)

    made = parts(sqlite_store, classifier=StopsItself(), texts=[f"jalan rusak {n}" for n in range(300)])
    jobs.collect(made, follow(made))
    jobs.assess(made)
    assert count(made, MentionState.FLAGGED) == pipeline.ASSESS_BATCH
    assert count(made, MentionState.COLLECTED) == 300 - pipeline.ASSESS_BATCH


def test_a_second_assess_in_the_same_process_leaves_the_first_alone(sqlite_store: Store) -> None:
    begun, go_on = Event(), Event()

    class Slow(FakeClassifier):
        def predict(self, texts: Sequence[str]) -> list[Assessment]:
            begun.set()
            assert go_on.wait(60)
            return super().predict(texts)

    made = parts(sqlite_store, classifier=Slow(), texts=["jalan rusak sekali"])
    jobs.collect(made, follow(made))
    first = threading.Thread(target=jobs.assess, args=(made,))
    first.start()
    assert begun.wait(60)
    jobs.assess(made)  # returns although the first is under way
    go_on.set()
    first.join(60)
    assert count(made, MentionState.FLAGGED) == 1


def test_explaining_goes_on_until_every_flagged_mention_has_its_reasons(sqlite_store: Store) -> None:
    many = 3 * pipeline.EXPLAIN_BITE + 1
    made = parts(sqlite_store, texts=[f"jalan rusak nomor {n} sekali" for n in range(many)])
    jobs.collect(made, follow(made))
    jobs.assess(made)
    made.queue.close()
    jobs.explain(made)
    assert unexplained(made) == 0
    assert rings(made) == []


def test_what_is_collected_meanwhile_waits_for_one_bite_and_is_rung_for_again(sqlite_store: Store) -> None:
    class Interrupted(Occlusion):
        def explain(self, text: str) -> list[WhySpan]:
            if not self.asked:
                with made.store.begin() as tx:
                    collecting.save_mentions(tx, 1, Batch(mentions=[a_mention("jembatan rusak berat")]), now())
                jobs.assess(made)  # finds the classifier taken
            self.asked += 1
            return super().explain(text)

        asked = 0

    texts = [f"jalan rusak nomor {n} sekali" for n in range(3 * pipeline.EXPLAIN_BITE)]
    made = parts(sqlite_store, texts=texts)
    jobs.collect(made, follow(made))
    jobs.assess(made)
    made.queue.close()
    explainer = Interrupted(FakeClassifier())
    jobs.explain(replace(made, explainer=lambda: explainer))
    assert explainer.asked == pipeline.EXPLAIN_BITE
    assert rings(made) == ["assess"]
    jobs.assess(made)
    jobs.explain(made)
    assert unexplained(made) == 0


def test_nothing_is_explained_while_this_process_judges(sqlite_store: Store) -> None:
    made = parts(sqlite_store, texts=["jalan rusak sekali"])
    jobs.collect(made, follow(made))
    jobs.assess(made)
    with made.judging:
        jobs.explain(made)
    assert unexplained(made) == 1


def test_a_model_that_cannot_be_loaded_explains_nothing_and_says_so_once(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> Occlusion:
        raise ClassifierError("the model's file is damaged")

    made = parts(sqlite_store, texts=["jalan rusak sekali"])
    jobs.collect(made, follow(made))
    jobs.assess(made)
    with caplog.at_level(logging.ERROR, logger="sahut.jobs"):
        jobs.explain(replace(made, explainer=refuse))
    assert caplog.text.count("the model's file is damaged") == 1
    assert unexplained(made) == 1


def test_a_broken_model_is_one_sentence_in_the_log_and_costs_no_mention(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    made = parts(sqlite_store, classifier=FakeClassifier().broken(), texts=["jalan rusak sekali"])
    jobs.collect(made, follow(made))
    with caplog.at_level(logging.ERROR, logger="sahut.jobs"):
        jobs.assess(made)
    assert "the model's file is damaged" in caplog.text
    assert "Traceback" not in caplog.text
    assert count(made, MentionState.COLLECTED) == 1


def test_what_is_new_is_judged_before_the_archive(sqlite_store: Store) -> None:
    made = parts(sqlite_store, texts=["jalan rusak di depan pasar"])
    source_id = follow(made)
    jobs.collect(made, source_id)
    jobs.assess(made)

    class NewModel(FakeClassifier):
        model = "fake-2"
        judged: list[str] = []  # noqa: RUF012 - one test, one list

        def predict(self, texts: Sequence[str]) -> list[Assessment]:
            self.judged += texts
            return super().predict(texts)

    later = parts(sqlite_store, classifier=NewModel())
    with sqlite_store.begin() as tx:
        tx.walks.start(WalkDraft(model="fake-2"), now())
        collecting.save_mentions(tx, source_id, Batch(mentions=[a_mention("lampu padam di sana")]), now())
    jobs.reassess(later)
    assert NewModel.judged == ["lampu padam di sana", "jalan rusak di depan pasar"]


def test_the_table_names_every_job_that_is_rung_for(sqlite_store: Store) -> None:
    made = parts(sqlite_store, texts=["jalan rusak sekali"])
    table = jobs.table(made)
    assert set(table) == {
        *("collect", "assess", "reassess", "explain", "recheck", "converse", "deliver", "wake", "import", "retain"),
        "tidy",
    }
    table["collect"](source_id=follow(made))
    table["assess"]()
    table["reassess"]()
    table["explain"]()
    table["recheck"]()
    table["deliver"]()
    table["wake"]()
    table["retain"]()
    table["tidy"]()
    assert count(made, MentionState.FLAGGED) == 1
