"""Public replies: drafted, approved by somebody else, sent by a machine, settled where it cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from sahut.core import replying
from sahut.core.model import Reply, ReplyFilter, ReplyState
from sahut.core.ports import Tx
from triage_api import answering
from triage_api.deps import Deps, Now, Parts, SignedUser, ring
from triage_api.fields import LARGEST_ID, Id
from triage_api.routes._answers import problems
from triage_api.routes.mentions import After, Limit
from triage_api.schemas import (
    AnsweredBody,
    RejectBody,
    ReplyActBody,
    ReplyAnswer,
    ReplyBody,
    ReplyChangeBody,
    ReplyCheckAnswer,
    ReplyDetail,
    ReplyEventAnswer,
    ReplyPage,
    ReplyTextBody,
    SettleBody,
    TemplateAnswer,
    TemplateList,
)
from triage_api.schemas.replies import reply_members
from triage_api.writes import IdempotencyKey, IfMatch, based_on, once, written

router = APIRouter(prefix="/api/v1/replies", tags=["replies"])
ReplyId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_ACTS = problems(404, 409, 428)


@router.get("", response_model=ReplyPage, responses=problems())
def list_replies(
    deps: Parts,
    state: Annotated[list[ReplyState], Query(max_length=20)] = [],  # noqa: B006 - FastAPI copies defaults
    mention: Annotated[Id | None, Query(description="Those to this mention")] = None,
    limit: Limit = 50,
    after: After = None,
) -> ReplyPage:
    """One page, the latest first."""
    with deps.store.read() as tx:
        page = tx.replies.page(ReplyFilter(states=tuple(state), mention_id=mention), limit=limit, after=after)
    return ReplyPage(items=[ReplyAnswer.of(reply) for reply in page.items], next=page.next)


@router.get("/templates", response_model=TemplateList, responses=problems(404))
def list_templates(deps: Parts, mention: Annotated[Id, Query(description="To be answered")]) -> TemplateList:
    """Prepared texts for an answer to a mention."""
    with deps.store.read() as tx:
        found = answering.templates_for(tx, deps, tx.mentions.get(mention))
    return TemplateList(items=[TemplateAnswer(name=one.name, language=one.language, text=text) for one, text in found])


@router.post("/check", response_model=ReplyCheckAnswer, responses=problems(404))
def check_text(deps: Parts, now: Now, body: ReplyTextBody) -> ReplyCheckAnswer:
    """Count a text as its platform does, and say what refuses it and what to know. Stores nothing, calls nobody."""
    judged = answering.judged_text(deps, body.mention_id, body.text, split=body.split)
    with deps.store.read() as tx:
        return ReplyCheckAnswer.of(answering.checked(tx, deps, tx.mentions.get(body.mention_id), judged, now))


@router.post("", status_code=201, response_model=ReplyAnswer, responses=problems(404, 409))
def draft(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: ReplyBody, key: IdempotencyKey = None
) -> Response:
    """Begin an answer. A mention has one at most that is not over."""
    judged = answering.judged_text(deps, body.mention_id, body.text, split=body.split)

    def act(tx: Tx) -> BaseModel:
        made = replying.draft(tx, body.mention_id, judged, template=body.template, actor=signed.actor, now=now)
        return ReplyAnswer.of(answering.seen(tx, deps, made))

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.get("/{reply_id}", response_model=ReplyDetail, responses=problems(404))
def show_reply(deps: Parts, now: Now, reply_id: ReplyId) -> Response:
    """One reply with its history."""
    judged = answering.judged_reply(deps, reply_id)
    with deps.store.read() as tx:
        reply = tx.replies.get(reply_id)
        found = answering.checked(tx, deps, tx.mentions.get(reply.mention_id), judged, now, reply)
        events = tx.replies.events(reply_id)
    with deps.bare.read() as tx:
        found = deps.sight.check(found, answering.asked_of(tx, reply.mention_id))
    more = {"history": [ReplyEventAnswer.of(one) for one in events], "check": ReplyCheckAnswer.of(found)}
    return written(ReplyDetail.model_validate(reply_members(reply) | more))


@router.patch("/{reply_id}", response_model=ReplyAnswer, responses=_ACTS)
def edit(
    deps: Parts, signed: SignedUser, now: Now, reply_id: ReplyId, body: ReplyChangeBody, if_match: IfMatch = None
) -> Response:
    """Another text: a draft again. A stale version is refused with what changed since."""
    version = based_on(if_match, body.version)
    with deps.store.begin() as tx:
        changed = replying.edit(tx, reply_id, body.text, split=body.split, version=version, actor=signed.actor, now=now)
        shown = answering.seen(tx, deps, changed)
    return written(ReplyAnswer.of(shown))


def _do(deps: Deps, act: Callable[[Tx], Reply]) -> Response:
    with deps.store.begin() as tx:
        changed = act(tx)
        shown = answering.seen(tx, deps, changed)
    if changed.due_at is not None:
        ring(deps, "deliver")
    return written(ReplyAnswer.of(shown))


@router.post("/{reply_id}/submit", response_model=ReplyAnswer, responses=_ACTS)
def submit(
    deps: Parts, signed: SignedUser, now: Now, reply_id: ReplyId, body: ReplyActBody, if_match: IfMatch = None
) -> Response:
    """Put it before somebody else; where the policy asks for no second person, it goes out."""
    version, judged = based_on(if_match, body.version), answering.judged_reply(deps, reply_id)
    return _do(
        deps,
        lambda tx: replying.submit(
            tx, reply_id, judged, version=version, policy=deps.policy, actor=signed.actor, now=now
        ),
    )


@router.post("/{reply_id}/approve", response_model=ReplyAnswer, responses=_ACTS)
def approve(
    deps: Parts, signed: SignedUser, now: Now, reply_id: ReplyId, body: ReplyActBody, if_match: IfMatch = None
) -> Response:
    """Let it out. Refused for whoever had a hand in its text."""
    version, judged = based_on(if_match, body.version), answering.judged_reply(deps, reply_id)
    return _do(
        deps,
        lambda tx: replying.approve(
            tx, reply_id, judged, version=version, policy=deps.policy, actor=signed.actor, now=now
        ),
    )


@router.post("/{reply_id}/reject", response_model=ReplyAnswer, responses=_ACTS)
def reject(
    deps: Parts, signed: SignedUser, now: Now, reply_id: ReplyId, body: RejectBody, if_match: IfMatch = None
) -> Response:
    """Back to its author, with what is wrong."""
    version = based_on(if_match, body.version)
    return _do(
        deps,
        lambda tx: replying.reject(tx, reply_id, body.note, version=version, actor=signed.actor, now=now),
    )


@router.post("/{reply_id}/withdraw", response_model=ReplyAnswer, responses=_ACTS)
def withdraw(
    deps: Parts, signed: SignedUser, now: Now, reply_id: ReplyId, body: ReplyActBody, if_match: IfMatch = None
) -> Response:
    """It does not go out. Refused from the moment a machine has taken it."""
    version = based_on(if_match, body.version)
    return _do(deps, lambda tx: replying.withdraw(tx, reply_id, version=version, actor=signed.actor, now=now))


@router.post("/{reply_id}/answered", response_model=ReplyAnswer, responses=_ACTS)
def answered(
    deps: Parts, signed: SignedUser, now: Now, reply_id: ReplyId, body: AnsweredBody, if_match: IfMatch = None
) -> Response:
    """A person posted it on the platform, at this address."""
    version = based_on(if_match, body.version)
    return _do(
        deps,
        lambda tx: replying.answered(tx, reply_id, body.link, version=version, actor=signed.actor, now=now),
    )


@router.post("/{reply_id}/settle", response_model=ReplyAnswer, responses=_ACTS)
def settle(
    deps: Parts, signed: SignedUser, now: Now, reply_id: ReplyId, body: SettleBody, if_match: IfMatch = None
) -> Response:
    """Say of a reply in doubt what a person saw: it stands there, or it does not and goes out again."""
    version = based_on(if_match, body.version)
    return _do(
        deps,
        lambda tx: replying.settle(
            tx, reply_id, link=body.link, stands=body.stands, version=version, actor=signed.actor, now=now
        ),
    )


@router.post("/{reply_id}/retry", response_model=ReplyAnswer, responses=_ACTS)
def retry(
    deps: Parts, signed: SignedUser, now: Now, reply_id: ReplyId, body: ReplyActBody, if_match: IfMatch = None
) -> Response:
    """Let a failed one go out as it was approved, once what stopped it is put right."""
    version, judged = based_on(if_match, body.version), answering.judged_reply(deps, reply_id)
    return _do(
        deps,
        lambda tx: replying.retry(
            tx, reply_id, judged, version=version, policy=deps.policy, actor=signed.actor, now=now
        ),
    )
