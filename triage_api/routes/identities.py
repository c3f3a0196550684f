"""Identities at an identity provider: which account each of them signs in to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sahut.core import identities
from triage_api import auth, linking
from triage_api.deps import CurrentActor, Now, Parts, SignedUser
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.routes.people import UserId
from triage_api.schemas.identities import IdentityAnswer, IdentityList

router = APIRouter(prefix="/api/v1", tags=["people"])
IdentityId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get("/session/identities", response_model=IdentityList, responses=problems())
def list_own(deps: Parts, signed: SignedUser) -> IdentityList:
    """What one's own account is linked to."""
    auth.check_browser(signed)
    with deps.store.read() as tx:
        return IdentityList(items=[IdentityAnswer.of(one) for one in tx.identities.of(signed.user.id)])


@router.delete(
    "/session/identities/{identity_id}", status_code=204, responses=problems(404, 409), response_class=Response
)
def unlink_own(deps: Parts, signed: SignedUser, identity_id: IdentityId) -> None:
    """Unlink one; every other session of the account ends."""
    linking.unlink_own(deps.store, deps.clock, signed, identity_id)


@router.get("/users/{user_id}/identities", response_model=IdentityList, responses=problems(404))
def list_of(deps: Parts, user_id: UserId) -> IdentityList:
    """What an account is linked to."""
    with deps.store.read() as tx:
        user = tx.accounts.user(user_id)
        return IdentityList(items=[IdentityAnswer.of(one) for one in tx.identities.of(user.id)])


@router.delete(
    "/users/{user_id}/identities/{identity_id}", status_code=204, responses=problems(404), response_class=Response
)
def unlink(deps: Parts, actor: CurrentActor, now: Now, user_id: UserId, identity_id: IdentityId) -> None:
    """Unlink one; the account's sessions end."""
    with deps.store.begin() as tx:
        identities.unlink(tx, user_id, identity_id, actor=actor, now=now)
