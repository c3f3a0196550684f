"""Signing in and out, and one's own account."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import Proof, User
from triage_api import auth, linking
from triage_api.auth import SignedIn
from triage_api.deps import AllParts, Deps, MaybeSigned, Parts, deps_of
from triage_api.errors import BadCredentialsError, SecondFactorNeededError, TooManyAttemptsError
from triage_api.routes.sessions import clear_cookie, own_sessions, set_challenge, set_cookie
from triage_api.routes.tokens import own_tokens
from triage_api.web import pages, starting
from triage_api.web.desk import AtDesk, Fields, Owns, own_path, with_flash
from triage_api.web.roles import scope_words
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)


def sign_in_page(
    request: Request, status: int = 200, *, problem: str = "", username: str = "", back: str = "/"
) -> Response:
    """The form to sign in with."""
    provider = deps_of(request).settings.provider
    label = "" if provider is None else provider.label or _("Masuk dengan akun instansi")
    return pages.page(request, "sign_in.html", status, problem=problem, username=username, back=back, provider=label)


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
            device=auth.device_of(request),
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
    except SecondFactorNeededError as error:
        answer = RedirectResponse(f"/sign-in/code?{urlencode({'next': back})}", status_code=303)
        set_challenge(answer, deps.settings, error.challenge)
        return answer
    return enter(deps, signed, back)


def enter(deps: Deps, signed: SignedIn, back: str) -> Response:
    """On to the board with a fresh session, past the choice of a password where one is due.

    Who asked for nothing but the queue begins with the view that they chose.
    """
    if back == "/":
        with deps.store.read() as tx:
            back = starting.home(tx, signed.user)
    due = signed.user.must_change and signed.session.proof is Proof.PASSWORD
    where = f"/password?{urlencode({'next': back})}" if due else back
    answer = RedirectResponse(where, status_code=303)
    set_cookie(answer, deps.settings, signed.cookie)
    return answer


@router.post("/sign-out")
def sign_out(form: Owns) -> Response:
    """End the session."""
    auth.sign_out(form.desk.deps.store, form.desk.deps.clock, form.desk.signed)
    answer = RedirectResponse("/sign-in", status_code=303)
    clear_cookie(answer, form.desk.deps.settings)
    return answer


@router.get("/account")
def account(desk: AtDesk) -> Response:
    """Who one is here."""
    found = own_sessions(desk.deps, desk.signed, desk.now)
    programs = [(one, scope_words(one), one.over(desk.now)) for one in own_tokens(desk.deps, desk.signed)]
    with desk.deps.store.read() as tx:
        linked = tx.identities.of(desk.signed.user.id)
        return desk.page(
            tx,
            "account.html",
            tab="account",
            sessions=found,
            this=desk.signed.session,
            programs=programs,
            linked=linked,
            may_unlink=desk.signed.user.password_hash != auth.NO_PASSWORD,
        )


@router.post("/account/sessions")
def end_sessions(form: Owns) -> Response:
    """Sign out in one place, or everywhere but here."""
    desk, handle = form.desk, form.get("session", 16)
    if handle:
        auth.end_own_session(desk.deps.store, desk.deps.clock, desk.signed, handle)
    else:
        auth.end_other_sessions(desk.deps.store, desk.deps.clock, desk.signed)
    return RedirectResponse("/account?done=signed_out", status_code=303)


@router.post("/account/identities")
def unlink(form: Owns) -> Response:
    """Take the account at the identity provider off one's own."""
    desk, number = form.desk, form.get("identity", 20)
    if not number.isascii() or not number.isdecimal():
        raise NotFoundError("identity", number)
    linking.unlink_own(desk.deps.store, desk.deps.clock, desk.signed, int(number))
    return RedirectResponse("/account?done=saved", status_code=303)


@router.get("/welcome")
def welcome_form(request: Request, deps: AllParts) -> Response:
    """Choose a password, led here by an invitation."""
    token = request.query_params.get("token", "")[:200]
    with deps.store.read() as tx:
        found = tx.invitations.open_until(auth.hash_secret(token), deps.clock())
        invited = None if found is None else tx.accounts.user(found.user_id)
    return _welcome_page(request, token, invited)


def _welcome_page(request: Request, token: str, invited: User | None, problem: str = "") -> Response:
    status = 410 if invited is None else 422 if problem else 200
    return pages.page(
        request, "welcome.html", status, token=token, invited=invited, problem=problem, least=auth.LEAST_PASSWORD
    )


@router.post("/welcome")
def accept(request: Request, deps: AllParts, fields: Fields) -> Response:
    """Use the invitation; it works once."""
    auth.check_same_site(request, deps.settings, None)
    said = dict(fields)
    token, new = said.get("token", "")[:200], said.get("new", "")[:1_000]
    with deps.store.read() as tx:
        found = tx.invitations.open_until(auth.hash_secret(token), deps.clock())
        invited = None if found is None else tx.accounts.user(found.user_id)
    if invited is not None and new != said.get("again", ""):
        return _welcome_page(request, token, invited, _("Kedua isian kata sandi baru tidak sama."))
    if invited is not None and len(new) < auth.LEAST_PASSWORD:
        problem = _("Pilih kata sandi baru dengan sedikitnya %s huruf.") % auth.LEAST_PASSWORD
        return _welcome_page(request, token, invited, problem)
    try:
        signed = auth.accept_invitation(
            deps.store,
            deps.settings,
            deps.clock,
            token=token,
            password=new,
            address=auth.address_of(request),
            device=auth.device_of(request),
        )
    except RefusedError:
        return _welcome_page(request, token, None)
    answer = RedirectResponse("/", status_code=303)
    set_cookie(answer, deps.settings, signed.cookie)
    return answer


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
            device=auth.device_of(desk.request),
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
