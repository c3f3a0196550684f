"""The measures, each over arrays of rows, and the bootstrap that says how sure a figure is.

Written over numpy although scikit-learn has them: its own take about 3 ms a call whatever the size, nearly all of it
checks, which 500 resamples of some sixty figures would turn into minutes. The tests hold each to scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sahut.core.errors import ClassifierError

Array = NDArray[np.float64]
Measure = Callable[[Array, Array], float]

RESAMPLES = 500
BINS = 10
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure on ``rows`` rows, and where 95 % of its bootstrap resamples lie."""

    value: float
    low: float
    high: float
    rows: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}, {self.rows} rows)"


@dataclass(frozen=True, slots=True)
class CutOff:
    """The highest threshold on the complaint probability that reaches a wanted recall, and what it costs."""

    threshold: float
    precision: float
    recall: float


def bootstrap(measure: Measure, said: Array, judged: Array, *, resamples: int = RESAMPLES, seed: int = 1) -> Figure:
    """``measure(said, judged)`` with its percentile interval over ``resamples`` draws of the rows (Efron 1979).

    A draw on which the measure says nothing (NaN: it missed a rare class) does not count.
    """
    chance = np.random.default_rng(seed)
    value = measure(said, judged)
    draws = (chance.integers(0, len(said), len(said)) for _ in range(resamples))
    values = np.array([measure(said[rows], judged[rows]) for rows in draws])
    known = values[~np.isnan(values)]
    low, high = np.percentile(known if len(known) else [value], [2.5, 97.5])
    return Figure(float(value), float(low), float(high), len(said))


def accuracy(said: Array, judged: Array) -> float:
    """Share of rows whose class is right."""
    return float((said == judged).mean())


def macro_f1(said: Array, judged: Array) -> float:
    """Mean over the classes that ``said`` has of F1 = 2 · hits / (labelled so + judged so)."""
    classes = np.unique(said)
    hits = np.array([((said == one) & (judged == one)).sum() for one in classes])
    sizes = np.array([(said == one).sum() + (judged == one).sum() for one in classes])
    return float((2 * hits / sizes).mean())


def precision(labels: Array, called: Array) -> float:
    """Share of the called rows that are positive; 0 where none is called, as scikit-learn has it."""
    return float(labels[called > 0].sum() / max(1.0, called.sum()))


def recall(labels: Array, called: Array) -> float:
    """Share of the positive rows that are called; NaN where none is positive."""
    return float(called[labels > 0].sum() / labels.sum()) if labels.any() else float("nan")


def f1(labels: Array, called: Array) -> float:
    """2 · hits / (positive + called); 0 where there is neither."""
    return float(2 * (labels * called).sum() / max(1.0, labels.sum() + called.sum()))


def average_precision(labels: Array, scores: Array) -> float:
    """Σ (recall_n − recall_{n−1}) · precision_n down the distinct scores; NaN where none is positive."""
    if not labels.any():
        return float("nan")
    hits, called = _down_the_scores(labels, scores)
    return float((np.diff(hits, prepend=0.0) * hits / called).sum() / labels.sum())


def auc(labels: Array, scores: Array) -> float:
    """Probability that a positive row scores higher than a negative one, ties halved; NaN with one class only."""
    hits, called = _down_the_scores(labels, scores)
    false = called - hits
    if not hits[-1] or not false[-1]:
        return float("nan")
    return float(np.trapezoid(np.append(0.0, hits), np.append(0.0, false)) / (hits[-1] * false[-1]))


def _down_the_scores(labels: Array, scores: Array) -> tuple[Array, Array]:
    """Positives and rows at or above each distinct score, from the highest score down."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    return np.cumsum(labels[order])[last], last + 1.0


def calibration_error(labels: Array, scores: Array) -> float:
    """Expected calibration error over ten equal bins: the mean gap of stated and observed frequency, by rows."""
    bins = in_bins(scores)
    gaps = np.abs(np.bincount(bins, labels, BINS) - np.bincount(bins, scores, BINS))
    return float(gaps.sum() / len(labels))


def in_bins(scores: Array) -> NDArray[np.intp]:
    """Which of the ten equal bins each probability falls into; 1 belongs to the last."""
    return np.minimum((scores * BINS).astype(np.intp), BINS - 1)


def wilson(share: float, rows: int) -> tuple[float, float]:
    """The 95 % score interval of a ``share`` seen on ``rows`` rows (Wilson 1927)."""
    z = 1.959964
    middle = share + z * z / (2 * rows)
    half = z * np.sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2)
    scale = 1 + z * z / rows
    return max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale))


def cut_off(labels: Array, scores: Array, *, recall: float) -> CutOff:
    """The highest threshold whose recall is at least ``recall`` (0 to 1). Raises ClassifierError without positives."""
    positives = np.sort(scores[labels == 1])[::-1]
    if not len(positives):
        raise ClassifierError("no row is labelled as a complaint: there is no recall to measure")
    # A hair less: 0.6 · 5 is 3.0000000000000004 to a computer.
    wanted = int(np.ceil(recall * len(positives) - 1e-9))
    threshold = float(positives[max(0, wanted - 1)])
    flagged = scores >= threshold
    hits = float(labels[flagged].sum())
    return CutOff(threshold=threshold, precision=hits / float(flagged.sum()), recall=hits / len(positives))


def at_half(measure: Measure) -> Measure:
    """``measure`` of what a probability of one half or more calls."""
    return lambda labels, scores: measure(labels, (scores >= HALF).astype(np.float64))


def precision_at(wanted: float) -> Measure:
    """The precision of the highest cut-off whose recall is at least ``wanted``; NaN where none is positive."""
    return lambda labels, scores: cut_off(labels, scores, recall=wanted).precision if labels.any() else float("nan")
