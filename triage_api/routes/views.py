"""Saved views: filters of the queue under a name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from sahut.core import views
from sahut.core.model import MentionState
from sahut.core.ports import Tx
from triage_api.deps import CurrentActor, Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.routes._answers import problems
from triage_api.schemas.views import RenameViewBody, SaveViewBody, ViewAnswer, ViewList
from triage_api.web import filters
from triage_api.writes import IdempotencyKey, IfMatch, based_on, once, written

router = APIRouter(prefix="/api/v1/views", tags=["mentions"])
ViewId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_MOST_COUNTED = 5_000


@router.get("", response_model=ViewList, responses=problems())
def list_views(deps: Parts, signed: SignedUser, now: Now) -> ViewList:
    """One's own views and those that others share, with how many wait for each."""
    with deps.store.read() as tx:
        found, start = tx.views.of(signed.user.id), tx.views.start_of(signed.user.id)
        waits = [one for one in found if "state" not in one.asked]
        wheres = [
            filters.read(one.asked, deps.policy, deps.areas).where((MentionState.FLAGGED,), deps.policy, now)
            for one in waits
        ]
        numbers = tx.mentions.waiting_by(wheres, most=_MOST_COUNTED)
    counts = dict(zip((one.id for one in waits), numbers, strict=True))
    begins = start.id if start else None
    return ViewList(
        items=[ViewAnswer.of(one, signed.user.id, start=one.id == begins, waiting=counts.get(one.id)) for one in found]
    )


@router.post("", status_code=201, response_model=ViewAnswer, responses=problems(409))
def save_view(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: SaveViewBody, key: IdempotencyKey = None
) -> Response:
    """Keep filters under a name, for oneself."""
    asked = filters.kept(body.filters, deps.policy, deps.areas)

    def act(tx: Tx) -> BaseModel:
        return ViewAnswer.of(views.save(tx, body.name, asked, actor=signed.actor, now=now), signed.user.id)

    return once(request, deps, signed, now, key=key, body=body, act=act)


@router.patch("/{view_id}", response_model=ViewAnswer, responses=problems(404, 409, 428))
def rename_view(
    deps: Parts, signed: SignedUser, now: Now, view_id: ViewId, body: RenameViewBody, if_match: IfMatch = None
) -> Response:
    """Give one's own view, or with the permission to share any shared one, another name."""
    version = based_on(if_match, body.version)
    with deps.store.begin() as tx:
        found = views.rename(
            tx,
            view_id,
            body.name,
            version=version,
            may_share=signed.may(Permission.SHARE),
            actor=signed.actor,
            now=now,
        )
    return written(ViewAnswer.of(found, signed.user.id))


# Before the next one, whose path would take "start" for an id.
@router.delete("/start", status_code=204, responses=problems())
def begin_with_all(deps: Parts, actor: CurrentActor) -> Response:
    """Begin with the whole queue."""
    with deps.store.begin() as tx:
        views.start(tx, None, actor=actor)
    return Response(status_code=204)


@router.delete("/{view_id}", status_code=204, responses=problems(404))
def delete_view(deps: Parts, signed: SignedUser, now: Now, view_id: ViewId) -> Response:
    """Forget one's own view, or with the permission to share any shared one."""
    with deps.store.begin() as tx:
        views.drop(tx, view_id, may_share=signed.may(Permission.SHARE), actor=signed.actor, now=now)
    return Response(status_code=204)


@router.put("/{view_id}/start", status_code=204, responses=problems(404))
def begin_with_view(deps: Parts, actor: CurrentActor, view_id: ViewId) -> Response:
    """Begin with this view from now on."""
    with deps.store.begin() as tx:
        views.start(tx, view_id, actor=actor)
    return Response(status_code=204)


@router.put("/{view_id}/shared", response_model=ViewAnswer, responses=problems(404))
def share_view(deps: Parts, actor: CurrentActor, now: Now, view_id: ViewId) -> Response:
    """Show it to everybody."""
    with deps.store.begin() as tx:
        found = views.share(tx, view_id, shared=True, actor=actor, now=now)
    return written(ViewAnswer.of(found, actor.user_id))


@router.delete("/{view_id}/shared", response_model=ViewAnswer, responses=problems(404))
def unshare_view(deps: Parts, actor: CurrentActor, now: Now, view_id: ViewId) -> Response:
    """Show it to its owner alone again."""
    with deps.store.begin() as tx:
        found = views.share(tx, view_id, shared=False, actor=actor, now=now)
    return written(ViewAnswer.of(found, actor.user_id))
