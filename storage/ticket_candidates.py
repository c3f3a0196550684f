"""Open tickets that a mention may belong to: found here, judged in the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from sahut.core.model import OPEN_TICKETS, Place, Ticket, TicketCandidate, Topic, joined
from storage.case_tables import ticket
from storage.mention_rows import place_from
from storage.tables import mention

# Enough to know a ticket by.
_MOST_MENTIONS = 5


def wanted(topics: Sequence[Topic], areas: Sequence[str], beside: Sequence[int]) -> list[ColumnElement[bool]]:
    """What makes an open ticket a candidate, the surest first, each a condition of its own.

    Mentions that count with one of ``beside``, places in one of ``areas`` (codes of cities and regencies), the topic.
    """
    ways: list[ColumnElement[bool]] = []
    if beside:
        group = select(func.coalesce(mention.c.first_id, mention.c.id)).where(mention.c.id.in_(beside))
        ways.append(
            ticket.c.id.in_(
                select(mention.c.ticket_id).where(
                    or_(mention.c.id.in_(group), mention.c.first_id.in_(group)), mention.c.ticket_id.is_not(None)
                )
            )
        )
    if areas:
        inside = or_(
            *(
                or_(
                    mention.c.place_area == area,
                    and_(mention.c.place_area >= f"{area}.", mention.c.place_area < f"{area}/"),
                )
                for area in areas
            )
        )
        ways.append(exists().where(mention.c.ticket_id == ticket.c.id, inside))
    if topics:
        ways.append(ticket.c.topic.in_(topics))
    return [and_(ticket.c.status.in_(OPEN_TICKETS), way) for way in ways]


def with_mentions(connection: Connection, found: Sequence[Ticket]) -> list[TicketCandidate]:
    """The tickets with the texts and places of their newest mentions that still have a text."""
    newest = func.row_number().over(partition_by=mention.c.ticket_id, order_by=mention.c.id.desc())
    some = (
        select(mention.c.ticket_id, mention.c.title, mention.c.text, mention.c.place, newest.label("nth"))
        .where(mention.c.ticket_id.in_([one.id for one in found]))
        .subquery()
    )
    by_ticket: dict[int, list[Any]] = {}
    for row in connection.execute(select(some).where(some.c.nth <= _MOST_MENTIONS)):
        by_ticket.setdefault(row.ticket_id, []).append(row)
    return [_candidate(one, by_ticket.get(one.id, [])) for one in found]


def _candidate(one: Ticket, rows: Sequence[Any]) -> TicketCandidate:
    bodies = [joined(row.title, row.text) for row in rows]
    places: list[Place] = [place_from(row.place) for row in rows if row.place is not None]
    return TicketCandidate(ticket=one, bodies=[body for body in bodies if body], places=places)
