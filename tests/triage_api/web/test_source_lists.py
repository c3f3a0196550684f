"""Lists of feeds on the board: out as OPML, and in from other readers."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from sahut.core.model import Role, SourceDraft
from tests.triage_api.conftest import World

LIST = """<?xml version="1.0"?><opml version="2.0"><body><outline text="Berita">
<outline text="Warta" xmlUrl="https://warta.example/rss"/></outline></body></opml>"""


def _at_the_desk(world: World, username: str = "admin") -> tuple[TestClient, str]:
    client, csrf = world.signed_in(username)
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    return client, csrf


def _names(world: World) -> list[str]:
    with world.store.read() as tx:
        return [source.name for source in tx.sources.all() if source.platform == "feed"]


def test_a_list_is_followed_once(world: World) -> None:
    client, csrf = _at_the_desk(world)
    before = _names(world)
    assert 'name="opml"' in client.get("/sources").text
    first = client.post("/sources/opml", data={"csrf": csrf, "key": "a", "opml": LIST})
    second = client.post("/sources/opml", data={"csrf": csrf, "key": "b", "opml": LIST})

    assert first.headers["location"] == "/sources?done=listed"
    assert second.headers["location"] == "/sources?done=listed_before"
    assert _names(world) == sorted([*before, "Warta"])


def test_what_is_downloaded_has_no_password(world: World) -> None:
    with world.store.begin() as tx:
        tx.sources.add(
            SourceDraft(platform="feed", name="Kabar", address="https://sari:rahasia@kabar.example/rss"), world.clock()
        )
    client, _ = _at_the_desk(world)
    answer = client.get("/sources/opml")

    assert answer.headers["content-disposition"].startswith("attachment")
    assert "https://kabar.example/rss" in answer.text
    assert "rahasia" not in answer.text


@pytest.mark.parametrize("wrong", ["", "bukan xml", '<!DOCTYPE x [<!ENTITY a "b">]><opml/>'])
def test_what_is_no_list_adds_nothing(world: World, wrong: str) -> None:
    client, csrf = _at_the_desk(world)
    before = _names(world)

    assert client.post("/sources/opml", data={"csrf": csrf, "opml": wrong}).status_code == 422
    assert _names(world) == before


def test_who_only_reads_neither_takes_nor_brings_lists(world: World) -> None:
    client, csrf = _at_the_desk(world, "budi")
    before = _names(world)

    assert client.get("/sources/opml").status_code == 403
    assert client.post("/sources/opml", data={"csrf": csrf, "opml": LIST}).status_code == 403
    assert 'name="opml"' not in client.get("/sources").text
    assert _names(world) == before


@pytest.mark.parametrize("as_file", [True, False], ids=["as a file", "pasted"])
def test_a_list_is_shown_first_and_what_was_ticked_is_added(world: World, as_file: bool) -> None:
    client, csrf = _at_the_desk(world)
    before = _names(world)
    two = LIST.replace("</body>", '<outline text="Kabar" xmlUrl="https://kabar.example/rss"/></body>')
    sent = {"data": {"csrf": csrf}, "files": {"list": ("umpan.opml", two.encode())}}
    shown = client.post("/sources/opml/check", **(sent if as_file else {"data": {"csrf": csrf, "opml": two}})).text

    assert "2 umpan dapat ditambahkan" in shown
    assert 'value="https://warta.example/rss" checked' in shown
    assert _names(world) == before
    chosen = {"csrf": csrf, "key": "a", "opml": two, "choosing": "1", "feed": ["https://kabar.example/rss"]}
    assert client.post("/sources/opml", data=chosen).headers["location"] == "/sources?done=listed"
    assert _names(world) == sorted([*before, "Kabar"])
    again = client.post("/sources/opml/check", data={"csrf": csrf, "opml": two}).text
    assert "1 umpan dapat ditambahkan" in again
    assert "1 sudah diikuti" in again
    none = {**chosen, "key": "b", "feed": []}
    assert client.post("/sources/opml", data=none).headers["location"] == "/sources?done=listed_before"
    assert client.post("/sources/opml/check", data={"csrf": csrf, "opml": "bukan"}).status_code == 422
    other, theirs = _at_the_desk(world, "budi")
    assert other.post("/sources/opml/check", data={"csrf": theirs, "opml": two}).status_code == 403


def test_the_api_says_what_a_list_would_add_then_adds_it_and_gives_it_back(world: World) -> None:
    admin = world.program(Role.ADMIN)
    before = _names(world)
    dry = admin.post("/api/v1/sources/opml?dry_run=true", content=LIST).json()
    assert ([one["name"] for one in dry["added"]], dry["stored"], _names(world)) == (["Warta"], False, before)
    made, again = (
        admin.post("/api/v1/sources/opml", content=LIST, headers={"Idempotency-Key": "k"}).json() for _ in range(2)
    )
    assert (made["stored"], again) == (True, made)
    assert _names(world) == sorted([*before, "Warta"])
    assert "https://warta.example/rss" in admin.get("/api/v1/sources/opml").text
    assert admin.post("/api/v1/sources/opml", content="bukan").status_code == 422
    assert world.program(Role.TRIAGE).get("/api/v1/sources/opml").status_code == 403
