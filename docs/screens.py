# ruff: noqa: INP001 - a script, not importable
"""Pictures of every page of the board and of an evaluation's report, all of the demonstration: `make screens`.

Starts the service's own parts on a database of its own in a temporary folder, reads and judges the demonstration, and
drives the system's Chromium over the pages at two widths and in both themes. Pictures go to docs/screens/, or to the
folder given as argument, with 96 colours each: a quarter of the bytes, and no difference that an eye sees.
"""

from __future__ import annotations

import io
import json
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

from sahut import bootstrap, demo, jobs, workshop
from sahut.cli.output import progress
from sahut.core import collecting, pipeline
from sahut.core.model import MentionFilter, MentionOrder, MentionState, Role
from triage_api.auth import hash_password

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from sahut.jobs import Parts

_PASSWORD = "gambar untuk panduan"  # noqa: S105 - of an account in a folder that is deleted again
_WIDTHS = {"1280": (1280, 900), "360": (360, 740)}
_THEMES = ("light", "dark")
_EXPLAINED = 12
_COLOURS = 96


def _prepare(folder: Path) -> Parts:
    os.environ["SAHUT_VAR_DIR"] = str(folder)
    settings = bootstrap.settings()
    bootstrap.migrate(settings)
    parts = bootstrap.parts(settings)
    bootstrap.load_demo(parts)
    with parts.store.read() as tx:
        sources = tx.sources.all()
    for source in sources:
        collecting.collect(source.id, store=parts.store, collector_for=parts.collector_for, clock=parts.clock)
    jobs.assess(parts)
    # A few: each takes as many judgements as its text has words.
    for _ in range(_EXPLAINED):
        pipeline.explain(store=parts.store, explainer=parts.explainer(), clock=parts.clock)
    with parts.store.begin() as tx:
        tx.accounts.add_user(
            username="sari",
            name="Sari Wulandari",
            role=Role.ADMIN,
            password_hash=hash_password(_PASSWORD),
            must_change=False,
            now=parts.clock(),
        )
        for role in ("web", "worker", "scheduler"):
            tx.operations.beat(role, "docs", parts.clock())
    return parts


def _serve(parts: Parts) -> tuple[uvicorn.Server, str]:
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    app = bootstrap.web(bootstrap.settings(), parts)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return server, f"http://127.0.0.1:{door.getsockname()[1]}"


def _pages(parts: Parts, page: Page, base: str) -> dict[str, str]:
    """What to take pictures of. Makes one ticket on the way, as a person would."""
    waiting = MentionFilter(states=(MentionState.FLAGGED,), folded=False)
    with parts.store.read() as tx:
        found = tx.mentions.page(waiting, order=MentionOrder.PRESSING, limit=60).items
    alone = found[0]
    grouped = next((one for one in found if one.similar), found[1])
    page.goto(f"{base}/tickets/new?pick={alone.id}")
    page.get_by_label("Tempat").fill("Jalan Melati, RT 03/RW 05, Kelurahan Sukamaju")
    page.get_by_role("button", name="Buat tiket").click()
    ticket = page.url.partition("?")[0]
    page.get_by_role("button", name="Dikerjakan").click()
    return {
        "antrean": "/",
        "sebutan": f"/mentions/{grouped.id}",
        "jadikan-tiket": f"/tickets/new?pick={grouped.id}",
        "gabung": f"/mentions/merge?pick={grouped.id}",
        "tiket": ticket.removeprefix(base),
        "daftar-tiket": "/tickets",
        "gabung-tiket": f"{ticket.removeprefix(base)}/merge",
        "cek": "/check",
        "pandangan": "/views",
        "keputusan": "/decisions/mine",
        "balasan": "/replies",
        "sumber": "/sources",
        "tambah-sumber": "/sources/new",
        "formulir-sumber": "/sources/new/mastodon",
        "laporan-pengumpulan": "/sources/report",
        "impor": "/imports",
        "kredensial": "/credentials",
        "kredensial-baru": "/credentials/new/mastodon",
        "akun": "/account",
        "langkah-kedua": "/account/second-factor",
        "staf": "/users",
        "peran": "/roles",
        "kunci": "/tokens",
        "data-seseorang": "/persons",
        "audit": "/audit",
        "kata-sandi": "/password",
        "tidak-ditemukan": "/mentions/999999999",
    }


def _shoot(page: Page, path: Path) -> None:
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    taken.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _take(browser: Browser, parts: Parts, base: str, target: Path) -> None:
    pages: dict[str, str] = {}
    for width, (across, down) in _WIDTHS.items():
        for theme in _THEMES:
            context = browser.new_context(
                viewport={"width": across, "height": down}, color_scheme=theme, locale="id-ID"
            )
            page = context.new_page()
            page.goto(f"{base}/sign-in")
            _shoot(page, target / f"masuk-{width}-{theme}.png")
            page.get_by_label("Nama pengguna").fill("sari")
            page.get_by_label("Kata sandi").fill(_PASSWORD)
            page.get_by_role("button", name="Masuk").click()
            pages = pages or _pages(parts, page, base)
            for name, path in pages.items():
                page.goto(base + path)
                _shoot(page, target / f"{name}-{width}-{theme}.png")
            page.goto(f"{base}/sources")
            page.get_by_role("button", name="Uji Peragaan").first.click()
            page.get_by_text("Tidak ada yang disimpan").wait_for()
            _shoot(page, target / f"uji-{width}-{theme}.png")
            context.close()


def _take_report(browser: Browser, folder: Path, target: Path) -> None:
    """The top of an evaluation's report, over the demonstration's posts and what each was invented to be."""
    labelled = folder / "peragaan.jsonl"
    with demo.POSTS_PATH.open(encoding="utf-8") as posts, labelled.open("w", encoding="utf-8") as rows:
        for post in map(json.loads, posts):
            said = {"text": post["text"], "kind": post["demo_kind"], "topic": post["demo_topic"]}
            rows.write(json.dumps(said) + "\n")
    found = workshop.evaluation(bootstrap.settings(), labelled, recall=0.9, baseline=False, stage=progress)
    report = workshop.write_report(found, folder, show_texts=False)[0]
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto(report.as_uri())
    _shoot(page, target / "laporan-1280-light.png")


def main() -> None:
    """Take them all."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "screens"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sahut-screens-") as folder:
        parts = _prepare(Path(folder))
        server, base = _serve(parts)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
            )
            _take(browser, parts, base, target)
            _take_report(browser, Path(folder), target)
            browser.close()
        server.should_exit = True
        parts.queue.close()
        parts.store.close()


if __name__ == "__main__":
    main()
