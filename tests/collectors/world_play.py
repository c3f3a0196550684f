"""A small Google Play console: reviews of an app, newest first, of seven days; one answer to each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sahut.core.model import Access, Source
from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.google_server import Tokens, refuse, refused
from tests.collectors.platform_server import PlatformServer, Reply, Request

APP = "id.go.kota.layanan"
ROOT = f"/androidpublisher/v3/applications/{APP}/reviews"
Item = dict[str, Any]


@cache
def service_account() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return json.dumps({
        "type": "service_account",
        "client_email": "sahut@proyek.iam.gserviceaccount.example",
        "private_key": text,
        "token_uri": "https://tempat-lain.example/token",
    })  # fmt: skip


def contract(texts: list[str]) -> World:
    """Many reviews without stars, the first text the newest, and a broken one."""
    world = World(page=100)
    world.reviews.clear()
    for text in reversed(texts):
        world.add(text, stars=None)
    world.reviews.insert(700, {"reviewId": "rusak", "comments": [{"userComment": {"starRating": 2}}]})
    return world


@dataclass
class World:
    """``reviews`` newest first."""

    page: int = 4
    reviews: list[Any] = field(default_factory=list)
    now: datetime = NOW
    gone: bool = False
    on_reply: Callable[[], Reply | None] = lambda: None

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self.tokens = Tokens()
        self.server = PlatformServer(self._answer, refuse)
        self.source: Source = a_source(APP, platform="play")
        self.access = Access(
            name="aplikasi",
            secrets={"service_account": service_account()},
            settings={"base_url": self.server.url},
        )
        self.expected: set[str] = set()
        for number in range(10):
            self.add(f"Aplikasi nomor {number} macet")

    def add(self, text: str, *, at: datetime | None = None, stars: int | None = 2, **over: Any) -> str:
        number = next(self._numbers)
        moment = at or NOW - timedelta(days=3) + timedelta(minutes=2 * number)
        said = {"text": text, "lastModified": stamp(moment), "reviewerLanguage": "id", "thumbsUpCount": 3}
        if stars is not None:
            said["starRating"] = stars
        review_id = f"0f{number:06d}-aaaa-bbbb"
        self.reviews.insert(
            0, {"reviewId": review_id, "authorName": f"Warga {number}", "comments": [{"userComment": said | over}]}
        )
        self.expected.add(f"{APP}/{review_id}")
        return f"{APP}/{review_id}"

    def append(self, text: str) -> str:
        return self.add(text, stars=None)

    def remove(self) -> None:
        self.gone = True

    def review(self, native_id: str) -> Item:
        return next(one for one in self.reviews if one["reviewId"] == native_id.partition("/")[2])

    def answer(self, native_id: str, text: str, *, at: datetime) -> None:
        """The developer's answer: there is one at most."""
        comments = self.review(native_id)["comments"]
        comments[1:] = [{"developerComment": {"text": text, "lastModified": stamp(at)}}]

    def close(self) -> None:
        self.server.close()

    def _answer(self, request: Request) -> Reply:
        if request.path == "/token":
            assert request.form["assertion"].count(".") == 2
            return self.tokens.answer(request)
        if not self.tokens.knows(request):
            return refused(401, "authError")
        if self.gone or not request.path.startswith(ROOT):
            return refused(404, "applicationNotFound", "No application was found for the given package name.")
        review_id = request.path.removeprefix(ROOT).strip("/")
        if not review_id:
            return self._page(request)
        if review_id.endswith(":reply"):
            return self._reply(review_id.removesuffix(":reply"), request)
        found = [one for one in self.reviews if one["reviewId"] == review_id]
        return Reply(json=found[0]) if found else refused(404, "reviewNotFound")

    def _page(self, request: Request) -> Reply:
        oldest = (self.now - timedelta(days=7)).timestamp()
        shown = [one for one in self.reviews if changed(one, oldest) >= oldest]
        start = 0
        if token := request.query.get("token"):
            ids = [one["reviewId"] for one in shown]
            if token not in ids:
                return refused(400, "invalidPageToken")
            start = ids.index(token) + 1
        end = start + min(self.page, int(request.query["maxResults"]))
        page: Item = {"reviews": shown[start:end]} if shown else {}
        if end < len(shown):
            page["tokenPagination"] = {"nextPageToken": shown[end - 1]["reviewId"]}
        return Reply(json=page)

    def _reply(self, review_id: str, request: Request) -> Reply:
        if (answer := self.on_reply()) is not None and answer.status >= 400 and answer.json is not None:
            return answer
        text = request.json["replyText"]
        self.answer(f"{APP}/{review_id}", text, at=NOW)
        return answer or Reply(json={"result": {"replyText": text, "lastEdited": stamp(NOW)}})


def stamp(moment: datetime) -> Item:
    return {"seconds": str(int(moment.timestamp())), "nanos": 5_000_000}


def changed(review: Item, otherwise: float) -> float:
    found = review["comments"][0]["userComment"].get("lastModified")
    return float(found["seconds"]) if found else otherwise
