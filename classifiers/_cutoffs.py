"""Where to cut off: the precision/recall curve, and thresholds for a wanted recall as lines for the policy file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers._corpus import CLASSES, UNKNOWN, Example
from classifiers._labelled import LabelledRow
from classifiers._measures import Array, Figure, Measure, cut_off, precision, precision_at, recall
from sahut.core import rules
from sahut.core.model import Assessment, Kind, Policy, Topic

# Fewer positives leave a cut-off to chance: of thirty, a recall of 0.90 misses three.
ENOUGH_POSITIVES = 30
_CURVE = (0.99, 0.95, 0.90, 0.85, 0.80, 0.70, 0.60, 0.50)
_LINE_POINTS = 400

Bootstrap = Callable[[Measure, Array, Array], Figure]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows that say whether they are of a flagged kind: 0/1 ``labels`` and summed probabilities, (rows,) each."""

    labels: Array
    scores: Array
    rows: list[LabelledRow]
    assessments: list[Assessment]


@dataclass(frozen=True, slots=True)
class Point:
    """A row of the precision/recall curve: the highest ``threshold`` that reaches ``recall``; ``flagged`` a share."""

    recall: float
    threshold: float
    precision: Figure
    flagged: float


@dataclass(frozen=True, slots=True)
class Flagging:
    """What flagging does: the share of the wanted that it catches, of the caught that is wanted, of all it catches."""

    recall: Figure
    precision: Figure
    flagged: Figure


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold and what it does on these rows. ``name`` is a topic or a source, empty for all of them."""

    name: str
    threshold: float
    positives: int
    effect: Flagging


def label_of(row: Example, kinds: Sequence[Kind]) -> int:
    """1 when the row's label is among ``kinds``, 0 when not, UNKNOWN where it does not say.

    Of a row that only says complaint or not, a "not" leaves it open whether it is another of several kinds.
    """
    if row.kind > UNKNOWN:
        return int(CLASSES["kind"][row.kind] in kinds)
    if row.complaint == 1:
        return int(Kind.COMPLAINT in kinds)
    return row.complaint if list(kinds) == [Kind.COMPLAINT] else UNKNOWN


def wanted(rows: Sequence[LabelledRow], assessments: Sequence[Assessment], kinds: Sequence[Kind]) -> Wanted:
    """What is wanted by a policy that flags ``kinds``."""
    known = [
        (row, judged, label)
        for row, judged in zip(rows, assessments, strict=True)
        if (label := label_of(row, kinds)) > UNKNOWN
    ]
    return Wanted(
        labels=np.array([label for *_, label in known], dtype=np.float64),
        scores=np.array([sum(judged.kinds.get(kind, 0.0) for kind in kinds) for _, judged, _ in known]),
        rows=[row for row, *_ in known],
        assessments=[judged for _, judged, _ in known],
    )


def in_force(found: Wanted, policy: Policy, sure: Bootstrap) -> Flagging:
    """What ``policy`` does as it stands, with its thresholds by source and topic."""
    thresholds = [
        rules.threshold_for(row.source, judged, policy)
        for row, judged in zip(found.rows, found.assessments, strict=True)
    ]
    return _effect(found.labels, found.scores >= np.array(thresholds), sure)


def curve(found: Wanted, also: float, sure: Bootstrap) -> list[Point]:
    """A few rows of the curve, highest recall first, ``also`` among them."""
    points = []
    for at in sorted({*_CURVE, also}, reverse=True):
        there = cut_off(found.labels, found.scores, recall=at)
        points.append(
            Point(
                recall=there.recall,
                threshold=there.threshold,
                precision=sure(precision_at(at), found.labels, found.scores),
                flagged=float((found.scores >= there.threshold).mean()),
            )
        )
    return list({point.threshold: point for point in points}.values())


def line(found: Wanted) -> list[tuple[float, float]]:
    """(recall, precision) down the scores, at most a few hundred points: the curve as drawn."""
    order = np.argsort(-found.scores, kind="stable")
    hits = np.cumsum(found.labels[order])
    last = np.append(np.flatnonzero(np.diff(found.scores[order])), len(order) - 1)
    last = last[hits[last] > 0]
    shown = last[np.unique(np.linspace(0, len(last) - 1, min(_LINE_POINTS, len(last))).astype(int))]
    return [(float(hits[at] / hits[-1]), float(hits[at] / (at + 1))) for at in shown]


def propose(found: Wanted, at_recall: float, sure: Bootstrap, name: str = "") -> Proposal:
    """The cut-off for ``at_recall``, rounded down so that the recall holds. Raises ClassifierError without positives.

    The intervals are of this fixed threshold. It was chosen on the same rows, so new ones do a little worse.
    """
    threshold = _down(cut_off(found.labels, found.scores, recall=at_recall).threshold)
    effect = _effect(found.labels, found.scores >= threshold, sure)
    return Proposal(name, threshold, int(found.labels.sum()), effect)


def propose_by(
    found: Wanted, group_of: Callable[[LabelledRow, Assessment], str], at_recall: float, sure: Bootstrap
) -> list[Proposal]:
    """A proposal for each group with enough positives, most positives first; none for a group of all rows."""
    names = np.array([group_of(row, judged) for row, judged in zip(found.rows, found.assessments, strict=True)])
    proposals = []
    for name in sorted(set(names) - {""}):
        inside = np.flatnonzero(names == name)
        part = Wanted(found.labels[inside], found.scores[inside], [], [])
        if part.labels.sum() >= ENOUGH_POSITIVES and len(inside) < len(names):
            proposals.append(propose(part, at_recall, sure, str(name)))
    return sorted(proposals, key=lambda one: -one.positives)


def topic_of(_row: LabelledRow, judged: Assessment) -> str:
    """The judged topic: when a policy is applied, no other is known."""
    return str(judged.topic)


def source_of(row: LabelledRow, _judged: Assessment) -> str:
    """The source's name as the file says it."""
    return row.source


def policy_lines(
    policy: Policy, overall: Proposal, by_topic: Sequence[Proposal], by_source: Sequence[Proposal]
) -> list[str]:
    """TOML that replaces the ``flagging`` tables of a policy file."""
    kinds = ", ".join(json.dumps(str(kind)) for kind in Kind if kind in policy.flagged_kinds)
    lines = [
        "[flagging]",
        f"kinds = [{kinds}]",
        f"threshold = {overall.threshold}  # {_effect_words(overall)}",
        f"urgent_threshold = {policy.urgent_threshold}",
    ]
    if by_topic:
        lines += ["", "[flagging.topics]"]
        lines += [f"{Topic(one.name)} = {one.threshold}  # {_effect_words(one)}" for one in by_topic]
    if by_source:
        lines += ["", "[flagging.sources]"]
        # A JSON string is a TOML string but for DEL, which a name has only by accident.
        names = [json.dumps(one.name, ensure_ascii=False).replace("\x7f", "\\u007f") for one in by_source]
        lines += [
            f"{name} = {one.threshold}  # {_effect_words(one)}" for name, one in zip(names, by_source, strict=True)
        ]
    return lines


def _effect_words(one: Proposal) -> str:
    effect = one.effect
    return f"recall {effect.recall.value:.2f}, precision {effect.precision.value:.2f}, positives {one.positives}"


def _effect(labels: Array, called: NDArray[np.bool_], sure: Bootstrap) -> Flagging:
    chosen = called.astype(np.float64)
    return Flagging(
        recall=sure(recall, labels, chosen),
        precision=sure(precision, labels, chosen),
        flagged=sure(_share, labels, chosen),
    )


def _share(_labels: Array, called: Array) -> float:
    return float(called.mean())


def _down(threshold: float) -> float:
    """Rounded down to three decimals, or to six where three would leave nothing."""
    for digits in (3, 6):
        rounded = float(np.floor(threshold * 10**digits) / 10**digits)
        if rounded > 0:
            return round(rounded, digits)
    return threshold
