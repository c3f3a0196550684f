"""How good a classifier is on labelled texts: every figure with a 95 % bootstrap interval.

Needs the extra ``train``.
"""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from classifiers._corpus import CLASSES, UNKNOWN, Example
from classifiers._text import clean
from sahut.core.errors import ClassifierError
from sahut.core.model import Assessment

Array = NDArray[np.float64]
Measure = Callable[[Array, Array], float]

_COMPLAINT = CLASSES["kind"].index("complaint")
_BINS = 10
_HEADS = (*CLASSES, "urgent", "complaint")


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


def read_labelled(path: Path) -> list[Example]:
    """The rows of a CSV (with header) or JSON-lines file: ``text`` and any of the labels.

    An absent or empty label is unknown. Raises ClassifierError for a file without ``text`` or a label that is not ours.
    """
    return [_example(row, f"{path}, row {number}") for number, row in enumerate(_rows(path), 1)]


def _rows(path: Path) -> Iterator[Mapping[str, object]]:
    with path.open(encoding="utf-8", newline="") as lines:
        if path.suffix == ".csv":
            yield from csv.DictReader(lines)
        else:
            for line in lines:
                yield json.loads(line)


def _example(row: Mapping[str, object], where: str) -> Example:
    if "text" not in row:
        raise ClassifierError(f"{where}: there is no text")
    numbers: dict[str, Any] = {head: _number(head, row.get(head), where) for head in _HEADS}
    return Example(text=clean(str(row["text"])), set=where, **numbers)


def _number(head: str, said: object, where: str) -> int:
    if said is None or said == "":
        return UNKNOWN
    if head in CLASSES:
        if said not in CLASSES[head]:
            raise ClassifierError(f"{where}: {said!r} is no {head}")
        return CLASSES[head].index(str(said))
    if str(said) not in {"0", "1"}:
        raise ClassifierError(f"{where}: {head} is {said!r}, not 0 or 1")
    return int(str(said))


def figures(
    examples: Sequence[Example], assessments: Sequence[Assessment], *, resamples: int = 500, seed: int = 1
) -> dict[str, Figure]:
    """Every measure that the labels allow, by name.

    ``assessments`` belong to ``examples`` one to one. A complaint is called at a probability of one half.
    """
    found: dict[str, Figure] = {}
    for head in CLASSES:
        said, judged = _classes(head, examples, assessments)
        if len(said):
            found[f"{head} macro-F1"] = bootstrap(_macro_f1, said, judged, resamples=resamples, seed=seed)
            found[f"{head} accuracy"] = bootstrap(
                lambda a, b: float((a == b).mean()), said, judged, resamples=resamples, seed=seed
            )
    labels, scores = complaints(examples, assessments)
    if len(labels):
        for name, measure in _COMPLAINT_MEASURES.items():
            found[f"complaint {name}"] = bootstrap(measure, labels, scores, resamples=resamples, seed=seed)
    known = [(row.urgent, judged.urgent) for row, judged in zip(examples, assessments, strict=True) if row.urgent >= 0]
    if known:
        said, judged = np.array(known, dtype=np.float64).T
        found["urgent average precision"] = bootstrap(
            average_precision_score, said, judged, resamples=resamples, seed=seed
        )
    return found


def complaints(examples: Sequence[Example], assessments: Sequence[Assessment]) -> tuple[Array, Array]:
    """0/1 labels and complaint probabilities, (rows,) each, of the rows that say whether they are complaints."""
    known = [
        (float(row.kind == _COMPLAINT) if row.kind > UNKNOWN else float(row.complaint), judged.complaint)
        for row, judged in zip(examples, assessments, strict=True)
        if max(row.kind, row.complaint) > UNKNOWN
    ]
    labels, scores = np.array(known, dtype=np.float64).reshape(-1, 2).T
    return labels, scores


def cut_off(labels: Array, scores: Array, *, recall: float) -> CutOff:
    """The highest threshold whose recall is at least ``recall`` (0 to 1). Raises ClassifierError without positives."""
    positives = np.sort(scores[labels == 1])[::-1]
    if not len(positives):
        raise ClassifierError("no row is labelled as a complaint: there is no recall to measure")
    threshold = float(positives[max(0, int(np.ceil(recall * len(positives))) - 1)])
    flagged = scores >= threshold
    hits = float(labels[flagged].sum())
    return CutOff(threshold=threshold, precision=hits / float(flagged.sum()), recall=hits / len(positives))


def calibration_error(labels: Array, scores: Array) -> float:
    """Expected calibration error over ten equal bins: the mean gap of stated and observed frequency, by rows."""
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    gaps = [abs(labels[bins == at].sum() - scores[bins == at].sum()) for at in range(_BINS)]
    return float(sum(gaps) / len(labels))


def bootstrap(measure: Measure, said: Array, judged: Array, *, resamples: int = 500, seed: int = 1) -> Figure:
    """``measure(said, judged)`` with its percentile interval over ``resamples`` draws of the rows."""
    chance = np.random.default_rng(seed)
    values = []
    with warnings.catch_warnings():
        # A resample may miss a rare class altogether; scikit-learn warns of each.
        warnings.simplefilter("ignore")
        for _ in range(resamples):
            rows = chance.integers(0, len(said), len(said))
            values.append(measure(said[rows], judged[rows]))
        value = float(measure(said, judged))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Figure(value, float(low), float(high), len(said))


def tfidf_baseline() -> Pipeline:
    """The classifier to beat: words 1 to 2 and characters 2 to 5, weighted by rarity, balanced logistic regression."""
    return make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
        ),
        LogisticRegression(class_weight="balanced", max_iter=300),
    )


def _classes(head: str, examples: Sequence[Example], assessments: Sequence[Assessment]) -> tuple[Array, Array]:
    known = [
        (getattr(row, head), CLASSES[head].index(getattr(judged, head)))
        for row, judged in zip(examples, assessments, strict=True)
        if getattr(row, head) > UNKNOWN
    ]
    said, judged = np.array(known, dtype=np.float64).reshape(-1, 2).T
    return said, judged


def _macro_f1(said: Array, judged: Array) -> float:
    return float(f1_score(said, judged, average="macro", labels=np.unique(said), zero_division=0.0))


def _both_ways_f1(labels: Array, scores: Array) -> float:
    return float(f1_score(labels, scores >= 0.5, average="macro", zero_division=0.0))  # noqa: PLR2004 -- one half


def _called(measure: Callable[..., float]) -> Measure:
    return lambda labels, scores: float(measure(labels, scores >= 0.5, zero_division=0.0))  # noqa: PLR2004 -- one half


def _precision_at_90(labels: Array, scores: Array) -> float:
    return cut_off(labels, scores, recall=0.9).precision if labels.any() else float("nan")


def _ranking(labels: Array, scores: Array) -> float:
    return float(roc_auc_score(labels, scores))


_COMPLAINT_MEASURES: Mapping[str, Measure] = {
    "precision": _called(precision_score),
    "recall": _called(recall_score),
    "F1": _called(f1_score),
    "macro-F1": _both_ways_f1,
    "average precision": average_precision_score,
    "AUC": _ranking,
    "precision at recall 0.90": _precision_at_90,
    "calibration error": calibration_error,
}
