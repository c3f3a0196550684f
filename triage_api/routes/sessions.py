"""Signing in and out, and one's own password."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from triage_api import auth
from triage_api.auth import Signed, SignedIn
from triage_api.deps import Parts, SignedUser
from triage_api.errors import InvalidError
from triage_api.routes._answers import problems
from triage_api.schemas import PasswordBody, SessionAnswer, SignInBody
from triage_api.settings import ApiSettings

router = APIRouter(prefix="/api/v1/session", tags=["session"])


@router.post("", response_model=SessionAnswer, responses=problems(401, 403, 429, signed=False))
def sign_in(request: Request, response: Response, deps: Parts, body: SignInBody) -> SessionAnswer:
    """Open a session; its cookie comes with the answer."""
    settings = deps.settings
    auth.check_same_site(request, settings, None)
    signed = auth.sign_in(
        deps.store,
        settings,
        deps.clock,
        username=body.username,
        password=body.password,
        address=auth.address_of(request),
        cookie=request.cookies.get(settings.cookie_name, ""),
    )
    return _answer(response, settings, signed)


@router.get("", response_model=SessionAnswer, responses=problems())
def show_session(signed: SignedUser) -> SessionAnswer:
    """Who is signed in."""
    return SessionAnswer.of(signed)


@router.delete("", status_code=204, responses=problems(), response_class=Response)
def sign_out(response: Response, deps: Parts, signed: SignedUser) -> None:
    """End the session. A token has none and stays valid."""
    if signed.session is not None:
        with deps.store.begin() as tx:
            tx.accounts.end_session(signed.session.token_hash)
    clear_cookie(response, deps.settings)


@router.put("/password", response_model=SessionAnswer, responses=problems(429))
def change_password(
    request: Request, response: Response, deps: Parts, signed: SignedUser, body: PasswordBody
) -> SessionAnswer:
    """Set a password of one's own. Every session of the account ends, and a new one opens."""
    if signed.session is None:
        raise InvalidError("a token has no password; sign in to change it")
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
    )
    return _answer(response, deps.settings, changed)


def set_cookie(response: Response, settings: ApiSettings, cookie: str) -> None:
    """Hand a session to the browser: out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        settings.cookie_name,
        cookie,
        max_age=round(settings.session_lifetime.total_seconds()),
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
