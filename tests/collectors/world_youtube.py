"""A small YouTube: a channel with videos, threads of comments with answers, a search, and comments of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sahut.core.model import Access, Source
from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.google_server import Tokens, listed, refuse, refused
from tests.collectors.platform_server import PlatformServer, Reply, Request

US = "UCdinaskotaABCDEFGHIJKLM"
VIDEO = "vidKota0001"
ALONG = 2  # so many answers come along with a comment
Item = dict[str, Any]


def contract(texts: list[str]) -> World:
    """Many comments, the first text the newest, some with answers; one is broken."""
    world = World(page=100)
    world.items.clear()
    world.replies.clear()
    world.expected.clear()
    for text in reversed(texts):
        world.add(text)
    world.items.insert(
        700, {"kind": "youtube#commentThread", "id": "Ugrusak", "snippet": {"topLevelComment": {"id": 5}}}
    )
    return world


@dataclass
class World:
    """``items`` are threads, newest first, ``replies`` the answers of each in order; ``page`` how many a page has."""

    page: int = 4
    items: list[Any] = field(default_factory=list)
    replies: dict[str, list[Item]] = field(default_factory=dict)
    videos: list[Any] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    gone: bool = False
    on_write: Callable[[], Reply | None] = lambda: None
    unlisted: bool = False
    moderation: str | None = None
    refuse_list: Reply | None = None

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self.tokens = Tokens()
        self.server = PlatformServer(self._answer, refuse)
        self.source: Source = a_source("me", platform="youtube")
        self.access = Access(
            name="kanal",
            secrets={"api_key": "AIza-kunci", "client_secret": "rahasia-klien", "refresh_token": "segar"},
            settings={"channel": US, "client_id": "klien", "base_url": self.server.url},
        )
        self.expected: set[str] = set()
        self.videos.append(self.video("Siaran pers", id=VIDEO, channel=US))
        for number in range(9):
            thread = self.add(f"Lampu jalan nomor {number} padam")
            if number in {2, 6}:
                for place in range(5):
                    self.answer_to(thread, f"Di tempat {place} kami juga {number}")

    def add(self, text: str, *, at: datetime | None = None, **over: Any) -> str:
        """A comment below our video."""
        number = next(self._numbers)
        made = self.comment(text, id=f"Ug{number:04d}AaABAg", at=at or self._at(number), **over)
        thread = {
            "kind": "youtube#commentThread",
            "etag": "e",
            "id": made["id"],
            "snippet": {
                "channelId": US,
                "videoId": VIDEO,
                "topLevelComment": made,
                "canReply": False,
                "totalReplyCount": 0,
                "isPublic": True,
            },
        }
        self.items.insert(0, thread)
        self.replies[made["id"]] = []
        self.expected.add(made["id"])
        return str(made["id"])

    append = add

    def remove(self) -> None:
        self.gone = True

    def answer_to(self, thread: str, text: str, *, at: datetime | None = None, **over: Any) -> str:
        number = next(self._numbers)
        made = self.comment(text, id=f"{thread}.{number:04d}", at=at or self._at(number), **over)
        made["snippet"]["parentId"] = thread
        self.replies[thread].append(made)
        self.expected.add(made["id"])
        return str(made["id"])

    def comment(self, text: str, *, id: str, at: datetime, author: str = "", updated: datetime | None = None) -> Item:  # noqa: A002
        writer = author or f"UCwarga{id[-8:]}"
        stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "kind": "youtube#comment",
            "etag": "e",
            "id": id,
            "snippet": {
                "channelId": US,
                "videoId": VIDEO,
                "textDisplay": text,
                "textOriginal": text,
                "authorDisplayName": "@dinaskota" if writer == US else f"@{writer[2:]}",
                "authorChannelUrl": f"http://www.youtube.com/channel/{writer}",
                "authorChannelId": {"value": writer},
                "canRate": True,
                "viewerRating": "none",
                "likeCount": 3,
                "publishedAt": stamp,
                "updatedAt": updated.strftime("%Y-%m-%dT%H:%M:%SZ") if updated else stamp,
            },
        }

    def video(self, title: str, *, id: str, channel: str = "UCwargaVIDEO", at: datetime | None = None) -> Item:  # noqa: A002
        return {
            "kind": "youtube#video",
            "etag": "e",
            "id": id,
            "snippet": {
                "publishedAt": (at or NOW - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "channelId": channel,
                "channelTitle": "Warga",
                "title": title,
                "description": f"Tentang {title}",
                "defaultAudioLanguage": "id",
            },
            "statistics": {"viewCount": "120", "likeCount": "7", "commentCount": "4"},
        }

    def add_video(self, title: str, *, at: datetime | None = None) -> str:
        """A video of a citizen's that the search finds."""
        number = next(self._numbers)
        made = self.video(title, id=f"vid{number:08d}", at=at)
        self.videos.append(made)
        found = {"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": made["id"]}}
        self.found.insert(0, found)
        return str(made["id"])

    def close(self) -> None:
        self.server.close()

    def _at(self, number: int) -> datetime:
        return NOW - timedelta(days=3) + timedelta(minutes=2 * number)

    def _answer(self, request: Request) -> Reply:
        if request.path == "/token":
            return self.tokens.answer(request)
        if request.method == "POST":
            return self._write(request) if self.tokens.knows(request) else refused(401, "authError")
        if request.headers.get("x-goog-api-key") != "AIza-kunci" and not self.tokens.knows(request):
            return refused(400, "badRequest", "API key not valid")
        if self.refuse_list is not None:
            return self.refuse_list
        if self.gone:
            return refused(404, "channelNotFound")
        lists = {
            "/youtube/v3/commentThreads": self._threads,
            "/youtube/v3/comments": self._comments,
            "/youtube/v3/search": lambda r: listed("youtube#searchListResponse", self._search(r), r, self.page),
            "/youtube/v3/videos": self._videos,
            "/youtube/v3/channels": self._channels,
        }
        return lists[request.path](request)

    def _threads(self, request: Request) -> Reply:
        assert request.query["order"] == "time"
        assert request.query["textFormat"] == "plainText"
        return listed("youtube#commentThreadListResponse", list(map(self._shown, self.items)), request, self.page)

    def _shown(self, thread: Any) -> Any:
        below = self.replies.get(str(thread["id"]), []) if isinstance(thread, dict) else []
        if not below:
            return thread
        snippet = {**thread["snippet"], "totalReplyCount": len(below)}
        return {**thread, "snippet": snippet, "replies": {"comments": below[-ALONG:]}}

    def _comments(self, request: Request) -> Reply:
        kind = "youtube#commentListResponse"
        if wanted := request.query.get("id"):
            ids = wanted.split(",")
            tops = [one["snippet"]["topLevelComment"] for one in self.items]
            below = [one for group in self.replies.values() for one in group]
            return Reply(json={"kind": kind, "items": [one for one in [*tops, *below] if one.get("id") in ids]})
        parent = request.query["parentId"]
        if parent not in self.replies:
            return refused(404, "commentNotFound")
        below = [] if self.unlisted else list(reversed(self.replies[parent]))
        return listed(kind, below, request, self.page)

    def _search(self, request: Request) -> list[Any]:
        after, before = request.query["publishedAfter"], request.query.get("publishedBefore", "9")
        times = {one["id"]: one["snippet"]["publishedAt"] for one in self.videos}
        return [
            one
            for one in self.found
            if not isinstance(one, dict) or after <= times.get(one["id"]["videoId"], after) < before
        ]

    def _videos(self, request: Request) -> Reply:
        ids = request.query.get("id", "").split(",")
        found = [one for one in self.videos if one["id"] in ids or request.query.get("chart")]
        return Reply(json={"kind": "youtube#videoListResponse", "items": found})

    def _channels(self, request: Request) -> Reply:
        mine = request.query.get("mine") == "true" and self.tokens.knows(request)
        found = [{"kind": "youtube#channel", "id": US, "snippet": {"title": "Dinas Kota"}}]
        return Reply(
            json={
                "kind": "youtube#channelListResponse",
                "items": found if mine or request.query.get("id") == US else [],
            }
        )

    def _write(self, request: Request) -> Reply:
        if (answer := self.on_write()) is not None and answer.status >= 400 and answer.json is not None:
            return answer
        snippet = request.json["snippet"]
        if request.path == "/youtube/v3/comments":
            native_id = self.answer_to(snippet["parentId"], snippet["textOriginal"], at=NOW, author=US)
            made: Any = self.replies[snippet["parentId"]][-1]
        else:
            text = snippet["topLevelComment"]["snippet"]["textOriginal"]
            native_id = self.add(text, at=NOW, author=US)
            made = self.items[0]
        assert made["id"] == native_id
        if self.moderation is not None:
            made["snippet"]["moderationStatus"] = self.moderation
        return answer or Reply(json=made)
