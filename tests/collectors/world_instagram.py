"""A professional account with media, comments and answers below them, and media of others that tag it; all invented."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.graph_server import GONE, GraphWorld, Reply, stamp

ACCOUNT = "17841400000000001"
NAME = "dinas.contoh"


class Instagram(GraphWorld):
    """An empty account."""

    def __init__(self, *, page_size: int = 2) -> None:
        super().__init__(page_size=page_size)
        self._numbers = count(17900000000000500)
        self.objects = {ACCOUNT: {"id": ACCOUNT, "username": NAME}}
        self.lists = {f"{ACCOUNT}/media": [], f"{ACCOUNT}/tags": []}
        self.access = replace(self.access, settings={**self.access.settings, "user_id": ACCOUNT})
        self.source = a_source("me", platform="instagram")
        self.answer_post = self.answer_as_us

    def media(self, text: str, *, at: str, by: str = NAME, edge: str = "media") -> str:
        """A post, older than those that are there."""
        media_id = str(next(self._numbers))
        found = {
            "id": media_id,
            "caption": text,
            "timestamp": at,
            "permalink": f"https://www.instagram.com/p/C{media_id}/",
            "media_type": "IMAGE",
            "username": by,
            "comments_count": 0,
            "like_count": 3,
        }
        self.lists[f"{ACCOUNT}/{edge}"].append(found)
        if by == NAME:
            self.objects[media_id] = found
            self.lists[f"{media_id}/comments"] = []
        return media_id

    def comment(self, media_id: str, text: str, *, at: str, by: str = "warga_satu", first: bool = True) -> str:
        """A comment, newer than those that are there unless not ``first``."""
        comment = self._said(text, at, by)
        below = self.lists[f"{media_id}/comments"]
        below.insert(0 if first else len(below), comment)
        self.objects[media_id]["comments_count"] += 1
        return str(comment["id"])

    def answer(self, media_id: str, comment_id: str, text: str, *, at: str, by: str = "warga_dua") -> str:
        """An answer to a comment; the first two come along with the comment."""
        answer = {**self._said(text, at, by), "parent_id": comment_id}
        below = self.lists[f"{comment_id}/replies"]
        below.append(answer)
        shown: dict[str, Any] = {"data": below[:2]}
        if len(below) > 2:
            after = base64.b64encode(str(below[1]["id"]).encode()).decode()
            shown["paging"] = {"cursors": {"after": after}, "next": f"https://graph.facebook.com/x?after={after}"}
        self.objects[comment_id]["replies"] = shown
        self.objects[media_id]["comments_count"] += 1
        return str(answer["id"])

    def _said(self, text: str, at: str, by: str) -> dict[str, Any]:
        said_id = str(next(self._numbers))
        said = {"id": said_id, "text": text, "timestamp": at, "like_count": 0, "from": {"id": f"9{by}", "username": by}}
        self.objects[said_id] = said
        self.lists[f"{said_id}/replies"] = []
        return said

    def answer_as_us(self, path: str, form: dict[str, str]) -> Reply:
        above, _, edge = path.partition("/")
        if edge == "replies" and above in self.objects:
            said = {**self._said(form["message"], stamp(NOW), NAME), "parent_id": above}
            self.lists[f"{above}/replies"].append(said)
            return Reply(json={"id": said["id"]})
        if path == f"{ACCOUNT}/mentions":
            said = self._said(form["message"], stamp(NOW), NAME)
            comments = {"data": [{**said, "username": NAME}]}
            self.objects[ACCOUNT]["mentioned_media"] = {"id": form["media_id"], "comments": comments}
            return Reply(json={"id": said["id"]})
        return GONE


class World(Instagram):
    """Two posts with comments, one with more answers than come along, and posts of others that tag the account."""

    def __init__(self) -> None:
        super().__init__(page_size=3)
        self.expected: set[str] = set()
        hour = timedelta(hours=1)
        for number in range(2):
            self.last = self.media(f"Pengumuman {number}", at=stamp(NOW - 40 * hour - number * hour))
            self.expected.add(self.last)
            for n in range(4):
                said = self.comment(self.last, f"Air mati {number}{n}", at=stamp(NOW - 30 * hour + n * hour))
                self.expected.add(said)
        for n in range(4):
            self.expected.add(self.answer(self.last, said, f"Sama, blok {n}", at=stamp(NOW - n * hour)))
        for number in range(2):
            at = stamp(NOW - number * hour)
            self.expected.add(self.media(f"@{NAME} jalan rusak {number}", at=at, by="warga_tiga", edge="tags"))

    def add(self, text: str) -> str:
        return self.comment(self.last, text, at=self.later())


class Contract(Instagram):
    """An account whose posts and comments, as they are read, say the given texts; one comment is broken."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(page_size=50)
        posts = [self.media(text, at=stamp(NOW - timedelta(hours=100 + n))) for n, text in enumerate(texts[:2])]
        for n, text in enumerate(texts[2:]):
            self.comment(posts[n * 2 // len(texts)], text, at=stamp(NOW - timedelta(minutes=n)), first=False)
        self.lists[f"{posts[1]}/comments"].insert(120, {"text": "rusak", "timestamp": stamp(NOW)})
        self.first = posts[0]

    def append(self, text: str) -> None:
        self.comment(self.first, text, at=self.later())

    def remove(self) -> None:
        del self.lists[f"{ACCOUNT}/media"]


def contract(texts: Sequence[str]) -> Contract:
    return Contract(texts)
