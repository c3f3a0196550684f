"""Signing in and out, and one's own account."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from triage_api import auth
from triage_api.deps import MaybeSigned, Parts
from triage_api.errors import BadCredentialsError, TooManyAttemptsError
from triage_api.routes.sessions import clear_cookie, set_cookie
from triage_api.web import pages
from triage_api.web.desk import AtDesk, Fields, Owns, own_path, with_flash
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)


def sign_in_page(
    request: Request, status: int = 200, *, problem: str = "", username: str = "", back: str = "/"
) -> Response:
    """The form to sign in with."""
    return pages.page(request, "sign_in.html", status, problem=problem, username=username, back=back)


@router.get("/sign-in")
def sign_in_form(request: Request, signed: MaybeSigned) -> Response:
    """Nothing but the form; who is signed in already goes on."""
    back = own_path(request.query_params.get("next", ""))
    if signed is not None and signed.session is not None:
        return RedirectResponse(back, status_code=303)
    return sign_in_page(request, back=back)


@router.post("/sign-in")
def sign_in(request: Request, deps: Parts, fields: Fields) -> Response:
    """Open a session."""
    auth.check_same_site(request, deps.settings, None)
    said = dict(fields)
    username, back = said.get("username", "").strip()[:200], own_path(said.get("back", ""))
    try:
        signed = auth.sign_in(
            deps.store,
            deps.settings,
            deps.clock,
            username=username,
            password=said.get("password", "")[:1_000],
            address=auth.address_of(request),
            cookie=request.cookies.get(deps.settings.cookie_name, ""),
        )
    except BadCredentialsError:
        return sign_in_page(
            request, 401, problem=_("Nama pengguna atau kata sandi tidak cocok."), username=username, back=back
        )
    except TooManyAttemptsError:
        return sign_in_page(
            request, 429, problem=_("Terlalu banyak percobaan. Coba lagi dalam 15 menit."), username=username, back=back
        )
    where = f"/password?{urlencode({'next': back})}" if signed.user.must_change else back
    answer = RedirectResponse(where, status_code=303)
    set_cookie(answer, deps.settings, signed.cookie)
    return answer


@router.post("/sign-out")
def sign_out(form: Owns) -> Response:
    """End the session."""
    session = form.desk.signed.session
    if session is not None:
        with form.desk.deps.store.begin() as tx:
            tx.accounts.end_session(session.token_hash)
    answer = RedirectResponse("/sign-in", status_code=303)
    clear_cookie(answer, form.desk.deps.settings)
    return answer


@router.get("/account")
def account(desk: AtDesk) -> Response:
    """Who one is here."""
    with desk.deps.store.read() as tx:
        return desk.page(tx, "account.html", tab="account")


@router.get("/password")
def password_form(desk: AtDesk) -> Response:
    """Choose a password of one's own."""
    return _password_page(desk, back=own_path(desk.request.query_params.get("next", "")))


@router.post("/password")
def change_password(form: Owns) -> Response:
    """Set it; every other session of the account ends."""
    desk, said = form.desk, dict(form.fields)
    current, new, again = (said.get(name, "") for name in ("current", "new", "again"))
    back = form.back()
    if new != again:
        return _password_page(desk, _("Kedua isian kata sandi baru tidak sama."), back=back)
    if len(new) < auth.LEAST_PASSWORD or new == current:
        problem = _("Pilih kata sandi baru dengan sedikitnya %s huruf.") % auth.LEAST_PASSWORD
        return _password_page(desk, problem, back=back)
    try:
        changed = auth.change_password(
            desk.deps.store,
            desk.deps.settings,
            desk.deps.clock,
            user=desk.signed.user,
            current=current[:1_000],
            new=new[:1_000],
            address=auth.address_of(desk.request),
        )
    except BadCredentialsError:
        return _password_page(desk, _("Kata sandi yang sekarang tidak cocok."), back=back)
    answer = RedirectResponse(with_flash(back, "done=password"), status_code=303)
    set_cookie(answer, desk.deps.settings, changed.cookie)
    return answer


def _password_page(desk: AtDesk, problem: str = "", *, back: str) -> Response:
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "password.html",
            422 if problem else 200,
            tab="account",
            problem=problem,
            back=back,
            least=auth.LEAST_PASSWORD,
        )
