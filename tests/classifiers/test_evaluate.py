"""The measures, on numbers small enough to check by hand."""

import json

import numpy as np
import pytest

from classifiers.evaluate import bootstrap, calibration_error, cut_off, figures, read_labelled
from classifiers.keywords import KeywordClassifier
from sahut.core.errors import ClassifierError


def test_cut_off_is_the_highest_that_reaches_the_recall() -> None:
    labels = np.array([1, 0, 1, 0, 1.0])
    scores = np.array([0.9, 0.8, 0.7, 0.4, 0.3])

    found = cut_off(labels, scores, recall=0.6)

    assert found.threshold == 0.7
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)


def test_there_is_no_cut_off_without_complaints() -> None:
    with pytest.raises(ClassifierError, match="no row"):
        cut_off(np.zeros(3), np.ones(3), recall=0.9)


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    assert calibration_error(np.array([0, 1, 0, 1.0]), np.full(4, 0.5)) == pytest.approx(0.0)
    assert calibration_error(np.zeros(4), np.full(4, 0.9)) == pytest.approx(0.9)


def test_an_interval_holds_its_value_and_repeats() -> None:
    said, judged = np.array([0, 1] * 30, dtype=float), np.array([0, 1, 1] * 20, dtype=float)

    def accuracy(a: np.ndarray, b: np.ndarray) -> float:
        return float((a == b).mean())

    found = bootstrap(accuracy, said, judged)

    assert found.low < found.value < found.high
    assert found == bootstrap(accuracy, said, judged)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_labelled_file_gives_the_figures_that_its_labels_allow(tmp_path, suffix: str) -> None:  # type: ignore[no-untyped-def]
    rows = [
        {"text": "jalan rusak, tolong diperbaiki", "kind": "complaint"},
        {"text": "selamat pagi semua", "kind": "other"},
    ]
    path = tmp_path / f"rows{suffix}"
    if suffix == ".csv":
        path.write_text("text,kind\n" + "".join(f'"{row["text"]}",{row["kind"]}\n' for row in rows), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    examples = read_labelled(path)
    found = figures(examples, KeywordClassifier().predict([row.text for row in examples]), resamples=20)

    assert found["complaint F1"].value == 1.0
    assert found["kind accuracy"].rows == 2
    assert "topic accuracy" not in found


def test_a_label_that_is_not_ours_is_refused_with_its_row(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "rows.csv"
    path.write_text("text,kind\nhalo,complaint\nhalo,gripe\n", encoding="utf-8")

    with pytest.raises(ClassifierError, match="row 3, column kind: 'gripe' is no kind"):
        read_labelled(path)
