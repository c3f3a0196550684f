"""By when a ticket is to be answered, in working days of the unit that has it. Pure, but for the calendar it asks.

Counted as offices count: what comes in after hours or on a day off comes in when the office next opens, that day is
not counted, and the last one ends with the office's hours. A promise is made once and stored with the ticket; of what
happens to it later only two things move it by themselves (`Deadlines.renewed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sahut.core.errors import RefusedError
from sahut.core.model import (
    UNANSWERED_TICKETS,
    DayOff,
    DeadlinePolicy,
    Due,
    OfficeHours,
    Policy,
    Priority,
    Ticket,
    TicketChange,
    TicketFilter,
    Topic,
)
from sahut.core.ports import Holidays, Tx

FURTHEST = timedelta(days=366)
"""How far ahead a person may set a deadline: beyond that it is a slip of the keyboard."""
BY_HAND, REOPENED, URGENT = "by_hand", "reopened", "urgent"
"""Why a deadline moved, in a ticket's history."""


class NoHolidays:
    """A calendar of weeks alone."""

    def public(self, day: date) -> str:  # noqa: ARG002 - as the port has it
        """None."""
        return ""

    def joint_leave(self, day: date) -> str:  # noqa: ARG002 - as the port has it
        """None."""
        return ""


@dataclass(frozen=True, slots=True)
class _Clock:
    """One office: its hours, its time zone, and the days on which it does not work."""

    office: OfficeHours
    zone: tzinfo
    policy: DeadlinePolicy
    holidays: Holidays

    def off(self, day: date) -> DayOff | None:
        """The holiday that ``day`` is; None for a day of work, and for one on which the office never works."""
        if day.weekday() not in self.office.days:
            return None
        if day in self.policy.days_off:
            return DayOff(day=day, name="")
        name = self.holidays.public(day) or (self.holidays.joint_leave(day) if self.policy.joint_leave_off else "")
        return DayOff(day=day, name=name) if name else None

    def works(self, day: date) -> bool:
        return day.weekday() in self.office.days and self.off(day) is None

    def from_day(self, day: date) -> Iterator[date]:
        """The working days from ``day`` on."""
        while True:
            if self.works(day):
                yield day
            day += timedelta(days=1)

    def at(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, tzinfo=self.zone)

    def first(self, at: datetime) -> date:
        """The working day on which something that comes in at ``at`` is taken up."""
        local = at.astimezone(self.zone)
        late = local.time() >= self.office.closes
        return next(self.from_day(local.date() + timedelta(days=late)))

    def after_days(self, at: datetime, days: int) -> datetime:
        """The close of the ``days``-th working day after the one that something came in on."""
        left = self.from_day(self.first(at) + timedelta(days=1))
        for _ in range(days - 1):
            next(left)
        return self.at(next(left), self.office.closes)

    def after_hours(self, at: datetime, hours: float) -> datetime:
        """When the office has been open for so many hours since ``at``."""
        left, since = timedelta(hours=hours), at
        for day in self.from_day(self.first(at)):
            since = max(since, self.at(day, self.office.opens))
            open_for = self.at(day, self.office.closes) - since
            if open_for >= left:
                break
            left -= open_for
        return since + left


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What an agency's ``policy`` promises, by the country's ``holidays``."""

    policy: Policy
    holidays: Holidays

    def due(self, *, topic: Topic, unit: str, priority: Priority, at: datetime) -> datetime | None:
        """By when a ticket that is made at ``at`` is to be answered, to the minute in UTC; None promises nothing."""
        says, clock = self.policy.deadlines, self._clock(unit)
        found: list[datetime] = []
        days = says.topic_days.get(topic, says.working_days)
        if days:
            found.append(clock.after_days(at, days))
        if priority is Priority.URGENT and says.urgent_hours:
            hours = timedelta(hours=says.urgent_hours)
            found.append(at + hours if says.urgent_around_the_clock else clock.after_hours(at, says.urgent_hours))
        return _to_the_minute(min(found)) if found else None

    def renewed(self, ticket: Ticket, change: TicketChange, now: datetime) -> tuple[datetime, str] | None:
        """The deadline that a ticket gets with ``change``, and why; None where it keeps what was promised.

        One that was answered or closed and is opened again is promised anew: its first promise was kept or missed. One
        that becomes urgent is to be answered as soon as an urgent one, if that is sooner. Another unit or topic changes
        nothing.
        """
        topic, unit = change.topic or ticket.topic, ticket.unit if change.unit is None else change.unit
        priority, status = change.priority or ticket.priority, change.status or ticket.status
        due = self.due(topic=topic, unit=unit, priority=priority, at=now)
        if due is None or status not in UNANSWERED_TICKETS:
            return None
        if ticket.status not in UNANSWERED_TICKETS:
            return due, REOPENED
        pressed = priority is Priority.URGENT and ticket.priority is not Priority.URGENT
        if pressed and self.policy.deadlines.urgent_hours and (ticket.due_at is None or due < ticket.due_at):
            return due, URGENT
        return None

    def soon(self, now: datetime) -> datetime:
        """Until when a deadline is near: the end of the agency's next working day, today's hours not counted."""
        clock = self._clock("")
        today = now.astimezone(clock.zone).date()
        return clock.at(next(clock.from_day(today + timedelta(days=1))), time.max).astimezone(UTC)

    def state(self, ticket: Ticket, now: datetime) -> Due | None:
        """How a ticket stands; None once it is answered, closed or gone."""
        if ticket.status not in UNANSWERED_TICKETS:
            return None
        if ticket.due_at is None:
            return Due.NONE
        if ticket.due_at < now:
            return Due.OVERDUE
        return Due.SOON if ticket.due_at <= self.soon(now) else Due.LATER

    def narrowed(self, where: TicketFilter, due: Due, now: datetime) -> TicketFilter:
        """The filter, of the tickets alone that stand like this (as `state` says it)."""
        match due:
            case Due.OVERDUE:
                return replace(where, unanswered=True, dated=True, due_before=now)
            case Due.SOON:
                return replace(where, unanswered=True, dated=True, due_from=now, due_until=self.soon(now))
            case Due.LATER:
                return replace(where, unanswered=True, dated=True, due_after=self.soon(now))
            case Due.NONE:
                return replace(where, unanswered=True, dated=False)

    def days_off(self, ticket: Ticket) -> list[DayOff]:
        """The holidays between a ticket's making and its deadline, on days on which its unit works otherwise."""
        if ticket.due_at is None:
            return []
        clock = self._clock(ticket.unit)
        first, last = (one.astimezone(clock.zone).date() for one in (ticket.created_at, ticket.due_at))
        # What a person set has no end that the calendar would have to follow.
        last = min(last, first + FURTHEST)
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return [off for off in map(clock.off, days) if off is not None]

    def _clock(self, unit: str) -> _Clock:
        return _Clock(
            office=self.policy.office_of(unit),
            zone=self.policy.time_zone_of([unit]).info,
            policy=self.policy.deadlines,
            holidays=self.holidays,
        )


NO_DEADLINES = Deadlines(Policy(deadlines=DeadlinePolicy(working_days=0, urgent_hours=0)), NoHolidays())
"""Promises nothing."""


def count(tx: Tx, deadlines: Deadlines, due: Due, now: datetime, *, cap: int) -> int:
    """How many tickets stand like this, counted up to ``cap``."""
    return tx.tickets.count(deadlines.narrowed(TicketFilter(), due, now), cap=cap)


def check_moved(ticket: Ticket, due_at: datetime | None, reason: str, now: datetime) -> None:
    """Raise RefusedError where a person's ``due_at`` cannot be a ticket's deadline. None leaves it as it is."""
    if due_at is None or due_at == ticket.due_at:
        return
    if ticket.status not in UNANSWERED_TICKETS:
        raise RefusedError(f"ticket {ticket.number} is {ticket.status}: it waits for no answer", rule="due_over")
    if not now < due_at <= now + FURTHEST:
        raise RefusedError(f"a deadline lies ahead, within {FURTHEST.days} days", rule="due_time")
    if not reason.strip():
        raise RefusedError(f"say why the deadline of ticket {ticket.number} moves", rule="due_reason")


def _to_the_minute(at: datetime) -> datetime:
    """Never sooner: people write and read minutes."""
    whole = at.astimezone(UTC).replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)
