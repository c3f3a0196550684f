"""The board in the system's Chromium, served by uvicorn from the same app and store as the other tests."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from sahut.core.ports import Store
from tests.triage_api.conftest import PASSWORD, World


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    return World(sqlite_store, clock)


@pytest.fixture
def base(world: World) -> Iterator[str]:
    """Where the world's app is served."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    door.close()


class Visitors:
    """Opens windows of people who sign in; collects what their consoles complain of."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser = browser
        self.base = base
        self.contexts: list[Any] = []
        self.complaints: list[str] = []

    def visit(self, *, width: int = 1280, **options: Any) -> Page:
        """A window of somebody who has not signed in."""
        context = self.browser.new_context(
            base_url=self.base, viewport={"width": width, "height": 800}, locale="id-ID", **options
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def sign_in(self, username: str = "sari", *, width: int = 1280, **options: Any) -> Page:
        page = self.visit(width=width, **options)
        page.goto("/sign-in")
        page.get_by_label("Nama pengguna").fill(username)
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()
        page.get_by_role("heading", name="Antrean").first.wait_for()
        # A key that is pressed before the script runs is nobody's.
        page.wait_for_load_state("load")
        return page


@pytest.fixture
def visitors(chromium: Browser, base: str) -> Iterator[Visitors]:
    made = Visitors(chromium, base)
    yield made
    for context in made.contexts:
        context.close()
