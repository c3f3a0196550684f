"""What helps to find mentions: areas by name, and counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from sahut.core.model import MentionFilter, MentionState
from triage_api.deps import Parts
from triage_api.fields import LARGEST_ID, Line
from triage_api.routes._answers import problems
from triage_api.routes.mentions import wanted
from triage_api.schemas.finding import AreaList, FacetsAnswer
from triage_api.schemas.mentions import AreaAnswer
from triage_api.schemas.news import NewsAnswer
from triage_api.tagging import tagged

router = APIRouter(prefix="/api/v1", tags=["mentions"])
_MOST_AREAS = 20
_MOST_COUNTED = 1_001
_MOST_NEW = 100


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


@router.get("/mention-news", response_model=NewsAnswer, responses={304: {"description": "Not Modified"}, **problems()})
def mention_news(
    request: Request,
    deps: Parts,
    where: Annotated[MentionFilter, Depends(wanted)],
    mark: Annotated[
        int | None, Query(ge=0, le=LARGEST_ID, description="`mark` of the answer that the caller's list goes with")
    ] = None,
) -> Response:
    """How many of what waits and matches came since; without `mark`, from where to ask. Cheap: to be asked again."""
    waits = replace(where, states=(MentionState.FLAGGED,), folded=False)
    with deps.store.read() as tx:
        present = tx.mentions.mark()
        since = present if mark is None else mark
        new = tx.mentions.fresh(waits, since, cap=_MOST_NEW + 1) if present > since else 0
    return tagged(request, NewsAnswer(new=new, mark=present).model_dump_json())
