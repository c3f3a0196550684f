"""How sources are doing together: late or not, which days have holes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sahut import probe
from sahut.core import reporting
from sahut.core.model import Gap, SourceDay, SourceState
from tests.builders import NOW, a_source_draft

WEEK = reporting.days_until(NOW.date())
SOURCE = probe.unstored(a_source_draft(), NOW)


@pytest.mark.parametrize(
    ("due", "not_before", "expected"),
    [
        (timedelta(minutes=5), None, None),
        (timedelta(minutes=-1), None, None),
        (timedelta(minutes=-40), None, timedelta(minutes=40)),
        (timedelta(minutes=-40), timedelta(minutes=-10), timedelta(minutes=10)),
        (timedelta(minutes=-40), timedelta(minutes=30), None),
    ],
)
def test_a_source_is_late_once_its_time_and_its_platforms_leave_are_past(
    due: timedelta, not_before: timedelta | None, expected: timedelta | None
) -> None:
    source = replace(SOURCE, due_at=NOW + due, not_before=None if not_before is None else NOW + not_before)

    assert reporting.lateness(source, NOW) == expected
    assert reporting.lateness(replace(source, state=SourceState.PAUSED), NOW) is None


def test_a_gap_marks_every_day_that_it_touches_and_one_of_unknown_ends_the_day_that_is_known() -> None:
    def gap(since: int | None, until: int | None) -> Gap:
        ends = (None if back is None else NOW - timedelta(days=back) for back in (since, until))
        return Gap(since=next(ends), until=next(ends), reason="")

    def marked(*gaps: Gap) -> list[int]:
        return sorted((NOW.date() - day).days for day in reporting.holes(gaps, WEEK))

    assert marked(gap(3, 1)) == [1, 2, 3]
    assert marked(gap(None, 2)) == [2]
    assert marked(gap(4, None)) == [4]
    assert marked(gap(None, None)) == []
    assert marked(gap(30, 6), gap(0, 0)) == [0, 6]


def test_days_without_a_reading_are_there_too() -> None:
    one = SourceDay(day=WEEK[2], readings=3, failures=1, new=2)
    found = reporting.filled([one], WEEK)

    assert [day.day for day in found] == WEEK
    assert [day.readings for day in found] == [0, 0, 3, 0, 0, 0, 0]
    assert (len(WEEK), WEEK[-1]) == (7, date(NOW.year, NOW.month, NOW.day))
