"""The policy's part on deadlines: how long an answer may take, and when offices work."""

from __future__ import annotations

import re
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sahut.core.model import DeadlinePolicy, OfficeHours, Topic

_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _hour(said: Any) -> time:
    # A bare number would be taken for seconds after midnight.
    if isinstance(said, time) and said.tzinfo is None:
        return said
    if isinstance(said, str) and _HOUR.fullmatch(said):
        return time.fromisoformat(said)
    raise ValueError('must be an hour as in "07:30"')


Hour = Annotated[time, BeforeValidator(_hour)]
WorkingDays = Annotated[int, Field(ge=0, le=250)]


class Weekday(StrEnum):
    """Days of the week, from Monday on."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


Weekdays = Annotated[tuple[Weekday, ...], Field(min_length=1)]
_AGENCY = OfficeHours()


class DeadlinesSection(BaseModel):
    """By when tickets are to be answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    working_days: Annotated[
        WorkingDays,
        Field(description="To the answer, from the day after the ticket is made; 0 promises nothing"),
    ] = 5
    topics: Annotated[dict[Topic, WorkingDays], Field(description="Other working days for one topic")] = {}
    urgent_hours: Annotated[
        float, Field(ge=0, le=720, description="For an urgent ticket, where that ends sooner; 0 for none")
    ] = 24
    urgent_around_the_clock: Annotated[bool, Field(description="False counts office hours alone")] = True
    joint_leave_off: Annotated[bool, Field(description="Joint leave (cuti bersama) counts as days off")] = True
    days_off: Annotated[tuple[date, ...], Field(description="Days off beside the national holidays")] = ()
    opens: Annotated[Hour, Field(description="When offices open, by their own clock")] = _AGENCY.opens
    closes: Annotated[Hour, Field(description="When they close, which is when a deadline ends")] = _AGENCY.closes
    work_days: Annotated[Weekdays, Field(description="On which days they work")] = tuple(Weekday)[:5]

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> DeadlinesSection:
        office_hours(self, None, None, None)
        return self


def office_hours(
    section: DeadlinesSection, opens: time | None, closes: time | None, work_days: tuple[Weekday, ...] | None
) -> OfficeHours:
    """Those of an office that differs from the agency's in what is not None. Raises ValueError where it never opens."""
    found = OfficeHours(
        opens=opens or section.opens,
        closes=closes or section.closes,
        days=frozenset(list(Weekday).index(day) for day in work_days or section.work_days),
    )
    if found.opens >= found.closes:
        raise ValueError(f"an office opens before it closes: {found.opens:%H:%M} is not before {found.closes:%H:%M}")
    return found


def deadline_policy(section: DeadlinesSection) -> DeadlinePolicy:
    """The value that the core works with."""
    return DeadlinePolicy(
        working_days=section.working_days,
        topic_days=section.topics,
        urgent_hours=section.urgent_hours,
        urgent_around_the_clock=section.urgent_around_the_clock,
        joint_leave_off=section.joint_leave_off,
        days_off=frozenset(section.days_off),
        office=office_hours(section, None, None, None),
    )
