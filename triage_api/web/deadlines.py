"""Deadlines on the board: as people say them, by the clock of the unit that has the ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sahut.core import deadlines, handling
from sahut.core.errors import RefusedError
from sahut.core.model import UNANSWERED_TICKETS, Due, Ticket, TicketChange, TimeZone
from sahut.core.ports import Tx
from triage_api.errors import InvalidError
from triage_api.web import formats
from triage_api.web.desk import COUNT_CAP, Desk, Posted
from triage_api.web.languages import ngettext
from triage_api.web.words import _

_HOUR = timedelta(hours=1)
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A ticket's deadline in words; ``state`` is how it stands, None where it needs no keeping any more.

    ``day`` and ``hour`` are what a form holds, by the clock ``zone``.
    """

    state: Due | None
    words: str
    whole: str
    day: str
    hour: str
    zone: TimeZone


def shown(desk: Desk, ticket: Ticket) -> Shown:
    """The deadline of one ticket."""
    zone = desk.deps.policy.time_zone_of([ticket.unit])
    state = desk.deps.deadlines.state(ticket, desk.now)
    if ticket.due_at is None:
        return Shown(state=state, words=_("tanpa tenggat"), whole="", day="", hour="", zone=zone)
    local = ticket.due_at.astimezone(zone.info)
    words = formats.day_of(ticket.due_at, zone) if state is None else said(ticket.due_at, desk.now, zone)
    return Shown(
        state=state,
        words=words,
        whole=formats.moment_at(ticket.due_at, zone),
        day=local.date().isoformat(),
        hour=local.strftime("%H:%M"),
        zone=zone,
    )


def said(due_at: datetime, now: datetime, zone: TimeZone) -> str:
    """`lewat 2 hari`, `hari ini 16.00 WIB`, `besok`, `lusa`, `Senin`, `7 Des 2026`: by the days of that clock."""
    days = (due_at.astimezone(zone.info).date() - now.astimezone(zone.info).date()).days
    if due_at < now:
        late = now - due_at
        if late < _HOUR:
            return _("baru saja lewat")
        if days == 0:
            hours = late // _HOUR
            return ngettext("lewat %s jam", "lewat %s jam", hours) % hours
        return ngettext("lewat %s hari", "lewat %s hari", -days) % -days
    match days:
        case 0:
            return _("hari ini %s") % formats.clock_time_at(due_at, zone)
        case 1:
            return _("besok")
        case 2:
            return _("lusa")
    return formats.weekday_of(due_at, zone) if days < _WEEK else formats.day_of(due_at, zone)


def may_move(desk: Desk, ticket: Ticket) -> bool:
    """Whether this person may move it: a unit does not free itself of what was promised."""
    change = TicketChange(due_at=desk.now)
    try:
        handling.check_may_handle(desk.signed.user.role, ticket, change)
    except RefusedError:
        return False
    return ticket.status in UNANSWERED_TICKETS


def counts(desk: Desk, tx: Tx) -> dict[str, int]:
    """How many of the reader's tickets wait for an answer by their deadlines: those late, near, and without one."""
    return {
        due.value: deadlines.count(tx, desk.deps.deadlines, due, desk.now, cap=COUNT_CAP)
        for due in (Due.OVERDUE, Due.SOON, Due.NONE)
    }


def typed(form: Posted, ticket: Ticket) -> datetime:
    """The deadline that a form names, by the clock of the ticket's unit. Raises InvalidError.

    Without an hour the office's day ends it.
    """
    policy = form.desk.deps.policy
    try:
        day = date.fromisoformat(form.get("due_day", 20))
        hour = form.get("due_hour", 20)
        at = time.fromisoformat(hour) if hour else policy.office_of(ticket.unit).closes
        return datetime.combine(day, at.replace(tzinfo=None), tzinfo=policy.time_zone_of([ticket.unit]).info)
    except ValueError as error:
        raise InvalidError(_("Isi tanggal dan jam tenggatnya."), pointer="#/due_day") from error


def moved(desk: Desk, detail: Mapping[str, Any], unit: str) -> str:
    """The line of a history that says that the deadline moved."""
    zone = desk.deps.policy.time_zone_of([unit])
    old, new = (
        formats.moment_at(datetime.fromisoformat(at), zone) if at else _("tanpa tenggat") for at in detail["due_at"]
    )
    change = _("mengubah tenggat dari %(old)s menjadi %(new)s") % {"old": old, "new": new}
    match detail.get("why"):
        case deadlines.REOPENED:
            return _("%s karena tiket dibuka lagi") % change
        case deadlines.URGENT:
            return _("%s karena tiket menjadi darurat") % change
    reason = detail.get("reason")
    return f"{change}: {reason}" if reason else change
