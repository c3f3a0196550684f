"""Checking what was filed: by keys and without scripts, with an estimate that says how sure it is."""

import pytest

from sahut.core.model import Kind, MentionState
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 360)])
def test_a_sample_of_what_was_filed_is_checked_and_the_recall_is_estimated(
    world: World, visitors: Visitors, scripts: bool, width: int
) -> None:
    filed = world.flagged(6, kind=Kind.NEWS)
    world.ticket()
    page = visitors.sign_in(java_script_enabled=scripts, width=width)
    page.get_by_role("link", name="Cek yang tersaring").first.click()
    page.get_by_text("Belum dapat diperkirakan: cek 5 lagi.").wait_for()
    ids = [int(one.get_attribute("id")[1:]) for one in page.locator(".mention").all()]
    assert sorted(ids) == filed
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("j")
        page.keyboard.press("p")
    else:
        page.locator(f"#m{ids[0]}").get_by_role("button", name="Pengaduan", exact=False).first.click()
    page.get_by_text("1 sebutan: penilaian dibetulkan").first.wait_for()
    for left in range(5, 1, -1):
        row = page.locator(".mention").first
        assert page.locator(".mention").count() == left
        if scripts:
            row.focus()
            page.keyboard.press("t")
        else:
            row.get_by_role("button", name="Bukan pengaduan").click()
        page.locator(".mention").nth(left - 1).wait_for(state="detached")
        page.get_by_text("diperiksa: memang bukan pengaduan").first.wait_for()
    # One of five was a miss, and there is one more: it may be one or not.
    page.get_by_text("dari semua pengaduan (kisaran 95%").wait_for()
    with world.store.read() as tx:
        assert tx.mentions.get(ids[0]).state is MentionState.FLAGGED
    assert visitors.complaints == []


def test_an_auditor_sees_the_estimate_and_checks_nothing(world: World) -> None:
    (one, *_rest) = world.flagged(2, kind=Kind.NEWS)
    browser, csrf = world.signed_in("budi")
    page = browser.get("/check").text
    assert "Belum dapat diperkirakan" in page
    assert "Bukan pengaduan <kbd>" not in page
    assert browser.post(f"/check/{one}", data={"csrf": csrf, "is": "none", "version": "2"}).status_code == 403
    said = world.program().get("/api/v1/checks").json()
    assert (said["estimate"], said["still_to_check"], len(said["next"])) == (None, 2, 2)
    done = world.program().post(f"/api/v1/checks/{one}", json={"complaint": True})
    assert done.status_code == 201, done.text
    again = world.program().post(f"/api/v1/checks/{one}", json={"complaint": False})
    assert again.json()["type"] == "urn:sahut:problem:mention_state"
