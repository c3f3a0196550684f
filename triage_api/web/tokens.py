"""Keys of programs on the board: made, listed with what they may and when they were last used, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import RedirectResponse

from sahut.core import tokens
from sahut.core.model import Role
from triage_api import auth
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission, scopes_of
from triage_api.routes.tokens import state_of
from triage_api.web.desk import AtDesk, Desk, Owns, Posted, posting
from triage_api.web.roles import permission_words, scope_words
from triage_api.web.words import _, label

router = APIRouter(include_in_schema=False)

TokenId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Administers = Annotated[Posted, Depends(posting(Permission.ACCOUNTS))]
# Days that a key may be made for.
DAYS = (30, 90, 180, 365)


@router.get("/tokens")
def listed(desk: AtDesk) -> Response:
    """Every key, and a form for another."""
    return _page(desk)


def _page(desk: Desk, problem: str = "", *, shown: str = "", **said: Any) -> Response:
    values = {"holder": 0, "name": "", "chosen": (), "days": DAYS[1], **said}
    with desk.deps.store.read() as tx:
        people = {user.id: user for user in tx.accounts.users()}
        found = [
            (one, people[one.user_id], scope_words(one), state_of(one, people[one.user_id], desk.now))
            for one in tx.accounts.tokens()
        ]
        return desk.page(
            tx,
            "tokens.html",
            422 if problem else 200,
            tab="account",
            found=sorted(found, key=lambda one: one[3] != "live"),
            holders=[user for user in people.values() if user.active],
            scopes=[(one, permission_words(one)) for one in scopes_of(Role.ADMIN)],
            days=DAYS,
            problem=problem,
            shown=shown,
            values=values,
        )


@router.post("/tokens")
def make(form: Administers) -> Response:
    """A key. It is shown on this answer and never again."""
    desk, name, chosen = form.desk, form.get("name", 200), frozenset(form.all("scope"))
    holder, days = form.number("holder"), form.number("days")
    said: dict[str, Any] = {"holder": holder, "name": name, "chosen": chosen, "days": days}
    with desk.deps.store.read() as tx:
        user = next((one for one in tx.accounts.users() if one.id == holder and one.active), None)
    if user is None or not name or days not in DAYS:
        return _page(desk, _("Pilih akunnya, isi nama programnya, dan pilih berapa lama kuncinya berlaku."), **said)
    scopes = [one for one in scopes_of(user.role) if one in chosen]
    if not scopes or len(scopes) != len(chosen):
        problem = _("Pilih wewenang yang dimiliki peran %s; kunci tidak dapat melebihinya.") % label(user.role)
        return _page(desk, problem, **said)
    shown, token_hash = auth.new_token()
    with desk.deps.store.begin() as tx:
        tokens.make(
            tx,
            user.id,
            name=name,
            token_hash=token_hash,
            scopes=scopes,
            expires_at=desk.now + timedelta(days=days),
            actor=desk.signed.actor,
            now=desk.now,
        )
    return _page(desk, shown=shown)


@router.post("/tokens/{token_id}/revoke")
def revoke(form: Administers, token_id: TokenId) -> Response:
    """Let a program in no more."""
    desk = form.desk
    with desk.deps.store.begin() as tx:
        tokens.revoke(tx, token_id, actor=desk.signed.actor, now=desk.now)
    return RedirectResponse("/tokens?done=token_revoked", status_code=303)


@router.post("/account/tokens")
def revoke_own(form: Owns) -> Response:
    """Close a key that acts in one's own name."""
    desk = form.desk
    with desk.deps.store.begin() as tx:
        tokens.revoke(tx, form.number("token"), actor=desk.signed.actor, now=desk.now, holder=desk.signed.user.id)
    return RedirectResponse("/account?done=token_revoked", status_code=303)
