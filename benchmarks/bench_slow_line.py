"""What the queue weighs over the wire, and when it can be read on a line of the second generation (2G).

Set-up: 2,000 invented posts (`_posts.py`) go through the real pipeline into SQLite; the real app answers from a server
process' port to Debian's Chromium, which Playwright slows down to 250 kbit/s each way with 400 ms of delay. Measured at
a first visit (nothing kept) and at the next one: bytes received, headers included; the browser's own first contentful
paint; and the time until the first row of the queue is in the page, painted or not. Medians of five visits each.
Run: ``python benchmarks/bench_slow_line.py``, in a minute or two.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from _result import save

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
import uvicorn
from _archive import PASSWORD, USERNAME, fill
from playwright.sync_api import BrowserContext, Page, sync_playwright

from sahut import bootstrap

POSTS = 2_000
VISITS = 5
LINE = {"offline": False, "latency": 400, "downloadThroughput": 250_000 / 8, "uploadThroughput": 250_000 / 8}
WANTED = {"first_view_bytes": 70_000, "next_view_bytes": 15_000, "first_paint_seconds": 4.0}


def visit(page: Page, address: str) -> dict[str, float]:
    """Open the queue on the slow line: bytes, seconds until the first paint and until the first row is in the page."""
    line = page.context.new_cdp_session(page)
    received = 0.0

    def count(event: dict[str, Any]) -> None:
        nonlocal received
        received += event["encodedDataLength"]

    line.on("Network.loadingFinished", count)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    began = time.perf_counter()
    page.goto(address, wait_until="commit", timeout=60_000)
    page.locator("main article, main li, main tr").first.wait_for(timeout=60_000)
    row = time.perf_counter() - began
    page.wait_for_load_state("networkidle")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1e3
    line.detach()
    return {"bytes": received, "first_paint_seconds": paint, "first_row_in_page_seconds": row}


def visits(context: BrowserContext, address: str) -> tuple[dict[str, float], dict[str, float]]:
    """The first visit of a browser that has kept nothing, and the next."""
    first = context.new_page()
    cold = visit(first, address)
    first.close()
    again = context.new_page()
    warm = visit(again, address)
    again.close()
    return cold, warm


def middle(found: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    return {name: round(statistics.median(one[name] for one in found), 2) for name in found[0]}


def main() -> None:
    """Measure both visits and keep the result."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"SAHUT_VAR_DIR": str(folder / "var"), "SAHUT_MODEL": "keywords"}
        settings = bootstrap.settings()
        bootstrap.migrate(settings)
        made = bootstrap.parts(settings)
        fill(made, folder, POSTS)
        server = uvicorn.Server(uvicorn.Config(bootstrap.web(settings, made), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        address = f"http://127.0.0.1:{port}/"
        said = httpx.post(f"{address}api/v1/session", json={"username": USERNAME, "password": PASSWORD})
        said.raise_for_status()
        cookies: Any = [{"name": key, "value": value, "url": address} for key, value in said.cookies.items()]
        found = []
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
            )
            for _ in range(VISITS):
                context = browser.new_context()
                context.add_cookies(cookies)
                found.append(visits(context, address))
                context.close()
            version = browser.version
            browser.close()
        server.should_exit = True
        thread.join()
    save(
        "slow_line",
        {
            "browser": f"Chromium {version}",
            "line": "250 kbit/s, 400 ms",
            "first_visit": middle([cold for cold, _ in found]),
            "next_visit": middle([warm for _, warm in found]),
            "wanted_at_most": WANTED,
        },
        packages=("sahut", "playwright"),
    )


if __name__ == "__main__":
    main()
