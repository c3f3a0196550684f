"""Getting in at X: proving a credential, and signing in by a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from collectors import _x_posts as posts
from collectors import _x_sign_in
from collectors._settings import CollectorSettings
from collectors._x_client import USER, Meter, account, as_user, opened
from sahut.core.errors import PermanentError
from sahut.core.model import Access, Problem, SignInOffer


class XEntry:
    """The part of the collector that knows how it is let in."""

    _settings: CollectorSettings

    def signed_in(self, access: Access) -> bool:
        """See `BrowserMember.signed_in`."""
        return _x_sign_in.fits(access)

    def awaits_sign_in(self, access: Access) -> bool:
        """See `BrowserMember.awaits_sign_in`."""
        return bool(access.settings.get("client_id")) and not access.secrets.get("bearer_token") and not as_user(access)

    def offer_sign_in(self, access: Access, redirect: str) -> SignInOffer:
        """See `BrowserMember.offer_sign_in`."""
        return _x_sign_in.offer(access, redirect)

    def sign_in(self, access: Access, offer: SignInOffer, code: str, *, now: datetime) -> tuple[str, Mapping[str, str]]:
        """Trade the code for tokens, and ask whose they are: it must be the account that answers."""
        meter = Meter(access, now)
        with meter.room(USER):
            tokens = _x_sign_in.redeemed(access, offer, code, self._settings, now)
            with opened(replace(access, session=tokens, keeper=None), self._settings, now) as client:
                found = account(client, "our own account", now, partial(client.get_me, user_auth=True))
            meter.charge(USER)
        wanted = next(iter(posts.handles(access)), "")
        if found["username"].lower() != wanted:
            raise PermanentError(
                f"X: signed in as @{found['username']}, but the account that answers is @{wanted}: sign out on x.com "
                f"and sign in as @{wanted}, or put @{found['username']} first in the credential's accounts",
                problem=Problem.BAD_SETTINGS,
            )
        return f"@{found['username']}", {**tokens, "id": found["id"], "name": found["username"]}

    def prove(self, access: Access, *, now: datetime) -> str:
        """One look at our own account: with its keys where there are any, else by its name."""
        handle = next(iter(posts.handles(access)), "")
        with opened(access, self._settings, now) as client:
            what, look = f"the account @{handle}", partial(client.get_user, username=handle)
            if as_user(access):
                what, look = "our own account", partial(client.get_me, user_auth=True)
            elif not handle:
                raise PermanentError("name your own accounts in the credential", problem=Problem.BAD_SETTINGS)
            meter = Meter(access, now)
            with meter.room(USER):
                found = account(client, what, now, look)
                meter.charge(USER)
        return f"@{found['username'] or found['id']}"
