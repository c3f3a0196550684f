"""A small Reddit: sign-in, listings that page by ``after`` and end, an inbox, comments and what became of them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sahut.core.model import Access, Source
from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.platform_server import Fault, PlatformServer, Reply, Request

US = "Dinas_Kota"
BEGIN = NOW - timedelta(days=3)
Thing = dict[str, Any]


def listing(children: list[Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": after, "before": None, "dist": len(children), "children": children}}


def the_name(thing: Any) -> str:
    return str(thing["data"]["name"]) if isinstance(thing, dict) and "data" in thing else f"t3_rusak{id(thing)}"


def contract(texts: list[str]) -> World:
    """Many posts, the first text the newest, and a malformed one amid them."""
    world = World(page=100)
    world.posts = []
    for text in reversed(texts):
        world.add(text)
    world.posts.insert(700, {"kind": "t3", "data": {"name": "t3_rusak", "title": 5, "created_utc": None}})
    return world


@dataclass
class World:
    """Newest first in every list. ``page`` is how many posts a page has at most, ``cap`` where a listing ends."""

    page: int = 4
    cap: int = 10_000
    posts: list[Any] = field(default_factory=list)
    comments: list[Thing] = field(default_factory=list)
    inbox: list[Thing] = field(default_factory=list)
    sent: list[Thing] = field(default_factory=list)
    gone: bool = False
    limits: dict[str, str] = field(default_factory=dict)
    refuse_comment: dict[str, Any] | None = None
    on_comment: Callable[[], Reply | None] = lambda: None
    hide_from_thread: bool = False
    more: int = 0

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self.tokens: set[str] = set()
        self.server = PlatformServer(self._answer, self._refuse)
        self.source: Source = a_source("r/bandung", platform="reddit")
        self.access = Access(
            name="dinas",
            secrets={"client_secret": "rahasia-aplikasi", "password": "kata-sandi-dinas"},
            settings={"client_id": "appid", "username": US, "base_url": self.server.url},
        )
        self.expected: set[str] = set()
        for number in range(10):
            self.add(f"Lampu jalan nomor {number} padam")

    def add(self, text: str, *, at: datetime | None = None) -> str:
        thing = self.post(text, at=at)
        self.posts.insert(0, thing)
        self.expected.add(the_name(thing))
        return the_name(thing)

    append = add

    def remove(self) -> None:
        self.gone = True

    def post(self, title: str, *, at: datetime | None = None, **over: Any) -> Thing:
        number = next(self._numbers)
        data = self._thing(number, at) | {
            "name": f"t3_p{number}",
            "id": f"p{number}",
            "title": title,
            "selftext": "",
            "selftext_html": None,
            "permalink": f"/r/bandung/comments/p{number}/judul/",
            "url": f"https://www.reddit.com/r/bandung/comments/p{number}/judul/",
            "num_comments": 0,
            "removed_by_category": None,
            "is_self": True,
        }
        return {"kind": "t3", "data": data | over}

    def comment(self, body: str, *, parent: str, link: str, at: datetime | None = None, **over: Any) -> Thing:
        number = next(self._numbers)
        data = self._thing(number, at) | {
            "name": f"t1_c{number}",
            "id": f"c{number}",
            "body": body,
            "body_html": f'<div class="md"><p>{body}</p>\n</div>',
            "parent_id": parent,
            "link_id": link,
            "permalink": f"/r/bandung/comments/{link[3:]}/judul/c{number}/",
            "replies": "",
        }
        return {"kind": "t1", "data": data | over}

    def _thing(self, number: int, at: datetime | None) -> dict[str, Any]:
        moment = at or BEGIN + timedelta(minutes=number * 3)
        return {
            "author": f"warga{number}",
            "author_fullname": f"t2_w{number}",
            "subreddit": "bandung",
            "created_utc": moment.timestamp(),
            "edited": False,
            "score": 3,
            "locked": False,
            "archived": False,
        }

    def everything(self) -> list[Thing]:
        return [thing for thing in [*self.posts, *self.comments, *self.inbox, *self.sent] if isinstance(thing, dict)]

    def close(self) -> None:
        self.server.close()

    def _answer(self, request: Request) -> Reply:
        if request.path == "/api/v1/access_token":
            return self._token(request)
        if request.headers.get("authorization", "").removeprefix("bearer ") not in self.tokens:
            return Reply(status=401, json={"message": "Unauthorized", "error": 401})
        answer = self._routed(request.path.strip("/"), request)
        return replace(answer, headers={**self.limits, **answer.headers})

    def _token(self, request: Request) -> Reply:
        wanted = base64.b64encode(b"appid:rahasia-aplikasi").decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return Reply(status=401, json={"message": "Unauthorized", "error": 401})
        form = request.form
        if form["grant_type"] == "password" and form["password"] != "kata-sandi-dinas":
            return Reply(json={"error": "invalid_grant"})
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != "segar":
            return Reply(status=400, json={"message": "Bad Request", "error": 400})
        token = f"kunci-{self.server.calls}"
        self.tokens.add(token)
        return Reply(json={"access_token": token, "token_type": "bearer", "expires_in": 86400, "scope": "*"})

    def _routed(self, path: str, request: Request) -> Reply:
        lists: dict[str, list[Any]] = {
            "r/bandung/new": self.posts,
            "r/bandung/comments": self.comments,
            "r/bandung/search": [p for p in self.posts if request.query.get("q", "") in str(p)],
            "message/inbox": self.inbox,
            "message/mentions": [m for m in self.inbox if m["data"].get("type") == "username_mention"],
            f"user/{US}/comments": list(reversed(self.sent)),
        }
        if path in lists and not self.gone:
            return Reply(json=self._page(lists[path][: self.cap], request))
        if path == "api/info":
            wanted = request.query["id"].split(",")
            return Reply(json=listing([thing for thing in self.everything() if the_name(thing) in wanted]))
        if path == "api/v1/me":
            return Reply(json={"name": US, "id": "dinas"})
        if path == "api/comment":
            return self._comment(request)
        if path.startswith("comments/"):
            return self._thread(f"t3_{path.split('/')[1]}", request)
        if path.startswith("r/"):
            return Reply(status=404, json={"message": "Not Found", "error": 404, "reason": "banned"})
        return Reply(status=404, json={"message": "Not Found", "error": 404})

    def _page(self, things: list[Any], request: Request) -> dict[str, Any]:
        start = 0
        if after := request.query.get("after"):
            names = [the_name(thing) for thing in things]
            start = names.index(after) + 1 if after in names else len(things)
        end = start + min(self.page, int(request.query["limit"]))
        return listing(things[start:end], the_name(things[end - 1]) if end < len(things) else None)

    def _comment(self, request: Request) -> Reply:
        if self.refuse_comment is not None:
            return Reply(json={"json": self.refuse_comment})
        if (answer := self.on_comment()) is not None and answer.status >= 500 and answer.json is None:
            return answer
        parent = request.form["thing_id"]
        above = next((t["data"] for t in self.everything() if the_name(t) == parent), {})
        link = above.get("link_id") or parent
        made = self.comment(request.form["text"], parent=parent, link=link, at=NOW, author=US)
        self.sent.append(made)
        return answer or Reply(json={"json": {"errors": [], "data": {"things": [made]}}})

    def _thread(self, link: str, request: Request) -> Reply:
        if self.comments:
            return self._talk(link, request)
        below = [] if self.hide_from_thread else [c for c in self.sent if c["data"]["link_id"] == link]
        if wanted := request.query.get("comment"):
            focus = next(c for c in self.everything() if the_name(c) == f"t1_{wanted}")
            replies = listing(below) if below else ""
            below = [{"kind": "t1", "data": {**focus["data"], "replies": replies}}]
        posts = [thing for thing in self.posts if the_name(thing) == link]
        return Reply(json=[listing(posts), listing(below)])

    def _talk(self, link: str, request: Request) -> Reply:
        """As Reddit shows a conversation: around one comment with ``context`` above it, or from the post down."""
        query = request.query
        posts = listing([thing for thing in self.posts if the_name(thing) == link])
        depth = int(query["depth"])
        if not (wanted := query.get("comment")):
            return Reply(json=[posts, listing(self._below(link, depth, int(query["limit"])))])
        top, high = f"t1_{wanted}", int(query["context"])
        while high and (parent := self._named(top)["data"]["parent_id"]) != link:
            top, high = parent, high - 1
        seen = self._named(top)
        tree = {**seen, "data": {**seen["data"], "replies": listing(self._below(top, depth - 1, 99))}}
        return Reply(json=[posts, listing([tree])])

    def _named(self, name: str) -> Thing:
        return next(c for c in self.comments if the_name(c) == name)

    def _below(self, name: str, depth: int, limit: int) -> list[Thing]:
        if not depth:
            return []
        found = [c for c in self.comments if c["data"]["parent_id"] == name]
        trees = [
            {**c, "data": {**c["data"], "replies": listing(self._below(the_name(c), depth - 1, limit))}}
            for c in found[:limit]
        ]
        return [*trees, {"kind": "more", "data": {"count": self.more}}] if self.more else trees

    def _refuse(self, fault: Fault, _: Request) -> Reply:
        status = int(fault.value[:3])
        if fault in {Fault.TOO_MANY, Fault.TOO_MANY_WITH_RESET}:
            timed = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "996", "x-ratelimit-reset": "300"}
            headers = timed if fault is Fault.TOO_MANY_WITH_RESET else {}
            return Reply(status=429, json={"message": "Too Many Requests", "error": 429}, headers=headers)
        return Reply(status=status, json={"message": fault.value, "error": status})
