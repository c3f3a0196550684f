"""Whether a month differs from the one before: scores, what is flagged, and what staff made of it. Pure, as the rules.

*Scores* are compared by the population stability index, ``PSI = Σ (aᵢ - eᵢ) · ln(aᵢ / eᵢ)`` over the shares ``a`` (this
month) and ``e`` (the month before) of ten equal bins of the complaint probability (Siddiqi 2006, "Credit Risk
Scorecards", ch. 9, which also gives the marks: below 0.10 nothing, from 0.25 on a lot). Chance alone gives few posts a
high index: for N and M posts of one distribution, PSI / (1/N + 1/M) follows χ² with nine degrees of freedom (Yurdakul
2018, "Statistical Properties of Population Stability Index"), so what 95 % of chance stays below never counts.

*Shares* are compared by the two-proportion z-test at 1 %, and must differ by five points or a quarter besides: of a
hundred thousand posts every difference is certain, and few matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sahut.core.model import WIB, SourceMonth

SOMEWHAT, MUCH = 0.10, 0.25
# χ², nine degrees of freedom, 95 %.
_CHANCE = 16.919
# Two-sided, 1 %.
_SURE = 2.576
_LEAST_POINTS, _LEAST_SHARE = 0.05, 0.25
# In an empty bin the logarithm has no value: half a post stands there.
_HALF_A_POST = 0.5
_LEAST_JUDGED, _LEAST_DECIDED = 100, 30
_SAME_MODEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing compared. ``moved`` is None where there is too little to tell; ``advice`` is "" where nothing moved."""

    what: str
    moved: bool | None
    words: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A month beside the one before; per source the same counts and its own index."""

    month: str
    before: str
    this: SourceMonth
    last: SourceMonth
    index: float | None
    sources: Sequence[tuple[SourceMonth, SourceMonth, float | None]]
    findings: Sequence[Finding]

    @property
    def moved(self) -> bool:
        """Whether anything did."""
        return any(finding.moved for finding in self.findings)


def month_of(moment: datetime) -> str:
    """The month of the agency's clock, as ``2026-11``."""
    return f"{moment.astimezone(WIB):%Y-%m}"


def bounds(month: str) -> tuple[datetime, datetime]:
    """Begin and end of a month like ``2026-11`` by the agency's clock, half open. Raises ValueError."""
    begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=WIB)
    years, months = divmod(begin.month, 12)
    return begin, begin.replace(year=begin.year + years, month=months + 1)


def month_before(month: str) -> str:
    """The month before a month like ``2026-11``. Raises ValueError."""
    begin, _ = bounds(month)
    years, months = divmod(begin.month - 2, 12)
    return f"{begin.year + years}-{months + 1:02d}"


def stability_index(expected: Sequence[int], actual: Sequence[int]) -> float:
    """PSI of two histograms over the same bins, with half a post in each empty bin."""
    total_e, total_a = (sum(max(count, _HALF_A_POST) for count in side) for side in (expected, actual))
    index = 0.0
    for e, a in zip(expected, actual, strict=True):
        share_e, share_a = max(e, _HALF_A_POST) / total_e, max(a, _HALF_A_POST) / total_a
        index += (share_a - share_e) * math.log(share_a / share_e)
    return index


def compare(month: str, this: Sequence[SourceMonth], last: Sequence[SourceMonth]) -> Drift:
    """What moved from the month before ``month`` to ``month``, in all and by source, in plain words."""
    now, then = SourceMonth.total(this), SourceMonth.total(last)
    by_name = {one.source: one for one in last}
    pairs = [(one, by_name.pop(one.source, SourceMonth(source=one.source))) for one in this]
    pairs += [(SourceMonth(source=name), one) for name, one in by_name.items()]
    sources = [(one, other, _index(one, other)) for one, other in pairs]
    sources.sort(key=lambda entry: (-(entry[2] or 0.0), entry[0].source))
    findings = [_models(now, then), _scores(now, then, sources), _flagged(now, then), _dismissed(now, then, pairs)]
    return Drift(
        month=month,
        before=month_before(month),
        this=now,
        last=then,
        index=_index(now, then),
        sources=sources,
        findings=[*findings, _missed(now, then)],
    )


def _index(this: SourceMonth, last: SourceMonth) -> float | None:
    if min(this.judged, last.judged) < _LEAST_JUDGED:
        return None
    return stability_index(last.histogram, this.histogram)


def _models(this: SourceMonth, last: SourceMonth) -> Finding:
    if not this.judged or not last.judged:
        return Finding(what="model", moved=None, words="One of the months has no judged mention.")
    model = max(this.models, key=lambda name: this.models[name])
    share = min(side.models.get(model, 0) / side.judged for side in (this, last))
    if share >= _SAME_MODEL:
        return Finding(what="model", moved=False, words=f"Both months were judged by {model}.")
    return Finding(
        what="model",
        moved=True,
        words=f"The months were judged by different models ({model} judged {share:.0%} of one): scores do not compare.",
        advice="Run `sahut reassess`, then ask again; what follows may be the model's change and not the posts'.",
    )


def _scores(
    this: SourceMonth, last: SourceMonth, sources: Sequence[tuple[SourceMonth, SourceMonth, float | None]]
) -> Finding:
    index = _index(this, last)
    if index is None:
        return Finding(what="scores", moved=None, words=f"Fewer than {_LEAST_JUDGED} mentions in one of the months.")
    said = f"The scores' stability index is {index:.2f}"
    if index < SOMEWHAT or index <= _CHANCE * (1 / this.judged + 1 / last.judged):
        return Finding(what="scores", moved=False, words=f"{said}: as the month before.")
    how = "much" if index >= MUCH else "somewhat"
    most = [one.source for one, _, own in sources if own is not None and own >= SOMEWHAT][:3]
    where = f" Most of all in {', '.join(most)}." if most else " In no source by itself: their shares changed."
    return Finding(
        what="scores",
        moved=True,
        words=f"{said}: they moved {how}.{where}",
        advice=(
            "Look at what is new there: a campaign, a flood, another way of writing. If none explains it, label two "
            "hundred posts of this month and run `sahut evaluate`."
        ),
    )


def _flagged(this: SourceMonth, last: SourceMonth) -> Finding:
    if min(this.judged, last.judged) < _LEAST_JUDGED:
        return Finding(what="flagged", moved=None, words=f"Fewer than {_LEAST_JUDGED} mentions in one of the months.")
    words = f"{this.flagged / this.judged:.1%} flagged, after {last.flagged / last.judged:.1%}."
    moved = _differ(this.flagged, this.judged, last.flagged, last.judged)
    if not moved:
        return Finding(what="flagged", moved=False, words=words)
    return Finding(
        what="flagged",
        moved=True,
        words=words,
        advice="If the queue is too long or too empty for its staff, move the threshold in the policy.",
    )


def _dismissed(this: SourceMonth, last: SourceMonth, pairs: Sequence[tuple[SourceMonth, SourceMonth]]) -> Finding:
    if min(this.decided, last.decided) < _LEAST_DECIDED:
        words = f"Fewer than {_LEAST_DECIDED} flagged mentions were decided on in one of the months."
        return Finding(what="dismissed", moved=None, words=words)
    now, then = this.not_complaints / this.decided, last.not_complaints / last.decided
    words = f"Staff dismissed {now:.1%} of what was flagged as no complaint, after {then:.1%}."
    if not _differ(this.not_complaints, this.decided, last.not_complaints, last.decided):
        return Finding(what="dismissed", moved=False, words=words)
    if now < then:
        return Finding(what="dismissed", moved=True, words=words, advice="Good news: nothing to do.")
    worst = [
        one.source
        for one, other in pairs
        if min(one.decided, other.decided) >= _LEAST_DECIDED
        and one.not_complaints / one.decided > other.not_complaints / other.decided + _LEAST_POINTS
    ][:3]
    where = f" for {', '.join(worst)}" if worst else ""
    return Finding(
        what="dismissed",
        moved=True,
        words=words,
        advice=f"Raise the threshold{where} in the policy, and train a candidate with these decisions (`sahut train`).",
    )


def _missed(this: SourceMonth, last: SourceMonth) -> Finding:
    """Tickets made of what was filed: staff found by search what the model missed."""
    now, then = this.confirmed + this.found_by_search, last.confirmed + last.found_by_search
    if min(now, then) < _LEAST_DECIDED:
        words = f"Fewer than {_LEAST_DECIDED} tickets' mentions in one of the months."
        return Finding(what="missed", moved=None, words=words)
    share, before = this.found_by_search / now, last.found_by_search / then
    words = f"Of the mentions in tickets, {share:.1%} were found by search among the filed, after {before:.1%}."
    if not _differ(this.found_by_search, now, last.found_by_search, then):
        return Finding(what="missed", moved=False, words=words)
    if share < before:
        return Finding(what="missed", moved=True, words=words, advice="Good news: nothing to do.")
    return Finding(
        what="missed",
        moved=True,
        words=words,
        advice="Lower the threshold in the policy, and train a candidate with these decisions (`sahut train`).",
    )


def _differ(hits: int, count: int, other_hits: int, other_count: int) -> bool:
    """Whether two shares differ for sure (pooled z-test) and enough to matter."""
    one, other = hits / count, other_hits / other_count
    pooled = (hits + other_hits) / (count + other_count)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / count + 1 / other_count))
    if spread == 0 or abs(one - other) / spread < _SURE:
        return False
    return abs(one - other) >= min(_LEAST_POINTS, _LEAST_SHARE * max(one, other))
