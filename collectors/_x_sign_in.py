"""Signing in to X by a browser: OAuth 2.0 with PKCE, as the agency's account, and renewing what that gave.

X gives access tokens of two hours and a refresh token that is good once: each renewal brings another one. Where the
answer to a renewal is lost, the token may be spent and its successor gone. It is tried once more, since X may never
have seen the first try; what X then refuses can only be mended by signing in again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

import requests

from collectors._sessions import session, unanswered
from collectors._settings import CollectorSettings
from collectors._text import storable
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Problem, SignInOffer

SCOPES = ("tweet.read", "users.read", "tweet.write", "offline.access")
_SITE, _API = "https://x.com", "https://api.x.com"
_VERIFIER_BYTES, _STATE_BYTES = 64, 32
# Renewed this long before it runs out, so that it outlives a reading.
_MARGIN = timedelta(minutes=10)
_USUAL = timedelta(hours=2)
_LONGEST_WORDS = 300
_OK, _SERVER = range(200, 300), 500
_SLOW, _TOO_MANY = 408, 429
_SIGNING_IN, _RENEWING = "signing in", "renewing our sign-in"
_AGAIN = "sign in again: on the credential's page, or with `sahut credential sign-in`"


def offer(access: Access, redirect: str) -> SignInOffer:
    """Where the account's holder agrees, and what proves the answer to be ours. Raises PermanentError."""
    client_id = access.settings.get("client_id", "")
    if not client_id:
        raise PermanentError(
            "to sign in by a browser, put the app's OAuth 2.0 client ID into the credential (client_id)",
            problem=Problem.BAD_SETTINGS,
        )
    verifier, state = token_urlsafe(_VERIFIER_BYTES), token_urlsafe(_STATE_BYTES)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect,
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    address = f"{access.base_url or _SITE}/i/oauth2/authorize?{urlencode(asked)}"
    return SignInOffer(address=address, state=state, verifier=verifier, redirect=redirect)


def redeemed(
    access: Access, made: SignInOffer, code: str, settings: CollectorSettings, now: datetime
) -> dict[str, str]:
    """The session that X gives for ``code``, without whose it is. Raises TransientError, PermanentError."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": made.redirect,
        "code_verifier": made.verifier,
    }
    return _tokens(_SIGNING_IN, access, form, settings, now)


def fits(access: Access | None) -> bool:
    """Whether somebody signed in with what the credential says now: it may name another app or server since."""
    return access is not None and _fits(access, access.session)


def lasting(access: Access, settings: CollectorSettings, now: datetime) -> Mapping[str, str]:
    """The session, renewed where it runs out. Raises TransientError, PermanentError."""
    held = access.session
    return renewed(access, held, settings, now) if _runs_out(held, now) else held


def renewed(access: Access, held: Mapping[str, str], settings: CollectorSettings, now: datetime) -> Mapping[str, str]:
    """A session other than ``held``: what somebody else got meanwhile, or what we get now. Raises as `lasting`."""

    def make(before: Mapping[str, str]) -> Mapping[str, str]:
        form = {"grant_type": "refresh_token", "refresh_token": before["refresh"]}
        return {**before, **_tokens(_RENEWING, access, form, settings, now)}

    found = make(held) if access.keeper is None else access.keeper.renewed(held, make)
    if not _fits(access, found):
        raise TransientError("X: the credential was changed meanwhile", problem=Problem.UNREACHABLE)
    return found


def _given(access: Access) -> str:
    return f"{access.settings.get('client_id', '')} {access.base_url}"


def _fits(access: Access, kept: Mapping[str, str]) -> bool:
    return bool(kept.get("access") and kept.get("refresh")) and kept.get("given") == _given(access)


def _runs_out(held: Mapping[str, str], now: datetime) -> bool:
    try:
        return datetime.fromisoformat(held["ends"]) <= now + _MARGIN
    except (KeyError, ValueError):
        return True


def _tokens(
    what: str, access: Access, form: Mapping[str, str], settings: CollectorSettings, now: datetime
) -> dict[str, str]:
    client_id, secret = access.settings.get("client_id", ""), access.secrets.get("client_secret", "")
    asked = {**form, "client_id": client_id}
    with session(settings, base_url=access.base_url) as line:
        try:
            said = line.post(f"{_API}/2/oauth2/token", data=asked, auth=(client_id, secret) if secret else None)
        except requests.RequestException as error:
            raise _lost(what, unanswered(f"X: {what}", error)) from error
    if said.status_code not in _OK:
        raise _refused(what, said)
    body = _body(said)
    found = {"access": body.get("access_token"), "refresh": body.get("refresh_token")}
    if not all(isinstance(one, str) and one for one in found.values()):
        if body.get("access_token"):
            raise PermanentError(
                f"X: {what} brought no refresh token: the scope offline.access is missing; {_AGAIN}",
                problem=Problem.REFUSED_CREDENTIAL,
            )
        raise _lost(what, TransientError(f"X: {what} was answered with no tokens", problem=Problem.NOT_READABLE))
    lasts = body.get("expires_in")
    span = timedelta(seconds=lasts) if isinstance(lasts, int) and 0 < lasts < 10**8 else _USUAL
    kept = {key: storable(str(value)) for key, value in found.items()}
    return {**kept, "ends": (now + span).astimezone(UTC).isoformat(), "given": _given(access)}


def _lost(what: str, error: CollectError) -> CollectError:
    """The same, saying what may have happened."""
    if not isinstance(error, TransientError):
        return error
    again = f"begin anew: {_AGAIN}"
    if what == _RENEWING:
        again = f"X may have taken our refresh token all the same. It is tried once more; if X refuses it, {_AGAIN}"
    return TransientError(f"{error}; {again}", problem=error.problem)


def _refused(what: str, said: requests.Response) -> CollectError:
    body = _body(said)
    words = storable(str(body.get("error_description") or body.get("error") or ""))[:_LONGEST_WORDS]
    tail = f" ({words})" if words else ""
    if said.status_code >= _SERVER or said.status_code == _SLOW:
        return _lost(what, TransientError(f"X: {what} answered {said.status_code}{tail}", problem=Problem.SERVER_ERROR))
    if said.status_code == _TOO_MANY:
        return TransientError(f"X: {what}: too many calls{tail}", problem=Problem.RATE_LIMITED, whole_account=True)
    if body.get("error") in {"invalid_client", "unauthorized_client"}:
        return PermanentError(
            f"X: {what}: X does not know our app{tail}: see client_id and client_secret, then {_AGAIN}",
            problem=Problem.REFUSED_CREDENTIAL,
        )
    why = "the code was used already, is older than half a minute, or belongs to another callback address"
    if what == _RENEWING:
        why = "it was used already (an answer may have been lost), has run out, or the account withdrew it"
    return PermanentError(
        f"X: {what}: X does not take our token{tail}: {why}; {_AGAIN}", problem=Problem.REFUSED_CREDENTIAL
    )


def _body(said: requests.Response) -> dict[str, Any]:
    try:
        found = said.json()
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
