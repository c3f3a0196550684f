"""By when tickets are to be answered: what an agency promises, and when its offices work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from sahut.core.model.words import Topic


class Due(StrEnum):
    """How a ticket stands to its deadline; ``none`` has none. One that is answered is none of these."""

    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"
    NONE = "none"


class TicketOrder(StrEnum):
    """``newest``: latest id first. ``due``: the earliest deadline first, tickets without one at the end."""

    NEWEST = "newest"
    DUE = "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHours:
    """When an office works: from ``opens`` to ``closes`` by its own clock, on ``days`` (0 is Monday).

    The hours of Perpres 21/2023 where nobody has said others.
    """

    opens: time = time(7, 30)
    closes: time = time(16)
    days: frozenset[int] = frozenset(range(5))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePolicy:
    """What an agency promises.

    ``working_days`` is how many there are to the answer, a topic's own (``topic_days``) before it; 0 promises nothing.
    ``urgent_hours`` is the time for an urgent ticket where that ends sooner, 0 for none: of the clock if
    ``urgent_around_the_clock``, else of the office. ``joint_leave_off``: cuti bersama are days off. ``days_off`` are
    the agency's own beside the country's holidays.
    """

    working_days: int = 5
    topic_days: Mapping[Topic, int] = field(default_factory=dict)
    urgent_hours: float = 24
    urgent_around_the_clock: bool = True
    joint_leave_off: bool = True
    days_off: frozenset[date] = frozenset()
    office: OfficeHours = field(default_factory=OfficeHours)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOff:
    """A day off on which an office works otherwise. ``name`` is the holiday's, "" for one of the agency's own."""

    day: date
    name: str
