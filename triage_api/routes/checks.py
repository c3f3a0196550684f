"""A sample of what was filed, to check for misses."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from sahut.core import checking
from sahut.core.ports import Tx
from triage_api.deps import Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas import DecisionAnswer, DecisionList, MentionAnswer
from triage_api.schemas.checks import CheckAnswer, CheckBody
from triage_api.writes import IdempotencyKey, once

router = APIRouter(prefix="/api/v1/checks", tags=["decisions"])


@router.get("", response_model=CheckAnswer, responses=problems())
def show_checks(deps: Parts, now: Now, limit: Annotated[int, Query(ge=1, le=100)] = 10) -> CheckAnswer:
    """Whose turn it is, and what the checks of the last 30 days tell of the recall."""
    since, until = checking.window(now)
    with deps.store.read() as tx:
        tally = tx.checks.tally(since, until)
        by_stratum = [tx.checks.turn(since, until, at, limit) for at in range(len(checking.SHARES))]
        given = checking.shares([len(ids) for ids in by_stratum], limit)
        ids = [one for ids, many in zip(by_stratum, given, strict=True) for one in ids[:many]]
        turn = [MentionAnswer.of(tx.mentions.get(one)) for one in ids]
    return CheckAnswer.of(tally, checking.estimate(tally), checking.still_to_check(tally), turn)


@router.post("/{mention_id}", status_code=201, response_model=DecisionList, responses=problems(404, 409))
def check_mention(
    request: Request,
    deps: Parts,
    signed: SignedUser,
    now: Now,
    mention_id: Annotated[int, Path(ge=1, le=LARGEST_ID)],
    body: CheckBody,
    key: IdempotencyKey = None,
) -> Response:
    """Say of a filed mention whether it is a complaint: then it goes into the queue at once."""

    def act(tx: Tx) -> BaseModel:
        made = checking.check(
            tx,
            (mention_id, body.version),
            complaint=body.complaint,
            policy=deps.policy,
            actor=signed.actor,
            now=now,
        )
        return DecisionList(items=[DecisionAnswer.of(one) for one in made])

    return once(request, deps, signed, now, key=key, body=body, act=act)
