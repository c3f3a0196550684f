"""Dead letters, accounts, tokens, the policy, and how the service is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from sahut.core import actions
from sahut.core.ports import Tx
from triage_api.auth import new_token
from triage_api.deps import Now, Parts, SignedUser, ring
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas import (
    AliveAnswer,
    DeadLetterAnswer,
    DeadLetterPage,
    NewTokenAnswer,
    PolicyAnswer,
    RetryAnswer,
    TokenAnswer,
    TokenBody,
    TokenList,
    UserAnswer,
    UserList,
)
from triage_api.writes import IdempotencyKey, once

router = APIRouter(prefix="/api/v1", tags=["operations"])
probes = APIRouter(tags=["health"])


@router.get("/dead-letters", response_model=DeadLetterPage, responses=problems())
def list_dead_letters(
    deps: Parts,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
) -> DeadLetterPage:
    """What was set aside, and why."""
    with deps.store.read() as tx:
        found = tx.dead_letters.page(limit=limit + 1, after=after)
    more = len(found) > limit
    items = [DeadLetterAnswer.of(letter) for letter in found[:limit]]
    return DeadLetterPage(items=items, next=items[-1].id if more else None)


@router.post("/dead-letters/{letter_id}/retry", response_model=RetryAnswer, responses=problems(404, 409))
def retry_dead_letter(deps: Parts, now: Now, letter_id: Annotated[int, Path(ge=1, le=LARGEST_ID)]) -> RetryAnswer:
    """Try it again; 422 says why it still fails."""
    with deps.store.begin() as tx:
        letter = tx.dead_letters.get(letter_id)
        collector = None
        if letter.source_id is not None and letter.mention_id is None and deps.collector_for is not None:
            collector = deps.collector_for(tx.sources.get(letter.source_id).platform)
        try:
            brought = actions.retry_dead_letter(tx, letter, collector, now=now)
        except ValueError as error:
            raise InvalidError(f"dead letter {letter_id} still fails: {error}") from error
    ring(deps, "assess")
    return RetryAnswer(brought=brought)


@router.get("/users", response_model=UserList, responses=problems())
def list_users(deps: Parts) -> UserList:
    """Whom a ticket may be assigned to, and who is closed."""
    with deps.store.read() as tx:
        return UserList(items=[UserAnswer.of(user) for user in tx.accounts.users()])


@router.get("/tokens", response_model=TokenList, responses=problems())
def list_tokens(deps: Parts) -> TokenList:
    """Every program's key, without the keys."""
    with deps.store.read() as tx:
        return TokenList(items=[TokenAnswer.of(token) for token in tx.accounts.tokens()])


@router.post("/tokens", status_code=201, response_model=NewTokenAnswer, responses=problems(404, 409))
def add_token(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: TokenBody, key: IdempotencyKey = None
) -> Response:
    """A new key. It is shown in this answer and never again."""
    shown, token_hash = new_token()

    def act(tx: Tx) -> BaseModel:
        owner = tx.accounts.user(body.user_id)
        made = tx.accounts.add_token(
            user_id=owner.id, name=body.name, token_hash=token_hash, expires_at=body.expires_at, now=now
        )
        return NewTokenAnswer(**TokenAnswer.of(made).model_dump(), token=shown)

    return once(request, deps, signed, now, key=key, body=body, act=act, secrets=("token",))


@router.delete("/tokens/{token_id}", status_code=204, response_class=Response, responses=problems(404))
def revoke_token(deps: Parts, token_id: Annotated[int, Path(ge=1, le=LARGEST_ID)]) -> None:
    """Close a key at once."""
    with deps.store.begin() as tx:
        tx.accounts.revoke_token(token_id)


@router.get("/policy", response_model=PolicyAnswer, responses=problems())
def show_policy(deps: Parts) -> PolicyAnswer:
    """Topics, units and thresholds that hold here."""
    return PolicyAnswer.of(deps.policy)


@router.get("/openapi.json", include_in_schema=False)
def document(request: Request) -> dict[str, Any]:
    """This API, described."""
    described: dict[str, Any] = request.app.openapi()
    return described


@router.get("/health", response_model=AliveAnswer, responses=problems(signed=False))
def health(deps: Parts) -> AliveAnswer:
    """The service answers and its database is as it should be."""
    deps.store.ping()
    with deps.store.read() as tx:
        return AliveAnswer(status="ok", demo=tx.operations.demo_exists())


@probes.get("/healthz", response_model=AliveAnswer, responses=problems(signed=False))
def live() -> AliveAnswer:
    """The process answers; says nothing of its database, whose fault no restart cures."""
    return AliveAnswer(status="ok")


@probes.get("/readyz", response_model=AliveAnswer, responses=problems(signed=False))
def ready(deps: Parts) -> AliveAnswer:
    """Requests can be served; 503 while the database is away or of another version."""
    deps.store.ping()
    return AliveAnswer(status="ok")


@probes.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    return Response(request.app.state.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")
