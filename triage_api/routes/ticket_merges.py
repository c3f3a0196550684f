"""A ticket that goes on in another."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from sahut.core import merging, suggesting
from sahut.core.ports import Tx
from triage_api.deps import Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas import TicketAnswer
from triage_api.schemas.likely import SuggestionAnswer, SuggestionList
from triage_api.schemas.ticket_merges import TicketMergeBody, TicketPartBody
from triage_api.writes import IdempotencyKey, once

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])
TicketId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get("/{ticket_id}/similar", response_model=SuggestionList, responses=problems(404))
def similar_tickets(deps: Parts, ticket_id: TicketId, limit: Annotated[int, Query(ge=1, le=20)] = 5) -> SuggestionList:
    """Open tickets that are likely the same case, the likeliest first."""
    with deps.store.read() as tx:
        found = suggesting.tickets_like(tx, tx.tickets.get(ticket_id), limit=limit)
    return SuggestionList(items=[SuggestionAnswer.of(one) for one in found])


@router.post("/{ticket_id}/merge", response_model=TicketAnswer, responses=problems(404, 409))
def merge_tickets(
    request: Request,
    deps: Parts,
    signed: SignedUser,
    now: Now,
    ticket_id: TicketId,
    body: TicketMergeBody,
    key: IdempotencyKey = None,
) -> Response:
    """Let this ticket go on in another: its mentions move there, its number leads there. Answers the other one.

    Refused whole when either is stale. `POST …/part` takes it back until something else happens to the other one.
    """

    def act(tx: Tx) -> BaseModel:
        old, into = (ticket_id, body.version), (body.into, body.into_version)
        return TicketAnswer.of(merging.merge_tickets(tx, old, into, actor=signed.actor, now=now))

    return once(request, deps, signed, now, key=key, body=body, act=act, status=200)


@router.post("/{ticket_id}/part", response_model=TicketAnswer, responses=problems(404, 409))
def part_tickets(
    request: Request,
    deps: Parts,
    signed: SignedUser,
    now: Now,
    ticket_id: TicketId,
    body: TicketPartBody,
    key: IdempotencyKey = None,
) -> Response:
    """Take this ticket's merge back: it is as it was, with its mentions. Answers this ticket."""

    def act(tx: Tx) -> BaseModel:
        return TicketAnswer.of(merging.part_tickets(tx, ticket_id, version=body.version, actor=signed.actor, now=now))

    return once(request, deps, signed, now, key=key, body=body, act=act, status=200)
