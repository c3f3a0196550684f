"""The sample of filed mentions."""

from __future__ import annotations

from pydantic import ConfigDict

from sahut.core.model import CheckTally, RecallEstimate
from triage_api.fields import Answer, Body, Version
from triage_api.schemas._example import example
from triage_api.schemas.mentions import MentionAnswer


class CheckBody(Body):
    """Whether a filed mention is a complaint after all."""

    model_config = ConfigDict(json_schema_extra=example({"complaint": True}))

    complaint: bool
    version: Version | None = None


class StratumAnswer(Answer):
    """Filed mentions of one band of scores, the surest first; ``missed`` are the complaints among the ``checked``."""

    number: int
    population: int
    checked: int
    missed: int


class RecallAnswer(Answer):
    """The share of all complaints that were flagged, with its 95% interval, and how many were missed."""

    recall: float
    low: float
    high: float
    missed: float
    checked: int


class CheckAnswer(Answer):
    """The last 30 days, and whose turn it is. ``estimate`` is null until ``still_to_check`` is 0."""

    estimate: RecallAnswer | None
    still_to_check: int
    strata: list[StratumAnswer]
    next: list[MentionAnswer]

    @classmethod
    def of(
        cls, tally: CheckTally, estimate: RecallEstimate | None, missing: int, turn: list[MentionAnswer]
    ) -> CheckAnswer:
        """Of one look."""
        return cls(
            estimate=None if estimate is None else RecallAnswer.model_validate(estimate),
            still_to_check=missing,
            strata=[StratumAnswer.model_validate(one) for one in tally.strata],
            next=turn,
        )
