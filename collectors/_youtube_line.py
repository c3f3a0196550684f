"""Calls to YouTube, each with its price: searches have a daily quota of their own, all else shares one of units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.oauth2.credentials import Credentials

from collectors._google import Line, Manner, resource
from collectors._settings import CollectorSettings
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Access, Currency, Problem

PAGE = 100
SEARCH_PAGE = 50
# A longer address is sent as a POST by the client, and ids of answers have some fifty characters.
COMMENTS_AT_ONCE = 25
VIDEOS_AT_ONCE = 50
_READ, _WRITE = 1, 50
_TOKENS = "https://oauth2.googleapis.com/token"
_OAUTH = ("client_id", "client_secret", "refresh_token")


def may_write(access: Access | None) -> bool:
    """Whether the credential can sign in as our channel."""
    return access is not None and all(access.secrets.get(key) or access.settings.get(key) for key in _OAUTH)


class Tube:
    """YouTube with one credential. ``us`` is our channel's id, "" where none is named."""

    def __init__(self, settings: CollectorSettings, access: Access | None, *, now: datetime) -> None:
        if access is None or not access.secrets.get("api_key"):
            raise PermanentError("YouTube wants an API key, and the credential has none", problem=Problem.NO_CREDENTIAL)
        self.us = access.settings.get("channel", "").strip()
        self.signed = may_write(access)
        keys = Credentials(
            token=None,
            refresh_token=access.secrets.get("refresh_token"),
            token_uri=_TOKENS,
            client_id=access.settings.get("client_id"),
            client_secret=access.secrets.get("client_secret"),
        )
        self.line = Line(
            settings,
            access,
            name="YouTube",
            now=now,
            key=access.secrets["api_key"],
            keys=keys if self.signed else None,
        )

    def threads(self, where: dict[str, str], token: str = "") -> tuple[list[Any], str]:
        """Comments with some of their answers, newest first, of a channel or a video."""
        request = _collection("commentThreads").list(
            part="snippet,replies", order="time", textFormat="plainText", maxResults=PAGE, **where, **_paged(token)
        )
        return self._list(request, "comment threads", token=token)

    def replies(self, parent: str, token: str = "") -> tuple[list[Any], str]:
        """Answers below a comment."""
        request = _collection("comments").list(
            part="snippet", parentId=parent, textFormat="plainText", maxResults=PAGE, **_paged(token)
        )
        return self._list(request, "answers", token=token)

    def comments(self, ids: Sequence[str]) -> list[Any]:
        """Of `COMMENTS_AT_ONCE` ids those that YouTube still shows."""
        request = _collection("comments").list(part="snippet", id=",".join(ids), textFormat="plainText")
        return self._list(request, "comments by id")[0]

    def videos(self, ids: Sequence[str]) -> list[Any]:
        """Of `VIDEOS_AT_ONCE` ids those that YouTube still shows."""
        request = _collection("videos").list(part="snippet,statistics", id=",".join(ids))
        return self._list(request, "videos by id")[0]

    def search(
        self, query: str, *, after: float, before: datetime | None = None, token: str = ""
    ) -> tuple[list[Any], str]:
        """Ids of videos, newest first, posted at or after ``after`` (seconds since 1970)."""
        since = datetime.fromtimestamp(max(0.0, after), UTC)
        until = {"publishedBefore": _stamp(before)} if before is not None else {}
        request = _collection("search").list(
            part="id",
            type="video",
            order="date",
            q=query,
            maxResults=SEARCH_PAGE,
            publishedAfter=_stamp(since),
            **until,
            **_paged(token),
        )
        self.line.spend(Currency.SEARCHES, 1)
        return _items(self.line.call(request, "search", Manner(paged=bool(token), rationed=True)), "search")

    def who(self) -> str:
        """What YouTube calls our channel, proving whatever the credential holds."""
        if self.signed:
            found = self._list(_collection("channels").list(part="snippet", mine=True), "our channel", signed=True)[0]
        elif self.us:
            found = self._list(_collection("channels").list(part="snippet", id=self.us), "our channel")[0]
        else:
            request = _collection("videos").list(part="id", chart="mostPopular", maxResults=1)
            self._list(request, "popular videos")
            return "an API key (reads only)"
        channel = found[0] if found and isinstance(found[0], dict) else {}
        if not channel or (self.us and channel.get("id") != self.us):
            raise PermanentError(
                f"YouTube: the credential belongs to the channel '{channel.get('id', '')}', not to '{self.us}'",
                problem=Problem.BAD_SETTINGS,
            )
        snippet = channel.get("snippet")
        title = snippet.get("title") if isinstance(snippet, dict) else ""
        return f"{title} ({channel['id']})"

    def answer(self, parent: str, text: str) -> Any:
        """Write below a comment. Raises InDoubtError too."""
        body = {"snippet": {"parentId": parent, "textOriginal": text}}
        return self._write(_collection("comments").insert(part="snippet", body=body))

    def comment(self, video: str, channel: str, text: str) -> Any:
        """Write below a video. Raises InDoubtError too."""
        top = {"snippet": {"textOriginal": text}}
        body = {"snippet": {"videoId": video, "channelId": channel, "topLevelComment": top}}
        return self._write(_collection("commentThreads").insert(part="snippet", body=body))

    def _write(self, request: Any) -> Any:
        self.line.spend(Currency.UNITS, _WRITE)
        return self.line.call(request, "answer", Manner(signed=True, doubtful=True))

    def _list(self, request: Any, what: str, *, token: str = "", signed: bool = False) -> tuple[list[Any], str]:
        self.line.spend(Currency.UNITS, _READ)
        return _items(self.line.call(request, what, Manner(signed=signed, paged=bool(token))), what)


def _collection(name: str) -> Any:
    return resource("youtube", "v3", name)


def _paged(token: str) -> dict[str, str]:
    return {"pageToken": token} if token else {}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _items(found: dict[str, Any], what: str) -> tuple[list[Any], str]:
    """The items of a list, and the token of its next page ("" at its end)."""
    items, token = found.get("items", []), found.get("nextPageToken")
    if not isinstance(items, list) or "kind" not in found:
        raise TransientError(f"YouTube: {what} answered with something else than a list", problem=Problem.NOT_READABLE)
    return items, token if isinstance(token, str) else ""
