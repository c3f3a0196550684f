"""End to end: how much of the classifier's own rate is left when posts are read, stored, judged, flagged and tied.

Set-up: 2,000 invented posts (`_posts.py`). In one process, in turn: `predict` alone on the same texts in batches of the
pipeline's size; then `collecting.collect` of a replay file into an empty SQLite database and `pipeline.assess`, which
reads place and language too as the service does, until nothing waits. The classifier is the shipped one with its
default threads. Five rounds, and the median of their ratios, since a shared machine's rate moves by a fifth within a
minute. Run: ``python benchmarks/bench_end_to_end.py``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from _posts import posts
from _result import save

sys.path.insert(0, str(Path(__file__).parents[1]))

from sahut import bootstrap
from sahut.core import collecting, pipeline
from sahut.core.model import SourceDraft
from sahut.core.ports import Classifier

POSTS, ROUNDS = 2_000, 5


def alone(classifier: Classifier, texts: list[str]) -> float:
    """Seconds of the classifier by itself."""
    began = time.perf_counter()
    for start in range(0, len(texts), pipeline.ASSESS_BATCH):
        classifier.predict(texts[start : start + pipeline.ASSESS_BATCH])
    return time.perf_counter() - began


def whole(classifier: Classifier, file: Path, folder: Path) -> tuple[float, float, int]:
    """Seconds of reading and storing, seconds of judging, and how many were judged."""
    os.environ["SAHUT_VAR_DIR"] = str(folder)
    settings = bootstrap.settings()
    bootstrap.migrate(settings)
    made = bootstrap.parts(settings)
    annotator = made.annotator()  # its lists are in memory from here on, as the model is
    with made.store.begin() as tx:
        source = tx.sources.add(SourceDraft(platform="replay", name="bench", address=str(file)), datetime.now(UTC))
    began = time.perf_counter()
    collecting.collect(source.id, store=made.store, collector_for=made.collector_for, clock=made.clock)
    collected = time.perf_counter()
    judged = 0
    while report := pipeline.assess(
        store=made.store, classifier=classifier, annotator=annotator, policy=made.policy, clock=made.clock
    ):
        judged += report.claimed
    return collected - began, time.perf_counter() - collected, judged


def main() -> None:
    """Measure and keep the result."""
    classifier = bootstrap.classifier(bootstrap.settings())
    rates: list[float] = []
    wholes: list[float] = []
    readings: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "posts.jsonl"
            # Each identity once: an edit would be judged twice here and once there.
            distinct = list({post["id"]: post for post in posts(POSTS)}.values())
            file.write_text("".join(json.dumps(post) + "\n" for post in distinct), encoding="utf-8")
            texts = [str(post["text"]) for post in distinct]
            rates.append(len(texts) / alone(classifier, texts))
            reading, judging, judged = whole(classifier, file, Path(name) / "var")
            wholes.append(judged / (reading + judging))
            readings.append(reading / (reading + judging))
    ratios = [one / rate for one, rate in zip(wholes, rates, strict=True)]
    save(
        "end_to_end",
        {
            "posts": POSTS,
            "classifier_posts_per_s": round(median(rates), 1),
            "end_to_end_posts_per_s": round(median(wholes), 1),
            "share_of_reading": round(median(readings), 3),
            "ratio": round(median(ratios), 3),
            "ratios": [round(one, 3) for one in ratios],
            "wanted_ratio": 0.8,
        },
        packages=("sahut", "onnxruntime"),
    )


if __name__ == "__main__":
    main()
