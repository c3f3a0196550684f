"""What following a place will cost, of what its platform forecasts and what Sahut does with each find. Pure, but for
the share of finds that people were shown, which is counted in the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sahut.core import rules
from sahut.core.model import Budget, Estimate, Forecast, MentionFilter, MentionState, Period
from sahut.core.ports import Tx

# Without enough finds to count: more than the share of complaints in what narrow queries bring.
ASSUMED_FLAGGED = 0.2
_ENOUGH, _MOST_COUNTED = 50, 2_000
_COUNTED_FOR = timedelta(days=90)
_FLAGGED = (
    MentionState.FLAGGED,
    MentionState.SNOOZED,
    MentionState.DISMISSED,
    MentionState.MERGED,
    MentionState.CONVERTED,
)
_JUDGED = (*_FLAGGED, MentionState.FILED)
_DAY = timedelta(days=1)


def flagged_share(tx: Tx, platform: str, now: datetime) -> float | None:
    """Of the judged finds of a platform in ninety days those that were flagged; None where there were too few."""
    since = now - _COUNTED_FOR
    judged = tx.mentions.count(MentionFilter(platforms=(platform,), states=_JUDGED, since=since), cap=_MOST_COUNTED)
    if judged < _ENOUGH:
        return None
    flagged = tx.mentions.count(MentionFilter(platforms=(platform,), states=_FLAGGED, since=since), cap=_MOST_COUNTED)
    return min(1.0, flagged / judged)


def estimate(
    forecast: Forecast, *, interval: timedelta, share: float | None, budgets: Sequence[Budget] = ()
) -> Estimate:
    """The amounts of a day. ``share`` as `flagged_share` gives it; ``budgets`` are those of the credential."""
    flagged = ASSUMED_FLAGGED if share is None else share
    made = Estimate(
        currency=forecast.currency,
        finds=forecast.finds,
        readings=_DAY / interval,
        first=forecast.finds * forecast.first_days * forecast.each,
        reading=forecast.finds * forecast.each,
        most=forecast.finds * forecast.dearest,
        again=forecast.finds * forecast.again * rules.RECHECKS,
        around=forecast.finds * flagged * forecast.around,
        replies=forecast.finds * flagged * forecast.reply,
        flagged=flagged,
        measured=share is not None,
        asked=forecast.asked,
    )
    return _with_passed(made, budgets)


def _with_passed(made: Estimate, budgets: Sequence[Budget]) -> Estimate:
    passed = [
        one
        for one in budgets
        if one.currency is made.currency and (made.day if one.period is Period.DAY else made.month) > one.amount
    ]
    return replace(made, passed=tuple(passed))
