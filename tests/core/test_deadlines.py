"""Deadlines in working days, by the country's real calendar: weekends, holidays, joint leave, hours and clocks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from sahut.core.deadlines import NO_DEADLINES, REOPENED, URGENT, Deadlines
from sahut.core.model import (
    DeadlinePolicy,
    Due,
    OfficeHours,
    Outcome,
    Policy,
    Priority,
    Ticket,
    TicketChange,
    TicketStatus,
    TimeZone,
    Topic,
    Unit,
)
from sahut.workdays import Indonesia

UNITS = (
    Unit(code="barat", name="Dinas Barat Contoh"),
    Unit(code="tengah", name="Dinas Tengah Contoh", time_zone=TimeZone.WITA),
    Unit(code="timur", name="Dinas Timur Contoh", time_zone=TimeZone.WIT),
    Unit(
        code="rs",
        name="Rumah Sakit Contoh",
        office=OfficeHours(opens=time(7), closes=time(14), days=frozenset(range(6))),
    ),
)
CALENDAR = Indonesia()
CLOCKS = {"barat": TimeZone.WIB, "tengah": TimeZone.WITA, "timur": TimeZone.WIT}


def deadlines(**over: Any) -> Deadlines:
    return Deadlines(Policy(units=UNITS, deadlines=DeadlinePolicy(**over)), CALENDAR)


def wib(said: str, zone: TimeZone = TimeZone.WIB) -> datetime:
    """``2026-03-16 09:00`` by that clock."""
    return datetime.fromisoformat(said).replace(tzinfo=zone.info)


def due(at: datetime, unit: str = "barat", priority: Priority = Priority.NORMAL, **over: Any) -> datetime | None:
    return deadlines(**over).due(topic=over.pop("topic", Topic.ROADS), unit=unit, priority=priority, at=at)


@pytest.mark.parametrize(
    ("made", "ends", "why"),
    [
        ("2026-11-02 09:00", "2026-11-09 16:00", "Monday, five days on"),
        ("2026-11-06 15:59", "2026-11-13 16:00", "a minute before closing is that day"),
        ("2026-11-06 16:00", "2026-11-16 16:00", "at closing it is Monday's"),
        ("2026-11-02 03:00", "2026-11-09 16:00", "before opening is that day"),
        ("2026-11-07 10:00", "2026-11-16 16:00", "a Saturday's comes in on Monday"),
        ("2026-11-08 23:59", "2026-11-16 16:00", "and so does a Sunday's"),
        # Nyepi 19 March; joint leave 18, 20, 23 and 24; Idul Fitri 21 and 22 (a weekend).
        ("2026-03-16 09:00", "2026-03-30 16:00", "over the week of Idul Fitri"),
        ("2026-03-19 10:00", "2026-04-01 16:00", "made on Nyepi: comes in on the 25th"),
        # Good Friday is 3 April.
        ("2026-03-30 09:00", "2026-04-07 16:00", "over Good Friday"),
        # 24 December joint leave, 25 December and 1 January holidays.
        ("2026-12-21 09:00", "2026-12-30 16:00", "over Christmas"),
        # Isra Mi'raj is 5 January 2027.
        ("2026-12-28 09:00", "2027-01-06 16:00", "over the year's end"),
    ],
)
def test_five_working_days_end_when_the_office_closes(made: str, ends: str, why: str) -> None:
    assert due(wib(made)) == wib(ends), why


def test_joint_leave_is_worked_where_the_agency_says_so() -> None:
    # 18, 20, 23 and 24 March are worked then; Nyepi on the 19th is not.
    assert due(wib("2026-03-16 09:00"), joint_leave_off=False) == wib("2026-03-24 16:00")


def test_the_agencys_own_days_off_are_skipped() -> None:
    own = frozenset({date(2026, 11, 4), date(2026, 11, 7)})
    assert due(wib("2026-11-02 09:00"), days_off=own) == wib("2026-11-10 16:00")


def test_a_topic_has_days_of_its_own_and_none_promises_nothing() -> None:
    made = deadlines(topic_days={Topic.INTEGRITY: 14, Topic.OTHER: 0})
    at = {"unit": "barat", "priority": Priority.NORMAL, "at": wib("2026-11-02 09:00")}
    assert made.due(topic=Topic.INTEGRITY, **at) == wib("2026-11-20 16:00")
    assert made.due(topic=Topic.OTHER, **at) is None
    assert NO_DEADLINES.due(topic=Topic.ROADS, unit="", priority=Priority.URGENT, at=wib("2026-11-02 09:00")) is None


@pytest.mark.parametrize(
    ("unit", "zone"), [("barat", TimeZone.WIB), ("tengah", TimeZone.WITA), ("timur", TimeZone.WIT)]
)
def test_an_office_closes_by_its_own_clock(unit: str, zone: TimeZone) -> None:
    # 14.30 in Jakarta: 15.30 in Makassar, where the office is open; 16.30 in Jayapura, where it is not.
    ends = wib("2026-11-09 16:00", zone) if unit != "timur" else wib("2026-11-10 16:00", zone)
    assert due(wib("2026-11-02 14:30"), unit) == ends


def test_a_day_begins_by_the_units_clock() -> None:
    # 22.30 on Sunday in Jakarta is 00.30 on Monday in Jayapura.
    assert due(wib("2026-11-01 22:30"), "timur") == wib("2026-11-09 16:00", TimeZone.WIT)


def test_an_office_that_works_on_saturdays_counts_them() -> None:
    assert due(wib("2026-11-02 09:00"), "rs") == wib("2026-11-07 14:00")


def test_urgent_is_by_the_clock_or_by_the_offices_and_never_later_than_otherwise() -> None:
    friday, urgent = wib("2026-11-06 15:00"), Priority.URGENT
    assert due(friday, priority=urgent, urgent_hours=4) == wib("2026-11-06 19:00")
    # An hour is left on Friday; three more from 07.30 on Monday.
    assert due(friday, priority=urgent, urgent_hours=4, urgent_around_the_clock=False) == wib("2026-11-09 10:30")
    # The eight and a half hours of Monday and of Tuesday end when Tuesday does.
    whole = due(wib("2026-11-07 10:00"), priority=urgent, urgent_hours=17, urgent_around_the_clock=False)
    assert whole == wib("2026-11-10 16:00")
    assert due(friday, priority=urgent, urgent_hours=720) == wib("2026-11-13 16:00")
    assert due(friday, priority=Priority.HIGH, urgent_hours=4) == wib("2026-11-13 16:00")


def test_a_deadline_is_to_the_minute_and_never_sooner() -> None:
    at = datetime(2026, 11, 6, 3, 0, 0, 1, tzinfo=UTC)
    assert due(at, priority=Priority.URGENT) == datetime(2026, 11, 7, 3, 1, tzinfo=UTC)


def _slowly(at: datetime, days: int, zone: TimeZone) -> datetime:
    """The same count, hour by hour: each hour asks by itself whether somebody works."""
    hour = at.astimezone(zone.info).replace(minute=0)
    open_days: list[date] = []
    while len(open_days) < days + 1:
        free = hour.weekday() > 4 or CALENDAR.public(hour.date()) or CALENDAR.joint_leave(hour.date())
        if not free and hour.hour < 16 and hour.date() not in open_days:
            open_days.append(hour.date())
        hour += timedelta(hours=1)
    return datetime.combine(open_days[-1], time(16), tzinfo=zone.info)


def test_every_hour_of_two_years_agrees_with_a_slow_count() -> None:
    dice = Random(32)
    for _ in range(400):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=dice.randrange(2 * 365 * 24))
        unit, zone = dice.choice(list(CLOCKS.items()))
        days = dice.randrange(1, 15)
        assert due(at, unit, working_days=days) == _slowly(at, days, zone), (at, unit, days)


def test_the_calendar_knows_joint_leave_from_holidays_and_is_silent_outside_its_years() -> None:
    assert CALENDAR.public(date(2026, 8, 17)) == "Hari Kemerdekaan Republik Indonesia"
    assert "Cuti Bersama" in CALENDAR.joint_leave(date(2026, 3, 20))
    assert CALENDAR.public(date(2026, 3, 20)) == CALENDAR.joint_leave(date(2026, 8, 17)) == ""
    assert CALENDAR.public(date(2101, 1, 1)) == ""


def a_ticket(**over: Any) -> Ticket:
    said: Mapping[str, Any] = {
        "id": 1, "number": "2026-000001", "tracking_code": "X", "title": "Jalan", "description": "",
        "topic": Topic.ROADS, "unit": "barat", "place": "", "priority": Priority.NORMAL, "status": TicketStatus.NEW,
        "outcome": None, "assignee_id": None, "assignee_name": "", "mentions": 1, "created_at": wib("2026-12-21 09:00"),
        "updated_at": wib("2026-12-21 09:00"), "version": 1, "due_at": wib("2026-12-30 16:00"),
    }  # fmt: skip
    return Ticket(**{**said, **over})


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-12-21 10:00", Due.LATER),
        ("2026-12-28 07:00", Due.LATER),
        ("2026-12-29 00:00", Due.SOON),
        ("2026-12-30 16:00", Due.SOON),
        ("2026-12-30 16:01", Due.OVERDUE),
    ],
)
def test_soon_is_until_the_end_of_the_next_working_day(now: str, state: Due) -> None:
    assert deadlines().state(a_ticket(), wib(now)) is state
    assert deadlines().state(a_ticket(status=TicketStatus.ANSWERED), wib(now)) is None
    assert deadlines().state(a_ticket(due_at=None), wib(now)) is Due.NONE


def test_on_a_friday_mondays_deadline_is_soon() -> None:
    monday = a_ticket(due_at=wib("2026-11-09 16:00"))
    assert deadlines().state(monday, wib("2026-11-06 09:00")) is Due.SOON


def test_the_holidays_before_a_deadline_are_named() -> None:
    names = [(off.day, off.name) for off in deadlines().days_off(a_ticket())]
    assert [day for day, _ in names] == [date(2026, 12, 24), date(2026, 12, 25)]
    assert all(name for _, name in names)
    assert deadlines(joint_leave_off=False).days_off(a_ticket())[0].day == date(2026, 12, 25)


def test_only_opening_again_and_becoming_urgent_move_a_deadline() -> None:
    now, made = wib("2026-12-22 09:00"), deadlines()
    closed = a_ticket(status=TicketStatus.CLOSED, outcome=Outcome.FIXED)
    assert made.renewed(closed, TicketChange(status=TicketStatus.IN_PROGRESS), now) == (
        wib("2026-12-31 16:00"),
        REOPENED,
    )
    answered = a_ticket(status=TicketStatus.ANSWERED)
    assert made.renewed(answered, TicketChange(status=TicketStatus.IN_PROGRESS), now) == (
        wib("2026-12-31 16:00"),
        REOPENED,
    )
    assert made.renewed(a_ticket(), TicketChange(priority=Priority.URGENT), now) == (wib("2026-12-23 09:00"), URGENT)
    for change in (
        TicketChange(unit="timur"),
        TicketChange(topic=Topic.INTEGRITY),
        TicketChange(status=TicketStatus.IN_PROGRESS),
        TicketChange(priority=Priority.HIGH),
    ):
        assert made.renewed(a_ticket(), change, now) is None, change
    # One whose deadline is nearer keeps it, and one that is answered is promised nothing.
    near = a_ticket(due_at=wib("2026-12-22 12:00"))
    assert made.renewed(near, TicketChange(priority=Priority.URGENT), now) is None
    assert (
        made.renewed(replace(near, status=TicketStatus.ANSWERED), TicketChange(priority=Priority.URGENT), now) is None
    )
