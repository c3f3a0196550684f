"""The line to Reddit: PRAW signs in and calls, and every way in which it would sleep or try again is cut off.

prawcore sleeps up to ten minutes when x-ratelimit-remaining is 0, sleeps and sends again after a 5xx, a 401 or a broken
connection (a comment too), and answers a bare 401 with a KeyError. All of that follows from what its requestor gives
it. So ours raises our errors before prawcore sees an answer that it would act on, and keeps the limits to itself.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import praw
import requests

from collectors._refusals import refusal
from collectors._sessions import never_left, session, unanswered
from collectors._settings import CollectorSettings
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Problem

OAUTH = "https://oauth.reddit.com"
WWW = "https://www.reddit.com"
_TOKEN_URL = f"{WWW}/api/v1/access_token"
# A token is given up this long before it runs out, so that it outlives the reading.
_MARGIN = timedelta(minutes=5)
_LIMITS = ("x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset")
_OK = 200
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _SLOW, _LEGAL, _SERVER = 400, 401, 403, 408, 451, 500


class Line:
    """Calls of one piece of work. ``account`` is our user name, "" where we only read.

    ``fresh`` is what to keep for the next piece of work, None while nothing new was given. ``resume_at`` is when
    Reddit takes calls again, None while it takes them. ``in_doubt``: the last call may have done its work without our
    knowing.
    """

    def __init__(self, settings: CollectorSettings, access: Access | None, *, now: datetime) -> None:
        if access is None:
            raise PermanentError("Reddit needs a credential", problem=Problem.NO_CREDENTIAL)
        self._access = access
        self._agent = settings.agent
        self.account = ""
        if access.secrets.get("password") or access.secrets.get("refresh_token"):
            self.account = access.settings.get("username", "").strip().removeprefix("u/")
        self._door = _Door(session(settings, base_url=access.base_url), dict(access.session), now)
        self._reddit = self._signed()

    @property
    def fresh(self) -> Mapping[str, str] | None:
        """The token and its end, to be kept with the credential."""
        return self._door.fresh

    @property
    def resume_at(self) -> datetime | None:
        """When calls are taken again."""
        return self._door.resume_at

    @property
    def in_doubt(self) -> bool:
        """Whether the last call may have been carried out all the same."""
        return self._door.in_doubt

    def sign_in(self) -> None:
        """Get a token. Raises as `call`."""
        self._reddit.auth.scopes()

    def call(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, data: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON that Reddit answers, as it is. Raises TransientError or PermanentError; never sends twice.

        PRAW's own objects are left out, since one malformed post would cost them its whole page.
        """
        try:
            return self._reddit.request(method=method, path=path, params=params, data=data and dict(data))
        except _StaleTokenError:  # refused unread: a new token, once
            self._door.kept = {}
            self._reddit = self._signed()
            return self._reddit.request(method=method, path=path, params=params, data=data and dict(data))

    def _signed(self) -> Any:
        secrets, username = self._access.secrets, self._access.settings.get("username", "").strip().removeprefix("u/")
        # Everything is named here: PRAW would fill what is left out from praw.ini and the environment.
        return praw.Reddit(
            "DEFAULT",
            requestor_class=lambda **_: self._door,
            client_id=self._access.settings.get("client_id", ""),
            client_secret=secrets.get("client_secret") or None,
            username=username,
            password=secrets.get("password", ""),
            refresh_token=secrets.get("refresh_token", ""),
            redirect_uri="",
            oauth_url=OAUTH,
            reddit_url=WWW,
            user_agent=self._agent,
            check_for_updates=False,
            check_for_async=False,
        )


class _StaleTokenError(Exception):
    """The token of an earlier piece of work is no longer taken."""


class _Door:
    """What prawcore calls its requestor: the one place where bytes go out and come in."""

    oauth_url = OAUTH
    reddit_url = WWW

    def __init__(self, http: requests.Session, kept: dict[str, str], now: datetime) -> None:
        self._http = http
        self._now = now
        self._with_kept = False
        self.kept = kept
        self.fresh: Mapping[str, str] | None = None
        self.resume_at: datetime | None = None
        self.in_doubt = False

    def request(self, method: str, url: str, **how: Any) -> requests.Response:
        """An answer of 200 with JSON in it. Raises TransientError or PermanentError for every other one."""
        signing_in = url == _TOKEN_URL
        if signing_in and self._kept_lasts():
            return self._kept_answer()
        what = "Reddit: signing in" if signing_in else f"Reddit: {urlsplit(url).path.rstrip('/')}"
        if self.resume_at is not None:
            raise _limited(f"{what} waits: the calls allowed to our account are used up", self.resume_at)
        how.pop("timeout", None)  # the session has its own
        self.in_doubt = not signing_in
        try:
            response = self._http.request(method, url, **{**how, "allow_redirects": False})
        except requests.TooManyRedirects as error:
            self.in_doubt = False
            raise PermanentError(
                f"{what} leads elsewhere: Reddit has no such place", problem=Problem.NOT_FOUND
            ) from error
        except requests.RequestException as error:
            self.in_doubt = self.in_doubt and not never_left(error)
            raise unanswered(what, error) from error
        self._note_limits(response)
        payload = _json(response)
        if response.status_code != _OK or (signing_in and isinstance(payload, dict) and "error" in payload):
            self.in_doubt = self.in_doubt and (response.status_code == _SLOW or response.status_code >= _SERVER)
            if response.status_code == _UNAUTHORIZED and self._with_kept and not signing_in:
                self._with_kept = False
                raise _StaleTokenError
            raise self._refused(what, response, payload, signing_in=signing_in)
        if payload is None:
            raise TransientError(f"{what} answered with a page instead of data", problem=Problem.NOT_READABLE)
        self.in_doubt = False
        return self._keep(what, payload) if signing_in else response

    def _kept_lasts(self) -> bool:
        try:
            return datetime.fromisoformat(self.kept["until"]) > self._now and bool(self.kept["token"])
        except (KeyError, ValueError, TypeError):
            return False

    def _kept_answer(self) -> requests.Response:
        """The answer that brought the kept token, as if it came again; once, since prawcore asks again at its end."""
        left = (datetime.fromisoformat(self.kept["until"]) - self._now).total_seconds()
        answer = _token_answer(self.kept["token"], left)
        self.kept = {}
        self._with_kept = True
        return answer

    def _keep(self, what: str, payload: Any) -> requests.Response:
        try:
            token, lasts = str(payload["access_token"]), float(payload["expires_in"])
            until = self._now + timedelta(seconds=lasts) - _MARGIN
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise TransientError(f"{what} brought no token", problem=Problem.NOT_READABLE) from error
        self._with_kept = False
        self.fresh = {"token": token, "until": until.isoformat()}
        return _token_answer(token, lasts)

    def _note_limits(self, response: requests.Response) -> None:
        remaining, _, reset = (response.headers.pop(name, "") for name in _LIMITS)
        try:
            spent, wait = float(remaining) < 1, float(reset)
            self.resume_at = self._now + timedelta(seconds=max(wait, 1.0)) if spent else None
        except (ValueError, OverflowError):
            return  # an answer without usable limits says nothing of them

    def _refused(self, what: str, response: requests.Response, payload: Any, *, signing_in: bool) -> CollectError:
        status = response.status_code
        said = ""
        if isinstance(payload, dict):
            words = (payload.get(key) for key in ("error_description", "reason", "message", "error"))
            said = next((word for word in words if isinstance(word, str) and word), "")
        if signing_in and status in {_OK, _BAD_REQUEST}:
            return PermanentError(
                f"{what}: Reddit does not take our credential ({said or status}): check name, password and keys, or "
                "sign in again for a new refresh token",
                problem=Problem.REFUSED_CREDENTIAL,
            )
        if status == _LEGAL:
            return PermanentError(f"{what} is barred in the country of this server", problem=Problem.FORBIDDEN)
        if status == _FORBIDDEN and payload is None:
            # Reddit's page for people where data were asked for: it shuts out addresses that call too often.
            return _limited(f"{what} answered 403 with a page: this server's address is shut out for now", None)
        return refusal(what, status, now=self._now, headers=response.headers, not_before=self.resume_at, said=said)


def _token_answer(token: str, lasts: float) -> requests.Response:
    """What prawcore reads a token from, with every key that it looks up."""
    response = requests.Response()
    response.status_code = _OK
    body = {"access_token": token, "expires_in": round(lasts), "scope": "*"}
    response.raw = io.BytesIO(json.dumps(body).encode())
    return response


def _limited(words: str, until: datetime | None) -> TransientError:
    return TransientError(words, problem=Problem.RATE_LIMITED, not_before=until, whole_account=True)


def _json(response: requests.Response) -> Any:
    """None for what is no JSON."""
    try:
        return response.json()
    except ValueError:
        return None
