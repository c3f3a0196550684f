"""A server in the shape of Meta's Graph API: objects, lists of them with cursors, and its refusals.

Shaped by developers.facebook.com/docs/graph-api (results, error handling, rate limiting). ``fields`` are not applied: a
world holds what its platform would give for ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sahut.core.model import Access
from tests.builders import NOW
from tests.collectors.platform_server import Fault, PlatformServer, Reply, Request

TOKEN = "EAAB-token-of-the-page"
SECRET = "app-secret-0f"


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def refused(code: int, subcode: int = 0, *, status: int = 400, message: str = "refused", **headers: str) -> Reply:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    if subcode:
        error["error_subcode"] = subcode
    return Reply(status=status, json={"error": error}, headers={k.replace("_", "-"): v for k, v in headers.items()})


GONE = refused(100, 33, message="Unsupported get request. Object does not exist or cannot be loaded")


class GraphWorld:
    """``lists`` holds items newest first by path without the version, ``objects`` single ones by id."""

    version = "v26.0"

    def __init__(self, *, page_size: int = 2) -> None:
        self.page_size = page_size
        self.lists: dict[str, list[Any]] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.posted: list[tuple[str, dict[str, str]]] = []
        self.answer_post: Callable[[str, dict[str, str]], Reply] = lambda _path, _form: GONE
        self.server = PlatformServer(self._handle, self._refuse)
        self.access = Access(
            name="dinas",
            secrets={"access_token": TOKEN, "app_secret": SECRET},
            settings={"base_url": self.server.url},
        )
        self.ticks = 0

    def close(self) -> None:
        self.server.close()

    def later(self) -> str:
        """A time after everything that stands here."""
        self.ticks += 1
        return stamp(NOW + timedelta(minutes=self.ticks))

    def _handle(self, request: Request) -> Reply:
        given = request.form if request.method == "POST" else request.query
        if request.headers.get("authorization") != f"Bearer {TOKEN}" or "access_token" in given:
            return refused(190, 463, status=401, message=f"Malformed access token {TOKEN}")
        proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
        if given.get("appsecret_proof") != proof:
            return refused(100, message="Invalid appsecret_proof provided in the API argument")
        path = request.path.removeprefix(f"/{self.version}").strip("/")
        if request.method == "POST":
            self.posted.append((path, request.form))
            return self.answer_post(path, request.form)
        if "ids" in request.query:
            return self._several(request.query["ids"].split(","))
        if path in self.lists:
            return self._page(path, request)
        return Reply(json=self.objects[path]) if path in self.objects else GONE

    def _several(self, ids: list[str]) -> Reply:
        if any(one not in self.objects for one in ids):
            return refused(803, status=404, message="Some of the aliases you requested do not exist")
        return Reply(json={one: self.objects[one] for one in ids})

    def _page(self, path: str, request: Request) -> Reply:
        items = self.lists[path]
        size = min(self.page_size, int(request.query.get("limit", "25")))
        start = 0
        if "after" in request.query:
            place = base64.b64decode(request.query["after"]).decode()
            names = [_name(item) for item in items]
            if place not in names:
                return refused(100, message="(#100) Invalid cursor")
            start = names.index(place) + 1
        page = items[start : start + size]
        answer: dict[str, Any] = {"data": page}
        if page:
            after = base64.b64encode(_name(page[-1]).encode()).decode()
            answer["paging"] = {"cursors": {"before": "QQ==", "after": after}}
            if start + size < len(items):
                # An address that must not be followed: nobody answers there.
                answer["paging"]["next"] = f"http://127.0.0.1:9/steal?access_token={TOKEN}&after={after}"
        return Reply(json=answer)

    def _refuse(self, fault: Fault, request: Request) -> Reply:
        usage = {"1": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}]}
        return {
            Fault.UNAUTHORIZED: refused(190, 463, message=f"Error validating access token {TOKEN}: it has expired"),
            Fault.NO_CREDITS: Reply(status=402, json={}),
            Fault.FORBIDDEN: refused(10, status=403, message="(#10) This endpoint requires a permission"),
            Fault.NOT_FOUND: Reply(status=404, body=b"not here"),
            Fault.TOO_MANY_WITH_RESET: refused(
                80001, status=429, message="(#80001) too many calls", X_Business_Use_Case_Usage=json.dumps(usage)
            ),
            Fault.TOO_MANY: refused(4, message="(#4) Application request limit reached"),
        }[fault]


def _name(item: Any) -> str:
    return str(item.get("id") or item.get("message") or item.get("text")) if isinstance(item, dict) else repr(item)
