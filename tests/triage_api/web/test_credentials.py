"""Credentials on the board: the walk-through, one live call, budgets, rotation; no secret comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from fastapi.testclient import TestClient

from collectors import registry
from collectors.registry import CollectorSettings
from sahut import bootstrap
from sahut.core import admission
from sahut.core.errors import PermanentError
from sahut.core.model import Currency, Problem, SourceDraft
from sahut.core.ports import Collector, Store
from tests.collectors.platform_server import Fault
from tests.collectors.world_reddit import World as Reddit
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors
from triage_api.web import platform_words

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def reddit() -> Iterator[Reddit]:
    made = Reddit()
    yield made
    made.close()


def load(platform: str) -> Collector:
    if platform == "mastodon":
        raise PermanentError("no library", problem=Problem.MISSING_LIBRARY)
    return registry.load(platform, settings=CollectorSettings(allow_hosts=("127.0.0.1",)))


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    return World(sqlite_store, clock, collector_for=load, platforms=bootstrap.platforms())


@pytest.fixture
def desk(world: World) -> tuple[TestClient, str]:
    client, csrf = world.signed_in("admin")
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    return client, csrf


def a_form(csrf: str, reddit: Reddit, **over: str) -> dict[str, str]:
    settings = {f"setting.{key}": value for key, value in reddit.access.settings.items()}
    return {
        "csrf": csrf,
        "platform": "reddit",
        "name": "Reddit dinas",
        "secret.client_secret": "rahasia-aplikasi",
        "secret.password": "kata-sandi-dinas",
        "budget.replies.day": "20",
        **settings,
        **over,
    }


def test_every_sentence_of_a_shipped_platform_has_its_indonesian() -> None:
    missing = []
    for platform in registry.platforms():
        guide = registry.load(platform, settings=CollectorSettings(allow_hosts=("127.0.0.1",))).guide
        if guide is not None:
            sentences = [*guide.steps, *(need.words for need in (*guide.needs, admission.BASE_URL))]
            missing += [(platform, one) for one in sentences if not platform_words.is_known(one)]
    assert missing == []


def test_what_was_filled_in_comes_back_without_its_secrets_when_the_platform_refuses(
    world: World, desk: tuple[TestClient, str], reddit: Reddit
) -> None:
    client, csrf = desk
    reddit.server.break_at(0, Fault.UNAUTHORIZED)
    answer = client.post("/credentials", data=a_form(csrf, reddit))

    assert answer.status_code == 422
    assert "Platform menolak percobaan ini" in answer.text
    assert 'value="Reddit dinas"' in answer.text
    assert "rahasia-aplikasi" not in answer.text
    assert "kata-sandi-dinas" not in answer.text
    with world.store.read() as tx:
        assert tx.credentials.all() == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "Beri nama"),
        ({"secret.client_secret": " "}, "wajib diisi"),
        ({"setting.client_id": ""}, "wajib diisi"),
        ({"budget.replies.day": "banyak"}, "Isi angka di atas nol"),
        ({"budget.replies.day": "-1"}, "Isi angka di atas nol"),
        ({"budget.replies.day": "nan"}, "Isi angka di atas nol"),
    ],
)
def test_a_fault_is_said_beside_its_field_before_anybody_is_called(
    desk: tuple[TestClient, str], reddit: Reddit, wrong: dict[str, str], says: str
) -> None:
    client, csrf = desk
    answer = client.post("/credentials", data=a_form(csrf, reddit, **wrong))

    assert (answer.status_code, reddit.server.calls) == (422, 0)
    assert says in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "rahasia-aplikasi" not in answer.text


def test_a_form_sent_twice_keeps_one_and_a_taken_name_is_said(
    world: World, desk: tuple[TestClient, str], reddit: Reddit
) -> None:
    client, csrf = desk
    first = client.post("/credentials", data=a_form(csrf, reddit, key="a"))
    again = client.post("/credentials", data=a_form(csrf, reddit, key="a"))
    other = client.post("/credentials", data=a_form(csrf, reddit, key="b"))

    assert (first.status_code, again.headers["location"]) == (303, first.headers["location"])
    assert (other.status_code, "sudah dipakai kredensial lain" in other.text) == (422, True)
    with world.store.read() as tx:
        assert [one.name for one in tx.credentials.all()] == ["Reddit dinas"]


def test_a_page_about_a_stale_rotation_holds_no_secret(
    world: World, desk: tuple[TestClient, str], reddit: Reddit
) -> None:
    client, csrf = desk
    client.post("/credentials", data=a_form(csrf, reddit))
    with world.store.read() as tx:
        (one,) = tx.credentials.all()
    form = a_form(csrf, reddit, version=str(one.version))
    path = f"/credentials/{one.id}/rotate"
    assert client.post(path, data=form).status_code == 303
    stale = client.post(path, data={**form, "secret.client_secret": "rahasia-lain", "unproven": "1"})

    assert stale.status_code == 409
    assert "rahasia-lain" not in stale.text
    assert "kata-sandi-dinas" not in stale.text


def test_the_bar_says_what_is_spent_and_where_it_stops(
    world: World, desk: tuple[TestClient, str], reddit: Reddit
) -> None:
    client, csrf = desk
    client.post("/credentials", data=a_form(csrf, reddit))
    with world.store.begin() as tx:
        (one,) = tx.credentials.all()
        tx.credentials.used(one.id, world.clock(), spent={Currency.REPLIES: 5.0, Currency.USD: 0.25})
    some = client.get("/credentials").text
    with world.store.begin() as tx:
        tx.credentials.used(one.id, world.clock(), spent={Currency.REPLIES: 15.0})
    all_of_it = client.get(f"/credentials/{one.id}").text

    assert "5 balasan dari 20 balasan hari ini" in some
    assert "Berhenti pada 20 balasan." in some
    assert 'value="0.250"' in some
    assert "US$ 0,25 bulan ini, tanpa anggaran" in some
    assert "Berhenti sampai besok." in all_of_it


def test_one_in_use_cannot_be_removed_and_the_page_says_by_which_source(
    world: World, desk: tuple[TestClient, str], reddit: Reddit
) -> None:
    client, csrf = desk
    client.post("/credentials", data=a_form(csrf, reddit))
    draft = SourceDraft(platform="reddit", name="Kabar Bandung", address="r/bandung", credential="Reddit dinas")
    with world.store.begin() as tx:
        (one,) = tx.credentials.all()
        source = tx.sources.add(draft, world.clock())
    refused = client.post(f"/credentials/{one.id}/remove", data={"csrf": csrf})
    client.post(f"/sources/{source.id}/remove", data={"csrf": csrf, "version": str(source.version)})
    removed = client.post(f"/credentials/{one.id}/remove", data={"csrf": csrf})

    assert (refused.status_code, "Kabar Bandung" in refused.text) == (422, True)
    assert removed.headers["location"] == "/credentials?done=credential_removed"


def test_a_missing_library_says_what_to_install_and_a_feed_that_nothing_is_needed(desk: tuple[TestClient, str]) -> None:
    client, _ = desk

    assert "pip install &#39;sahut[mastodon]&#39;" in client.get("/credentials/new/mastodon").text.replace("'", "&#39;")
    assert "tidak memerlukan kredensial" in client.get("/credentials/new/feed").text
    assert client.get("/credentials/new/tidakada").status_code == 422


def test_nobody_but_an_administrator_gets_near(world: World) -> None:
    for username in ("sari", "budi", "rina", "dewi"):
        client, csrf = world.signed_in(username)
        client.headers["accept"] = "text/html"
        for path in ("", "/new", "/new/reddit", "/1"):
            assert client.get(f"/credentials{path}").status_code == 403
        for path in ("", "/1", "/1/prove", "/1/rotate", "/1/remove"):
            assert client.post(f"/credentials{path}", data={"csrf": csrf}).status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_credential_is_added_by_keyboard_proven_and_its_budget_changed(
    visitors: Visitors, reddit: Reddit, scripts: bool
) -> None:
    page = visitors.sign_in("admin", java_script_enabled=scripts)
    page.goto("/sources")
    page.get_by_role("link", name="Kredensial").press("Enter")
    page.get_by_role("link", name="Tambah kredensial").press("Enter")
    page.get_by_role("link", name="Reddit").press("Enter")
    page.get_by_text("Mintakan izin (Responsible Builder Policy)").wait_for()
    page.get_by_label("Nama kredensial").fill("Reddit dinas")
    for key, value in reddit.access.settings.items():
        page.get_by_label(key).fill(value)
    page.get_by_label("client_secret").fill("rahasia-aplikasi")
    page.get_by_label("password").fill("kata-sandi-dinas")
    page.get_by_label("Paling banyak balasan sehari").fill("20")
    page.get_by_label("Paling banyak balasan sehari").press("Enter")
    page.get_by_text("Kredensial disimpan").wait_for()
    page.get_by_role("link", name="Buka Reddit dinas").press("Enter")
    page.get_by_role("button", name="Coba sekarang").press("Enter")
    page.get_by_text("Kredensial berfungsi").wait_for()
    page.get_by_label("Paling banyak balasan sehari").fill("8,5")
    page.get_by_role("button", name="Simpan perubahan").press("Enter")
    page.get_by_text("Berhenti pada 8,5 balasan").wait_for()

    assert page.get_by_label("client_secret").input_value() == ""
    assert visitors.complaints == []


@pytest.mark.browser
def test_a_secret_of_our_making_is_shown_once(world: World, visitors: Visitors) -> None:
    page = visitors.sign_in("admin")
    page.goto("/credentials/new/webhook")
    page.get_by_label("Nama kredensial").fill("Loket")
    page.get_by_role("button", name="Coba, lalu simpan").click()
    page.get_by_text("Salin sekarang").wait_for()
    with world.store.read() as tx:
        secret = tx.credentials.open(tx.credentials.all()[0].id, world.clock()).secrets["secret"]
    assert page.get_by_text(secret).is_visible()
    page.get_by_role("link", name="Sudah disalin").click()
    page.get_by_role("heading", name="Ganti rahasia").wait_for()
    assert secret not in page.content()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (360, "light"), (1280, "dark"), (1280, "light")])
def test_no_page_of_credentials_has_a_fault_of_access_or_scrolls_sideways(
    world: World, visitors: Visitors, reddit: Reddit, width: int, theme: str
) -> None:
    page = visitors.sign_in("admin", width=width, color_scheme=theme, bypass_csp=True)
    csrf = page.context.request.get("/api/v1/session").json()["csrf"]
    page.context.request.post("/credentials", form=a_form(csrf, reddit))
    with world.store.begin() as tx:
        (one,) = tx.credentials.all()
        tx.credentials.used(one.id, world.clock(), spent={Currency.REPLIES: 20.0})
    found = {}
    platforms = [name for name in bootstrap.platforms() if name not in {"replay", "file"}]
    for path in ("", "/new", f"/{one.id}", *(f"/new/{name}" for name in platforms)):
        page.goto(f"/credentials{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.evaluate(AXE)
        for violation in page.evaluate("axe.run().then(result => result.violations)"):
            found[path, violation["id"]] = [node["html"] for node in violation["nodes"]][:3]
    assert found == {}
