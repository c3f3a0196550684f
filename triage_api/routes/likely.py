"""What likely belongs together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from sahut.core import suggesting
from triage_api.deps import Now, Parts
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas.likely import SimilarAnswer, SimilarList, SuggestionAnswer, SuggestionList

router = APIRouter(prefix="/api/v1/mentions", tags=["mentions"])
MentionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=20)]


@router.get("/{mention_id}/tickets", response_model=SuggestionList, responses=problems(404))
def likely_tickets(deps: Parts, mention_id: MentionId, limit: Limit = 5) -> SuggestionList:
    """Open tickets that a mention may be merged into, by place, topic and likeness of words, the likeliest first."""
    with deps.store.read() as tx:
        found = suggesting.tickets_for(tx, [tx.mentions.get(mention_id)], limit=limit)
    return SuggestionList(items=[SuggestionAnswer.of(one) for one in found])


@router.get("/{mention_id}/similar", response_model=SimilarList, responses=problems(404))
def similar_mentions(deps: Parts, now: Now, mention_id: MentionId, limit: Limit = 5) -> SimilarList:
    """Mentions of the last 90 days that tell of the same trouble in other words; copies are in `copies`."""
    with deps.store.read() as tx:
        found = suggesting.mentions_like(tx, tx.mentions.get(mention_id), now=now, limit=limit)
    return SimilarList(items=[SimilarAnswer.of(one) for one in found])
