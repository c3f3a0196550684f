"""A small Mastodon server: timelines that page by ids, notifications, search, statuses and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sahut.core.model import Access, Source
from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.platform_server import Fault, PlatformServer, Reply, Request

DOMAIN = "kota.example"
US = "114000000000000001"
CITIZEN = "114000000000000002"
BEGIN = NOW - timedelta(days=3)
TOKEN = "kunci-dinas"
Thing = dict[str, Any]


def snowflake(at: datetime, number: int = 0) -> str:
    return str((int(at.timestamp() * 1000) << 16) + number)


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def contract(texts: list[str]) -> World:
    """One account that posts a lot, and a malformed post amid the others."""
    world = World(limit=40)
    world.statuses = []
    world.source = a_source("@warga", platform="mastodon")
    for text in texts:
        world.add(text)
    broken = {**world.statuses[700], "id": str(int(world.statuses[700]["id"]) + 30_000), "content": 5}
    world.statuses.insert(701, broken)
    return world


@dataclass
class World:
    """Oldest first in every list. ``limit`` is the most posts of a page."""

    limit: int = 4
    statuses: list[Any] = field(default_factory=list)
    notifications: list[Thing] = field(default_factory=list)
    gone: bool = False
    many: bool = True
    max_characters: int = 640
    reserved: int = 23
    on_post: Callable[[], Reply | None] = lambda: None

    def __post_init__(self) -> None:
        self.number = 0
        self.keys: dict[str, Thing] = {}
        self.server = PlatformServer(self._answer, self._refuse)
        self.source: Source = a_source("#lampu", platform="mastodon")
        self.access = Access(name="dinas", secrets={"access_token": TOKEN}, settings={"base_url": self.server.url})
        self.expected: set[str] = set()
        for number in range(10):
            self.add(f"Lampu jalan nomor {number} padam")

    def add(self, text: str, *, at: datetime | None = None, **over: Any) -> str:
        """A citizen posts."""
        status = self.status(text, at=at, **over)
        self.statuses.append(status)
        native_id = f"{DOMAIN}/{status['id']}"
        self.expected.add(native_id)
        return native_id

    append = add

    def remove(self) -> None:
        self.gone = True

    def notify(self, status: Thing, *, kind: str = "mention", at: datetime | None = None) -> Thing:
        self.number += 1
        made = {"id": str(1000 + self.number), "type": kind, "created_at": stamp(at or NOW - timedelta(hours=2))}
        self.notifications.append({**made, "account": status["account"], "status": status})
        return status

    def status(self, text: str, *, at: datetime | None = None, by: str = CITIZEN, **over: Any) -> Thing:
        self.number += 1
        moment = at or BEGIN + timedelta(minutes=self.number * 3)
        local = snowflake(moment, self.number)
        name = "dinas" if by == US else "warga"
        url = f"https://{DOMAIN}/@{name}/{local}"
        made = {
            "id": local,
            "created_at": stamp(moment),
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "public",
            "language": "id",
            "uri": f"https://{DOMAIN}/users/{name}/statuses/{local}",
            "url": url,
            "replies_count": 0,
            "reblogs_count": 2,
            "favourites_count": 3,
            "edited_at": None,
            "content": f"<p>{text}</p>",
            "reblog": None,
            "account": self.account(by),
            "media_attachments": [],
            "mentions": [],
            "tags": [],
            "emojis": [],
            "card": None,
            "poll": None,
        }
        return made | over

    def account(self, number: str) -> Thing:
        name = "dinas" if number == US else "warga"
        return {
            "id": number,
            "username": name,
            "acct": name,
            "display_name": name.title(),
            "url": f"https://{DOMAIN}/@{name}",
            "followers_count": 7,
            "bot": False,
        }

    def close(self) -> None:
        self.server.close()

    def _answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(status=401, json={"error": "The access token is invalid"})
        path = request.path.strip("/")
        fixed: dict[str, Any] = {
            "api/v1/accounts/verify_credentials": self.account(US),
            "api/v2/instance": {
                "domain": DOMAIN,
                "version": "4.5.0",
                "configuration": {
                    "statuses": {
                        "max_characters": self.max_characters,
                        "characters_reserved_per_url": self.reserved,
                    }
                },
            },
        }
        if path in fixed:
            return Reply(json=fixed[path])
        if path == "api/v1/notifications":
            return self._page(self.notifications, request)
        if path == "api/v1/timelines/tag/lampu":
            return self._page(self.statuses, request)
        if path.startswith("api/v1/accounts/"):
            return self._accounts(path.removeprefix("api/v1/accounts/"), request)
        if path == "api/v2/search":
            return self._search(request)
        if path.startswith("api/v1/statuses"):
            return self._statuses(path.removeprefix("api/v1/statuses").strip("/"), request)
        return Reply(status=404, json={"error": "Record not found"})

    def _accounts(self, path: str, request: Request) -> Reply:
        if path == "lookup" and request.query["acct"] == "warga" and not self.gone:
            return Reply(json=self.account(CITIZEN))
        number = path.partition("/")[0]
        if path.endswith("/statuses") and number in {US, CITIZEN} and not self.gone:
            return self._page([s for s in self.statuses if s["account"]["id"] == number], request)
        return Reply(status=404, json={"error": "Record not found"})

    def _page(self, things: list[Any], request: Request) -> Reply:
        """Newest first; ``min_id`` gives what comes next above it, ``max_id`` what comes next below."""
        query = request.query
        low, high = int(query.get("min_id", "0")), int(query.get("max_id", "9" * 30))
        inside = [thing for thing in things if low < int(thing["id"]) < high]
        inside.sort(key=lambda thing: int(thing["id"]))
        size = min(self.limit, int(query.get("limit", "20")))
        page = list(reversed(inside[:size] if "min_id" in query else inside[-size:]))
        headers = {}
        if page:
            headers["Link"] = f'<{self.server.url}{request.path}?min_id={page[0]["id"]}>; rel="prev"'
        return Reply(json=page, headers={**headers, "X-RateLimit-Remaining": "250"})

    def _search(self, request: Request) -> Reply:
        query = request.query
        low, high = int(query.get("min_id", "0")), int(query.get("max_id", "9" * 30))
        found = [s for s in self.statuses if query["q"] in s["content"] and low < int(s["id"]) < high]
        found.sort(key=lambda s: -int(s["id"]))
        start = int(query.get("offset", "0"))
        page = found[start : start + min(self.limit, int(query["limit"]))]
        return Reply(json={"accounts": [], "statuses": page, "hashtags": []})

    def _statuses(self, local: str, request: Request) -> Reply:
        if request.method == "POST":
            return self._post(request)
        if not local and not self.many:
            return Reply(status=404, json={"error": "Not Found"})
        if not local:
            wanted = [part.partition("=")[2] for part in self.raw_query(request)]
            assert len(wanted) <= 20
            return Reply(json=[s for s in self.statuses if s["id"] in wanted])
        if local.endswith("/context"):
            return self._context(local.partition("/")[0])
        found = next((s for s in self.statuses if s["id"] == local), None)
        return Reply(status=404, json={"error": "Record not found"}) if found is None else Reply(json=found)

    def _context(self, local: str) -> Reply:
        by_id = {status["id"]: status for status in self.statuses}
        if local not in by_id:
            return Reply(status=404, json={"error": "Record not found"})
        above: list[Thing] = []
        while (parent := (above[0] if above else by_id[local])["in_reply_to_id"]) in by_id:
            above.insert(0, by_id[parent])
        return Reply(json={"ancestors": above, "descendants": self._below(local)})

    def _below(self, local: str) -> list[Thing]:
        answers = [status for status in self.statuses if status["in_reply_to_id"] == local]
        return [one for answer in answers for one in [answer, *self._below(answer["id"])]]

    def raw_query(self, request: Request) -> list[str]:
        return request.target.partition("?")[2].split("&")

    def _post(self, request: Request) -> Reply:
        key = request.headers.get("idempotency-key", "")
        if key in self.keys:
            return Reply(json=self.keys[key])
        form = request.form
        answered = form["in_reply_to_id"]
        if not any(s["id"] == answered for s in self.statuses):
            return Reply(status=404, json={"error": "The post you are trying to reply to does not appear to exist."})
        if (answer := self.on_post()) is not None and answer.status == 422:
            return answer
        made = self.status(form["status"], at=NOW, by=US, in_reply_to_id=answered, visibility=form["visibility"])
        self.statuses.append(made)
        self.keys[key] = made
        return answer or Reply(json=made)

    def _refuse(self, fault: Fault, _: Request) -> Reply:
        headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0"}
        if fault is Fault.TOO_MANY_WITH_RESET:
            headers["X-RateLimit-Reset"] = stamp(NOW + timedelta(minutes=5))
        return Reply(status=int(fault.value[:3]), json={"error": fault.value}, headers=headers)
