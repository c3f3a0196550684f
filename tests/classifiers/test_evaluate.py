"""An evaluation: its figures by hand, its cut-offs against the rules that apply them, its words where data fail."""

from __future__ import annotations

import math
import random
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from classifiers import _baseline
from classifiers._corpus import CLASSES, UNKNOWN
from classifiers._labelled import LabelledRow
from classifiers._words import INDONESIAN, MEANINGS, kinds_in_words
from classifiers.evaluate import Evaluation, evaluate, figures, predict, read_labelled
from classifiers.keywords import KeywordClassifier
from config.files import SHIPPED_POLICY, read_policy
from sahut.core import rules
from sahut.core.model import Assessment, Kind, Policy, Sentiment, Topic
from tests.builders import an_assessment
from triage_api.web.words import label

Judged = list[tuple[LabelledRow, Assessment]]


def a_row(kind: Kind | None = None, *, text: str = "halo", **over: object) -> LabelledRow:
    number = UNKNOWN if kind is None else CLASSES["kind"].index(kind)
    return replace(LabelledRow(text=text, raw=text, set="", where="row 2", kind=number), **over)  # type: ignore[arg-type]


def judged(kind: Kind, complaint: float, **over: object) -> tuple[LabelledRow, Assessment]:
    """A row of this kind, and an assessment that gives it this probability of complaint."""
    topic = Topic(str(over.pop("judged_topic", Topic.ROADS)))
    found = an_assessment(topic=topic)
    shares = dict.fromkeys(Kind, (1 - complaint) / 5) | {Kind.COMPLAINT: complaint}
    return a_row(kind, **over), replace(found, kinds=shares)


def a_stream(rows: int = 200, **over: object) -> Judged:
    """Posts of which a quarter are complaints, scored well but not perfectly."""
    chance = random.Random(5)
    stream = []
    for at in range(rows):
        complaint = at % 4 == 0
        score = min(0.999, max(0.001, chance.gauss(0.7 if complaint else 0.2, 0.2)))
        stream.append(judged(Kind.COMPLAINT if complaint else Kind.OTHER, score, **over))
    return stream


def evaluation(stream: Judged, policy: Policy | None = None, **over: object) -> Evaluation:
    rows, assessments = zip(*stream, strict=True)
    settings = {"resamples": 50, **over}
    return evaluate(rows, assessments, data="rows.csv", policy=policy or Policy(), **settings)  # type: ignore[arg-type]


def test_a_labelled_file_gives_the_figures_that_its_labels_allow(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('text,kind\n"jalan rusak, tolong diperbaiki",complaint\nselamat pagi semua,other\n')

    rows = read_labelled(path)
    found = figures(rows, KeywordClassifier().predict([row.text for row in rows]), resamples=20)

    assert found["complaint F1"].value == 1.0
    assert found["kind accuracy"].rows == 2
    assert "topic accuracy" not in found


def test_texts_go_to_the_classifier_as_they_came_and_in_order() -> None:
    class Echo(KeywordClassifier):
        def predict(self, texts: object) -> list[Assessment]:  # type: ignore[override]
            return [an_assessment(model=text) for text in texts]  # type: ignore[attr-defined]

    rows = [a_row(text=f"  teks {at} ") for at in range(600)]
    told: list[int] = []
    found = predict(Echo(), rows, told.append)

    assert [one.model for one in found] == [row.raw for row in rows]
    assert sum(told) == 600
    assert len(told) == 3


def test_every_figure_repeats_and_lies_in_its_interval() -> None:
    first, second = evaluation(a_stream()), evaluation(a_stream())

    assert first == second
    assert len(first.figures) == 10
    assert all(figure.low <= figure.value <= figure.high for figure in first.figures.values())


def test_the_policy_in_force_is_counted_as_the_pipeline_would_apply_it() -> None:
    policy = Policy(threshold=0.5, topic_thresholds={Topic.WASTE: 0.1}, source_thresholds={"Kabar Kota": 0.9})
    stream = [
        judged(Kind.COMPLAINT, 0.6),  # flagged
        judged(Kind.COMPLAINT, 0.2, judged_topic=Topic.WASTE),  # flagged by its topic's threshold
        judged(Kind.COMPLAINT, 0.8, source="Kabar Kota", judged_topic=Topic.WASTE),  # not: its source comes first
        judged(Kind.NEWS, 0.5),  # flagged, wrongly
        judged(Kind.NEWS, 0.49),
    ]

    found = evaluation(stream, policy).in_force

    assert found is not None
    assert found.recall.value == pytest.approx(2 / 3)
    assert found.precision.value == pytest.approx(2 / 3)
    assert found.flagged.value == pytest.approx(3 / 5)


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.9, 0.97, 1.0])
def test_the_pasted_proposal_reaches_its_recall_through_the_real_policy_file(tmp_path: Path, wanted: float) -> None:
    sources = ("Kabar Kota", 'Warga "Sungai"\\Hulu')
    stream = [pair for source in sources for pair in a_stream(source=source)]
    stream += a_stream(judged_topic=Topic.WASTE)
    found = evaluation(stream, wanted_recall=wanted)

    shipped = tomllib.loads(SHIPPED_POLICY.read_text(encoding="utf-8"))
    units = "\n".join(f'[[unit]]\ncode = "{unit["code"]}"\nname = "{unit["name"]}"' for unit in shipped["unit"])
    file = tmp_path / "policy.toml"
    file.write_text("\n".join(found.policy_lines) + "\n" + units, encoding="utf-8")
    policy = read_policy(file)

    assert set(policy.source_thresholds) == set(sources)
    assert set(policy.topic_thresholds) == {Topic.ROADS, Topic.WASTE}
    complaints = [(row, one) for row, one in stream if row.kind == CLASSES["kind"].index("complaint")]
    flagged = [one.complaint >= rules.threshold_for(row.source, one, policy) for row, one in complaints]
    assert sum(flagged) >= wanted * len(flagged)
    general = [one.complaint >= policy.threshold for _, one in complaints]
    assert sum(general) >= wanted * len(general)


def test_a_group_with_few_complaints_gets_no_cut_off_and_no_figures_of_them() -> None:
    found = evaluation([*a_stream(source="besar"), *a_stream(36, source="kecil", judged_topic=Topic.WASTE)])

    assert [one.name for one in found.by_source] == ["besar"]
    assert [one.name for one in found.by_topic] == ["roads"]
    assert "complaint F1" in found.groups["source"]["besar"]
    assert list(found.groups["source"]["kecil"]) == ["kind macro-F1"]


def test_a_group_with_few_rows_is_left_out() -> None:
    assert set(evaluation([*a_stream(language="id"), *a_stream(19, language="su")]).groups["language"]) == {"id"}


def test_other_flagged_kinds_count_towards_the_cut_off() -> None:
    policy = Policy(flagged_kinds=frozenset({Kind.COMPLAINT, Kind.ASPIRATION}))
    aspiration = a_row(Kind.ASPIRATION), an_assessment(Kind.ASPIRATION)
    news = a_row(Kind.NEWS), an_assessment(Kind.NEWS)
    says_only_no = a_row(complaint=0), an_assessment(Kind.NEWS)

    found = evaluation([aspiration, news, says_only_no], policy)

    assert found.positives == 1
    assert found.in_force is not None
    assert found.in_force.recall.rows == 2
    assert 'kinds = ["complaint", "aspiration"]' in found.policy_lines
    assert kinds_in_words(found.kinds).indonesian == "pengaduan atau aspirasi"


def test_the_curve_falls_in_threshold_order_and_holds_the_wanted_recall() -> None:
    found = evaluation(a_stream(), wanted_recall=0.87)

    thresholds = [point.threshold for point in found.curve]
    assert thresholds == sorted(set(thresholds))
    assert found.cut_off is not None
    assert found.cut_off.threshold in [pytest.approx(at, abs=1e-3) for at in thresholds]
    recall, precision = zip(*found.line, strict=True)
    assert list(recall) == sorted(recall)
    assert max(recall) == 1.0
    assert all(0 < share <= 1 for share in precision)


def test_a_confusion_counts_every_pair_and_names_the_commonest() -> None:
    stream = [
        (a_row(Kind.COMPLAINT), an_assessment(Kind.NEWS)),
        (a_row(Kind.COMPLAINT), an_assessment(Kind.NEWS)),
        (a_row(Kind.NEWS), an_assessment(Kind.NEWS)),
        (a_row(Kind.PRAISE), an_assessment(Kind.COMPLAINT)),
        (a_row(), an_assessment(Kind.OTHER)),
    ]

    found = evaluation(stream).confusions["kind"]

    assert found.labels == ["complaint", "praise", "news"]
    assert found.counts == [[0, 0, 2], [1, 0, 0], [0, 0, 1]]
    assert found.mix_ups() == [("complaint", "news", 2), ("praise", "complaint", 1)]


def test_the_worst_mistakes_are_the_surest_ones() -> None:
    stream = [judged(Kind.COMPLAINT, score, where=f"row {at}") for at, score in enumerate([0.4, 0.01, 0.9], 2)]
    stream += [judged(Kind.NEWS, score, where=f"row {at}") for at, score in enumerate([0.55, 0.99, 0.2], 5)]

    found = evaluation(stream)

    assert [one.where for one in found.missed] == ["row 3", "row 2"]
    assert [(one.where, one.said) for one in found.false_alarms] == [("row 6", "news"), ("row 5", "news")]


def test_reliability_tells_stated_from_observed() -> None:
    found = evaluation([judged(Kind.COMPLAINT if at else Kind.NEWS, 0.75) for at in range(4)]).reliability

    (only,) = found
    assert (only.stated, only.observed, only.rows) == (pytest.approx(0.75), 0.75, 4)
    assert only.low < 0.75 < only.high


@pytest.mark.parametrize(
    ("stream", "said", "measured"),
    [
        ([judged(Kind.NEWS, 0.1), judged(Kind.OTHER, 0.6)], "no complaints among the 2 rows", "kind macro-F1"),
        ([judged(Kind.COMPLAINT, 0.9)] * 3, "only complaints among the 3 rows", "complaint recall"),
        ([judged(Kind.COMPLAINT, 0.9), judged(Kind.NEWS, 0.1)], "few complaints among the rows", "kind accuracy"),
        ([(a_row(topic=0), an_assessment())] * 2, "No row says whether it belongs to the complaints", "topic accuracy"),
        ([(a_row(urgent=0), an_assessment())] * 2, "All labels of urgent are the same", None),
        ([judged(Kind.NEWS, 0.1)], "All labels of kind are the same (news)", "kind accuracy"),
    ],
)  # fmt: skip
def test_data_that_cannot_carry_a_figure_get_a_note_and_no_figure(
    stream: Judged, said: str, measured: str | None
) -> None:
    found = evaluation(stream)

    assert any(said in note.english for note in found.notes), found.notes
    assert all(note.indonesian != note.english for note in found.notes)
    assert measured is None or measured in found.figures
    assert not any(math.isnan(figure.value) for figure in found.figures.values())
    assert (found.cut_off is None) == (found.policy_lines == [])


def test_good_data_need_no_note() -> None:
    assert evaluation(a_stream()).notes == []


def test_the_baseline_learns_what_words_tell_and_stands_beside_the_figures() -> None:
    chance = random.Random(3)
    words = {Kind.COMPLAINT: ["rusak", "berlubang", "padam"], Kind.NEWS: ["resmi", "wali", "meninjau"]}
    rows = [
        a_row(kind, text=" ".join(chance.choices(words[kind], k=6)) + f" {at % 9}")
        for at in range(40)
        for kind in (Kind.COMPLAINT, Kind.NEWS)
    ]
    told: list[int] = []
    found = evaluation([(row, an_assessment(Kind.NEWS)) for row in rows])

    beside = _baseline.beside(found, rows, told.append)

    assert beside.baseline["complaint F1"].value > 0.95
    assert beside.baseline["kind accuracy"].value > 0.95
    assert set(beside.baseline) == set(found.figures)
    assert sum(told) == _baseline.FOLDS * len(_baseline.TASKS)


def test_too_few_rows_for_a_baseline_are_said_to_be() -> None:
    stream = a_stream(12)
    found = _baseline.beside(evaluation(stream), [row for row, _ in stream], lambda _: None)

    assert found.baseline == {}
    assert "too few rows for a baseline" in found.notes[-1].english


def test_the_reports_words_are_the_boards() -> None:
    assert INDONESIAN["kind"] == {kind: label(kind) for kind in Kind}
    assert INDONESIAN["sentiment"] == {sentiment: label(sentiment) for sentiment in Sentiment}
    assert INDONESIAN["topic"] == {topic: label(topic) for topic in Topic}


def test_every_measure_is_explained() -> None:
    everything = a_row(Kind.COMPLAINT, sentiment=0, topic=0, urgent=1), an_assessment()
    nothing = a_row(Kind.NEWS, sentiment=1, topic=1, urgent=0), an_assessment(Kind.NEWS)

    assert set(evaluation([everything, nothing]).figures) == set(MEANINGS)
