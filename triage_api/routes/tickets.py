"""Tickets: made of mentions, read, moved along."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from sahut.core import actions, deadlines
from sahut.core.model import Due, MentionFilter, MentionOrder, TicketFilter, TicketOrder, TicketStatus, Topic
from sahut.core.ports import Tx
from triage_api.deps import CurrentActor, Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID, Id, Line, Time
from triage_api.routes._answers import problems, searched
from triage_api.routes.decisions import picks
from triage_api.routes.mentions import After, Limit
from triage_api.schemas import (
    ConvertBody,
    DayOffAnswer,
    DecidedAnswer,
    DecisionAnswer,
    DueAnswer,
    EventAnswer,
    MentionAnswer,
    TicketAnswer,
    TicketChangeBody,
    TicketDetail,
    TicketPage,
)
from triage_api.writes import IdempotencyKey, IfMatch, based_on, check_unit, once, written

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])
TicketId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_MOST_MENTIONS = 200
_MOST_COUNTED = 10**9


def _asked(
    status: Annotated[list[TicketStatus], Query(max_length=20)] = [],  # noqa: B006 - FastAPI copies defaults
    topic: Annotated[list[Topic], Query(max_length=20)] = [],  # noqa: B006 - as above
    unit: Annotated[list[Line], Query(max_length=20)] = [],  # noqa: B006 - as above
    assignee: Annotated[Id | None, Query(description="A user's id")] = None,
    q: Annotated[Line, Query(description="In number, tracking code or title")] = "",
) -> TicketFilter:
    return TicketFilter(statuses=tuple(status), topics=tuple(topic), units=tuple(unit), assignee_id=assignee, search=q)


def _asked_by_deadline(
    deps: Parts,
    now: Now,
    where: Annotated[TicketFilter, Depends(_asked)],
    due: Annotated[Due | None, Query(description="How they stand to their deadlines: those without an answer")] = None,
    due_from: Annotated[Time | None, Query(description="To be answered at that time or later")] = None,
    due_before: Annotated[Time | None, Query(description="To be answered before that time")] = None,
) -> TicketFilter:
    if due is not None:
        where = deps.deadlines.narrowed(where, due, now)
    if due_from is not None:
        where = replace(where, due_from=max(due_from, where.due_from or due_from))
    if due_before is not None:
        where = replace(where, due_before=min(due_before, where.due_before or due_before))
    return where


@router.get("", response_model=TicketPage, responses=problems())
def list_tickets(
    deps: Parts,
    where: Annotated[TicketFilter, Depends(_asked_by_deadline)],
    order: TicketOrder = TicketOrder.NEWEST,
    limit: Limit = 50,
    after: After = None,
) -> TicketPage:
    """One page: the latest first, or the earliest deadline first."""
    with deps.store.read() as tx:
        page = tx.tickets.page(where, order=order, limit=limit, after=after)
    items = [TicketAnswer.of(ticket) for ticket in page.items]
    return TicketPage(items=items, next=page.next, note=searched(where.search))


@router.post("", status_code=201, response_model=DecidedAnswer, responses=problems(404, 409))
def convert(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: ConvertBody, key: IdempotencyKey = None
) -> Response:
    """One new ticket of one or several mentions and the copies folded behind them."""
    if body.unit:
        check_unit(deps.policy, body.unit)

    def act(tx: Tx) -> BaseModel:
        ticket, made = actions.convert(
            tx, picks(body.mentions), body.draft(), actor=signed.actor, now=now, deadlines=deps.deadlines
        )
        return DecidedAnswer(ticket=TicketAnswer.of(ticket), decisions=[DecisionAnswer.of(one) for one in made])

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.get("/due", response_model=DueAnswer, responses=problems())
def count_due(deps: Parts, now: Now) -> DueAnswer:
    """Tickets that wait for an answer, counted by their deadlines."""
    with deps.store.read() as tx:
        counts = {due.value: deadlines.count(tx, deps.deadlines, due, now, cap=_MOST_COUNTED) for due in Due}
    return DueAnswer(**counts, soon_until=deps.deadlines.soon(now))


@router.get("/{ticket_id}", response_model=TicketDetail, responses=problems(404))
def show_ticket(deps: Parts, now: Now, ticket_id: TicketId) -> Response:
    """One ticket with its history and mentions."""
    with deps.store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
        events = tx.tickets.events(ticket_id)
        mentions = tx.mentions.page(
            MentionFilter(ticket_id=ticket_id), order=MentionOrder.NEWEST, limit=_MOST_MENTIONS
        ).items
    return written(
        TicketDetail(
            ticket=TicketAnswer.of(ticket),
            due=deps.deadlines.state(ticket, now),
            days_off=[DayOffAnswer.model_validate(one) for one in deps.deadlines.days_off(ticket)],
            history=[EventAnswer.of(event) for event in events],
            mentions=[MentionAnswer.of(record) for record in mentions],
        )
    )


@router.patch("/{ticket_id}", response_model=TicketAnswer, responses=problems(404, 409, 428))
def change_ticket(
    deps: Parts,
    actor: CurrentActor,
    now: Now,
    ticket_id: TicketId,
    body: TicketChangeBody,
    if_match: IfMatch = None,
) -> Response:
    """Assign it, move it along, correct it. A stale version is refused with what changed since."""
    version = based_on(if_match, body.version)
    if body.unit:
        check_unit(deps.policy, body.unit)
    with deps.store.begin() as tx:
        changed = actions.change_ticket(
            tx,
            ticket_id,
            body.change(),
            version=version,
            actor=actor,
            now=now,
            reason=body.reason,
            deadlines=deps.deadlines,
        )
    return written(TicketAnswer.of(changed))
