"""A mention is read while somebody writes, however long that takes; that it is open is said once there is room."""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from sahut.core import viewing
from sahut.core.errors import StoreError
from sahut.core.model import Role
from tests.triage_api.conftest import PASSWORD, World


def readers(world: World) -> list[str]:
    return [one["name"] for one in world.program(Role.COMMS).get("/api/v1/viewings").json()["items"]]


def test_a_page_waits_for_no_writer_and_says_that_it_is_open_once_there_is_room(
    world: World, base: str, tmp_path: Path
) -> None:
    ids = world.flagged(7)
    assert readers(world) == []
    with httpx.Client(base_url=base, timeout=15) as browser:
        session = {"username": "sari", "password": PASSWORD}
        browser.post("/api/v1/session", json=session).raise_for_status()
        with closing(sqlite3.connect(tmp_path / "sahut.db", isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            # More of them than may wait for the writer.
            for one in ids:
                began = time.monotonic()
                answer = browser.get(f"/mentions/{one}")
                assert (answer.status_code, "viewing" in answer.text) == (200, True)
                assert time.monotonic() - began < 5
            assert readers(world) == []
            writer.execute("ROLLBACK")
        until = time.monotonic() + 20
        while len(readers(world)) < 4 and time.monotonic() < until:
            time.sleep(0.05)
    assert set(readers(world)) == {"Sari Contoh"}


def test_what_would_be_said_too_late_is_not_said(world: World, monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    (one,) = world.flagged(1)
    browser, _csrf = world.signed_in()
    hold, waited = viewing.hold, [4, 6]

    def late(*args: Any, **said: Any) -> None:
        clock.forward(seconds=waited.pop())
        hold(*args, **said)

    monkeypatch.setattr(viewing, "hold", late)
    assert browser.get(f"/mentions/{one}").status_code == 200
    assert readers(world) == []
    assert browser.get(f"/mentions/{one}").status_code == 200
    assert (readers(world), waited) == (["Sari Contoh"], [])


def test_what_keeps_an_open_page_from_being_said_is_logged_and_fails_no_page(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (one,) = world.flagged(1)
    browser, _csrf = world.signed_in()

    def fail(*_args: object, **_said: object) -> None:
        raise StoreError("database is locked")

    monkeypatch.setattr(viewing, "hold", fail)
    with caplog.at_level(logging.WARNING, "triage_api.web.viewings"):
        for _ in range(6):
            assert browser.get(f"/mentions/{one}").status_code == 200
    assert len([line for line in caplog.messages if f"mention {one} is open" in line]) == 6
    monkeypatch.undo()
    assert browser.get(f"/mentions/{one}").status_code == 200
    assert readers(world) == ["Sari Contoh"]
    assert browser.get("/mentions/999999").status_code == 404
