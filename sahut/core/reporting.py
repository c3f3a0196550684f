"""How the sources of an agency are doing together: the last seven days, lateness, holes, and what was spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sahut.core import admission, rules
from sahut.core.admission import Spent
from sahut.core.model import (
    Credential,
    Gap,
    Policy,
    Source,
    SourceCondition,
    SourceDay,
    SourceState,
)
from sahut.core.ports import Tx

WEEK = 7
# A tick of the scheduler and a reading that is under way are no lateness.
_GRACE = timedelta(minutes=2)
_WORST_FIRST = (
    SourceCondition.STOPPED,
    SourceCondition.FAILING,
    SourceCondition.SILENT,
    SourceCondition.NEW,
    SourceCondition.WELL,
    SourceCondition.PAUSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One source. ``late`` is how long past its time it is, None where it is not; ``holes`` are days with a gap.

    ``days`` are the last seven days of UTC, oldest first, those without a reading too.
    """

    source: Source
    condition: SourceCondition
    late: timedelta | None
    days: Sequence[SourceDay]
    holes: frozenset[date]
    gaps: Sequence[Gap]

    @property
    def new(self) -> int:
        """How much was new in the seven days."""
        return sum(day.new for day in self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """A credential, what was spent with it, and the names of the sources that use it."""

    credential: Credential
    spent: Spent
    users: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The sources, the worst off first, and the credentials."""

    lines: Sequence[Line]
    purses: Sequence[Purse]

    @property
    def counts(self) -> dict[SourceCondition, int]:
        """How many sources are in which condition, the worst first; none of none."""
        found = {one: sum(line.condition is one for line in self.lines) for one in _WORST_FIRST}
        return {one: count for one, count in found.items() if count}


def report(tx: Tx, policy: Policy, now: datetime) -> Report:
    """Of everything that is followed."""
    sources = tx.sources.all()
    ids = [one.id for one in sources]
    week = days_until(now.date())
    read = tx.sources.days(ids, week[0])
    gaps = tx.sources.gaps(ids)
    lines = [_line(one, read[one.id], gaps[one.id], week, policy, now) for one in sources]
    lines.sort(key=lambda line: (_WORST_FIRST.index(line.condition), -(line.late or timedelta()), line.source.name))
    users = admission.users(tx)
    purses = [
        Purse(credential=one, spent=admission.spent(tx, one, now), users=users.get(one.id, ()))
        for one in tx.credentials.all()
    ]
    return Report(lines=lines, purses=purses)


def days_until(today: date) -> list[date]:
    """The last seven days, oldest first."""
    return [today - timedelta(days=back) for back in reversed(range(WEEK))]


def lateness(source: Source, now: datetime) -> timedelta | None:
    """How long past its time a source is that should have been read; None where it is in time, or waits for leave."""
    if source.state is not SourceState.ACTIVE:
        return None
    wanted = source.due_at if source.not_before is None else max(source.due_at, source.not_before)
    late = now - wanted
    return late if late > _GRACE else None


def filled(read: Sequence[SourceDay], week: Sequence[date]) -> list[SourceDay]:
    """Every day of ``week``, with nothing on those without a reading."""
    by_day: Mapping[date, SourceDay] = {one.day: one for one in read}
    return [by_day.get(day, SourceDay(day=day, readings=0, failures=0, new=0)) for day in week]


def holes(gaps: Sequence[Gap], week: Sequence[date]) -> frozenset[date]:
    """The days of ``week`` of which something may be missing; an end that is not known is where the other one is."""
    found = set()
    for gap in gaps:
        since, until = gap.since or gap.until, gap.until or gap.since
        if since is not None and until is not None:
            found |= {day for day in week if since.date() <= day <= until.date()}
    return frozenset(found)


def _line(
    source: Source, read: Sequence[SourceDay], gaps: Sequence[Gap], week: Sequence[date], policy: Policy, now: datetime
) -> Line:
    return Line(
        source=source,
        condition=rules.condition(source, now, policy),
        late=lateness(source, now),
        days=filled(read, week),
        holes=holes(gaps, week),
        gaps=gaps,
    )
