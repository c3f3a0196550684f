"""In which order tickets are listed, and where a page of each order goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, or_

from sahut.core.errors import RefusedError
from sahut.core.model import Ticket, TicketOrder
from storage import paging
from storage.case_tables import ticket

_NAMES = {TicketOrder.NEWEST: "tickets", TicketOrder.DUE: "tickets_due"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNDATED = case((ticket.c.due_at.is_(None), 1), else_=0)


def ordered(query: Select[Any], order: TicketOrder, after: str | None) -> Select[Any]:
    """The query in an order, from where ``after`` says on. Raises RefusedError(rule="page_token")."""
    if order is TicketOrder.NEWEST:
        query = query.order_by(ticket.c.id.desc())
        return query if after is None else query.where(ticket.c.id < paging.keys(after, _NAMES[order], 1)[0])
    query = query.order_by(_UNDATED, ticket.c.due_at, ticket.c.id)
    if after is None:
        return query
    undated, due, last = paging.keys(after, _NAMES[order], 3)
    if undated:
        return query.where(ticket.c.due_at.is_(None), ticket.c.id > last)
    try:
        at = _EPOCH + timedelta(microseconds=due)
    except OverflowError as error:
        raise RefusedError("that is no page of this list; start again from the first", rule="page_token") from error
    later = or_(ticket.c.due_at > at, and_(ticket.c.due_at == at, ticket.c.id > last))
    return query.where(or_(ticket.c.due_at.is_(None), later))


def token(order: TicketOrder, last: Ticket) -> str:
    """Where the page after ``last`` begins."""
    if order is TicketOrder.NEWEST:
        return paging.token(_NAMES[order], [last.id])
    due = 0 if last.due_at is None else (last.due_at - _EPOCH) // timedelta(microseconds=1)
    return paging.token(_NAMES[order], [int(last.due_at is None), due, last.id])
