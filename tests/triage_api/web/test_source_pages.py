"""Testing and following a feed in the browser."""

from pathlib import Path

import axe_playwright_python
import pytest

from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_address_is_tested_and_then_followed(world: World, visitors: Visitors, scripts: bool) -> None:
    page = visitors.sign_in("admin", java_script_enabled=scripts)
    page.get_by_role("link", name="Sumber", exact=True).click()
    page.get_by_role("link", name="Tambah sumber").click()
    page.get_by_role("link", name="Umpan berita").click()
    page.get_by_label("Alamat umpan").fill("https://kabar.example/rss")
    page.get_by_role("button", name="Uji dulu").click()
    page.get_by_text("2 butir terlihat, 2 akan terkumpul").wait_for()
    assert page.get_by_label("Nama").input_value() == "Warta Kota Contoh"
    with world.store.read() as tx:
        assert tx.sources.find("Warta Kota Contoh") is None
    page.get_by_role("button", name="Tambahkan").click()
    page.get_by_text("Sumber ditambahkan").wait_for()
    page.get_by_role("heading", name="Warta Kota Contoh").wait_for()

    assert visitors.complaints == []


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_a_source_is_tested_by_its_button_and_the_result_fits_the_page(
    world: World, visitors: Visitors, width: int, theme: str
) -> None:
    page = visitors.sign_in("admin", width=width, color_scheme=theme, bypass_csp=True)
    page.goto("/sources")
    page.get_by_role("button", name=f"Uji {world.source.name}").click()
    page.get_by_text("Tidak ada yang disimpan").wait_for()
    page.evaluate(AXE)

    assert page.evaluate("axe.run().then(result => result.violations.map(one => one.id))") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Kembali ke sumber").click()
    page.get_by_role("link", name="Tambah sumber").wait_for()
    assert visitors.complaints == []


def test_a_button_that_was_pressed_shows_it_and_can_be_pressed_again_after_going_back(visitors: Visitors) -> None:
    page = visitors.sign_in("admin")
    page.goto("/sources/new/feed")
    page.evaluate("document.addEventListener('submit', event => event.preventDefault())")
    page.get_by_label("Alamat umpan").fill("https://kabar.example/rss")
    button = page.get_by_role("button", name="Uji dulu")
    button.click()
    assert button.get_attribute("aria-busy") == "true"
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")

    assert button.get_attribute("aria-busy") is None
