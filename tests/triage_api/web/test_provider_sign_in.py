"""Signing in by an identity provider in the system's Chromium: away, back, and what one sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from sahut.core.ports import Store
from tests.triage_api.conftest import World
from tests.triage_api.oidc_provider import Provider, served
from tests.triage_api.test_provider_sign_in import SARI, a_world
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser


@pytest.fixture
def provider(clock: Any) -> Iterator[Provider]:
    with served(clock) as made:
        made.person = {**SARI, "preferred_username": "sari"}
        yield made


@pytest.fixture
def world(sqlite_store: Store, clock: Any, provider: Provider) -> World:
    return a_world(sqlite_store, clock, provider)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_button_leads_to_the_provider_and_back_to_the_page_that_was_wanted(
    visitors: Visitors, *, width: int, scripts: bool
) -> None:
    page = visitors.visit(width=width, java_script_enabled=scripts)
    page.goto("/tickets")
    page.get_by_role("link", name="Akun Kota").click()
    page.get_by_role("heading", name="Tiket").first.wait_for()

    assert page.url.endswith("/tickets")
    page.goto("/account")
    page.get_by_text("Akun instansi yang tertaut").wait_for()
    page.get_by_text("sari@kota.example").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if scripts else True
    page.get_by_role("button", name="Lepaskan tautan").click()
    page.get_by_text("Perubahan disimpan").wait_for()
    assert page.get_by_text("Akun instansi yang tertaut").count() == 0
    assert visitors.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_it_has_a_fault_of_access(visitors: Visitors, provider: Provider, *, scheme: str) -> None:
    provider.person = {"sub": "u-7", "name": "Tak Dikenal"}
    page = visitors.visit(width=360, color_scheme=scheme)
    page.goto("/sign-in")
    axe = Axe()
    assert axe.run(page).response["violations"] == []
    page.get_by_role("link", name="Akun Kota").click()
    page.get_by_text("belum dikenal di sini").wait_for()
    assert axe.run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    provider.person = {**SARI, "preferred_username": "sari"}
    page.get_by_role("link", name="Akun Kota").click()
    page.get_by_role("heading", name="Antrean").first.wait_for()
    page.goto("/account")
    assert axe.run(page).response["violations"] == []
