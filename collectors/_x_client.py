"""The way to X: tweepy's client with our limits of time and size, what X's refusals mean, and what its answers cost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import tweepy

from collectors import _x_sign_in
from collectors._refusals import refusal
from collectors._sessions import session, unanswered
from collectors._settings import CollectorSettings
from collectors._text import storable
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Currency, Problem

# At DEBUG tweepy logs every request with its Authorization header.
logging.getLogger("tweepy").setLevel(logging.INFO)

# US dollars an item (docs.x.com, pricing, 2026). Whether users that come along by expansion are charged is not said
# there: they are counted, so that a budget is never passed.
POST = 0.005
USER = 0.010
OWNED = 0.001
# A call for how many posts there are.
COUNTS = 0.005

USER_KEYS = ("api_key", "api_key_secret", "access_token", "access_token_secret")
_LONGEST_WORDS = 300
_LONGEST_WAIT = timedelta(days=2)
_OK = range(200, 300)
_BAD_REQUEST, _FORBIDDEN, _TOO_MANY = 400, 403, 429
_DECEMBER = 12


class RefusedParametersError(PermanentError):
    """X answered 400 and named what it does not take: ``names``."""

    def __init__(self, message: str, names: frozenset[str]) -> None:
        self.names = names
        super().__init__(message, problem=Problem.BAD_SETTINGS)


class XClient(tweepy.Client):  # type: ignore[misc]  # tweepy ships no types
    """tweepy's client, which answers with plain dictionaries, never waits, and remembers its last answer in ``heard``.

    Dictionaries, because tweepy's own objects make one malformed post cost its whole page.
    """

    def __init__(self, access: Access, settings: CollectorSettings) -> None:
        keys = [access.secrets.get(key) for key in USER_KEYS]
        self._access, self._settings = access, settings
        # What a browser's sign-in gave is renewed by `opened`; it comes before the account's old keys.
        self._session: Mapping[str, str] = access.session if _x_sign_in.fits(access) else {}
        self._own = False
        super().__init__(
            access.secrets.get("bearer_token") or self._session.get("access"),
            *keys,
            return_type=dict,
            wait_on_rate_limit=False,
        )
        self.session = session(settings, base_url=access.base_url)
        self.session.hooks["response"] = [self._hear]
        self.user_agent = settings.agent
        self.heard: requests.Response | None = None

    def last(self, now: datetime) -> None:
        """Make sure of a sign-in that lasts, where there is one. Raises TransientError, PermanentError."""
        if self._session:
            self._hold(_x_sign_in.lasting(self._access, self._settings, now))

    def request(
        self, method: str, route: str, params: Any = None, json: Any = None, user_auth: bool = False
    ) -> requests.Response:
        """As tweepy's, as our account by its sign-in where there is one. Raises tweepy's errors, and as `last`.

        Where X no longer takes its token, which another process may have renewed, another one is tried, once: what X
        answered 401 has not been done.
        """
        if not self._session or not (user_auth or not self._access.secrets.get("bearer_token")):
            plain: requests.Response = super().request(method, route, params=params, json=json, user_auth=user_auth)
            return plain
        try:
            return self._as_signed_in(method, route, params, json)
        except tweepy.Unauthorized:
            if self._own:
                raise
            now = datetime.now(UTC)
            self._hold(_x_sign_in.renewed(self._access, self._session, self._settings, now))
            return self._as_signed_in(method, route, params, json)

    def _as_signed_in(self, method: str, route: str, params: Any, json: Any) -> requests.Response:
        kept: str | None = self.bearer_token
        self.bearer_token: str | None = self._session["access"]
        try:
            said: requests.Response = super().request(method, route, params=params, json=json, user_auth=False)
        finally:
            self.bearer_token = kept
        return said

    def _hold(self, session: Mapping[str, str]) -> None:
        self._own = session is not self._session
        self._session = session

    def listen(self) -> None:
        """Forget what was heard, before another call."""
        self.heard = None

    def _hear(self, response: requests.Response, **_: Any) -> None:
        self.heard = response

    def full_until(self) -> datetime | None:
        """When the endpoint asked last may be asked again, None while its window has room."""
        if self.heard is None or self.heard.headers.get("x-rate-limit-remaining") != "0":
            return None
        return _reset(self.heard)


@contextmanager
def opened(access: Access | None, settings: CollectorSettings, now: datetime) -> Iterator[XClient]:
    """A client for ``access``. Raises PermanentError(NO_CREDENTIAL) without a bearer token or a sign-in.

    Raises TransientError and PermanentError, too, where a sign-in has to be renewed and is not.
    """
    if access is None or not (access.secrets.get("bearer_token") or _x_sign_in.fits(access)):
        raise PermanentError(
            "X is read only with the bearer token of an app of yours, or signed in by a browser",
            problem=Problem.NO_CREDENTIAL,
        )
    client = XClient(access, settings)
    with client.session:
        client.last(now)
        yield client


def as_user(access: Access | None) -> bool:
    """Whether a credential acts as our account: by the account's keys, or signed in by a browser."""
    return access is not None and (all(access.secrets.get(key) for key in USER_KEYS) or _x_sign_in.fits(access))


def ask(client: XClient, what: str, now: datetime, call: Callable[[], Any]) -> dict[str, Any]:
    """The answer to ``call``, a method of ``client`` with its parameters. Raises TransientError, PermanentError.

    ``what`` names the call in messages ("recent search").
    """
    client.listen()
    try:
        answer = call()
    except tweepy.HTTPException as error:
        raise refused(what, error.response, now) from error
    except requests.JSONDecodeError as error:
        raise _unreadable(what) from error
    except requests.RequestException as error:
        raise unanswered(f"X: {what}", error) from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        # tweepy stumbles over bodies and headers that are not as it expects them.
        if client.heard is not None and client.heard.status_code not in _OK:
            raise refused(what, client.heard, now) from error
        raise _unreadable(what) from error
    if not isinstance(answer, dict) or not answer.keys() & {"data", "meta", "errors"}:
        raise _unreadable(what)
    if not isinstance(answer.get("data") or [], list | dict) or not isinstance(answer.get("meta") or {}, dict):
        raise _unreadable(what)
    if answer.keys() & {"data", "meta"}:
        return answer
    raise PermanentError(f"X: {what}: there is no such thing ({_words(answer)})", problem=Problem.NOT_FOUND)


def account(client: XClient, what: str, now: datetime, call: Callable[[], Any]) -> Mapping[str, str]:
    """The account that ``call`` looks up: its ``id`` and ``username``. Raises as `ask`."""
    data = ask(client, what, now, call).get("data")
    if not isinstance(data, dict) or not str(data.get("id", "")).isdecimal():
        raise _unreadable(what)
    return {"id": str(data["id"]), "username": storable(str(data.get("username", "")))}


def refused(what: str, response: requests.Response, now: datetime) -> CollectError:
    """The error for an answer that is no success."""
    body = _body(response)
    said = _words(body)
    status = response.status_code
    if status == _TOO_MANY and _kind(body) == "usage-capped":
        return _capped(what, body, said, now)
    if status == _FORBIDDEN:
        message = f"X: {what} answered 403: {_cure(body, said)} ({said or 'X gave no reason'})"
        return PermanentError(message, problem=Problem.LACKS_ACCESS)
    if status == _BAD_REQUEST and (names := _parameters(body)):
        return RefusedParametersError(f"X: {what} answered 400: {said}", names)
    reset = _reset(response) if status == _TOO_MANY else None
    if reset is not None:
        reset = min(max(reset, now + timedelta(seconds=1)), now + _LONGEST_WAIT)
    return refusal(f"X: {what}", status, now=now, headers=response.headers, not_before=reset, said=said)


def _unreadable(what: str) -> TransientError:
    return TransientError(f"X: {what} answered with something else than X's data", problem=Problem.NOT_READABLE)


def _body(response: requests.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _errors(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = body.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _words(body: Mapping[str, Any]) -> str:
    """What X says about itself, in one line."""
    said = [str(error.get("message") or error.get("detail") or "") for error in _errors(body)]
    said = [words for words in said if words] or [str(body.get("detail") or body.get("title") or "")]
    return storable(" · ".join(dict.fromkeys(said)))[:_LONGEST_WORDS]


def _kind(body: Mapping[str, Any]) -> str:
    """The last part of the problem's type, which is an address on one of X's hosts."""
    return str(body.get("type", "")).rsplit("/", 1)[-1]


def _parameters(body: Mapping[str, Any]) -> frozenset[str]:
    named: set[str] = set()
    for error in _errors(body):
        parameters = error.get("parameters")
        named |= set(parameters) if isinstance(parameters, dict) else set()
        words = str(error.get("message", ""))
        named |= {name for name in ("since_id", "until_id", "start_time", "end_time") if f"'{name}'" in words}
        named |= {name for name in ("next_token", "pagination_token") if name in words}
    return frozenset(named)


def _capped(what: str, body: Mapping[str, Any], said: str, now: datetime) -> TransientError:
    midnight = next_midnight(now)
    monthly = str(body.get("period", "")).lower() != "daily"
    return TransientError(
        f"X: {what}: the {'month' if monthly else 'day'}'s cap on posts read is reached; raise it in X's developer "
        f"console, or wait for the next ({said})",
        problem=Problem.BUDGET_SPENT,
        not_before=_next_month(now) if monthly else midnight,
        whole_account=True,
    )


def next_midnight(now: datetime) -> datetime:
    """The next beginning of a day in UTC, by which X counts."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _next_month(now: datetime) -> datetime:
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    later = first.month == _DECEMBER
    return first.replace(year=first.year + later, month=1 if later else first.month + 1)


def _cure(body: Mapping[str, Any], said: str) -> str:
    """What an operator can do about a 403."""
    codes = {error.get("code") for error in _errors(body)}
    words = said.lower()
    if "suspended" in words or "locked" in words:
        return "X has suspended or locked our account: sign in on x.com and follow what it says there"
    if "permission" in words and "app" in words:
        return (
            "the app may only read: set its user authentication to 'Read and write' in X's developer console, make the "
            "access token anew and replace it here"
        )
    if _kind(body) == "unsupported-authentication" or "application-only" in words:
        return "this call wants the account's own keys: add API key, access token and their secrets to the credential"
    if 453 in codes or _kind(body) == "client-forbidden" or body.get("reason") == "client-not-enrolled":  # noqa: PLR2004 - X's code for a lesser access level
        return (
            "the access level of our app lacks this call: in X's developer console put the app into a project that "
            "pays per use (or has a larger plan), then resume the source"
        )
    return "X does not allow our app or account to do this: see the app's access in X's developer console"


def _reset(response: requests.Response) -> datetime | None:
    value = response.headers.get("x-rate-limit-reset", "")
    return datetime.fromtimestamp(int(value), UTC) if value.isdecimal() and len(value) <= len("9999999999") else None


class Meter:
    """What the calls of one piece of work cost, against what may still be spent."""

    def __init__(self, access: Access, now: datetime) -> None:
        self._purse = access.purse()
        self._again = next_midnight(now)
        self._cost = 0.0

    @contextmanager
    def room(self, each: float, *, most: int = 1, least: int = 1) -> Iterator[int]:
        """For one call: how many items of at most ``each`` dollars may be asked for, ``most`` at best.

        Their price is set aside until the call is over; what it did cost is what was charged meanwhile. Raises
        TransientError(BUDGET_SPENT) where ``least`` would already be too dear.
        """
        held = self._purse.hold(Currency.USD, each * most, least=each * least)
        if held is None:
            raise self._spent(each * least)
        self._cost = 0.0
        try:
            yield min(most, int(held.amount / each + 1e-9))
        finally:
            held.settle(self._cost)

    def _spent(self, wanted: float) -> TransientError:
        return TransientError(
            f"X: the budget has {self._purse.left(Currency.USD) or 0.0:.3f} USD left, and the next call may cost "
            f"{wanted:.3f}: it waits for the next budget, or until you raise it",
            problem=Problem.BUDGET_SPENT,
            not_before=self._again,
            whole_account=True,
        )

    def charge(self, usd: float) -> None:
        """Count what an answer cost."""
        self._cost += usd

    def news(self) -> dict[Currency, float]:
        """See `Purse.news`."""
        return self._purse.news()
