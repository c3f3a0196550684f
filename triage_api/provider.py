"""The conversation with an identity provider: authorization code with PKCE (OpenID Connect Core 1.0, §3.1; RFC 7636).

Authlib speaks OAuth and checks the claims, joserfc the signature. The provider is one that the operator named; what it
gives is checked all the same.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from triage_api.errors import ApiError
from triage_api.settings import ProviderSettings

# Asymmetric ones alone: with HS256 the provider's public key, or our secret, could be taken for a signing key.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
# Clocks of two machines may differ so much, in seconds.
LEEWAY = 120
# For a whole conversation, and for the next bytes of it.
_SECONDS, _READ_SECONDS = 12.0, 8.0
AWAY_FOR = 15.0
_LARGEST = 1_000_000
_REMEMBERED = 3600.0
# A token with a key that nobody knows makes us ask for the keys anew, but not for each such token.
_FRESH_KEYS_EVERY = 60.0
_AT_ONCE = 4
# OpenID Connect Core 1.0, §2.
_LONGEST_SUBJECT = 255


class ProviderAwayError(ApiError):
    """The identity provider cannot be reached, or answers nothing that can be read."""

    status = 503
    code = "provider_away"


class ProviderRefusedError(ApiError):
    """The identity provider refused, or what it gave proves nothing."""

    status = 401
    code = "provider_refused"


@dataclass(slots=True)
class _Remembered:
    value: Any = None
    at: float = float("-inf")

    def fresh(self, seconds: float) -> bool:
        return self.value is not None and time.monotonic() - self.at < seconds

    def keep(self, value: Any) -> Any:
        self.value, self.at = value, time.monotonic()
        return value


@dataclass(slots=True)
class Provider:
    """One provider, for all threads of a process. What it says of itself and its keys is remembered for an hour."""

    settings: ProviderSettings
    _metadata: _Remembered = field(default_factory=_Remembered)
    _key_set: _Remembered = field(default_factory=_Remembered)
    _lock: Lock = field(default_factory=Lock)
    _turns: Semaphore = field(default_factory=lambda: Semaphore(_AT_ONCE))
    _away_until: float = float("-inf")

    def authorize_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser is sent. Raises ProviderAwayError."""
        about = self._about()
        with self._client() as client:
            client.redirect_uri = redirect_uri
            url, _state = client.create_authorization_url(
                about["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
        return str(url)

    def redeem(
        self,
        code: str,
        *,
        redirect_uri: str,
        verifier: str,
        nonce: str,
        now: datetime,
        wanted: Collection[str] = ("email",),
    ) -> dict[str, Any]:
        """The claims about whom a code stands for, proven; ``wanted`` are asked for once more where they lack.

        Raises ProviderAwayError, ProviderRefusedError.
        """
        about = self._about()

        def ask(client: Any) -> dict[str, Any]:
            client.token_endpoint_auth_method = self._method(about)
            token = client.fetch_token(
                about["token_endpoint"], code=code, redirect_uri=redirect_uri, code_verifier=verifier
            )
            claims = self._proven(client, about, token, nonce, now)
            return claims if set(wanted) - {""} <= set(claims) else self._completed(client, about, claims)

        claims: dict[str, Any] = self._within(ask)
        return claims

    def check_issuer(self, said: str) -> None:
        """Raise ProviderRefusedError for an answer that another provider gave (RFC 9207)."""
        must = self._about().get("authorization_response_iss_parameter_supported") is True
        if (said or must) and said != self.settings.issuer:
            raise ProviderRefusedError("the answer names another issuer")

    def prove(self) -> str:
        """Ask the provider about itself and for its keys; its issuer. Raises ProviderAwayError."""
        self._metadata.value = None
        about = self._about()
        self._method(about)
        self._within(lambda client: self._keys(client, about, fresh=True))
        return self.settings.issuer

    @contextmanager
    def _client(self) -> Iterator[Any]:
        try:
            with OAuth2Session(
                self.settings.client_id,
                self.settings.client_secret or None,
                scope=self.settings.scopes,
                code_challenge_method="S256",
                default_timeout=_READ_SECONDS,
                leeway=0,
            ) as client:
                client.max_redirects = 0
                yield client
        except requests.RequestException as error:
            raise ProviderAwayError(f"{self.settings.issuer} cannot be reached: {type(error).__name__}") from error
        except (AuthlibBaseError, JoseError) as error:
            # Never what came with it: that may be a token.
            raise ProviderRefusedError(f"the sign-in proves nothing: {type(error).__name__}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderAwayError(
                f"{self.settings.issuer} answered what cannot be read: {type(error).__name__}"
            ) from error

    def _within(self, ask: Callable[[Any], Any]) -> Any:
        """Ask, in a thread of its own: reads have time-outs, but bytes that trickle in have no end.

        A provider that was away a moment ago is not asked again for a while, so that it holds up nobody else's page.
        """
        if time.monotonic() < self._away_until:
            raise ProviderAwayError(f"{self.settings.issuer} was away a moment ago")
        if not self._turns.acquire(timeout=1):
            raise ProviderAwayError("too many sign-ins wait for the identity provider")
        box: SimpleQueue[Any] = SimpleQueue()

        def run() -> None:
            try:
                with self._client() as client:
                    box.put(ask(client))
            except Exception as error:
                box.put(error)
            finally:
                self._turns.release()

        threading.Thread(target=run, daemon=True, name="sahut-provider").start()
        try:
            found = box.get(timeout=_SECONDS)
        except Empty:
            found = ProviderAwayError(f"{self.settings.issuer} took longer than {_SECONDS:g} s")
        if isinstance(found, ProviderAwayError):
            self._away_until = time.monotonic() + AWAY_FOR
        if isinstance(found, Exception):
            raise found
        return found

    def _about(self) -> dict[str, Any]:
        with self._lock:
            if self._metadata.fresh(_REMEMBERED):
                found: dict[str, Any] = self._metadata.value
                return found
        url = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        about: dict[str, Any] = self._within(lambda client: self._json(client, url))
        if about.get("issuer") != self.settings.issuer:
            raise ProviderAwayError(f"{url} is the word of another issuer: {str(about.get('issuer'))[:200]!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not is_safe(str(about.get(name, ""))):
                raise ProviderAwayError(f"{url} names no address over TLS as {name}")
        with self._lock:
            self._metadata.keep(about)
        return about

    def _keys(self, client: Any, about: Mapping[str, Any], *, fresh: bool = False) -> KeySet:
        with self._lock:
            if self._key_set.fresh(_FRESH_KEYS_EVERY if fresh else _REMEMBERED):
                found: KeySet = self._key_set.value
                return found
        listed = self._json(client, about["jwks_uri"]).get("keys", [])
        keys = [key for key in map(_signing_key, listed) if key is not None]
        if not keys:
            raise ProviderAwayError(f"{self.settings.issuer} publishes no key that signs")
        with self._lock:
            kept: KeySet = self._key_set.keep(KeySet(keys))
        return kept

    def _json(self, client: Any, url: str) -> dict[str, Any]:
        until, body = time.monotonic() + _SECONDS, bytearray()
        with client.get(url, withhold_token=True, stream=True) as answer:
            if answer.status_code != requests.codes.ok:
                raise ProviderAwayError(f"{url} answered {answer.status_code}")
            for piece in answer.iter_content(16_384):
                body += piece
                if len(body) > _LARGEST or time.monotonic() > until:
                    raise ProviderAwayError(f"{url} answers too much or too slowly")
        found = json.loads(bytes(body))
        if not isinstance(found, dict):
            raise ProviderAwayError(f"{url} answered no JSON object")
        return found

    def _method(self, about: Mapping[str, Any]) -> str:
        if not self.settings.client_secret:
            return "none"
        # What is supported where nothing is said: OpenID Connect Discovery 1.0, §3.
        offered = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        for method in ("client_secret_basic", "client_secret_post"):
            if method in offered:
                return method
        raise ProviderAwayError(f"{self.settings.issuer} takes no client secret at its token endpoint")

    def _proven(
        self, client: Any, about: Mapping[str, Any], token: Mapping[str, Any], nonce: str, now: datetime
    ) -> dict[str, Any]:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            decoded = jwt.decode(token["id_token"], self._keys(client, about), registry=registry)
        except (InvalidKeyIdError, BadSignatureError):
            # The provider may have another key by now, under another name or the same.
            decoded = jwt.decode(token["id_token"], self._keys(client, about, fresh=True), registry=registry)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            {
                "nonce": nonce,
                "client_id": self.settings.client_id,
                "access_token": token.get("access_token", ""),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        if not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT:
            raise ProviderRefusedError("the token names nobody")
        return dict(claims)

    def _completed(self, client: Any, about: Mapping[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """With what only the userinfo endpoint tells; it speaks of the same person or of nobody (§5.3.2)."""
        url = str(about.get("userinfo_endpoint", ""))
        if not is_safe(url):
            return claims
        try:
            answer = client.get(url)
            more = answer.json() if answer.status_code == requests.codes.ok else {}
        except (requests.RequestException, AuthlibBaseError, ValueError):
            # Who it is has been proven; what else could be told is wanting.
            return claims
        same = isinstance(more, dict) and more.get("sub") == claims["sub"]
        return {**more, **claims} if same else claims


def is_safe(url: str) -> bool:
    """Whether an address is over TLS, or of this very machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether it names this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _signing_key(said: Any) -> Any:
    """A published key that may have signed an ID token; None for one of another use or kind (RFC 7517, §5)."""
    if not isinstance(said, dict) or said.get("kty") not in {"RSA", "EC", "OKP"} or said.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key(said)
    except (JoseError, KeyError, ValueError, TypeError):
        return None
