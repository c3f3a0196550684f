"""The one door behind the masks. What it answers is never kept for a repeat: each look is an act of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from sahut.core import revealing
from triage_api.deps import CurrentActor, Now, Parts
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas.revealing import RevealBody, RevealedMention, RevealedTicket

router = APIRouter(prefix="/api/v1", tags=["privacy"])
ThingId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.post("/mentions/{mention_id}/reveal", response_model=RevealedMention, responses=problems(404))
def reveal_mention(
    deps: Parts, actor: CurrentActor, now: Now, mention_id: ThingId, body: RevealBody
) -> RevealedMention:
    """A mention without masks, with its author and link. Who looked, at what and why goes into the audit log."""
    with deps.store.begin() as tx:
        found = revealing.mention(tx, mention_id, purpose=body.purpose, note=body.note, actor=actor, now=now)
    return RevealedMention.of(found)


@router.post("/tickets/{ticket_id}/reveal", response_model=RevealedTicket, responses=problems(404))
def reveal_ticket(deps: Parts, actor: CurrentActor, now: Now, ticket_id: ThingId, body: RevealBody) -> RevealedTicket:
    """A ticket's words without masks. Who looked, at what and why goes into the audit log."""
    with deps.store.begin() as tx:
        found = revealing.ticket(tx, ticket_id, purpose=body.purpose, note=body.note, actor=actor, now=now)
    return RevealedTicket.of(found)
