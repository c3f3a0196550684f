"""Groups of many copies: opened page by page, counted truly, decided whole."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sahut.core.model import MentionFilter, MentionState
from tests.builders import a_tie
from tests.triage_api.conftest import World

_COPIES = 120


@pytest.fixture
def group(world: World) -> int:
    """A mention with 120 copies."""
    first, *copies = world.flagged(_COPIES + 1)
    with world.store.begin() as tx:
        for copy in copies:
            tx.mentions.tie(a_tie(copy, first), world.clock())
    return first


def in_state(world: World, state: MentionState) -> int:
    with world.store.read() as tx:
        return tx.mentions.count(MentionFilter(states=(state,)), cap=1_000)


def test_a_group_opens_below_its_row_page_by_page_with_true_counts(world: World, group: int, visitors: Any) -> None:
    page: Page = visitors.sign_in()
    row = page.locator(".mention").first
    row.get_by_text("120 lainnya mengatakan hal yang sama").click()
    copies = row.locator("ul.copies > li")
    expect(copies).to_have_count(50)
    for seen, said in ((100, "51–100 dari 120"), (120, "101–120 dari 120")):
        row.get_by_role("link", name="Berikutnya").click()
        expect(copies).to_have_count(seen)
        expect(row.locator(".more-copies")).to_contain_text(said)
    expect(row.get_by_role("link", name="Berikutnya")).to_have_count(0)
    links = copies.get_by_role("link", name="Rincian").evaluate_all("all => all.map(one => one.pathname)")
    assert len(set(links)) == _COPIES
    assert visitors.complaints == []


def test_without_script_the_mentions_own_page_leads_through_all_of_them(
    world: World, group: int, visitors: Any
) -> None:
    page: Page = visitors.sign_in(width=360, java_script_enabled=False)
    page.goto(f"/mentions/{group}")
    seen = set()
    for number in (50, 50, 20):
        same = page.locator("#same")
        expect(same.locator("ul.copies > li")).to_have_count(number)
        seen |= {one.get_attribute("href") for one in same.get_by_role("link", name="Rincian").all()}
        if number == 50:
            same.get_by_role("link", name="Berikutnya").click()
    assert len(seen) == _COPIES
    page.locator("#same").get_by_role("link", name="Ke awal").click()
    expect(page.locator("#same")).to_contain_text("1–50 dari 120")


@pytest.mark.parametrize("act", ["dismiss", "convert", "merge"])
def test_a_decision_on_a_group_holds_for_the_copies_that_no_page_showed_and_so_does_its_undo(
    world: World, group: int, act: str
) -> None:
    client, mentions = world.program(), [{"id": group, "version": 2}]
    ticket = world.ticket() if act == "merge" else None
    answer = {
        "dismiss": lambda: client.post("/api/v1/decisions/dismiss", json={"mentions": mentions, "reason": "spam"}),
        "convert": lambda: client.post(
            "/api/v1/tickets", json={"mentions": mentions, "title": "Lampu", "topic": "street_lighting"}
        ),
        "merge": lambda: client.post(
            "/api/v1/decisions/merge", json={"mentions": mentions, "ticket_id": ticket and ticket["id"]}
        ),
    }[act]()
    assert answer.status_code == 201, answer.text
    made = answer.json().get("decisions") or answer.json()["items"]
    assert len(made) == _COPIES + 1
    assert in_state(world, MentionState.FLAGGED) == 0
    assert client.post(f"/api/v1/decisions/{made[0]['id']}/undo").status_code == 200
    assert in_state(world, MentionState.FLAGGED) == _COPIES + 1
    with world.store.read() as tx:
        assert tx.mentions.count(MentionFilter(states=(MentionState.FLAGGED,), folded=False), cap=10) == 1


def test_a_made_up_place_in_the_list_is_no_error(world: World, group: int) -> None:
    browser, _ = world.signed_in()
    for query in ("shown=99999999999999999999", "copies=x", "copies=&shown=-1", "shown=٣"):
        assert browser.get(f"/mentions/{group}/copies?{query}").status_code < 500
