"""How much of feedparser's own rate `collectors.feeds.parse` keeps.

Set-up: distinct invented RSS documents of 200 items, about 3 kB each, read by both in turn in one process; CPU time,
median of the rounds. feedparser runs as it comes (it sanitises and resolves); `parse` cleans, dates and identifies.
Run: ``python benchmarks/bench_feeds.py``.
"""

from __future__ import annotations

import io
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import feedparser

sys.path.insert(0, str(Path(__file__).parents[1]))

from collectors.feeds import parse

ITEMS, ROUNDS = 200, 5
WORDS = "Jalan di depan pasar rusak parah dan lampu padam sejak pekan lalu; warga meminta perbaikan. "


def document(seed: int) -> bytes:
    """An invented feed of 200 items, about 600 kB."""
    items = "".join(
        f"<item><title>Laporan {seed}-{i}</title><link>https://warta.example/{seed}/{i}</link>"
        f"<guid>https://warta.example/{seed}/{i}</guid><pubDate>Selasa, 24 November 2026 10:{i % 60:02} WIB</pubDate>"
        f"<description><![CDATA[<p>{WORDS * 15}</p><p><a href='/x'>lagi</a> {WORDS * 15}</p>]]></description></item>"
        for i in range(ITEMS)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Warta</title>{items}</channel></rss>'.encode()


def rate(read: Callable[[bytes], int], documents: list[bytes]) -> float:
    """Items per CPU second: the median over the documents."""
    rates = []
    for body in documents:
        start = time.process_time()
        assert read(body) == ITEMS
        rates.append(ITEMS / (time.process_time() - start))
    return statistics.median(rates)


def ours(body: bytes) -> int:
    """Everything after the network."""
    return len(
        parse(
            body, url="https://warta.example/rss", content_type="application/rss+xml", fetched_at=datetime.now(UTC)
        ).mentions
    )


def bare(body: bytes) -> int:
    """Feedparser with its defaults."""
    return len(feedparser.parse(io.BytesIO(body)).entries)


def main() -> None:
    """Print the result as JSON."""
    documents = [document(seed) for seed in range(ROUNDS)]
    theirs, mine = rate(bare, documents), rate(ours, documents)
    result = {
        "bench": "feeds",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "feedparser_entries_per_cpu_s": round(theirs),
        "parse_entries_per_cpu_s": round(mine),
        "ratio": round(mine / theirs, 2),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
