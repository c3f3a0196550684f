"""Dead letters, accounts, the policy, and how the service is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from sahut.core import actions
from triage_api.deps import Now, Parts, ring
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas import (
    AliveAnswer,
    DeadLetterAnswer,
    DeadLetterPage,
    PolicyAnswer,
    RetryAnswer,
    UserAnswer,
    UserList,
)

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
