"""What a person may ask of the agency: what it holds of them, and to be erased."""

from __future__ import annotations

from fastapi import APIRouter

from sahut.core import erasing, retaining
from triage_api.deps import CurrentActor, Now, Parts
from triage_api.routes._answers import problems
from triage_api.schemas.persons import ErasedAnswer, PersonAnswer, PersonBody, ReportAnswer, RetentionAnswer

router = APIRouter(prefix="/api/v1", tags=["privacy"])


@router.post("/persons/look", response_model=PersonAnswer, responses=problems())
def look(deps: Parts, body: PersonBody) -> PersonAnswer:
    """How much erasing would reach; changes nothing."""
    return PersonAnswer.of(erasing.look(deps.bare, erasing.asked(body.platform, body.handle, body.link)))


@router.post("/persons/erase", response_model=ErasedAnswer, responses=problems())
def erase(deps: Parts, actor: CurrentActor, body: PersonBody) -> ErasedAnswer:
    """Erase a person, for good, and let nothing of them be collected again."""
    who = erasing.asked(body.platform, body.handle, body.link)
    reached, exported = erasing.erase(deps.bare, who, clock=deps.clock, forget_exports=deps.forget_exports, actor=actor)
    deps.bare.sweep()
    return ErasedAnswer(reached=PersonAnswer.of(reached), exported=exported)


@router.post("/persons/report", response_model=ReportAnswer, responses=problems())
def report(deps: Parts, actor: CurrentActor, now: Now, body: PersonBody) -> ReportAnswer:
    """What is held of a person, for the person to read."""
    who = erasing.asked(body.platform, body.handle, body.link)
    return ReportAnswer(text=erasing.report(deps.bare, who, deps.policy, now=now, actor=actor))


@router.get("/retention", response_model=RetentionAnswer, responses=problems())
def retention(deps: Parts, now: Now) -> RetentionAnswer:
    """How long what is kept, and how much is over its time."""
    kept = deps.policy.retention
    return RetentionAnswer(
        days={name: span.days for name, span in retaining.spans(kept).items()},
        due=retaining.due(deps.bare, kept, now),
    )
