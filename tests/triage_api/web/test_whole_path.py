"""From a flagged mention to a ticket and to an approved public reply, as the three people of an office do it."""

import pytest
from playwright.sync_api import Page

from sahut.core import outbox
from sahut.core.model import MentionState, ReplyState
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser

POST = "Jalan Mawar berlubang besar, tiga motor sudah jatuh minggu ini"
ANSWER = "Terima kasih, laporan Anda kami catat dan teruskan."


def _standing(world: World, mention: int) -> None:
    """The post is a ticket's, and the answer stands on its platform once, as it was approved."""
    outbox.deliver(store=world.store, means=world.replier.means(), clock=world.clock)
    with world.store.read() as tx:
        assert tx.mentions.get(mention).state is MentionState.CONVERTED
        assert tx.replies.get(1).state is ReplyState.SENT
    assert [text for _, text in world.replier.stands.values()] == [ANSWER]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_flagged_mention_becomes_a_ticket_and_is_answered_in_public(
    world: World, visitors: Visitors, scripts: bool, width: int
) -> None:
    (mention,) = world.flagged(1, POST)
    triage = visitors.sign_in("sari", width=width, java_script_enabled=scripts)
    triage.get_by_role("link", name="Jadikan tiket").first.click()
    triage.get_by_role("button", name="Buat tiket").click()
    triage.get_by_text("Kode lacak").wait_for()

    writer = visitors.sign_in("rina", width=width, java_script_enabled=scripts)
    writer.goto(f"/mentions/{mention}")
    writer.get_by_label("Balasan", exact=True).fill(ANSWER)
    writer.get_by_role("button", name="Ajukan").click()
    writer.get_by_text("Balasan diajukan. Orang lain").wait_for()

    approver = visitors.sign_in("dewi", width=width, java_script_enabled=scripts)
    approver.goto("/replies")
    approver.get_by_role("button", name="Setujui dan kirim").click()
    approver.get_by_text("disetujui dan segera dikirim").wait_for()

    _standing(world, mention)
    writer.goto(f"/mentions/{mention}")
    writer.get_by_text("Terkirim").first.wait_for()
    assert visitors.complaints == []


def _reach(page: Page, role: str, name: str) -> None:
    """Press Tab until that control has the focus; every control must be reachable, and show that it is reached."""
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    for _ in range(80):
        if wanted.evaluate("one => one === document.activeElement"):
            assert wanted.evaluate("one => getComputedStyle(one).outlineStyle !== 'none'"), f"{name}: no focus ring"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {name}")


def test_the_whole_path_is_walked_with_the_keyboard_alone(world: World, visitors: Visitors) -> None:
    (mention,) = world.flagged(1, POST)
    triage = visitors.sign_in("sari")
    triage.keyboard.press("j")
    triage.keyboard.press("c")
    triage.get_by_label("Judul").wait_for()
    _reach(triage, "button", "Buat tiket")
    triage.keyboard.press("Enter")
    triage.get_by_text("Kode lacak").wait_for()

    writer = visitors.sign_in("rina")
    writer.goto(f"/mentions/{mention}")
    _reach(writer, "textbox", "Balasan")
    writer.keyboard.type(ANSWER)
    _reach(writer, "button", "Ajukan")
    writer.keyboard.press("Enter")
    writer.get_by_text("Balasan diajukan. Orang lain").wait_for()

    approver = visitors.sign_in("dewi")
    approver.goto("/replies")
    _reach(approver, "button", "Setujui dan kirim")
    approver.keyboard.press("Enter")
    approver.get_by_text("disetujui dan segera dikirim").wait_for()

    _standing(world, mention)
    assert visitors.complaints == []
