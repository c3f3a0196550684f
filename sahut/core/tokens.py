"""Keys of programs: made and revoked inside the caller's transaction, and written to the audit log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import Actor, ApiToken, AuditAct, AuditDraft
from sahut.core.ports import Tx

USUALLY_LASTS = timedelta(days=90)
LASTS_AT_MOST = timedelta(days=366)


def make(
    tx: Tx,
    user_id: int,
    *,
    name: str,
    token_hash: str,
    scopes: Collection[str],
    expires_at: datetime,
    actor: Actor | None,
    now: datetime,
) -> ApiToken:
    """A key that acts as the account, within ``scopes``; that its role grants them is the caller's to check.

    Raises NotFoundError, RefusedError(rule="token_closed_account"), (rule="token_time") for an end that is past or
    farther off than a year.
    """
    user = tx.accounts.user(user_id)
    if not user.active:
        raise RefusedError(f"{user.username} is closed", rule="token_closed_account")
    if not now < expires_at <= now + LASTS_AT_MOST:
        raise RefusedError(f"a key ends within {LASTS_AT_MOST.days} days", rule="token_time")
    made = tx.accounts.add_token(
        user_id=user_id, name=name, token_hash=token_hash, scopes=sorted(scopes), expires_at=expires_at, now=now
    )
    _note(
        tx, made, "made", actor, now, username=user.username, scopes=" ".join(made.scopes), until=expires_at.isoformat()
    )
    return made


def revoke(tx: Tx, token_id: int, *, actor: Actor | None, now: datetime, holder: int | None = None) -> ApiToken:
    """Let a program in no more; ``holder`` limits it to the keys of that account. Raises NotFoundError."""
    found = next((one for one in tx.accounts.tokens() if one.id == token_id), None)
    if found is None or holder not in {None, found.user_id}:
        raise NotFoundError("token", token_id)
    if not found.revoked:
        tx.accounts.revoke_token(token_id)
        _note(tx, found, "revoked", actor, now, username=tx.accounts.user(found.user_id).username)
    return found


def _note(tx: Tx, token: ApiToken, what: str, actor: Actor | None, now: datetime, **detail: str) -> None:
    said = {"what": what, "name": token.name, **detail}
    name = "" if actor is not None else "command line"
    tx.audit.add(
        AuditDraft(act=AuditAct.TOKEN, at=now, actor=actor, name=name, kind="token", key=str(token.id), detail=said)
    )
