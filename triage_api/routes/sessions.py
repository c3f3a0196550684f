"""Signing in and out, and one's own password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from sahut.core.model import Session
from triage_api import auth
from triage_api.auth import Signed, SignedIn
from triage_api.deps import Deps, Now, Parts, SignedUser
from triage_api.errors import InvalidError
from triage_api.routes._answers import problems
from triage_api.schemas import PasswordBody, SessionAnswer, SignInBody
from triage_api.schemas.people import OwnSessionAnswer, SessionList
from triage_api.settings import ApiSettings

router = APIRouter(prefix="/api/v1/session", tags=["session"])


@router.post("", response_model=SessionAnswer, responses=problems(401, 403, 429, signed=False))
def sign_in(request: Request, response: Response, deps: Parts, body: SignInBody) -> SessionAnswer:
    """Open a session; its cookie comes with the answer. An account with a second factor needs `code` as well."""
    settings = deps.settings
    auth.check_same_site(request, settings, None)
    signed = auth.sign_in(
        deps.store,
        settings,
        deps.clock,
        username=body.username,
        password=body.password,
        address=auth.address_of(request),
        device=auth.device_of(request),
        cookie=request.cookies.get(settings.cookie_name, ""),
        code=body.code.strip(),
    )
    return _answer(response, settings, signed)


@router.get("", response_model=SessionAnswer, responses=problems())
def show_session(signed: SignedUser) -> SessionAnswer:
    """Who is signed in."""
    return SessionAnswer.of(signed)


@router.delete("", status_code=204, responses=problems(), response_class=Response)
def sign_out(response: Response, deps: Parts, signed: SignedUser) -> None:
    """End the session. A token has none and stays valid."""
    auth.sign_out(deps.store, deps.clock, signed)
    if signed.session is not None:
        clear_cookie(response, deps.settings)


@router.put("/password", response_model=SessionAnswer, responses=problems(429))
def change_password(
    request: Request, response: Response, deps: Parts, signed: SignedUser, body: PasswordBody
) -> SessionAnswer:
    """Set a password of one's own. Every session of the account ends, and a new one opens."""
    auth.check_browser(signed)
    if body.new == body.current:
        raise InvalidError("choose another password than the present one", pointer="#/new")
    changed = auth.change_password(
        deps.store,
        deps.settings,
        deps.clock,
        user=signed.user,
        current=body.current,
        new=body.new,
        address=auth.address_of(request),
        device=auth.device_of(request),
    )
    return _answer(response, deps.settings, changed)


@router.get("/all", response_model=SessionList, responses=problems())
def list_sessions(deps: Parts, signed: SignedUser, now: Now) -> SessionList:
    """Where one's account is signed in, the latest used first."""
    auth.check_browser(signed)
    return SessionList(items=[OwnSessionAnswer.of(one, signed) for one in own_sessions(deps, signed, now)])


@router.delete("/all", response_model=SessionList, responses=problems())
def end_other_sessions(deps: Parts, signed: SignedUser, now: Now) -> SessionList:
    """Sign out everywhere but here; what is left."""
    auth.end_other_sessions(deps.store, deps.clock, signed)
    return list_sessions(deps, signed, now)


@router.delete("/all/{handle}", status_code=204, responses=problems(404), response_class=Response)
def end_session(deps: Parts, signed: SignedUser, handle: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]) -> None:
    """Sign out in one place."""
    auth.end_own_session(deps.store, deps.clock, signed, handle)


def own_sessions(deps: Deps, signed: Signed, now: datetime) -> list[Session]:
    """One's sessions that still hold."""
    with deps.store.read() as tx:
        found = tx.accounts.sessions_of(signed.user.id)
    return [one for one in found if now < one.expires_at and now - one.seen_at < deps.settings.session_idle]


def set_cookie(response: Response, settings: ApiSettings, cookie: str) -> None:
    """Hand a session to the browser."""
    hand_over(response, settings, settings.cookie_name, cookie, settings.session_lifetime)


def set_challenge(response: Response, settings: ApiSettings, challenge: str) -> None:
    """Hand a sign-in that waits for its code to the browser that knew the password alone; "" takes it back."""
    hand_over(response, settings, settings.challenge_name, challenge, auth.CHALLENGE_LASTS)


def hand_over(response: Response, settings: ApiSettings, name: str, value: str, lasts: timedelta) -> None:
    """Give the browser a secret, out of reach of scripts and of other sites' forms; "" takes it back.

    Lax: an identity provider sends the browser back from another site.
    """
    response.set_cookie(
        name,
        value,
        max_age=round(lasts.total_seconds()) if value else 0,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.cookie_secure,
    )


def clear_cookie(response: Response, settings: ApiSettings) -> None:
    """Take it back."""
    response.delete_cookie(settings.cookie_name, path="/", httponly=True, samesite="lax", secure=settings.cookie_secure)


def _answer(response: Response, settings: ApiSettings, signed: SignedIn) -> SessionAnswer:
    set_cookie(response, settings, signed.cookie)
    actor = auth.actor_of(signed.user)
    return SessionAnswer.of(Signed(user=signed.user, actor=actor, session=signed.session))
