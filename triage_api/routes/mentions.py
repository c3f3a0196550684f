"""Mentions: listed, searched, seen whole, untied."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import StringConstraints

from sahut.core import actions
from sahut.core.model import Kind, Language, MentionFilter, MentionOrder, MentionState, Sentiment, Topic
from triage_api import auth
from triage_api.deps import CurrentActor, Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID, Id, Line, Time
from triage_api.routes._answers import problems, searched
from triage_api.schemas import (
    AssessmentAnswer,
    ConversationAnswer,
    DecisionAnswer,
    MentionAnswer,
    MentionDetail,
    MentionPage,
    VersionAnswer,
    VersionBody,
)
from triage_api.writes import written

router = APIRouter(prefix="/api/v1/mentions", tags=["mentions"])
MentionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=200, description="Most items on a page")]
After = Annotated[
    str | None, Query(max_length=500, pattern=r"^[A-Za-z0-9_-]+$", description="`next` of the page before")
]
PlatformName = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_]+$")]
AREA_CODE = r"^([0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?)?$"
_MOST_COPIES = 50
_MOST_NEAR = 50


def wanted(
    deps: Parts,
    *,
    state: Annotated[list[MentionState], Query(max_length=20)] = [],  # noqa: B006 - FastAPI copies defaults
    kind: Annotated[list[Kind], Query(max_length=20)] = [],  # noqa: B006 - as above
    sentiment: Annotated[list[Sentiment], Query(max_length=20)] = [],  # noqa: B006 - as above
    topic: Annotated[list[Topic], Query(max_length=20)] = [],  # noqa: B006 - as above
    language: Annotated[list[Language], Query(max_length=20)] = [],  # noqa: B006 - as above
    area: Annotated[
        str,
        Query(
            max_length=13,
            pattern=AREA_CODE,
            description="Kemendagri code, as 32.73: mentions whose place surely lies in that area",
        ),
    ] = "",
    platform: Annotated[list[PlatformName], Query(max_length=20)] = [],  # noqa: B006 - as above
    unit: Annotated[Line, Query(description="A unit's code: mentions given to it, or to none and of its topics")] = "",
    assignee: Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="A user's id; 0 for nobody's")] = None,
    least: Annotated[float | None, Query(ge=0, le=1, description="`score` from then on")] = None,
    most: Annotated[float | None, Query(ge=0, le=1, description="… and up to then")] = None,
    source: Annotated[Id | None, Query(description="A source's id")] = None,
    ticket: Annotated[Id | None, Query(description="A ticket's id")] = None,
    first: Annotated[Id | None, Query(description="Those tied to this mention")] = None,
    since: Annotated[Time | None, Query(description="Published (or first seen) from then on")] = None,
    until: Annotated[Time | None, Query(description="… and before then")] = None,
    q: Annotated[Line, Query(description="Words that its text has; a “phrase” in quotes; -what it must not have")] = "",
    folded: Annotated[
        bool | None, Query(description="Only copies behind another in the queue, or none of them")
    ] = None,
) -> MentionFilter:
    """The filter that a query string describes."""
    of_unit = next((one.topics for one in deps.policy.units if one.code == unit), frozenset())
    return MentionFilter(
        platforms=tuple(platform),
        unit=unit,
        assignee_id=assignee,
        unit_topics=sorted(of_unit) if unit else None,
        least_score=least,
        most_score=most,
        states=tuple(state),
        kinds=tuple(kind),
        sentiments=tuple(sentiment),
        topics=tuple(topic),
        languages=tuple(language),
        area=area,
        source_id=source,
        ticket_id=ticket,
        first_id=first,
        since=since,
        until=until,
        search=q,
        folded=folded,
    )


@router.get("", response_model=MentionPage, responses=problems())
def list_mentions(
    deps: Parts,
    where: Annotated[MentionFilter, Depends(wanted)],
    order: MentionOrder = MentionOrder.NEWEST,
    limit: Limit = 50,
    after: After = None,
) -> MentionPage:
    """One page. `pressing` is the queue's order, `newest` the latest first."""
    with deps.store.read() as tx:
        page = tx.mentions.page(where, order=order, limit=limit, after=after)
    return MentionPage(
        items=[MentionAnswer.of(record) for record in page.items], next=page.next, note=searched(where.search)
    )


@router.get("/{mention_id}", response_model=MentionDetail, responses=problems(404))
def show_mention(deps: Parts, signed: SignedUser, mention_id: MentionId) -> Response:
    """One mention with its earlier wordings, assessments, decisions and copies."""
    with deps.store.read() as tx:
        record = tx.mentions.get(mention_id)
        auth.check_readable(signed, record)
        copies = tx.mentions.page(
            MentionFilter(first_id=mention_id), order=MentionOrder.NEWEST, limit=_MOST_COPIES
        ).items
        versions = tx.mentions.versions(mention_id)
        assessments = tx.assessments.history(mention_id)
        decisions = tx.decisions.of_mention(mention_id)
    return written(
        MentionDetail.full(
            record,
            versions=[VersionAnswer.of(version) for version in versions],
            assessments=[AssessmentAnswer.of(at, said) for at, said in assessments],
            decisions=[DecisionAnswer.of(decision) for decision in decisions],
            copies=[MentionAnswer.of(copy) for copy in copies],
        )
    )


@router.get("/{mention_id}/conversation", response_model=ConversationAnswer, responses=problems(404))
def show_conversation(deps: Parts, mention_id: MentionId) -> Response:
    """What stands around a mention: the posts that it answers, those beside it and below, and where that was cut."""
    with deps.store.read() as tx:
        record = tx.mentions.get(mention_id)
        found = tx.mentions.conversation(record, _MOST_NEAR)
        known = tx.conversations.of(mention_id)
    return written(ConversationAnswer.of(found, known))


@router.post("/{mention_id}/untie", response_model=MentionAnswer, responses=problems(404, 409))
def untie_mention(deps: Parts, actor: CurrentActor, now: Now, mention_id: MentionId, body: VersionBody) -> Response:
    """Not the same after all: it stands for itself in the queue again."""
    with deps.store.begin() as tx:
        record = actions.untie(tx, mention_id, body.version, actor=actor, now=now)
    return written(MentionAnswer.of(deps.sight.record(record)))
