"""How the sources are doing together."""

from __future__ import annotations

from datetime import date, datetime

from sahut.core.model import Currency, Problem, SourceCondition
from sahut.core.reporting import Line, Report
from triage_api.fields import Answer
from triage_api.schemas.credentials import BudgetAnswer, rounded
from triage_api.schemas.sources import GapAnswer, SourceDayAnswer, seconds


class ReportLineAnswer(Answer):
    """One source. ``late`` is how many seconds past its time it is, null where it is not.

    ``days`` are the last seven days of UTC, ``days_with_gaps`` those of which something may be missing.
    """

    source_id: int
    name: str
    platform: str
    condition: SourceCondition
    problem: Problem | None
    last_success_at: datetime | None
    late: int | None
    new: int
    days: list[SourceDayAnswer]
    days_with_gaps: list[date]
    gaps: list[GapAnswer]

    @classmethod
    def of(cls, line: Line) -> ReportLineAnswer:
        """From the core's words."""
        source = line.source
        return cls(
            source_id=source.id,
            name=source.name,
            platform=source.platform,
            condition=line.condition,
            problem=source.health.problem,
            last_success_at=source.health.last_success_at,
            late=seconds(line.late),
            new=line.new,
            days=[SourceDayAnswer(day=d.day, readings=d.readings, failures=d.failures, new=d.new) for d in line.days],
            days_with_gaps=sorted(line.holes),
            gaps=[GapAnswer(since=gap.since, until=gap.until, reason=gap.reason) for gap in line.gaps],
        )


class SpendingAnswer(Answer):
    """What was spent with a credential, its budgets, and what the month will have cost at the present rate."""

    credential: str
    platform: str
    budgets: list[BudgetAnswer]
    spent_today: dict[Currency, float]
    spent_this_month: dict[Currency, float]
    month_end: dict[Currency, float]
    used_by: list[str]


class CollectingReport(Answer):
    """Every source, the worst off first; ``conditions`` counts them; what each credential spent."""

    conditions: dict[SourceCondition, int]
    sources: list[ReportLineAnswer]
    spending: list[SpendingAnswer]

    @classmethod
    def of(cls, report: Report) -> CollectingReport:
        """From the core's words."""
        return cls(
            conditions=report.counts,
            sources=[ReportLineAnswer.of(line) for line in report.lines],
            spending=[
                SpendingAnswer(
                    credential=purse.credential.name,
                    platform=purse.credential.platform,
                    budgets=[BudgetAnswer.of(b, purse.spent) for b in purse.credential.budgets],
                    spent_today=dict(purse.spent.day),
                    spent_this_month=dict(purse.spent.month),
                    month_end=rounded(purse.spent.month_end),
                    used_by=list(purse.users),
                )
                for purse in report.purses
            ],
        )
