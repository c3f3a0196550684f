"""A small Bluesky: sessions that run out, search, notifications, feeds, and an account's own records."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from collectors._bluesky_posts import POST
from sahut.core.model import Access, Source
from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.platform_server import Fault, PlatformServer, Reply, Request

US, US_HANDLE = "did:plc:dinasdinasdinasdinasdina", "dinas.bsky.social"
CITIZEN, CITIZEN_HANDLE = "did:plc:wargawargawargawargawarg", "warga.bsky.social"
PASSWORD = "abcd-efgh-ijkl-mnop"
BEGIN = NOW - timedelta(days=3)
TID = "234567abcdefghijklmnopqrstuvwxyz"
Thing = dict[str, Any]


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tid(at: datetime, clock: int = 0) -> str:
    number = (int(at.timestamp() * 1_000_000) << 10) + clock
    return "".join(TID[number >> shift & 31] for shift in range(60, -1, -5))


def cid(value: Any) -> str:
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return "b" + base64.b32encode(b"\x01\x71\x12\x20" + digest).decode().lower().rstrip("=")


def jwt(scope: str, number: int, ends: datetime) -> str:
    parts = (
        {"alg": "HS256", "typ": "JWT"},
        {"scope": scope, "sub": US, "jti": f"{number}", "exp": int(ends.timestamp())},
    )
    head, payload = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{payload}.dGFuZGE"


def contract(texts: list[str]) -> World:
    """Many posts of one account, the first text the newest, and a malformed one amid them."""
    world = World(limit=100)
    world.source = a_source(f"@{CITIZEN_HANDLE}", platform="bluesky")
    world.posts = []
    for text in reversed(texts):
        world.add(text)
    broken = world.posts[500]
    world.posts.insert(501, {**broken, "uri": broken["uri"][:-1] + "7", "record": {**broken["record"], "text": 5}})
    return world


@dataclass
class World:
    """Posts from old to new. ``limit`` is the most posts of a page, ``reach`` how many a search's cursors lead to."""

    limit: int = 4
    reach: int = 10_000
    posts: list[Any] = field(default_factory=list)
    notifications: list[Thing] = field(default_factory=list)
    feed_extra: list[Thing] = field(default_factory=list)
    records: dict[str, Thing] = field(default_factory=dict)
    gone: bool = False
    lost: set[str] = field(default_factory=set)
    lasts: timedelta = timedelta(hours=2)
    refreshes: bool = True
    known_key: str = "500"
    on_create: Callable[[], Reply | None] = lambda: None

    def __post_init__(self) -> None:
        self.number = 0
        self.access_tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.exchanged: list[tuple[Request, Reply]] = []
        self.server = PlatformServer(self._answer, self._refuse)
        self.source: Source = a_source("search", platform="bluesky", query="#lapor")
        self.access = Access(
            name="dinas",
            secrets={"app_password": PASSWORD},
            settings={"handle": US_HANDLE, "base_url": self.server.url},
        )
        self.expected: set[str] = set()
        for number in range(10):
            self.add(f"Lampu jalan nomor {number} padam")

    def add(self, text: str, *, at: datetime | None = None, **over: Any) -> str:
        """A citizen posts."""
        view = self.view(text, at=at, **over)
        self.posts.append(view)
        self.expected.add(view["uri"])
        return str(view["uri"])

    append = add

    def remove(self) -> None:
        self.gone = True

    def view(self, text: str, *, at: datetime | None = None, by: str = CITIZEN, **over: Any) -> Thing:
        self.number += 1
        moment = at or BEGIN + timedelta(minutes=self.number * 3)
        record = {"$type": POST, "text": text, "createdAt": stamp(moment), "langs": ["id"], "tags": ["lapor"]} | over
        return {
            "$type": "app.bsky.feed.defs#postView",
            "uri": f"at://{by}/{POST}/{tid(moment, self.number % 1024)}",
            "cid": cid(record),
            "author": self.author(by),
            "record": record,
            "replyCount": 0,
            "repostCount": 2,
            "likeCount": 3,
            "quoteCount": 0,
            "indexedAt": stamp(moment + timedelta(seconds=1)),
            "viewer": {"threadMuted": False, "embeddingDisabled": False},
            "labels": [],
        }

    def author(self, did: str) -> Thing:
        handle = US_HANDLE if did == US else CITIZEN_HANDLE
        return {"did": did, "handle": handle, "displayName": handle.partition(".")[0].title(), "labels": []}

    def notify(self, view: Thing, reason: str = "mention", *, at: datetime | None = None) -> Thing:
        made = {key: view[key] for key in ("uri", "cid", "author", "record")}
        came = at or NOW - timedelta(hours=2)
        self.notifications.append({**made, "reason": reason, "isRead": False, "indexedAt": stamp(came), "labels": []})
        return view

    def close(self) -> None:
        self.server.close()

    def _answer(self, request: Request) -> Reply:
        reply = self._routed(request.path.removeprefix("/xrpc/"), request)
        self.exchanged.append((request, reply))
        return reply

    def _routed(self, nsid: str, request: Request) -> Reply:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if nsid == "com.atproto.server.createSession":
            body = request.json
            if (body["identifier"], body["password"]) != (US_HANDLE, PASSWORD):
                return _error(401, "AuthenticationRequired", "Invalid identifier or password")
            return self._session()
        if nsid == "com.atproto.server.refreshSession":
            if token not in self.refresh_tokens or not self.refreshes:
                return _error(400, "ExpiredToken", "Token has been revoked")
            self.refresh_tokens.discard(token)
            return self._session()
        if not token:
            return _error(401, "AuthMissing", "Authentication Required")
        if token not in self.access_tokens:
            return _error(400, "ExpiredToken", "Token has expired")
        query = parse_qs(request.target.partition("?")[2])
        return self._asked(nsid, query, request)

    def _session(self) -> Reply:
        self.number += 1
        access, refresh = (jwt(scope, self.number, NOW + self.lasts) for scope in ("com.atproto.access", "refresh"))
        self.access_tokens.add(access)
        self.refresh_tokens.add(refresh)
        return Reply(json={"did": US, "handle": US_HANDLE, "accessJwt": access, "refreshJwt": refresh, "active": True})

    def _asked(self, nsid: str, query: dict[str, list[str]], request: Request) -> Reply:
        one = {key: values[-1] for key, values in query.items()}
        if nsid == "app.bsky.feed.searchPosts":
            return self._search(one)
        if nsid == "app.bsky.feed.getAuthorFeed":
            return self._feed(one)
        if nsid == "app.bsky.notification.listNotifications":
            newest = sorted(self.notifications, key=lambda item: item["indexedAt"], reverse=True)
            wanted = [item for item in newest if item["reason"] in query["reasons"]]
            return self._paged("notifications", wanted, one)
        if nsid == "app.bsky.feed.getPosts":
            assert len(query["uris"]) <= 25
            return Reply(json={"posts": [view for view in self.posts if view["uri"] in query["uris"]]})
        if nsid == "app.bsky.feed.getPostThread":
            return self._thread(one)
        if nsid == "com.atproto.identity.resolveHandle":
            if one["handle"] == CITIZEN_HANDLE:
                return Reply(json={"did": CITIZEN})
            return _error(400, "InvalidRequest", "Unable to resolve handle")
        return self._repo(nsid, one, request)

    def _thread(self, one: dict[str, str]) -> Reply:
        if one["uri"] in self.lost or not any(view["uri"] == one["uri"] for view in self.posts):
            return _error(400, "NotFound", f"Post not found: {one['uri']}")
        tree = self._tree(one["uri"], int(one["depth"]))
        node, left = tree, int(one["parentHeight"])
        while (parent := _parent(node["post"])) and left:
            node["parent"] = self._tree(parent, 0)
            if "post" not in node["parent"]:
                break
            node, left = node["parent"], left - 1
        return Reply(json={"thread": tree})

    def _tree(self, uri: str, depth: int) -> Thing:
        view = next((view for view in self.posts if view["uri"] == uri), None)
        if view is None or uri in self.lost:
            return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri, "notFound": True}
        made: Thing = {"$type": "app.bsky.feed.defs#threadViewPost", "post": view}
        if depth:
            made["replies"] = [self._tree(one["uri"], depth - 1) for one in self.posts if _parent(one) == uri]
        return made

    def _search(self, one: dict[str, str]) -> Reply:
        low, high = one.get("since", ""), one.get("until", "9")
        found = [
            view
            for view in reversed(self.posts)
            if one["q"].lower() in f"{view['record']['text']} #{' #'.join(view['record'].get('tags', ()))}".lower()
            and low <= min(view["record"]["createdAt"], view["indexedAt"]) < high
        ]
        return self._paged("posts", found[: self.reach], one)

    def _feed(self, one: dict[str, str]) -> Reply:
        if self.gone or one["actor"] not in {CITIZEN, CITIZEN_HANDLE}:
            return _error(400, "InvalidRequest", "Profile not found")
        views = [view for view in reversed(self.posts) if view["author"]["did"] == CITIZEN]
        return self._paged("feed", [*self.feed_extra, *({"post": view} for view in views)], one)

    def _paged(self, key: str, items: list[Any], one: dict[str, str]) -> Reply:
        start = int(one.get("cursor", "0"))
        end = start + min(self.limit, int(one["limit"]))
        more = {"cursor": str(end)} if end < len(items) else {}
        return Reply(json={key: items[start:end], **more}, headers={"RateLimit-Remaining": "2900"})

    def _repo(self, nsid: str, one: dict[str, str], request: Request) -> Reply:
        if nsid == "com.atproto.repo.getRecord":
            if one["rkey"] not in self.records:
                return _error(400, "RecordNotFound", f"Could not locate record: {one['rkey']}")
            return Reply(json=self.records[one["rkey"]])
        if nsid == "com.atproto.repo.listRecords":
            newest = [self.records[key] for key in sorted(self.records, reverse=True)]
            return self._paged("records", newest, one)
        if nsid == "com.atproto.repo.createRecord":
            return self._create(request.json)
        return _error(501, "MethodNotImplemented", "Method Not Implemented")

    def _create(self, order: Thing) -> Reply:
        answer = self.on_create()
        if answer is not None and answer.status == 400:
            return answer
        if order["rkey"] in self.records:
            # What Bluesky's own server says today, and what others and its next version say.
            known = {
                "500": _error(500, "InternalServerError", "Internal Server Error"),
                "409": _error(409, "RecordAlreadyExists", "Record already exists"),
            }
            return known[self.known_key]
        uri = f"at://{order['repo']}/{order['collection']}/{order['rkey']}"
        self.records[order["rkey"]] = {"uri": uri, "cid": cid(order["record"]), "value": order["record"]}
        return answer or Reply(json={"uri": uri, "cid": cid(order["record"]), "validationStatus": "valid"})

    def _refuse(self, fault: Fault, _: Request) -> Reply:
        names = {
            Fault.UNAUTHORIZED: ("AuthenticationRequired", "Invalid identifier or password"),
            Fault.FORBIDDEN: ("Forbidden", "This account may not do this"),
            Fault.NOT_FOUND: ("XRPCNotSupported", "XRPCNotSupported"),
            Fault.TOO_MANY: ("RateLimitExceeded", "Rate Limit Exceeded"),
            Fault.TOO_MANY_WITH_RESET: ("RateLimitExceeded", "Rate Limit Exceeded"),
        }
        name, words = names.get(fault, ("Refused", fault.value))
        headers = {"RateLimit-Limit": "3000", "RateLimit-Remaining": "0", "RateLimit-Policy": "3000;w=300"}
        if fault is Fault.TOO_MANY_WITH_RESET:
            headers["RateLimit-Reset"] = str(int((NOW + timedelta(minutes=5)).timestamp()))
        refused = _error(int(fault.value[:3]), name, words)
        return Reply(status=refused.status, json=refused.json, headers=headers)


def _parent(view: Thing) -> str:
    return str(view["record"].get("reply", {}).get("parent", {}).get("uri", ""))


def _error(status: int, name: str, words: str) -> Reply:
    return Reply(status=status, json={"error": name, "message": words})
