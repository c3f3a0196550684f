"""The second factor on the board: the code asked for after the password, and one's own settings."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from sahut.core.errors import NotFoundError, RefusedError
from triage_api import auth, one_time_codes, second_factor
from triage_api.deps import AllParts
from triage_api.errors import BadCodeError, BadCredentialsError, NotSignedInError, TooManyAttemptsError
from triage_api.routes.sessions import set_challenge
from triage_api.web import pages
from triage_api.web.accounts import enter, sign_in_page
from triage_api.web.desk import AtDesk, Desk, Fields, Owns, own_path
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/code")
def code_form(request: Request, deps: AllParts) -> Response:
    """Asks whoever knew the password for the code."""
    back = own_path(request.query_params.get("next", ""))
    challenge = request.cookies.get(deps.settings.challenge_name, "")
    with deps.store.read() as tx:
        waits = tx.second_factors.challenged(auth.hash_secret(challenge), deps.clock()) is not None
    return _code_page(request, back=back) if waits else _begin_again(request, back)


@router.post("/sign-in/code")
def give_code(request: Request, deps: AllParts, fields: Fields) -> Response:
    """Open the session."""
    settings = deps.settings
    auth.check_same_site(request, settings, None)
    said = dict(fields)
    back = own_path(said.get("back", ""))
    try:
        signed = second_factor.finish(
            deps.store,
            settings,
            deps.clock,
            deps.policy.provider,
            challenge=request.cookies.get(settings.challenge_name, ""),
            code=said.get("code", "")[:100],
            address=auth.address_of(request),
            device=auth.device_of(request),
            cookie=request.cookies.get(settings.cookie_name, ""),
        )
    except (NotSignedInError, RefusedError):
        return _begin_again(request, back)
    except BadCodeError:
        return _code_page(request, 401, problem=_("Kode itu tidak cocok, atau sudah pernah dipakai."), back=back)
    except TooManyAttemptsError:
        return _code_page(request, 429, problem=_("Terlalu banyak percobaan. Coba lagi dalam 15 menit."), back=back)
    answer = enter(deps, signed, back)
    set_challenge(answer, settings, "")
    return answer


def _code_page(request: Request, status: int = 200, *, problem: str = "", back: str) -> Response:
    return pages.page(request, "sign_in_code.html", status, problem=problem, back=back)


def _begin_again(request: Request, back: str) -> Response:
    return sign_in_page(request, 410, problem=_("Waktu untuk memasukkan kode sudah habis. Masuk lagi."), back=back)


@router.get("/account/second-factor")
def settings_page(desk: AtDesk) -> Response:
    """Whether it is on, and how to change that."""
    return _page(desk)


@router.post("/account/second-factor/{act}")
def act(form: Owns, act: str) -> Response:
    """Begin, confirm, give up, or make other recovery codes, which are shown on this answer and never again."""
    desk = form.desk
    deps, signed = desk.deps, desk.signed
    password, code = dict(form.fields).get("password", "")[:1_000], form.get("code", 100)
    codes: list[str] = []
    try:
        match act:
            case "begin":
                second_factor.begin(deps.store, deps.clock, signed)
                return RedirectResponse("/account/second-factor", status_code=303)
            case "confirm":
                codes = second_factor.confirm(
                    deps.store, deps.settings, deps.clock, signed, password=password, code=code
                )
            case "renew":
                codes = second_factor.renew_codes(
                    deps.store, deps.settings, deps.clock, signed, password=password, code=code
                )
            case "off":
                second_factor.turn_off(deps.store, deps.settings, deps.clock, signed, password=password, code=code)
                return RedirectResponse("/account/second-factor?done=second_factor_off", status_code=303)
            case _:
                raise NotFoundError("act", act)
    except BadCredentialsError:
        return _page(desk, _("Kata sandi yang sekarang tidak cocok."))
    except BadCodeError:
        return _page(desk, _("Kode itu tidak cocok, atau sudah pernah dipakai."))
    return _page(desk, codes=codes)


def _page(desk: Desk, problem: str = "", *, codes: list[str] | None = None) -> Response:
    user = desk.signed.user
    with desk.deps.store.read() as tx:
        factor = tx.second_factors.of(user.id)
        waiting = second_factor.waiting(factor, desk.now)
        picture = one_time_codes.picture(one_time_codes.uri(waiting.secret, user.username)) if waiting else ""
        return desk.page(
            tx,
            "second_factor.html",
            422 if problem else 200,
            tab="account",
            problem=problem,
            codes=codes or [],
            on=factor if factor is not None and factor.confirmed else None,
            pending=waiting,
            # Made by us of digits and letters alone.
            picture=Markup(picture),  # noqa: S704
            required=user.role in desk.deps.policy.second_factor,
            has_password=user.password_hash != auth.NO_PASSWORD,
        )
