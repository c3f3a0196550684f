"""Keys of programs: by those who administer accounts, and as far as they act in one's own name."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from sahut.core import tokens
from sahut.core.errors import NotFoundError
from sahut.core.model import ApiToken, User
from sahut.core.ports import Tx
from triage_api.auth import Signed, new_token
from triage_api.deps import CurrentActor, Deps, Now, Parts, SignedUser
from triage_api.errors import ForbiddenError, InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission, scopes_of
from triage_api.routes._answers import problems
from triage_api.schemas import NewTokenAnswer, TokenAnswer, TokenBody, TokenList
from triage_api.writes import IdempotencyKey, once

router = APIRouter(prefix="/api/v1", tags=["people"])
TokenId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get("/session/tokens", response_model=TokenList, responses=problems())
def list_own_tokens(deps: Parts, signed: SignedUser) -> TokenList:
    """The keys of programs that act in one's own name."""
    return TokenList(items=[TokenAnswer.of(token) for token in own_tokens(deps, signed)])


@router.delete("/session/tokens/{token_id}", status_code=204, response_class=Response, responses=problems(404))
def revoke_own_token(deps: Parts, signed: SignedUser, now: Now, token_id: TokenId) -> None:
    """Close a key that acts in one's own name, at once. For another's there is 404; a program closes only itself."""
    if signed.session is None and signed.actor.token_id != token_id:
        raise NotFoundError("token", token_id)
    with deps.store.begin() as tx:
        tokens.revoke(tx, token_id, actor=signed.actor, now=now, holder=signed.user.id)


@router.get("/tokens", response_model=TokenList, responses=problems())
def list_tokens(deps: Parts) -> TokenList:
    """Every program's key, without the keys."""
    with deps.store.read() as tx:
        return TokenList(items=[TokenAnswer.of(token) for token in tx.accounts.tokens()])


@router.post("/tokens", status_code=201, response_model=NewTokenAnswer, responses=problems(404, 409))
def add_token(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: TokenBody, key: IdempotencyKey = None
) -> Response:
    """A new key. It is shown in this answer and never again. A program gives no more than it was given itself."""
    shown, token_hash = new_token()

    def act(tx: Tx) -> BaseModel:
        check_scopes(signed, tx.accounts.user(body.user_id), body.scopes)
        made = tokens.make(
            tx,
            body.user_id,
            name=body.name,
            token_hash=token_hash,
            scopes=body.scopes,
            expires_at=body.expires_at or now + tokens.USUALLY_LASTS,
            actor=signed.actor,
            now=now,
        )
        return NewTokenAnswer(**TokenAnswer.of(made).model_dump(), token=shown)

    return once(request, deps, signed, now, key=key, body=body, act=act, secrets=("token",))


@router.delete("/tokens/{token_id}", status_code=204, response_class=Response, responses=problems(404))
def revoke_token(deps: Parts, actor: CurrentActor, now: Now, token_id: TokenId) -> None:
    """Close a key at once."""
    with deps.store.begin() as tx:
        tokens.revoke(tx, token_id, actor=actor, now=now)


def own_tokens(deps: Deps, signed: Signed) -> list[ApiToken]:
    """The keys that act in one's own name, newest first; without those that are closed."""
    with deps.store.read() as tx:
        return [one for one in tx.accounts.tokens() if one.user_id == signed.user.id and not one.revoked]


def check_scopes(signed: Signed, holder: User, scopes: Collection[Permission]) -> None:
    """Raise InvalidError for what the holder's role does not grant, ForbiddenError for what a program was not given."""
    beyond = [str(one) for one in scopes if one not in scopes_of(holder.role)]
    if beyond:
        raise InvalidError(f"the role {holder.role} does not grant {', '.join(beyond)}", pointer="#/scopes")
    if signed.scopes is not None and not set(scopes) <= signed.scopes:
        raise ForbiddenError("a program gives no more than it was given itself")


def state_of(token: ApiToken, holder: User, now: datetime) -> str:
    """``revoked``, ``over`` or ``live``."""
    if token.revoked or not holder.active:
        return "revoked"
    return "over" if token.over(now) else "live"
