"""Google's interfaces for programs: the official client over our own sessions, and what its refusals mean.

googleapiclient and google-auth call an object shaped like `httplib2.Http`. Ours stands on `requests`, since httplib2
has no total deadline. Keys and tokens go into headers, never into an address, which libraries log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import httplib2
import requests
from google.auth.exceptions import GoogleAuthError
from google_auth_httplib2 import Request
from googleapiclient.discovery import build
from googleapiclient.errors import Error as ClientError

from collectors._refusals import refusal
from collectors._sessions import never_left, session, unanswered
from collectors._settings import CollectorSettings
from collectors._text import storable
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Currency, Problem

_PACIFIC = ZoneInfo("America/Los_Angeles")
_SOON = timedelta(minutes=1)  # a token that ends within this is renewed first
_LONGEST_SAID = 300
_OK = range(200, 300)
_REDIRECT = range(300, 400)
_UNAUTHORIZED, _BAD_REQUEST = 401, 400
_TIMED_OUT, _TOO_MANY, _SERVER = 408, 429, 500
# Reasons in errors[].reason, or in details[].reason (https://developers.google.com/youtube/v3/docs/errors and
# https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto).
_OF_THE_DAY = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "servingLimitExceeded"})
# What a page token is answered with that has gone bad.
_PLACE_LOST = frozenset({"invalidPageToken", "processingFailure", "pageTokenExpired"})
_TEMPORARY = frozenset({"internal_failure", "server_error", "temporarily_unavailable"})


class LostPlaceError(PermanentError):
    """The place in a list is no longer known: read it from its top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to make a call. ``signed`` ones bear a token, others the key.

    ``doubtful``: where it may have been done nevertheless, InDoubtError is raised. ``paged``: it bears a page token,
    whose refusal is a LostPlaceError. ``rationed``: it has a daily quota of its own, that holds nothing else up.
    """

    signed: bool = False
    doubtful: bool = False
    paged: bool = False
    rationed: bool = False


class MissingError(PermanentError):
    """One thing in a list is not there any more, or not shown to us."""


_MEANINGS: tuple[tuple[frozenset[str], type[TransientError | PermanentError], Problem, str], ...] = (
    (
        frozenset({"keyInvalid", "keyExpired", "API_KEY_INVALID", "authError", "ACCESS_TOKEN_EXPIRED"}),
        PermanentError,
        Problem.REFUSED_CREDENTIAL,
        "Google does not take our key: make a new one",
    ),
    (
        frozenset({"accessNotConfigured", "SERVICE_DISABLED"}),
        PermanentError,
        Problem.LACKS_ACCESS,
        "the interface is not turned on for our project: enable it in Google's console",
    ),
    (
        frozenset({"ipRefererBlocked", "API_KEY_SERVICE_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED"}),
        PermanentError,
        Problem.LACKS_ACCESS,
        "the key may not be used for this, or from this machine: change its restrictions",
    ),
    (frozenset({"commentsDisabled"}), PermanentError, Problem.LACKS_ACCESS, "comments are turned off there"),
    (frozenset({"commentNotFound", "parentCommentNotFound"}), MissingError, Problem.GONE, "the comment is gone"),
    (frozenset({"processingFailure"}), TransientError, Problem.SERVER_ERROR, "Google could not work it out"),
)


class Keys(Protocol):
    """Google-auth's credentials, as far as they are used here."""

    token: str | None
    expiry: datetime | None

    def refresh(self, request: Any) -> None:
        """Get a new token, through ``request``."""
        ...


@cache
def resource(api: str, version: str, name: str) -> Any:
    """The client's collection ``name`` of an interface ("youtube", "v3", "comments"): its methods make requests.

    The interface is described by a file of the client library, so that no call is made.
    """
    return getattr(_service(api, version), name)()


@cache
def _service(api: str, version: str) -> Any:
    # The http object is asked for and never used: each request is executed with its own.
    return build(api, version, http=httplib2.Http(), static_discovery=True)


def next_pacific_midnight(now: datetime) -> datetime:
    """When Google's daily quotas begin anew."""
    tomorrow = now.astimezone(_PACIFIC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=_PACIFIC).astimezone(UTC)


class Line:
    """Calls one of Google's interfaces. ``name`` is what people call it.

    ``key`` is an API key for calls without a token. ``keys`` get tokens; a token lives in the credential's session, so
    that a reading doesn't sign in where an earlier one did: ``fresh`` is the session to be stored, None for no change.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        access: Access,
        *,
        name: str,
        now: datetime,
        key: str = "",
        keys: Keys | None = None,
    ) -> None:
        self.name = name
        self.now = now
        self.fresh: dict[str, str] | None = None
        self._session = session(settings, base_url=access.base_url)
        self._agent = settings.agent
        self._key = key
        self._keys = keys
        self._held = dict(access.session)
        self._purse = access.purse()
        self._account = access.name

    def spend(self, currency: Currency, amount: float) -> None:
        """Count what the next call costs. Raises TransientError(BUDGET_SPENT) where too little is left for it."""
        if not self._purse.spend(currency, amount):
            left = self._purse.left(currency) or 0.0
            raise TransientError(
                f"{self.name}: credential '{self._account}' has {left:g} {currency} left for today, and the next call "
                f"costs {amount:g}",
                problem=Problem.BUDGET_SPENT,
                not_before=datetime.combine(self.now.date() + timedelta(days=1), time(), tzinfo=UTC),
            )

    def left(self, currency: Currency) -> float | None:
        """What may still be spent; None where there is no limit."""
        return self._purse.left(currency)

    def news(self) -> dict[Currency, float]:
        """See `Purse.news`."""
        return self._purse.news()

    def call(self, request: Any, what: str, manner: Manner) -> Any:
        """What Google answers: a dictionary. ``what`` names the call.

        Raises TransientError, PermanentError; LostPlaceError and InDoubtError as ``manner`` says.
        """
        try:
            return self._once(request, what, manner)
        except PermanentError as error:
            # A token of an earlier reading may have been taken back; one that was made in this one was not.
            stale = manner.signed and self.fresh is None and self._held
            if error.problem is not Problem.REFUSED_CREDENTIAL or not stale:
                raise
        self._held = {}
        return self._once(request, what, manner)

    def sign_in(self) -> None:
        """Get a new token. Raises TransientError, PermanentError(REFUSED_CREDENTIAL)."""
        self._held = {}
        self._token()

    def _once(self, request: Any, what: str, manner: Manner) -> Any:
        headers = {"Authorization": f"Bearer {self._token()}"} if manner.signed else {"X-Goog-Api-Key": self._key}
        http = _Http(self._session, {**headers, "User-Agent": self._agent})
        told = f"{self.name}: {what}"
        try:
            found = request.execute(http=http)
        except requests.RequestException as error:
            if manner.doubtful and not never_left(error):
                raise InDoubtError(
                    f"{told}: the connection ended before the answer", problem=Problem.UNREACHABLE
                ) from error
            raise unanswered(told, error) from error
        except (ClientError, ValueError, TypeError, KeyError, AttributeError) as error:
            if manner.doubtful and (http.status in _OK or http.status == _TIMED_OUT or http.status >= _SERVER):
                raise InDoubtError(
                    f"{told} answered {http.status} without saying what became of it", problem=Problem.SERVER_ERROR
                ) from error
            raise _refused(told, http, now=self.now, manner=manner) from error
        if not isinstance(found, dict):
            kind = InDoubtError if manner.doubtful else TransientError
            raise kind(f"{told} answered with something else than data", problem=Problem.NOT_READABLE)
        return found

    def _token(self) -> str:
        """A token that is good for a minute at least."""
        token, expires = self._held.get("token", ""), self._held.get("expires", "")
        if token and expires and datetime.fromisoformat(expires) > self.now + _SOON:
            return token
        if self._keys is None:
            raise PermanentError(
                f"{self.name}: the credential holds nothing to sign in with", problem=Problem.NO_CREDENTIAL
            )
        told = f"{self.name}: sign-in"
        try:
            self._keys.refresh(Request(_SignIn(self._session, told, self.now)))
        except requests.RequestException as error:
            raise unanswered(told, error) from error
        except (GoogleAuthError, ValueError, TypeError, KeyError) as error:
            raise TransientError(
                f"{told} answered with something else than a token", problem=Problem.NOT_READABLE
            ) from error
        # The library reckons by the machine's clock, we by the clock that we were given.
        lasts = timedelta(minutes=5) if self._keys.expiry is None else self._keys.expiry - _naive_now()
        self._held = {"token": str(self._keys.token), "expires": (self.now + lasts).isoformat()}
        self.fresh = dict(self._held)
        return self._held["token"]


def _naive_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class _Http:
    """What googleapiclient takes for an `httplib2.Http`; it keeps the last answer."""

    def __init__(self, made: requests.Session, headers: Mapping[str, str]) -> None:
        self._session = made
        self._headers = dict(headers)
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.body = b""

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> tuple[httplib2.Response, bytes]:
        """As `httplib2.Http.request`. Raises requests.RequestException."""
        sent = {**(headers or {}), **self._headers}
        answer = self._session.request(method, uri, data=body, headers=sent, allow_redirects=False)
        self.status, self.headers, self.body = answer.status_code, answer.headers, answer.content
        return httplib2.Response({**answer.headers, "status": str(answer.status_code)}), answer.content


class _SignIn(_Http):
    """For google-auth, which would sleep and try again after some refusals: each is an error of ours before that."""

    def __init__(self, made: requests.Session, told: str, now: datetime) -> None:
        super().__init__(made, {})
        self._told = told
        self._now = now

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> tuple[httplib2.Response, bytes]:
        """As above. Raises CollectError for a refusal."""
        answer = super().request(uri, method, body, headers)
        if self.status in _OK:
            return answer
        found = _json(self.body)
        code = str(found.get("error", "")) if isinstance(found.get("error"), str) else ""
        said = storable(f"{code}: {found.get('error_description', '')}" if code else "")[:_LONGEST_SAID]
        if self.status in {_BAD_REQUEST, _UNAUTHORIZED} and code not in _TEMPORARY:
            raise PermanentError(
                f"{self._told} was refused ({said or self.status}): sign in again, and replace the secrets",
                problem=Problem.REFUSED_CREDENTIAL,
            )
        status = _SERVER if self.status == _BAD_REQUEST else self.status
        raise refusal(self._told, status, now=self._now, headers=self.headers, said=said)


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _refused(told: str, http: _Http, *, now: datetime, manner: Manner) -> CollectError:
    """The error for an answer that is none of what was asked for."""
    if http.status in _OK or http.status in _REDIRECT:
        return TransientError(f"{told} answered with something else than data", problem=Problem.NOT_READABLE)
    error = _json(http.body).get("error")
    words = error if isinstance(error, dict) else {}
    reasons = _reasons(words)
    said = storable(" ".join(str(words.get("message", "")).split()))[:_LONGEST_SAID]
    tail = f" ({said})" if said else ""
    if manner.paged and reasons & _PLACE_LOST:
        return LostPlaceError(f"{told}: the place in the list was lost{tail}", problem=Problem.BAD_SETTINGS)
    if reasons & _OF_THE_DAY:
        return TransientError(
            f"{told}: Google's quota of the day is used up{tail}",
            problem=Problem.RATE_LIMITED,
            not_before=next_pacific_midnight(now),
            whole_account=not manner.rationed,
        )
    for these, kind, problem, meaning in _MEANINGS:
        if reasons & these:
            return kind(f"{told}: {meaning}{tail}", problem=problem)
    status = _TOO_MANY if reasons & _TOO_FAST else http.status
    return refusal(told, status, now=now, headers=http.headers, said=said)


def _reasons(error: Mapping[str, Any]) -> set[str]:
    listed = [part for key in ("errors", "details") for part in error.get(key) or [] if isinstance(part, dict)]
    return {str(part["reason"]) for part in listed if part.get("reason")}
