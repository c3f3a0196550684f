"""Train the model of languages: `python -m classifiers.train_languages --labelled FILE --stream FILE`.

``--labelled`` files are CSV with ``text`` and ``language`` (id, jv, su, min, en, other). ``--stream`` files are CSV
with ``text``: informal posts that are Indonesian but for a few. A first model, of the labelled rows alone, throws out
of the stream what it is sure to be another language; the second learns from both.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from classifiers._rounding import to_int8
from classifiers.languages import BUCKETS, LABELS, SHIPPED, LanguageFinder, buckets, words
from sahut.core.model import Language

_C = 4.0
# From these probabilities on a post of the stream is taken for what the first model calls it, or left out.
_TAKE, _LEAVE = 0.95, 0.5
_LEAST_WORDS = 3


def read(paths: Sequence[Path]) -> list[dict[str, str]]:
    """The rows of CSV files."""
    rows: list[dict[str, str]] = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def features(texts: Sequence[str]) -> Any:
    """A sparse matrix (texts × BUCKETS): counts over the square root of their sum, as `LanguageFinder` scores."""
    values: list[float] = []
    columns: list[int] = []
    starts = [0]
    for text in texts:
        counts = Counter(bucket for word in words(text) for bucket in buckets(word))
        root = sqrt(counts.total()) or 1.0
        columns += counts.keys()
        values += [count / root for count in counts.values()]
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(texts), BUCKETS))


def train(labelled: Sequence[dict[str, str]], stream: Sequence[str]) -> tuple[Any, Any]:
    """Weights (BUCKETS × labels) and bias (labels), in float."""
    matrix = features([row["text"] for row in labelled])
    answers = [row["language"] for row in labelled]
    model = LogisticRegression(C=_C, max_iter=200).fit(matrix, answers)
    kept: list[str] = []
    found: list[str] = []
    posts = [text for text in stream if len(words(text)) >= _LEAST_WORDS]
    if posts:
        for text, row in zip(posts, model.predict_proba(features(posts)), strict=True):
            at = int(row.argmax())
            label = str(model.classes_[at])
            if label in (Language.INDONESIAN, Language.OTHER) or row[at] < _LEAVE:
                label = Language.INDONESIAN
            elif row[at] < _TAKE:
                continue
            kept.append(text)
            found.append(label)
        model = LogisticRegression(C=_C, max_iter=200).fit(
            features([*(row["text"] for row in labelled), *kept]), [*answers, *found]
        )
    order = [list(model.classes_).index(label) for label in LABELS]
    return model.coef_[order].T, model.intercept_[order]


def save(weights: Any, bias: Any, path: Path) -> None:
    """Write the model as `LanguageFinder` reads it: eight bits a weight, one scale a label."""
    rounded, scale = to_int8(weights)
    np.savez_compressed(path, weights=rounded, scale=scale, bias=bias.astype(np.float32))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, train, save; with ``--test`` also say how often the result is right."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.train_languages")
    parser.add_argument("--labelled", type=Path, nargs="+", required=True)
    parser.add_argument("--stream", type=Path, nargs="*", default=[])
    parser.add_argument("--test", type=Path, nargs="*", default=[])
    parser.add_argument("--output", type=Path, default=SHIPPED)
    asked = parser.parse_args(arguments)
    stream = [row["text"] for row in read(asked.stream)]
    weights, bias = train(read(asked.labelled), stream)
    save(weights, bias, asked.output)
    if asked.test:
        finder = LanguageFinder(asked.output)
        right = Counter((row["language"], finder.find(row["text"]) == row["language"]) for row in read(asked.test))
        for label in LABELS:
            total = right[label, True] + right[label, False]
            print(f"{label}: {right[label, True]} of {total}")  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
