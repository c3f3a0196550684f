"""Saved views at the board: saved from the filters that hold, counted above the queue, renamed, begun with, deleted."""

import pytest

from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 360)])
def test_filters_are_kept_under_a_name_and_found_again_with_a_true_count(
    world: World, visitors: Visitors, scripts: bool, width: int
) -> None:
    world.flagged(3)
    world.flagged(1, "Pohon tumbang menutup jalan di depan sekolah dasar")
    page = visitors.sign_in(java_script_enabled=scripts, width=width)
    assert page.get_by_role("link", name="Kelola tampilan").count() == 0

    page.goto("/?q=pohon&topic=street_lighting")
    page.get_by_text("Simpan tampilan").first.click()
    page.get_by_label("Nama tampilan").fill("<b>Pohon</b> & lampu")
    page.locator(".views form button").click()
    page.get_by_text("Tampilan disimpan.").wait_for()
    here = page.locator(".views a[aria-current]")
    assert here.inner_text().split() == ["<b>Pohon</b>", "&", "lampu", "1"]
    assert page.get_by_text("Simpan tampilan").count() == 0
    world.flagged(1, "Pohon besar miring ke arah kabel listrik di gang kami")
    page.goto("/")
    page.locator(".views a").first.click()
    page.locator(".views a[aria-current]").get_by_text("2").wait_for()
    assert page.locator(".mention").count() == 2

    page.get_by_role("link", name="Kelola tampilan").click()
    page.get_by_label("Nama untuk").fill("Pohon")
    page.get_by_role("button", name="Ganti nama").click()
    page.get_by_role("heading", name="Pohon 2").wait_for()
    page.get_by_role("button", name="Mulai antrean dengan ini").click()
    page.get_by_text("Antrean kini dimulai dengan tampilan itu.").wait_for()
    page.get_by_role("link", name="Antrean").first.wait_for()
    page.get_by_role("navigation", name="Utama").get_by_role("link", name="Antrean").click()
    page.locator(".views a[aria-current]").get_by_text("Pohon").wait_for()
    page.goto("/views")
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Hapus").click()
    page.get_by_role("heading", name="Belum ada tampilan tersimpan").wait_for()
    assert visitors.complaints == []
