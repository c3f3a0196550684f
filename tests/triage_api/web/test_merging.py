"""Merging on the board: the likeliest tickets by name, one key or one click, and back."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.triage_api.conftest import World
from tests.triage_api.test_likely import two_of_one_trouble


@pytest.fixture
def merging(world: World) -> tuple[int, dict[str, Any]]:
    """A mention, and the ticket that it belongs to."""
    one, two = two_of_one_trouble(world)
    return two, world.ticket(one)


def test_two_keys_merge_into_the_likeliest_ticket_and_one_takes_it_back(
    merging: tuple[int, dict[str, Any]], visitors: Any
) -> None:
    mention_id, ticket = merging
    page: Page = visitors.sign_in()
    page.goto(f"/mentions/{mention_id}")
    page.keyboard.press("m")
    button = page.get_by_role("button", name=ticket["number"])
    expect(button).to_be_focused()
    expect(button).to_contain_text("Tempat sama, topik sama")
    expect(button).to_contain_text("mirip")
    page.keyboard.press("1")
    page.wait_for_url(f"**/tickets/{ticket['id']}?did=*")
    expect(page.locator("#flash")).to_contain_text("digabung")
    page.locator("#flash").get_by_role("button", name="Urungkan").click()
    page.goto(f"/mentions/{mention_id}")
    expect(page.get_by_text("Ditandai", exact=True)).to_be_visible()
    assert visitors.complaints == []


def test_without_script_the_menu_opens_and_one_click_merges(merging: tuple[int, dict[str, Any]], visitors: Any) -> None:
    mention_id, ticket = merging
    page: Page = visitors.sign_in(width=360, java_script_enabled=False)
    page.goto(f"/mentions/{mention_id}")
    page.locator("summary", has_text="Gabung").click()
    box = page.get_by_role("button", name=ticket["number"]).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.get_by_role("button", name=ticket["number"]).click()
    page.wait_for_url(f"**/tickets/{ticket['id']}?did=*")


def test_the_page_to_choose_a_ticket_names_the_likely_ones_first_and_is_still_searched_by_number(
    merging: tuple[int, dict[str, Any]], world: World, visitors: Any
) -> None:
    mention_id, ticket = merging
    other = world.ticket()
    page: Page = visitors.sign_in()
    page.goto(f"/mentions/merge?pick={mention_id}")
    likely = page.locator("section", has=page.get_by_role("heading", name="Kemungkinan besar tiket ini"))
    expect(likely.get_by_role("listitem")).to_have_count(1)
    expect(likely).to_contain_text(ticket["number"])
    newest = page.locator("section", has=page.get_by_role("heading", name="Tiket terbaru bertopik sama"))
    expect(newest).to_contain_text(other["number"])
    expect(newest).not_to_contain_text(ticket["number"])
    page.get_by_label("Nomor, kode lacak, judul, atau tempat").fill(other["number"])
    page.get_by_role("button", name="Cari", exact=True).click()
    page.get_by_role("button", name=f"Gabung ke {other['number']}").click()
    page.wait_for_url(f"**/tickets/{other['id']}?did=*")


def test_a_ticket_is_merged_its_old_address_leads_on_and_the_merge_is_undone(world: World, visitors: Any) -> None:
    old, into = (world.ticket(one) for one in two_of_one_trouble(world))
    page: Page = visitors.sign_in()
    page.goto(f"/tickets/{old['id']}")
    page.get_by_role("link", name="Gabung ke tiket lain").click()
    expect(page.locator("main")).to_contain_text("Tempat sama, topik sama")
    page.get_by_role("button", name=f"Lanjutkan di {into['number']}").click()
    page.wait_for_url(f"**/tickets/{into['id']}?done=tickets_merged")
    expect(page.locator("main")).to_contain_text(f"menggabungkan {old['number']} ke tiket ini bersama 1 sebutan")

    page.goto(f"/tickets/{old['id']}")
    page.wait_for_url(f"**/tickets/{into['id']}?from={old['id']}")
    expect(page.locator("main")).to_contain_text(f"Anda dibawa ke sini dari {old['number']}")
    page.get_by_role("link", name="Lihat riwayatnya").first.click()
    page.wait_for_url(f"**/tickets/{old['id']}?itself=1")
    expect(page.locator("main")).to_contain_text(f"Tiket ini diteruskan di {into['number']}")
    page.get_by_role("button", name="Urungkan penggabungan").click()
    page.wait_for_url(f"**/tickets/{old['id']}?done=tickets_parted")
    expect(page.get_by_role("heading", name="Sebutan dalam tiket ini")).to_contain_text("1")
    assert visitors.complaints == []


def test_a_ticket_that_changed_meanwhile_is_not_merged_and_the_form_is_kept(world: World, visitors: Any) -> None:
    old, into = (world.ticket(one) for one in two_of_one_trouble(world))
    page: Page = visitors.sign_in(java_script_enabled=False)
    page.goto(f"/tickets/{old['id']}/merge")
    changed = world.program().patch(f"/api/v1/tickets/{into['id']}", json={"status": "in_progress", "version": 1})
    assert changed.status_code == 200
    page.get_by_role("button", name=f"Lanjutkan di {into['number']}").click()
    expect(page.get_by_role("heading", name="Rekan Anda mendahului")).to_be_visible()
    page.get_by_role("button", name="Simpan isian saya juga").click()
    page.wait_for_url(f"**/tickets/{into['id']}?done=tickets_merged")
