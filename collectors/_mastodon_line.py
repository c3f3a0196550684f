"""The line to a Mastodon server: Mastodon.py makes the calls, and the answers are read here.

Mastodon.py would turn every field of an answer into types by reflection (0.14 s of CPU for a page of forty posts),
raise the same error for different refusals, and act on limits by its own clock. So it is shown an empty answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from mastodon import Mastodon, MastodonError

from collectors import _dates
from collectors._refusals import refusal
from collectors._sessions import never_left, session, unanswered
from collectors._settings import CollectorSettings
from collectors._text import storable
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Problem

LIMIT, LINK = 500, 23
_ASK_AGAIN = timedelta(days=7)
_REDIRECTS = range(300, 400)
_OK = range(200, 300)
_SLOW, _SERVER = 408, 500
_GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Our account and its server: the server's name, and how it counts a text (``limit``, ``link`` for each link)."""

    account_id: str
    acct: str
    domain: str
    limit: int = LIMIT
    link: int = LINK

    @classmethod
    def kept(cls, kept: Mapping[str, str]) -> Home | None:
        """What an earlier piece of work kept with the credential; None where that is nothing whole."""
        try:
            return cls(
                account_id=kept["account_id"],
                acct=kept["acct"],
                domain=kept["domain"],
                limit=int(kept["limit"]),
                link=int(kept["link"]),
            )
        except (KeyError, ValueError):
            return None


class Line:
    """Calls of one piece of work. ``fresh`` is what to keep with the credential, None for nothing new.

    ``in_doubt``: the last call may have done its work without our knowing. ``newer`` is the id above which the page
    after the last one begins, as the server said, "" where it did not.
    """

    def __init__(self, settings: CollectorSettings, access: Access | None, *, now: datetime) -> None:
        if access is None or not access.secrets.get("access_token"):
            raise PermanentError("Mastodon needs a credential with an access token", problem=Problem.NO_CREDENTIAL)
        if urlsplit(access.base_url).scheme not in {"http", "https"}:
            raise PermanentError(
                "Mastodon: name the server of the account in the credential (base_url, such as https://mastodon.social)",
                problem=Problem.BAD_SETTINGS,
            )
        self._access = access
        self._now = now
        self._wire = _Wire(session(settings))
        self._client = _Client(
            api_base_url=access.base_url,
            ratelimit_method="throw",
            request_timeout=settings.total_timeout_s,
            version_check_mode="none",
            session=self._wire,
            user_agent=settings.agent,
        )
        # Not through the constructor, which would read a file of that name.
        self._client.access_token = access.secrets["access_token"]
        self.fresh: Mapping[str, str] | None = None
        self.in_doubt = False

    @property
    def newer(self) -> str:
        """From the last answer's Link header."""
        answer = self._wire.answer
        url = answer.links.get("prev", {}).get("url", "") if answer is not None else ""
        return next(iter(parse_qs(urlsplit(url).query).get("min_id", ())), "")

    def ask(self, what: str, call: Callable[[Any], object]) -> Any:
        """The JSON that the server answers to ``call`` of Mastodon.py. Raises TransientError or PermanentError."""
        said = self._answered(what, call)
        if said.status_code not in _OK:
            raise self._refused(what, said)
        return self._json(what, said)

    def look_up(self, what: str, call: Callable[[Any], object]) -> Any:
        """As `ask`; None where the server says that there is no such thing."""
        said = self._answered(what, call)
        if said.status_code in _GONE:
            return None
        if said.status_code not in _OK:
            raise self._refused(what, said)
        return self._json(what, said)

    def home(self) -> Home:
        """Who we are here: as kept, else by two calls, at most once a week."""
        kept = Home.kept(self._access.session)
        asked = _dates.read(self._access.session.get("asked", ""))
        here = self._access.session.get("server") == self._access.base_url
        if kept is not None and here and asked is not None and self._now - asked < _ASK_AGAIN:
            return kept
        account_id, acct = self.whoami()
        server = self.ask("the server's rules", lambda client: client.instance_v2())
        found = _home(account_id, acct, server, self._access.base_url)
        self.fresh = {
            "account_id": found.account_id,
            "acct": found.acct,
            "domain": found.domain,
            "limit": str(found.limit),
            "link": str(found.link),
            "server": self._access.base_url,
            "asked": self._now.isoformat(),
        }
        return found

    def whoami(self) -> tuple[str, str]:
        """Id and name of our account."""
        me = self.ask("our own account", lambda client: client.account_verify_credentials())
        if not isinstance(me, dict) or not me.get("id") or not me.get("acct"):
            raise TransientError("Mastodon did not name our account", problem=Problem.NOT_READABLE)
        return storable(str(me["id"])), storable(str(me["acct"]))

    def _answered(self, what: str, call: Callable[[Any], object]) -> requests.Response:
        self._wire.forget()
        self.in_doubt = True
        try:
            call(self._client)
        except MastodonError:
            if self._wire.trouble is None:
                raise
        if self._wire.trouble is not None:
            self.in_doubt = not never_left(self._wire.trouble)
            raise unanswered(f"Mastodon: {what}", self._wire.trouble) from self._wire.trouble
        if self._wire.answer is None:
            raise PermanentError(f"Mastodon: {what} made no call", problem=Problem.UNEXPECTED)
        return self._wire.answer

    def _json(self, what: str, said: requests.Response) -> Any:
        try:
            payload = said.json()
        except ValueError as error:
            raise TransientError(
                f"Mastodon: {what} was answered with a page instead of data", problem=Problem.NOT_READABLE
            ) from error
        self.in_doubt = False
        return payload

    def _refused(self, what: str, said: requests.Response) -> CollectError:
        status = said.status_code
        self.in_doubt = status == _SLOW or status >= _SERVER
        if status in _REDIRECTS:
            where = said.headers.get("location", "elsewhere")
            return PermanentError(
                f"Mastodon: {what} leads to {where}: write the server's own address into the credential",
                problem=Problem.BAD_SETTINGS,
            )
        reset = _dates.read(said.headers.get("x-ratelimit-reset", ""))
        return refusal(
            f"Mastodon: {what}",
            status,
            now=self._now,
            headers=said.headers,
            not_before=reset if reset is not None and reset > self._now else None,
            said=_said(said),
        )


class _Client(Mastodon):  # type: ignore[misc]  # the library ships types that mypy is told to skip
    """Asks what it is told to ask: the library would look at the server's version and rules before every page."""

    def timeline_is_available(self, *_: Any, **__: Any) -> bool:
        return True

    def verify_minimum_version(self, *_: Any, **__: Any) -> bool:
        return True


class _Wire:
    """What Mastodon.py takes for its session. Keeps each answer as it came."""

    def __init__(self, http: requests.Session) -> None:
        self._http = http
        self.answer: requests.Response | None = None
        self.trouble: requests.RequestException | None = None

    def forget(self) -> None:
        self.answer = self.trouble = None

    def request(self, method: str, url: str, **how: Any) -> requests.Response:
        """An empty answer in place of the one that came."""
        try:
            self.answer = self._http.request(method, url, **{**how, "allow_redirects": False})
        except requests.RequestException as error:
            self.trouble = error
            raise
        empty = requests.Response()
        empty.status_code = requests.codes.ok
        empty._content = b"{}"  # noqa: SLF001 - requests has no other way to make an answer
        return empty


def _home(account_id: str, acct: str, server: Any, base_url: str) -> Home:
    answer = server if isinstance(server, dict) else {}
    settings = answer.get("configuration")
    statuses = settings.get("statuses") if isinstance(settings, dict) else None
    counting = statuses if isinstance(statuses, dict) else {}
    named = answer.get("domain")
    domain = storable(named) if isinstance(named, str) and named else str(urlsplit(base_url).netloc)
    return Home(
        account_id=account_id,
        acct=acct,
        domain=domain.lower(),
        limit=_positive(counting.get("max_characters"), LIMIT),
        link=_positive(counting.get("characters_reserved_per_url"), LINK),
    )


def _positive(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else otherwise


def _said(said: requests.Response) -> str:
    try:
        payload = said.json()
    except ValueError:
        return ""
    words = payload.get("error") if isinstance(payload, dict) else None
    return storable(words)[:500] if isinstance(words, str) else ""
