"""An account on Threads with posts, conversations below them, mentions, and what a search finds; all invented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.graph_server import GONE, GraphWorld, Reply, stamp

ACCOUNT = "18000000000000001"
NAME = "dinas.contoh"


class Threads(GraphWorld):
    """An empty account."""

    version = "v1.0"

    def __init__(self, *, page_size: int = 2) -> None:
        super().__init__(page_size=page_size)
        self._numbers = count(18000000000000500)
        self.objects = {"me": {"id": ACCOUNT, "username": NAME}}
        self.lists = {"me/threads": [], "me/mentions": [], "me/replies": [], "keyword_search": []}
        self.drafts: dict[str, dict[str, str]] = {}
        self.source = a_source("me", platform="threads")
        self.answer_post = self.draft_or_publish

    def post(self, text: str, *, at: str, by: str = NAME, edge: str = "me/threads") -> str:
        """A post, older than those that are there."""
        said = self._said(text, at, by)
        self.lists[edge].append({**said, "has_replies": True})
        self.lists[f"{said['id']}/conversation"] = []
        return str(said["id"])

    def answer(self, root: str, text: str, *, at: str, by: str = "warga_satu", to: str = "", first: bool = True) -> str:
        """An answer in a conversation, newer than those that are there unless not ``first``."""
        place = {"is_reply": True, "root_post": {"id": root}, "replied_to": {"id": to or root}}
        said = {**self._said(text, at, by), **place, "is_reply_owned_by_me": by == NAME}
        below = self.lists[f"{root}/conversation"]
        below.insert(0 if first else len(below), said)
        self.objects[str(said["id"])] = said
        return str(said["id"])

    def _said(self, text: str, at: str, by: str) -> dict[str, Any]:
        said_id = str(next(self._numbers))
        said = {
            "id": said_id,
            "text": text,
            "timestamp": at,
            "username": by,
            "media_type": "TEXT_POST",
            "permalink": f"https://www.threads.com/@{by}/post/{said_id}",
        }
        self.objects[said_id] = said
        return said

    def draft_or_publish(self, path: str, form: dict[str, str]) -> Reply:
        if path == "me/threads" and form["reply_to_id"] in self.objects:
            draft_id = str(next(self._numbers))
            self.drafts[draft_id] = form
            return Reply(json={"id": draft_id})
        draft = self.drafts.get(form.get("creation_id", ""))
        if path != "me/threads_publish" or draft is None:
            return GONE
        said = {**self._said(draft["text"], stamp(NOW), NAME), "replied_to": {"id": draft["reply_to_id"]}}
        self.lists["me/replies"].insert(0, said)
        return Reply(json={"id": said["id"]})


class World(Threads):
    """Two posts with conversations, and posts that mention the account."""

    def __init__(self) -> None:
        super().__init__(page_size=3)
        self.expected: set[str] = set()
        hour = timedelta(hours=1)
        for number in range(2):
            self.last = self.post(f"Pengumuman {number}", at=stamp(NOW - 40 * hour - number * hour))
            self.expected.add(self.last)
            below = [
                self.answer(self.last, f"Air mati {number}{n}", at=stamp(NOW - 30 * hour + n * hour)) for n in range(3)
            ]
            ours = self.answer(self.last, "Sudah kami catat", at=stamp(NOW - 20 * hour), by=NAME, to=below[0])
            self.expected |= {*below, ours}
        for number in range(2):
            at = stamp(NOW - number * hour)
            self.expected.add(self.post(f"@{NAME} jalan rusak {number}", at=at, by="warga_dua", edge="me/mentions"))

    def add(self, text: str) -> str:
        return self.answer(self.last, text, at=self.later())


class Contract(Threads):
    """An account whose posts and their answers, as they are read, say the given texts; one answer is broken."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(page_size=100)
        posts = [self.post(text, at=stamp(NOW - timedelta(hours=30 + n))) for n, text in enumerate(texts[:2])]
        for n, text in enumerate(texts[2:]):
            self.answer(posts[n * 2 // len(texts)], text, at=stamp(NOW - timedelta(minutes=n)), first=False)
        self.lists[f"{posts[1]}/conversation"].insert(120, {"text": "rusak", "timestamp": stamp(NOW)})
        self.first = posts[0]

    def append(self, text: str) -> None:
        self.answer(self.first, text, at=self.later())

    def remove(self) -> None:
        del self.lists["me/threads"]


def contract(texts: Sequence[str]) -> Contract:
    return Contract(texts)
