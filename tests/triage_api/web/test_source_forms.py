"""Adding a source of any platform on the board, against servers shaped like the platforms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from fastapi.testclient import TestClient

from collectors import registry
from collectors.registry import CollectorSettings
from config.settings import Settings
from sahut import looking
from sahut.core import forms
from sahut.core.errors import PermanentError
from sahut.core.model import CredentialDraft, Problem, Role, Source, SourceDraft
from sahut.core.ports import Collector, Store
from tests.collectors.platform_server import Fault
from tests.collectors.world_mastodon import World as Mastodon
from tests.collectors.world_reddit import World as Reddit
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors
from triage_api.web import platform_words

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
SHIPPED = [name for name in registry.COLLECTORS if name not in {"file", "replay"}]


@pytest.fixture
def mastodon() -> Iterator[Mastodon]:
    made = Mastodon()
    yield made
    made.close()


@pytest.fixture
def reddit() -> Iterator[Reddit]:
    made = Reddit()
    yield made
    made.close()


def load(platform: str) -> Collector:
    if platform == "play":
        raise PermanentError("no library", problem=Problem.MISSING_LIBRARY)
    return registry.load(platform, settings=CollectorSettings(allow_hosts=("127.0.0.1",)))


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    settings = Settings(allow_hosts=("127.0.0.1",))
    look = lambda draft: looking.look(settings, draft, sqlite_store)  # noqa: E731 - one line, used once
    return World(sqlite_store, clock, collector_for=load, look=look)


@pytest.fixture
def desk(world: World) -> tuple[TestClient, str]:
    client, csrf = world.signed_in("admin")
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    return client, csrf


def let_in(world: World, platform: Any, name: str = "Akun dinas") -> None:
    """Keep the credential that a platform's test server takes."""
    with world.store.begin() as tx:
        draft = CredentialDraft(platform=platform.source.platform, name=name, settings=dict(platform.access.settings))
        tx.credentials.add(draft, dict(platform.access.secrets), world.clock())


def found(world: World, name: str) -> Source | None:
    with world.store.read() as tx:
        return tx.sources.find(name)


def test_every_word_of_a_shipped_form_has_its_indonesian() -> None:
    said = set()
    for platform in SHIPPED:
        form = forms.of(registry.load(platform, settings=CollectorSettings()))
        asked = [*(place.asks for place in form.places if place.asks is not None), *form.options, forms.AS_WRITTEN.asks]
        said |= {place.words for place in (*form.places, forms.AS_WRITTEN)}
        for one in asked:
            assert one is not None
            said |= {one.words, one.help, *(choice.words for choice in one.choices)} - {""}
    assert [words for words in sorted(said) if not platform_words.is_known(words)] == []
    assert len(said) > 50


@pytest.mark.parametrize("platform", [name for name in SHIPPED if name != "play"])
def test_every_platform_has_a_form_with_a_radio_for_each_place_and_a_field_for_each_option(
    desk: tuple[TestClient, str], platform: str
) -> None:
    client, _ = desk
    form = forms.of(load(platform))
    shown = client.get(f"/sources/new/{platform}").text

    assert f'href="/sources/new/{platform}"' in client.get("/sources/new").text
    assert shown.count('type="radio"') == (len(form.places) if len(form.places) > 1 else 0)
    for option in form.options:
        assert f'name="option.{option.key}"' in shown
    assert ('name="credential"' in shown) == (load(platform).guide is not None)


def test_a_search_on_mastodon_is_tried_out_and_then_followed(
    world: World, desk: tuple[TestClient, str], mastodon: Mastodon
) -> None:
    let_in(world, mastodon)
    client, csrf = desk
    sent = {
        "csrf": csrf,
        "platform": "mastodon",
        "place": "hashtag",
        "at.hashtag": "#lampu",
        "credential": "Akun dinas",
        "option.first_days": "30",
        "minutes": "20",
    }
    shown = client.post("/sources/test", data=sent)
    assert "butir terlihat" in shown.text
    assert "Lampu jalan nomor 0 padam" in shown.text
    assert found(world, "Mastodon: #lampu") is None
    answer = client.post("/sources", data={**sent, "key": "a"})
    again = client.post("/sources", data={**sent, "key": "a"})

    source = found(world, "Mastodon: #lampu")
    assert source is not None
    assert answer.headers["location"] == again.headers["location"] == f"/sources?done=added#source-{source.id}"
    assert (source.platform, source.address, source.credential) == ("mastodon", "#lampu", "Akun dinas")
    assert (source.options, source.interval.total_seconds()) == ({"first_days": "30"}, 1_200)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"at.hashtag": " "}, "Bagian ini wajib diisi."),
        ({"place": "search"}, "Pencarian memerlukan kata yang dicari."),
        ({"place": "lain"}, "Pilih apa yang dibaca."),
        ({"credential": ""}, "Pilih kredensial yang dipakai masuk."),
        ({"credential": "Bukan ini"}, "Pilih kredensial yang dipakai masuk."),
        ({"option.first_days": "lama"}, "Isi jumlah hari dengan angka."),
        ({"option.first_days": "4000"}, "Jumlah harinya di luar yang dapat dibaca."),
        ({"minutes": "0"}, "Isi selang antara 1 menit dan 7 hari"),
    ],
)
@pytest.mark.parametrize("path", ["/sources", "/sources/test"])
def test_a_fault_is_said_at_its_field_before_anybody_is_asked(
    world: World, desk: tuple[TestClient, str], mastodon: Mastodon, over: dict[str, str], says: str, path: str
) -> None:
    let_in(world, mastodon)
    client, csrf = desk
    sent = {"csrf": csrf, "platform": "mastodon", "place": "hashtag", "at.hashtag": "lampu"}
    answer = client.post(path, data={**sent, "credential": "Akun dinas", "name": "Lampu <b>", **over})

    assert (answer.status_code, mastodon.server.calls) == (422, 0)
    assert says in answer.text
    assert 'aria-invalid="true"' in answer.text or "place-fault" in answer.text
    assert 'value="Lampu &lt;b&gt;"' in answer.text
    assert found(world, "Lampu <b>") is None


def test_what_the_platform_refuses_is_marked_at_the_credential(
    world: World, desk: tuple[TestClient, str], mastodon: Mastodon
) -> None:
    let_in(world, mastodon)
    mastodon.server.break_at(0, Fault.UNAUTHORIZED)
    client, csrf = desk
    sent = {"csrf": csrf, "platform": "mastodon", "place": "mentions", "credential": "Akun dinas"}
    answer = client.post("/sources/test", data=sent)

    assert "Tidak dapat dibaca" in answer.text
    assert 'id="credential-fault"' in answer.text


def test_a_taken_name_is_said_at_the_name(world: World, desk: tuple[TestClient, str]) -> None:
    client, csrf = desk
    answer = client.post("/sources", data={"csrf": csrf, "address": "https://b.example", "name": world.source.name})

    assert answer.status_code == 422
    assert 'id="name-fault"' in answer.text


def test_a_platform_without_a_credential_leads_to_one_and_back(
    world: World, desk: tuple[TestClient, str], reddit: Reddit
) -> None:
    client, csrf = desk
    assert "/credentials/new/reddit?for=source" in client.get("/sources/new/reddit").text
    walk = client.get("/credentials/new/reddit?for=source").text
    assert 'name="for" value="source"' in walk
    settings = {f"setting.{key}": value for key, value in reddit.access.settings.items()}
    secrets = {f"secret.{key}": value for key, value in reddit.access.secrets.items()}
    sent = {"csrf": csrf, "platform": "reddit", "name": "Reddit dinas", "for": "source", **settings, **secrets}
    answer = client.post("/credentials", data=sent)

    assert answer.headers["location"] == "/sources/new/reddit?credential=Reddit+dinas&done=credential_added"
    assert '<option value="Reddit dinas" selected>' in client.get(answer.headers["location"]).text


def test_a_source_is_changed_by_the_same_form_and_keeps_what_the_form_does_not_know(
    world: World, desk: tuple[TestClient, str], mastodon: Mastodon
) -> None:
    let_in(world, mastodon)
    with world.store.begin() as tx:
        draft = SourceDraft(
            platform="mastodon",
            name="Lampu",
            address="#lampu",
            credential="Akun dinas",
            options={"first_days": "30", "category": "Kota"},
        )
        source = tx.sources.add(draft, world.clock())
    client, csrf = desk
    shown = client.get(f"/sources/{source.id}").text
    assert '<input type="radio" name="place" value="hashtag" checked>' in shown
    assert 'value="lampu"' in shown
    sent = {"csrf": csrf, "version": str(source.version), "name": "Lampu", "minutes": "15", "credential": "Akun dinas"}
    tried = client.post(f"/sources/{source.id}/test", data={**sent, "place": "mentions"})
    assert "Tidak ada yang disimpan" in tried.text
    unchanged = found(world, "Lampu")
    assert unchanged is not None
    assert unchanged.address == "#lampu"
    answer = client.post(f"/sources/{source.id}", data={**sent, "place": "account", "at.account": "@warga"})

    after = found(world, "Lampu")
    assert after is not None
    assert answer.status_code == 303
    assert (after.address, after.options) == ("@warga", {"category": "Kota"})


def test_a_missing_library_names_what_to_install(desk: tuple[TestClient, str]) -> None:
    client, _ = desk

    assert "pip install" in client.get("/sources/new/play").text


@pytest.mark.parametrize("platform", ["file", "replay"])
def test_files_of_the_server_cannot_be_named_from_outside(desk: tuple[TestClient, str], platform: str) -> None:
    client, csrf = desk

    assert f"/sources/new/{platform}" not in client.get("/sources/new").text
    assert client.get(f"/sources/new/{platform}").status_code == 422
    sent = {"csrf": csrf, "platform": platform, "address": "/etc/passwd"}
    assert client.post("/sources", data=sent).status_code == 422
    assert client.post("/sources/test", data=sent).status_code == 422


def test_who_only_reads_fills_in_nothing(world: World) -> None:
    client, csrf = world.signed_in("budi")
    client.headers["accept"] = "text/html"
    for path in ("/sources/new", "/sources/new/feed"):
        assert client.get(path).status_code == 403
    assert client.post("/sources", data={"csrf": csrf, "address": "https://b.example"}).status_code == 403


def test_the_api_says_what_a_platform_asks_and_refuses_what_it_does_not_take(world: World) -> None:
    admin = world.program(Role.ADMIN)
    told = admin.get("/api/v1/platforms/mastodon").json()
    assert [one["address"] for one in told["places"]] == ["#{}", "mentions", "@{}", "search"]
    assert told["places"][0]["asks"]["required"] is True
    assert [one["key"] for one in told["options"]] == ["first_days"]
    body = {"platform": "mastodon", "name": "Lampu", "address": "search"}
    for over, pointer in (
        ({}, "#/query"),
        ({"query": "lampu", "options": {"first_days": "x"}}, "#/options/first_days"),
        ({"query": "lampu", "options": {"lain": "x"}}, "#/options/lain"),
        ({"query": "lampu", "credential": "tidak ada"}, "#/credential"),
    ):
        answer = admin.post("/api/v1/sources", json={**body, **over})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), json.dumps(over)
    assert found(world, "Lampu") is None


def test_the_api_demands_a_credential_of_the_platform_where_it_needs_one(world: World) -> None:
    admin = world.program(Role.ADMIN)
    with world.store.begin() as tx:
        for platform, name in (("mail", "Kotak dinas"), ("reddit", "Reddit dinas")):
            tx.credentials.add(CredentialDraft(platform=platform, name=name), {"password": "rahasia"}, world.clock())
    body = {"platform": "mail", "name": "Kotak", "address": "Kotak masuk/Aduan kota"}
    for path in ("/api/v1/sources", "/api/v1/sources/test"):
        for name in ("", "tidak ada", "Reddit dinas"):
            refused = admin.post(path, json={**body, "credential": name})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/credential"), name
            assert (name or "mail wants a credential") in refused.json()["detail"]
    assert found(world, "Kotak") is None
    made = admin.post("/api/v1/sources", json={**body, "credential": "Kotak dinas"})
    assert made.status_code == 201, made.text
    one = made.json()
    without = admin.put(f"/api/v1/sources/{one['id']}", json={**body, "version": one["version"]})
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "#/credential")


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_mastodon_and_a_reddit_source_are_added_in_the_browser(
    world: World, visitors: Visitors, mastodon: Mastodon, reddit: Reddit, scripts: bool
) -> None:
    let_in(world, mastodon)
    let_in(world, reddit, "Reddit dinas")
    page = visitors.sign_in("admin", width=360, java_script_enabled=scripts)
    page.get_by_role("link", name="Sumber", exact=True).click()
    page.get_by_role("link", name="Tambah sumber").click()
    page.get_by_role("link", name="Mastodon").click()
    page.get_by_label("Kiriman sebuah akun").check()
    page.get_by_label("Nama akunnya").fill("warga")
    assert not page.get_by_label("Tagarnya").is_visible()
    page.get_by_label("Kiriman dengan sebuah tagar").check()
    page.get_by_label("Tagarnya").fill("lampu")
    page.get_by_role("button", name="Uji dulu").click()
    page.get_by_text("butir terlihat").wait_for()
    page.get_by_text("Lampu jalan nomor 0 padam").wait_for()
    page.get_by_role("button", name="Tambahkan").click()
    page.get_by_role("heading", name="Mastodon: #lampu").wait_for()

    page.get_by_role("link", name="Tambah sumber").click()
    page.get_by_role("link", name="Reddit").click()
    page.get_by_label("Nama subreddit").first.press("Tab")
    page.get_by_label("Nama subreddit").first.fill("bandung")
    page.get_by_role("button", name="Uji dulu").click()
    page.get_by_text("butir terlihat").wait_for()
    page.get_by_role("button", name="Tambahkan").click()
    page.get_by_role("heading", name="Reddit: r/bandung").wait_for()

    assert visitors.complaints == []
    source = found(world, "Reddit: r/bandung")
    assert source is not None
    assert (source.address, source.credential) == ("r/bandung", "Reddit dinas")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_the_forms_have_no_fault_for_those_who_cannot_see_them(
    world: World, visitors: Visitors, mastodon: Mastodon, width: int, theme: str
) -> None:
    let_in(world, mastodon)
    page = visitors.sign_in("admin", width=width, color_scheme=theme, bypass_csp=True)
    for path in ("/sources/new", "/sources/new/mastodon", "/sources/new/x", "/sources/new/feed"):
        page.goto(path)
        page.evaluate(AXE)
        assert page.evaluate("axe.run().then(result => result.violations.map(one => one.id))") == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto("/sources/new/mastodon")
    page.get_by_role("button", name="Tambahkan").click()
    page.get_by_text("Bagian ini wajib diisi.").wait_for()
    page.evaluate(AXE)
    assert page.evaluate("axe.run().then(result => result.violations.map(one => one.id))") == []
