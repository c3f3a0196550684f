"""How fast the shipped classifier judges posts, against `transformers.pipeline` and the raw runtime, in one run.

Set-up: the same posts for all, in random order, with the length distribution of what Sahut harvests: the labelled mix
where it lies beside the project, else the demonstration's posts. Two threads each.

* ours: ``OnnxClassifier.predict`` of the shipped int8 model, from text to assessments;
* the raw runtime: ``InferenceSession.run`` of the same graph on token ids made beforehand, sorted by length, one post a
  run on two threads (the graph's scales are per run, so a batch would change its answers), and batches of 16 for
  comparison;
* the pipeline: ``transformers.pipeline("text-classification")``, torch, fp32, batches of 32, of a network of the same
  shape and vocabulary (speed does not depend on what the weights are). It needs torch (extra ``train``) and is left
  out without it.

Arithmetic: a token costs 2 operations a parameter of the layers (21.3 M) and attention 4 · length · hidden a layer; the
machine's peak is taken from a matrix product in fp32 (numpy, two threads), so a share above 1 is int8's doing.
Run: ``python benchmarks/bench_classifier.py [POSTS]``.
"""

from __future__ import annotations

import csv
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from _result import save

sys.path.insert(0, str(Path(__file__).parents[1]))

from classifiers._text import clean

ROOT = Path(__file__).parents[1]
MIX = ROOT.parent / "shared" / "data" / "mix" / "mix.csv"
DEMO = ROOT / "sahut" / "demo" / "posts.jsonl"
THREADS, ROUNDS = 2, 3
LAYERS, HIDDEN, INNER = 12, 384, 1536


def texts(count: int) -> tuple[str, list[str]]:
    """Where the posts come from, and ``count`` of them."""
    if MIX.exists():
        with MIX.open(encoding="utf-8", newline="") as table:
            found = [row["text"] for row in csv.DictReader(table)]
    else:
        found = [str(json.loads(line)["text"]) for line in DEMO.read_text(encoding="utf-8").splitlines()]
    random.Random(1).shuffle(found)
    return ("labelled mix" if MIX.exists() else "demonstration"), found[:count]


def rate(work: Callable[[], object], count: int) -> float:
    """Posts per second, the best of the rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        best = max(best, count / (time.perf_counter() - began))
    return best


def memory_mb() -> float:
    """Peak resident memory of this process, megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def raw(classifier: Any, posts: Sequence[str]) -> tuple[float, float, list[int]]:
    """Posts per second of the graph alone, one post a run and sixteen; and the lengths in tokens."""
    card = classifier.card
    encoded = classifier._tokenizer(  # noqa: SLF001 -- to measure what is around it
        [card.prefix + clean(post) for post in posts], truncation=True, max_length=card.max_tokens
    )["input_ids"]
    order = sorted(encoded, key=len)
    session = classifier._session  # noqa: SLF001 -- as above
    heads = ("kind", "sentiment", "topic", "urgent")

    def run(some: Sequence[list[int]]) -> None:
        longest = max(map(len, some))
        ids = np.array([one + [1] * (longest - len(one)) for one in some], dtype=np.int64)
        session.run(heads, {"input_ids": ids, "attention_mask": (ids != 1).astype(np.int64)})

    def all_of(size: int) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(run, [order[start : start + size] for start in range(0, len(order), size)]))

    return rate(lambda: all_of(1), len(posts)), rate(lambda: all_of(16), len(posts)), [len(one) for one in encoded]


def pipeline_rate(posts: Sequence[str]) -> float | None:
    """Posts per second of the library's own pipeline; None without torch."""
    try:
        import torch  # noqa: PLC0415 -- an extra
    except ImportError:
        return None
    from transformers import (  # noqa: PLC0415 -- needs torch
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    torch.set_num_threads(THREADS)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(str(ROOT / "classifiers" / "model"), model_max_length=128)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=12,
        intermediate_size=INNER,
        num_labels=6,
    )
    judge = pipeline(
        "text-classification", model=BertForSequenceClassification(config).eval(), tokenizer=tokenizer, device="cpu"
    )
    some = list(posts[: max(64, len(posts) // 4)])
    return rate(lambda: judge(some, batch_size=32, truncation=True, max_length=128), len(some))


def operations(lengths: Sequence[int]) -> float:
    """Floating-point operations of a post, on average."""
    layer = 2 * (4 * HIDDEN * HIDDEN + 2 * HIDDEN * INNER)
    return float(np.mean([LAYERS * length * (layer + 4 * length * HIDDEN) for length in lengths]))


def peak() -> float:
    """Operations per second of a large fp32 matrix product on this machine."""
    left = np.random.default_rng(1).random((1536, 1536), dtype=np.float32)
    return rate(lambda: left @ left, 1) * 2 * 1536**3


def main() -> None:
    """Measure and keep the result."""
    source, posts = texts(int(sys.argv[1]) if len(sys.argv) > 1 else 1_500)
    before = memory_mb()
    began = time.perf_counter()
    from classifiers.onnx import OnnxClassifier  # noqa: PLC0415 -- its import is part of loading

    classifier = OnnxClassifier(threads=THREADS)
    loaded = time.perf_counter() - began
    ours = rate(lambda: classifier.predict(posts), len(posts))
    memory = memory_mb() - before
    alone, batched, lengths = raw(classifier, posts)
    theirs = pipeline_rate(posts)
    work = operations(lengths)
    top = peak()
    folder = sum(file.stat().st_size for file in (ROOT / "classifiers" / "model").iterdir()) / 1e6
    save(
        "classifier",
        {
            "posts": len(posts),
            "source": source,
            "tokens_median": int(np.median(lengths)),
            "load_s": round(loaded, 2),
            "adds_mb_of_memory": round(memory),
            "model_folder_mb": round(folder, 1),
            "ours_posts_per_s": round(ours, 1),
            "raw_posts_per_s": {"one a run": round(alone, 1), "sixteen a run": round(batched, 1)},
            "share_of_raw": {"one a run": round(ours / alone, 2), "sixteen a run": round(ours / batched, 2)},
            "pipeline_posts_per_s": None if theirs is None else round(theirs, 1),
            "ratio_to_pipeline": None if theirs is None else round(ours / theirs, 1),
            "gigaflop_per_post": round(work / 1e9, 2),
            "fp32_peak_gigaflop_per_s": round(top / 1e9),
            "share_of_fp32_peak": round(ours * work / top, 2),
            "wanted": {"ratio_to_pipeline": 3, "share_of_raw": 0.85, "load_s": 2, "memory_mb": 350, "folder_mb": 45},
        },
        packages=("sahut", "onnxruntime", "transformers", "torch"),
    )


if __name__ == "__main__":
    main()
