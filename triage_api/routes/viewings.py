"""Who has a mention open: told to colleagues, and in nobody's way."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from sahut.core import viewing
from triage_api import auth
from triage_api.deps import CurrentActor, Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID, Id
from triage_api.routes._answers import problems
from triage_api.schemas.viewings import ViewingList

router = APIRouter(prefix="/api/v1", tags=["mentions"])
MentionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Key = Annotated[
    str,
    Query(
        max_length=40,
        pattern=r"^[A-Za-z0-9_-]*$",
        description="Of the caller's making, for one window: only the window that looked last can stop looking",
    ),
]


@router.put("/mentions/{mention_id}/viewing", response_model=ViewingList, responses=problems(404))
def look_at_mention(deps: Parts, signed: SignedUser, now: Now, mention_id: MentionId, key: Key = "") -> ViewingList:
    """Say that the caller has a mention open, for two minutes from now; who else has. It keeps nobody from anything.

    Who only reads leaves no trace.
    """
    with deps.store.begin() as tx:
        auth.check_readable(signed, tx.mentions.get(mention_id))
        viewing.hold(tx, mention_id, key=key, actor=signed.actor, now=now)
        found = viewing.others(tx, signed.actor.user_id, now, [mention_id])
    return ViewingList.of(found.get(mention_id, []))


@router.delete("/mentions/{mention_id}/viewing", status_code=204, responses=problems(404))
def stop_looking(deps: Parts, actor: CurrentActor, mention_id: MentionId, key: Key = "") -> Response:
    """The caller no longer has it open."""
    with deps.store.begin() as tx:
        tx.mentions.get(mention_id)
        viewing.drop(tx, mention_id, key=key, actor=actor)
    return Response(status_code=204)


@router.get("/viewings", response_model=ViewingList, responses=problems())
def list_viewings(
    deps: Parts,
    now: Now,
    mention: Annotated[list[Id], Query(max_length=200, description="Of these mentions alone")] = [],  # noqa: B006
) -> ViewingList:
    """Who has which mention open at this moment."""
    with deps.store.read() as tx:
        return ViewingList.of(tx.viewings.present(now, mention or None))
