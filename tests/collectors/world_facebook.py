"""A Page with posts, comments below them, and posts of others that tag it; all invented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.graph_server import GONE, GraphWorld, Reply, stamp

PAGE = "1001"
PAGE_NAME = "Dinas Contoh"


class Facebook(GraphWorld):
    """An empty Page."""

    def __init__(self, *, page_size: int = 2) -> None:
        super().__init__(page_size=page_size)
        self._numbers = count(500)
        self.objects = {"me": {"id": PAGE, "name": PAGE_NAME}}
        self.lists = {f"{PAGE}/feed": [], f"{PAGE}/tagged": []}
        self.source = a_source(PAGE, platform="facebook")
        self.answer_post = self.comment_as_us

    @property
    def feed(self) -> list[Any]:
        return self.lists[f"{PAGE}/feed"]

    def post(self, text: str, *, at: str, author: dict[str, str] | None = None, edge: str = "feed") -> str:
        """A post, older than those that are there."""
        by = {"id": PAGE, "name": PAGE_NAME} if author is None else author
        number = next(self._numbers)
        post_id = f"{by.get('id', '77')}_{number}"
        post = {
            "id": post_id,
            "message": text,
            "created_time": at,
            "updated_time": at,
            "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{number}",
            "comments": {"data": [], "summary": {"total_count": 0}},
            **({"from": by} if by else {}),
        }
        self.lists[f"{PAGE}/{edge}"].append(post)
        self.objects[post_id] = post
        self.lists[f"{post_id}/comments"] = []
        return post_id

    def comment(
        self,
        post_id: str,
        text: str,
        *,
        at: str,
        author: dict[str, str] | None = None,
        parent: str = "",
        first: bool = True,
    ) -> str:
        """A comment, newer than those that are there unless not ``first``. Without a name for an ``author`` of {}."""
        by = {"id": "9001", "name": "Warga Satu"} if author is None else author
        number = post_id.partition("_")[2]
        comment_id = f"{number}_{next(self._numbers)}"
        comment: dict[str, Any] = {
            "id": comment_id,
            "message": text,
            "created_time": at,
            "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{number}?comment_id={comment_id.partition('_')[2]}",
            "like_count": 0,
            **({"from": by} if by else {}),
        }
        if parent:
            above = self.objects[parent]
            comment["parent"] = {"id": parent, **({"from": above["from"]} if "from" in above else {})}
        below = self.lists[f"{post_id}/comments"]
        below.insert(0 if first else len(below), comment)
        if parent:
            self.lists[f"{parent}/comments"].insert(0, comment)
        self.objects[comment_id] = comment
        self.lists[f"{comment_id}/comments"] = []
        self.moved(post_id, at)
        return comment_id

    def moved(self, post_id: str, at: str) -> None:
        post = self.objects[post_id]
        post["comments"]["summary"]["total_count"] = len(self.lists[f"{post_id}/comments"])
        post["updated_time"] = max(post["updated_time"], at)

    def comment_as_us(self, path: str, form: dict[str, str]) -> Reply:
        above = path.removesuffix("/comments")
        if above not in self.objects:
            return GONE
        comment_id = f"{above.partition('_')[0]}_{next(self._numbers)}"
        link = f"https://www.facebook.com/{PAGE}/posts/1?comment_id={comment_id}"
        said = {
            "id": comment_id,
            "message": form["message"],
            "created_time": stamp(NOW),
            "from": {"id": PAGE, "name": PAGE_NAME},
            "permalink_url": link,
        }
        self.lists[f"{above}/comments"].insert(0, said)
        return Reply(json={"id": comment_id, "permalink_url": link})


class World(Facebook):
    """Two posts with comments and answers, a visitor's post, and posts that tag the Page."""

    def __init__(self) -> None:
        super().__init__(page_size=3)
        self.expected: set[str] = set()
        hour = timedelta(hours=1)
        for number in range(2):
            self.last = self.post(f"Pengumuman {number}", at=stamp(NOW - 40 * hour - number * hour))
            self.expected.add(self.last)
            below = [
                self.comment(self.last, f"Air mati di blok {number}{n}", at=stamp(NOW - 30 * hour + n * hour))
                for n in range(3)
            ]
            answer = self.comment(self.last, "Sudah kami catat", at=stamp(NOW - 20 * hour), parent=below[0])
            self.expected |= {*below, answer}
        self.expected.add(self.post("Lampu padam", at=stamp(NOW - 50 * hour), author={"id": "9002", "name": "Warga"}))
        for number in range(2):
            at = stamp(NOW - number * hour)
            self.expected.add(self.post(f"@Dinas jalan rusak {number}", at=at, author={}, edge="tagged"))

    def add(self, text: str) -> str:
        return self.comment(self.last, text, at=self.later())


class Contract(Facebook):
    """A Page whose posts and comments, as they are read, say the given texts; one comment is broken."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(page_size=100)
        posts = [self.post(text, at=stamp(NOW - timedelta(hours=100 + n))) for n, text in enumerate(texts[:3])]
        rest = texts[3:]
        each = -(-len(rest) // len(posts))
        for number, post_id in enumerate(posts):
            for n, text in enumerate(rest[number * each : (number + 1) * each]):
                self.comment(post_id, text, at=stamp(NOW - timedelta(minutes=n)), first=False)
        self.lists[f"{posts[1]}/comments"].insert(150, {"message": "rusak", "created_time": stamp(NOW)})
        self.first = posts[0]

    def append(self, text: str) -> None:
        self.comment(self.first, text, at=self.later())

    def remove(self) -> None:
        del self.lists[f"{PAGE}/feed"]


def contract(texts: Sequence[str]) -> Contract:
    return Contract(texts)
