"""Lists of feeds on the board: out as OPML, and in from other readers."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from sahut.core.model import SourceDraft
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
