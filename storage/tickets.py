"""Tickets: numbered, changed under a version, with an append-only history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select, update

from sahut.core.errors import NotFoundError, StaleWriteError
from sahut.core.model import (
    UNANSWERED_TICKETS,
    Outcome,
    Page,
    Priority,
    Ticket,
    TicketCandidate,
    TicketChange,
    TicketDraft,
    TicketEvent,
    TicketFilter,
    TicketOrder,
    TicketStatus,
    Topic,
)
from storage import masking, ticket_candidates, ticket_order
from storage.case_tables import ticket, ticket_counter, ticket_event
from storage.engine import insert_into
from storage.people_tables import account
from storage.tables import mention
from storage.ticket_discretion import TicketDiscretion

# A number's year is the agency's. WIB has no summer time.
_WIB = timezone(timedelta(hours=7), "WIB")


class SqlTickets(TicketDiscretion):
    """The tickets of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self, draft: TicketDraft, *, tracking_code: str, now: datetime, due_at: datetime | None = None
    ) -> Ticket:
        """A new ticket under the next number of the year; a rolled-back transaction leaves no gap."""
        created: int = self._connection.execute(
            ticket.insert()
            .values(
                number=self._next_number(now),
                tracking_code=tracking_code,
                title=draft.title,
                description=draft.description,
                topic=draft.topic,
                unit=draft.unit,
                place=draft.place,
                priority=draft.priority,
                anonymous=draft.anonymous,
                confidential=draft.confidential,
                **masking.hidden(draft.title, draft.place),
                due_at=due_at,
                status=TicketStatus.NEW,
                created_at=now,
                updated_at=now,
                version=1,
            )
            .returning(ticket.c.id)
        ).scalar_one()
        return self.get(created)

    def _next_number(self, now: datetime) -> str:
        year = now.astimezone(_WIB).year
        counted: int = self._connection.execute(
            insert_into(self._connection, ticket_counter)
            .values(year=year, last=1)
            .on_conflict_do_update(index_elements=["year"], set_={"last": ticket_counter.c.last + 1})
            .returning(ticket_counter.c.last)
        ).scalar_one()
        return f"{year}-{counted:06}"

    def get(self, ticket_id: int) -> Ticket:
        """Raises NotFoundError."""
        return _value(self._one(_tickets().where(ticket.c.id == ticket_id), ticket_id))

    def for_update(self, ticket_id: int, *, version: int | None = None) -> Ticket:
        """Lock the row until the commit. Raises NotFoundError, StaleWriteError."""
        found = _value(self._one(_tickets().where(ticket.c.id == ticket_id).with_for_update(of=ticket), ticket_id))
        if version is not None and found.version != version:
            raise StaleWriteError(
                "ticket",
                ticket_id,
                expected=version,
                current=found.version,
                changes=self._changes_since(ticket_id, version),
            )
        return found

    def lock(self, ticket_ids: Sequence[int]) -> None:
        """Lock tickets and those whose numbers lead to them, in order of id, until the commit.

        A merge rewrites all of these. Locked in one order, nobody waits for somebody who waits for them.
        """
        family = select(ticket.c.id).where(or_(ticket.c.id.in_(ticket_ids), ticket.c.merged_into.in_(ticket_ids)))
        self._connection.execute(family.order_by(ticket.c.id).with_for_update())

    def _one(self, query: Select[Any], ticket_id: int) -> Row[Any]:
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError("ticket", ticket_id)
        return row

    def _changes_since(self, ticket_id: int, version: int) -> list[dict[str, str]]:
        query = (
            select(ticket_event)
            .where(ticket_event.c.ticket_id == ticket_id, ticket_event.c.at_version > version)
            .order_by(ticket_event.c.id)
        )
        return [
            {
                "what": ", ".join(row.detail) if row.kind == "changed" else row.kind,
                "who": row.actor_name,
                "when": row.at.isoformat(),
            }
            for row in self._connection.execute(query)
        ]

    def change(self, ticket_id: int, change: TicketChange, now: datetime) -> Ticket:
        """Set the fields that are not None. Leaving the closed state forgets the outcome."""
        values = {
            field.name: getattr(change, field.name)
            for field in fields(TicketChange)
            if getattr(change, field.name) is not None
        }
        if values.get("assignee_id") == 0:
            values["assignee_id"] = None
        if change.status is not None and change.status is not TicketStatus.CLOSED:
            values["outcome"] = None
        self._write(ticket_id, values, now)
        if {"title", "place"} & values.keys():
            masking.of_tickets(self._connection, [ticket_id])
        return self.get(ticket_id)

    def promise(self, ticket_id: int, due_at: datetime | None, now: datetime) -> None:
        """Set by when it is to be answered, or that nothing is promised."""
        self._write(ticket_id, {"due_at": due_at}, now)

    def void(self, ticket_id: int, now: datetime) -> Ticket:
        """The conversion that made it was undone."""
        self._write(ticket_id, {"status": TicketStatus.VOID}, now)
        return self.get(ticket_id)

    def lead(self, ticket_id: int, into_id: int, now: datetime) -> list[int]:
        """The ticket is merged: its number leads to ``into_id``, and so do those that led to it; the latter's ids."""
        query = select(ticket.c.id).where(ticket.c.merged_into == ticket_id).order_by(ticket.c.id)
        carried: list[int] = list(self._connection.execute(query).scalars())
        self._connection.execute(update(ticket).where(ticket.c.id.in_(carried)).values(merged_into=into_id))
        self._write(ticket_id, {"status": TicketStatus.MERGED, "merged_into": into_id}, now)
        self._write(into_id, {}, now)
        return carried

    def lead_back(self, ticket_id: int, status: TicketStatus, carried: Sequence[int], now: datetime) -> None:
        """Undo `lead`: the ticket has ``status`` again, and the ``carried`` ones lead to it."""
        into_id: int = self._connection.execute(
            select(ticket.c.merged_into).where(ticket.c.id == ticket_id)
        ).scalar_one()
        self._connection.execute(update(ticket).where(ticket.c.id.in_(carried)).values(merged_into=ticket_id))
        self._write(ticket_id, {"status": status, "merged_into": None}, now)
        self._write(into_id, {}, now)

    def _write(self, ticket_id: int, values: Mapping[str, Any], now: datetime) -> None:
        self._connection.execute(
            update(ticket)
            .where(ticket.c.id == ticket_id)
            .values(**values, version=ticket.c.version + 1, updated_at=now)
        )

    def page(
        self,
        where: TicketFilter,
        *,
        order: TicketOrder = TicketOrder.NEWEST,
        limit: int,
        after: str | None = None,
    ) -> Page[Ticket]:
        """One page. Raises RefusedError(rule="page_token")."""
        query = ticket_order.ordered(_tickets().where(*_conditions(where)), order, after).limit(limit + 1)
        found = [_value(row) for row in self._connection.execute(query)]
        if len(found) <= limit:
            return Page(items=found)
        return Page(items=found[:limit], next=ticket_order.token(order, found[limit - 1]))

    def candidates(
        self, *, topics: Sequence[Topic], areas: Sequence[str], beside: Sequence[int], limit: int
    ) -> list[TicketCandidate]:
        """Open tickets that mentions may belong to, at most ``limit`` for each of the ways to be one, newest first."""
        found: dict[int, Ticket] = {}
        for way in ticket_candidates.wanted(topics, areas, beside):
            query = _tickets().where(way).order_by(ticket.c.id.desc()).limit(limit)
            found |= {row.id: _value(row) for row in self._connection.execute(query)}
        return ticket_candidates.with_mentions(self._connection, list(found.values()))

    def count(self, where: TicketFilter, *, cap: int) -> int:
        """How many match, counted up to ``cap``."""
        some = select(ticket.c.id).where(*_conditions(where)).limit(cap).subquery()
        return self._connection.execute(select(func.count()).select_from(some)).scalar_one()

    def add_event(self, ticket_id: int, kind: str, detail: Mapping[str, Any], actor_name: str, now: datetime) -> None:
        """Append to the history."""
        version = select(ticket.c.version).where(ticket.c.id == ticket_id).scalar_subquery()
        self._connection.execute(
            ticket_event.insert().values(
                ticket_id=ticket_id, kind=kind, detail=dict(detail), actor_name=actor_name, at=now, at_version=version
            )
        )

    def events(self, ticket_id: int) -> list[TicketEvent]:
        """The history, oldest first."""
        query = select(ticket_event).where(ticket_event.c.ticket_id == ticket_id).order_by(ticket_event.c.id)
        return [
            TicketEvent(
                id=row.id,
                ticket_id=row.ticket_id,
                kind=row.kind,
                detail=row.detail,
                actor_name=row.actor_name,
                at=row.at,
            )
            for row in self._connection.execute(query)
        ]


def _tickets() -> Select[Any]:
    mentions = select(func.count()).where(mention.c.ticket_id == ticket.c.id).scalar_subquery()
    into = ticket.alias("into_ticket")
    number = select(into.c.number).where(into.c.id == ticket.c.merged_into).scalar_subquery()
    return select(
        ticket,
        func.coalesce(account.c.name, "").label("assignee_name"),
        func.coalesce(number, "").label("merged_into_number"),
        mentions.label("mentions"),
    ).outerjoin(account, account.c.id == ticket.c.assignee_id)


def _conditions(where: TicketFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, values in (
        (ticket.c.status, where.statuses),
        (ticket.c.topic, where.topics),
        (ticket.c.unit, where.units),
    ):
        if values:
            found.append(column.in_(values))
    if where.assignee_id is not None:
        found.append(ticket.c.assignee_id == where.assignee_id)
    if where.unanswered:
        found.append(ticket.c.status.in_(UNANSWERED_TICKETS))
    if where.dated is not None:
        found.append(ticket.c.due_at.is_not(None) if where.dated else ticket.c.due_at.is_(None))
    for bound, holds in (
        (where.due_from, ticket.c.due_at.__ge__),
        (where.due_after, ticket.c.due_at.__gt__),
        (where.due_until, ticket.c.due_at.__le__),
        (where.due_before, ticket.c.due_at.__lt__),
    ):
        if bound is not None:
            found.append(holds(bound))
    if where.search.strip():
        found.append(_found_by(where.search.strip().replace("\x00", ""), where))
    return found


def _found_by(words: str, where: TicketFilter) -> ColumnElement[bool]:
    """What a ticket is found by, the numbers of those that were merged into it among it."""
    former = ticket.alias("former")
    theirs = [former.c.unit.in_(where.former_units)] if where.former_units else []
    led = exists().where(
        former.c.merged_into == ticket.c.id,
        or_(*(column.icontains(words, autoescape=True) for column in (former.c.number, former.c.tracking_code))),
        *theirs,
    )
    own = (ticket.c.number, ticket.c.tracking_code)
    # As its reader sees it; what nobody has masked yet is not searched.
    shown = func.coalesce(ticket.c.masked, ticket.c.title.concat("\n").concat(ticket.c.place))
    said = [ticket.c.masked_by > 0, shown.icontains(words, autoescape=True)]
    if where.not_confidential:
        said.append(~ticket.c.confidential)
    return or_(*(column.icontains(words, autoescape=True) for column in own), and_(*said), led)


def _value(row: Row[Any]) -> Ticket:
    return Ticket(
        id=row.id,
        number=row.number,
        tracking_code=row.tracking_code,
        title=row.title,
        description=row.description,
        topic=Topic(row.topic),
        unit=row.unit,
        place=row.place,
        priority=Priority(row.priority),
        status=TicketStatus(row.status),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        assignee_id=row.assignee_id,
        assignee_name=row.assignee_name,
        mentions=row.mentions,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        merged_into=row.merged_into,
        anonymous=row.anonymous,
        confidential=row.confidential,
        due_at=row.due_at,
        merged_into_number=row.merged_into_number,
    )
