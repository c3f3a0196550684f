"""Meta's Graph API: one signed call, and what its refusals mean.

It speaks over httpx and our own guarded sockets (`collectors._http`), since there is no client library to please: so
every call has a deadline, a size limit and a checked address. The token goes into a header and never into an address,
which libraries log; an app secret proves that the call is ours (``appsecret_proof``).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from collectors._http import HttpClient, Response
from collectors._refusals import refusal
from collectors._settings import CollectorSettings
from collectors._text import storable
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Problem

_OK = range(200, 300)
_REDIRECT = range(300, 400)
_LONGEST_SAID = 300
_LONGEST_LIMIT = timedelta(days=1)
# https://developers.facebook.com/docs/graph-api/guides/error-handling and …/overview/rate-limiting
_SIGN_IN = frozenset({102, 104, 190})
_PERMISSION = frozenset({3, 10, *range(200, 300)})
_LIMIT = frozenset({4, 17, 32, 341, 368, 613, *range(80_000, 80_015)})
_TRANSIENT = frozenset({1, 2})
_BAD_REQUEST = 100
_NO_SUCH_NAME = 803
_SAID_BEFORE = 506
_NO_SUCH_OBJECT = 33  # subcode of 100: gone, hidden from us, or no such thing
_WHY_SIGN_IN = {
    458: "our app was removed from the account",
    459: "the account has to pass a check on Facebook first",
    460: "the account's password was changed",
    463: "the token has expired",
    464: "the account is not confirmed",
    467: "the token is no longer valid",
}


class MissingError(PermanentError):
    """One object is not there, or not shown to us."""


class Graph:
    """Calls one of Meta's interfaces. ``name`` is what people call it, ``home`` its address, ``version`` like "v26.0".

    A path that begins with a slash has no version before it.
    """

    def __init__(self, settings: CollectorSettings, *, name: str, home: str, version: str) -> None:
        self.name = name
        self._http = HttpClient(settings)
        self._home = home
        self._version = version

    def get(self, access: Access, path: str, params: Mapping[str, str], *, asks: str, now: datetime) -> dict[str, Any]:
        """What stands at ``path``. ``asks`` names the permissions that it takes, for people.

        Raises TransientError or PermanentError; MissingError where that one object is not shown.
        """
        response = self._call("GET", access, path, params=params)
        return self._read(response, access, f"{self.name}: {path}", asks, now)

    def post(self, access: Access, path: str, form: Mapping[str, str], *, asks: str, now: datetime) -> dict[str, Any]:
        """Do something. Raises as `get` does where it surely was not done, InDoubtError for everything else."""
        response = self._call("POST", access, path, form=form, doubtful=True)
        what = f"{self.name}: {path}"
        try:
            return self._read(response, access, what, asks, now)
        except TransientError as error:
            if error.problem is Problem.RATE_LIMITED:
                raise
            raise InDoubtError(f"{error}; it may have been done all the same", problem=error.problem) from error

    def _call(
        self,
        method: str,
        access: Access,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        doubtful: bool = False,
    ) -> Response:
        token = token_of(access)
        secret = access.secrets.get("app_secret", "")
        proof = (
            {"appsecret_proof": hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()} if secret else {}
        )
        return self._http.exchange(
            method,
            f"{access.base_url or self._home}{path if path.startswith('/') else f'/{self._version}/{path}'}",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            params={**params, **proof} if params is not None else None,
            form={**form, **proof} if form is not None else None,
            doubtful=doubtful,
        )

    def _read(self, response: Response, access: Access, what: str, asks: str, now: datetime) -> dict[str, Any]:
        try:
            found = json.loads(response.body)
        except (ValueError, RecursionError):
            found = None
        error = found.get("error") if isinstance(found, dict) else None
        if isinstance(error, dict):
            raise _refused(what, response, error, _secrets(access), asks, now)
        if response.status not in _OK and response.status not in _REDIRECT:
            raise refusal(what, response.status, now=now, headers=response.headers)
        if response.status in _REDIRECT or not isinstance(found, dict):
            raise TransientError(f"{what} answered with something else than data", problem=Problem.NOT_READABLE)
        return found


def token_of(access: Access) -> str:
    """The token to call with: a renewed one, else the operator's. Raises PermanentError where there is none."""
    token = access.session.get("token") or access.secrets.get("access_token", "")
    if not token:
        raise PermanentError("the credential holds no access token", problem=Problem.NO_CREDENTIAL)
    return token


def _secrets(access: Access) -> list[str]:
    return [secret for secret in (*access.secrets.values(), access.session.get("token", "")) if secret]


def _refused(
    what: str, response: Response, error: Mapping[str, Any], secrets: list[str], asks: str, now: datetime
) -> CollectError:
    """The error for an answer with an ``error`` object. Meta likes to quote a bad token: it is cut out."""
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    said = storable(str(error.get("message") or error.get("error_user_msg") or ""))
    for secret in secrets:
        said = said.replace(secret, "…")
    said = " ".join(said.split())[:_LONGEST_SAID]
    told = f"{what}: error {code}{f'/{subcode}' if subcode else ''} ({said})"
    if code in _SIGN_IN or (code == _BAD_REQUEST and "appsecret_proof" in said):
        why = _WHY_SIGN_IN.get(subcode, "the token or the app secret is not valid")
        return PermanentError(f"{told}: {why}; make a new token", problem=Problem.REFUSED_CREDENTIAL)
    if code in _PERMISSION:
        return PermanentError(f"{told}: ask Meta for {asks}", problem=Problem.LACKS_ACCESS)
    if code in _LIMIT:
        return TransientError(
            f"{told}: we asked too often",
            problem=Problem.RATE_LIMITED,
            not_before=regained(response.headers, now),
            whole_account=True,
        )
    if code == _BAD_REQUEST and subcode == _NO_SUCH_OBJECT:
        return MissingError(f"{told}: it is gone, or not shown to us", problem=Problem.NOT_FOUND)
    if code == _NO_SUCH_NAME:
        return MissingError(f"{told}: there is no such thing", problem=Problem.NOT_FOUND)
    if code == _SAID_BEFORE:
        return PermanentError(f"{told}: the same words stand there already", problem=Problem.BAD_SETTINGS)
    if code in _TRANSIENT or error.get("is_transient") is True:
        return TransientError(told, problem=Problem.SERVER_ERROR)
    return refusal(what, response.status, now=now, headers=response.headers, said=f"error {code}: {said}")


def regained(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When we may call again by X-Business-Use-Case-Usage or X-App-Usage, which count in minutes; None for unsaid."""
    waits = [
        _number(usage.get("estimated_time_to_regain_access"))
        for name in ("x-business-use-case-usage", "x-app-usage")
        for usage in _usages(headers.get(name, ""))
    ]
    longest = max(waits, default=0)
    return now + min(timedelta(minutes=longest), _LONGEST_LIMIT) if longest > 0 else None


def _usages(header: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(header)
    except ValueError:
        return []
    if not isinstance(found, dict):
        return []
    parts = [found, *(part for parts in found.values() if isinstance(parts, list) for part in parts)]
    return [part for part in parts if isinstance(part, dict)]


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        return int(value)
    except (ValueError, OverflowError):
        return 0
