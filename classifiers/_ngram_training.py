"""Fit the linear reader of n-grams (`_ngrams.py`) to a corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from classifiers._corpus import CLASSES, UNKNOWN, Corpus, Example
from classifiers._ngrams import BUCKETS, Ngrams, buckets
from classifiers._rounding import to_int8

# Inverse strength of the pull towards nought, and how far the fit is driven: not tuned. With half or double the first,
# the average precision beside the network changes by 0.001 on development posts.
_C = 12.0
_ITERATIONS = 60
# A set that training draws from a little in each pass counts as much here as eight passes would show of it.
_PASSES = 8
# What a class that no row has scores: never the answer.
_NEVER = -8.0

Floats = NDArray[np.float64]
Tokenise = Callable[[Sequence[str]], list[list[int]]]


def fit_ngrams(corpus: Corpus, tokenise: Tokenise) -> Ngrams:
    """The n-gram model of every head in CLASSES that ``corpus`` has labels for.

    ``tokenise`` gives the token ids of lower-cased texts as the service will make them.
    """
    examples = [
        example for one, some in corpus.sets for example in (some[: one.per_pass * _PASSES] if one.per_pass else some)
    ]
    present = _present(tokenise([example.text.lower() for example in examples]))
    seen_in = np.asarray(present.sum(axis=0)).ravel()
    rarity = np.log((1.0 + len(examples)) / (1.0 + seen_in)) + 1.0
    # What only one text has tells of that text alone.
    rarity[seen_in < 2] = 0.0  # noqa: PLR2004 -- as said
    features = normalize(present @ diags(rarity))
    weights: list[Floats] = []
    biases: list[Floats] = []
    columns: dict[str, slice] = {}
    for head, classes in CLASSES.items():
        labels = np.array([getattr(example, head) for example in examples])
        if len(set(labels[labels > UNKNOWN].tolist())) < 2:  # noqa: PLR2004 -- nothing to tell apart
            continue
        fitted, bias = _fit(features, labels, examples, len(classes))
        start = sum(one.shape[1] for one in weights)
        columns[head] = slice(start, start + len(classes))
        weights.append(fitted)
        biases.append(bias)
    rounded, scale = to_int8(np.concatenate(weights, axis=1))
    return Ngrams(
        weights=rounded,
        scale=scale,
        bias=np.concatenate(biases).astype(np.float32),
        rarity=rarity.astype(np.float32),
        columns=columns,
    )


def _present(ids: list[list[int]]) -> csr_matrix:
    rows = [buckets(one) for one in ids]
    ends = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return csr_matrix((np.ones(ends[-1], dtype=np.float32), np.concatenate(rows), ends), shape=(len(rows), BUCKETS))


def _fit(
    features: csr_matrix, labels: NDArray[np.int64], examples: Sequence[Example], classes: int
) -> tuple[Floats, Floats]:
    known = labels > UNKNOWN
    weight = np.array([example.weight for example in examples])
    model = LogisticRegression(C=_C, max_iter=_ITERATIONS, tol=1e-3, class_weight="balanced")
    model.fit(features[known], labels[known], sample_weight=weight[known])
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # noqa: PLR2004 -- two classes come as one line, the second's
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weights = np.zeros((features.shape[1], classes))
    bias = np.full(classes, _NEVER)
    weights[:, model.classes_] = coefficients.T
    bias[model.classes_] = intercepts
    return weights, bias
