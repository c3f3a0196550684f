"""Working twins of slow or distant parts: small, real, and with a word for each way in which they may fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Event, Lock
from typing import Any

from sahut.core.errors import ClassifierError
from sahut.core.model import (
    Access,
    Assessment,
    Batch,
    Capability,
    DeadItem,
    Guide,
    Kind,
    Mention,
    ReplyRules,
    Sentiment,
    SentReply,
    Source,
    Topic,
)
from sahut.core.outbox import Means


class FakeClassifier:
    """Judges by one word: one of ``complaint_words`` complains, "berita" is news, all else is other.

    "darurat" is urgent.
    ``choking_on(word)`` makes it raise on texts with that word; ``broken()`` makes it refuse everything.
    ``before`` is called when a batch arrives, as a slow model gives others time to act.
    """

    name = "fake"
    model = "fake-1"

    def __init__(self) -> None:
        self.complaint_words = ("rusak", "padam", "mati", "lubang")
        self.batches: list[int] = []
        self.before: Callable[[], object] = lambda: None
        self._chokes_on: str | None = None
        self._error: type[Exception] = ValueError
        self._broken = False

    def choking_on(self, word: str, error: type[Exception] = ValueError) -> FakeClassifier:
        self._chokes_on, self._error = word, error
        return self

    def broken(self) -> FakeClassifier:
        self._broken = True
        return self

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        self.before()
        if self._broken:
            raise ClassifierError("the model's file is damaged")
        if self._chokes_on and any(self._chokes_on in text for text in texts):
            raise self._error(f"cannot digest '{self._chokes_on}'")
        self.batches.append(len(texts))
        return [self._judge(text) for text in texts]

    def _judge(self, text: str) -> Assessment:
        text = text.casefold()
        kind = (
            Kind.COMPLAINT
            if any(word in text for word in self.complaint_words)
            else Kind.NEWS
            if "berita" in text
            else Kind.OTHER
        )
        return Assessment(
            kinds={k: 0.9 if k is kind else 0.02 for k in Kind},
            sentiments={Sentiment.NEGATIVE: 0.8, Sentiment.NEUTRAL: 0.1, Sentiment.POSITIVE: 0.1},
            topics={t: 0.82 if t is Topic.ROADS else 0.01 for t in Topic},
            urgent=0.9 if "darurat" in text else 0.1,
            model=self.model,
        )


class FakeCollector:
    """Gives scripted pages; an error among them is raised once, where it stands. Its cursor counts pages."""

    platform = "replay"
    guide: Guide | None = None

    def __init__(self) -> None:
        self._script: list[Batch | Exception] = []

    def page(self, *mentions: Mention, dead: Sequence[DeadItem] = (), **over: Any) -> FakeCollector:
        number = sum(isinstance(step, Batch) for step in self._script) + 1
        batch = Batch(mentions=list(mentions), dead=list(dead), seen=len(mentions) + len(dead), cursor={"page": number})
        self._script.append(replace(batch, **over))
        return self

    def then_raise(self, error: Exception) -> FakeCollector:
        self._script.append(error)
        return self

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        done = source.cursor.get("page", 0)
        for step in list(self._script):
            if isinstance(step, Exception):
                self._script.remove(step)
                raise step
            if step.cursor.get("page", done + 1) > done:
                yield step

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        if "text" not in raw:
            raise ValueError("still no text")
        return Mention(platform="replay", native_id=raw["id"], text=raw["text"], collected_at=now)


class FakeReplier:
    """A platform of one dictionary, `stands`: what it posted, by native id.

    ``then_raise(error)`` raises it at the next reply; ``arriving`` lets the post stand there all the same, as when an
    answer is lost on its way back. ``blind(error)`` makes looking for a reply fail. ``before`` is called when a reply
    arrives; ``held`` says that what it takes is shown to nobody yet. A text may have ``limit`` characters; a link costs
    money.
    """

    platform = "replay"

    def __init__(self, *, capability: Capability = Capability.API, limit: int = 280, by_key: bool = False) -> None:
        self.stands: dict[str, tuple[str, str]] = {}
        self.calls = 0
        self.held = False
        self.before: Callable[[], object] = lambda: None
        self._capability = capability
        self._limit = limit
        self._by_key: dict[str, str] | None = {} if by_key else None
        self._errors: list[tuple[Exception, bool]] = []
        self._blind: Exception | None = None
        self._lock = Lock()

    def then_raise(self, error: Exception, *, arriving: bool = False) -> FakeReplier:
        self._errors.append((error, arriving))
        return self

    def blind(self, error: Exception | None) -> FakeReplier:
        self._blind = error
        return self

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        return self._capability

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:
        return ReplyRules(used=len(text), limit=self._limit, cost_usd=0.2 if "https://" in text else 0.0)

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:
        self.before()
        with self._lock:
            self.calls += 1
            error, arriving = self._errors.pop(0) if self._errors else (None, True)
            if self._by_key is not None and key in self._by_key:
                return SentReply(native_id=self._by_key[key], sent_at=now)
            native_id = f"r{len(self.stands) + 1}"
            if arriving:
                self.stands[native_id] = (mention.native_id, text)
                if self._by_key is not None:
                    self._by_key[key] = native_id
            if error is not None:
                raise error
            return SentReply(
                native_id=native_id, permalink=f"https://a.example/{native_id}", sent_at=now, held=self.held
            )

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        if self._blind is not None:
            raise self._blind
        for native_id, said in self.stands.items():
            if said == (mention.native_id, text):
                return SentReply(native_id=native_id, permalink=f"https://a.example/{native_id}")
        return None

    def beneath(self, mention: Mention, above: SentReply) -> Mention:
        return replace(mention, native_id=above.native_id, permalink=above.permalink, parent=mention.native_id)

    def means(self) -> Means:
        return Means(replier_for=lambda platform: self, access_for=lambda source_id: Access(name="akun"))


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
