"""Tickets: made of mentions, read, moved along."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from sahut.core import actions
from sahut.core.model import MentionFilter, MentionOrder, TicketFilter, TicketStatus, Topic
from sahut.core.ports import Tx
from triage_api.deps import CurrentActor, Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID, Id, Line
from triage_api.routes._answers import problems, searched
from triage_api.routes.decisions import picks
from triage_api.routes.mentions import After, Limit
from triage_api.schemas import (
    ConvertBody,
    DecidedAnswer,
    DecisionAnswer,
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


@router.get("", response_model=TicketPage, responses=problems())
def list_tickets(
    deps: Parts,
    status: Annotated[list[TicketStatus], Query(max_length=20)] = [],  # noqa: B006 - FastAPI copies defaults
    topic: Annotated[list[Topic], Query(max_length=20)] = [],  # noqa: B006 - as above
    unit: Annotated[list[Line], Query(max_length=20)] = [],  # noqa: B006 - as above
    assignee: Annotated[Id | None, Query(description="A user's id")] = None,
    q: Annotated[Line, Query(description="In number, tracking code or title")] = "",
    limit: Limit = 50,
    after: After = None,
) -> TicketPage:
    """One page, the latest first."""
    where = TicketFilter(statuses=tuple(status), topics=tuple(topic), units=tuple(unit), assignee_id=assignee, search=q)
    with deps.store.read() as tx:
        page = tx.tickets.page(where, limit=limit, after=after)
    return TicketPage(items=[TicketAnswer.of(ticket) for ticket in page.items], next=page.next, note=searched(q))


@router.post("", status_code=201, response_model=DecidedAnswer, responses=problems(404, 409))
def convert(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: ConvertBody, key: IdempotencyKey = None
) -> Response:
    """One new ticket of one or several mentions and the copies folded behind them."""
    if body.unit:
        check_unit(deps.policy, body.unit)

    def act(tx: Tx) -> BaseModel:
        ticket, made = actions.convert(tx, picks(body.mentions), body.draft(), actor=signed.actor, now=now)
        return DecidedAnswer(ticket=TicketAnswer.of(ticket), decisions=[DecisionAnswer.of(one) for one in made])

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.get("/{ticket_id}", response_model=TicketDetail, responses=problems(404))
def show_ticket(deps: Parts, ticket_id: TicketId) -> Response:
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
        changed = actions.change_ticket(tx, ticket_id, body.change(), version=version, actor=actor, now=now)
    return written(TicketAnswer.of(changed))
