"""What people decide about mentions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from sahut.core import actions, steering
from sahut.core.deciding import Pick
from sahut.core.model import Decision
from sahut.core.ports import Tx
from triage_api.deps import CurrentActor, Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas import (
    AssignBody,
    CorrectBody,
    DecidedAnswer,
    DecisionAnswer,
    DecisionList,
    DismissBody,
    MergeBody,
    PickBody,
    SnoozeBody,
    TicketAnswer,
)
from triage_api.writes import IdempotencyKey, check_unit, once, patiently

router = APIRouter(prefix="/api/v1/decisions", tags=["decisions"])


def picks(mentions: list[PickBody]) -> list[Pick]:
    """As the core takes them."""
    return [(pick.id, pick.version) for pick in mentions]


def _listed(decisions: Sequence[Decision]) -> DecisionList:
    return DecisionList(items=[DecisionAnswer.of(decision) for decision in decisions])


@router.get("", response_model=DecisionList, responses=problems())
def list_decisions(
    deps: Parts,
    signed: SignedUser,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    mine: Annotated[bool, Query(description="Only the caller's own acts, each by its first decision")] = False,
) -> DecisionList:
    """The latest decisions, newest first."""
    with deps.store.read() as tx:
        found = tx.decisions.acts_of(signed.user.id, limit) if mine else tx.decisions.recent(limit)
    return _listed(found)


@router.post("/dismiss", status_code=201, response_model=DecisionList, responses=problems(404, 409))
def dismiss(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: DismissBody, key: IdempotencyKey = None
) -> Response:
    """No ticket is needed, and why: all of the mentions and the copies folded behind them, or none."""

    def act(tx: Tx) -> BaseModel:
        made = actions.dismiss(
            tx, picks(body.mentions), reason=body.reason, note=body.note, actor=signed.actor, now=now
        )
        return _listed(made)

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.post("/snooze", status_code=201, response_model=DecisionList, responses=problems(404, 409))
def snooze(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: SnoozeBody, key: IdempotencyKey = None
) -> Response:
    """Put off until a time, with the folded copies: all or none."""

    def act(tx: Tx) -> BaseModel:
        made = steering.snooze(tx, picks(body.mentions), until=body.until, actor=signed.actor, now=now)
        return _listed(made)

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.post("/assign", status_code=201, response_model=DecisionList, responses=problems(404, 409))
def assign(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: AssignBody, key: IdempotencyKey = None
) -> Response:
    """Give mentions to a person, a unit, or both: all or none."""
    if body.unit:
        check_unit(deps.policy, body.unit)

    def act(tx: Tx) -> BaseModel:
        made = steering.assign(
            tx, picks(body.mentions), assignee_id=body.assignee_id, unit=body.unit, actor=signed.actor, now=now
        )
        return _listed(made)

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.post("/correct", status_code=201, response_model=DecisionList, responses=problems(404, 409))
def correct(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: CorrectBody, key: IdempotencyKey = None
) -> Response:
    """Say better than the model what mentions are. Those of which nothing new is said are left out."""

    def act(tx: Tx) -> BaseModel:
        made = steering.correct(
            tx,
            picks(body.mentions),
            kind=body.kind,
            sentiment=body.sentiment,
            topic=body.topic,
            policy=deps.policy,
            actor=signed.actor,
            now=now,
        )
        return _listed(made)

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.post("/merge", status_code=201, response_model=DecidedAnswer, responses=problems(404, 409))
def merge(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: MergeBody, key: IdempotencyKey = None
) -> Response:
    """Add mentions to a ticket that exists."""

    def act(tx: Tx) -> BaseModel:
        ticket, made = actions.merge(tx, picks(body.mentions), body.ticket_id, actor=signed.actor, now=now)
        return DecidedAnswer(ticket=TicketAnswer.of(ticket), decisions=[DecisionAnswer.of(one) for one in made])

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.post("/{decision_id}/undo", response_model=DecisionList, responses=problems(404, 409))
def undo(
    deps: Parts, actor: CurrentActor, now: Now, decision_id: Annotated[int, Path(ge=1, le=LARGEST_ID)]
) -> DecisionList:
    """Take back one act with everything that it decided. A second undo of the same is refused."""
    return _listed(patiently(deps.store, lambda tx: actions.undo(tx, decision_id, actor=actor, now=now)))
