"""A sample of what was filed, to check for misses: whose turn it is, what it tells, and what becomes of a miss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sahut.core import deciding, steering
from sahut.core.deciding import Pick
from sahut.core.errors import RefusedError
from sahut.core.model import (
    Actor,
    CheckTally,
    Decision,
    DecisionKind,
    Kind,
    MentionState,
    Policy,
    RecallEstimate,
    Stratum,
)
from sahut.core.ports import Tx

WINDOW = timedelta(days=30)
"""Over how long, by when mentions were published or first seen."""
BOUNDS = (0.05, 0.2)
"""Where the strata of the score part: surely none, rather none, least certain."""
SHARES = (3, 3, 4)
"""How many of ten come from each stratum: the less certain, the more, since there the misses are."""
LEAST = 5
"""So many of a stratum, or all of it, are checked before anything is said."""
_Z = 1.959964
PRIME = 2**31 - 1
MIX = (1_103_515_245, 12_820_163)
"""What the lots are reckoned with."""
_FILED = frozenset({MentionState.FILED})


def window(now: datetime) -> tuple[datetime, datetime]:
    """From when to when mentions are looked at: what comes at this moment too, and nothing that is dated tomorrow."""
    return now - WINDOW, now + timedelta(minutes=1)


def stratum(score: float) -> int:
    """Which stratum a mention of that score is in, from 0."""
    return sum(score >= bound for bound in BOUNDS)


def lot(mention_id: int) -> int:
    """A mention's lot, for ever the same and independent of what it says: the lowest are checked first.

    So what was checked is a random sample of every stretch of time, whenever its mentions came (permanent random
    numbers: Ohlsson 1995, "Coordination of samples using permanent random numbers"). The store reckons the same.
    """
    drawn = mention_id % PRIME
    for mix in MIX:
        drawn = drawn * (drawn + mix) % PRIME
    return drawn


def wilson(missed: int, checked: int, population: int) -> tuple[float, float]:
    """The 95% interval of a share, of ``missed`` among ``checked`` that were drawn from ``population``.

    Wilson's score interval (Wilson 1927, JASA 22:209-212), for a finite population by the effective size of the
    sample, n·(N-1)/(N-n) (Cochran 1977, "Sampling Techniques", §2.6): a stratum that was checked whole is known.
    """
    share = missed / checked
    if checked >= population:
        return share, share
    size = checked * (population - 1) / (population - checked)
    middle = (share + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    half = _Z / (1 + _Z**2 / size) * math.sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2))
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


def missed(strata: Sequence[Stratum]) -> tuple[float, float, float]:
    """How many complaints were filed by mistake: the estimate and its 95% interval.

    Σ N·m/n over the strata (Cochran 1977, §5.3). The interval adds the strata's own ones in squares (MOVER: Zou and
    Donner 2008, Statistics in Medicine 27:1693-1702), which holds where few or none were found, as a normal
    approximation would not.
    """
    middle = below = above = 0.0
    for one in strata:
        if one.population == 0:
            continue
        share = one.missed / one.checked
        low, high = wilson(one.missed, one.checked, one.population)
        middle += one.population * share
        below += (one.population * (share - low)) ** 2
        above += (one.population * (high - share)) ** 2
    known = sum(one.missed for one in strata)
    return middle, max(float(known), middle - math.sqrt(below)), middle + math.sqrt(above)


def estimate(tally: CheckTally) -> RecallEstimate | None:
    """The share of all complaints that were flagged; None while too few were checked, or there is nothing to share.

    Of those that wait, as many count as complaints as of those that were decided. What staff found by searching was
    missed for sure.
    """
    if still_to_check(tally):
        return None
    decided = tally.found + tally.refuted
    flagged = tally.found + tally.waiting * (tally.found / decided if decided else 1.0)
    middle, low, high = (one + tally.searched for one in missed(tally.strata))
    if flagged + middle == 0:
        return None
    return RecallEstimate(
        recall=flagged / (flagged + middle),
        low=flagged / (flagged + high) if flagged + high else 0.0,
        high=flagged / (flagged + low) if flagged + low else 1.0,
        missed=middle,
        checked=tally.checked,
    )


def still_to_check(tally: CheckTally) -> int:
    """How many more are needed before anything can be said."""
    return sum(max(0, min(LEAST, one.population) - one.checked) for one in tally.strata)


def shares(left: Sequence[int], many: int) -> list[int]:
    """How many of the next ``many`` come from each stratum, where so many are ``left`` of each."""
    total = sum(SHARES)
    given = [min(there, many * share // total) for there, share in zip(left, SHARES, strict=True)]
    # What one stratum cannot give, the least certain that can give does.
    for at in reversed(range(len(given))):
        given[at] += min(left[at] - given[at], many - sum(given))
    return given


def check(tx: Tx, pick: Pick, *, complaint: bool, policy: Policy, actor: Actor, now: datetime) -> list[Decision]:
    """A person's word on one filed mention of the sample. A miss goes into the queue at once.

    Raises NotFoundError, StaleWriteError, RefusedError (rules ``role``, ``mention_state``, ``checked_before``).
    """
    deciding.check_may_decide(actor)
    (record,) = deciding.take(tx, [pick], allowed=_FILED, copies=False)
    if deciding.standing(tx.decisions.of_mention(record.id), DecisionKind.CHECKED) is not None:
        raise RefusedError(f"mention {record.id} was checked or corrected before", rule="checked_before")
    sample = {"sample": stratum(record.score)}
    if not complaint:
        return deciding.write(tx, [record], DecisionKind.CHECKED, actor, now, details={record.id: sample})
    found = replace(policy, flagged_kinds=policy.flagged_kinds | {Kind.COMPLAINT})
    return steering.correct(
        tx, [pick], kind=Kind.COMPLAINT, confirm=True, policy=found, actor=actor, now=now, more=sample
    )
