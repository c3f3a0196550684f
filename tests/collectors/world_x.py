"""A small X: posts, accounts, recent search, mentions, timelines, look-up and posting, as its API v2 describes them."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from collectors.registry import load
from sahut.core.errors import CollectError
from sahut.core.model import Access, Batch, Currency, Gap, Mention, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, a_source
from tests.collectors.platform_server import Fault, PlatformServer, Reply, Request

US, CITIZEN, NEIGHBOUR = "1001", "2002", "3003"
BEARER = {"bearer_token": "pembawa-rahasia"}
KEYS = {
    "api_key": "kunci-rahasia",
    "api_key_secret": "kunci-sangat-rahasia",
    "access_token": f"{US}-token-rahasia",
    "access_token_secret": "token-sangat-rahasia",
}
CLIENT = "klien-contoh"
PROBLEM = "https://api.twitter.com/2/problems/"
_EPOCH_MS = 1288834974657
_DEFAULT = {"id", "text", "edit_history_tweet_ids"}


def snowflake(at: datetime, number: int = 0) -> str:
    """An id of X's, which bears its time."""
    return str((int(at.timestamp() * 1000) - _EPOCH_MS) << 22 | number)


def a_access(*, keys: bool = True, left: float | None = None, **settings: str) -> Access:
    return Access(
        name="akun x",
        secrets=BEARER | (KEYS if keys else {}),
        settings={"accounts": "@DinasKota, dinas_lain", **settings},
        left={} if left is None else {Currency.USD: left},
    )


@dataclass
class XServer:
    """``posts`` by id; ``hidden`` ids are deleted. ``page`` is the most that one answer holds."""

    posts: dict[str, Any] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    page: int = 100
    gone: bool = False
    remaining: int = 400
    now: datetime = NOW
    refused_tokens: set[str] = field(default_factory=set)
    number: int = 0
    # A browser's sign-ins: codes with what was asked for, and the tokens that are good now. ``lose`` answers of the
    # token endpoint are lost after they were given; ``agrees`` is who is signed in on x.com.
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    access: set[str] = field(default_factory=set)
    client_secret: str = ""
    agrees: str = US
    lose: int = 0
    renewals: int = 0

    def __post_init__(self) -> None:
        known = ((US, "DinasKota", "Dinas Kota"), (CITIZEN, "warga_satu", "Warga"), (NEIGHBOUR, "tetangga", "Tetangga"))
        self.users: dict[str, dict[str, Any]] = {
            key: {"id": key, "username": handle, "name": name, "public_metrics": {"followers_count": 12}}
            for key, handle, name in known
        }
        self._tokens = count(1)
        self.http = PlatformServer(self.answer, refuse)

    def post(self, text: str, *, at: datetime | None = None, by: str = CITIZEN, **more: Any) -> str:
        """Somebody posts; its id. ``more`` are fields of X's own."""
        self.number += 1
        at = at or NOW - timedelta(hours=1) + timedelta(seconds=self.number)
        post_id = snowflake(at, self.number)
        named = [u for u in self.users.values() if f"@{u['username'].lower()}" in text.lower()]
        mentions = [{"username": u["username"], "id": u["id"]} for u in named]
        self.posts[post_id] = {
            "id": post_id,
            "text": html.escape(text, quote=False),
            "edit_history_tweet_ids": [post_id],
            "author_id": by,
            "conversation_id": post_id,
            "created_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "lang": "in",
            "public_metrics": {"impression_count": 40, "retweet_count": 1},
            **({"entities": {"mentions": mentions}} if mentions else {}),
            **more,
        }
        return post_id

    def answering(self, post_id: str, text: str, **more: Any) -> str:
        """A post under another one."""
        parent = self.posts[post_id]
        return self.post(
            text,
            conversation_id=parent["conversation_id"],
            in_reply_to_user_id=parent["author_id"],
            referenced_tweets=[{"type": "replied_to", "id": post_id}],
            **more,
        )

    def edit(self, post_id: str, text: str, *, at: datetime) -> str:
        """The author changes a post: another version, with an id of its own."""
        first = self.posts[post_id]
        later = self.post(text, at=at, by=first["author_id"], conversation_id=first["conversation_id"])
        history = [*first["edit_history_tweet_ids"], later]
        for version in history:
            self.posts[version]["edit_history_tweet_ids"] = history
        return later

    def answer(self, request: Request) -> Reply:
        """What X answers."""
        said = request.headers.get("authorization", "")
        if request.path == "/2/oauth2/token":
            return self._token(request)
        if said.removeprefix("Bearer ") in self.access:
            said = f"Bearer {BEARER['bearer_token']}"
        elif request.path == "/2/users/me" and said.startswith("Bearer "):
            return refuse(Fault.UNAUTHORIZED, request)
        if said != f"Bearer {BEARER['bearer_token']}" and not said.startswith("OAuth "):
            return refuse(Fault.UNAUTHORIZED, request)
        if self.gone:
            return refuse(Fault.NOT_FOUND, request)
        headers = {"x-rate-limit-limit": "450", "x-rate-limit-remaining": str(self.remaining)}
        headers["x-rate-limit-reset"] = str(int((self.now + timedelta(minutes=9)).timestamp()))
        status, body = self._route(request)
        return Reply(status=status, json=body, headers=headers)

    def agree(self, address: str) -> str:
        """Somebody agrees on X's site, at the address they were sent to; the address that they are sent back to."""
        parts = urlsplit(address)
        asked = dict(parse_qsl(parts.query))
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.http.url}/i/oauth2/authorize"
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"] == "tweet.read users.read tweet.write offline.access"
        code = f"kode-{next(self._tokens)}-rahasia"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], 'code': code})}"

    def _token(self, request: Request) -> Reply:
        said = request.form
        given = base64.b64encode(f"{CLIENT}:{self.client_secret}".encode()).decode()
        known = not self.client_secret or request.headers.get("authorization") == f"Basic {given}"
        if said.get("client_id") != CLIENT or not known:
            return Reply(status=401, json={"error": "unauthorized_client", "error_description": "Missing header"})
        if said["grant_type"] == "refresh_token":
            good = said["refresh_token"] in self.refresh
            self.renewals += 1
        else:
            asked = self.codes.pop(said["code"], {})
            digest = hashlib.sha256(said["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            good = asked.get("code_challenge") == challenge and asked.get("redirect_uri") == said["redirect_uri"]
        if not good:
            words = "Value passed for the token was invalid."
            return Reply(status=400, json={"error": "invalid_request", "error_description": words})
        number = next(self._tokens)
        tokens = {"access_token": f"masuk-{number}-rahasia", "refresh_token": f"segar-{number}-rahasia"}
        self.access, self.refresh = {tokens["access_token"]}, {tokens["refresh_token"]}
        if self.lose:
            self.lose -= 1
            return Reply(status=503, json={"title": "Service Unavailable"})
        return Reply(json={"token_type": "bearer", "expires_in": 7200, **tokens})

    def _route(self, request: Request) -> tuple[int, Any]:
        path, query = request.path.removeprefix("/2/"), request.query
        if request.method == "POST":
            return self._create(request)
        if path == "tweets/search/recent":
            return self._timeline(query, self._matching(query["query"]), least=10, recent=True)
        if path == "tweets/counts/recent":
            return self._counted(query)
        if path == "tweets":
            return self._look_up(query)
        if path == "users/me":
            return 200, {"data": self.users[self.agrees]}
        if found := re.fullmatch("users/by/username/(.+)", path):
            named = [u for u in self.users.values() if u["username"].lower() == found[1].lower()]
            return 200, {"data": named[0]} if named else {"errors": [_not_found("user", found[1], "username")]}
        if found := re.fullmatch("users/([0-9]+)/(mentions|tweets)", path):
            handle = f"@{self.users[found[1]]['username'].lower()}"
            kept = [
                p for p in self._visible()
                if (p["author_id"] == found[1] if found[2] == "tweets" else handle in p["text"].lower())
            ]  # fmt: skip
            return self._timeline(query, kept, least=5)
        return 404, {"errors": [{"code": 34, "message": "Sorry, that page does not exist"}]}

    def _visible(self) -> list[dict[str, Any]]:
        """The newest first."""
        return [self.posts[key] for key in sorted(self.posts, key=int, reverse=True) if key not in self.hidden]

    def _matching(self, query: str) -> list[dict[str, Any]]:
        found = re.search(r"conversation_id:([0-9]+)", query)
        if found:
            kept = [p for p in self._visible() if p["conversation_id"] == found[1]]
            return [p for p in kept if self._is_of(p, query)] if "from:" in query or "to:" in query else kept
        if found := re.fullmatch("@(\\w+)", query):
            return [p for p in self._visible() if f"@{found[1].lower()}" in p["text"].lower()]
        return self._visible()

    def _counted(self, query: Mapping[str, str]) -> tuple[int, Any]:
        """By day, as it is asked for."""
        week = self.now - timedelta(days=7)
        times = [datetime.fromisoformat(p["created_at"]) for p in self._matching(query["query"])]
        days = [(week + timedelta(days=n), week + timedelta(days=n + 1)) for n in range(7)]
        counted = [sum(begin <= at < end for at in times) for begin, end in days]
        data = [
            {"start": begin.isoformat(), "end": end.isoformat(), "tweet_count": n}
            for (begin, end), n in zip(days, counted, strict=True)
        ]
        return 200, {"data": data, "meta": {"total_tweet_count": sum(counted)}}

    def _is_of(self, post: Mapping[str, Any], query: str) -> bool:
        ids = {user["username"].lower(): key for key, user in self.users.items()}
        writers = {ids.get(handle.lower()) for handle in re.findall(r"from:(\w+)", query)}
        answered = {ids.get(handle.lower()) for handle in re.findall(r"to:(\w+)", query)}
        return post["author_id"] in writers or post.get("in_reply_to_user_id") in answered

    def _timeline(
        self, query: Mapping[str, str], posts: Sequence[Any], *, least: int, recent: bool = False
    ) -> tuple[int, Any]:
        size = int(query.get("max_results", "10"))
        if not least <= size <= 100:
            return _invalid("max_results", query["max_results"], f"must be between {least} and 100")
        week = self.now - timedelta(days=7)
        for name in ("since_id", "until_id"):
            if recent and name in query and int(query[name]) < int(snowflake(week)):
                words = f"'{name}' must be a tweet id created after {week:%Y-%m-%dT%H:%MZ}"
                return _invalid(name, query[name], words)
        for name in ("start_time", "end_time"):
            if recent and name in query and datetime.fromisoformat(query[name]) < week:
                return _invalid(name, query[name], f"'{name}' must be on or after {week:%Y-%m-%dT%H:%MZ}")
        token = query.get("next_token") or query.get("pagination_token") or "t0"
        if token in self.refused_tokens:
            name = "next_token" if "next_token" in query else "pagination_token"
            return _invalid(name, token, f"The `{name}` query parameter value is not valid")
        low, high = int(query.get("since_id", 0)), int(query.get("until_id", 2**63))
        start, end = query.get("start_time", ""), query.get("end_time", "9")
        kept = [
            p for p in posts
            if low < _number(p) < high and start[:19] <= p.get("created_at", NOW.isoformat())[:19] < end[:19]
        ]  # fmt: skip
        offset, step = int(token[1:]), min(size, self.page)
        part = kept[offset : offset + step]
        meta: dict[str, Any] = {"result_count": len(part)}
        if offset + step < len(kept):
            meta["next_token"] = f"t{offset + step}"
        return 200, {**self._shown(part, query), "meta": meta}

    def _shown(self, part: Sequence[Any], query: Mapping[str, str]) -> dict[str, Any]:
        """Only what was asked for, as X does: no field and nothing that comes along otherwise."""
        if not part:
            return {}
        fields = _DEFAULT | set(query.get("tweet.fields", "").split(","))
        expansions = set(query.get("expansions", "").split(","))
        includes: dict[str, list[Any]] = {}
        if "author_id" in expansions:
            authors = dict.fromkeys(p.get("author_id") for p in part)
            includes["users"] = [self.users[a] for a in authors if a in self.users]
        if "referenced_tweets.id" in expansions:
            referred = [r["id"] for p in part for r in p.get("referenced_tweets", ())]
            others = [self.posts[r] for r in dict.fromkeys(referred) if r in self.posts and r not in self.hidden]
            includes["tweets"] = [_only(p, fields) for p in others]
        return {"data": [_only(p, fields) for p in part], "includes": {k: v for k, v in includes.items() if v}}

    def _look_up(self, query: Mapping[str, str]) -> tuple[int, Any]:
        wanted = query["ids"].split(",")
        found = [self.posts[i] for i in wanted if i in self.posts and i not in self.hidden]
        missing = [_not_found("tweet", i, "ids") for i in wanted if i not in self.posts or i in self.hidden]
        return 200, {**self._shown(found, query), **({"errors": missing} if missing else {})}

    def _create(self, request: Request) -> tuple[int, Any]:
        text = request.json["text"]
        own = [p for p in self._visible() if p["author_id"] == US]
        if html.escape(text, quote=False) in {p["text"] for p in own}:
            detail = "You are not allowed to create a Tweet with duplicate content."
            return 403, {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": detail}
        under = request.json["reply"]["in_reply_to_tweet_id"]
        made = self.answering(under, text, by=US, at=NOW + timedelta(seconds=self.number))
        return 201, {"data": {"id": made, "text": text, "edit_history_tweet_ids": [made]}}


def _number(post: Mapping[str, Any]) -> int:
    return int(post["id"])


def _only(post: Mapping[str, Any], fields: set[str]) -> dict[str, Any]:
    return {key: value for key, value in post.items() if key in fields}


def _not_found(kind: str, value: str, parameter: str) -> dict[str, Any]:
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEM + "resource-not-found",
    }


def _invalid(name: str, value: str, words: str) -> tuple[int, Any]:
    detail = "One or more parameters to your request was invalid."
    return 400, {
        "errors": [{"parameters": {name: [value]}, "message": f"Invalid '{name}':['{value}']. {words}"}],
        "title": "Invalid Request",
        "detail": detail,
        "type": PROBLEM + "invalid-request",
    }


def refuse(fault: Fault, request: Request) -> Reply:
    """X's own words for a refusal."""
    status = int(fault.value[:3])
    headers = {}
    body: dict[str, Any] = {"title": fault.value, "type": "about:blank", "status": status, "detail": fault.value}
    if fault is Fault.FORBIDDEN:
        words = "You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints only."
        body = {"errors": [{"message": words, "code": 453}]}
    if fault is Fault.TOO_MANY_WITH_RESET:
        headers["x-rate-limit-reset"] = str(int((NOW + timedelta(minutes=11)).timestamp()))
    return Reply(status=status, json=body, headers=headers)


def a_place(address: str = "search", query: str = "jalan rusak", **over: Any) -> Source:
    return a_source(address, platform="x", query=query, **over)


def entry(x: XServer, **over: Any) -> Access:
    return a_access(base_url=x.http.url, **over)


def read(
    x: XServer, source: Source | None = None, *, now: datetime = NOW, access: Access | None = None
) -> tuple[list[Batch], Source, CollectError | None]:
    """What a reading stores, the source afterwards, and the error that ended it."""
    source, access = source or a_place(), access or entry(x)
    batches: list[Batch] = []
    x.now = now
    try:
        for batch in load("x", settings=SETTINGS).collect(source, now=now, access=access):
            batches.append(batch)
            source = replace(source, cursor=json.loads(json.dumps(dict(batch.cursor))))
    except CollectError as error:
        return batches, source, error
    return batches, source, None


def found(batches: list[Batch]) -> dict[str, Mention]:
    return {mention.native_id: mention for batch in batches for mention in batch.mentions}


def only(x: XServer, source: Source | None = None) -> Mention:
    mentions = found(read(x, source)[0])
    assert len(mentions) == 1
    return next(iter(mentions.values()))


def gaps(batches: list[Batch]) -> list[Gap]:
    return [gap for batch in batches for gap in batch.gaps]


def spent(batches: list[Batch]) -> float:
    return sum(batch.spent.get(Currency.USD, 0.0) for batch in batches)


def always(x: XServer, reply: Reply) -> None:
    """X answers everything like this."""
    x.http._handler = lambda request: reply


class World:
    """A search with 250 finds, on three pages."""

    def __init__(self) -> None:
        self.x = XServer()
        self.server = self.x.http
        self.access = a_access(base_url=self.server.url)
        self.source: Source = a_source("search", platform="x", query="banjir lang:in")
        began = NOW - timedelta(hours=12)
        self.expected = {self.x.post(f"Banjir di RT {n}", at=began + timedelta(minutes=n)) for n in range(250)}

    def add(self, text: str) -> str:
        return self.x.post(text, at=NOW + timedelta(minutes=5, seconds=self.x.number))

    def close(self) -> None:
        self.server.close()


class _Contract(World):
    """The texts with the newest first, and a post without a text as the oldest."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__()
        self.x.posts.clear()
        for number, text in enumerate(texts):
            self.x.post(text, at=NOW - timedelta(minutes=2, seconds=30 * number))
        broken = self.x.post("", at=NOW - timedelta(hours=20))
        del self.x.posts[broken]["text"]

    def append(self, text: str) -> None:
        self.add(text)

    def remove(self) -> None:
        self.x.gone = True


def contract(texts: Sequence[str]) -> _Contract:
    """The world of the contract suite."""
    return _Contract(texts)
