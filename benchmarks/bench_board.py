"""How the queue page and the API's lists keep up as the archive grows from ten thousand to a million mentions.

Set-up: 10,000 invented posts (`_posts.py`) go through the real pipeline (replay file, keyword classifier, ties) into
SQLite. The archive then grows by copies of those rows under new identities, a year apart, through the same triggers
and indexes; one in twenty of all mentions waits in the queue, so it grows with the archive. At each size the real app
answers 120 requests of each sort in this process (no network), in turn. What is reported: median and 95th
percentile in milliseconds, by the clock and of the processor, the growth of the latter's median from the smallest to
the largest size, and what share of its limit each page with one takes at the largest. Only that size's run is kept.
Run: ``python benchmarks/bench_board.py [LARGEST]``; a million mentions take some 3 GB of disk.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _result import save, show

sys.path.insert(0, str(Path(__file__).parents[1]))

from _archive import PASSWORD, USERNAME, fill
from fastapi.testclient import TestClient
from sqlalchemy import String, case, cast, func, insert, literal, select, text

from sahut import bootstrap
from sahut.core.model import MentionState
from storage.engine import engine_for
from storage.tables import mention

SIZES = (10_000, 100_000, 1_000_000)
REQUESTS = 120
PAGES = {
    "queue page": "/",
    "queue page, one topic": "/?topic=roads",
    "queue page, search": "/?q=banjir",
    "mention page": "/mentions/40",
    "ticket list": "/tickets",
    "check page": "/check",
    "API list, newest": "/api/v1/mentions?limit=50",
    "API list, the queue": "/api/v1/mentions?limit=50&order=pressing&state=flagged&folded=false",
    "API list, one kind": "/api/v1/mentions?limit=50&kind=complaint",
    "API list, search": "/api/v1/mentions?limit=50&q=banjir",
}


def grow(url: str, wanted: int) -> None:
    """Copies of the first rows until ``wanted`` mentions are stored; one row in twenty waits in the queue."""
    copied = [column for column in mention.c if column.name not in {"id", "native_id", "state", "first_id", "folded"}]
    engine = engine_for(url)
    state = case(
        (mention.c.id % 20 == 0, literal(MentionState.FLAGGED.value)),
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


# Milliseconds of processor time that 95 of 100 requests may take at the largest size.
LIMITS = {"queue page": 60, "queue page, one topic": 60, "queue page, search": 150, "API list, search": 150}


def measure(app: Any) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of every request, by name: by the clock, and of the processor."""
    client = TestClient(app)
    client.post("/api/v1/session", json={"username": USERNAME, "password": PASSWORD}).raise_for_status()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in PAGES}
    for turn in range(REQUESTS + 3):
        for name, path in PAGES.items():
            took = timed(lambda path=path: client.get(path).raise_for_status())
            if turn >= 3:
                found[name].append(took)
    return found


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of one call: by the clock, and of this process's processor time, which no busy neighbour changes."""
    began, spent = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - began) * 1e3, (time.process_time() - spent) * 1e3


def figures(requests: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Median and 95th percentile, by the clock and of the processor."""
    clock, spent = ([one[at] for one in requests] for at in (0, 1))
    return {
        "median": round(statistics.median(clock), 1),
        "p95": round(percentile(clock, 0.95), 1),
        "cpu_median": round(statistics.median(spent), 1),
        "cpu_p95": round(percentile(spent, 0.95), 1),
    }


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
        fill(made, folder, SIZES[0])
        app = bootstrap.web(settings, made)
        by_size: dict[int, dict[str, dict[str, float]]] = {}
        for size in sizes:
            grow(settings.store_url, size)
            by_size[size] = {page: figures(requests) for page, requests in measure(app).items()}
        database = sum(file.stat().st_size for file in (folder / "var").iterdir() if file.is_file()) / 1e6
    keep = save if sizes == list(SIZES) else show
    keep(
        "board",
        {
            "requests": REQUESTS,
            "database_mb": round(database),
            "milliseconds": {page: {f"{size}": by_size[size][page] for size in sizes} for page in PAGES},
            "growth": {
                page: round(by_size[sizes[-1]][page]["cpu_median"] / by_size[sizes[0]][page]["cpu_median"], 2)
                for page in PAGES
            },
            "of_the_limit": {
                page: round(by_size[sizes[-1]][page]["cpu_p95"] / limit, 2) for page, limit in LIMITS.items()
            },
            "limits_cpu_p95": LIMITS,
            "wanted_growth_below": 1.5,
        },
        packages=("sahut", "sqlalchemy", "fastapi"),
    )


if __name__ == "__main__":
    main()
