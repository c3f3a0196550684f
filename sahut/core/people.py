"""What an administrator does to accounts. Runs inside the caller's transaction, and is written to the audit log.

The last active administrator cannot be locked out, not even by two who do it to each other at the same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sahut.core import tokens
from sahut.core.errors import RefusedError
from sahut.core.model import Actor, AuditAct, AuditDraft, Role, User
from sahut.core.ports import Tx

INVITATION_LASTS = timedelta(days=7)


def invite(
    tx: Tx,
    *,
    username: str,
    name: str,
    role: Role,
    units: tuple[str, ...],
    token_hash: str,
    no_password: str,
    actor: Actor | None,
    now: datetime,
) -> User:
    """An account that nobody can sign in to until its invitation is used. ``no_password`` is a hash that nothing fits.

    Raises RefusedError(rule="username_taken").
    """
    user = tx.accounts.add_user(
        username=username, name=name, role=role, password_hash=no_password, must_change=True, now=now, units=units
    )
    tx.invitations.put(user.id, token_hash, now=now, expires_at=now + INVITATION_LASTS)
    note(tx, user, "invited", actor, now, role=str(role), units=list(units))
    return user


def invite_again(tx: Tx, user_id: int, token_hash: str, *, actor: Actor | None, now: datetime) -> User:
    """Another link, for an account whose holder never came; the earlier one no longer works.

    Raises NotFoundError, RefusedError(rule="not_invited") for an account whose password somebody has set.
    """
    user = tx.accounts.user(user_id)
    if tx.invitations.of(user_id) is None:
        raise RefusedError(f"{user.username} has used the invitation", rule="not_invited")
    tx.invitations.put(user_id, token_hash, now=now, expires_at=now + INVITATION_LASTS)
    note(tx, user, "invited_again", actor, now)
    return user


def accept(tx: Tx, token_hash: str, password_hash: str, *, now: datetime) -> User:
    """Use an invitation, once. Raises RefusedError(rule="invitation_over")."""
    user_id = tx.invitations.take(token_hash, now)
    user = None if user_id is None else tx.accounts.user(user_id)
    if user is None or not user.active:
        raise RefusedError("this invitation has been used, has expired, or was replaced", rule="invitation_over")
    tx.accounts.set_password(user.id, password_hash, must_change=False)
    note(tx, user, "accepted", None, now)
    return tx.accounts.user(user.id)


def change_role(
    tx: Tx,
    user_id: int,
    role: Role,
    units: tuple[str, ...],
    *,
    actor: Actor | None,
    now: datetime,
    by: str = "command line",
) -> User:
    """Another role and other units; sessions end. ``by`` is who did it where nobody with an account did.

    Raises NotFoundError, RefusedError(rule="last_admin").
    """
    tx.accounts.lock_admins()
    user = tx.accounts.user(user_id)
    if role is not Role.ADMIN:
        _check_not_last_admin(tx, user)
    if (user.role, user.units) != (role, tuple(sorted(set(units)))):
        tx.accounts.set_role(user_id, role, units)
        said = {"role": [str(user.role), str(role)], "units": [list(user.units), list(units)]}
        note(tx, user, "role", actor, now, by=by, **said)
    return tx.accounts.user(user_id)


def set_active(tx: Tx, user_id: int, active: bool, *, actor: Actor | None, now: datetime) -> User:
    """Let an account in again, or no more: then its sessions end, and its tokens and invitation for good.

    Raises NotFoundError, RefusedError(rule="last_admin").
    """
    tx.accounts.lock_admins()
    user = tx.accounts.user(user_id)
    if not active:
        _check_not_last_admin(tx, user)
        tx.invitations.drop(user_id)
        for token in tx.accounts.tokens():
            if token.user_id == user_id and not token.revoked:
                tokens.revoke(tx, token.id, actor=actor, now=now)
    if user.active is not active:
        tx.accounts.set_active(user_id, active)
        note(tx, user, "opened" if active else "closed", actor, now)
    return tx.accounts.user(user_id)


def reset_password(tx: Tx, user_id: int, password_hash: str, *, actor: Actor | None, now: datetime) -> User:
    """A one-time password, which opens nothing but the change of itself; sessions end. Raises NotFoundError."""
    user = tx.accounts.user(user_id)
    tx.invitations.drop(user_id)
    tx.accounts.set_password(user_id, password_hash, must_change=True)
    note(tx, user, "password_reset", actor, now)
    return user


def reset_second_factor(tx: Tx, user_id: int, *, actor: Actor | None, now: datetime) -> User:
    """Take the second factor off an account whose holder has lost it; sessions end.

    Raises NotFoundError, RefusedError(rule="second_factor_off") where there is none, and (rule="second_factor_own") for
    one's own, which takes a code: a session that somebody stole must not be enough.
    """
    user = tx.accounts.user(user_id)
    if actor is not None and actor.user_id == user_id:
        raise RefusedError("one's own second factor is switched off with a code", rule="second_factor_own")
    if not tx.second_factors.drop(user_id):
        raise RefusedError(f"{user.username} has no second factor", rule="second_factor_off")
    tx.accounts.end_sessions(user_id)
    note(tx, user, "second_factor_reset", actor, now)
    return user


def end_sessions(tx: Tx, user_id: int, *, actor: Actor | None, now: datetime) -> int:
    """Sign an account out everywhere; how many sessions there were. Raises NotFoundError."""
    user = tx.accounts.user(user_id)
    ended = tx.accounts.end_sessions(user_id)
    note(tx, user, "sessions_ended", actor, now, count=ended)
    return ended


def note(
    tx: Tx, user: User, what: str, actor: Actor | None, now: datetime, *, by: str = "command line", **detail: Any
) -> None:
    """A line of the audit log about an account; ``by`` is who did it where nobody with an account did."""
    said: Mapping[str, Any] = {"what": what, "username": user.username, **detail}
    name = "" if actor is not None else by if what != "accepted" else user.name
    tx.audit.add(
        AuditDraft(act=AuditAct.ACCOUNT, at=now, actor=actor, name=name, kind="user", key=str(user.id), detail=said)
    )


def _check_not_last_admin(tx: Tx, user: User) -> None:
    others = [one for one in tx.accounts.users() if one.role is Role.ADMIN and one.active and one.id != user.id]
    if user.role is Role.ADMIN and user.active and not others:
        raise RefusedError(f"{user.username} is the last administrator who can sign in", rule="last_admin")
