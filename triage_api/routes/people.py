"""Who may sign in and as what: the roles, and the accounts by those who administer them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from sahut.core import people
from sahut.core.model import Policy, Role
from sahut.core.ports import Tx
from triage_api import auth
from triage_api.auth import Signed
from triage_api.deps import AllParts, CurrentActor, Deps, Now, Parts, SignedUser
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import CLOSED, GRANTS, Permission
from triage_api.routes._answers import problems
from triage_api.routes.sessions import set_cookie
from triage_api.schemas import SessionAnswer
from triage_api.schemas.people import (
    AccountAnswer,
    AccountChangeBody,
    EndedAnswer,
    InviteBody,
    InvitedAnswer,
    OneTimeAnswer,
    RoleAnswer,
    RoleList,
    WelcomeBody,
)
from triage_api.writes import IdempotencyKey, check_unit, once

router = APIRouter(prefix="/api/v1", tags=["people"])
UserId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get("/roles", response_model=RoleList, responses=problems())
def list_roles() -> RoleList:
    """The table by which every request is let in or refused: what a role lacks here, it may not do."""
    asked = [one for one in Permission if one not in CLOSED]
    return RoleList(
        permissions=asked,
        items=[RoleAnswer(role=role, permissions=[one for one in asked if one in GRANTS[role]]) for role in Role],
    )


@router.post("/users", status_code=201, response_model=InvitedAnswer, responses=problems(409))
def invite(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: InviteBody, key: IdempotencyKey = None
) -> Response:
    """A new account, and the link with which its holder chooses a password. It works once, for seven days."""
    units = checked_units(deps.policy, body.role, body.units)
    auth.check_grants(signed, body.role)
    shown, token_hash = auth.new_token()

    def act(tx: Tx) -> BaseModel:
        user = people.invite(
            tx,
            username=body.username,
            name=body.name,
            role=body.role,
            units=units,
            token_hash=token_hash,
            no_password=auth.NO_PASSWORD,
            actor=signed.actor,
            now=now,
        )
        return InvitedAnswer(user=shown_account(tx, user.id), link=welcome_link(request, deps, shown))

    return once(request, deps, signed, now, key=key, body=body, act=act, secrets=("link",))


@router.get("/users/{user_id}", response_model=AccountAnswer, responses=problems(404))
def show_user(deps: Parts, user_id: UserId) -> AccountAnswer:
    """One account."""
    with deps.store.read() as tx:
        return shown_account(tx, user_id)


@router.patch("/users/{user_id}", response_model=AccountAnswer, responses=problems(404, 409))
def change_user(deps: Parts, signed: SignedUser, now: Now, user_id: UserId, body: AccountChangeBody) -> AccountAnswer:
    """Another role or other units; closed or opened again. The last administrator stays one."""
    actor = signed.actor
    with deps.store.begin() as tx:
        user = tx.accounts.user(user_id)
        auth.check_grants(signed, user.role, body.role or user.role)
        if body.role is not None or body.units is not None:
            role = body.role or user.role
            units = checked_units(deps.policy, role, list(user.units) if body.units is None else body.units)
            people.change_role(tx, user_id, role, units, actor=actor, now=now)
        if body.active is not None:
            people.set_active(tx, user_id, body.active, actor=actor, now=now)
        return shown_account(tx, user_id)


@router.post("/users/{user_id}/invite", response_model=InvitedAnswer, responses=problems(404, 409))
def invite_again(request: Request, deps: Parts, signed: SignedUser, now: Now, user_id: UserId) -> InvitedAnswer:
    """Another link for whoever has not come yet; the earlier one no longer works."""
    shown, token_hash = auth.new_token()
    with deps.store.begin() as tx:
        auth.check_grants(signed, tx.accounts.user(user_id).role)
        people.invite_again(tx, user_id, token_hash, actor=signed.actor, now=now)
        return InvitedAnswer(user=shown_account(tx, user_id), link=welcome_link(request, deps, shown))


@router.post("/users/{user_id}/reset-password", response_model=OneTimeAnswer, responses=problems(404))
def reset_password(deps: Parts, signed: SignedUser, now: Now, user_id: UserId) -> OneTimeAnswer:
    """A one-time password in place of theirs; every session of the account ends."""
    password = auth.new_one_time_password()
    made = auth.hash_password(password)
    with deps.store.begin() as tx:
        auth.check_grants(signed, tx.accounts.user(user_id).role)
        people.reset_password(tx, user_id, made, actor=signed.actor, now=now)
        return OneTimeAnswer(user=shown_account(tx, user_id), password=password)


@router.post("/users/{user_id}/reset-second-factor", response_model=AccountAnswer, responses=problems(404, 409))
def reset_second_factor(deps: Parts, signed: SignedUser, now: Now, user_id: UserId) -> AccountAnswer:
    """Take the second factor off an account whose holder has lost it; its sessions end. Never one's own."""
    with deps.store.begin() as tx:
        auth.check_grants(signed, tx.accounts.user(user_id).role)
        people.reset_second_factor(tx, user_id, actor=signed.actor, now=now)
        return shown_account(tx, user_id)


@router.post("/users/{user_id}/end-sessions", response_model=EndedAnswer, responses=problems(404))
def end_sessions(deps: Parts, actor: CurrentActor, now: Now, user_id: UserId) -> EndedAnswer:
    """Sign the account out everywhere."""
    with deps.store.begin() as tx:
        return EndedAnswer(ended=people.end_sessions(tx, user_id, actor=actor, now=now))


@router.post("/welcome", response_model=SessionAnswer, responses=problems(403, 409, signed=False))
def welcome(request: Request, response: Response, deps: AllParts, body: WelcomeBody) -> SessionAnswer:
    """Use an invitation with a password of one's own; opens a session, whose cookie comes with the answer."""
    auth.check_same_site(request, deps.settings, None)
    signed = auth.accept_invitation(
        deps.store,
        deps.settings,
        deps.clock,
        token=body.token,
        password=body.password,
        address=auth.address_of(request),
        device=auth.device_of(request),
    )
    set_cookie(response, deps.settings, signed.cookie)
    return SessionAnswer.of(Signed(user=signed.user, actor=auth.actor_of(signed.user), session=signed.session))


def checked_units(policy: Policy, role: Role, units: list[str]) -> tuple[str, ...]:
    """Units of the policy, for a unit officer at least one. Raises InvalidError."""
    for code in units:
        check_unit(policy, code, pointer="#/units")
    if role is Role.UNIT and not units:
        raise InvalidError("a unit officer belongs to a unit", pointer="#/units")
    return tuple(sorted(set(units)))


def shown_account(tx: Tx, user_id: int) -> AccountAnswer:
    """An account as an administrator sees it. Raises NotFoundError."""
    user, invited = tx.accounts.user(user_id), tx.invitations.of(user_id)
    return AccountAnswer.of(user, invited, second_factor=tx.second_factors.is_on(user_id))


def welcome_link(request: Request, deps: Deps, shown: str) -> str:
    """The address to hand to whoever is invited."""
    base = deps.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    return f"{base}/welcome?token={shown}"
