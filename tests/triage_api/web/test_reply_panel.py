"""Writing and approving a public reply, in a real browser."""

import pytest

from sahut.core.model import ReplyState
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors
from tests.triage_api.web.test_board import AXE, HOSTILE

pytestmark = pytest.mark.browser
TEXT = "Terima kasih, laporan Anda kami teruskan."


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_reply_is_counted_submitted_and_approved_by_somebody_else(
    world: World, visitors: Visitors, scripts: bool
) -> None:
    (mention,) = world.flagged(1, HOSTILE[0])
    page = visitors.sign_in("rina", java_script_enabled=scripts)
    page.goto(f"/mentions/{mention}")
    page.get_by_label("Balasan", exact=True).fill(f"{TEXT} 0812-3456-7890")
    if not scripts:
        page.get_by_role("button", name="Hitung dan pratinjau").click()
    page.get_by_text("memuat data pribadi: ••••-••••-•890").wait_for()
    page.get_by_text(f"{len(TEXT) + 15} dari 280").wait_for()
    page.get_by_label("Balasan", exact=True).fill(TEXT)
    page.get_by_role("button", name="Ajukan").click()
    page.get_by_text("Balasan diajukan. Orang lain").wait_for()

    approver = visitors.sign_in("dewi", java_script_enabled=scripts)
    approver.get_by_role("link", name="Balasan").first.click()
    approver.get_by_role("button", name="Setujui dan kirim").click()
    approver.get_by_text("disetujui dan segera dikirim").wait_for()
    with world.store.read() as tx:
        assert tx.replies.get(1).state is ReplyState.APPROVED
    assert page.title() != "kena"
    assert visitors.complaints == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_of_replies_fit_the_screen_and_everybody(world: World, visitors: Visitors, width: int) -> None:
    mention = world.reply(TEXT)["mention_id"]
    world.act(world.reply(HOSTILE[9] + TEXT), "submit")
    page = visitors.sign_in("dewi", width=width, bypass_csp=True)
    (other,) = world.flagged(1)
    for path in (f"/mentions/{mention}", f"/mentions/{other}", "/replies", "/replies?state=drafts", "/replies/1"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.evaluate(AXE)
        found = page.evaluate("axe.run().then(result => result.violations)")
        assert {one["id"]: [node["html"] for node in one["nodes"]][:3] for one in found} == {}, path
    assert visitors.complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_text_that_is_too_long_is_split_by_a_tick_and_each_part_is_shown(
    world: World, visitors: Visitors, scripts: bool
) -> None:
    (mention,) = world.flagged(1)
    page = visitors.sign_in("rina", width=360, bypass_csp=True, java_script_enabled=scripts)
    page.goto(f"/mentions/{mention}")
    page.get_by_label("Balasan", exact=True).fill("Terima kasih atas laporan Anda. " * 12)
    tick, count = page.get_by_label("Kirim sebagai 2 bagian bernomor"), "Hitung dan pratinjau"
    if not scripts:
        page.get_by_role("button", name=count).click()
    page.get_by_text("Belum dapat dikirim:").wait_for()
    tick.check()
    if not scripts:
        page.get_by_role("button", name=count).click()
    page.get_by_text("(2/2)").wait_for()
    assert tick.is_checked()
    assert page.get_by_text("Belum dapat dikirim:").count() == 0
    if scripts:
        # Whoever ticks by key stays where they were.
        assert page.evaluate("document.activeElement.id") == "reply-split"
        page.evaluate(AXE)
        found = page.evaluate("axe.run().then(result => result.violations)")
        assert {one["id"]: [node["html"] for node in one["nodes"]][:3] for one in found} == {}
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Ajukan").click()
    page.get_by_text("Balasan diajukan. Orang lain").wait_for()
    assert page.get_by_text("(1/2)").count() == 1
    assert visitors.complaints == []
