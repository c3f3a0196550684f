"""How good a classifier is on labelled texts: every figure with a 95 % bootstrap interval, and where to cut off.

`sahut evaluate` runs :func:`evaluate`; a training measures its models with :func:`figures`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from classifiers import _cutoffs
from classifiers._corpus import CLASSES, UNKNOWN, Example
from classifiers._cutoffs import Flagging, Point, Proposal, Wanted
from classifiers._labelled import GROUPINGS, LabelledRow, read_labelled
from classifiers._measures import (
    BINS,
    HALF,
    RESAMPLES,
    Array,
    CutOff,
    Figure,
    Measure,
    accuracy,
    at_half,
    auc,
    average_precision,
    bootstrap,
    calibration_error,
    cut_off,
    f1,
    in_bins,
    macro_f1,
    precision,
    precision_at,
    recall,
    wilson,
)
from classifiers._words import Note, notes_on
from sahut.core.model import Assessment, Kind, Policy
from sahut.core.ports import Classifier

__all__ = [
    "CutOff",
    "Evaluation",
    "Figure",
    "LabelledRow",
    "bootstrap",
    "calibration_error",
    "complaints",
    "cut_off",
    "evaluate",
    "figures",
    "predict",
    "read_labelled",
]

_ENOUGH_ROWS = 20
# Of fewer, the resamples say too little: three that are all missed give an interval from 0 to 0.
_ENOUGH_COMPLAINTS = 10
_GROUPS_SHOWN = 30
_CHUNK = 256
_MISTAKES = 10
_GROUP_FIGURES = (
    "complaint precision",
    "complaint recall",
    "complaint F1",
    "complaint average precision",
    "kind macro-F1",
    "sentiment macro-F1",
    "topic accuracy",
)

Done = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose stated probability lies in one tenth: the mean of what was stated, and what was observed.

    ``low`` to ``high`` is the 95 % interval of Wilson (1927), which holds for few rows and at 0 and 1 too.
    """

    stated: float
    observed: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """``counts[said][judged]`` in rows, over the classes that occur in either, in Sahut's order."""

    labels: list[str]
    counts: list[list[int]]

    def mix_ups(self) -> list[tuple[str, str, int]]:
        """(said, judged, rows) of every wrong pair, most frequent first."""
        pairs = [
            (said, judged, self.counts[i][j])
            for i, said in enumerate(self.labels)
            for j, judged in enumerate(self.labels)
            if i != j and self.counts[i][j]
        ]
        return sorted(pairs, key=lambda pair: -pair[2])


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row that was judged wrong with confidence: ``score`` is its stated probability, ``text`` as the model read it.

    ``said`` is the label, empty where the file only says complaint or not.
    """

    where: str
    score: float
    said: str
    judged: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that `sahut evaluate` says. Empty parts are what the labels do not allow; ``notes`` says why."""

    data: str
    model: str
    rows: int
    policy: Policy
    wanted_recall: float
    positives: int
    figures: dict[str, Figure]
    groups: dict[str, dict[str, dict[str, Figure]]]
    reliability: list[Bin]
    confusions: dict[str, Confusion]
    in_force: Flagging | None = None
    curve: list[Point] = field(default_factory=list)
    line: list[tuple[float, float]] = field(default_factory=list)
    cut_off: Proposal | None = None
    by_topic: list[Proposal] = field(default_factory=list)
    by_source: list[Proposal] = field(default_factory=list)
    missed: list[Mistake] = field(default_factory=list)
    false_alarms: list[Mistake] = field(default_factory=list)
    baseline: dict[str, Figure] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    @property
    def kinds(self) -> list[Kind]:
        """The kinds that the policy flags, in Sahut's order."""
        return [kind for kind in Kind if kind in self.policy.flagged_kinds]

    @property
    def policy_lines(self) -> list[str]:
        """The proposal as TOML in place of a policy's ``flagging`` tables; nothing without a proposal."""
        if self.cut_off is None:
            return []
        return _cutoffs.policy_lines(self.policy, self.cut_off, self.by_topic, self.by_source)


def predict(classifier: Classifier, rows: Sequence[LabelledRow], done: Done) -> list[Assessment]:
    """One assessment for each row, from its raw text as the service reads it; ``done`` hears of each batch's size."""
    found: list[Assessment] = []
    for start in range(0, len(rows), _CHUNK):
        texts = [row.raw for row in rows[start : start + _CHUNK]]
        found += classifier.predict(texts)
        done(len(texts))
    return found


def evaluate(
    rows: Sequence[LabelledRow],
    assessments: Sequence[Assessment],
    *,
    data: str,
    policy: Policy,
    wanted_recall: float = 0.90,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> Evaluation:
    """Measure ``assessments``, which belong to ``rows`` (one at least) one to one.

    Cut-offs are for the kinds that ``policy`` flags; "in force" is the policy as it stands.
    """
    kinds = [kind for kind in Kind if kind in policy.flagged_kinds]
    found = _cutoffs.wanted(rows, assessments, kinds)
    sure = partial(bootstrap, resamples=resamples, seed=seed)
    both = bool(found.labels.any()) and not found.labels.all()
    missed, false_alarms = _mistakes(found)
    return Evaluation(
        data=data,
        model=assessments[0].model,
        rows=len(rows),
        policy=policy,
        wanted_recall=wanted_recall,
        positives=int(found.labels.sum()),
        figures=figures(rows, assessments, resamples=resamples, seed=seed),
        groups=_by_group(rows, assessments, resamples=resamples, seed=seed),
        reliability=_reliability(found),
        confusions=_confusions(rows, assessments),
        in_force=_cutoffs.in_force(found, policy, sure) if both else None,
        curve=_cutoffs.curve(found, wanted_recall, sure) if both else [],
        line=_cutoffs.line(found) if both else [],
        cut_off=_cutoffs.propose(found, wanted_recall, sure) if both else None,
        by_topic=_cutoffs.propose_by(found, _cutoffs.topic_of, wanted_recall, sure) if both else [],
        by_source=_cutoffs.propose_by(found, _cutoffs.source_of, wanted_recall, sure) if both else [],
        missed=missed,
        false_alarms=false_alarms,
        notes=notes_on(rows, found.labels, kinds),
    )


def figures(
    examples: Sequence[Example], assessments: Sequence[Assessment], *, resamples: int = RESAMPLES, seed: int = 1
) -> dict[str, Figure]:
    """Every measure that the labels allow, by name.

    ``assessments`` belong to ``examples`` one to one. A complaint is called at a probability of one half.
    """
    sure = partial(bootstrap, resamples=resamples, seed=seed)
    found = complaint_figures(*complaints(examples, assessments), sure)
    for head in CLASSES:
        found |= class_figures(head, *_classes(head, examples, assessments), sure)
    known = [(row.urgent, judged.urgent) for row, judged in zip(examples, assessments, strict=True) if row.urgent >= 0]
    return found | urgent_figures(*_pairs(known), sure)


def class_figures(head: str, said: Array, judged: Array, sure: _cutoffs.Bootstrap) -> dict[str, Figure]:
    """Macro-F1 and accuracy of one head, class numbers (rows,) each; of a single class, the accuracy alone."""
    found: dict[str, Figure] = {}
    if len(np.unique(said)) > 1:
        found[f"{head} macro-F1"] = sure(macro_f1, said, judged)
    if len(said):
        found[f"{head} accuracy"] = sure(accuracy, said, judged)
    return found


def complaint_figures(labels: Array, scores: Array, sure: _cutoffs.Bootstrap) -> dict[str, Figure]:
    """The measures of complaint or not, from 0/1 labels and probabilities, (rows,) each, that such labels allow."""
    if not len(labels):
        return {}
    measures = _COMPLAINT_MEASURES
    if not labels.any():
        measures = {"calibration error": calibration_error}
    elif labels.all():
        measures = {"recall": _COMPLAINT_MEASURES["recall"], "calibration error": calibration_error}
    return {f"complaint {name}": sure(measure, labels, scores) for name, measure in measures.items()}


def urgent_figures(labels: Array, scores: Array, sure: _cutoffs.Bootstrap) -> dict[str, Figure]:
    """Average precision of urgent, from 0/1 labels and probabilities, where both labels occur."""
    if not labels.any() or labels.all():
        return {}
    return {"urgent average precision": sure(average_precision, labels, scores)}


def complaints(examples: Sequence[Example], assessments: Sequence[Assessment]) -> tuple[Array, Array]:
    """0/1 labels and complaint probabilities, (rows,) each, of the rows that say whether they are complaints."""
    said = [_cutoffs.label_of(row, [Kind.COMPLAINT]) for row in examples]
    known = [(label, judged.complaint) for label, judged in zip(said, assessments, strict=True) if label > UNKNOWN]
    return _pairs(known)


def _pairs(known: Sequence[tuple[float, float]]) -> tuple[Array, Array]:
    first, second = np.array(known, dtype=np.float64).reshape(-1, 2).T
    return first, second


def _classes(head: str, examples: Sequence[Example], assessments: Sequence[Assessment]) -> tuple[Array, Array]:
    return _pairs(
        [
            (getattr(row, head), CLASSES[head].index(getattr(judged, head)))
            for row, judged in zip(examples, assessments, strict=True)
            if getattr(row, head) > UNKNOWN
        ]
    )


def _by_group(
    rows: Sequence[LabelledRow], assessments: Sequence[Assessment], *, resamples: int, seed: int
) -> dict[str, dict[str, dict[str, Figure]]]:
    """Grouping → group → figures, for groups with rows enough, the largest first."""
    found: dict[str, dict[str, dict[str, Figure]]] = {}
    for grouping in GROUPINGS:
        names = [getattr(row, grouping) for row in rows]
        for name, count in Counter(name for name in names if name).most_common(_GROUPS_SHOWN):
            if count < _ENOUGH_ROWS:
                break
            inside = [at for at, one in enumerate(names) if one == name]
            all_figures = figures(
                [rows[at] for at in inside], [assessments[at] for at in inside], resamples=resamples, seed=seed
            )
            enough = sum(_cutoffs.label_of(rows[at], [Kind.COMPLAINT]) == 1 for at in inside) >= _ENOUGH_COMPLAINTS
            found.setdefault(grouping, {})[name] = {
                measure: all_figures[measure]
                for measure in _GROUP_FIGURES
                if measure in all_figures and (enough or not measure.startswith("complaint"))
            }
    return found


def _confusions(rows: Sequence[LabelledRow], assessments: Sequence[Assessment]) -> dict[str, Confusion]:
    found = {}
    for head, words in CLASSES.items():
        said, judged = (side.astype(int) for side in _classes(head, rows, assessments))
        if not len(said):
            continue
        counts = np.zeros((len(words), len(words)), dtype=int)
        np.add.at(counts, (said, judged), 1)
        seen = np.flatnonzero(counts.sum(0) + counts.sum(1))
        found[head] = Confusion([words[at] for at in seen], counts[np.ix_(seen, seen)].tolist())
    return found


def _reliability(found: Wanted) -> list[Bin]:
    bins = in_bins(found.scores)
    tenths = []
    for at in range(BINS):
        inside = bins == at
        if inside.any():
            observed, rows = float(found.labels[inside].mean()), int(inside.sum())
            tenths.append(Bin(float(found.scores[inside].mean()), observed, *wilson(observed, rows), rows))
    return tenths


def _mistakes(found: Wanted) -> tuple[list[Mistake], list[Mistake]]:
    """The positives with the lowest scores, and the negatives with the highest, on the wrong side of one half."""
    order = np.argsort(found.scores, kind="stable")
    missed = [at for at in order if found.labels[at] and found.scores[at] < HALF]
    alarms = [at for at in order[::-1] if not found.labels[at] and found.scores[at] >= HALF]

    def shown(at: int) -> Mistake:
        row, judged = found.rows[at], found.assessments[at]
        said = CLASSES["kind"][row.kind] if row.kind > UNKNOWN else ""
        return Mistake(row.where, float(found.scores[at]), said, str(judged.kind), row.text)

    return [shown(at) for at in missed[:_MISTAKES]], [shown(at) for at in alarms[:_MISTAKES]]


_COMPLAINT_MEASURES: dict[str, Measure] = {
    "precision": at_half(precision),
    "recall": at_half(recall),
    "F1": at_half(f1),
    "macro-F1": at_half(macro_f1),
    "average precision": average_precision,
    "AUC": auc,
    "precision at recall 0.90": precision_at(0.9),
    "calibration error": calibration_error,
}
