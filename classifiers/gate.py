"""The gate before a candidate becomes the current model: better on what staff decided, no worse on fixed test sets.

Both models judge the same rows, so their difference is resampled pair by pair (paired bootstrap; Efron and Tibshirani
1993, ch. 8; Koehn 2004 for comparing systems): a row that is hard for both moves neither.

*Better*: on held-out decisions the average precision of the complaint probability is higher, and stays so in nine of
ten resamples. *No worse*: of no measure of a test set does the whole 95 % interval of the difference lie below zero,
and none falls by more than 0.02. The noise allowed is therefore the test set's own, up to two points.

Staff decide mostly on what the current model flagged. Held-out decisions so tell whether a candidate orders those
better, and little of what it would find among the filed: that is what the fixed test sets are for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers._corpus import CLASSES, UNKNOWN, Example
from classifiers._cutoffs import label_of
from classifiers._measures import Array, Measure, accuracy, at_half, average_precision, f1, macro_f1
from classifiers.evaluate import LabelledRow, complaints, predict
from sahut.core.model import Assessment, Kind
from sahut.core.ports import Classifier

DECISIONS = "held-out decisions"
RESAMPLES = 1_000
# Of fewer rows of either kind nobody can say which model is better.
ENOUGH = 15
LARGEST_FALL = 0.02
_ONE_SIDED = 0.90

Done = Callable[[int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One measure of both models on ``rows`` rows; ``low`` to ``high`` holds 95 % of the resampled differences.

    ``surely_better`` is the share of resamples in which the candidate is better.
    """

    rows_of: str
    measure: str
    rows: int
    current: float
    candidate: float
    low: float
    high: float
    surely_better: float

    @property
    def change(self) -> float:
        """Candidate less current."""
        return self.candidate - self.current


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the gate says. ``reasons`` against the candidate, in words; it passes without any."""

    current: str
    candidate: str
    differences: Sequence[Difference]
    reasons: Sequence[str]

    @property
    def passes(self) -> bool:
        """Whether the candidate may become current."""
        return not self.reasons


def compare(
    current: Classifier,
    candidate: Classifier,
    decisions: Sequence[LabelledRow],
    tests: Mapping[str, Sequence[LabelledRow]],
    done: Done,
) -> Comparison:
    """Judge every row with both models and say whether ``candidate`` may replace ``current``.

    ``done`` hears how many more judgements were made.
    """
    found: list[Difference] = []
    for name, rows in ((DECISIONS, decisions), *tests.items()):
        if rows:
            found += differences(name, rows, predict(current, rows, done), predict(candidate, rows, done))
    return Comparison(
        current=current.model,
        candidate=candidate.model,
        differences=found,
        reasons=[*_not_better(decisions, found), *_worse(found, tests)],
    )


def differences(
    name: str, rows: Sequence[Example], current: Sequence[Assessment], candidate: Sequence[Assessment], *, seed: int = 1
) -> list[Difference]:
    """The two models' measures on ``rows``, to which both lists of assessments belong one to one."""
    found: list[Difference] = []
    labels, old = complaints(rows, current)
    _, new = complaints(rows, candidate)
    if labels.any() and not labels.all():
        found.append(_paired(name, "complaint average precision", average_precision, labels, old, new, seed))
        found.append(_paired(name, "complaint F1", at_half(f1), labels, old, new, seed))
    for head, measure, words in (
        ("kind", macro_f1, "kind macro-F1"),
        ("sentiment", macro_f1, "sentiment macro-F1"),
        ("topic", accuracy, "topic accuracy"),
    ):
        said = np.array([getattr(row, head) for row in rows], dtype=np.float64)
        known = said > UNKNOWN
        # Of a single class, a model that says nothing else would be perfect.
        if len(np.unique(said[known])) > 1:
            old, new = (
                np.array([CLASSES[head].index(getattr(one, head)) for one in judged], dtype=np.float64)[known]
                for judged in (current, candidate)
            )
            found.append(_paired(name, words, measure, said[known], old, new, seed))
    return found


def _paired(
    name: str, words: str, measure: Measure, labels: Array, current: Array, candidate: Array, seed: int
) -> Difference:
    chance = np.random.default_rng(seed)
    draws = (chance.integers(0, len(labels), len(labels)) for _ in range(RESAMPLES))
    changes = np.array([measure(labels[at], candidate[at]) - measure(labels[at], current[at]) for at in draws])
    changes = changes[~np.isnan(changes)]
    low, high = np.percentile(changes, [2.5, 97.5])
    return Difference(
        rows_of=name,
        measure=words,
        rows=len(labels),
        current=measure(labels, current),
        candidate=measure(labels, candidate),
        low=float(low),
        high=float(high),
        surely_better=float((changes > 0).mean()),
    )


def _not_better(decisions: Sequence[Example], found: Sequence[Difference]) -> list[str]:
    labels = [label_of(row, [Kind.COMPLAINT]) for row in decisions]
    positive, negative = labels.count(1), labels.count(0)
    if min(positive, negative) < ENOUGH:
        few = f"{positive} complaints and {negative} that are none, and {ENOUGH} of each are needed"
        return [f"there are too few held-out decisions to tell: {few}. One decision in five is held out"]
    decisive = next(one for one in found if one.rows_of == DECISIONS)
    if decisive.change > 0 and decisive.surely_better >= _ONE_SIDED:
        return []
    figures = f"average precision {decisive.candidate:.3f} after {decisive.current:.3f}"
    share = f"better in {decisive.surely_better:.0%} of resamples, and {_ONE_SIDED:.0%} are wanted"
    return [f"it is not surely better on {decisive.rows} held-out decisions: {figures}, {share}"]


def _worse(found: Sequence[Difference], tests: Mapping[str, Sequence[Example]]) -> list[str]:
    if not tests:
        return ["there is no fixed test set: put one into the folder of tests, or name one"]
    return [
        f"it is worse on {one.rows_of}: {one.measure} {one.candidate:.3f} after {one.current:.3f} "
        f"(difference {one.low:+.3f} to {one.high:+.3f})"
        for one in found
        if one.rows_of != DECISIONS and (one.high < 0 or one.change < -LARGEST_FALL)
    ]
