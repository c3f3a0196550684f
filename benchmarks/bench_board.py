"""How the queue page and the API's lists keep up as the archive grows from ten thousand to a million mentions.

Set-up: 10,000 invented posts (`_posts.py`) go through the real pipeline (replay file, keyword classifier, ties) into
SQLite. The archive then grows by copies of those rows under new identities, a year apart, through the same triggers
and indexes; one in fifty of all mentions waits in the queue, so the queue grows with the archive. At each size the real
app answers 120 requests of each sort in this process (no network), in turn. What is reported: median and 95th
percentile in milliseconds, and the growth of the median from the smallest to the largest size.
Run: ``python benchmarks/bench_board.py [LARGEST]``; a million mentions take some 3 GB of disk.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _posts import posts
from _result import save

sys.path.insert(0, str(Path(__file__).parents[1]))

from fastapi.testclient import TestClient
from sqlalchemy import String, case, cast, func, insert, literal, select, text

from sahut import bootstrap, jobs
from sahut.core import collecting
from sahut.core.model import MentionState, Role, SourceDraft
from storage.engine import engine_for
from storage.tables import mention
from triage_api.auth import hash_password

SIZES = (10_000, 100_000, 1_000_000)
REQUESTS = 120
PASSWORD = "jalan mulus 2026"
PAGES = {
    "queue page": "/",
    "queue page, one topic": "/?topic=roads",
    "API list, newest": "/api/v1/mentions?limit=50",
    "API list, the queue": "/api/v1/mentions?limit=50&order=pressing&state=flagged&folded=false",
    "API list, one kind": "/api/v1/mentions?limit=50&kind=complaint",
    "API list, search": "/api/v1/mentions?limit=50&q=banjir",
}


def first(made: jobs.Parts, folder: Path) -> None:
    """The smallest archive, by the real pipeline."""
    file = folder / "posts.jsonl"
    distinct = {post["id"]: post for post in posts(SIZES[0] * 2)}
    file.write_text("".join(json.dumps(post) + "\n" for post in list(distinct.values())[: SIZES[0]]), encoding="utf-8")
    with made.store.begin() as tx:
        source = tx.sources.add(SourceDraft(platform="replay", name="bench", address=str(file)), datetime.now(UTC))
        tx.accounts.add_user(
            username="bench",
            name="Bench",
            role=Role.TRIAGE,
            password_hash=hash_password(PASSWORD),
            must_change=False,
            now=made.clock(),
        )
    collecting.collect(source.id, store=made.store, collector_for=made.collector_for, clock=made.clock)
    jobs.assess(made)


def grow(url: str, wanted: int) -> None:
    """Copies of the first rows until ``wanted`` mentions are stored; one flagged row in fifty stays in the queue."""
    copied = [column for column in mention.c if column.name not in {"id", "native_id", "state", "first_id", "folded"}]
    engine = engine_for(url)
    state = case(
        (mention.c.id % 50 == 0, literal(MentionState.FLAGGED.value)),
        (mention.c.state == MentionState.FLAGGED, literal(MentionState.DISMISSED.value)),
        else_=mention.c.state,
    )
    with engine.connect() as connection:
        stored = connection.execute(select(func.count()).select_from(mention)).scalar_one()
    while stored < wanted:
        some = min(SIZES[0], wanted - stored)
        rows = (
            select(*copied, mention.c.native_id + literal("-") + cast(literal(stored), String), state, literal(False))
            .where(mention.c.id <= SIZES[0])
            .order_by(mention.c.id)
            .limit(some)
        )
        with engine.begin() as connection:
            names = [*(column.name for column in copied), "native_id", "state", "folded"]
            connection.execute(insert(mention).from_select(names, rows))
        stored += some
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    engine.dispose()


def measure(app: Any) -> dict[str, list[float]]:
    """Milliseconds of every request, by name."""
    client = TestClient(app)
    client.post("/api/v1/session", json={"username": "bench", "password": PASSWORD}).raise_for_status()
    found: dict[str, list[float]] = {name: [] for name in PAGES}
    for turn in range(REQUESTS + 3):
        for name, path in PAGES.items():
            took = timed(lambda path=path: client.get(path).raise_for_status())
            if turn >= 3:
                found[name].append(took)
    return found


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    """Measure every size and keep the result."""
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    sizes = [size for size in SIZES if size <= largest]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"SAHUT_VAR_DIR": str(folder / "var"), "SAHUT_MODEL": "keywords"}
        settings = bootstrap.settings()
        bootstrap.migrate(settings)
        made = bootstrap.parts(settings)
        first(made, folder)
        app = bootstrap.web(settings, made)
        by_size: dict[int, dict[str, list[float]]] = {}
        for size in sizes:
            grow(settings.store_url, size)
            by_size[size] = measure(app)
        database = sum(file.stat().st_size for file in (folder / "var").iterdir() if file.is_file()) / 1e6
    save(
        "board",
        {
            "requests": REQUESTS,
            "database_mb": round(database),
            "milliseconds": {
                page: {
                    f"{size}": {
                        "median": round(statistics.median(by_size[size][page]), 1),
                        "p95": round(percentile(by_size[size][page], 0.95), 1),
                    }
                    for size in sizes
                }
                for page in PAGES
            },
            "growth": {
                page: round(statistics.median(by_size[sizes[-1]][page]) / statistics.median(by_size[sizes[0]][page]), 2)
                for page in PAGES
            },
            "wanted_growth_below": 1.5,
        },
        packages=("sahut", "sqlalchemy", "fastapi"),
    )


if __name__ == "__main__":
    main()
