"""Working twins of the ports: small, real, and scripted fluently."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Event
from typing import Any

from sahut.core.model import Assessment, Batch, DeadItem, Kind, Mention, Source
from tests.builders import an_assessment


class FakeCollector:
    """Gives scripted pages; an exception among them is raised where it stands. Its cursor counts pages."""

    platform = "replay"

    def __init__(self) -> None:
        self.pages: list[tuple[int, Batch | Exception]] = []
        self.calls = 0

    def page(self, *mentions: Mention, dead: Sequence[DeadItem] = (), **over: Any) -> "FakeCollector":
        """Add a page; its cursor says how many pages were read."""
        number = self._last() + 1
        batch = Batch(mentions=list(mentions), dead=list(dead), seen=len(mentions) + len(dead), cursor={"page": number})
        self.pages.append((number, replace(batch, **over)))
        return self

    def then_raise(self, error: Exception) -> "FakeCollector":
        """Fail here once; the next reading goes on after it."""
        self.pages.append((self._last(), error))
        return self

    def _last(self) -> int:
        return self.pages[-1][0] if self.pages else 0

    def collect(self, source: Source, *, now: datetime) -> Iterator[Batch]:
        self.calls += 1
        for entry in list(self.pages):
            number, page = entry
            if isinstance(page, Exception):
                self.pages.remove(entry)
                raise page
            if number > source.cursor.get("page", 0):
                yield page

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        if "text" not in raw:
            raise ValueError("still no text")
        return Mention(platform="replay", native_id=raw["id"], text=raw["text"], collected_at=now)


class FakeClassifier:
    """Calls a text a complaint when it holds a word of complaint; may be told to fail on a word."""

    name = "fake"
    model = "fake@1"

    def __init__(self) -> None:
        self.complaint_words = ("padam", "rusak", "lubang", "mati")
        self.poison = ""
        self.before: Callable[[], None] = lambda: None
        self.seen: list[str] = []

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        self.before()
        self.seen += texts
        if self.poison and any(self.poison in text for text in texts):
            raise ValueError(f"cannot read {self.poison!r}")
        return [self._one(text.casefold()) for text in texts]

    def _one(self, text: str) -> Assessment:
        complaint = any(word in text for word in self.complaint_words)
        return an_assessment(Kind.COMPLAINT if complaint else Kind.OTHER, urgent=0.9 if "darurat" in text else 0.0)


class FakeQueue:
    """Remembers rings, each (job, key) once until it is taken."""

    def __init__(self) -> None:
        self.rings: dict[tuple[str, str], Mapping[str, int | str]] = {}

    def ring(self, job: str, *, key: str = "", args: Mapping[str, int | str] | None = None) -> None:
        self.rings.setdefault((job, key), dict(args or {}))

    def work(self, stop: Event) -> None:
        stop.wait()

    def close(self) -> None:
        self.rings.clear()
