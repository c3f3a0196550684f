"""Two people on one mention at the board: each sees the other, and nothing is overwritten."""

import re
from typing import Any

import pytest

from sahut.core.model import DecisionKind
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser
READS = "sedang membaca ini"


def _names(world: World, clock: Any) -> list[str]:
    with world.store.read() as tx:
        return [one.name for one in tx.viewings.present(clock())]


def test_who_has_a_mention_open_is_shown_in_the_queue_and_on_its_page_and_goes_with_the_page(
    world: World, visitors: Visitors, clock: Any
) -> None:
    one, two = world.flagged(2)
    plain = visitors.sign_in("rina", java_script_enabled=False, width=360)
    admin = visitors.sign_in("admin")
    plain.goto(f"/mentions/{one}")

    admin.goto("/")
    assert admin.locator(f"#m{one}").get_by_text(f"Rina Contoh {READS}").is_visible()
    assert admin.get_by_text(READS).count() == 1
    admin.goto(f"/mentions/{one}")
    assert admin.get_by_text(f"Rina Contoh {READS}").is_visible()
    plain.goto("/")
    assert plain.locator(f"#m{one}").get_by_text(f"Admin Contoh {READS}").is_visible()
    # Nobody is told of themselves.
    assert plain.locator(f"#m{one}").get_by_text("Rina").count() == 0

    clock.forward(seconds=100)
    with admin.expect_response(lambda answer: answer.url.endswith("/viewing")):
        admin.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    clock.forward(seconds=60)
    assert _names(world, clock) == ["Admin Contoh"]
    with admin.expect_response(lambda answer: answer.url.endswith("/viewing")):
        admin.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    admin.locator("#viewing:empty").wait_for(state="attached")
    admin.goto(f"/mentions/{two}")
    for _ in range(50):
        if len(_names(world, clock)) == 1:
            break
        admin.wait_for_timeout(100)
    with world.store.read() as tx:
        assert [seen.mention_id for seen in tx.viewings.present(clock())] == [two]
    assert visitors.complaints == []


def test_of_two_who_decide_at_the_same_moment_one_wins_and_the_other_reads_who_what_and_when(
    world: World, visitors: Visitors
) -> None:
    (one,) = world.flagged(1)
    pages = {"sari": visitors.sign_in(), "admin": visitors.sign_in("admin")}
    for page in pages.values():
        page.goto(f"/mentions/{one}")
        page.locator("[data-menu=d] summary").click()
    for page in pages.values():
        # Both are sent before either is answered.
        page.evaluate("setTimeout(() => document.querySelector('[name=reason][value=not_ours]').click(), 300)")
    for page in pages.values():
        page.get_by_text(re.compile("Rekan Anda mendahului|1 sebutan: ditolak")).first.wait_for()

    with world.store.read() as tx:
        (decision,) = [one for one in tx.decisions.of_mention(one) if one.kind is DecisionKind.DISMISSED]
    lost = pages["admin" if decision.actor_name.startswith("Sari") else "sari"]
    assert lost.get_by_role("heading", name="Rekan Anda mendahului").is_visible()
    said = lost.locator(".line li").inner_text()
    assert decision.actor_name in said
    assert "menolak sebutan ini (bukan wewenang kami)" in said
    assert "24 November 2026" in said
    lost.get_by_role("link", name="Muat ulang dan lihat").click()
    lost.get_by_role("heading", name=f"Sebutan {one}").wait_for()
