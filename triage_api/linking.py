"""Identities at a provider that one's own account is linked to."""

from __future__ import annotations

from sahut.core import identities
from sahut.core.errors import RefusedError
from sahut.core.ports import Clock, Store
from triage_api import auth
from triage_api.auth import Signed


def unlink_own(store: Store, clock: Clock, signed: Signed, identity_id: int) -> None:
    """Take one off one's own account; every other session ends.

    Raises NotFoundError, also for another's; InvalidError for a program; RefusedError(rule="identity_alone") where the
    account has no password, so that nobody locks themselves out.
    """
    auth.check_browser(signed)
    kept = signed.session.token_hash if signed.session is not None else ""
    with store.begin() as tx:
        if tx.accounts.user(signed.user.id).password_hash == auth.NO_PASSWORD:
            raise RefusedError("the account has no password to sign in with instead", rule="identity_alone")
        identities.unlink(tx, signed.user.id, identity_id, actor=signed.actor, now=clock(), kept=kept)
