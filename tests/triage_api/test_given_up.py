"""What goes on after an act that the database gave up once: that of its last try, and of nothing that never was."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from sahut.core.errors import BusyError
from sahut.core.model import Role, StoredAnswer
from sahut.core.ports import Store
from storage.accounts import SqlAccounts
from tests.fakes import FakeQueue
from tests.triage_api.conftest import World

LIST = """<?xml version="1.0"?><opml version="2.0"><body>
<outline text="Warta" xmlUrl="https://warta.example/rss"/></body></opml>"""
FEED = {"platform": "feed", "name": "Kabar", "address": "https://kabar.example/rss"}
CSV = b"text,created_at\nLampu padam di Coblong,2026-11-24\n"
KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def world(store: Store, clock: Any) -> World:
    return World(store, clock, queue=FakeQueue())


@pytest.fixture
def tries(world: World, monkeypatch: pytest.MonkeyPatch) -> list[StoredAnswer]:
    """The first transaction that keeps an answer is given up at its end, and rolled back; the answers of all."""
    kept: list[StoredAnswer] = []
    keep = SqlAccounts.keep_answer

    def keep_answer(accounts: SqlAccounts, answer: StoredAnswer) -> None:
        kept.append(answer)
        keep(accounts, answer)
        if len(kept) == 1:
            raise BusyError

    monkeypatch.setattr(SqlAccounts, "keep_answer", keep_answer)
    return kept


def _desk(world: World) -> tuple[TestClient, dict[str, str]]:
    client, csrf = world.signed_in("admin")
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    return client, {"csrf": csrf, "key": "k"}


@pytest.mark.parametrize("door", ["api source", "api list", "board source", "board list"])
def test_only_a_source_that_is_there_is_rung_for(world: World, tries: list[StoredAnswer], door: str) -> None:
    with world.store.read() as tx:
        before = {source.id for source in tx.sources.all()}
    program, (client, form) = world.program(Role.ADMIN), _desk(world)
    match door:
        case "api source":
            answer = program.post("/api/v1/sources", json=FEED, headers=KEY)
        case "api list":
            answer = program.post("/api/v1/sources/opml", content=LIST, headers=KEY)
        case "board source":
            answer = client.post("/sources", data=form | {"platform": "feed", "address": FEED["address"]})
        case _:
            answer = client.post("/sources/opml", data=form | {"opml": LIST})
    assert answer.status_code in {200, 201, 303}, answer.text
    assert len(tries) == 2
    with world.store.read() as tx:
        (made,) = {source.id for source in tx.sources.all()} - before
    assert list(world.queue.rings) == [("collect", f"source:{made}")]


def test_a_file_is_read_from_its_beginning_again(world: World, tries: list[StoredAnswer]) -> None:
    answer = world.program(Role.ADMIN).post("/api/v1/imports", content=CSV, headers=KEY)
    assert (answer.status_code, len(tries)) == (201, 2), answer.text
    with world.store.read() as tx:
        assert b"".join(tx.imports.parts(answer.json()["id"])) == CSV


def test_the_page_of_a_new_credential_leads_to_the_one_that_is_there(world: World, tries: list[StoredAnswer]) -> None:
    client, form = _desk(world)
    answer = client.post("/credentials", data=form | {"platform": "webhook", "name": "Loket", "unproven": "1"})
    assert (answer.status_code, len(tries)) == (200, 2), answer.text
    with world.store.read() as tx:
        (one,) = tx.credentials.all()
    assert f'"/credentials/{one.id}"' in answer.text
