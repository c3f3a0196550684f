"""What a sample of filed mentions tells: how much the classifier misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Filed mentions of one band of scores: how many there are, how many of them were checked, and missed."""

    number: int
    population: int
    checked: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTally:
    """One stretch of time in numbers, copies counted on another aside.

    ``found``: how many that were flagged turned out complaints; ``refuted``: no complaints; ``waiting``: nobody has
    decided. ``searched``: complaints that had been filed and that staff found by themselves.
    """

    strata: Sequence[Stratum]
    found: int
    refuted: int
    waiting: int
    searched: int

    @property
    def checked(self) -> int:
        """How many were checked in all."""
        return sum(one.checked for one in self.strata)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallEstimate:
    """The share of all complaints that were flagged, 0 to 1, with its 95% interval; and how many were missed."""

    recall: float
    low: float
    high: float
    missed: float
    checked: int
