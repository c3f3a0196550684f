"""Each measure against scikit-learn's own, on arrays that a search makes up, and by hand where it has none."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from classifiers import _measures
from classifiers._measures import Array


def arrays(highest: int) -> st.SearchStrategy[tuple[Array, Array]]:
    """Labels of 0 or 1 beside coarse scores, so that ties are frequent."""
    row = st.tuples(st.integers(0, 1), st.integers(0, highest))
    return st.lists(row, min_size=1, max_size=40).map(
        lambda rows: (np.array([a for a, _ in rows], float), np.array([b for _, b in rows], float) / max(1, highest))
    )


def sklearns(measure: object, *given: object, **more: object) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(measure(*given, **more))  # type: ignore[operator]


@given(arrays(8))
def test_average_precision_is_scikit_learns(rows: tuple[Array, Array]) -> None:
    labels, scores = rows
    ours = _measures.average_precision(labels, scores)
    if labels.any():
        assert ours == pytest.approx(sklearns(metrics.average_precision_score, labels, scores))
    else:
        assert np.isnan(ours)


@given(arrays(8))
def test_auc_is_scikit_learns(rows: tuple[Array, Array]) -> None:
    labels, scores = rows
    ours = _measures.auc(labels, scores)
    if labels.any() and not labels.all():
        assert ours == pytest.approx(sklearns(metrics.roc_auc_score, labels, scores))
    else:
        assert np.isnan(ours)


@given(arrays(1))
def test_precision_recall_and_f1_are_scikit_learns(rows: tuple[Array, Array]) -> None:
    labels, called = rows
    assert _measures.precision(labels, called) == pytest.approx(
        sklearns(metrics.precision_score, labels, called, zero_division=0.0)
    )
    assert _measures.f1(labels, called) == pytest.approx(sklearns(metrics.f1_score, labels, called, zero_division=0.0))
    assert _measures.recall(labels, called) == pytest.approx(
        sklearns(metrics.recall_score, labels, called, zero_division=np.nan), nan_ok=True
    )


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_macro_f1_and_accuracy_are_scikit_learns(rows: list[tuple[int, int]]) -> None:
    said, judged = np.array(rows, float).T
    assert _measures.macro_f1(said, judged) == pytest.approx(
        sklearns(metrics.f1_score, said, judged, average="macro", labels=np.unique(said), zero_division=0.0)
    )
    assert _measures.accuracy(said, judged) == pytest.approx(sklearns(metrics.accuracy_score, said, judged))


@given(arrays(20), st.floats(0.01, 1.0))
def test_a_cut_off_is_the_highest_score_that_reaches_its_recall(rows: tuple[Array, Array], wanted: float) -> None:
    labels, scores = rows
    labels[0] = 1.0

    found = _measures.cut_off(labels, scores, recall=wanted)

    assert found.recall >= wanted - 1e-9
    assert found.recall == _measures.recall(labels, (scores >= found.threshold).astype(float))
    assert found.precision == pytest.approx(_measures.precision(labels, (scores >= found.threshold).astype(float)))
    higher = scores[(labels == 1) & (scores > found.threshold)]
    assert len(higher) < wanted * labels.sum() + 1e-9


def test_a_whole_number_of_positives_is_not_rounded_up() -> None:
    # 0.6 of 5 is 3.0000000000000004 to a computer, and four would be one too many.
    found = _measures.cut_off(np.ones(5), np.array([0.9, 0.8, 0.7, 0.6, 0.5]), recall=0.6)

    assert found.threshold == 0.7


def test_an_interval_narrows_with_more_rows() -> None:
    def width(copies: int) -> float:
        found = _measures.bootstrap(
            _measures.accuracy, np.array([0, 1, 1, 0.0] * copies), np.array([0, 1, 0, 0.0] * copies)
        )
        return found.high - found.low

    assert width(100) < width(10) / 2


def test_draws_on_which_a_measure_says_nothing_do_not_count() -> None:
    labels = np.array([1.0, *[0.0] * 9])
    found = _measures.bootstrap(_measures.recall, labels, labels)

    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_wilsons_interval_matches_the_textbook() -> None:
    # 81 of 263, from Newcombe (1998), table I.
    low, high = _measures.wilson(81 / 263, 263)

    assert (low, high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert _measures.wilson(0.0, 20) == (0.0, pytest.approx(0.1611, abs=1e-4))
    assert _measures.wilson(1.0, 1)[1] == 1.0
