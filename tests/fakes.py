"""Working twins of slow or distant parts: small, real, and with a word for each way in which they may fail."""

from __future__ import annotations

from collections.abc import Sequence

from sahut.core.errors import ClassifierError
from sahut.core.model import Assessment, Kind, Sentiment, Topic


class FakeClassifier:
    """Judges by one word: "rusak" complains, "berita" is news, all else is other.

    ``choking_on(word)`` makes it raise on texts with that word; ``broken()`` makes it refuse everything.
    """

    name = "fake"
    model = "fake-1"

    def __init__(self) -> None:
        self.batches: list[int] = []
        self._chokes_on: str | None = None
        self._broken = False

    def choking_on(self, word: str) -> FakeClassifier:
        self._chokes_on = word
        return self

    def broken(self) -> FakeClassifier:
        self._broken = True
        return self

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        if self._broken:
            raise ClassifierError("the model's file is damaged")
        if self._chokes_on and any(self._chokes_on in text for text in texts):
            raise ValueError(f"cannot digest '{self._chokes_on}'")
        self.batches.append(len(texts))
        return [self._judge(text) for text in texts]

    def _judge(self, text: str) -> Assessment:
        kind = Kind.COMPLAINT if "rusak" in text else Kind.NEWS if "berita" in text else Kind.OTHER
        return Assessment(
            kinds={k: 0.9 if k is kind else 0.02 for k in Kind},
            sentiments={Sentiment.NEGATIVE: 0.8, Sentiment.NEUTRAL: 0.1, Sentiment.POSITIVE: 0.1},
            topics={t: 0.82 if t is Topic.ROADS else 0.01 for t in Topic},
            urgent=0.1,
            model=self.model,
        )
