"""Signing in by an identity provider's word: a browser departs, and comes back once, with a code.

What ties the two together are two random values: ``state`` goes through the provider, the other stays in a cookie of
that browser alone. The store has their hashes; the nonce and PKCE's verifier are made of the cookie's value, so that
they are nowhere else. So nobody can be made to finish a sign-in that another began, and a code that is read on its way
is worth nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sahut.core import identities
from sahut.core.errors import RefusedError
from sahut.core.identities import Somebody
from sahut.core.model import AuditAct, AuditDraft, Departure, Proof, ProviderPolicy
from sahut.core.ports import Clock, Store, Tx
from triage_api import auth
from triage_api.auth import SignedIn
from triage_api.errors import NotSignedInError, SecondFactorNeededError
from triage_api.provider import Provider, ProviderRefusedError
from triage_api.settings import ApiSettings

# Time to find one's password and telephone at the provider.
AWAY = timedelta(minutes=10)
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider sent a browser back with."""

    state: str
    code: str
    issuer: str
    error: str = ""

    def check(self) -> None:
        """Raise ProviderRefusedError where there is no code."""
        if self.error or not self.code:
            raise ProviderRefusedError(f"the provider said {self.error[:_LONGEST] or 'nothing'}")


def depart(store: Store, clock: Clock, provider: Provider, *, back: str, redirect_uri: str) -> tuple[str, str]:
    """Where to send a browser, and the cookie to give it. Raises ProviderAwayError."""
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    url = provider.authorize_url(
        redirect_uri=redirect_uri, state=state, nonce=_made_of(browser, "nonce"), verifier=_made_of(browser, "verifier")
    )
    now = clock()
    with store.begin() as tx:
        tx.identities.depart(
            auth.hash_secret(state), auth.hash_secret(browser), back=back, now=now, expires_at=now + AWAY
        )
    return url, browser


def arrived(store: Store, clock: Clock, answer: Answer, browser: str) -> Departure:
    """Use the departure up, whatever the provider says. Raises NotSignedInError where this browser made none."""
    with store.begin() as tx:
        found = tx.identities.arrive(auth.hash_secret(answer.state), auth.hash_secret(browser), clock())
    if found is None:
        raise NotSignedInError("this sign-in was begun elsewhere, took too long, or is over; begin again")
    return found


def finish(
    store: Store,
    settings: ApiSettings,
    clock: Clock,
    provider: Provider,
    policy: ProviderPolicy,
    *,
    answer: Answer,
    browser: str,
    redirect_uri: str,
    address: str,
    device: str = "",
    cookie: str = "",
) -> SignedIn:
    """Open a session for whom the provider vouches; the one under ``cookie`` ends. After `arrived`.

    Raises ProviderAwayError, ProviderRefusedError, SecondFactorNeededError, and RefusedError as
    `sahut.core.identities.account_of` says. What is refused is noted.
    """
    try:
        answer.check()
        provider.check_issuer(answer.issuer)
        claims = provider.redeem(
            answer.code,
            redirect_uri=redirect_uri,
            verifier=_made_of(browser, "verifier"),
            nonce=_made_of(browser, "nonce"),
            wanted=("email", policy.claim.partition(".")[0], *policy.require),
            now=clock(),
        )
        return _let_in(store, settings, clock, policy, claims, address=address, device=device, cookie=cookie)
    except (ProviderRefusedError, RefusedError) as error:
        rule = error.rule if isinstance(error, RefusedError) else "provider_refused"
        with store.begin() as tx:
            # A name that nobody has: what is counted is where it came from.
            tx.accounts.count_failed_login(f"\x7fprovider {secrets.token_hex(8)}", address, clock())
            tx.audit.add(
                AuditDraft(
                    act=AuditAct.SIGN_IN_FAILED,
                    at=clock(),
                    actor=None,
                    kind="user",
                    address=address,
                    detail={"what": rule},
                )
            )
        raise


def somebody(claims: Mapping[str, Any], policy: ProviderPolicy) -> Somebody:
    """Whom the claims of an ID token, already proven, tell of."""
    verified = any(_is_true(claims.get(name)) for name in ("email_verified", "xms_edov"))  # the latter is Entra's
    return Somebody(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=_word(claims, "email") if verified else "",
        username=_word(claims, "preferred_username"),
        name=_word(claims, "name"),
        values=_values(claims, policy.claim),
    )


def _let_in(
    store: Store,
    settings: ApiSettings,
    clock: Clock,
    policy: ProviderPolicy,
    claims: Mapping[str, Any],
    *,
    address: str,
    device: str,
    cookie: str,
) -> SignedIn:
    now, who = clock(), somebody(claims, policy)
    for claim, wanted in policy.require.items():
        if wanted not in _values(claims, claim):
            raise RefusedError(f"the provider does not say {wanted} of {claim}", rule="identity_no_grant")
    said = {*_values(claims, "amr"), *_values(claims, "acr")}
    proof = Proof.PROVIDER_MFA if said & policy.mfa else Proof.PROVIDER
    challenge = ""
    with store.begin() as tx:
        found = identities.known(tx, who, policy)
        if found is not None and proof is not Proof.PROVIDER_MFA and tx.second_factors.is_on(found.id):
            # The provider's word alone links nothing and changes no role of whoever has a second step here.
            challenge = _challenge(tx, found.id, who, now)
        else:
            user, _identity = identities.account_of(tx, who, policy, no_password=auth.NO_PASSWORD, now=now)
            if cookie:
                tx.accounts.end_session(auth.hash_secret(cookie))
            signed = auth.open_session(user, settings, now, address, device, proof)
            tx.accounts.add_session(signed.session)
            auth.note(tx, AuditAct.SIGN_IN, user, now, address, what=str(proof))
    if challenge:
        raise SecondFactorNeededError(challenge)
    return signed


def _challenge(tx: Tx, user_id: int, who: Somebody, now: datetime) -> str:
    challenge = secrets.token_urlsafe(32)
    tx.second_factors.challenge(
        user_id,
        auth.hash_secret(challenge),
        now=now,
        expires_at=now + auth.CHALLENGE_LASTS,
        proof=Proof.PROVIDER,
        told=who.told,
    )
    return challenge


def _made_of(browser: str, use: str) -> str:
    """43 characters that nobody can guess who has not the cookie; PKCE wants so many (RFC 7636, §4.1)."""
    made = hmac.new(browser.encode("utf-8", "replace"), use.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def _is_true(said: Any) -> bool:
    # Some providers write it as a word.
    return said is True or (isinstance(said, str) and said.lower() == "true")


def _word(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    return found.strip()[:_LONGEST] if isinstance(found, str) else ""


def _values(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """What stands at a claim, or below it (``realm_access.roles``): a word, or several."""
    found: Any = claims if path else None
    # Some providers name claims by addresses, dots and all.
    steps = [path] if path in claims else path.split(".")
    for step in steps:
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset({found})
    return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()
