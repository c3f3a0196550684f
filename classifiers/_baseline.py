"""The classifier to beat: TF-IDF of words and characters with a linear model, cross-validated on the very same rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from threadpoolctl import threadpool_limits

from classifiers._corpus import CLASSES, UNKNOWN, Example
from classifiers._cutoffs import label_of
from classifiers._measures import RESAMPLES, Array, Figure, bootstrap
from classifiers._words import NO_BASELINE
from classifiers.evaluate import Evaluation, class_figures, complaint_figures, urgent_figures
from sahut.core.model import Kind

FOLDS = 5
TASKS = (*CLASSES, "complaint", "urgent")
# Two classes that each reach every fold's training side, and text enough for the vectorizer's pruning.
_LEAST_OF_A_CLASS = 2 * FOLDS

Done = Callable[[int], object]


def tfidf_baseline() -> Pipeline:
    """Words 1 to 2 and characters 2 to 5, weighted by rarity, balanced logistic regression."""
    return make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
        ),
        LogisticRegression(class_weight="balanced", max_iter=300),
    )


def beside(found: Evaluation, rows: Sequence[Example], done: Done) -> Evaluation:
    """``found`` with the baseline's figures on the same ``rows``, or with a note that there are too few."""
    figures = cross_validate(rows, done)
    return replace(found, baseline=figures, notes=found.notes if figures else [*found.notes, NO_BASELINE])


def cross_validate(
    rows: Sequence[Example], done: Done, *, resamples: int = RESAMPLES, seed: int = 1
) -> dict[str, Figure]:
    """The measures of :func:`classifiers.evaluate.figures` for the baseline, by five-fold cross-validation.

    Folds are stratified, and equal texts stand in one fold. A task without ten rows of two classes is left out.
    ``done`` hears of each fold of each of TASKS.
    """
    # On matrices this small the threads of the linear algebra mostly wait for one another: four times slower.
    with threadpool_limits(1):
        return _cross_validate(rows, done, resamples=resamples, seed=seed)


def _cross_validate(rows: Sequence[Example], done: Done, *, resamples: int, seed: int) -> dict[str, Figure]:
    sure = partial(bootstrap, resamples=resamples, seed=seed)
    found: dict[str, Figure] = {}
    for task in TASKS:
        labels = np.array([_label(row, task) for row in rows])
        known = np.flatnonzero(labels > UNKNOWN)
        if (np.bincount(labels[known], minlength=1) >= _LEAST_OF_A_CLASS).sum() < 2:  # noqa: PLR2004 -- two classes
            done(FOLDS)
            continue
        texts = [rows[int(at)].text for at in known]
        said = labels[known]
        judged = np.zeros(len(said))
        for inside, outside in _folds(texts, said):
            judged[outside] = _judge(task, [texts[at] for at in inside], said[inside], [texts[at] for at in outside])
            done(1)
        found |= _figures(task, said.astype(np.float64), judged, sure)
    return found


def _label(row: Example, task: str) -> int:
    return label_of(row, [Kind.COMPLAINT]) if task == "complaint" else int(getattr(row, task))


def _folds(texts: Sequence[str], said: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    groups = np.unique([text.casefold() for text in texts], return_inverse=True)[1]
    with warnings.catch_warnings():
        # A class of fewer than five rows misses some folds, as it does in life.
        warnings.simplefilter("ignore", UserWarning)
        yield from StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1).split(texts, said, groups)


def _judge(task: str, texts: Sequence[str], said: np.ndarray, asked: Sequence[str]) -> np.ndarray:
    """Class numbers of a head, or the probability of complaint or urgent, for each text of ``asked``."""
    model = tfidf_baseline()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(texts, said)
    if task in CLASSES:
        return np.asarray(model.predict(asked), dtype=np.float64)
    return np.asarray(model.predict_proba(asked)[:, 1], dtype=np.float64)


def _figures(task: str, said: Array, judged: Array, sure: Callable[..., Figure]) -> dict[str, Figure]:
    if task in CLASSES:
        return class_figures(task, said, judged, sure)
    return complaint_figures(said, judged, sure) if task == "complaint" else urgent_figures(said, judged, sure)
