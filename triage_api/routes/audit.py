"""The log of who did what, for those who check."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from sahut.core.model import AuditAct, AuditFilter
from triage_api.deps import Parts
from triage_api.fields import Id, Line, Time
from triage_api.routes._answers import problems
from triage_api.routes.mentions import After, Limit
from triage_api.schemas.audit import AuditAnswer, AuditPage

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


@router.get("", response_model=AuditPage, responses=problems())
def list_audit(
    deps: Parts,
    *,
    act: Annotated[list[AuditAct], Query(max_length=30)] = [],  # noqa: B006 - FastAPI copies defaults
    actor: Annotated[Id | None, Query(description="A user's id")] = None,
    kind: Annotated[Line, Query(description="What it was done to: mention, ticket, reply, source …")] = "",
    key: Annotated[Line, Query(description="… and its id")] = "",
    since: Annotated[Time | None, Query(description="From then on")] = None,
    until: Annotated[Time | None, Query(description="… and before then")] = None,
    limit: Limit = 50,
    after: After = None,
) -> AuditPage:
    """One page, the latest first. `sahut audit verify` checks the chain."""
    where = AuditFilter(acts=tuple(act), actor_id=actor, kind=kind, key=key, since=since, until=until)
    with deps.store.read() as tx:
        page = tx.audit.page(where, limit=limit, after=after)
    return AuditPage(items=[AuditAnswer.of(entry) for entry in page.items], next=page.next)
