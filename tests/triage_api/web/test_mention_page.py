"""The mention page: edits word by word, a post that is gone, others of the same trouble."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sahut.core.model import Change, MentionRecord
from sahut.core.rules import text_key
from tests.triage_api.conftest import World
from tests.triage_api.test_likely import two_of_one_trouble
from tests.triage_api.web.test_axe_everywhere import _VIOLATIONS, AXE


def record_of(world: World, mention_id: int) -> MentionRecord:
    with world.store.read() as tx:
        return tx.mentions.get(mention_id)


def edit(world: World, mention_id: int, text: str) -> None:
    """The author writes another text."""
    mention = replace(record_of(world, mention_id).mention, text=text)
    with world.store.begin() as tx:
        known = tx.mentions.known([mention.key])[mention.key]
        change = Change(mention=mention, text_key=text_key(mention.body), known=known, reassess=False)
        assert tx.mentions.save(world.source.id, [change], world.clock.forward(minutes=1)) == (0, 1)


def test_an_edit_is_shown_word_by_word_with_its_own_line_through_and_under(world: World, visitors: Any) -> None:
    (one,) = world.flagged(1, "Lampu jalan padam sejak Senin di depan pasar")
    edit(world, one, "Lampu jalan padam sejak Minggu di depan pasar lama")
    page: Page = visitors.sign_in()
    page.goto(f"/mentions/{one}")
    section = page.locator("#edits")
    expect(section.locator(".diff del")).to_contain_text("Senin")
    expect(section.locator(".diff ins").first).to_contain_text("Minggu")
    expect(section.locator(".diff del")).to_have_css("text-decoration-line", "line-through")
    expect(section.locator(".diff ins").first).to_have_css("text-decoration-line", "underline")
    assert visitors.complaints == []


def test_a_post_that_its_platform_took_away_says_what_was_blanked_and_what_is_kept(world: World, visitors: Any) -> None:
    (one,) = world.flagged(1, "Lampu jalan padam sejak Senin di depan pasar")
    edit(world, one, "Lampu jalan padam sejak Minggu")
    ticket = world.ticket(one)
    said = record_of(world, one).mention
    with world.store.begin() as tx:
        assert tx.mentions.withdraw(said.platform, [said.native_id], world.clock()) == [one]
    page: Page = visitors.sign_in()
    page.goto(f"/mentions/{one}")
    notice = page.get_by_role("region", name="Tidak lagi ada di platformnya")
    expect(notice).to_contain_text("Dikosongkan")
    expect(notice).to_contain_text("Masih tersimpan")
    expect(notice.get_by_role("link", name=ticket["number"])).to_be_visible()
    expect(page.locator("#edits")).to_contain_text("Bunyinya sudah dikosongkan.")
    expect(page.locator("main")).not_to_contain_text("depan pasar")


def test_others_of_the_same_trouble_are_named_with_reasons_and_where_they_stand(world: World, visitors: Any) -> None:
    one, two = two_of_one_trouble(world)
    ticket = world.ticket(one)
    page: Page = visitors.sign_in(width=360)
    page.goto(f"/mentions/{two}")
    similar = page.locator("#similar")
    expect(similar.get_by_role("listitem")).to_have_count(1)
    expect(similar).to_contain_text("Tempat sama, topik sama")
    expect(similar.get_by_role("link", name=f"tiket {ticket['id']}")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_unit_officer_is_shown_similar_mentions_of_their_own_tickets_alone(world: World, visitors: Any) -> None:
    one, two = two_of_one_trouble(world)
    ours, theirs = world.ticket(two), world.ticket(one)
    for ticket, unit in ((ours, "pu"), (theirs, "")):
        client = world.program()
        assert client.patch(f"/api/v1/tickets/{ticket['id']}", json={"unit": unit, "version": 1}).status_code == 200
    browser, _ = world.signed_in("tono")
    shown = browser.get(f"/mentions/{two}")
    assert shown.status_code == 200
    assert 'id="similar"' not in shown.text
    assert f"/mentions/{one}" not in shown.text
    assert world.program().get(f"/api/v1/mentions/{two}/similar").json()["items"] != []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_with_all_that_it_can_show_it_and_the_pages_of_merged_tickets_have_no_fault_of_access(
    world: World, visitors: Any, theme: str
) -> None:
    one, two = two_of_one_trouble(world)
    edit(world, two, record_of(world, two).mention.text.replace("gelap", "sangat gelap"))
    gone, old = world.ticket(one), world.ticket()
    merged = world.program().post(f"/api/v1/tickets/{old['id']}/merge", json={"into": gone["id"]})
    assert merged.status_code == 200
    (away,) = world.flagged(1)
    said = record_of(world, away).mention
    with world.store.begin() as tx:
        tx.mentions.withdraw(said.platform, [said.native_id], world.clock())
    page: Page = visitors.sign_in(color_scheme=theme, bypass_csp=True)
    found = {}
    shown = {
        f"/mentions/{two}": "#similar, #edits, .locator",
        f"/mentions/{away}": "#withdrawn",
        f"/tickets/{gone['id']}/merge": "form",
        f"/tickets/{old['id']}": ".note.calm",
        f"/tickets/{old['id']}?itself=1": ".note.calm",
    }
    for address, parts in shown.items():
        page.goto(address)
        assert page.locator(parts).count() >= len(parts.split(", ")), address
        for menu in page.locator("details.menu").all():
            menu.evaluate("one => one.open = true")
        page.evaluate(AXE)
        for rule, elements in page.evaluate(_VIOLATIONS):
            found[address, rule] = elements
    assert found == {}
