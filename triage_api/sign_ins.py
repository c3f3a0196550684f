"""Sign-ins on a platform's own site: where its answer comes to, and whose it is."""

from __future__ import annotations

from fastapi import Request

from triage_api.auth import Signed
from triage_api.deps import Deps


def redirect_of(deps: Deps, request: Request) -> str:
    """Where a platform's answer comes to: an address of the board, the same that its site was told."""
    return f"{deps.settings.base_url.rstrip('/') or str(request.base_url).rstrip('/')}/credentials/callback"


def who_of(signed: Signed) -> str:
    """Who alone may end what they began: this session, or this key."""
    return f"token:{signed.actor.token_id}" if signed.session is None else f"session:{signed.session.token_hash}"
