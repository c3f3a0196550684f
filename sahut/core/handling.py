"""Who may change what of a ticket, and to whom it may go. Pure."""

from __future__ import annotations

from dataclasses import fields

from sahut.core import discretion
from sahut.core.errors import RefusedError
from sahut.core.model import Role, Ticket, TicketChange, User

_UNITS_OWN = frozenset({"status", "outcome", "assignee_id", "place"})


def check_may_handle(role: Role, ticket: Ticket, change: TicketChange) -> None:
    """Raise RefusedError(rule="role") where ``role`` may not make ``change`` to a ticket.

    A unit officer moves a ticket along, closes it and says who acts; what it is about and whose it is are triage's.
    Nobody frees themselves of what was promised to a reporter: a flag is taken away by those who know anyway.
    """
    kept = {"anonymous", "confidential"} - discretion.may_lift(role, ticket.discretion)
    if any(getattr(ticket, name) and getattr(change, name) is False for name in kept):
        raise RefusedError(f"the role {role} may not take back what was promised to a reporter", rule="role")
    if role in {Role.ADMIN, Role.TRIAGE, Role.SUPERVISOR}:
        return
    others = [
        field.name
        for field in fields(TicketChange)
        if field.name not in _UNITS_OWN and getattr(change, field.name) not in {None, getattr(ticket, field.name)}
    ]
    if role is not Role.UNIT or others:
        raise RefusedError(f"the role {role} may not change {', '.join(others) or 'a ticket'}", rule="role")


def check_assignee(assignee: User, unit: str) -> None:
    """Raise RefusedError where a ticket of ``unit`` would go to an officer who cannot see it."""
    if assignee.role is Role.UNIT and unit not in assignee.units:
        raise RefusedError(f"{assignee.name} does not belong to the unit {unit or '–'}", rule="assignee_unit")
