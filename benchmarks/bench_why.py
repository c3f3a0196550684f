"""What an explanation costs, and whether it is true: the marked words are left out, and as many words by lot.

On every post of the demonstration that the shipped model calls a complaint (probability one half or more). Run on an
idle machine for the times; the other figures do not depend on it.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from _result import save

from classifiers.onnx import OnnxClassifier
from classifiers.why import Occlusion
from sahut.core.model import Assessment

_POSTS = Path(__file__).parents[1] / "sahut" / "demo" / "posts.jsonl"
_DRAWS = 3

Stretch = tuple[int, int]


class Counting:
    """The classifier, counting the texts that it judges."""

    name = "counting"

    def __init__(self, classifier: OnnxClassifier) -> None:
        self.classifier = classifier
        self.model = classifier.model
        self.judged = 0

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        """As the classifier does."""
        self.judged += len(texts)
        return self.classifier.predict(texts)


def without(text: str, stretches: Sequence[Stretch]) -> str:
    """The text with each stretch taken out."""
    for start, end in sorted(stretches, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text


def only(text: str, stretches: Sequence[Stretch]) -> str:
    """Nothing but the stretches."""
    return " ".join(text[start:end] for start, end in sorted(stretches))


def interval(values: Sequence[float]) -> list[float]:
    """Mean, and its 95 % interval by bootstrap over posts."""
    draw = random.Random(1)
    means = sorted(fmean(draw.choices(values, k=len(values))) for _ in range(1000))
    return [round(number, 3) for number in (fmean(values), means[25], means[975])]


def main() -> None:
    """Measure and keep the result."""
    classifier = OnnxClassifier(threads=2)
    counting = Counting(classifier)
    explainer = Occlusion(counting)
    texts = [json.loads(line)["text"] for line in _POSTS.read_text(encoding="utf-8").splitlines()]
    begun = time.perf_counter()
    judged = classifier.predict(texts)
    judging = (time.perf_counter() - begun) / len(texts)
    flagged = [(text, said.complaint) for text, said in zip(texts, judged, strict=True) if said.complaint >= 0.5]
    runs: list[int] = []
    explaining = 0.0
    shares: list[float] = []
    drops: dict[str, list[float]] = {"marked": [], "by_lot": []}
    alone: dict[str, list[float]] = {"marked": [], "by_lot": []}
    below: dict[str, list[float]] = {"marked": [], "by_lot": []}
    for text, sure in flagged:
        counting.judged = 0
        begun = time.perf_counter()
        found = explainer.explain(text)
        explaining += time.perf_counter() - begun
        runs.append(counting.judged)
        marks = [(one.start, one.end) for one in found if one.weight > 0]
        words = [word.span() for word in re.finditer(r"\S+", text)]
        many = sum(any(a < end and start < b for a, b in marks) for start, end in words)
        shares.append(many / len(words))
        draw = random.Random(text)
        lots = [draw.sample(words, many) for _ in range(_DRAWS)]
        for name, some in (("marked", [marks]), ("by_lot", lots)):
            left = [said.complaint for said in classifier.predict([without(text, one) for one in some])]
            drops[name].append(sure - fmean(left))
            below[name].append(fmean(chance < 0.5 for chance in left))
            alone[name].append(fmean(said.complaint for said in classifier.predict([only(text, one) for one in some])))
    save(
        "why",
        {
            "posts": len(flagged),
            "model": classifier.model,
            "judgements_a_post": {"mean": round(fmean(runs), 1), "most": max(runs)},
            "seconds_a_post": {"judging": round(judging, 4), "explaining": round(explaining / len(flagged), 4)},
            "share_of_words_marked": round(fmean(shares), 3),
            "fall_of_the_probability_without_them": {name: interval(values) for name, values in drops.items()},
            "share_of_posts_then_below_one_half": {name: interval(values) for name, values in below.items()},
            "probability_of_them_alone": {name: interval(values) for name, values in alone.items()},
        },
        packages=("onnxruntime",),
    )


if __name__ == "__main__":
    main()
