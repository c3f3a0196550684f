"""The line to Bluesky: the atproto library writes the calls, our client carries them, and the answers are read here.

The library's own client follows redirects with our token, never ends on a server that drips, and turns a whole page
away for one malformed post. Importing it costs 0.8 s of CPU and 26 MiB, so nothing imports this module before a call
is made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from atproto_client import models
from atproto_client.client.base import ClientBase
from atproto_client.request import RequestBase
from atproto_client.request import Response as LibraryResponse
from atproto_core.exceptions import AtProtocolError
from atproto_server.auth.jwt import get_jwt_payload
from pydantic import ValidationError

from collectors._http import HttpClient
from collectors._refusals import refusal
from collectors._text import storable
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Problem

HOME = "https://bsky.social"
_JSON = "application/json"
# An access token is renewed this long before it runs out, so that it outlives the reading.
_MARGIN = timedelta(minutes=10)
_LOG_IN, _RENEW = "com.atproto.server.createSession", "com.atproto.server.refreshSession"
_STALE = frozenset({"ExpiredToken", "InvalidToken"})
_CLOSED = frozenset({"AccountTakedown", "AccountSuspended", "AccountDeactivated"})
_BARRED = frozenset({"BlockedActor", "BlockedByActor"})
# What is kept of a session, by what the server calls it.
_PARTS = {"did": "did", "handle": "handle", "access": "accessJwt", "refresh": "refreshJwt"}
_TRIES = 3
_OK, _REDIRECTS = range(200, 300), range(300, 400)
_BAD_REQUEST, _UNAUTHORIZED, _SLOW, _SERVER = 400, 401, 408, 500


class Line:
    """Calls of one piece of work. ``did`` is our account, known once `sign_in` was called.

    ``fresh`` is the session to keep with the credential, None while the kept one holds, or where it is kept already.
    """

    def __init__(self, http: HttpClient, access: Access | None, *, now: datetime) -> None:
        if access is None or not access.secrets.get("app_password") or not access.settings.get("handle"):
            raise PermanentError(
                "Bluesky needs a credential with the account's handle and an app password",
                problem=Problem.NO_CREDENTIAL,
            )
        self._access = access
        self._now = now
        self._client = ClientBase(access.base_url or HOME, request=_Wire(http))
        self._who = access.settings["handle"].strip().lstrip("@")
        self._given = f"{self._who} {access.base_url}"
        self._held: Mapping[str, str] = dict(access.session)
        # Got by a call of this piece of work: should that be refused, there is no better one.
        self._own = False
        self.fresh: Mapping[str, str] | None = None

    @property
    def did(self) -> str:
        """Of our account."""
        return self._held.get("did", "")

    @property
    def handle(self) -> str:
        """Of our account, as the server says."""
        return self._held.get("handle", "")

    def sign_in(self) -> None:
        """Make sure of a session that lasts. Raises TransientError or PermanentError."""
        if not self._own and (not self._fits(self._held) or _runs_out(self._held["access"], self._now)):
            self._renew()

    def query(self, nsid: str, **params: Any) -> dict[str, Any]:
        """What the server answers to a question. Raises TransientError or PermanentError."""
        return self._call(nsid, params, None)

    def procedure(self, nsid: str, **data: Any) -> dict[str, Any]:
        """What it answers to an order. Raises as `query`; InDoubtError where it may have been carried out."""
        return self._call(nsid, None, data)

    def _call(self, nsid: str, params: Mapping[str, Any] | None, data: Mapping[str, Any] | None) -> dict[str, Any]:
        self.sign_in()
        said = self._said(nsid, params, data, self._held["access"])
        # Refused unread, with a token that another piece of work got: one of our own may do.
        while not self._own and (said.status_code == _UNAUTHORIZED or _name(said) in _STALE):
            self._renew()
            said = self._said(nsid, params, data, self._held["access"])
        if said.status_code in _OK:
            try:
                return _object(nsid, said)
            except TransientError as error:
                raise _doubted(error) if data is not None else error from error
        refused = self._refused(nsid, said)
        if data is not None and (said.status_code == _SLOW or said.status_code >= _SERVER):
            raise _doubted(refused) from refused
        raise refused

    def _said(
        self, nsid: str, params: Mapping[str, Any] | None, data: Mapping[str, Any] | None, token: str
    ) -> LibraryResponse:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        module = getattr(models, "".join(part[0].upper() + part[1:] for part in nsid.split(".")))
        try:
            if params is not None:
                asked = module.Params(**params)
                return self._client.invoke_query(nsid, params=asked, headers=headers, output_encoding=_JSON)
            order = module.Data(**data) if data else None
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise PermanentError(
                f"Bluesky: {nsid} cannot be asked that: {first['msg']}", problem=Problem.BAD_SETTINGS
            ) from error
        encoding = {"input_encoding": _JSON} if order is not None else {}
        # A session that was made without our knowing does no harm.
        doubtful = nsid not in {_LOG_IN, _RENEW}
        return self._client.invoke_procedure(
            nsid, data=order, headers=headers, output_encoding=_JSON, doubtful=doubtful, **encoding
        )

    def _renew(self) -> None:
        """Another session than the one that we hold: what somebody else got meanwhile, or what we get now."""
        keeper = self._access.keeper
        for _ in range(_TRIES):
            self._held = self._got(self._held) if keeper is None else keeper.renewed(self._held, self._got)
            if self._fits(self._held):
                self.fresh = self._held if keeper is None else None
                return
        raise TransientError("Bluesky: the credential was changed meanwhile", problem=Problem.UNREACHABLE)

    def _got(self, held: Mapping[str, str]) -> Mapping[str, str]:
        """By the refresh token; where there is none, or it is refused, by the password, once."""
        if self._fits(held):
            said = self._said(_RENEW, None, {}, held["refresh"])
            if said.status_code in _OK:
                return self._session(_RENEW, said)
            if said.status_code not in {_BAD_REQUEST, _UNAUTHORIZED}:
                raise self._refused(_RENEW, said)
        order = {"identifier": self._who, "password": self._access.secrets["app_password"]}
        said = self._said(_LOG_IN, None, order, "")
        if said.status_code not in _OK:
            raise self._refused(_LOG_IN, said)
        return self._session(_LOG_IN, said)

    def _fits(self, session: Mapping[str, str]) -> bool:
        """Whether it is one: the settings may name another account or server by now."""
        return all(session.get(key) for key in _PARTS) and session.get("given") == self._given

    def _session(self, nsid: str, said: LibraryResponse) -> dict[str, str]:
        answer = _object(nsid, said)
        found = {key: answer.get(name) for key, name in _PARTS.items()}
        if not all(isinstance(value, str) and value for value in found.values()):
            raise TransientError(f"Bluesky: {nsid} brought no session", problem=Problem.NOT_READABLE)
        self._own = True
        return {**{key: storable(str(value)) for key, value in found.items()}, "given": self._given}

    def _refused(self, nsid: str, said: LibraryResponse) -> CollectError:
        status, name, words = said.status_code, _name(said), _words(said)
        what = f"Bluesky: {nsid}"
        tail = f" ({words or name})" if words or name else ""
        if status in _REDIRECTS:
            return PermanentError(
                f"{what} leads elsewhere: write the server's own address into the credential",
                problem=Problem.BAD_SETTINGS,
            )
        if name in _CLOSED:
            return PermanentError(f"{what}: our account is closed{tail}", problem=Problem.REFUSED_CREDENTIAL)
        if name == "AuthFactorTokenRequired":
            return PermanentError(
                f"{what}: this account wants a code by e-mail for its own password; make an app password instead",
                problem=Problem.REFUSED_CREDENTIAL,
            )
        if name in _STALE:
            return PermanentError(
                f"{what}: it takes none of our tokens{tail}: make a new app password",
                problem=Problem.REFUSED_CREDENTIAL,
            )
        if name in _BARRED:
            return PermanentError(f"{what}: that account and ours block one another{tail}", problem=Problem.FORBIDDEN)
        if status == _BAD_REQUEST and "not found" in words.lower():
            return PermanentError(f"{what}: there is no such thing{tail}", problem=Problem.NOT_FOUND)
        return refusal(
            what,
            status,
            now=self._now,
            headers=said.headers,
            not_before=_reset(said.headers, self._now),
            said=words or name,
        )


class _Wire(RequestBase):  # type: ignore[misc]  # the library ships types that mypy is told to skip
    """What the library's client sends by."""

    def __init__(self, http: HttpClient) -> None:
        super().__init__()
        self._http = http

    def get(self, url: str, **how: Any) -> LibraryResponse:
        return self._send("GET", url, **how)

    def post(self, url: str, **how: Any) -> LibraryResponse:
        return self._send("POST", url, **how)

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        params: Mapping[str, Any] | None = None,
        data: None = None,  # noqa: ARG002 - the library names it where a call has no body
        content: str | None = None,
        doubtful: bool = False,
    ) -> LibraryResponse:
        asked = {key: str(value).lower() if isinstance(value, bool) else value for key, value in (params or {}).items()}
        said = self._http.exchange(
            method,
            url,
            headers={"Accept": _JSON, **headers},
            params=asked or None,
            content=None if content is None else content.encode(),
            doubtful=doubtful,
        )
        return LibraryResponse(said.status in _OK, said.status, said.body, dict(said.headers))


def _runs_out(token: str, now: datetime) -> bool:
    """Whether a token ends soon; one that does not say so is tried."""
    try:
        ends = get_jwt_payload(token).exp
        return ends is not None and datetime.fromtimestamp(ends, UTC) <= now + _MARGIN
    except (AtProtocolError, ValueError, OverflowError, OSError):
        return False


def _reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    try:
        moment = datetime.fromtimestamp(int(headers.get("ratelimit-reset", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment > now else None


def _object(nsid: str, said: LibraryResponse) -> dict[str, Any]:
    found = _parsed(said)
    if found is None:
        raise TransientError(
            f"Bluesky: {nsid} was answered with something else than data", problem=Problem.NOT_READABLE
        )
    return found


def _parsed(said: LibraryResponse) -> dict[str, Any] | None:
    try:
        found = json.loads(said.content) if isinstance(said.content, bytes) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _name(said: LibraryResponse) -> str:
    name = (_parsed(said) or {}).get("error")
    return storable(name)[:100] if isinstance(name, str) else ""


def _words(said: LibraryResponse) -> str:
    words = (_parsed(said) or {}).get("message")
    return storable(words)[:300] if isinstance(words, str) else ""


def _doubted(error: CollectError) -> InDoubtError:
    return InDoubtError(f"{error}; it may have been done all the same", problem=error.problem)
