"""What following a place will cost, as far as can be told beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sahut.core.model.access import Budget, Currency
from sahut.core.model.words import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a platform says of a place: how much it finds there, and by its price list what each of that costs.

    ``finds`` are those of a day, at the rate of the days that it counted. ``each`` is the price of one as it usually
    comes, ``dearest`` the most that one may cost; ``again`` that of one later look at it; ``around`` the most for what
    stands around one that is flagged; ``reply`` that of an answer, 0 where none goes out by API. ``first_days`` is how
    far back the first reading goes. ``asked`` is what this answer cost.
    """

    currency: Currency
    finds: float
    each: float
    dearest: float
    again: float
    around: float
    reply: float
    first_days: float
    asked: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What following a place will cost in ``currency``: amounts of a day, and the first reading's.

    ``problem`` is None where it could be told, else ``reason`` says in words why not. ``reading`` is for what is
    found, ``most`` that at its dearest; ``again`` for the later looks at each find, once the source has run as long as
    these go on; ``around`` and ``replies`` for those that are flagged: a share of ``flagged``, ``measured`` among
    earlier finds or else assumed. ``readings`` are those of a day, at the interval chosen. ``passed`` are the budgets
    of its credential that this alone goes beyond.
    """

    currency: Currency = Currency.USD
    finds: float = 0.0
    readings: float = 0.0
    first: float = 0.0
    reading: float = 0.0
    most: float = 0.0
    again: float = 0.0
    around: float = 0.0
    replies: float = 0.0
    flagged: float = 0.0
    measured: bool = False
    asked: float = 0.0
    passed: Sequence[Budget] = ()
    problem: Problem | None = None
    reason: str = ""

    @property
    def day(self) -> float:
        """All together."""
        return self.reading + self.again + self.around + self.replies

    @property
    def month(self) -> float:
        """All together in thirty days."""
        return 30 * self.day
