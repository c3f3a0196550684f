"""Putting off, handing on, correcting and taking back at the board, with a keyboard, with and without JavaScript."""

from datetime import UTC, datetime

import pytest

from sahut.core.model import Kind, MentionRecord, MentionState, Topic
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])


def _record(world: World, mention_id: int) -> MentionRecord:
    with world.store.read() as tx:
        return tx.mentions.get(mention_id)


@BOTH
@pytest.mark.parametrize("width", [360, 1280])
def test_a_mention_is_taken_corrected_put_off_and_all_of_it_undone_later(
    world: World, visitors: Visitors, scripts: bool, width: int
) -> None:
    (one,) = world.flagged(1)
    page = visitors.sign_in(java_script_enabled=scripts, width=width)

    page.locator(f"#m{one} [data-menu=s] summary").click()
    page.get_by_role("link", name="Betulkan, tugaskan, tunda").click()
    page.get_by_label("Jenis yang benar").select_option(label="Aspirasi")
    page.get_by_label("Topik yang benar").select_option(label="Listrik")
    page.get_by_role("button", name="Betulkan").click()
    page.get_by_text("1 sebutan: penilaian dibetulkan").wait_for()
    page.get_by_role("button", name="Ambil untuk saya").click()
    page.get_by_text("1 sebutan: ditugaskan").wait_for()
    page.get_by_label("Unit kerja").select_option(label="Dinas Pekerjaan Umum Contoh")
    page.get_by_role("button", name="Tugaskan").click()
    page.get_by_role("button", name="Tunda sampai Senin pagi").click()
    page.get_by_text("1 sebutan: ditunda").wait_for()
    found = _record(world, one)
    assert (found.kind, found.topic, found.assignee_name, found.unit) == (
        Kind.ASPIRATION,
        Topic.ELECTRICITY,
        "Sari Contoh",
        "pu",
    )
    # Monday at eight in Jakarta; it is a Tuesday there.
    assert found.snoozed_until == datetime(2026, 11, 30, 1, tzinfo=UTC)
    assert found.state is MentionState.SNOOZED
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if scripts else True

    page.goto("/")
    page.get_by_role("heading", name="Antrean kosong").wait_for()
    page.get_by_role("link", name="Keputusan saya").click()
    for _ in range(4):
        page.get_by_role("button", name="Urungkan").first.click()
        page.wait_for_load_state()
    found = _record(world, one)
    assert (found.kind, found.topic, found.assignee_id, found.unit, found.state) == (
        Kind.COMPLAINT,
        Topic.STREET_LIGHTING,
        None,
        "",
        MentionState.FLAGGED,
    )
    assert page.get_by_role("button", name="Urungkan").count() == 0
    assert visitors.complaints == []


def test_each_act_is_a_keystroke_and_the_focus_goes_on_to_the_next_mention(world: World, visitors: Visitors) -> None:
    world.flagged(4)
    page = visitors.sign_in()
    ids = page.locator(".mention").evaluate_all("rows => rows.map(row => Number(row.id.slice(1)))")

    page.keyboard.press("j")
    page.keyboard.press("s")
    page.keyboard.press("1")
    page.locator("#live").get_by_text("1 sebutan: ditunda").wait_for()
    assert _record(world, ids[0]).snoozed_until == datetime(2026, 11, 25, 1, tzinfo=UTC)
    page.locator(f"#m{ids[1]}:focus").wait_for()
    page.keyboard.press("a")
    page.locator("#live").get_by_text("1 sebutan: ditugaskan").wait_for()
    assert _record(world, ids[1]).assignee_name == "Sari Contoh"
    page.keyboard.press("u")
    page.locator("#live").get_by_text("keputusan diurungkan").wait_for()
    assert _record(world, ids[1]).assignee_id is None

    page.keyboard.press("/")
    page.keyboard.type("jalan d s a u")
    assert page.get_by_label("Cari dalam teks").input_value() == "jalan d s a u"
    assert [_record(world, one).state for one in ids[1:]] == [MentionState.FLAGGED] * 3
    page.keyboard.press("Escape")
    page.locator(f"#m{ids[2]}").focus()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("b")
    assert page.evaluate("document.activeElement.closest('.bulk') !== null")
    page.locator(f"#m{ids[1]}").focus()
    page.keyboard.press("e")
    page.wait_for_url(f"**/mentions/{ids[1]}#tindakan")
    page.locator("#to-kind:focus").wait_for()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.wait_for_url(lambda url: f"/mentions/{ids[1]}" not in url and "/mentions/" in url)
    assert visitors.complaints == []


@BOTH
def test_a_selection_is_taken_corrected_and_put_off_together(world: World, visitors: Visitors, scripts: bool) -> None:
    first, second, third = world.flagged(3)
    page = visitors.sign_in(java_script_enabled=scripts)

    def tick() -> None:
        for one in (first, second):
            page.locator(f"#m{one} input[type=checkbox]").check()

    tick()
    page.get_by_role("button", name="Ambil", exact=True).click()
    page.get_by_text("2 sebutan: ditugaskan").wait_for()
    tick()
    page.locator(".bulk summary").click()
    page.get_by_label("Topik yang benar").select_option(label="Sampah dan kebersihan")
    page.get_by_role("button", name="Betulkan", exact=True).click()
    page.get_by_text("2 sebutan: penilaian dibetulkan").wait_for()
    tick()
    page.locator(".bulk summary").click()
    page.get_by_label("Tunda sampai tanggal").fill("2026-12-24")
    page.get_by_role("button", name="Tunda", exact=True).click()
    page.get_by_text("2 sebutan: ditunda").wait_for()

    for one in (first, second):
        found = _record(world, one)
        assert (found.assignee_name, found.topic, found.state) == ("Sari Contoh", Topic.WASTE, MentionState.SNOOZED)
    assert _record(world, third).assignee_id is None
    page.get_by_role("link", name="Ditunda 2").click()
    assert page.locator(".mention").count() == 2
    assert visitors.complaints == []


def test_of_two_who_take_the_same_mention_the_second_sees_the_first_and_keeps_what_was_typed(
    world: World, visitors: Visitors
) -> None:
    (one,) = world.flagged(1)
    sari, admin = visitors.sign_in(), visitors.sign_in("admin")
    sari.goto(f"/mentions/{one}")
    admin.goto(f"/mentions/{one}")
    sari.get_by_role("button", name="Ambil untuk saya").click()
    sari.get_by_text("1 sebutan: ditugaskan").wait_for()

    admin.get_by_label("Topik yang benar").select_option(label="Listrik")
    admin.get_by_role("button", name="Betulkan").click()
    admin.get_by_role("heading", name="Rekan Anda mendahului").wait_for()
    assert admin.get_by_text("menugaskannya").is_visible()
    assert admin.locator("dd", has_text="Listrik").is_visible()
    assert _record(world, one).topic is Topic.STREET_LIGHTING
    admin.get_by_role("button", name="Simpan isian saya juga").click()
    admin.get_by_text("1 sebutan: penilaian dibetulkan").wait_for()
    assert _record(world, one).topic is Topic.ELECTRICITY
