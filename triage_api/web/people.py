"""Accounts on the board: listed, invited, given another role, closed, helped in again."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import RedirectResponse

from sahut.core import identities, people
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import Role
from triage_api import auth
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.routes.people import welcome_link
from triage_api.schemas.people import USERNAME
from triage_api.web.desk import AtDesk, Desk, Posted, posting
from triage_api.web.words import _

router = APIRouter(prefix="/users", include_in_schema=False)

UserId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Administers = Annotated[Posted, Depends(posting(Permission.ACCOUNTS))]


@router.get("")
def users(desk: AtDesk) -> Response:
    """Everybody who may sign in, and who no longer may."""
    return _list(desk)


def _list(desk: Desk, problem: str = "", **said: Any) -> Response:
    with desk.deps.store.read() as tx:
        found = [(user, tx.invitations.of(user.id)) for user in tx.accounts.users()]
        values = {"username": "", "name": "", "role": Role.TRIAGE, "chosen": (), **said}
        return desk.page(
            tx,
            "users.html",
            422 if problem else 200,
            tab="account",
            found=sorted(found, key=lambda one: not one[0].active),
            roles=list(Role),
            problem=problem,
            values=values,
        )


@router.post("")
def invite(form: Administers) -> Response:
    """A new account. Its link is shown on this answer and never again."""
    desk, username, name = form.desk, form.get("username", 100), form.get("name", 200)
    role, units = _role(form), _units(form)
    problem = _wrong(role, units) or ("" if name else _("Isi nama orangnya."))
    if not re.match(USERNAME, username):
        problem = _("Nama pengguna terdiri atas huruf, angka, titik, garis, atau @, tanpa spasi.")
    said = {"username": username, "name": name, "role": role, "chosen": units}
    if problem:
        return _list(desk, problem, **said)
    shown, token_hash = auth.new_token()
    try:
        with desk.deps.store.begin() as tx:
            user = people.invite(
                tx,
                username=username,
                name=name,
                role=role,
                units=units,
                token_hash=token_hash,
                no_password=auth.NO_PASSWORD,
                actor=desk.signed.actor,
                now=desk.now,
            )
    except RefusedError as error:
        if error.rule != "username_taken":
            raise
        return _list(desk, _("Nama pengguna itu sudah dipakai."), **said)
    return _one(desk, user.id, link=welcome_link(desk.request, desk.deps, shown))


@router.get("/{user_id}")
def user(desk: AtDesk, user_id: UserId) -> Response:
    """One account and what can be done about it."""
    return _one(desk, user_id)


def _one(desk: Desk, user_id: int, problem: str = "", *, link: str = "", password: str = "") -> Response:
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "user.html",
            422 if problem else 200,
            tab="account",
            user=tx.accounts.user(user_id),
            invited=tx.invitations.of(user_id),
            second_factor=tx.second_factors.is_on(user_id),
            sessions=len(tx.accounts.sessions_of(user_id)),
            linked=tx.identities.of(user_id),
            roles=list(Role),
            problem=problem,
            link=link,
            password=password,
        )


@router.post("/{user_id}")
def change(form: Administers, user_id: UserId) -> Response:
    """Another role, other units."""
    desk, role, units = form.desk, _role(form), _units(form)
    problem = _wrong(role, units)
    if problem:
        return _one(desk, user_id, problem)
    with desk.deps.store.begin() as tx:
        people.change_role(tx, user_id, role, units, actor=desk.signed.actor, now=desk.now)
    return RedirectResponse(f"/users/{user_id}?done=saved", status_code=303)


@router.post("/{user_id}/{act}")
def act(form: Administers, user_id: UserId, act: str) -> Response:
    """Close, open, help in again, sign out. What is secret is shown on this answer and never again."""
    desk = form.desk
    actor, now = desk.signed.actor, desk.now
    shown, token_hash = auth.new_token()
    password = auth.new_one_time_password()
    made = auth.hash_password(password) if act == "reset-password" else ""
    with desk.deps.store.begin() as tx:
        match act:
            case "close" | "open":
                people.set_active(tx, user_id, act == "open", actor=actor, now=now)
            case "end-sessions":
                people.end_sessions(tx, user_id, actor=actor, now=now)
            case "reset-second-factor":
                people.reset_second_factor(tx, user_id, actor=actor, now=now)
            case "unlink":
                identities.unlink(tx, user_id, _identity(form), actor=actor, now=now)
            case "invite":
                people.invite_again(tx, user_id, token_hash, actor=actor, now=now)
            case "reset-password":
                people.reset_password(tx, user_id, made, actor=actor, now=now)
            case _:
                raise NotFoundError("act", act)
    if act == "invite":
        return _one(desk, user_id, link=welcome_link(desk.request, desk.deps, shown))
    if act == "reset-password":
        return _one(desk, user_id, password=password)
    return RedirectResponse(f"/users/{user_id}?done=saved", status_code=303)


def _identity(form: Posted) -> int:
    said = form.get("identity", 20)
    if not said.isascii() or not said.isdecimal() or int(said) > LARGEST_ID:
        raise NotFoundError("identity", said)
    return int(said)


def _role(form: Posted) -> Role:
    said = form.get("role", 20)
    if said not in set(Role):
        raise InvalidError(_("Pilih perannya."))
    return Role(said)


def _units(form: Posted) -> tuple[str, ...]:
    known = {unit.code for unit in form.desk.deps.policy.units}
    chosen = set(form.all("unit"))
    if chosen - known:
        raise InvalidError(_("Unit kerja itu tidak ada dalam kebijakan."))
    return tuple(sorted(chosen))


def _wrong(role: Role, units: tuple[str, ...]) -> str:
    return _("Pilih unit kerja bagi petugas unit kerja.") if role is Role.UNIT and not units else ""
