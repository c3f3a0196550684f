"""Signing in by an identity provider: away to it, and back."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from sahut.core.errors import NotFoundError, RefusedError
from triage_api import auth, provider_sign_in
from triage_api.deps import AllParts, Deps
from triage_api.errors import NotSignedInError, SecondFactorNeededError, TooManyRequestsError
from triage_api.provider import Provider, ProviderAwayError, ProviderRefusedError
from triage_api.provider_sign_in import Answer
from triage_api.routes.sessions import hand_over, set_challenge
from triage_api.settings import ApiSettings
from triage_api.web.accounts import enter, sign_in_page
from triage_api.web.desk import own_path
from triage_api.web.languages import N_
from triage_api.web.words import _

router = APIRouter(prefix="/sign-in/provider", include_in_schema=False)

_LONGEST = 2_000
_REFUSED = {
    "identity_unknown": N_("Akun instansi Anda belum dikenal di sini. Minta administrator membuatkan akun untuk Anda."),
    "identity_closed": N_("Akun Anda di sini sudah ditutup. Hubungi administrator."),
    "identity_no_grant": N_("Akun instansi Anda tidak memberi peran apa pun di sini. Hubungi administrator."),
    "identity_taken": N_("Akun di sini sudah tertaut ke akun instansi yang lain. Hubungi administrator."),
    "last_admin": N_("Akun instansi akan mencabut peran administrator terakhir. Hubungi pengelola server."),
}


@router.get("")
def leave(request: Request, deps: AllParts) -> Response:
    """Send the browser to the provider."""
    provider = _provider(deps)
    wait = deps.strangers.take(f"leaves {auth.address_of(request)}", deps.clock())
    if wait:
        raise TooManyRequestsError(wait)
    back = own_path(request.query_params.get("next", "")[:_LONGEST])
    try:
        url, browser = provider_sign_in.depart(
            deps.store, deps.clock, provider, back=back, redirect_uri=redirect_uri(request, deps)
        )
    except ProviderAwayError:
        return _away(request, back)
    answer = RedirectResponse(url, status_code=303)
    _set_departure(answer, deps.settings, browser)
    return answer


@router.get("/back")
def come_back(request: Request, deps: AllParts) -> Response:
    """Take what the provider sent the browser back with, once."""
    provider = _provider(deps)
    said = {name: request.query_params.get(name, "")[:_LONGEST] for name in ("state", "code", "iss", "error")}
    answer = Answer(state=said["state"], code=said["code"], issuer=said["iss"], error=said["error"])
    browser = request.cookies.get(deps.settings.departure_name, "")
    if not browser or not answer.state:
        return _begin_again(request)
    with deps.store.read() as tx:
        auth.check_attempts(tx.accounts, deps.settings, "", auth.address_of(request), deps.clock())
    try:
        departure = provider_sign_in.arrived(deps.store, deps.clock, answer, browser)
    except NotSignedInError:
        return _begin_again(request)
    done = _finish(request, deps, provider, answer, browser, departure.back)
    _set_departure(done, deps.settings, "")
    return done


def _finish(request: Request, deps: Deps, provider: Provider, answer: Answer, browser: str, back: str) -> Response:
    try:
        signed = provider_sign_in.finish(
            deps.store,
            deps.settings,
            deps.clock,
            provider,
            deps.policy.provider,
            answer=answer,
            browser=browser,
            redirect_uri=redirect_uri(request, deps),
            address=auth.address_of(request),
            device=auth.device_of(request),
            cookie=request.cookies.get(deps.settings.cookie_name, ""),
        )
    except ProviderAwayError:
        return _away(request, back)
    except ProviderRefusedError:
        if answer.error == "access_denied":
            return sign_in_page(request, 401, problem=_("Anda tidak melanjutkan masuk di akun instansi."), back=back)
        problem = _("Akun instansi menolak, atau jawabannya tidak dapat dipercaya. Coba lagi.")
        return sign_in_page(request, 401, problem=problem, back=back)
    except RefusedError as error:
        if error.rule not in _REFUSED:
            raise
        return sign_in_page(request, 403, problem=_(_REFUSED[error.rule]), back=back)
    except SecondFactorNeededError as error:
        answered = RedirectResponse(f"/sign-in/code?{urlencode({'next': back})}", status_code=303)
        set_challenge(answered, deps.settings, error.challenge)
        return answered
    return enter(deps, signed, back)


def redirect_uri(request: Request, deps: Deps) -> str:
    """Where the provider sends browsers back to; it is registered there."""
    base = deps.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    return f"{base}/sign-in/provider/back"


def _provider(deps: Deps) -> Provider:
    if deps.provider is None:
        raise NotFoundError("page", "/sign-in/provider")
    return deps.provider


def _begin_again(request: Request) -> Response:
    return sign_in_page(request, 410, problem=_("Waktu untuk masuk sudah habis. Masuk lagi."))


def _away(request: Request, back: str) -> Response:
    problem = _("Akun instansi sedang tidak dapat dihubungi. Coba lagi sebentar lagi, atau masuk dengan kata sandi.")
    return sign_in_page(request, 503, problem=problem, back=back)


def _set_departure(response: Response, settings: ApiSettings, browser: str) -> None:
    hand_over(response, settings, settings.departure_name, browser, provider_sign_in.AWAY)
