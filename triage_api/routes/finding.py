"""What helps to find mentions: areas by name, and counts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from sahut.core.model import MentionFilter
from triage_api.deps import Parts
from triage_api.fields import Line
from triage_api.routes._answers import problems
from triage_api.routes.mentions import wanted
from triage_api.schemas.finding import AreaList, FacetsAnswer
from triage_api.schemas.mentions import AreaAnswer

router = APIRouter(prefix="/api/v1", tags=["mentions"])
_MOST_AREAS = 20
_MOST_COUNTED = 1_001


@router.get("/areas", response_model=AreaList, responses=problems())
def find_areas(
    deps: Parts, q: Annotated[Line, Query(description="The beginnings of the words of its name")]
) -> AreaList:
    """Provinces, regencies and cities by name, with the code that `area` filters by."""
    return AreaList(items=[AreaAnswer.model_validate(one) for one in deps.areas().find(q, limit=_MOST_AREAS)])


# Not below /mentions, where "count" would be taken for an id.
@router.get("/mention-counts", response_model=FacetsAnswer, responses=problems())
def count_mentions(deps: Parts, where: Annotated[MentionFilter, Depends(wanted)]) -> FacetsAnswer:
    """How many mentions match a filter, and of what they are."""
    with deps.store.read() as tx:
        return FacetsAnswer.of(tx.mentions.facets(where, cap=_MOST_COUNTED))
