"""Testing a source through the API and on the board: against a real server, with nothing stored."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from config.settings import Settings
from sahut import looking
from sahut.core.model import Mention, MentionFilter, Probe, Role
from sahut.core.ports import Store
from tests.collectors.feed_server import Answer, FeedServer, item, rss
from tests.triage_api.conftest import World

TEST = "/api/v1/sources/test"
PAGE = {"accept": "text/html"}


@pytest.fixture
def server() -> Iterator[FeedServer]:
    running = FeedServer()
    yield running
    running.close()


def _world(store: Store, clock: Any, *allowed: str) -> World:
    settings = Settings(allow_hosts=allowed)
    return World(store, clock, look=lambda draft: looking.look(settings, draft, store))


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    """An app that looks with the real collectors, which may read this machine."""
    return _world(sqlite_store, clock, "127.0.0.1")


def _tested(world: World, **body: Any) -> dict[str, Any]:
    answer = world.program(Role.ADMIN).post(TEST, json={"platform": "feed", **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _stored(world: World) -> tuple[int, int]:
    with world.store.read() as tx:
        return len(tx.sources.all(removed=True)), tx.mentions.count(MentionFilter(), cap=10)


def _at_the_desk(world: World, username: str = "admin") -> tuple[TestClient, str]:
    client, csrf = world.signed_in(username)
    client.headers.update(PAGE)
    return client, csrf


def test_a_feed_shows_what_would_be_collected_and_nothing_is_stored(world: World, server: FeedServer) -> None:
    address = server.feed("/rss", rss(*(item(n) for n in range(60))))
    before = _stored(world)
    found = _tested(world, address=address)

    assert (found["ok"], found["error"]) == (True, None)
    assert (found["title"], found["seen"], found["matching"], found["unreadable"]) == ("Warta Kota Contoh", 60, 60, 0)
    assert len(found["mentions"]) == 50
    assert found["mentions"][0]["title"] == "Lampu jalan nomor 0 padam"
    assert found["mentions"][0]["permalink"] == "https://warta.example/0"
    assert (found["address"], found["alternatives"]) == (address, [])
    assert _stored(world) == before


def test_a_query_that_matches_nothing_is_said_in_words(world: World, server: FeedServer) -> None:
    found = _tested(world, address=server.feed("/rss", rss(item(1), item(2))), query="durian")

    assert (found["ok"], found["seen"], found["matching"], found["mentions"]) == (True, 2, 0, [])
    assert found["notes"] == ["0 of its 2 items match the query 'durian'"]


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b"<html><body>Selamat datang</body></html>", "not_a_feed"),
        (200, b"<html><title>Just a moment</title><body>captcha</body></html>", "not_a_feed"),
        (401, b"", "needs_login"),
        (403, b"", "forbidden"),
        (404, b"", "not_found"),
        (410, b"", "gone"),
        (500, b"", "server_error"),
    ],
)
def test_what_is_wrong_with_an_address_is_a_code_and_a_sentence(
    world: World, server: FeedServer, status: int, body: bytes, problem: str
) -> None:
    address = server.on("/rss", Answer(status=status, body=body, headers={"Content-Type": "text/html"}))
    found = _tested(world, address=address)

    assert (found["ok"], found["seen"]) == (False, 0)
    assert found["error"]["problem"] == problem
    assert address in found["error"]["message"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/rss", "http://169.254.169.254/latest", "http://[::1]/rss"])
def test_an_address_inside_the_network_is_refused(sqlite_store: Store, clock: Any, address: str) -> None:
    assert _tested(_world(sqlite_store, clock), address=address)["error"]["problem"] == "blocked_address"


def test_a_query_that_cannot_be_read_is_no_fault_of_the_feed(world: World, server: FeedServer) -> None:
    found = _tested(world, address=server.feed("/rss", rss(item(1))), query="(lampu OR")

    assert found["error"]["problem"] == "bad_settings"
    assert server.seen == []


def test_a_web_page_leads_to_its_feeds(world: World, server: FeedServer) -> None:
    feed = server.feed("/kota.xml", rss(item(1)))
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{path}">' for path in ("/kota.xml", "/b"))
    found = _tested(world, address=server.feed("/", f"<html><head>{links}</head></html>".encode()))

    assert (found["ok"], found["address"], found["matching"]) == (True, feed, 1)
    assert found["alternatives"] == [server.url + "/b"]


def test_a_source_is_tested_as_if_it_were_new_and_its_health_stays(world: World, server: FeedServer) -> None:
    address = server.on("/rss", Answer(body=rss(item(1)), headers={"ETag": '"a"'}), Answer(status=500))
    admin = world.program(Role.ADMIN)
    made = admin.post("/api/v1/sources", json={"platform": "feed", "name": "Warta", "address": address}).json()
    path = f"/api/v1/sources/{made['id']}"
    first, second = (admin.post(f"{path}/test").json() for _ in range(2))

    assert (first["matching"], second["error"]["problem"]) == (1, "server_error")
    assert "if-none-match" not in server.seen[1].headers
    assert admin.get(path).json() == made
    assert admin.post("/api/v1/sources/999/test").status_code == 404


def test_the_password_of_a_stored_address_comes_back_in_no_result(world: World, server: FeedServer) -> None:
    server.feed("/kota.xml", rss(item(1)))
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/kota.xml"></head></html>'
    address = server.feed("/", page).replace("http://", "http://sari:rahasia@")
    admin = world.program(Role.ADMIN)
    made = admin.post("/api/v1/sources", json={"platform": "feed", "name": "Tertutup", "address": address}).json()
    client, csrf = _at_the_desk(world)
    found = admin.post(f"/api/v1/sources/{made['id']}/test")
    shown = client.post(f"/sources/{made['id']}/test", data={"csrf": csrf}).text

    assert (found.json()["ok"], found.json()["matching"]) == (True, 1)
    assert "1 butir terlihat" in shown
    assert "rahasia" not in found.text + shown
    assert "•••" in found.text


def test_only_who_manages_sources_may_send_the_service_to_an_address(world: World, server: FeedServer) -> None:
    body = {"platform": "feed", "address": server.feed("/rss", rss(item(1)))}

    assert world.program(Role.TRIAGE).post(TEST, json=body).status_code == 403
    assert world.browser().post(TEST, json=body).status_code == 401
    assert server.seen == []


def test_files_of_the_server_and_unknown_platforms_are_refused(world: World, tmp_path: Path) -> None:
    admin = world.program(Role.ADMIN)
    for platform in ("replay", "friendster"):
        answer = admin.post(TEST, json={"platform": platform, "address": str(tmp_path / "rahasia")})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/platform")


def test_slow_places_take_a_few_threads_and_no_more(sqlite_store: Store, clock: Any) -> None:
    entered, leave = threading.Semaphore(0), threading.Event()

    def slow(_draft: object) -> Probe:
        entered.release()
        assert leave.wait(30)
        return Probe()

    world = World(sqlite_store, clock, look=slow)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(
            world.program(Role.ADMIN).post(TEST, json={"platform": "feed", "address": "https://a.example"}).status_code
        )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert entered.acquire(timeout=30)
    refused = world.program(Role.ADMIN).post(TEST, json={"platform": "feed", "address": "https://a.example"})
    leave.set()
    for thread in threads:
        thread.join()

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    assert statuses == [200] * 4
    assert world.program(Role.ADMIN).post(TEST, json={"platform": "feed", "address": "https://a"}).status_code == 200


def test_the_board_tests_an_address_and_offers_to_follow_it(world: World, server: FeedServer) -> None:
    feed = server.feed("/kota.xml", rss(item(1), item(2)))
    link = b'<html><head><link rel="alternate" type="application/rss+xml" href="/kota.xml"></head></html>'
    client, csrf = _at_the_desk(world)
    before = _stored(world)
    shown = client.post("/sources/test", data={"csrf": csrf, "address": server.feed("/", link), "query": "lampu"}).text

    assert "2 butir terlihat, 2 akan terkumpul" in shown
    assert "Lampu jalan nomor 1 padam" in shown
    assert _stored(world) == before
    fields = dict(re.findall(r'name="(address|name|query|csrf|key)"[^>]*?value="([^"]*)"', shown))
    assert (fields["address"], fields["name"], fields["query"]) == (feed, "Warta Kota Contoh", "lampu")
    added = client.post("/sources", data=fields)
    assert (added.status_code, "Sumber ditambahkan" in added.text) == (200, True)
    with world.store.read() as tx:
        source = tx.sources.find("Warta Kota Contoh")
    assert source is not None
    assert (source.address, source.query) == (feed, "lampu")


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        ("/halaman", "", "Yang dikirim bukan umpan"),
        ("/tidak-ada", "", "Alamatnya tidak ditemukan"),
        ("/kabar", "durian", "Tidak satu pun dari 1 butir memuat “durian”"),
        ("/kabar", "(lampu", "Saringan atau pengaturannya tidak dapat dipahami"),
        ("/kosong", "", "sedang kosong"),
    ],
)
def test_the_board_says_in_indonesian_what_is_wrong(
    world: World, server: FeedServer, path: str, query: str, words: str
) -> None:
    server.feed("/halaman", b"<html><body>Selamat datang</body></html>")
    server.feed("/kabar", rss(item(1)))
    server.feed("/kosong", rss())
    client, csrf = _at_the_desk(world)
    answer = client.post("/sources/test", data={"csrf": csrf, "address": server.url + path, "query": query})

    assert answer.status_code == 200
    assert words in answer.text
    assert "Tidak ada yang disimpan" in answer.text


def test_the_board_tests_a_source_by_its_button(world: World, server: FeedServer) -> None:
    with world.store.begin() as tx:
        draft = world.source.draft
        tx.sources.change(
            world.source.id,
            type(draft)(platform="feed", name=draft.name, address=server.feed("/rss", rss(item(7)))),
            version=None,
            now=world.clock(),
        )
    client, csrf = _at_the_desk(world)
    button = f"/sources/{world.source.id}/test"

    assert button in client.get("/sources").text
    assert "Lampu jalan nomor 7 padam" in client.post(button, data={"csrf": csrf}).text
    assert button not in _at_the_desk(world, "sari")[0].get("/sources").text


def test_a_result_that_is_asked_for_again_leads_to_the_choice_of_platforms(world: World) -> None:
    client, _ = _at_the_desk(world)
    answer = client.get("/sources/test", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sources/new")


def test_a_source_without_a_name_is_called_by_its_host(world: World) -> None:
    client, csrf = _at_the_desk(world)
    client.post("/sources", data={"csrf": csrf, "address": "https://kabar.example/rss"})

    with world.store.read() as tx:
        assert tx.sources.find("kabar.example") is not None


def test_hostile_items_stay_text_on_the_result(sqlite_store: Store, clock: Any) -> None:
    evil = Mention(
        platform="feed",
        native_id="1",
        title="<script>alert(1)</script>",
        text="<img src=x onerror=alert(1)>",
        permalink="javascript:alert(1)",
        collected_at=clock(),
    )
    world = World(sqlite_store, clock, look=lambda _: Probe(title="<b>x", seen=1, mentions=[evil], notes=["<i>"]))
    client, csrf = _at_the_desk(world)
    shown = client.post("/sources/test", data={"csrf": csrf, "address": "https://a.example/rss"}).text

    assert "&lt;script&gt;" in shown
    for mark in ("<script>alert", "<img src=x", "<b>x", "<i>", "javascript:"):
        assert mark not in shown
